//! What scores say about peptides: over all of them, and by length.

use std::collections::BTreeMap;

use seqtune_nn::metrics::{self, ConfusionMatrix};
use seqtune_plugin::{Direction, MetricInfo};

use crate::affinity::{LEVELS, level_of, nanomolar};
use crate::data::Labels;

/// Which peptides an AUC is over.
#[derive(Clone, Copy, Debug)]
struct Subset {
    suffix: &'static str,
    doc: &'static str,
    holds: fn(usize) -> bool,
}

const SUBSETS: [Subset; 7] = [
    Subset { suffix: "", doc: "all peptides", holds: |_| true },
    Subset { suffix: "_9mers", doc: "peptides of 9 residues", holds: |length| length == 9 },
    Subset { suffix: "_non_9mers", doc: "peptides of any other length", holds: |length| length != 9 },
    Subset { suffix: "_8mers", doc: "peptides of 8 residues", holds: |length| length == 8 },
    Subset { suffix: "_10mers", doc: "peptides of 10 residues", holds: |length| length == 10 },
    Subset { suffix: "_11mers", doc: "peptides of 11 residues", holds: |length| length == 11 },
    Subset { suffix: "_12mers_up", doc: "peptides of 12 residues or more", holds: |length| length >= 12 },
];

/// Subsets that training peptides are measured on; the others are too small to tell anything about fitting.
const OF_TRAINING: usize = 3;

/// Metrics of one fold, or of a split, by name.
pub type Metrics = BTreeMap<String, f64>;

/// Scores of some peptides.
#[derive(Clone, Debug, Default)]
pub struct Scores {
    /// The peptides, as rows of the data.
    pub rows: Vec<usize>,
    /// Their scores, 1 for the strongest binders.
    pub scores: Vec<f64>,
}

/// What a peptide is measured by.
pub struct Truth<'a> {
    /// Labels of all peptides.
    pub labels: &'a Labels,
    /// `[rows]`: residues of all peptides.
    pub lengths: &'a [usize],
}

impl Truth<'_> {
    /// AUC on every subset, squared error, rank correlation and agreement of levels, as `split/name`. NaN where undefined.
    pub fn measure(&self, split: &str, scored: &Scores) -> Metrics {
        let mut metrics = self.aucs(split, &SUBSETS, scored);
        let targets: Vec<f64> = scored.rows.iter().map(|row| f64::from(self.labels.targets[*row])).collect();
        let mut add = |name: &str, value: Option<f64>| {
            metrics.insert(format!("{split}/{name}"), value.unwrap_or(f64::NAN));
        };
        add("mse", metrics::mean_squared_error(&targets, &scored.scores));
        add("spearman", metrics::spearman(&targets, &scored.scores));
        add("level_accuracy", self.levels(scored).and_then(|matrix| matrix.accuracy()));
        metrics
    }

    /// AUC of training peptides.
    pub fn measure_training(&self, scored: &Scores) -> Metrics {
        self.aucs("train", &SUBSETS[..OF_TRAINING], scored)
    }

    /// Levels that are (rows) and levels that the scores say (columns), 0 the weakest; `None` without scores.
    pub fn levels(&self, scored: &Scores) -> Option<ConfusionMatrix> {
        let truth: Vec<usize> = scored.rows.iter().map(|row| usize::from(self.labels.levels[*row])).collect();
        let said: Vec<usize> = scored.scores.iter().map(|score| level_of(nanomolar(*score))).collect();
        ConfusionMatrix::new(LEVELS.len() + 1, &truth, &said)
    }

    fn aucs(&self, split: &str, subsets: &[Subset], scored: &Scores) -> Metrics {
        let auc = |subset: &Subset| {
            let (labels, scores): (Vec<bool>, Vec<f64>) = scored
                .rows
                .iter()
                .zip(&scored.scores)
                .filter(|(row, _)| (subset.holds)(self.lengths[**row]))
                .map(|(row, score)| (self.labels.binders[*row], *score))
                .unzip();
            let value = metrics::roc_auc(&labels, &scores).unwrap_or(f64::NAN);
            (format!("{split}/auc{}", subset.suffix), value)
        };
        subsets.iter().map(auc).collect()
    }
}

/// The metrics of every report.
pub fn infos() -> Vec<MetricInfo> {
    let metric = |name: String, direction, doc: String| MetricInfo { name, direction, unit: String::new(), doc };
    let (up, down) = (Direction::Maximize, Direction::Minimize);
    let mut infos = Vec::new();
    for subset in SUBSETS {
        let doc = format!("Area under the ROC curve for binders on each fold's own {}.", subset.doc);
        infos.push(metric(format!("valid/auc{}", subset.suffix), up, doc));
    }
    let one = |name: &str, direction, doc: &str| metric(name.to_owned(), direction, doc.to_owned());
    infos.push(one("valid/mse", down, "Squared error of the scaled affinity, bounds taken as values."));
    infos.push(one("valid/spearman", up, "Rank correlation with the scaled affinity."));
    infos.push(one("valid/level_accuracy", up, "Share of peptides put into the right one of five levels of affinity."));
    for subset in &SUBSETS[..OF_TRAINING] {
        let doc = format!("Area under the ROC curve on the {} that were trained on, without dropout.", subset.doc);
        infos.push(metric(format!("train/auc{}", subset.suffix), up, doc));
    }
    infos.push(one("train/loss", down, "Loss over the updates of the epoch, as it was when each was made."));
    infos
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::affinity::WEAKEST;
    use crate::data::Inequality;

    fn labels(nanomolars: &[f64]) -> Labels {
        Labels {
            targets: nanomolars.iter().map(|value| (1.0 - value.ln() / WEAKEST.ln()).max(0.0) as f32).collect(),
            binders: nanomolars.iter().map(|value| *value < 500.0).collect(),
            levels: nanomolars
                .iter()
                .map(|value| LEVELS.iter().filter(|threshold| value < *threshold).count() as u8)
                .collect(),
            bounds: vec![Inequality::Equal; nanomolars.len()],
        }
    }

    #[test]
    fn a_perfect_score_is_perfect_and_every_declared_metric_is_there() {
        let labels = labels(&[10.0, 100.0, 1_000.0, 10_000.0, 60_000.0, 20.0]);
        let truth = Truth { labels: &labels, lengths: &[9, 9, 9, 10, 8, 10] };
        let rows: Vec<usize> = (0..6).collect();
        let scores: Vec<f64> = labels.targets.iter().map(|target| f64::from(*target)).collect();
        let scored = Scores { rows, scores };
        let metrics = truth.measure("valid", &scored);
        for name in ["valid/auc", "valid/auc_9mers", "valid/auc_non_9mers", "valid/auc_10mers", "valid/level_accuracy"]
        {
            assert_eq!(metrics[name], 1.0, "{name}");
        }
        assert!(metrics["valid/auc_8mers"].is_nan(), "one class");
        assert!(metrics["valid/mse"] < 1e-12 && metrics["valid/spearman"] == 1.0);
        let mut names: Vec<String> = metrics.into_keys().chain(truth.measure_training(&scored).into_keys()).collect();
        names.push("train/loss".to_owned());
        names.sort();
        let mut declared: Vec<String> = infos().into_iter().map(|info| info.name).collect();
        declared.sort();
        assert_eq!(names, declared);
    }
}
