//! The parts of the window around the pages: functions from the model to actions. They draw and change nothing.

mod dialogs;
mod header;
mod inspector;
pub(crate) mod menu;
pub(crate) mod notice;
mod palette;
pub(crate) mod plot_pane;
mod status;
mod studies;
pub(crate) mod table;

use egui::{CentralPanel, Panel, Ui};

use crate::cache::Cache;
use crate::model::{Action, Model};
use crate::pages;

/// The whole window.
pub fn ui(ui: &mut Ui, model: &Model, cache: &mut Cache) -> Vec<Action> {
    let mut actions = Vec::new();
    cache.shop.collect();
    Panel::top("header").show(ui, |ui| actions.extend(header::ui(ui, model)));
    Panel::bottom("status").show(ui, |ui| status::ui(ui, model, cache));
    // In a small window each part gets less, and none is squeezed out.
    let width = ui.available_width();
    if model.place.is_some() && model.settings.panels.studies {
        Panel::left("studies")
            .default_size(200.0)
            .min_size(120.0)
            .max_size(width * 0.22)
            .show(ui, |ui| actions.extend(studies::ui(ui, model)));
    }
    let has_trials = model.snapshot().is_some_and(|snapshot| !snapshot.trials.is_empty());
    if has_trials && model.settings.panels.inspector {
        Panel::right("inspector")
            .default_size(320.0)
            .min_size(180.0)
            .max_size(width * 0.36)
            .show(ui, |ui| actions.extend(inspector::ui(ui, model)));
    }
    CentralPanel::default().show(ui, |ui| match notice::instead(model) {
        Some((sentence, button)) => actions.extend(notice::card(ui, &sentence, button)),
        None => actions.extend(pages::ui(ui, model, cache)),
    });
    actions.extend(dialogs::ui(ui.ctx(), model));
    actions
}
