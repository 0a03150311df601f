//! Compare: pinned trials side by side, and whether what differs between them made a difference.

mod sheet;

use std::collections::HashSet;
use std::sync::Arc;

use egui::{ComboBox, Grid, Panel, RichText, ScrollArea, Sense, Ui, vec2};
use seqtune_plot::plots::{self, CurvesOf};
use seqtune_plot::spec::PlotSpec;
use seqtune_plot::{Comparison, Snapshot, compare};

use super::overview::{curve_choices, metric_choice};
use crate::cache::Cache;
use crate::model::{Action, CompareView, Model};
use crate::panes::plot_pane::PlotPane;
use crate::workshop::{Lane, Subject};
use crate::{text, theme};
use sheet::{Cell, Sheet};

/// How many of the best trials are pinned at once where nothing is.
const BEST: usize = 3;

/// Height of one difference, and of all that stands around them.
const LINE: f32 = 17.0;
const AROUND: f32 = 130.0;

/// What the page is made of.
struct Compared {
    comparison: Comparison,
    differences: Result<Arc<PlotSpec>, String>,
}

pub(super) fn ui(ui: &mut Ui, model: &Model, cache: &mut Cache) -> Vec<Action> {
    let Some(subject) = model.subject() else { return Vec::new() };
    if model.pins.is_empty() {
        return nothing_pinned(ui, model, &subject.whole);
    }
    let (pins, baseline) = (model.pins.clone(), model.baseline.unwrap_or(model.pins[0]));
    let made = cache.shop.ask("compare", (&model.pins, baseline), subject, Lane::Quick, move |subject| {
        let comparison = compare(&subject.whole, &pins, baseline);
        let differences = plots::differences(&comparison).map(Arc::new);
        Compared { comparison, differences: differences.map_err(|error| text::sentence(&error.to_string())) }
    });
    let Some(compared) = made.product.filter(|compared| !compared.comparison.columns.is_empty()) else {
        return Vec::new();
    };
    let mut actions = controls(ui, model, &compared.comparison);
    if !model.filter.is_empty() || !model.brushes.is_empty() {
        ui.label(RichText::new("Pinned trials stand here with all their seeds, whatever the filter lists.").weak());
    }
    warnings(ui, &subject.whole, &compared.comparison);
    ui.separator();
    let width = ui.available_width();
    Panel::left("compared")
        .resizable(true)
        .default_size(width * 0.5)
        .min_size(200.0)
        .max_size(width * 0.75)
        .frame(egui::Frame::NONE.inner_margin(egui::Margin { right: 8, ..egui::Margin::ZERO }))
        .show(ui, |ui| actions.extend(table(ui, model, &compared.comparison)));
    ScrollArea::vertical().id_salt("compared plots").auto_shrink([false, false]).show(ui, |ui| {
        let height = ui.available_height();
        actions.extend(curves(ui, model, cache, (height * 0.5).max(200.0)));
        actions.extend(differences(ui, model, cache, &compared, made.stale, height * 0.46));
    });
    actions
}

/// The paired differences; as high as all their lines need.
fn differences(
    ui: &mut Ui,
    model: &Model,
    cache: &mut Cache,
    compared: &Compared,
    stale: bool,
    room: f32,
) -> Vec<Action> {
    let cells = compared.comparison.metrics.iter().flat_map(|metric| &metric.cells);
    let lines = cells.filter(|cell| cell.difference.is_some()).count();
    let pane = PlotPane {
        id: "paired differences",
        name: "Differences to the baseline",
        help: "The mean of the paired differences with its 95 % interval by Student's t. Pairs are trials of one seed where both have \
               it, else the folds of the metric. What the pairs share falls out, so small differences are seen.",
        height: room.max(lines as f32 * LINE + AROUND),
        moves: true,
    };
    let (spec, trouble) = match (&compared.differences, compared.comparison.columns.len()) {
        (_, 0 | 1) => (None, Some("Pin another trial to compare with this one.")),
        (Ok(spec), _) => (Some(spec), None),
        (Err(sentence), _) => (None, Some(sentence.as_str())),
    };
    pane.draw(ui, model, cache, (spec, trouble, stale), |_| Vec::new()).actions
}

