//! What stands where there is nothing to draw: one sentence, and one button where it helps.

use egui::{Align2, Area, Frame, RichText, Ui, vec2};

use crate::model::{Action, Model};

/// A button of a notice: its text and what it does.
pub(super) type Way = (&'static str, Action);

/// The sentence that takes the place of the trials, `None` where there are some to show.
pub(super) fn instead(model: &Model) -> Option<(String, Option<Way>)> {
    let other = ("Open another folder", Action::AskForPath);
    let Some(place) = &model.place else {
        let sentence = "Open a folder with studies, such as results/, or one study.".to_owned();
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
    let again = ("Try again", Action::Reload);
    match (&open.news.snapshot, &open.news.trouble) {
        (None, Some(trouble)) => Some((trouble.clone(), Some(again))),
        (None, None) => Some((format!("Reading the log in {}.", open.directory.display()), None)),
        (Some(snapshot), trouble) if snapshot.trials.is_empty() => Some(match trouble {
            Some(trouble) => (trouble.clone(), Some(again)),
            None => ("The study has no trial yet; the first one appears here as soon as it starts.".to_owned(), None),
        }),
        _ => None,
    }
}

/// A sentence in the middle, with a button under it.
pub(super) fn card(ui: &mut Ui, sentence: &str, way: Option<Way>) -> Option<Action> {
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

/// A sentence over an empty plot.
pub(super) fn over_plot(ui: &Ui, plot: &egui::Response, sentence: &str) {
    Area::new(plot.id.with("notice"))
        .order(egui::Order::Middle)
        .pivot(Align2::CENTER_CENTER)
        .fixed_pos(plot.rect.center())
        .interactable(false)
        .constrain(false)
        .show(ui.ctx(), |ui| {
            Frame::popup(ui.style()).shadow(egui::Shadow::NONE).show(ui, |ui| {
                ui.set_max_width((plot.rect.width() - vec2(40.0, 0.0).x).max(80.0));
                ui.label(sentence);
            });
        });
}
