//! The pages: functions from the model to actions. They draw and change nothing.

mod compare;
mod data;
mod forest;
mod overview;
mod parameters;
mod pareto;
mod resources;
mod sampler;
mod studies;
mod trials;

use egui::Ui;

use crate::cache::Cache;
use crate::model::{Action, Model, Page};

/// The page that is seen.
pub(crate) fn ui(ui: &mut Ui, model: &Model, cache: &mut Cache) -> Vec<Action> {
    match model.settings.page {
        Page::Overview => overview::ui(ui, model, cache),
        Page::Compare => compare::ui(ui, model, cache),
        Page::Parameters => parameters::ui(ui, model, cache),
        Page::Pareto => pareto::ui(ui, model, cache),
        Page::Studies => studies::ui(ui, model, cache),
        Page::Trials => trials::ui(ui, model),
        Page::Sampler => sampler::ui(ui, model, cache),
        Page::Resources => resources::ui(ui, model, cache),
        Page::Data => data::ui(ui, model, cache),
    }
}
