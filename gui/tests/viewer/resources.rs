//! The page of time.

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use seqtune_plot::plots::Lanes;

use crate::window::{model, says, small, wait};

#[test]
fn where_the_time_went_is_drawn_and_added_up() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = small(folder.path());
    window.key_press(Key::Num6);
    wait(&mut window, "the timeline is drawn", |window| says(window, "Timeline: 12 trials by 3 workers"));
    wait(&mut window, "the durations are drawn", |window| says(window, "Durations: "));
    wait(&mut window, "the figures are there", |window| says(window, "worker 2"));
    for text in ["What trials cost", "1 attempt cut short", "cuda:0", "device hours", "of training in all"] {
        assert!(says(&window, text), "{text}");
    }
    wait(&mut window, "the files are counted", |window| says(window, "WAL"));
    assert!(says(&window, "checkpoints") || says(&window, "log"));

    window.get_by_role_and_label(Role::ComboBox, "Timeline by worker").click();
    window.run_ok();
    window.get_by_label("by device").click();
    wait(&mut window, "the lines are those of devices", |window| {
        window.query_by_role_and_label(Role::ComboBox, "Timeline by device").is_some()
    });
    assert_eq!(model(&window).views.resources.lanes, Lanes::Devices);
}

#[test]
fn the_filter_narrows_what_trials_cost_and_leaves_the_workers() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, mut window) = small(folder.path());
    window.key_press(Key::Num6);
    wait(&mut window, "the figures are there", |window| says(window, "worker 2"));
    window.get_by_role_and_label(Role::TextInput, "Filter").focus();
    window.run_ok();
    window.get_by_role_and_label(Role::TextInput, "Filter").type_text("state=pruned");
    wait(&mut window, "the costs are of the listed ones", |window| says(window, "What the listed trials cost"));
    assert!(says(&window, "worker 2"), "idle time is of all trials");
}
