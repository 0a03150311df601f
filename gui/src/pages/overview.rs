//! Overview: what to look at.

use egui::{ComboBox, Panel, ScrollArea, Ui};
use seqtune_plot::plots;

use crate::cache::Cache;
use crate::model::{Action, Model};
use crate::panes::plot_pane::{PlotPane, of_listed};
use crate::panes::table;

/// How many of the best trials can have their curves drawn.
const TOPS: [usize; 4] = [5, 10, 20, 50];

pub(super) fn ui(ui: &mut Ui, model: &Model, cache: &mut Cache) -> Vec<Action> {
    let mut actions = Vec::new();
    let height = ui.available_height();
    Panel::bottom("overview table")
        .resizable(true)
        .default_size(height * 0.34)
        .min_size(90.0)
        .max_size((height * 0.6).max(90.0))
        .frame(egui::Frame::NONE.inner_margin(egui::Margin { top: 6, ..egui::Margin::ZERO }))
        .show(ui, |ui| actions.extend(table::ui(ui, model)));
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        let height = (ui.available_height() - 4.0).max(220.0);
        ui.columns_const(|[left, right]| {
            actions.extend(history(left, model, cache, height));
            actions.extend(curves(right, model, cache, height));
        });
    });
    actions
}

pub(super) fn history(ui: &mut Ui, model: &Model, cache: &mut Cache, height: f32) -> Vec<Action> {
    let pane = PlotPane {
        id: "history",
        name: "History",
        help: "The value of each trial in the order in which they were started, and the best of the completed ones so far. A \
               search that works finds good trials more often as it goes on.",
        height,
        moves: true,
    };
    let work = of_listed(model, plots::history);
    pane.show(ui, model, cache, (&model.metric, model.log_axis), work, |ui| metric_choice(ui, model)).actions
}

pub(super) fn curves(ui: &mut Ui, model: &Model, cache: &mut Cache, height: f32) -> Vec<Action> {
    let pane = PlotPane {
        id: "curves",
        name: "Curves",
        help: "The metric over the steps of the best trials, with the band over folds or seeds of the very best, and of those that \
               are trained now.",
        height,
        moves: true,
    };
    let top = model.top;
    let work = of_listed(model, move |snapshot, objective| plots::curves(snapshot, objective, top));
    pane.show(ui, model, cache, (&model.metric, top), work, |ui| top_choice(ui, model)).actions
}

/// Chooses the metric of all plots.
pub(super) fn metric_choice(ui: &mut Ui, model: &Model) -> Vec<Action> {
    let mut actions = Vec::new();
    let Some(snapshot) = model.snapshot() else { return actions };
    let chosen = model.metric(snapshot);
    let combo = ComboBox::new("metric", "").selected_text(chosen).show_ui(ui, |ui| {
        for metric in &snapshot.metrics {
            if ui.selectable_label(**metric == *chosen, &**metric).clicked() {
                actions.push(Action::ShowMetric(metric.to_string()));
            }
        }
    });
    let name = format!("Metric {chosen}");
    combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::ComboBox, true, &name));
    combo.response.on_hover_text("The metric of all plots");
    actions
}

fn top_choice(ui: &mut Ui, model: &Model) -> Vec<Action> {
    let mut actions = Vec::new();
    let combo = ComboBox::new("top", "").selected_text(format!("best {}", model.top)).width(70.0).show_ui(ui, |ui| {
        for top in TOPS {
            if ui.selectable_label(model.top == top, format!("best {top}")).clicked() {
                actions.push(Action::ShowTop(top));
            }
        }
    });
    let name = format!("Curves of the best {}", model.top);
    combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::ComboBox, true, &name));
    actions
}
