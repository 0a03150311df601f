//! Predictions: how well a trial tells what is positive, by length of the peptides or by fold, and against other trials.

use egui::{Grid, RichText, Ui};
use seqtune_plot::plots::{self, PlotError, Scored};
use seqtune_plot::spec::{Layer, PlotSpec, Role, Sample};

use super::{Shown, names};
use crate::cache::Cache;
use crate::exports::{Form, Prediction, Predictions};
use crate::model::{Action, DataChange, Model, Subset};
use crate::panes::plot_pane::PlotPane;
use crate::text;
use crate::workshop::{Answer, Lane, Subject};

const HEIGHT: f32 = 330.0;

/// Lengths that stand for themselves; shorter and longer ones are taken together.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=11;

/// Rows of the predictions, and what they are called.
#[derive(Clone, Debug, PartialEq)]
struct Part {
    subset: Subset,
    fold: Option<usize>,
    name: String,
}

impl Part {
    fn holds(&self, row: &Prediction) -> bool {
        self.subset.holds(row.length) && self.fold.is_none_or(|fold| fold == row.fold)
    }
}

impl Subset {
    fn holds(self, length: usize) -> bool {
        match self {
            Subset::Each | Subset::All => true,
            Subset::Length(own) => length == own,
            Subset::UpTo(most) => length <= most,
            Subset::From(least) => length >= least,
        }
    }

    fn name(self) -> String {
        match self {
            Subset::Each => "each length".to_owned(),
            Subset::All => "all".to_owned(),
            Subset::Length(length) => format!("{length}-mers"),
            Subset::UpTo(length) => format!("{length}-mers and shorter"),
            Subset::From(length) => format!("{length}-mers and longer"),
        }
    }
}

/// What is measured of a part.
#[derive(Debug)]
struct Measured {
    name: String,
    rows: usize,
    positives: usize,
    /// Of all rows together, and the mean over the folds.
    auc: Option<f64>,
    of_folds: Option<f64>,
}

pub(super) fn ui(ui: &mut Ui, model: &Model, cache: &mut Cache, shown: &[Shown]) -> Vec<Action> {
    let mut actions = Vec::new();
    let Some(first) = shown.first() else { return actions };
    let Some(own) = of(first) else { return actions };
    let several = shown.iter().filter(|one| of(one).is_some()).count() > 1;
    let (subset, fold) = (model.views.data.subset, model.views.data.fold.clone());
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
        let of_what = format!("positive: {}", own.positive);
        ui.label(RichText::new(of_what).weak());
        if several && subset == Subset::Each {
            ui.label(RichText::new("Choose all rows or one length to compare the pinned trials.").weak());
        }
    });
    let stamps: Vec<_> = shown.iter().map(|one| (&one.stamp, role_key(one.role))).collect();
    let key = (stamps, subset, fold.clone(), model.views.data.looks);
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
            let (kept, fold) = (shown.to_vec(), fold.clone());
            let work = move |_: &Subject| plot.draw(title, series(&kept, subset, fold.as_deref()));
            actions.extend(pane.show(ui, model, cache, &key, work, |_| Vec::new()).actions);
        }
    });
    table(ui, model, cache, first, fold.as_deref());
    actions
}

#[derive(Clone, Copy)]
enum Curve {
    Roc,
    PrecisionRecall,
}

