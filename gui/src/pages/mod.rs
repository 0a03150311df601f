//! The pages: functions from the model to actions. They draw and change nothing.

mod compare;
mod overview;
mod parameters;
mod pareto;
mod studies;
mod trials;

use egui::Ui;

use crate::cache::Cache;
use crate::model::{Action, Model, Page};
use crate::panes::notice;

/// The page that is seen.
pub(crate) fn ui(ui: &mut Ui, model: &Model, cache: &mut Cache) -> Vec<Action> {
    match model.settings.page {
        Page::Overview => overview::ui(ui, model, cache),
        Page::Compare => compare::ui(ui, model, cache),
        Page::Parameters => parameters::ui(ui, model, cache),
        Page::Pareto => pareto::ui(ui, model, cache),
        Page::Studies => studies::ui(ui, model, cache),
        Page::Trials => trials::ui(ui, model),
        _ => notice::card(ui, "This page comes.", None).into_iter().collect(),
    }
}
