//! Parameters: what they do, alone, in pairs and all together.

mod forest;
mod parallel;
mod slices;

use std::sync::Arc;

use egui::{Button, ComboBox, Ui};
pub(super) use forest::measured;
use seqtune_plot::{along_names, plots};

use super::overview::metric_choice;
use crate::cache::Cache;
use crate::model::{Action, Model, ParameterPlot, ParametersView};
use crate::panes::notice;
use crate::panes::plot_pane::{PlotPane, of_listed};
use crate::workshop::{Lane, Subject};

pub(super) fn ui(ui: &mut Ui, model: &Model, cache: &mut Cache) -> Vec<Action> {
    let Some(subject) = model.subject() else { return Vec::new() };
    let view = &model.views.parameters;
    let mut actions = Vec::new();
    ui.horizontal_wrapped(|ui| {
        for plot in ParameterPlot::ALL {
            if ui.add(Button::selectable(view.plot == plot, plot.name())).clicked() {
                actions.push(Action::ShowParameters(plot));
            }
        }
        ui.separator();
        actions.extend(metric_choice(ui, model));
    });
    ui.separator();
    let names = along_names(&subject.whole.spec.space);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    actions.extend(match (view.plot, names.as_slice()) {
        (_, []) => notice::card(ui, "The space of this study has no parameter.", None).into_iter().collect(),
        // Of one parameter there is no more to see than its slice.
        (ParameterPlot::Parallel, [only]) => {
            let height = ui.available_height();
            slices::one(ui, model, cache, only, height)
        }
        (ParameterPlot::Contour | ParameterPlot::Rank, [_]) => {
            let view = ParametersView { plot: ParameterPlot::Slices, ..view.clone() };
            let way = Some(("Show its slice", Action::ViewParameters(view)));
            notice::card(ui, "This needs two parameters, and the space has one.", way).into_iter().collect()
        }
        (ParameterPlot::Parallel, _) => parallel::ui(ui, model, cache),
        (ParameterPlot::Slices, _) => slices::ui(ui, model, cache, &names),
        (ParameterPlot::Contour | ParameterPlot::Rank, _) => pair(ui, model, cache, &names),
        (ParameterPlot::Distribution, _) => distribution(ui, model, cache),
        (ParameterPlot::Importance, _) => forest::importance(ui, model, cache),
        (ParameterPlot::Dependence, _) => forest::dependence(ui, model, cache),
    });
    actions
}

/// What plots of all trials depend on, whatever is listed: they stay as they are while one brushes.
fn of_all(model: &Model, subject: &Subject) -> (Arc<std::path::Path>, u64, Option<i64>, usize, String) {
    let whole = &subject.whole;
    let begun = whole.trials.first().map(|row| row.started_us);
    (Arc::clone(&subject.directory), whole.seq, begun, whole.trials.len(), model.metric(whole).to_owned())
}

/// The parameters, and of lists their lengths and items, from what tells most about the value on; all of the space while that is not
/// known.
fn telling(model: &Model, cache: &mut Cache, subject: &Subject) -> Vec<String> {
    let (whole, objective) = (Arc::clone(&subject.whole), model.objective(&subject.whole));
    let made = cache.shop.ask_apart("telling", of_all(model, subject), Lane::Quick, move || {
        plots::telling_parameters(&whole, &objective).into_iter().map(|(name, _)| name).collect::<Vec<String>>()
    });
    let known = made.product.filter(|names| !names.is_empty());
    known.map_or_else(|| along_names(&subject.whole.spec.space), |names| names.to_vec())
}

/// Contour and ranks: the value over two parameters.
fn pair(ui: &mut Ui, model: &Model, cache: &mut Cache, names: &[&str]) -> Vec<Action> {
    let Some(subject) = model.subject() else { return Vec::new() };
    let view = &model.views.parameters;
    let [x, y] = chosen_pair(model, cache, subject, names);
    let is_contour = view.plot == ParameterPlot::Contour;
    let pane = PlotPane {
        id: if is_contour { "contour" } else { "rank" },
        name: if is_contour { "Contour" } else { "Ranks" },
        help: if is_contour {
            "The mean value of the ended trials in each cell over two parameters. An empty cell was never tried."
        } else {
            "The trials over two parameters, coloured by the rank of their value: where the good ones lie, whatever the values."
        },
        height: ui.available_height(),
        moves: true,
    };
    let key = (&x, &y, &model.metric);
    let (across, up) = (x.clone(), y.clone());
    let work = of_listed(model, move |snapshot, objective| match is_contour {
        true => plots::contour(snapshot, objective, &across, &up),
        false => plots::rank(snapshot, objective, &across, &up),
    });
    let controls = |ui: &mut Ui| {
        let mut actions = Vec::new();
        let mut show = |pair: [String; 2]| {
            actions.push(Action::ViewParameters(ParametersView { pair: Some(pair), ..view.clone() }));
        };
        // Both the same make no picture: the other one gives way.
        if let Some(new) = parameter_choice(ui, "Across", &x, names) {
            show([new.clone(), if new == y { x.clone() } else { y.clone() }]);
        }
        if let Some(new) = parameter_choice(ui, "Up", &y, names) {
            show([if new == x { y.clone() } else { x.clone() }, new]);
        }
        if ui.button("Exchange").on_hover_text("Turn the picture").clicked() {
            show([y.clone(), x.clone()]);
        }
        actions
    };
    pane.show(ui, model, cache, key, work, controls).actions
}

fn chosen_pair(model: &Model, cache: &mut Cache, subject: &Subject, names: &[&str]) -> [String; 2] {
    let known = |pair: &&[String; 2]| pair.iter().all(|name| names.contains(&name.as_str()));
    if let Some(pair) = model.views.parameters.pair.as_ref().filter(known) {
        return pair.clone();
    }
    let telling = telling(model, cache, subject);
    let at = |place: usize| telling.get(place).cloned();
    let first = at(0).unwrap_or_else(|| names[0].to_owned());
    let other = || names.iter().find(|name| **name != first).map(|name| (*name).to_owned());
    let second = at(1).or_else(other).unwrap_or_else(|| first.clone());
    [first, second]
}

/// Chooses a parameter.
fn parameter_choice(ui: &mut Ui, what: &str, chosen: &str, names: &[&str]) -> Option<String> {
    let mut new = None;
    let combo = ComboBox::new(what, "").selected_text(chosen).show_ui(ui, |ui| {
        for name in names {
            if ui.selectable_label(*name == chosen, *name).clicked() {
                new = Some((*name).to_owned());
            }
        }
    });
    let name = format!("{what} {chosen}");
    combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::ComboBox, true, &name));
    new
}

fn distribution(ui: &mut Ui, model: &Model, cache: &mut Cache) -> Vec<Action> {
    let pane = PlotPane {
        id: "edf",
        name: "Distribution",
        help: "The empirical distribution function: which part of the completed trials has this value or less. A search whose line is \
               farther on the good side finds good values more often.",
        height: ui.available_height(),
        moves: true,
    };
    let work = of_listed(model, |snapshot, objective| plots::edf(&[snapshot], objective));
    pane.show(ui, model, cache, &model.metric, work, |_| Vec::new()).actions
}