fn nothing_pinned(ui: &mut Ui, model: &Model, snapshot: &Snapshot) -> Vec<Action> {
    let mut actions = Vec::new();
    let space = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.add_space((space * 0.4 - 20.0).max(4.0));
        ui.set_max_width(ui.available_width().min(560.0));
        let sentence = "Nothing is pinned. Pinned trials stand here side by side; Space pins the selected one.";
        ui.label(RichText::new(sentence).size(15.0));
        ui.add_space(8.0);
        let best = snapshot.top(BEST);
        if ui.add_enabled(!best.is_empty(), egui::Button::new("Pin the best three")).clicked() {
            actions.extend(best.iter().map(|trial| Action::Pin(*trial)));
        }
        let button = egui::Button::new("Pin the selected trial");
        if ui.add_enabled(model.selected.is_some(), button).on_disabled_hover_text("No trial is selected").clicked() {
            actions.extend(model.selected.map(Action::Pin));
        }
    });
    actions
}

fn controls(ui: &mut Ui, model: &Model, comparison: &Comparison) -> Vec<Action> {
    let mut actions = Vec::new();
    let mut view = model.views.compare;
    ui.horizontal_wrapped(|ui| {
        ui.checkbox(&mut view.only_differences, "Only differences");
        ui.checkbox(&mut view.transposed, "Trials as rows");
        let chosen = comparison.columns[comparison.baseline].trial;
        let combo =
            ComboBox::new("baseline", "").selected_text(format!("baseline: trial {chosen}")).show_ui(ui, |ui| {
                for column in &comparison.columns {
                    if ui.selectable_label(column.trial == chosen, format!("trial {}", column.trial)).clicked() {
                        actions.push(Action::Baseline(column.trial));
                    }
                }
            });
        let name = format!("Baseline trial {chosen}");
        combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::ComboBox, true, &name));
        combo.response.on_hover_text("The trial that the others are compared with (B: the selected one)");
        if ui.button("Copy the table").on_hover_text("As tab-separated text, for a spreadsheet").clicked() {
            actions.push(Action::Copy(shown(view, comparison).tsv(), "the comparison"));
        }
        if ui.button("Let all go").on_hover_text("Nothing is pinned then").clicked() {
            actions.push(Action::UnpinAll);
        }
    });
    if view != model.views.compare {
        actions.push(Action::ViewCompare(view));
    }
    actions
}

/// The table as it is to be shown.
fn shown(view: CompareView, comparison: &Comparison) -> Sheet {
    let sheet = Sheet::of(comparison, view.only_differences);
    if view.transposed { sheet.turned() } else { sheet }
}

/// One seed says nothing of how far another one would be away.
fn warnings(ui: &mut Ui, snapshot: &Snapshot, comparison: &Comparison) {
    // Seeds of one configuration that are pinned apart stand in a column each.
    let key = |trial: u64| snapshot.trial(trial).map(|row| row.config_key.as_str());
    let is_alone = |trial: u64| comparison.columns.iter().filter(|other| key(other.trial) == key(trial)).count() == 1;
    let single: Vec<String> = comparison
        .columns
        .iter()
        .filter(|column| column.trials.len() == 1 && is_alone(column.trial))
        .map(|column| column.trial.to_string())
        .collect();
    let sentence = match single.as_slice() {
        [] => return,
        [one] => format!("Trial {one} has one seed: how far another seed would be away is not known."),
        many => {
            format!("Trials {} have one seed each: how far another seed would be away is not known.", many.join(", "))
        }
    };
    ui.label(RichText::new(sentence).color(ui.visuals().warn_fg_color));
}

