//! Opening, following, filtering, sorting, selecting; and files in every bad state.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use seqtune_core::{EventKind, Store, TrialState};

use crate::sample::{self, Sample};
use crate::window::{SMALL, has_trials, model, open, says, small, wait};

#[test]
fn a_folder_lists_its_studies_and_opens_one() {
    let folder = tempfile::tempdir().unwrap();
    let (_, store) = SMALL.write(folder.path());
    drop(Sample { name: "other", trials: 3, steps: 2, running: false }.write(folder.path()));
    std::fs::create_dir(folder.path().join("no study")).unwrap();
    let mut window = open(folder.path());
    wait(&mut window, "a study is open", has_trials);
    let opened = model(&window).open.as_ref().unwrap().directory.clone();
    assert_eq!(opened, folder.path().join("small"), "the running study comes first");
    assert_eq!(model(&window).listing.as_ref().unwrap().studies.len(), 2);

    window.get_by_role_and_label(Role::Button, "other").click();
    wait(&mut window, "the other one is open", |window| model(window).rows.len() == 3);
    drop(store);
}

#[test]
fn a_click_on_a_title_sorts_and_a_second_one_turns() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = small(folder.path());
    assert_eq!(model(&window).rows[0], model(&window).snapshot().unwrap().ranked[0], "best first");
    window.get_by_role_and_label(Role::Button, "Trial").click();
    window.run_ok();
    assert_eq!(model(&window).rows, (0..12).collect::<Vec<u64>>());
    window.get_by_role_and_label(Role::Button, "Trial").click();
    window.run_ok();
    assert_eq!(model(&window).rows, (0..12).rev().collect::<Vec<u64>>());
}

#[test]
fn the_filter_narrows_the_table_and_esc_clears_it() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = small(folder.path());
    window.key_press_modifiers(Modifiers::COMMAND, Key::F);
    window.run_ok();
    let filter = window.get_by_role_and_label(Role::TextInput, "Filter");
    assert!(filter.is_focused());
    filter.type_text("pruned");
    window.run_ok();
    let pruned: Vec<u64> = model(&window).rows.clone();
    assert!(!pruned.is_empty() && pruned.len() < 12);
    let state = |number: &u64| model(&window).snapshot().unwrap().trial(*number).unwrap().state;
    assert!(pruned.iter().all(|number| state(number) == TrialState::Pruned));
    assert!(says(&window, &format!("{} of 12 trials", pruned.len())));

    window.get_by_role_and_label(Role::TextInput, "Filter").type_text(" nothing-like-this");
    window.run_ok();
    assert!(says(&window, "The filter lists none of 12 trials"));
    window.get_by_label("Clear the filter").click();
    window.run_ok();
    assert_eq!(model(&window).rows.len(), 12);

    window.key_press_modifiers(Modifiers::COMMAND, Key::F);
    window.run_ok();
    window.get_by_role_and_label(Role::TextInput, "Filter").type_text("pruned");
    window.run_ok();
    window.key_press(Key::Escape);
    window.run_ok();
    assert_eq!(model(&window).filter, "pruned", "the first Esc leaves the text box");
    window.key_press(Key::Escape);
    window.run_ok();
    assert_eq!(model(&window).filter, "");
}

#[test]
fn keys_move_the_selection_and_the_inspector_follows() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = small(folder.path());
    assert!(says(&window, "No trial is selected."));
    window.key_press(Key::J);
    window.run_ok();
    let rows = model(&window).rows.clone();
    assert_eq!(model(&window).selected, Some(rows[0]));
    assert!(says(&window, "Completed 6 steps in"));
    window.key_press(Key::ArrowDown);
    window.run_ok();
    assert_eq!(model(&window).selected, Some(rows[1]));
    window.key_press(Key::K);
    window.run_ok();
    assert_eq!(model(&window).selected, Some(rows[0]));
    window.key_press(Key::Escape);
    window.run_ok();
    assert_eq!(model(&window).selected, None);
}

#[test]
fn a_click_on_a_row_shows_why_the_trial_failed() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = small(folder.path());
    window.get_by_label("failed").click();
    window.run_ok();
    assert_eq!(model(&window).selected, Some(7));
    assert!(says(&window, "the training diverged. the loss is NaN at update 107"));
    assert!(window.query_by_label("Trial 7").is_some());
}