impl Curve {
    fn draw(self, title: &str, series: Vec<Series>) -> Result<PlotSpec, PlotError> {
        let (roles, scored): (Vec<Role>, Vec<Scored>) = series.into_iter().map(|one| (one.role, one.scored)).unzip();
        let mut spec = match self {
            Curve::Roc => plots::roc(title, &scored),
            Curve::PrecisionRecall => plots::precision_recall(title, &scored),
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

/// The subsets by length of which there are rows.
fn lengths(own: &Predictions) -> Vec<Subset> {
    let all = [Subset::All, Subset::UpTo(LENGTHS.start() - 1)].into_iter();
    let all = all.chain(LENGTHS.map(Subset::Length)).chain([Subset::From(LENGTHS.end() + 1)]);
    all.filter(|subset| own.rows.iter().any(|row| subset.holds(row.length))).collect()
}

/// The parts of which each has a curve of its own.
fn parts(own: &Predictions) -> Vec<Part> {
    if own.has_length {
        return lengths(own).into_iter().map(|subset| Part { subset, fold: None, name: subset.name() }).collect();
    }
    let all = Part { subset: Subset::All, fold: None, name: "all".to_owned() };
    let of_fold = |(fold, name): (usize, &String)| {
        let name = if name.bytes().all(|byte| byte.is_ascii_digit()) { format!("fold {name}") } else { name.clone() };
        Part { subset: Subset::All, fold: Some(fold), name }
    };
    let folds = own.folds.iter().enumerate().filter(|_| own.folds.len() > 1).map(of_fold);
    std::iter::once(all).chain(folds).collect()
}

/// Whether a row is in the fold that was chosen. Of all folds together the rows of a test split are no part.
fn in_fold(own: &Predictions, row: &Prediction, fold: Option<&str>) -> bool {
    match fold {
        Some(fold) => own.folds[row.fold] == fold,
        None => own.folds[row.fold] != "test" || own.folds.len() == 1,
    }
}

/// One curve.
struct Series {
    role: Role,
    scored: Scored,
}

/// The curves: of the first export each part, or of all exports the rows of one.
fn series(shown: &[Shown], subset: Subset, fold: Option<&str>) -> Vec<Series> {
    if subset != Subset::Each {
        let part = Part { subset, fold: None, name: String::new() };
        let one = |shown: &Shown| {
            let scored = Scored { name: shown.name.clone(), ..scored(of(shown)?, &part, fold) };
            Some(Series { role: shown.role, scored })
        };
        return shown.iter().filter_map(one).collect();
    }
    let Some(own) = shown.first().and_then(of) else { return Vec::new() };
    let one = |(index, part): (usize, Part)| Series {
        // All rows together stand in front; the parts are told apart.
        role: index.checked_sub(1).map_or(Role::Front, Role::Series),
        scored: scored(own, &part, fold),
    };
    parts(own).into_iter().enumerate().map(one).filter(|series| !series.scored.labels.is_empty()).collect()
}

/// The rows of a part, of a fold or of all.
fn scored(own: &Predictions, part: &Part, fold: Option<&str>) -> Scored {
    // A part that is a fold is that fold, also where it is the test split.
    let counts = |row: &&Prediction| (part.fold.is_some() && fold.is_none()) || in_fold(own, row, fold);
    let kept = own.rows.iter().filter(|row| counts(row) && part.holds(row));
    let (labels, scores) = kept.map(|row| (row.positive, row.score)).unzip();
    Scored { name: part.name.clone(), labels, scores }
}

/// What is measured of each part of an export.
fn measured(own: &Predictions, fold: Option<&str>) -> Vec<Measured> {
    let one = |part: Part| {
        let all = scored(own, &part, fold);
        let each = own.folds.iter().filter(|name| fold.is_none() && part.fold.is_none() && *name != "test");
        let folds: Vec<f64> = each.filter_map(|name| plots::auc(&scored(own, &part, Some(name)))).collect();
        Measured {
            rows: all.labels.len(),
            positives: all.labels.iter().filter(|positive| **positive).count(),
            auc: plots::auc(&all),
            of_folds: (folds.len() > 1).then(|| folds.iter().sum::<f64>() / folds.len() as f64),
            name: part.name,
        }
    };
    parts(own).into_iter().map(one).filter(|measured| measured.rows > 0).collect()
}

fn table(ui: &mut Ui, model: &Model, cache: &mut Cache, first: &Shown, fold: Option<&str>) {
    let Some(subject) = model.subject() else { return };
    let (tables, fold) = (std::sync::Arc::clone(&first.tables), fold.map(str::to_owned));
    let key = (&first.stamp, &fold, model.views.data.looks);
    let made: Answer<Vec<Measured>> = cache.shop.ask_still("measured", key, subject, Lane::Quick, {
        let fold = fold.clone();
        move |_| {
            let found = tables.iter().find_map(|read| match &read.form {
                Ok(Form::Predictions(found)) => Some(found),
                _ => None,
            });
            found.map(|own| measured(own, fold.as_deref())).unwrap_or_default()
        }
    });
    let Some(measured) = made.product else { return };
    Grid::new("measured").num_columns(5).striped(true).spacing([16.0, 3.0]).show(ui, |ui| {
        let folds = "AUC, mean of folds";
        for (title, hover) in [
            ("", ""),
            ("rows", ""),
            ("positive", ""),
            ("AUC", "Of all rows together, whichever fold they are of"),
            (folds, "The AUC of each fold by itself, and their mean: what the family reports"),
        ] {
            let label = ui.label(RichText::new(title).weak());
            if !hover.is_empty() {
                label.on_hover_text(hover);
            }
        }
        ui.end_row();
        for one in measured.iter() {
            ui.label(&one.name);
            ui.label(one.rows.to_string());
            ui.label(one.positives.to_string());
            ui.label(text::number_or_dash(one.auc));
            ui.label(text::number_or_dash(one.of_folds));
            ui.end_row();
        }
    });
    ui.add_space(8.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predictions() -> Predictions {
        let row = |score: f64, positive, length, fold| Prediction { score, positive, length, fold };
        Predictions {
            rows: vec![
                row(0.9, true, 9, 0),
                row(0.1, false, 9, 0),
                row(0.2, true, 9, 1),
                row(0.3, false, 9, 1),
                row(0.8, true, 15, 1),
                row(0.5, false, 7, 2),
            ],
            positive: "binder = 1".to_owned(),
            has_length: true,
            folds: ["0", "1", "test"].map(str::to_owned).into(),
        }
    }

    #[test]
    fn parts_are_the_lengths_of_which_there_are_rows() {
        let names: Vec<String> = parts(&predictions()).into_iter().map(|part| part.name).collect();
        assert_eq!(names, ["all", "7-mers and shorter", "9-mers", "12-mers and longer"]);
        let without = Predictions { has_length: false, ..predictions() };
        let names: Vec<String> = parts(&without).into_iter().map(|part| part.name).collect();
        assert_eq!(names, ["all", "fold 0", "fold 1", "test"]);
    }

    #[test]
    fn folds_are_measured_each_and_the_test_split_apart() {
        let found = measured(&predictions(), None);
        assert_eq!(found.iter().map(|one| one.rows).collect::<Vec<_>>(), [5, 4, 1], "{found:?}");
        let nine = &found[1];
        assert_eq!((nine.positives, nine.auc, nine.of_folds), (2, Some(0.75), Some(0.5)));
        assert_eq!(measured(&predictions(), Some("test"))[0].rows, 1);
        assert_eq!(found[2].auc, None, "one class");
    }
}
