//! The parts of the window: functions from the model to actions. They draw and change nothing.

mod curves;
mod dialogs;
mod header;
mod history;
mod inspector;
mod marks;
mod nearest;
mod notice;
mod studies;
mod table;

use egui::{CentralPanel, Panel, Ui};

use crate::model::{Action, Model};

/// The whole window.
pub fn ui(ui: &mut Ui, model: &Model) -> Vec<Action> {
    let mut actions = Vec::new();
    Panel::top("header").show(ui, |ui| actions.extend(header::ui(ui, model)));
    // In a small window each part gets less, and none is squeezed out.
    let width = ui.available_width();
    if model.place.is_some() {
        Panel::left("studies")
            .default_size(210.0)
            .min_size(120.0)
            .max_size(width * 0.22)
            .show(ui, |ui| actions.extend(studies::ui(ui, model)));
    }
    if model.snapshot().is_some_and(|snapshot| !snapshot.trials.is_empty()) {
        Panel::right("inspector")
            .default_size(340.0)
            .min_size(180.0)
            .max_size(width * 0.36)
            .show(ui, |ui| actions.extend(inspector::ui(ui, model)));
    }
    CentralPanel::default().show(ui, |ui| {
        if let Some((sentence, button)) = notice::instead(model) {
            actions.extend(notice::card(ui, &sentence, button));
            return;
        }
        let height = ui.available_height();
        Panel::bottom("trials")
            .resizable(true)
            .default_size(height * 0.5)
            .min_size(120.0)
            .max_size((height * 0.62).max(120.0))
            .frame(egui::Frame::NONE.inner_margin(egui::Margin { top: 6, ..egui::Margin::ZERO }))
            .show(ui, |ui| actions.extend(table::ui(ui, model)));
        CentralPanel::no_frame().show(ui, |ui| {
            ui.columns_const(|[left, right]| {
                actions.extend(history::ui(left, model));
                actions.extend(curves::ui(right, model));
            });
        });
    });
    actions.extend(dialogs::ui(ui.ctx(), model));
    actions
}
