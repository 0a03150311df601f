//! The page of decisions.

use std::path::{Path, PathBuf};

use egui::Key;
use egui_kittest::kittest::Queryable;
use seqtune_core::testing::{StudyDraft, study};
use seqtune_core::{PrunerSpec, Settings, Store};

use crate::window::{Window, has_trials, model, open, says, wait};

const SPACE: &str = "lr = { type = 'float', low = 1e-4, high = 0.1, log = true }\n\
                     model = { type = 'categorical', choices = ['deep', 'wide'] }\n\
                     layers = { type = 'int', low = 1, high = 8, when = { model = 'deep' } }";

fn write(folder: &Path, draft: &StudyDraft) -> PathBuf {
    let directory = folder.join("decided");
    let mut store = Store::create(&directory, draft.spec(), &Settings::default(), "test").unwrap();
    store.append(draft.events().into_iter().skip(1).map(|event| event.kind)).unwrap();
    store.close().unwrap();
    directory
}

fn page(folder: &Path, draft: &StudyDraft) -> Window<'static> {
    let mut window = open(&write(folder, draft));
    wait(&mut window, "the trials are there", has_trials);
    window.key_press(Key::Num5);
    window.run_ok();
    window
}

#[test]
fn a_gaussian_process_says_what_it_expected_and_along_which_lines() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = page(folder.path(), &study(SPACE).sampler("gp").trials(14));
    assert!(says(&window, "Why trial 13 has its point"), "the newest one, as none is selected");
    wait(&mut window, "the decision is made again", |window| says(window, "It was decided from 13 results."));
    assert!(says(&window, "A Gaussian process of"));
    assert!(says(&window, "It came to value"));
    wait(&mut window, "the slices are drawn", |window| {
        says(window, "Along lr: Along lr the model expected value from")
    });
    assert!(says(&window, "Worth along lr: "));
    assert!(says(&window, "Along model: "));
    wait(&mut window, "expectations are compared", |window| says(window, "within their intervals"));

    window.get_by_label("Previous trial").click();
    window.run_ok();
    assert_eq!(model(&window).selected, Some(12));
    wait(&mut window, "the other decision", |window| says(window, "It was decided from 12 results."));
    window.get_by_label("Next trial").click();
    window.run_ok();
    assert_eq!(model(&window).selected, Some(13));
}

#[test]
fn a_parzen_estimator_has_densities_and_expects_no_values() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = page(folder.path(), &study(SPACE).sampler("tpe").trials(16));
    wait(&mut window, "the decision is made again", |window| says(window, "Parzen estimators of the"));
    wait(&mut window, "the slices are drawn", |window| {
        says(window, "Along lr: Densities of good trials and of the others along lr")
    });
    wait(&mut window, "the lack is said", |window| says(window, "No model expected values of the last trials"));
}

#[test]
fn what_no_model_chose_is_said_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = page(folder.path(), &study(SPACE).sampler("random").trials(5));
    wait(&mut window, "the decision is made again", |window| says(window, "It is a random draw"));
    wait(&mut window, "the lack is said", |window| says(window, "No model chose this point"));
}

#[test]
fn the_pruner_says_why_a_trial_was_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let draft = study(SPACE)
        .sampler("random")
        .pruner(PrunerSpec::named("asha").unwrap())
        .curves(9, |params, step| params.float("lr").unwrap() + 1.0 / step as f64)
        .trials(12);
    let stopped = draft.history().trials.iter().rev().find(|trial| trial.reports.len() < 9).unwrap().number;
    let mut window = page(folder.path(), &draft);
    for _ in stopped..11 {
        window.get_by_label("Previous trial").click();
        window.run_ok();
    }
    wait(&mut window, "the verdict is made again", |window| says(window, ": stopped"));
    assert!(says(&window, "The pruner") && says(&window, "It was stopped early: rung"));
}

#[test]
fn a_log_that_is_gone_is_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let directory = write(folder.path(), &study(SPACE).sampler("gp").trials(8));
    let mut window = open(&directory);
    wait(&mut window, "the trials are there", has_trials);
    std::fs::rename(&directory, folder.path().join("moved")).unwrap();
    window.key_press(Key::Num5);
    wait(&mut window, "the loss is said", |window| says(window, "is gone") || says(window, "There is no study"));
    assert!(says(&window, "Why trial 7 has its point"));
}
