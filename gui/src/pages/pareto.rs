//! Pareto: what can be had of two metrics at once.

use egui::{ComboBox, Panel, RichText, ScrollArea, Sense, Ui};
use egui_extras::{Column, TableBuilder};
use seqtune_core::Objective;
use seqtune_plot::plots;

use crate::cache::Cache;
use crate::model::{Action, Model, ParetoView};
use crate::panes::notice;
use crate::panes::plot_pane::PlotPane;
use crate::text;
use crate::workshop::{Lane, Subject};

const ROW_HEIGHT: f32 = 20.0;

/// Trials of the front: number and both values.
type Front = Vec<(u64, [f64; 2])>;

pub(super) fn ui(ui: &mut Ui, model: &Model, cache: &mut Cache) -> Vec<Action> {
    let Some(subject) = model.subject() else { return Vec::new() };
    let Some([x, y]) = metrics(model, subject) else {
        let sentence = "The study has one metric: there is no second one to set against it.";
        return notice::card(ui, sentence, None).into_iter().collect();
    };
    let objectives = &subject.whole.spec.objectives;
    if objectives.len() < 2 {
        let sentence = format!(
            "The study has one objective, {}. Here is one metric against another; the search looks for the best of the first only.",
            subject.whole.objective()
        );
        ui.label(RichText::new(sentence).weak());
    }
    let (across, up) = (subject.whole.objective_of(&x), subject.whole.objective_of(&y));
    let (own_across, own_up) = (across.clone(), up.clone());
    let made = cache.shop.ask("front", (&x, &y), subject, Lane::Quick, move |subject| -> Front {
        plots::pareto_front(&subject.listed, &own_across, &own_up)
    });
    let front = made.product.as_deref().map(Vec::as_slice).unwrap_or_default();
    let mut actions = Vec::new();
    let room = ui.available_height();
    Panel::bottom("front table")
        .resizable(true)
        .default_size(room * 0.34)
        .min_size(80.0)
        .max_size((room * 0.6).max(80.0))
        .frame(egui::Frame::NONE.inner_margin(egui::Margin { top: 6, ..egui::Margin::ZERO }))
        .show(ui, |ui| {
            let title = format!("{} on the front, by {x}", text::count(front.len(), "trial"));
            ui.label(RichText::new(title).strong());
            actions.extend(table(ui, model, subject, [&x, &y], front));
        });
    let height = ui.available_height();
    let pair = [across, up];
    if objectives.len() < 2 {
        actions.extend(front_plot(ui, model, cache, subject, pair, height));
        return actions;
    }
    ui.columns_const(|[left, right]| {
        actions.extend(front_plot(left, model, cache, subject, pair.clone(), height));
        actions.extend(volume(right, model, cache, pair, height));
    });
    actions
}

fn front_plot(
    ui: &mut Ui,
    model: &Model,
    cache: &mut Cache,
    subject: &Subject,
    [across, up]: [Objective; 2],
    height: f32,
) -> Vec<Action> {
    let pane = PlotPane {
        id: "pareto",
        name: "Pareto front",
        help: "The completed trials by two metrics. On the front are those that no other trial beats in one without losing in the \
               other; which of them to take is a matter of what the two are worth.",
        height,
        moves: true,
    };
    let (x, y) = (across.metric.clone(), up.metric.clone());
    let work = move |subject: &Subject| plots::pareto(&subject.listed, &across, &up);
    let controls = |ui: &mut Ui| {
        let mut actions = Vec::new();
        let mut show = |metrics: [String; 2]| actions.push(Action::ViewPareto(ParetoView { metrics: Some(metrics) }));
        // Both the same make no picture: the other one gives way.
        if let Some(new) = metric_choice(ui, "Across", &x, subject) {
            show([new.clone(), if new == y { x.clone() } else { y.clone() }]);
        }
        if let Some(new) = metric_choice(ui, "Up", &y, subject) {
            show([if new == x { y.clone() } else { x.clone() }, new]);
        }
        actions
    };
    pane.show(ui, model, cache, (&x, &y), work, controls).actions
}