fn table(ui: &mut Ui, model: &Model, comparison: &Comparison) -> Vec<Action> {
    let mut actions = Vec::new();
    let view = model.views.compare;
    let sheet = shown(view, comparison);
    ScrollArea::both().id_salt("comparison").auto_shrink([false, false]).show(ui, |ui| {
        Grid::new("comparison").striped(true).spacing([14.0, 4.0]).show(ui, |ui| {
            for (row, cells) in sheet.rows.iter().enumerate() {
                for (column, cell) in cells.iter().enumerate() {
                    actions.extend(draw(ui, model, cell, row == 0 || column == 0));
                }
                ui.end_row();
            }
        });
        if sheet.hidden > 0 {
            ui.horizontal(|ui| {
                let verb = if sheet.hidden == 1 { "is" } else { "are" };
                let rows = text::count(sheet.hidden, "parameter");
                ui.label(RichText::new(format!("{rows} {verb} the same and hidden.")).weak());
                if ui.button("Show them").clicked() {
                    actions.push(Action::ViewCompare(CompareView { only_differences: false, ..view }));
                }
            });
        } else if view.only_differences && comparison.columns.len() > 1 {
            ui.label(RichText::new("No parameter is the same in all of them.").weak());
        }
    });
    actions
}

fn draw(ui: &mut Ui, model: &Model, cell: &Cell, is_title: bool) -> Option<Action> {
    let mut action = None;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        let Some(place) = cell.heads else {
            let text = RichText::new(&cell.text);
            ui.label(if is_title { text.strong() } else { text });
            if !cell.beside.is_empty() {
                ui.label(RichText::new(&cell.beside).weak());
            }
            return;
        };
        let (rect, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
        ui.painter().rect_filled(rect, 2.0, theme::pin_color(ui.visuals(), place));
        if ui.link(RichText::new(&cell.text).strong()).on_hover_text("Click to select it").clicked() {
            action = model.pins.get(place).map(|trial| Action::Select(Some(*trial)));
        }
        if !cell.beside.is_empty() {
            ui.label(RichText::new(&cell.beside).weak());
        }
    });
    action
}

/// The curves of the pinned trials, or of their configurations.
fn curves(ui: &mut Ui, model: &Model, cache: &mut Cache, height: f32) -> Vec<Action> {
    let pane = PlotPane {
        id: "compared curves",
        name: "Curves of the pinned trials",
        help: "The metric over the steps of the pinned trials, with bands over folds or, where a configuration is one curve, over its \
               seeds. A dashed curve has one seed.",
        height,
        moves: true,
    };
    let metric = model.snapshot().map_or_else(String::new, |snapshot| model.metric(snapshot).to_owned());
    let (pins, drawing) = (model.pins.clone(), model.drawing);
    let key = (&model.pins, metric.clone(), drawing.log, drawing.band, drawing.along, drawing.grouped);
    let work = move |subject: &Subject| {
        let whole = &subject.whole;
        let pinned = pins.iter().filter_map(|trial| whole.trial(*trial));
        let keys: HashSet<&str> = pinned.map(|row| row.config_key.as_str()).collect();
        // Together with the other seeds where a configuration is one curve.
        let some = whole.only(|row| match drawing.grouped {
            true => keys.contains(row.config_key.as_str()),
            false => pins.contains(&row.number),
        });
        let of = CurvesOf {
            pins: &pins,
            band: drawing.band,
            by: drawing.along,
            grouped: drawing.grouped,
            log: drawing.log.then_some(true),
            ..CurvesOf::new(&metric, some.trials.len())
        };
        plots::curves(&some, &of)
    };
    let controls = |ui: &mut Ui| {
        let mut actions = metric_choice(ui, model);
        actions.extend(curve_choices(ui, model));
        actions
    };
    pane.show(ui, model, cache, key, work, controls).actions
}