#[test]
fn the_plots_say_what_they_show_and_a_click_on_a_point_selects_its_trial() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = small(folder.path());
    wait(&mut window, "the plots are drawn", |window| says(window, "Curves: ") && says(window, "History: "));
    let plot = window.query_all_by_label_contains("Curves: ").next().expect("it was there");
    // Somewhere on a grid of clicks over the curves there is one.
    let rect = plot.rect();
    let middle = rect.center();
    for step in 1..20 {
        let at = egui::pos2(middle.x, rect.top() + rect.height() * step as f32 / 20.0);
        let (button, modifiers) = (egui::PointerButton::Primary, Modifiers::NONE);
        window.event(egui::Event::PointerMoved(at));
        for pressed in [true, false] {
            window.event(egui::Event::PointerButton { pos: at, button, pressed, modifiers });
        }
        window.run_ok();
        if model(&window).selected.is_some() {
            return;
        }
    }
    panic!("no click on the curves selected a trial");
}

#[test]
fn what_is_appended_to_the_log_appears() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, mut window) = small(folder.path());
    assert!(says(&window, "live"), "the store of this test holds the study");
    let more = Sample { trials: 13, ..SMALL };
    let new: Vec<EventKind> = more
        .events()
        .into_iter()
        .skip_while(|kind| !matches!(kind, EventKind::TrialStarted { trial: 12, .. }))
        .collect();
    store.append(new).unwrap();
    wait(&mut window, "the new trial is listed", |window| model(window).rows.len() == 13);
    store.append([EventKind::ManagerStopped { reason: "end".to_owned() }]).unwrap();
    store.close().unwrap();
    wait(&mut window, "the end is noticed", |window| says(window, "stopped"));
}

#[test]
fn a_clean_end_leaves_one_file_although_the_window_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, mut window) = small(folder.path());
    store.append([EventKind::ManagerStopped { reason: "end".to_owned() }]).unwrap();
    wait(&mut window, "the end is noticed", |window| says(window, "stopped"));
    store.close().unwrap();
    let left: Vec<_> = std::fs::read_dir(folder.path().join("small")).unwrap().collect();
    assert!(!left.iter().flatten().any(|entry| entry.file_name() == "study.db-wal"), "{left:?}");
}

#[test]
fn a_log_that_vanishes_or_is_replaced_is_said_and_what_was_read_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mut window) = small(folder.path());
    drop(store);
    let moved = folder.path().join("moved");
    std::fs::rename(folder.path().join("small"), &moved).unwrap();
    wait(&mut window, "the loss is said", |window| says(window, "is gone"));
    assert_eq!(model(&window).rows.len(), 12);

    drop(Sample { trials: 4, ..SMALL }.write(folder.path()));
    wait(&mut window, "the new log is shown", |window| model(window).rows.len() == 4);
    assert!(!says(&window, "is gone"));
}

#[test]
fn a_log_that_cannot_be_read_is_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let (directory, store) = SMALL.write(folder.path());
    store.close().unwrap();
    let log = directory.join("study.db");
    let whole = std::fs::read(&log).unwrap();

    rusqlite::Connection::open(&log).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let mut window = open(&directory);
    wait(&mut window, "the format is named", |window| says(window, "has format 99"));
    assert!(window.query_by_label("Try again").is_some());

    let mut broken = whole.clone();
    let middle = broken.len() / 3;
    broken[middle..].fill(0xAA);
    for damaged in [broken, b"this is not a database at all, only some text".repeat(20)] {
        std::fs::write(&log, damaged).unwrap();
        let mut window = open(&directory);
        wait(&mut window, "the damage is said", |window| says(window, "cannot be read"));
    }

    std::fs::write(&log, whole).unwrap();
    let mut window = open(&directory);
    wait(&mut window, "a whole log is read", has_trials);
}

#[test]
fn a_log_that_breaks_its_rules_shows_what_came_before() {
    let folder = tempfile::tempdir().unwrap();
    let (directory, mut store) = SMALL.write(folder.path());
    store
        .append([EventKind::ReportDiffered {
            trial: 99,
            attempt: 0,
            step: 1,
            value: None,
            metrics: seqtune_core::MetricsJson::new(&Default::default()),
        }])
        .unwrap();
    let mut window = open(&directory);
    wait(&mut window, "the rule is said", |window| says(window, "there is no trial 99"));
    assert_eq!(model(&window).rows.len(), 12);
}

#[test]
fn nothing_to_show_is_said_with_a_way_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = open(folder.path());
    wait(&mut window, "the emptiness is said", |window| says(window, "There is no study in"));
    window.get_by_label("Open another folder").click();
    window.run_ok();
    assert!(window.query_by_label("Open it").is_some());

    let mut window = open(&folder.path().join("absent"));
    wait(&mut window, "the absence is said", |window| says(window, "there is nothing at"));

    let (directory, _store) = Sample { name: "new", trials: 0, steps: 2, running: false }.write(folder.path());
    let mut window = open(&directory);
    wait(&mut window, "the study is read", |window| says(window, "The study has no trial yet"));
}

