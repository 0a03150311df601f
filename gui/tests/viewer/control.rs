//! What is asked of a study, and that nothing is before it is allowed.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use seqtune_core::{EventKind, RequestKind, Store};
use seqtune_space::Value;

use crate::window::{command, model, press, says, small, wait};

/// What was asked and not answered yet.
fn asked(store: &Store) -> Vec<RequestKind> {
    store.open_requests().unwrap().into_iter().filter_map(|request| request.kind).collect()
}

#[test]
fn nothing_is_asked_before_it_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mut window) = small(folder.path());
    press(&mut window, "Control");
    assert!(window.get_by_role_and_label(Role::Button, "Stop now").accesskit_node().is_disabled());
    window.key_press(Key::Escape);
    window.run_ok();
    window.key_press(Key::J);
    window.run_ok();
    assert!(window.query_by_label("4 more seeds").is_none());
    assert!(asked(&store).is_empty());
}

#[test]
fn a_study_is_asked_to_pause_and_its_answer_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, mut window) = small(folder.path());
    press(&mut window, "Control");
    window.get_by_label("Allow control of this study").click();
    window.run_ok();
    press(&mut window, "Pause");
    wait(&mut window, "the request is written", |window| says(window, "Asked to pause."));
    let open = store.open_requests().unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].by.as_str(), &open[0].kind), ("viewer", &Some(RequestKind::Pause)));

    // The manager's part: this test holds the study as one.
    let answer = "paused by request of the viewer".to_owned();
    store.append([EventKind::RequestAnswered { id: open[0].id, from_trial: 12, answer, pause: Some(true) }]).unwrap();
    wait(&mut window, "the answer is said", |window| {
        says(window, "The study answers: paused by request of the viewer.")
    });
}

#[test]
fn notes_and_tags_are_kept_shown_and_found() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = small(folder.path());
    command(&mut window, "Allow control of this study, or no longer");
    window.key_press(Key::J);
    window.run_ok();
    let trial = model(&window).selected.unwrap();
    window.key_press(Key::E);
    window.run_ok();
    let title = format!("Note about trial {trial}");
    window.get_by_role_and_label(Role::MultilineTextInput, &title).type_text("jumps at epoch 3");
    window.run_ok();
    press(&mut window, "Keep it");
    wait(&mut window, "the note is shown", |window| says(window, "jumps at epoch 3"));

    window.get_by_role_and_label(Role::TextInput, "New tag").focus();
    window.run_ok();
    window.get_by_role_and_label(Role::TextInput, "New tag").type_text("good");
    window.run_ok();
    window.key_press(Key::Enter);
    wait(&mut window, "the tag is shown", |window| window.query_by_label("#good x").is_some());

    window.key_press_modifiers(Modifiers::COMMAND, Key::F);
    window.run_ok();
    window.get_by_role_and_label(Role::TextInput, "Filter").type_text("tag=good and note~epoch");
    window.run_ok();
    assert_eq!(model(&window).rows, [trial]);

    press(&mut window, "#good x");
    wait(&mut window, "the tag is gone", |window| model(window).rows.is_empty());
}

#[test]
fn a_variant_of_a_point_is_checked_and_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mut window) = small(folder.path());
    command(&mut window, "Allow control of this study, or no longer");
    window.key_press(Key::J);
    window.run_ok();
    press(&mut window, "Try a variant");
    let title = "A point to be tried next";
    let set_text = |window: &mut crate::window::Window<'_>, text: &str| {
        window.get_by_role_and_label(Role::MultilineTextInput, title).focus();
        window.run_ok();
        window.key_press_modifiers(Modifiers::COMMAND, Key::A);
        window.run_ok();
        window.get_by_role_and_label(Role::MultilineTextInput, title).type_text(text);
        window.run_ok();
    };
    set_text(&mut window, "learning_rate = 0.01\nmodel = \"mlp\"\ndropout = 0.25\nbatch_size = 17\nreverse = true");
    assert!(window.get_by_role_and_label(Role::Button, "Try it next").accesskit_node().is_disabled());
    assert!(says(&window, "batch_size"));
    set_text(&mut window, "learning_rate = 0.01\nmodel = \"mlp\"\ndropout = 0.25\nbatch_size = 32\nreverse = true");
    assert!(!window.get_by_role_and_label(Role::Button, "Try it next").accesskit_node().is_disabled());
    press(&mut window, "Try it next");
    wait(&mut window, "the request is written", |window| says(window, "Asked to try the point next."));
    let open = asked(&store);
    let [RequestKind::Enqueue { params }] = &open[..] else { panic!("{open:?}") };
    assert_eq!(params.get("batch_size"), Some(&Value::Int(32)));

    press(&mut window, "4 more seeds");
    wait(&mut window, "the request is written", |window| says(window, "Asked for more seeds."));
    let trial = model(&window).selected.unwrap();
    assert_eq!(asked(&store)[1], RequestKind::Replicate { trial, seeds: 4 });
}

#[test]
fn a_note_that_is_refused_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = small(folder.path());
    command(&mut window, "Allow control of this study, or no longer");
    command(&mut window, "Write a note about the study");
    let label = "Note about the study";
    window.get_by_role_and_label(Role::MultilineTextInput, label).type_text(&"long ".repeat(2001));
    window.run_ok();
    // No other dialog takes its place.
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.run_ok();
    assert!(window.query_by_label("Keep it").is_some());
    press(&mut window, "Keep it");
    wait(&mut window, "the refusal is said", |window| says(window, "a note has at most 10000."));
    assert!(window.query_by_label("Keep it").is_some(), "what was written is still there");
}

#[cfg(unix)]
#[test]
fn a_folder_that_must_not_be_written_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (store, mut window) = small(folder.path());
    store.close().unwrap();
    command(&mut window, "Allow control of this study, or no longer");
    let directory = folder.path().join("small");
    let mode = |mode: u32| {
        for entry in std::fs::read_dir(&directory).unwrap().flatten() {
            std::fs::set_permissions(entry.path(), std::fs::Permissions::from_mode(mode & 0o666)).unwrap();
        }
        std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o555);
    // Root may write anything.
    let may_write = std::fs::File::create(directory.join("probe")).is_ok();
    command(&mut window, "Write a note about the study");
    window.get_by_role_and_label(Role::MultilineTextInput, "Note about the study").type_text("hello");
    window.run_ok();
    press(&mut window, "Keep it");
    let said = if may_write { "The note is kept." } else { "is read-only here" };
    wait(&mut window, "it is said", |window| says(window, said));
    mode(0o755);
}
