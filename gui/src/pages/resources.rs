//! Resources: where the time went, and what is left of the budget.

use std::path::Path;

use egui::{ComboBox, Grid, RichText, ScrollArea, Ui};
use seqtune_plot::plots::{self, Lanes};
use seqtune_plot::{Resources, Snapshot, resources};

use crate::cache::Cache;
use crate::disk::{Sizes, sizes};
use crate::model::{Action, Model, ResourcesView};
use crate::panes::plot_pane::{PlotPane, of_listed};
use crate::text;
use crate::workshop::{Answer, Lane, Subject};

/// How long the sizes of files are taken to be what they were, in microseconds.
const LOOKED_AT: i64 = 30_000_000;

/// What the figures are made from: the time of workers from all trials, what trials cost from those that are listed.
struct Figures {
    whole: Resources,
    listed: Resources,
}

pub(super) fn ui(ui: &mut Ui, model: &Model, cache: &mut Cache) -> Vec<Action> {
    let mut actions = Vec::new();
    let Some(subject) = model.subject() else { return actions };
    let figures: Answer<Figures> = cache.shop.ask("resources", (), subject, Lane::Quick, |subject| Figures {
        whole: resources(&subject.whole),
        listed: resources(&subject.listed),
    });
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        let height = (ui.available_height() * 0.45).max(240.0);
        ui.columns_const(|[left, right]| {
            actions.extend(timeline(left, model, cache, height));
            actions.extend(durations(right, model, cache, height));
        });
        let Some(figures) = figures.product.as_deref() else {
            ui.label(RichText::new("Adding up.").weak());
            return;
        };
        ui.add_space(8.0);
        ui.columns_const(|[first, second, third]| {
            budget(first, model, &subject.whole, &figures.whole);
            disk(first, model, cache, subject);
            states(second, model, &figures.listed);
            lost(second, &figures.listed);
            workers(third, &figures.whole);
            devices(third, &figures.whole);
        });
    });
    actions
}

fn timeline(ui: &mut Ui, model: &Model, cache: &mut Cache, height: f32) -> Vec<Action> {
    let pane = PlotPane {
        id: "timeline",
        name: "Timeline",
        help: "When each worker trained which trial, coloured by what became of it. Gaps are time in which a worker had nothing to do: \
               it waited for a decision, or the study was stopped.",
        height,
        moves: true,
    };
    let lanes = model.views.resources.lanes;
    // Of all trials: a gap would else be a trial that is not listed.
    let work = move |subject: &Subject| plots::timeline_of(&subject.whole, lanes);
    pane.show(ui, model, cache, lanes, work, |ui| {
        let mut actions = Vec::new();
        let name = |lanes: Lanes| match lanes {
            Lanes::Workers => "by worker",
            Lanes::Devices => "by device",
        };
        let combo = ComboBox::new("lanes", "").selected_text(name(lanes)).width(90.0).show_ui(ui, |ui| {
            for other in [Lanes::Workers, Lanes::Devices] {
                if ui.selectable_label(other == lanes, name(other)).clicked() {
                    actions.push(Action::ViewResources(ResourcesView { lanes: other }));
                }
            }
        });
        let label = format!("Timeline {}", name(lanes));
        combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::ComboBox, true, &label));
        actions
    })
    .actions
}

fn durations(ui: &mut Ui, model: &Model, cache: &mut Cache, height: f32) -> Vec<Action> {
    let pane = PlotPane {
        id: "durations",
        name: "Durations",
        help: "How long trials of each state were trained. A tail of long ones is where a limit of time, a pruner or another batch size \
               saves most.",
        height,
        moves: true,
    };
    let work = of_listed(model, |snapshot, _| plots::durations(snapshot));
    pane.show(ui, model, cache, (), work, |_| Vec::new()).actions
}

fn heading(ui: &mut Ui, title: &str, help: &str) {
    ui.add_space(6.0);
    ui.label(RichText::new(title).strong()).on_hover_text(help);
}

/// A table of texts: the first column names what the others say.
fn table(ui: &mut Ui, id: &str, titles: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    Grid::new(id).num_columns(titles.len()).striped(true).spacing([12.0, 3.0]).show(ui, |ui| {
        for title in titles {
            ui.label(RichText::new(*title).weak());
        }
        ui.end_row();
        for row in rows {
            for cell in row {
                ui.label(cell);
            }
            ui.end_row();
        }
    });
}

