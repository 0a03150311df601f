//! The list of studies of the folder.

use egui::{Button, RichText, ScrollArea, Ui};
use seqtune_core::TrialState;

use crate::folder::StudyEntry;
use crate::model::{Action, Model};
use crate::{text, theme};

pub(super) fn ui(ui: &mut Ui, model: &Model) -> Vec<Action> {
    let mut actions = Vec::new();
    let Some(place) = &model.place else { return actions };
    ui.add_space(4.0);
    ui.label(RichText::new("Studies").strong());
    let path = place.path().display().to_string();
    ui.add(egui::Label::new(RichText::new(&path).weak()).truncate()).on_hover_text(path);
    ui.separator();
    let Some(listing) = &model.listing else { return actions };
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        for entry in &listing.studies {
            actions.extend(study(ui, model, entry));
        }
        if listing.studies.is_empty() {
            ui.label(RichText::new("none").weak());
        }
    });
    actions
}

fn study(ui: &mut Ui, model: &Model, entry: &StudyEntry) -> Option<Action> {
    let selected = model.open.as_ref().is_some_and(|open| open.directory == entry.directory);
    let mut clicked = false;
    // A name need not be the only one of its kind; the directory is.
    let is_shared =
        |listing: &crate::folder::Listing| listing.studies.iter().filter(|other| other.name == entry.name).count() > 1;
    let name = match entry.directory.file_name() {
        Some(directory) if model.listing.as_ref().is_some_and(is_shared) => {
            format!("{} ({})", entry.name, directory.to_string_lossy())
        }
        _ => entry.name.clone(),
    };
    ui.horizontal(|ui| {
        if entry.managed {
            theme::state_mark(ui, TrialState::Running).on_hover_text("seqtune works on it now");
        } else {
            ui.add_space(18.0);
        }
        let button = Button::selectable(selected, RichText::new(name)).truncate();
        clicked = ui.add(button).on_hover_text(entry.directory.display().to_string()).clicked();
    });
    ui.horizontal(|ui| {
        ui.add_space(22.0);
        let figures = match &entry.summary {
            Ok(summary) => {
                let best = summary.best.map_or_else(|| "no best yet".to_owned(), |(_, value)| text::number(value));
                let failed = if summary.failed > 0 { format!(", {} failed", summary.failed) } else { String::new() };
                format!("{best} - {}{failed}", text::count(summary.trials(), "trial"))
            }
            Err(sentence) => sentence.clone(),
        };
        ui.add(egui::Label::new(RichText::new(&figures).weak()).truncate()).on_hover_text(figures);
    });
    ui.add_space(4.0);
    clicked.then(|| Action::OpenStudy(entry.directory.clone()))
}
