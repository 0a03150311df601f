//! Predictions: scores beside what is true, and what counts as positive.

use std::ops::RangeInclusive;

use super::form::number;
use super::table::Table;
use crate::model::Cut;
use crate::text;

/// The affinity in nM below which a peptide binds, and what it is on the scale of targets: for tables without a column `binder`.
const BINDS_BELOW: f64 = 500.0;
const BINDS_ABOVE: f64 = 0.425_625;

/// Scores beside what is true.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Predictions {
    pub(crate) rows: Vec<Prediction>,
    /// What the family counts as positive, in words.
    pub(crate) positive: String,
    /// What a threshold is on.
    pub(crate) cut: Cut,
    /// The threshold that tells what the family counts as positive from what it does not.
    pub(crate) own: f64,
    /// Whether the rows have a length: residues of their peptide.
    pub(crate) has_length: bool,
    /// The folds or splits, in the order in which they come.
    pub(crate) folds: Vec<String>,
}

/// One row of the data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Prediction {
    pub(crate) score: f64,
    /// Whether the family counts it as positive.
    pub(crate) positive: bool,
    /// What is true, and what was said, where the threshold is: in nM, or on the scale of targets.
    pub(crate) real: f64,
    pub(crate) said: f64,
    /// Residues of its peptide; 0 where there is none.
    pub(crate) length: usize,
    /// Index of its fold; 0 where there is none.
    pub(crate) fold: usize,
}

impl Predictions {
    /// The threshold that was chosen, where it is on what these rows have.
    pub(crate) fn chosen(&self, threshold: Option<(Cut, f64)>) -> Option<f64> {
        threshold.filter(|(on, _)| *on == self.cut).map(|(_, at)| at)
    }

    /// Whether a row is positive by a threshold, or as the family counts. Of a bound, such as `> 500`, its number counts, as it does
    /// in the families.
    pub(crate) fn is_positive(&self, row: &Prediction, threshold: Option<f64>) -> bool {
        match (self.cut, threshold) {
            (Cut::Affinity, Some(at)) => row.real < at,
            (Cut::Target, Some(at)) => row.real > at,
            (Cut::Score, _) | (_, None) => row.positive,
        }
    }

    /// Whether a row is taken for positive by its score.
    pub(crate) fn is_taken(&self, row: &Prediction, threshold: Option<f64>) -> bool {
        let at = threshold.unwrap_or(self.own);
        if self.cut == Cut::Affinity { row.said < at } else { row.said > at }
    }

    /// What counts as positive, in words.
    pub(crate) fn in_words(&self, threshold: Option<f64>) -> String {
        match (self.cut, threshold) {
            (Cut::Affinity, Some(at)) => format!("meas < {} nM", text::short_number(at)),
            (Cut::Target, Some(at)) => format!("target > {}", text::short_number(at)),
            (Cut::Score, _) | (_, None) => self.positive.clone(),
        }
    }

    /// From where to where a threshold makes a difference.
    pub(crate) fn range(&self) -> RangeInclusive<f64> {
        let all = self.rows.iter().map(|row| if self.cut == Cut::Score { row.said } else { row.real });
        let all = all.filter(|at| at.is_finite() && (*at > 0.0 || self.cut != Cut::Affinity)).chain([self.own]);
        let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), at| (low.min(at), high.max(at)));
        low..=high
    }
}