#[test]
fn a_study_without_an_ended_trial_shows_its_running_curves() {
    let folder = tempfile::tempdir().unwrap();
    let (directory, _store) = Sample { name: "young", trials: 2, steps: 8, running: true }.write(folder.path());
    let mut window = open(&directory);
    wait(&mut window, "the trials are there", has_trials);
    assert!(says(&window, "no best yet"));
    wait(&mut window, "the curves are drawn", |window| says(window, "Curves: "));
}

#[test]
fn values_that_are_all_null_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let nulls = Sample { name: "nulls", trials: 3, steps: 2, running: false };
    let directory = folder.path().join("nulls");
    let mut store = Store::create(&directory, &nulls.spec(), &Default::default(), "test").unwrap();
    let null = |kind: EventKind| match kind {
        EventKind::Reported { trial, attempt, step, .. } => {
            let metrics = [("valid/auc".to_owned(), seqtune_plugin::MetricValue::Number(None))].into();
            EventKind::Reported { trial, attempt, step, value: None, metrics: seqtune_core::MetricsJson::new(&metrics) }
        }
        other => other,
    };
    store.append(nulls.events().into_iter().map(null)).unwrap();
    let mut window = open(&directory);
    wait(&mut window, "the trials are there", has_trials);
    wait(&mut window, "the lack is said", |window| says(window, "No trial has a value of \"valid/auc\" yet."));
    window.key_press(Key::J);
    window.run_ok();
    assert!(says(&window, "Completed 2 steps"));
}

#[test]
fn a_path_is_asked_for_refused_and_opened() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = small(folder.path());
    let other = tempfile::tempdir().unwrap();
    let (directory, _other_store) = Sample { name: "second", trials: 5, steps: 2, running: false }.write(other.path());
    window.key_press_modifiers(Modifiers::COMMAND, Key::O);
    window.run_ok();
    let label = "Folder with studies, a study, or its study.db";
    window.get_by_role_and_label(Role::TextInput, label).type_text("/absent");
    window.run_ok();
    window.get_by_label("Open it").click();
    window.run_ok();
    assert!(says(&window, "there is nothing at"));
    for _ in 0..2 {
        let text = directory.to_str().unwrap();
        let field = window.get_by_role_and_label(Role::TextInput, label);
        field.focus();
        window.key_press_modifiers(Modifiers::COMMAND, Key::A);
        window.run_ok();
        window.get_by_role_and_label(Role::TextInput, label).type_text(text);
        window.run_ok();
    }
    window.key_press(Key::Enter);
    wait(&mut window, "the other study is open", |window| model(window).rows.len() == 5);
}

#[test]
fn the_keys_are_named_and_light_and_dark_both_draw() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = small(folder.path());
    window.key_press(Key::Questionmark);
    window.run_ok();
    assert!(says(&window, "Filter the trials"));
    window.key_press(Key::Escape);
    window.run_ok();
    assert!(!says(&window, "Filter the trials"));
    for theme in [egui::Theme::Dark, egui::Theme::Light] {
        window.ctx.set_theme(theme);
        window.run_ok();
        assert_eq!(window.ctx.theme(), theme);
    }
}

#[test]
fn half_a_filter_leaves_the_whole_one_before_it_in_force_while_the_study_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, mut window) = small(folder.path());
    window.key_press_modifiers(Modifiers::COMMAND, Key::F);
    window.run_ok();
    window.get_by_role_and_label(Role::TextInput, "Filter").type_text("state=completed");
    window.run_ok();
    let listed = model(&window).rows.len();
    window.get_by_role_and_label(Role::TextInput, "Filter").type_text(" value>");
    window.run_ok();
    assert!(says(&window, "After \"value>\" a value is missing."));
    let seq = model(&window).snapshot().unwrap().seq;
    store.append([sample::report(11, 0, 6, 0.9, 6)]).unwrap();
    wait(&mut window, "the report is there", |window| model(window).snapshot().unwrap().seq > seq);
    assert_eq!(model(&window).rows.len(), listed);
}

#[test]
fn another_study_in_the_place_of_the_one_before_is_a_new_study() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mut window) = small(folder.path());
    window.key_press(Key::J);
    window.run_ok();
    window.key_press(Key::Space);
    window.run_ok();
    assert_eq!(model(&window).pins.len(), 1);
    drop(store);
    std::fs::remove_dir_all(folder.path().join("small")).unwrap();
    wait(&mut window, "the loss is said", |window| says(window, "is gone"));
    drop(SMALL.write(folder.path()));
    wait(&mut window, "the new study is shown", |window| model(window).pins.is_empty());
    assert_eq!((model(&window).selected, model(&window).rows.len()), (None, 12));
}
