//! The window without a window, for the tests: opens it, draws it, reads it.

use std::path::Path;
use std::time::{Duration, Instant};

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use seqtune_core::Store;
use seqtune_view::Viewer;
use seqtune_view::model::Model;

use crate::sample::Sample;

pub type Window<'a> = Harness<'a, Option<Viewer>>;

pub fn open(path: &Path) -> Window<'static> {
    let path = path.to_owned();
    Harness::builder().with_size(egui::vec2(1500.0, 1000.0)).build_ui_state(
        move |ui, viewer: &mut Option<Viewer>| {
            viewer.get_or_insert_with(|| Viewer::new(ui.ctx().clone(), Some(&path))).ui(ui);
        },
        None,
    )
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
        assert!(begin.elapsed() < Duration::from_secs(60), "waited in vain until {what}");
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