/// Reads the table with these columns.
pub(super) fn read(table: &Table, score: usize, target: usize) -> Result<Predictions, String> {
    let (binder, meas) = (table.column("binder").or(table.column("label")), table.column("meas"));
    let (peptide, fold) = (table.column("peptide"), table.column("fold").or(table.column("split")));
    let read = |row: usize, column: usize| -> Result<f64, String> {
        let cell = &table.rows[row][column];
        number(cell).ok_or_else(|| format!("row {} has {cell:?} as its {}", row + 1, table.titles[column]))
    };
    let targets = (0..table.rows.len()).map(|row| read(row, target)).collect::<Result<Vec<f64>, String>>()?;
    let is_class = targets.iter().all(|target| *target == 0.0 || *target == 1.0);
    let positive = match (binder, is_class, meas) {
        (Some(column), ..) => format!("{} = 1", table.titles[column]),
        (None, true, _) => "target = 1".to_owned(),
        (None, false, Some(_)) => format!("meas < {BINDS_BELOW} nM"),
        (None, false, None) => format!("target > {BINDS_ABOVE:.4}, which is {BINDS_BELOW} nM"),
    };
    // What was said is in nM too, where the family says so.
    let affinity = meas.zip(table.column("nM"));
    let cut = match (is_class, affinity) {
        (true, _) => Cut::Score,
        (false, Some(_)) => Cut::Affinity,
        (false, None) => Cut::Target,
    };
    let (mut rows, mut folds): (Vec<Prediction>, Vec<String>) = (Vec::new(), Vec::new());
    for (row, own) in targets.iter().enumerate() {
        let positive = match (binder, is_class, meas) {
            (Some(column), ..) => read(row, column)? > 0.5,
            (None, true, _) => *own > 0.5,
            (None, false, Some(column)) => read(row, column)? < BINDS_BELOW,
            (None, false, None) => *own > BINDS_ABOVE,
        };
        let score = read(row, score)?;
        let (real, said) = match affinity.filter(|_| cut == Cut::Affinity) {
            Some((meas, nanomolar)) => [meas, nanomolar].map(|column| read(row, column).unwrap_or(f64::NAN)).into(),
            None => (*own, score),
        };
        let length = peptide.map_or(0, |column| table.rows[row][column].chars().count());
        let fold = fold.map_or("", |column| &table.rows[row][column]);
        let known = folds.iter().position(|other| other == fold);
        let fold = known.unwrap_or_else(|| {
            folds.push(fold.to_owned());
            folds.len() - 1
        });
        if score.is_finite() {
            rows.push(Prediction { score, positive, real, said, length, fold });
        }
    }
    if rows.is_empty() {
        return Err("no row has a finite score".to_owned());
    }
    let own = own_threshold(cut, &rows);
    Ok(Predictions { rows, positive, cut, own, has_length: peptide.is_some(), folds })
}

/// The threshold that tells the family's positive rows from the others: the usual one where it does, else what lies between them; the
/// usual one where nothing does.
fn own_threshold(cut: Cut, rows: &[Prediction]) -> f64 {
    let usual = match cut {
        Cut::Affinity => BINDS_BELOW,
        Cut::Target => BINDS_ABOVE,
        // Log odds are cut at zero, and probabilities in the middle.
        Cut::Score if rows.iter().any(|row| !(0.0..=1.0).contains(&row.score)) => return 0.0,
        Cut::Score => return 0.5,
    };
    let of = |positive: bool| rows.iter().filter(move |row| row.positive == positive).map(|row| row.real);
    let least = |all: &mut dyn Iterator<Item = f64>| all.fold(f64::INFINITY, f64::min);
    let most = |all: &mut dyn Iterator<Item = f64>| all.fold(f64::NEG_INFINITY, f64::max);
    let (low, high) = match cut {
        Cut::Affinity => (most(&mut of(true)), least(&mut of(false))),
        Cut::Target | Cut::Score => (most(&mut of(false)), least(&mut of(true))),
    };
    // What is at the edge itself is no binder.
    let tells = low < high && low.is_finite() && high.is_finite();
    let is_between = if cut == Cut::Affinity { low < usual && usual <= high } else { low <= usual && usual < high };
    if tells && !is_between { f64::midpoint(low, high) } else { usual }
}

#[cfg(test)]
mod tests {
    use super::super::form::{Form, of};
    use super::super::table::read;
    use super::*;

