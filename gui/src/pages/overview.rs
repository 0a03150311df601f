//! Overview: what to look at. First in words, then in plots.

use egui::{ComboBox, Panel, RichText, ScrollArea, Ui};
use seqtune_plot::plots::{self, Along, BandKind, CurvesOf, HistoryOptions};
use seqtune_plot::{About, Card, PlotKind, Status, health_of};

use super::parameters;
use crate::cache::Cache;
use crate::model::{Action, Measure, Model, Page};
use crate::panes::menu::menu;
use crate::panes::plot_pane::{PlotPane, of_listed};
use crate::panes::table;
use crate::theme;
use crate::workshop::Lane;

/// How many of the best trials can have their curves drawn.
const TOPS: [usize; 4] = [5, 10, 20, 50];

/// From how many completed trials on importance is measured by PED-ANOVA: a forest over more takes seconds.
const MANY: usize = 2500;

pub(super) fn ui(ui: &mut Ui, model: &Model, cache: &mut Cache) -> Vec<Action> {
    let mut actions = cards(ui, model, cache);
    let height = ui.available_height();
    Panel::bottom("overview below")
        .resizable(true)
        .default_size(height * 0.42)
        .min_size(90.0)
        .max_size((height * 0.7).max(90.0))
        .frame(egui::Frame::NONE.inner_margin(egui::Margin { top: 6, ..egui::Margin::ZERO }))
        .show(ui, |ui| {
            let width = ui.available_width();
            Panel::left("overview importance")
                .resizable(true)
                .default_size(width * 0.36)
                .min_size(160.0)
                .frame(egui::Frame::NONE.inner_margin(egui::Margin { right: 8, ..egui::Margin::ZERO }))
                .show(ui, |ui| {
                    let height = ui.available_height();
                    actions.extend(importance_of(ui, model, cache, height));
                });
            actions.extend(table::ui(ui, model));
        });
    let height = (ui.available_height() - 4.0).max(160.0);
    ui.columns_const(|[left, right]| {
        actions.extend(history(left, model, cache, height));
        actions.extend(curves(right, model, cache, height));
    });
    actions
}

/// How the study stands, in sentences; a click leads to what is meant.
fn cards(ui: &mut Ui, model: &Model, cache: &mut Cache) -> Vec<Action> {
    let Some(subject) = model.subject() else { return Vec::new() };
    let answer =
        cache.shop.ask("health", (), subject, Lane::Quick, |subject| health_of(&subject.listed, &subject.whole));
    let Some(cards) = answer.product else { return Vec::new() };
    let mut actions = Vec::new();
    let most = ui.available_height() * 0.24;
    ScrollArea::vertical().id_salt("health").max_height(most).auto_shrink([false, true]).show(ui, |ui| {
        for card in cards.iter() {
            actions.extend(one_card(ui, card));
        }
    });
    ui.separator();
    actions
}

fn one_card(ui: &mut Ui, card: &Card) -> Option<Action> {
    let mut action = None;
    ui.horizontal_wrapped(|ui| {
        let (word, color) = match card.status {
            Status::Warning => ("Look", ui.visuals().warn_fg_color),
            Status::Note => ("Note", ui.visuals().weak_text_color()),
            Status::Pass => ("Good", theme::state_color(ui.visuals(), seqtune_core::TrialState::Running)),
        };
        ui.label(RichText::new(word).color(color).strong());
        ui.label(RichText::new(&card.title).strong());
        ui.label(&card.sentence);
        let (name, does) = match &card.about {
            None => return,
            Some(About::Trial(trial)) => (format!("Trial {trial}"), Action::Select(Some(*trial))),
            Some(About::Parameter(name)) => (name.clone(), Action::Show(Page::Parameters)),
            Some(About::Plot(PlotKind::Importance)) => ("Importance".to_owned(), Action::Show(Page::Parameters)),
            Some(About::Plot(PlotKind::Pareto)) => ("Front".to_owned(), Action::Show(Page::Pareto)),
            Some(About::Plot(PlotKind::Timeline)) => ("Timeline".to_owned(), Action::Show(Page::Resources)),
            // They are right below.
            Some(About::Plot(PlotKind::History | PlotKind::Curves)) => return,
        };
        if ui.link(name).clicked() {
            action = Some(does);
        }
    });
    action
}

fn history(ui: &mut Ui, model: &Model, cache: &mut Cache, height: f32) -> Vec<Action> {
    let pane = PlotPane {
        id: "history",
        name: "History",
        help: "The value of each trial in the order in which they were started, and the best of the completed ones so far. A \
               search that works finds good trials more often as it goes on.",
        height,
        moves: true,
    };
    let drawing = model.drawing;
    let options = HistoryOptions {
        by_time: drawing.by_time,
        top: (drawing.share < 1.0).then_some(drawing.share),
        log: drawing.log.then_some(true),
    };
    let key = (&model.metric, drawing.log, drawing.by_time, drawing.share.to_bits());
    let work = of_listed(model, move |snapshot, objective| plots::history(snapshot, objective, &options));
    pane.show(ui, model, cache, key, work, |ui| {
        let mut actions = metric_choice(ui, model);
        actions.extend(history_choices(ui, model));
        actions
    })
    .actions
}

