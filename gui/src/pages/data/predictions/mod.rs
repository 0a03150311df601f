//! Predictions: how well a trial tells what is positive, by length of the peptides or by fold, and against other trials.

mod measured;
mod parts;
mod threshold;

use egui::{RichText, Ui};
use seqtune_plot::plots::{self, Areas, PlotError, Scored};
use seqtune_plot::spec::{Layer, PlotSpec, Role, Sample};

use super::{Shown, names};
use crate::cache::Cache;
use crate::exports::{Form, Predictions};
use crate::model::{Action, DataChange, Model, Subset};
use crate::panes::plot_pane::PlotPane;
use crate::workshop::Subject;
use parts::{Asked, Series, decided, lengths, series};

const HEIGHT: f32 = 360.0;

pub(super) fn ui(ui: &mut Ui, model: &Model, cache: &mut Cache, shown: &[Shown]) -> Vec<Action> {
    let mut actions = Vec::new();
    let Some(first) = shown.first() else { return actions };
    let Some(own) = of(first) else { return actions };
    let several = shown.iter().filter(|one| of(one).is_some()).count() > 1;
    let asked = Asked::of(&model.views.data);
    let (subset, fold) = (asked.subset, &asked.fold);
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("Predictions").strong());
        let all = std::iter::once(Subset::Each).chain(lengths(own));
        let choices: Vec<Subset> = if own.has_length { all.collect() } else { vec![Subset::Each, Subset::All] };
        let name = |subset: Subset| match subset {
            Subset::Each if !own.has_length => "each fold".to_owned(),
            other => other.name(),
        };
        let by_name = |name_of: String| {
            let found = choices.iter().copied().find(|subset| name(*subset) == name_of);
            DataChange::Subset(found.unwrap_or_default())
        };
        let listed: Vec<String> = choices.iter().map(|subset| name(*subset)).collect();
        actions.extend(names(ui, "subset", "Compare on", &name(subset), listed, by_name));
        if own.folds.len() > 1 {
            const ALL: &str = "all folds";
            let chosen = fold.clone().unwrap_or_else(|| ALL.to_owned());
            let listed = std::iter::once(ALL.to_owned()).chain(own.folds.iter().cloned());
            let change = |name: String| DataChange::Fold((name != ALL).then_some(name));
            actions.extend(names(ui, "fold", "Fold", &chosen, listed, change));
        }
        actions.extend(threshold::ui(ui, own, own.chosen(asked.threshold)));
        if several && subset == Subset::Each {
            ui.label(RichText::new("Choose all rows or one length to compare the pinned trials.").weak());
        }
    });
    let asked = asked.of_curves();
    let stamps: Vec<_> = shown.iter().map(|one| (&one.stamp, role_key(one.role))).collect();
    let sure = measured::areas(model, cache, shown, &asked);
    let key = (stamps, &asked, model.views.data.looks, sure.is_some());
    ui.columns_const(|[left, right]| {
        for (ui, id, title, help, plot) in [
            (
                left,
                "roc",
                "ROC",
                "Of all positive rows the share that is found, against the share of negative ones that is taken for positive, at each \
                 threshold of the score. The area under it (AUC) is the chance that a positive row scores above a negative one.",
                Curve::Roc,
            ),
            (
                right,
                "precision-recall",
                "Precision and recall",
                "Of the rows that are taken for positive the share that is, against the share of the positive ones that is found. Unlike \
                 the ROC it shows what few positives among many rows mean.",
                Curve::PrecisionRecall,
            ),
        ] {
            let pane = PlotPane { id, name: title, help, height: HEIGHT, moves: true };
            let (kept, asked, sure) = (shown.to_vec(), asked.clone(), sure.clone());
            let work = move |_: &Subject| {
                let sure = sure.as_deref().map(Vec::as_slice).unwrap_or_default();
                plot.draw(title, series(&kept, &asked), sure)
            };
            actions.extend(pane.show(ui, model, cache, &key, work, |_| Vec::new()).actions);
        }
    });
    measured::table(ui, model, cache, first, &asked);
    actions
}

/// What the threshold makes of the rows of the first export.
pub(super) fn decisions(ui: &mut Ui, model: &Model, cache: &mut Cache, first: &Shown) -> Vec<Action> {
    if of(first).is_none() {
        return Vec::new();
    }
    let asked = Asked::of(&model.views.data);
    let pane = PlotPane {
        id: "decisions",
        name: "Decisions",
        help: "How many of the positive rows (above) and of the others are taken for positive (left) by the threshold. Move the \
               threshold above; the rows are those of the chosen length and fold.",
        height: super::grids::HEIGHT,
        moves: false,
    };
    let (kept, own) = (first.clone(), asked.clone());
    let work =
        move |_: &Subject| plots::decisions("Decisions", of(&kept).map_or(Vec::new(), |found| decided(found, &own)));
    pane.show(ui, model, cache, (&first.stamp, &asked, model.views.data.looks), work, |_| Vec::new()).actions
}

#[derive(Clone, Copy)]
enum Curve {
    Roc,
    PrecisionRecall,
}

impl Curve {
    fn draw(self, title: &str, series: Vec<Series>, sure: &[Option<Areas>]) -> Result<PlotSpec, PlotError> {
        let (roles, scored): (Vec<Role>, Vec<Scored>) = series.into_iter().map(|one| (one.role, one.scored)).unzip();
        let mut spec = match self {
            Curve::Roc => plots::roc(title, &scored, sure),
            Curve::PrecisionRecall => plots::precision_recall(title, &scored, sure),
        }?;
        // Pinned trials keep their colours.
        let own = |role: &mut Role| {
            if let Role::Series(index) = *role {
                *role = roles.get(index).copied().unwrap_or(Role::Series(index));
            }
        };
        for layer in &mut spec.layers {
            if let Layer::Line(line) = layer {
                own(&mut line.role);
            }
        }
        for entry in &mut spec.legend {
            if let Sample::Line { role, .. } = &mut entry.sample {
                own(role);
            }
        }
        // The first one is in front of the others.
        spec.layers.reverse();
        Ok(spec)
    }
}

/// Colours have no hash.
fn role_key(role: Role) -> String {
    format!("{role:?}")
}

fn of(shown: &Shown) -> Option<&Predictions> {
    let found = shown.tables(|form| if let Form::Predictions(found) = form { Some(found) } else { None });
    found.into_iter().next().map(|(_, found)| found)
}
