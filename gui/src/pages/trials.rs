//! Trials: the table alone.

use egui::Ui;

use crate::model::{Action, Model};
use crate::panes::table;

pub(super) fn ui(ui: &mut Ui, model: &Model) -> Vec<Action> {
    table::ui(ui, model)
}