fn curves(ui: &mut Ui, model: &Model, cache: &mut Cache, height: f32) -> Vec<Action> {
    let pane = PlotPane {
        id: "curves",
        name: "Curves",
        help: "The metric over the steps of the best trials, with the band over folds or seeds of the very best, and of those that \
               are trained now.",
        height,
        moves: true,
    };
    let top = model.settings.top;
    let (drawing, pins, selected) = (model.drawing, model.pins.clone(), model.selected);
    let key = (&model.metric, top, &model.pins, selected, drawing.log, drawing.band, drawing.along, drawing.grouped);
    let work = of_listed(model, move |snapshot, objective| {
        let of = CurvesOf {
            pins: &pins,
            selected,
            band: drawing.band,
            by: drawing.along,
            grouped: drawing.grouped,
            log: drawing.log.then_some(true),
            ..CurvesOf::new(&objective.metric, top)
        };
        plots::curves(snapshot, &of)
    });
    pane.show(ui, model, cache, key, work, |ui| {
        let mut actions = top_choice(ui, model);
        actions.extend(curve_choices(ui, model));
        actions
    })
    .actions
}

/// Of the completed trials that are listed. It takes a second or more, so it waits until a trial has ended.
fn importance_of(ui: &mut Ui, model: &Model, cache: &mut Cache, height: f32) -> Vec<Action> {
    let pane = PlotPane {
        id: "overview importance",
        name: "Importance",
        help: "How much of the variance of the value each parameter explains alone, with the interval over the trees of a random \
               forest (fANOVA; Hutter, Hoos, Leyton-Brown 2014). Of the listed completed trials; of 2500 and more PED-ANOVA (Watanabe, \
               Bansal, Hutter 2023), which is quicker.",
        height,
        moves: false,
    };
    let Some(subject) = model.subject() else { return Vec::new() };
    let many = subject.listed.summary.completed >= MANY;
    let measure = if many { Measure::PedAnova } else { Measure::Fanova };
    let made = parameters::measured(model, cache, subject, measure, false);
    let product = made.product.as_deref();
    let spec = product.and_then(|product| product.as_ref().ok()).map(|measured| &measured.spec);
    let trouble = match product {
        Some(Err(sentence)) => Some(sentence.as_str()),
        Some(Ok(_)) => None,
        None => Some("Growing a forest over the trials."),
    };
    pane.draw(ui, model, cache, (spec, trouble, made.stale), |_| Vec::new()).actions
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

fn history_choices(ui: &mut Ui, model: &Model) -> Vec<Action> {
    let mut drawing = model.drawing;
    menu(ui, "Options", "Options of History", |ui| {
        ui.checkbox(&mut drawing.log, "Values on a log axis");
        ui.checkbox(&mut drawing.by_time, "Over time, not over numbers");
        for (share, name) in [(1.0, "All trials"), (0.5, "The better half"), (0.1, "The best tenth")] {
            ui.radio_value(&mut drawing.share, share, name);
        }
    });
    (drawing != model.drawing).then_some(Action::Draw(drawing)).into_iter().collect()
}

pub(super) fn curve_choices(ui: &mut Ui, model: &Model) -> Vec<Action> {
    let mut drawing = model.drawing;
    menu(ui, "Options", "Options of Curves", |ui| {
        ui.checkbox(&mut drawing.log, "Values on a log axis");
        ui.checkbox(&mut drawing.grouped, "One curve for each configuration");
        ui.separator();
        for (along, name) in [(Along::Steps, "Over steps"), (Along::Seconds, "Over seconds of training")] {
            ui.radio_value(&mut drawing.along, along, name);
        }
        ui.separator();
        for (band, name) in [
            (BandKind::None, "No bands"),
            (BandKind::MinMax, "Bands from worst to best"),
            (BandKind::Deviation, "Bands of a standard deviation"),
            (BandKind::Confidence, "Bands of 95 % confidence"),
        ] {
            ui.radio_value(&mut drawing.band, band, name);
        }
    });
    (drawing != model.drawing).then_some(Action::Draw(drawing)).into_iter().collect()
}

fn top_choice(ui: &mut Ui, model: &Model) -> Vec<Action> {
    let mut actions = Vec::new();
    let chosen = model.settings.top;
    let combo = ComboBox::new("top", "").selected_text(format!("best {chosen}")).width(70.0).show_ui(ui, |ui| {
        for top in TOPS {
            if ui.selectable_label(chosen == top, format!("best {top}")).clicked() {
                actions.push(Action::ShowTop(top));
            }
        }
    });
    let name = format!("Curves of the best {chosen}");
    combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::ComboBox, true, &name));
    actions
}
