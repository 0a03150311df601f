//! Studies.

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use seqtune_core::EventKind;

use crate::hands::show;
use crate::sample::Sample;
use crate::window::{has_trials, model, open, press, says, small, wait};

const ONE: Sample = Sample { name: "one", trials: 12, steps: 4, running: false };
const TWO: Sample = Sample { name: "two", trials: 8, steps: 4, running: false };

#[test]
fn studies_stand_side_by_side_and_one_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let stores = [ONE.write(folder.path()), TWO.write(folder.path())];
    let mut window = open(folder.path());
    wait(&mut window, "a study is open", has_trials);
    show(&mut window, Key::Num9);
    wait(&mut window, "both are drawn", |window| says(window, "2 studies by their best so far"));
    assert!(says(&window, "same space") && says(&window, "random") && says(&window, "6 parameters"));
    window.get_by_label("over hours").click();
    window.run_ok();
    assert!(model(&window).views.studies.by_time);

    let opened = model(&window).open.as_ref().unwrap().directory.clone();
    let other = if opened.ends_with("one") { "two" } else { "one" };
    window.get_by_role_and_label(Role::CheckBox, other).click();
    window.run_ok();
    wait(&mut window, "one is drawn alone", |window| says(window, "1 study by their best so far"));
    window.get_by_role_and_label(Role::CheckBox, other).click();
    window.run_ok();
    press(&mut window, &format!("Open {other}"));
    wait(&mut window, "it is open", |window| {
        model(window).open.as_ref().is_some_and(|open| open.directory.ends_with(other) && open.news.snapshot.is_some())
    });
    drop(stores);
}

#[test]
fn what_another_study_gains_is_drawn_and_what_cannot_be_read_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (_, one) = ONE.write(folder.path());
    let (_, mut two) = TWO.write(folder.path());
    let broken = folder.path().join("broken");
    std::fs::create_dir(&broken).unwrap();
    std::fs::write(broken.join("study.db"), b"this is no database, only some text ".repeat(40)).unwrap();
    let mut window = open(folder.path());
    wait(&mut window, "a study is open", has_trials);
    show(&mut window, Key::Num9);
    wait(&mut window, "both are drawn", |window| says(window, "2 studies by their best so far"));
    assert!(says(&window, "cannot be read"));

    // The other one is told apart by what it gains.
    let opened = model(&window).open.as_ref().unwrap().directory.clone();
    if opened.ends_with("two") {
        press(&mut window, "Open one");
        wait(&mut window, "one is open", |window| model(window).rows.len() == 12);
        wait(&mut window, "both are drawn", |window| says(window, "2 studies by their best so far"));
    }
    let count = |window: &crate::window::Window<'_>, trials: &str| {
        window.query_all_by_label(&format!("two ({trials} completed trials)")).next().is_some()
    };
    let more: Vec<EventKind> = Sample { trials: 12, ..TWO }
        .events()
        .into_iter()
        .skip_while(|kind| !matches!(kind, EventKind::TrialStarted { trial: 8, .. }))
        .collect();
    two.append(more).unwrap();
    wait(&mut window, "the new trials are drawn", |window| count(window, "9"));
    drop(one);
}

#[test]
fn one_study_alone_leads_to_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = small(folder.path());
    drop(ONE.write(folder.path()));
    show(&mut window, Key::Num9);
    assert!(says(&window, "One study is open."));
    press(&mut window, "Open the folder that it lies in");
    wait(&mut window, "both are listed", |window| {
        model(window).listing.as_ref().is_some_and(|listing| listing.studies.len() == 2)
    });
}
