//! Baselines: what any model of the family must beat, fitted on the same folds.
//!
//! - [`Baseline::OneHot`]: logistic regression on the base at each position.
//! - [`Baseline::SixMers`]: logistic regression on counts of 6-mers, a word and its reverse complement counted together.
//! - [`Baseline::Motif`]: whether TGACTCA, TGAGTCA or TGACGTCA occurs on either strand. It is not fitted.
//!
//! Scores are out of fold: each row is scored by the model that did not see its fold.

mod features;
mod logistic;
pub mod motif;

use rayon::prelude::*;
use seqtune_nn::folds::deal_groups;
use seqtune_plugin::FamilyError;

use crate::baseline::features::Features;
use crate::baseline::logistic::Logistic;
use crate::bootstrap::auc;
use crate::data::TfData;
use crate::folds::{self, Fold};
use crate::predictions::{Prediction, Predictions};

/// A baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// Logistic regression on one-hot bases.
    OneHot,
    /// Logistic regression on strand-collapsed 6-mer counts.
    SixMers,
    /// Exact hit of the motif.
    Motif,
}

impl Baseline {
    /// All of them.
    pub const ALL: [Baseline; 3] = [Baseline::OneHot, Baseline::SixMers, Baseline::Motif];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Baseline::OneHot => "one-hot logistic",
            Baseline::SixMers => "6-mer logistic",
            Baseline::Motif => "exact motif",
        }
    }

    /// Out-of-fold scores on the folds of a study, in the order of the rows.
    ///
    /// # Errors
    /// [`FamilyError::Other`] where the optimizer fails, which valid data does not cause.
    pub fn predict(self, data: &TfData, study_seed: u64) -> Result<Predictions, FamilyError> {
        let folds = folds::folds(data, study_seed);
        let features = match self {
            Baseline::OneHot => Some(Features::one_hot(&data.windows)),
            Baseline::SixMers => Some(Features::six_mers(&data.windows)),
            Baseline::Motif => None,
        };
        let hits = motif::hits(&data.windows);
        let score = |(number, fold): (usize, &Fold)| -> Result<Vec<Prediction>, FamilyError> {
            let scores = match &features {
                Some(features) => fit_and_score(data, features, fold, study_seed)?,
                None => fold.valid.iter().map(|row| f64::from(u8::from(hits[*row]))).collect(),
            };
            let of_row = |(row, score): (&usize, f64)| Prediction {
                row: *row,
                label: data.windows.labels[*row],
                fold: number,
                score,
            };
            Ok(fold.valid.iter().zip(scores).map(of_row).collect())
        };
        let parts = folds.par_iter().enumerate().map(score).collect::<Result<Vec<_>, _>>()?;
        Ok(Predictions::new(parts.concat()))
    }
}

/// L2 penalties that are tried, largest first: each fit starts where the one before it ended.
const PENALTIES: [f64; 9] = [1e0, 3e-1, 1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4];

/// Chooses the penalty on a part of the training rows, fits on all of them, scores the validation rows.
fn fit_and_score(data: &TfData, features: &Features, fold: &Fold, seed: u64) -> Result<Vec<f64>, FamilyError> {
    let labels = &data.windows.labels;
    // Four inner folds, of which one chooses: grouped and stratified as the outer ones are.
    let inner = deal_groups(&fold.train, labels, &data.groups, 4, seed);
    let part = |inside: bool| -> Vec<usize> {
        let chosen = fold.train.iter().zip(&inner).filter(|(_, number)| (**number == 0) == inside);
        chosen.map(|(row, _)| *row).collect()
    };
    let (choose, fit) = (part(true), part(false));
    let truth: Vec<bool> = choose.iter().map(|row| labels[*row]).collect();

    let mut start = Logistic::zero(features);
    let mut best = (f64::NEG_INFINITY, PENALTIES[0]);
    for penalty in PENALTIES {
        start = start.fit(features, labels, &fit, penalty)?;
        let scores: Vec<f64> = choose.iter().map(|row| start.score(features, *row)).collect();
        let value = auc(&truth, &scores).unwrap_or(f64::NEG_INFINITY);
        // Ties go to the larger penalty.
        if value > best.0 {
            best = (value, penalty);
        }
    }
    let model = Logistic::zero(features).fit(features, labels, &fold.train, best.1)?;
    Ok(fold.valid.iter().map(|row| model.score(features, *row)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data;
    use seqtune_plugin::DataSpec;

    fn synthetic(strength: f64) -> TfData {
        let serde_json::Value::Object(values) = serde_json::json!({
            "source": "synthetic", "rows": 1500, "positives": 0.2, "strength": strength, "folds": 3, "test": 0.0
        }) else {
            unreachable!()
        };
        let prepared = data::prepare(&DataSpec { values, roots: Vec::new() }).unwrap();
        let data: &TfData = prepared.content().unwrap();
        TfData { windows: data.windows.clone(), usage: data.usage.clone(), groups: data.groups.clone() }
    }

    #[test]
    fn the_motif_is_found_by_six_mers_and_not_by_position() {
        let data = synthetic(1.0);
        let value = |baseline: Baseline| {
            let predictions = baseline.predict(&data, 5).unwrap();
            assert_eq!(predictions.rows().len(), data.windows.rows());
            let labels: Vec<bool> = predictions.rows().iter().map(|row| row.label).collect();
            let scores: Vec<f64> = predictions.rows().iter().map(|row| row.score).collect();
            auc(&labels, &scores).unwrap()
        };
        assert!(value(Baseline::SixMers) > 0.9, "{}", value(Baseline::SixMers));
        assert!(value(Baseline::Motif) > 0.95);
        assert!((value(Baseline::OneHot) - 0.5).abs() < 0.1, "{}", value(Baseline::OneHot));
    }

    #[test]
    fn scores_are_a_function_of_data_and_seed() {
        let data = synthetic(0.9);
        let again = Baseline::SixMers.predict(&data, 5).unwrap();
        assert_eq!(Baseline::SixMers.predict(&data, 5).unwrap(), again);
    }
}