fn budget(ui: &mut Ui, model: &Model, snapshot: &Snapshot, used: &Resources) {
    heading(ui, "Budget", "What the study may use, and has used: of hours those in which a manager was alive");
    let budget = &snapshot.settings.budget;
    let hours = |hours: f64| format!("{} h", text::short_number((hours * 100.0).round() / 100.0));
    let row = |name: &str, spent: f64, limit: Option<f64>, say: &dyn Fn(f64) -> String| {
        let (limit, left) = match limit {
            Some(limit) => (say(limit), say((limit - spent).max(0.0))),
            None => ("no limit".to_owned(), "-".to_owned()),
        };
        vec![name.to_owned(), say(spent), limit, left]
    };
    let count = |number: f64| format!("{number:.0}");
    let trials = snapshot.summary.trials() as f64;
    let rows = [
        row("trials", trials, budget.trials.map(|trials| trials as f64), &count),
        row("hours", snapshot.summary.hours, budget.hours, &hours),
        row("device hours", used.device_hours, budget.device_hours, &hours),
    ];
    table(ui, "budget", &["", "used", "limit", "left"], rows);
    if let Some(patience) = budget.patience {
        let unit = text::count(patience as usize, "trial");
        ui.label(RichText::new(format!("It ends after {unit} in a row without improvement.")).weak());
    }
    if let Some(left) = snapshot.summary.seconds_left(model.now_us).filter(|left| *left >= 1.0) {
        ui.label(RichText::new(format!("About {} to go, as the last trials went.", text::span(left))).weak());
    }
}

fn disk(ui: &mut Ui, model: &Model, cache: &mut Cache, subject: &Subject) {
    heading(ui, "On disk", "What the study's directory holds");
    // Files are looked at now and then, whatever happens in the log.
    let found: Answer<Result<Sizes, String>> =
        cache
            .shop
            .ask_still("sizes", model.now_us / LOOKED_AT, subject, Lane::Slow, |subject| sizes(&subject.directory));
    match found.product.as_deref() {
        None => drop(ui.label(RichText::new("Looking.").weak())),
        Some(Err(sentence)) => drop(ui.label(RichText::new(sentence).color(ui.visuals().error_fg_color))),
        Some(Ok(sizes)) => {
            let row = |(name, part): &(&str, crate::disk::Part)| {
                vec![(*name).to_owned(), text::bytes(part.bytes), part.files.to_string()]
            };
            table(ui, "sizes", &["", "size", "files"], sizes.parts().iter().map(row));
        }
    }
    directory(ui, &subject.directory);
}

fn directory(ui: &mut Ui, path: &Path) {
    ui.label(RichText::new(path.display().to_string()).weak().small());
}

fn states(ui: &mut Ui, model: &Model, used: &Resources) {
    let listed = model.subject().is_some_and(|subject| subject.listed.trials.len() < subject.whole.trials.len());
    let title = if listed { "What the listed trials cost" } else { "What trials cost" };
    heading(
        ui,
        title,
        "Training time by what became of the trials: that of pruned and failed ones is what the search paid to learn",
    );
    let rows = used.states.iter().map(|state| {
        let share = format!("{:.0} %", 100.0 * state.share);
        let median = text::span(state.median);
        vec![state.state.name().to_owned(), state.trials.to_string(), text::span(state.seconds), share, median]
    });
    table(ui, "costs", &["", "trials", "training", "share", "median"], rows);
    ui.label(RichText::new(format!("{} of training in all", text::span(used.seconds))).weak());
}

fn lost(ui: &mut Ui, used: &Resources) {
    heading(
        ui,
        "Lost work",
        "Attempts that ended early, and what was trained since the checkpoint from which the next one went on",
    );
    let lost = used.lost;
    ui.label(if lost.attempts == 0 {
        "No attempt was cut short.".to_owned()
    } else {
        format!(
            "{} cut short; {} of training done again, with {}.",
            text::count(lost.attempts, "attempt"),
            text::span(lost.seconds),
            text::count(lost.steps as usize, "step")
        )
    });
}

fn workers(ui: &mut Ui, used: &Resources) {
    heading(
        ui,
        "Workers",
        "Idle is the share of the time that managers were alive in which the worker trained nothing",
    );
    let rows = used.workers.iter().map(|one| {
        let idle = one.idle.map_or_else(|| "-".to_owned(), |idle| format!("{:.0} %", 100.0 * idle));
        let devices = one.devices.join(", ");
        vec![format!("worker {}", one.worker), one.attempts.to_string(), text::span(one.seconds), idle, devices]
    });
    table(ui, "workers", &["", "attempts", "training", "idle", "on"], rows);
    if used.workers.is_empty() {
        ui.label(RichText::new("No worker has trained a trial of this study.").weak());
    }
}

fn devices(ui: &mut Ui, used: &Resources) {
    heading(
        ui,
        "Devices",
        "Training adds up all workers on a device; busy is the time in which at least one of them trained",
    );
    let rows = used
        .devices
        .iter()
        .map(|one| vec![one.device.clone(), one.attempts.to_string(), text::span(one.seconds), text::span(one.busy)]);
    table(ui, "devices", &["", "attempts", "training", "busy"], rows);
}
