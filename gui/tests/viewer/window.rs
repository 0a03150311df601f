//! The window without a window, for the tests: opens it, draws it, reads it.

use std::path::Path;
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use seqtune_core::Store;
use seqtune_view::Viewer;
use seqtune_view::model::{Action, Dialog, Model};

use crate::sample::Sample;

pub type Window<'a> = Harness<'a, Option<Viewer>>;

pub fn open(path: &Path) -> Window<'static> {
    open_with(path, Vec::new())
}

/// Opens it, and does something as soon as there are trials.
pub fn open_with(path: &Path, actions: Vec<Action>) -> Window<'static> {
    let path = path.to_owned();
    let new = move |ui: &egui::Ui| {
        let mut viewer = Viewer::new(ui.ctx().clone(), Some(&path));
        viewer.at_first(actions.clone());
        viewer
    };
    Harness::builder()
        .with_size(egui::vec2(1500.0, 1000.0))
        .build_ui_state(move |ui, viewer: &mut Option<Viewer>| viewer.get_or_insert_with(|| new(ui)).ui(ui), None)
}

pub fn model<'a>(window: &'a Window<'_>) -> &'a Model {
    window.state().as_ref().expect("the viewer is made in the first frame").model()
}

/// Draws until something is so. The threads need real time; a minute is far more than they ever need.
#[track_caller]
pub fn wait(window: &mut Window<'_>, what: &str, mut is_so: impl FnMut(&Window<'_>) -> bool) {
    let begin = Instant::now();
    loop {
        window.run_ok();
        if is_so(window) {
            return;
        }
        if begin.elapsed() > Duration::from_secs(60) {
            let (dialog, notices) = (&model(window).dialog, &model(window).notices);
            panic!("waited in vain until {what}; dialog {dialog:?}, notices {notices:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn has_trials(window: &Window<'_>) -> bool {
    !model(window).rows.is_empty()
}

pub fn says(window: &Window<'_>, part: &str) -> bool {
    window.query_all_by_label_contains(part).next().is_some()
}

pub const SMALL: Sample = Sample { name: "small", trials: 12, steps: 6, running: true };

pub fn small(folder: &Path) -> (Store, Window<'static>) {
    let (directory, store) = SMALL.write(folder);
    let mut window = open(&directory);
    wait(&mut window, "the trials are there", has_trials);
    (store, window)
}

/// Opens the palette, types a command's name and runs it.
#[track_caller]
pub fn command(window: &mut Window<'_>, name: &str) {
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.run_ok();
    window.get_by_role_and_label(Role::TextInput, "Find a command").type_text(name);
    window.run_ok();
    assert!(window.query_all_by_label(name).next().is_some(), "the palette has no command {name:?} now");
    window.key_press(Key::Enter);
    window.run_ok();
    assert_eq!(model(window).dialog.as_ref().filter(|dialog| matches!(dialog, Dialog::Palette { .. })), None);
}

/// Presses the button of this name.
#[track_caller]
pub fn press(window: &mut Window<'_>, name: &str) {
    window.get_by_role_and_label(Role::Button, name).click();
    window.run_ok();
}
