//! What stands where there is nothing to draw: one sentence, and one button where it helps.

use egui::{RichText, Ui, vec2};

use crate::model::{Action, Model};

/// A button of a notice: its text and what it does.
pub(crate) type Way = (&'static str, Action);

/// The sentence that takes the place of the trials, `None` where there are some to show.
pub(super) fn instead(model: &Model) -> Option<(String, Option<Way>)> {
    let other = ("Open another folder", Action::AskForPath);
    let Some(place) = &model.place else {
        let sentence = "Open a folder with studies, such as results/, or one study; or drop one here.".to_owned();
        return Some((sentence, Some(("Open", Action::AskForPath))));
    };
    let path = place.path().display();
    let Some(open) = &model.open else {
        return Some(match &model.listing {
            None => (format!("Looking for studies in {path}."), None),
            Some(listing) => match &listing.trouble {
                Some(trouble) => (trouble.clone(), Some(other)),
                None => {
                    (format!("There is no study in {path} yet. Start one with: seqtune run STUDY.toml"), Some(other))
                }
            },
        });
    };
    let again = match open.news.needs_copy {
        true => ("Open a copy", Action::OpenCopy),
        false => ("Try again", Action::Reload),
    };
    match (&open.news.snapshot, &open.news.trouble) {
        (None, Some(trouble)) => Some((trouble.clone(), Some(again))),
        (None, None) => Some((format!("Reading the log in {}.", open.directory.display()), None)),
        (Some(snapshot), trouble) if snapshot.trials.is_empty() => Some(match trouble {
            Some(trouble) => (trouble.clone(), Some(again)),
            None => ("The study has no trial yet; the first one appears here as soon as it starts.".to_owned(), None),
        }),
        (Some(snapshot), _) => nothing_listed(model, snapshot.trials.len()),
    }
}

fn nothing_listed(model: &Model, all: usize) -> Option<(String, Option<Way>)> {
    let is_empty = model.subject().is_some_and(|subject| subject.listed.trials.is_empty());
    let way = match model.brushes.is_empty() {
        true => ("Clear the filter", Action::Filter(String::new())),
        false => ("Lift the ranges", Action::Leave),
    };
    is_empty.then(|| (format!("The filter lists none of {}.", crate::text::count(all, "trial")), Some(way)))
}

/// A sentence in the middle, with a button under it.
pub(crate) fn card(ui: &mut Ui, sentence: &str, way: Option<Way>) -> Option<Action> {
    let mut action = None;
    let space = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.add_space((space * 0.4 - 20.0).max(4.0));
        ui.set_max_width(ui.available_width().min(560.0));
        ui.label(RichText::new(sentence).size(15.0));
        if let Some((text, does)) = way {
            ui.add_space(8.0);
            if ui.button(text).clicked() {
                action = Some(does);
            }
        }
    });
    action
}

/// A sentence in the place of a plot.
pub(crate) fn in_place(ui: &mut Ui, sentence: &str, height: f32) {
    let size = vec2(ui.available_width(), height);
    ui.allocate_ui_with_layout(size, egui::Layout::top_down(egui::Align::Center), |ui| {
        ui.set_min_size(size);
        ui.add_space((height * 0.4).max(4.0));
        ui.set_max_width((size.x - 24.0).clamp(80.0, 420.0));
        ui.label(RichText::new(sentence).weak());
    });
}