    fn predictions(text: &str) -> Predictions {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.tsv");
        std::fs::write(&path, text).unwrap();
        match read(&path).and_then(|table| of(&path, &table)) {
            Ok(Form::Predictions(found)) => found,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_positive_is_said_by_the_first_column_that_can() {
        let positives = |text: &str| {
            let found = predictions(text);
            (found.positive, found.rows.iter().map(|row| row.positive).collect::<Vec<bool>>())
        };
        let binders = "score\ttarget\tmeas\tbinder\n0.3\t0.5\t10\t0\n0.4\t0.1\t900\t1\n";
        assert_eq!(positives(binders), ("binder = 1".to_owned(), vec![false, true]));
        let measured = "score\ttarget\tmeas\n0.3\t0.425625\t500\n0.4\t0.9\t2\n";
        assert_eq!(positives(measured), ("meas < 500 nM".to_owned(), vec![false, true]));
        let classes = "score\ttarget\n0.3\t0\n0.4\t1\n";
        assert_eq!(positives(classes), ("target = 1".to_owned(), vec![false, true]));
        let targets = "score\ttarget\n0.3\t0.2\n0.4\t0.9\n";
        assert_eq!(positives(targets).1, [false, true]);
    }

    #[test]
    fn a_threshold_moves_what_is_true_and_what_is_taken_for_it() {
        let by = |found: &Predictions, at: Option<f64>| -> Vec<(bool, bool)> {
            found.rows.iter().map(|row| (found.is_positive(row, at), found.is_taken(row, at))).collect()
        };
        let found = predictions("score\ttarget\tmeas\tnM\n0.3\t0.4\t600\t400\n0.4\t0.9\t50\t90\n0.2\t0.5\t499\t9000\n");
        assert_eq!((found.cut, found.own, found.range()), (Cut::Affinity, 500.0, 50.0..=600.0));
        assert_eq!(by(&found, None), [(false, true), (true, true), (true, false)]);
        assert_eq!(by(&found, Some(500.0)), by(&found, None), "the family's own");
        assert_eq!(by(&found, Some(80.0)), [(false, false), (true, false), (false, false)]);
        assert_eq!((found.in_words(None), found.in_words(Some(80.0))), ("meas < 500 nM".into(), "meas < 80 nM".into()));

        let found = predictions("score\ttarget\n0.3\t0.2\n0.8\t0.9\n");
        assert_eq!((found.cut, found.own), (Cut::Target, BINDS_ABOVE));
        assert_eq!(by(&found, Some(0.1)), [(true, true), (true, true)]);

        // Classes stay what they are: the threshold decides what is taken for positive.
        let found = predictions("score\ttarget\n-1.5\t0\n0.4\t1\n-0.2\t1\n");
        assert_eq!((found.cut, found.own, found.range()), (Cut::Score, 0.0, -1.5..=0.4));
        assert_eq!(by(&found, None), [(false, false), (true, true), (true, false)]);
        assert_eq!(by(&found, Some(-0.5)), [(false, false), (true, true), (true, true)]);
        assert_eq!(predictions("score\ttarget\n0.3\t0\n0.8\t1\n").own, 0.5);
    }

    #[test]
    fn the_familys_own_threshold_is_read_off_its_rows() {
        let own = |rows: &str| predictions(&format!("score\ttarget\tmeas\tnM\tbinder\n{rows}")).own;
        let strict = "0.3\t0.5\t200\t1\t0\n0.3\t0.5\t300\t1\t0\n0.4\t0.9\t100\t1\t1\n";
        assert_eq!(own(strict), 150.0);
        let usual = "0.3\t0.5\t600\t1\t0\n0.4\t0.9\t100\t1\t1\n";
        assert_eq!(own(usual), 500.0);
        let by_a_rule = "0.3\t0.5\t100\t1\t0\n0.4\t0.9\t600\t1\t1\n";
        assert_eq!(own(by_a_rule), 500.0);
    }
}
