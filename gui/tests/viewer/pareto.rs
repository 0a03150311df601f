//! Pareto.

use egui::Key;
use egui_kittest::kittest::Queryable;

use seqtune_core::{Objective, Reduce, Store};
use seqtune_plugin::Direction;

use crate::hands::{choose, show};
use crate::sample::Sample;
use crate::window::{has_trials, model, open, says, small, wait};

#[test]
fn one_objective_stands_against_another_metric_and_the_front_is_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = small(folder.path());
    show(&mut window, Key::Num8);
    assert!(says(&window, "The study has one objective, valid/auc."));
    wait(&mut window, "the front is drawn", |window| {
        says(window, "are on the Pareto front of valid/auc and valid/loss")
    });
    wait(&mut window, "the table is there", |window| says(window, "on the front, by valid/auc"));
    let best = model(&window).snapshot().unwrap().ranked[0];
    window.get_by_label(&format!("trial {best}")).click();
    window.run_ok();
    assert_eq!(model(&window).selected, Some(best), "the best trial is on every front");

    choose(&mut window, "Across valid/auc", "valid/loss");
    let metrics = model(&window).views.pareto.metrics.clone().unwrap();
    assert_eq!(metrics, ["valid/loss", "valid/auc"], "they change places");
    wait(&mut window, "the picture is turned", |window| says(window, "front of valid/loss and valid/auc"));
}

#[test]
fn of_two_objectives_the_dominated_volume_is_drawn_too() {
    let folder = tempfile::tempdir().unwrap();
    let sample = Sample { name: "two objectives", trials: 12, steps: 4, running: false };
    let mut spec = sample.spec();
    let (metric, direction) = ("valid/loss".to_owned(), Direction::Minimize);
    spec.objectives.push(Objective { metric, direction, reduce: Reduce::Best });
    let directory = folder.path().join(sample.name);
    let mut store = Store::create(&directory, &spec, &Default::default(), "test").unwrap();
    store.append(sample.events()).unwrap();
    let mut window = open(&directory);
    wait(&mut window, "the trials are there", has_trials);
    show(&mut window, Key::Num8);
    assert!(!says(&window, "The study has one objective"));
    wait(&mut window, "both are drawn", |window| {
        says(window, "are on the Pareto front of valid/auc and valid/loss") && says(window, "made the front better")
    });
}
