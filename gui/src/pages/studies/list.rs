//! The table of the studies.

use egui::accesskit::Role;
use egui::{Grid, RichText, ScrollArea, Sense, Ui, WidgetInfo, vec2};
use seqtune_plot::Snapshot;
use seqtune_space::SearchSpace;

use super::{Beside, chosen};
use crate::model::{Action, Model, StudiesView};
use crate::workshop::Subject;
use crate::{text, theme};

const TITLES: [&str; 11] =
    ["study", "", "state", "trials", "best", "hours", "sampler", "pruner", "seed", "seeds each", "space"];

/// Parameters that are named where spaces differ.
const MOST_NAMES: usize = 3;

pub(super) fn ui(ui: &mut Ui, model: &Model, subject: &Subject, studies: &[Beside]) -> Vec<Action> {
    let mut actions = Vec::new();
    ScrollArea::both().id_salt("studies beside").auto_shrink([false, false]).show(ui, |ui| {
        Grid::new("studies beside").striped(true).spacing([14.0, 4.0]).show(ui, |ui| {
            for title in TITLES {
                ui.label(RichText::new(title).strong());
            }
            ui.end_row();
            for study in studies {
                actions.extend(row(ui, model, subject, study));
                ui.end_row();
            }
        });
    });
    actions
}

fn row(ui: &mut Ui, model: &Model, subject: &Subject, study: &Beside) -> Vec<Action> {
    let mut actions = Vec::new();
    let entry = study.entry;
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
        let color = study.place.and_then(|place| theme::rank_color(ui.visuals(), place));
        if let Some(color) = color {
            ui.painter().rect_filled(rect, 2.0, color);
        }
        let mut on = study.is_chosen;
        if ui.checkbox(&mut on, &entry.name).on_hover_text("Draw it, or not").changed() {
            let mut chosen = chosen(model);
            chosen.retain(|directory| *directory != entry.directory);
            chosen.extend(on.then(|| entry.directory.clone()));
            actions.push(Action::ViewStudies(StudiesView { chosen: Some(chosen), ..model.views.studies.clone() }));
        }
    });
    if study.is_open {
        ui.label(RichText::new("is open").weak());
    } else {
        let button = ui.button("Open");
        let name = format!("Open {}", entry.name);
        button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        if button.on_hover_text(entry.directory.display().to_string()).clicked() {
            actions.push(Action::OpenStudy(entry.directory.clone()));
        }
    }
    ui.label(if entry.managed { "running" } else { "stopped" });
    match &entry.summary {
        Ok(summary) => {
            ui.label(summary.trials().to_string());
            ui.label(summary.best.map_or_else(|| "-".to_owned(), |(_, value)| text::number(value)));
            ui.label(format!("{:.2}", summary.hours));
        }
        Err(sentence) => {
            // The rest of the row has nothing to say.
            ui.label(RichText::new(sentence).color(ui.visuals().error_fg_color));
            return actions;
        }
    }
    let Some(snapshot) = &study.snapshot else {
        let waiting = if study.is_chosen { "Reading it." } else { "" };
        ui.label(RichText::new(study.trouble.as_deref().unwrap_or(waiting)).weak());
        return actions;
    };
    ui.label(sampler(snapshot));
    ui.label(snapshot.spec.pruner.name());
    ui.label(snapshot.spec.seed.to_string());
    let most = snapshot.trials.iter().map(|row| row.replicate + 1).max().unwrap_or(1);
    ui.label(if most == 1 { "1".to_owned() } else { format!("up to {most}") });
    let space = match study.is_open {
        true => text::count(snapshot.spec.space.len(), "parameter"),
        false => beside_open(&snapshot.spec.space, &subject.whole.spec.space),
    };
    ui.horizontal(|ui| {
        ui.label(space);
        if let Some(trouble) = &study.trouble {
            ui.label(RichText::new(format!("Not drawn: {trouble}")).color(ui.visuals().warn_fg_color));
        }
    });
    actions
}

/// The sampler as a study file names it.
fn sampler(snapshot: &Snapshot) -> String {
    let written = serde_json::to_value(&snapshot.spec.sampler).unwrap_or_default();
    written.get("type").and_then(|name| name.as_str()).unwrap_or("-").to_owned()
}

/// What a space is to that of the open study.
fn beside_open(own: &SearchSpace, open: &SearchSpace) -> String {
    if own == open {
        return "same space".to_owned();
    }
    let differs = |name: &str| own.get(name) != open.get(name);
    let all = own.parameters().iter().chain(open.parameters()).map(|one| one.name.as_str());
    let mut names: Vec<&str> = all.filter(|name| differs(name)).collect();
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [] => "other constraints".to_owned(),
        few if few.len() <= MOST_NAMES => format!("differs in {}", few.join(", ")),
        many => format!("differs in {} and {} more", many[..MOST_NAMES].join(", "), many.len() - MOST_NAMES),
    }
}
