//! A plot with its heading, its controls and its menu: the same for every plot of the window.

use std::hash::Hash;
use std::sync::Arc;

use egui::{RichText, Ui};
use seqtune_plot::plots::PlotError;
use seqtune_plot::spec::PlotSpec;

use super::notice;
use crate::cache::Cache;
use crate::model::{Action, Model};
use crate::plot::{Answer, Look, twin};
use crate::workshop::{Lane, Subject};
use crate::{text, theme};

/// A place for a plot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlotPane<'a> {
    /// Names the place: no other plot may have it.
    pub id: &'a str,
    /// What stands above it.
    pub name: &'a str,
    /// Two sentences that explain it, with the paper where there is one.
    pub help: &'a str,
    /// Height with heading and notes.
    pub height: f32,
    /// Whether it is moved by dragging; else the drag is for the page.
    pub moves: bool,
}

/// What came of a plot: what somebody did in the usual way, and all the rest for pages that want it.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// Selecting, pointing at, saving, ...
    pub actions: Vec<Action>,
    /// What happened in the plot area; `None` while there is no plot.
    pub answer: Option<Answer>,
}

impl PlotPane<'_> {
    /// Draws the plot that `work` makes of the study. It must depend on nothing but the study and `key`. `controls` stand beside
    /// the heading.
    pub fn show<E: std::fmt::Display + Send + Sync + 'static>(
        self,
        ui: &mut Ui,
        model: &Model,
        cache: &mut Cache,
        key: impl Hash,
        work: impl FnOnce(&Subject) -> Result<PlotSpec, E> + Send + 'static,
        controls: impl FnOnce(&mut Ui) -> Vec<Action>,
    ) -> Shown {
        let Some(subject) = model.subject() else { return Shown::default() };
        let made = cache.shop.ask(self.id, key, subject, Lane::Quick, move |subject| match work(subject) {
            Ok(spec) => Ok(Arc::new(spec)),
            Err(error) => Err(text::sentence(&error.to_string())),
        });
        let product = made.product.as_deref();
        let spec = product.and_then(|product| product.as_ref().ok());
        let trouble = product.and_then(|product| product.as_ref().err());
        self.draw(ui, model, cache, (spec, trouble.map(String::as_str), made.stale), controls)
    }

    /// Draws what was made already: a plot, or a sentence in its place.
    pub fn draw(
        self,
        ui: &mut Ui,
        model: &Model,
        cache: &mut Cache,
        (spec, trouble, stale): (Option<&Arc<PlotSpec>>, Option<&str>, bool),
        controls: impl FnOnce(&mut Ui) -> Vec<Action>,
    ) -> Shown {
        let mut shown = Shown::default();
        let top = ui.cursor().top();
        ui.horizontal(|ui| {
            ui.label(RichText::new(self.name).strong()).on_hover_text(self.help);
            shown.actions.extend(controls(ui));
            self.menu(ui, cache, spec, &mut shown.actions);
            if stale {
                ui.label(RichText::new("...").weak()).on_hover_text("It is being drawn anew");
            }
        });
        let height = (self.height - (ui.cursor().top() - top)).max(60.0);
        let Some(spec) = spec else {
            let sentence = trouble.map_or("Drawing.", |trouble| trouble);
            notice::in_place(ui, sentence, height);
            return shown;
        };
        let look = Look {
            height,
            theme: theme::plot_theme(ui),
            selected: model.selected,
            hovered: model.hovered,
            legend: true,
            notes: true,
            moves: self.moves,
        };
        let answer = cache.plot(self.id).show(ui, self.name, spec, look);
        if let Some(trial) = answer.clicked {
            shown.actions.push(match trial {
                Some(trial) if ui.input(|input| input.modifiers.command) => Action::Pin(trial),
                trial => Action::Select(trial.or(model.selected)),
            });
        }
        if answer.hovered != model.hovered && (answer.hovered.is_some() || answer.response.hovered()) {
            shown.actions.push(Action::Hover(answer.hovered));
        }
        shown.answer = Some(answer);
        shown
    }

    fn menu(self, ui: &mut Ui, cache: &mut Cache, spec: Option<&Arc<PlotSpec>>, actions: &mut Vec<Action>) {
        let menu = ui.menu_button("...", |ui| {
            ui.set_max_width(320.0);
            if let Some(spec) = spec {
                if ui.button("Show as a table").clicked() {
                    actions.push(Action::ShowTwin(Arc::clone(spec)));
                }
                if ui.button("Save as a picture").clicked() {
                    actions.push(Action::AskToSave(Arc::clone(spec)));
                }
                if ui.button("Copy its numbers").clicked() {
                    actions.push(Action::Copy(twin(spec).tsv(), "the numbers of the plot"));
                }
            }
            if cache.plot(self.id).is_moved() && ui.button("Show all of it").clicked() {
                cache.plot(self.id).reset();
            }
            ui.separator();
            ui.label(RichText::new(self.help).weak());
        });
        let name = format!("More about {}", self.name);
        menu.response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, &name));
    }
}

/// A plot of the listed trials for [`PlotPane::show`]: `plots::history` and its like, by the chosen metric.
pub(crate) fn of_listed(
    model: &Model,
    plot: impl FnOnce(&seqtune_plot::Snapshot, &seqtune_core::Objective) -> Result<PlotSpec, PlotError> + Send + 'static,
) -> impl FnOnce(&Subject) -> Result<PlotSpec, PlotError> + Send + 'static {
    let objective = model.snapshot().map(|snapshot| model.objective(snapshot));
    move |subject| {
        let objective = objective.unwrap_or_else(|| subject.whole.spec.objective().clone());
        plot(&subject.listed, &objective)
    }
}
