//! Slices: the value over one parameter, for as many as one likes.

use egui::{Button, Rect, ScrollArea, Ui, vec2};
use seqtune_plot::plots;

use super::telling;
use crate::cache::Cache;
use crate::model::{Action, Model, ParametersView};
use crate::panes::plot_pane::{PlotPane, of_listed};

/// How many are drawn where nothing was chosen.
const FIRST: usize = 6;

/// Of one slice: how wide it is at least, and how high.
const WIDTH: f32 = 330.0;
const HEIGHT: f32 = 270.0;

pub(super) fn ui(ui: &mut Ui, model: &Model, cache: &mut Cache, all: &[&str]) -> Vec<Action> {
    let Some(subject) = model.subject() else { return Vec::new() };
    let first = || telling(model, cache, subject).into_iter().take(FIRST).collect();
    let chosen: Vec<String> = model.views.parameters.slices.clone().unwrap_or_else(first);
    let mut actions = choice(ui, model, all, &chosen);
    if chosen.is_empty() {
        ui.add_space(12.0);
        ui.label("No parameter is chosen. Choose some above.");
    }
    ScrollArea::vertical().id_salt("slices").auto_shrink([false, false]).show(ui, |ui| {
        let columns = ((ui.available_width() / WIDTH) as usize).clamp(1, chosen.len().clamp(1, 4));
        for row in chosen.chunks(columns) {
            let rect = Rect::from_min_size(ui.cursor().min, vec2(ui.available_width(), HEIGHT));
            if !ui.is_rect_visible(rect) {
                ui.allocate_space(rect.size());
                continue;
            }
            ui.columns(columns, |places| {
                for (place, name) in places.iter_mut().zip(row) {
                    actions.extend(one(place, model, cache, name, HEIGHT));
                }
            });
        }
    });
    actions
}

/// Which parameters have a slice.
fn choice(ui: &mut Ui, model: &Model, all: &[&str], chosen: &[String]) -> Vec<Action> {
    let mut actions = Vec::new();
    let view = &model.views.parameters;
    let mut show = |slices: Vec<String>| {
        actions.push(Action::ViewParameters(ParametersView { slices: Some(slices), ..view.clone() }));
    };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        if ui.button("All").clicked() {
            show(all.iter().map(|name| (*name).to_owned()).collect());
        }
        if ui.button("None").clicked() {
            show(Vec::new());
        }
        for name in all {
            let is_chosen = chosen.iter().any(|one| one == name);
            if ui.add(Button::selectable(is_chosen, *name)).clicked() {
                // In the order of the space, wherever it was chosen from.
                let keeps = |other: &&&str| (**other == *name) != chosen.iter().any(|one| one == **other);
                show(all.iter().filter(keeps).map(|name| (*name).to_owned()).collect());
            }
        }
    });
    actions
}

/// The slice of one parameter.
pub(super) fn one(ui: &mut Ui, model: &Model, cache: &mut Cache, name: &str, height: f32) -> Vec<Action> {
    let id = format!("slice {name}");
    let pane = PlotPane {
        id: &id,
        name,
        help: "The values of the trials over this parameter alone. What a point owes to the other parameters is not seen here.",
        height,
        moves: true,
    };
    let parameter = name.to_owned();
    let work = of_listed(model, move |snapshot, objective| plots::slice(snapshot, objective, &parameter));
    pane.show(ui, model, cache, &model.metric, work, |_| Vec::new()).actions
}