fn volume(ui: &mut Ui, model: &Model, cache: &mut Cache, [across, up]: [Objective; 2], height: f32) -> Vec<Action> {
    let pane = PlotPane {
        id: "hypervolume",
        name: "Dominated volume",
        help: "How much of the area between the best of both and a point beyond the worst the front dominates, over the trials. Where it \
               no longer rises, more trials bring little.",
        height,
        moves: true,
    };
    let key = (across.metric.clone(), up.metric.clone());
    let work = move |subject: &Subject| plots::hypervolume(&subject.listed, &across, &up);
    pane.show(ui, model, cache, key, work, |_| Vec::new()).actions
}

/// The two metrics: as chosen, else the objectives, else the objective and the first other metric.
fn metrics(model: &Model, subject: &Subject) -> Option<[String; 2]> {
    let all = &subject.whole.metrics;
    let is_known = |pair: &&[String; 2]| pair.iter().all(|name| all.iter().any(|metric| **metric == **name));
    if let Some(pair) = model.views.pareto.metrics.as_ref().filter(is_known) {
        return Some(pair.clone());
    }
    match subject.whole.spec.objectives.as_slice() {
        [first, second, ..] => Some([first.metric.clone(), second.metric.clone()]),
        _ => {
            let first = subject.whole.objective();
            let other = all.iter().find(|metric| ***metric != *first)?;
            Some([first.to_owned(), other.to_string()])
        }
    }
}

fn metric_choice(ui: &mut Ui, what: &str, chosen: &str, subject: &Subject) -> Option<String> {
    let mut new = None;
    let combo = ComboBox::new(what, "").selected_text(chosen).show_ui(ui, |ui| {
        for metric in &subject.whole.metrics {
            if ui.selectable_label(**metric == *chosen, &**metric).clicked() {
                new = Some(metric.to_string());
            }
        }
    });
    let name = format!("{what} {chosen}");
    combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::ComboBox, true, &name));
    new
}

/// The trials of the front with their parameters.
fn table(ui: &mut Ui, model: &Model, subject: &Subject, metrics: [&str; 2], front: &[(u64, [f64; 2])]) -> Vec<Action> {
    let mut actions = Vec::new();
    let parameters = subject.whole.spec.space.parameters();
    ScrollArea::horizontal().id_salt("front").auto_shrink([false, false]).show(ui, |ui| {
        let mut table = TableBuilder::new(ui).striped(true).sense(Sense::click()).auto_shrink([false, false]);
        for width in [70.0, 96.0, 96.0].into_iter().chain(parameters.iter().map(|_| 100.0)) {
            table = table.column(Column::initial(width).at_least(36.0).clip(true).resizable(true));
        }
        let titles =
            ["Trial", metrics[0], metrics[1]].into_iter().chain(parameters.iter().map(|one| one.name.as_str()));
        let table = table.header(ROW_HEIGHT, |mut header| {
            for title in titles {
                header.col(|ui| drop(ui.add(egui::Label::new(RichText::new(title).strong()).truncate())));
            }
        });
        table.body(|body| {
            body.rows(ROW_HEIGHT, front.len(), |mut line| {
                let Some((number, values)) = front.get(line.index()) else { return };
                line.set_selected(model.selected == Some(*number));
                line.col(|ui| {
                    if ui.link(format!("trial {number}")).clicked() {
                        actions.push(Action::Select(Some(*number)));
                    }
                });
                for value in values {
                    line.col(|ui| drop(ui.label(text::number(*value))));
                }
                let row = subject.whole.trial(*number);
                for parameter in parameters {
                    let own = row.and_then(|row| row.params.get(&parameter.name));
                    let own = own.map_or_else(|| "-".to_owned(), text::value);
                    line.col(|ui| drop(ui.add(egui::Label::new(own).truncate())));
                }
                if line.response().clicked() {
                    actions.push(Action::Select(Some(*number)));
                }
            });
        });
    });
    actions
}
