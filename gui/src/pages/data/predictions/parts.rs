//! Which rows of predictions belong together, and which of them are asked for.

use std::hash::{Hash, Hasher};

use seqtune_plot::plots::Scored;
use seqtune_plot::spec::Role;

use super::of;
use crate::exports::{Prediction, Predictions};
use crate::model::{Cut, DataView, Subset};
use crate::pages::data::Shown;

/// Lengths that stand for themselves; shorter and longer ones are taken together.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=11;

/// What is asked of predictions.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    pub(super) subset: Subset,
    /// The fold or split; all folds where none is named.
    pub(super) fold: Option<String>,
    /// What counts as positive, where not what the family counts.
    pub(super) threshold: Option<(Cut, f64)>,
}

impl Asked {
    pub(super) fn of(view: &DataView) -> Asked {
        Asked { subset: view.subset, fold: view.fold.clone(), threshold: view.threshold }
    }

    /// What is asked of the curves: a threshold of the score alone changes nothing about what is true.
    pub(super) fn of_curves(&self) -> Asked {
        Asked { threshold: self.threshold.filter(|(cut, _)| *cut != Cut::Score), ..self.clone() }
    }
}

impl Hash for Asked {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let threshold = self.threshold.map(|(cut, at)| (cut, at.to_bits()));
        (self.subset, &self.fold, threshold).hash(state);
    }
}

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

    pub(super) fn name(self) -> String {
        match self {
            Subset::Each => "each length".to_owned(),
            Subset::All => "all".to_owned(),
            Subset::Length(length) => format!("{length}-mers"),
            Subset::UpTo(length) => format!("{length}-mers and shorter"),
            Subset::From(length) => format!("{length}-mers and longer"),
        }
    }
}

/// The subsets by length of which there are rows.
pub(super) fn lengths(own: &Predictions) -> Vec<Subset> {
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

/// The rows of a part, of a fold or of all.
fn rows<'a>(own: &'a Predictions, part: &'a Part, fold: Option<&'a str>) -> impl Iterator<Item = &'a Prediction> {
    // A part that is a fold is that fold, also where it is the test split.
    let counts = move |row: &&Prediction| (part.fold.is_some() && fold.is_none()) || in_fold(own, row, fold);
    own.rows.iter().filter(move |row| counts(row) && part.holds(row))
}

fn scored(own: &Predictions, part: &Part, asked: &Asked) -> Scored {
    let threshold = own.chosen(asked.threshold);
    let pair = |row: &Prediction| (own.is_positive(row, threshold), row.score);
    let (labels, scores) = rows(own, part, asked.fold.as_deref()).map(pair).unzip();
    Scored { name: part.name.clone(), labels, scores }
}

/// Rows that have a curve of their own.
pub(super) struct Series {
    pub(super) role: Role,
    pub(super) scored: Scored,
}

/// The curves: of the first export each part, or of all exports the rows of one.
pub(super) fn series(shown: &[Shown], asked: &Asked) -> Vec<Series> {
    if asked.subset != Subset::Each {
        let part = Part { subset: asked.subset, fold: None, name: String::new() };
        let one = |shown: &Shown| {
            let scored = Scored { name: shown.name.clone(), ..scored(of(shown)?, &part, asked) };
            Some(Series { role: shown.role, scored })
        };
        return shown.iter().filter_map(one).collect();
    }
    let Some(own) = shown.first().and_then(of) else { return Vec::new() };
    let one = |(index, part): (usize, Part)| Series {
        // All rows together stand in front; the parts are told apart.
        role: index.checked_sub(1).map_or(Role::Front, Role::Series),
        scored: scored(own, &part, asked),
    };
    parts(own).into_iter().enumerate().map(one).filter(|series| !series.scored.labels.is_empty()).collect()
}

/// The scores of each fold of each part that [`series`] has a curve of, where all folds are asked for: a test split is none.
pub(super) fn of_folds(own: &Predictions, asked: &Asked) -> Vec<Vec<Scored>> {
    let folds = |part: &Part| -> Vec<Scored> {
        let each = own.folds.iter().filter(|name| asked.fold.is_none() && part.fold.is_none() && *name != "test");
        each.map(|name| scored(own, part, &Asked { fold: Some(name.clone()), ..asked.clone() })).collect()
    };
    let has_rows = |part: &Part| rows(own, part, asked.fold.as_deref()).next().is_some();
    parts(own).iter().filter(|part| has_rows(part)).map(folds).collect()
}

/// Of each row of a subset whether it is positive, and whether its score says so.
pub(super) fn decided(own: &Predictions, asked: &Asked) -> Vec<(bool, bool)> {
    let part = Part { subset: asked.subset, fold: None, name: String::new() };
    let threshold = own.chosen(asked.threshold);
    let pair = |row: &Prediction| (own.is_positive(row, threshold), own.is_taken(row, threshold));
    rows(own, &part, asked.fold.as_deref()).map(pair).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub const ALL: Asked = Asked { subset: Subset::Each, fold: None, threshold: None };

    pub fn predictions() -> Predictions {
        let row = |score: f64, positive, length, fold| {
            let (real, said) = (if positive { 50.0 } else { 5000.0 }, 1000.0 * (1.0 - score));
            Prediction { score, positive, real, said, length, fold }
        };
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
            cut: Cut::Affinity,
            own: 500.0,
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
    fn a_threshold_counts_for_what_it_is_on() {
        let own = predictions();
        let by = |threshold| decided(&own, &Asked { threshold, ..ALL });
        // Scores of 0.9 and 0.8 say 100 and 200 nM.
        let usual = [(true, true), (false, false), (true, false), (false, false), (true, true)];
        assert_eq!(by(None), usual);
        assert_eq!(by(Some((Cut::Target, 0.1))), usual, "that is no nM");
        let strict = by(Some((Cut::Affinity, 150.0)));
        assert_eq!((strict[0], strict[4]), ((true, true), (true, false)));
        assert!(by(Some((Cut::Affinity, 10.0))).iter().all(|pair| *pair == (false, false)));
        let asked = |cut| Asked { threshold: Some((cut, 0.3)), ..ALL };
        assert_eq!(asked(Cut::Score).of_curves(), ALL);
        assert_eq!(asked(Cut::Target).of_curves(), asked(Cut::Target));
    }
}
