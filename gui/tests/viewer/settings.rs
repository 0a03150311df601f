//! What is kept from one start to the next.

use std::path::Path;

use egui_kittest::Harness;
use seqtune_view::model::Page;
use seqtune_view::settings::ThemeChoice;
use seqtune_view::{HeadStart, Viewer};

use crate::sample::Sample;
use crate::window::{Window, command, has_trials, model, press, says, wait};

fn open(study: &Path, settings: &Path) -> Window<'static> {
    let (study, settings) = (study.to_owned(), settings.to_owned());
    Harness::builder().with_size(egui::vec2(1500.0, 1000.0)).build_ui_state(
        move |ui, viewer: &mut Option<Viewer>| {
            let new =
                || Viewer::with_settings(ui.ctx().clone(), Some(&study), Some(settings.clone()), HeadStart::at(&study));
            viewer.get_or_insert_with(new).ui(ui);
        },
        None,
    )
}

#[test]
fn page_panels_colours_and_recent_places_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.json");
    let (first, _store) = Sample { name: "first", trials: 4, steps: 2, running: false }.write(folder.path());
    let (second, _other) = Sample { name: "second", trials: 5, steps: 2, running: false }.write(folder.path());
    let mut window = open(&first, &file);
    wait(&mut window, "the trials are there", has_trials);
    command(&mut window, "Show the table of trials");
    command(&mut window, "Show or hide the selected trial");
    command(&mut window, "Light colours");
    drop(window);

    let mut window = open(&second, &file);
    wait(&mut window, "the trials are there", has_trials);
    let settings = &model(&window).settings;
    assert_eq!((settings.page, settings.theme), (Page::Trials, ThemeChoice::Light));
    assert!(!settings.panels.inspector);
    assert_eq!(settings.recent, [second, first.clone()]);
    assert_eq!(window.ctx.theme(), egui::Theme::Light);

    press(&mut window, "Open");
    press(&mut window, first.to_str().unwrap());
    wait(&mut window, "the first one is open", |window| model(window).rows.len() == 4);
}

#[test]
fn a_broken_file_is_said_and_the_window_opens() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.json");
    std::fs::write(&file, "{ no").unwrap();
    let (study, _store) = Sample { name: "study", trials: 4, steps: 2, running: false }.write(folder.path());
    let mut window = open(&study, &file);
    wait(&mut window, "the trials are there", has_trials);
    assert!(says(&window, "cannot be read; the usual settings are used."));
}
