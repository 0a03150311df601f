//! What is measured of each part of an export, in a table.

use std::sync::Arc;

use egui::{Grid, RichText, Ui};
use seqtune_plot::plots::{self, AREAS_METHOD, Areas};
use seqtune_plot::spec::short;

use super::of;
use super::parts::{Asked, of_folds, series};
use crate::cache::Cache;
use crate::exports::Predictions;
use crate::model::{Model, Subset};
use crate::pages::data::Shown;
use crate::text;
use crate::workshop::{Answer, Lane};

/// What is measured of a part, beside its areas.
#[derive(Debug)]
struct Measured {
    name: String,
    rows: usize,
    positives: usize,
    /// Of all rows together, and the mean over the folds.
    auc: Option<f64>,
    of_folds: Option<f64>,
}

/// The areas of each curve with their intervals, once they are known. What was asked before is not shown as if it were this.
pub(super) fn areas(
    model: &Model,
    cache: &mut Cache,
    shown: &[Shown],
    asked: &Asked,
) -> Option<Arc<Vec<Option<Areas>>>> {
    let subject = model.subject()?;
    // Parts of one export, and one part of several: both may be on the screen.
    let is_each = asked.subset == Subset::Each;
    let shown = if is_each { &shown[..shown.len().min(1)] } else { shown };
    let stamps: Vec<_> = shown.iter().map(|one| &one.stamp).collect();
    let key = (stamps, asked, model.views.data.looks);
    let (kept, own) = (shown.to_vec(), asked.clone());
    let made: Answer<Vec<Option<Areas>>> =
        cache.shop.ask_still(("areas", is_each), key, subject, Lane::Slow, move |_| {
            series(&kept, &own).iter().map(|series| plots::areas(&series.scored)).collect()
        });
    made.product.filter(|_| !made.stale)
}

fn measured(own: &Predictions, shown: &Shown, asked: &Asked) -> Vec<Measured> {
    let one = |(series, folds): (super::parts::Series, Vec<plots::Scored>)| {
        let scored = series.scored;
        let folds: Vec<f64> = folds.iter().filter_map(plots::auc).collect();
        Measured {
            rows: scored.labels.len(),
            positives: scored.labels.iter().filter(|positive| **positive).count(),
            auc: plots::auc(&scored),
            of_folds: (folds.len() > 1).then(|| folds.iter().sum::<f64>() / folds.len() as f64),
            name: scored.name,
        }
    };
    series(std::slice::from_ref(shown), asked).into_iter().zip(of_folds(own, asked)).map(one).collect()
}

/// The parts of the first export.
pub(super) fn table(ui: &mut Ui, model: &Model, cache: &mut Cache, first: &Shown, asked: &Asked) {
    let Some(subject) = model.subject() else { return };
    let asked = Asked { subset: Subset::Each, ..asked.clone() };
    let key = (&first.stamp, &asked, model.views.data.looks);
    let (kept, own) = (first.clone(), asked.clone());
    let made: Answer<Vec<Measured>> = cache.shop.ask_still("measured", key, subject, Lane::Quick, move |_| {
        of(&kept).map(|found| measured(found, &kept, &own)).unwrap_or_default()
    });
    let sure = areas(model, cache, std::slice::from_ref(first), &asked);
    let Some(measured) = made.product else { return };
    let of_part = |at: usize| sure.as_ref().and_then(|sure| sure.get(at).copied().flatten());
    let folds = "AUC, mean of folds";
    Grid::new("measured").num_columns(6).striped(true).spacing([16.0, 3.0]).show(ui, |ui| {
        for (title, hover) in [
            ("", ""),
            ("rows", ""),
            ("positive", ""),
            ("AUC", &*format!("Of all rows together, whichever fold they are of; {AREAS_METHOD}")),
            ("average precision", &*format!("The area under the precision-recall curve; {AREAS_METHOD}")),
            (folds, "The AUC of each fold by itself, and their mean: what the family reports"),
        ] {
            let label = ui.label(RichText::new(title).weak());
            if !hover.is_empty() {
                label.on_hover_text(hover);
            }
        }
        ui.end_row();
        for (at, one) in measured.iter().enumerate() {
            let sure = of_part(at);
            ui.label(&one.name);
            ui.label(one.rows.to_string());
            ui.label(one.positives.to_string());
            ui.label(sure.map_or_else(|| text::number_or_dash(one.auc), |sure| bracketed(sure.roc)));
            ui.label(sure.map_or_else(|| "-".to_owned(), |sure| bracketed(sure.precision)));
            ui.label(text::number_or_dash(one.of_folds));
            ui.end_row();
        }
    });
    ui.add_space(8.0);
}

/// `0.9471 [0.941, 0.953]`.
fn bracketed(area: plots::Area) -> String {
    let [low, high] = area.interval.map(|end| short(end, 3));
    format!("{} [{low}, {high}]", short(area.value, 4))
}

#[cfg(test)]
mod tests {
    use super::super::parts::tests::{ALL, predictions};
    use super::*;
    use crate::exports::{Export, Form, Read};
    use seqtune_plot::spec::Role;

    #[test]
    fn folds_are_measured_each_and_the_test_split_apart() {
        let stamp = Export { path: "none".into(), trial: None, files: Vec::new() };
        let read = Read { name: "predictions".to_owned(), form: Ok(Form::Predictions(predictions())) };
        let shown = Shown { name: "none".to_owned(), role: Role::Front, stamp, tables: Arc::new(vec![read]) };
        let found = measured(&predictions(), &shown, &ALL);
        assert_eq!(found.iter().map(|one| one.rows).collect::<Vec<_>>(), [5, 4, 1], "{found:?}");
        let nine = &found[1];
        assert_eq!((nine.positives, nine.auc, nine.of_folds), (2, Some(0.75), Some(0.5)));
        let test = Asked { fold: Some("test".to_owned()), ..ALL };
        assert_eq!(measured(&predictions(), &shown, &test)[0].rows, 1);
        assert_eq!(found[2].auc, None, "one class");
    }
}
