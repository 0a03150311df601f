//! Intervals for ranking metrics: a bootstrap over genomic groups, paired between models.
//!
//! A metric of out-of-fold scores is the mean over folds of the metric inside each fold, as a trial reports it: scores
//! of different folds come from different models and are not compared with each other. A resample draws, within each
//! fold, as many groups as the fold has, with replacement; windows of one neighbourhood come and go together. Two models
//! that are compared see the same resamples (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 8
//! and 13).

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::predictions::Predictions;

/// A figure and its percentile interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The figure on the data as it is.
    pub value: f64,
    /// 2.5th percentile of the resamples.
    pub low: f64,
    /// 97.5th percentile.
    pub high: f64,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ranking {
    /// Area under the ROC curve; ties count one half.
    Auc,
    /// Average precision; tied scores are one step.
    AveragePrecision,
}

/// How to resample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resampling {
    /// Resamples.
    pub count: usize,
    /// Seed: resample `i` is drawn from stream `i`, so that threads change nothing.
    pub seed: u64,
}

/// The interval of a metric. `groups` is indexed by row. `None` where a fold has only one class.
pub fn interval(
    predictions: &Predictions,
    groups: &[u32],
    ranking: Ranking,
    resampling: Resampling,
) -> Option<Interval> {
    let layout = Layout::new(predictions, groups);
    let ranked = layout.rank(predictions);
    let measure = |weights: &[f64]| layout.mean(&ranked, weights, ranking);
    layout.percentiles(resampling, measure)
}

/// The interval of the difference `a - b`, on the same resamples. `None` where the two do not score the same rows in the
/// same folds, or a fold has only one class.
pub fn paired_interval(
    a: &Predictions,
    b: &Predictions,
    groups: &[u32],
    ranking: Ranking,
    resampling: Resampling,
) -> Option<Interval> {
    let same = a.rows().len() == b.rows().len()
        && a.rows().iter().zip(b.rows()).all(|(x, y)| (x.row, x.fold, x.label) == (y.row, y.fold, y.label));
    if !same {
        return None;
    }
    let layout = Layout::new(a, groups);
    let (ranked_a, ranked_b) = (layout.rank(a), layout.rank(b));
    let measure =
        |weights: &[f64]| Some(layout.mean(&ranked_a, weights, ranking)? - layout.mean(&ranked_b, weights, ranking)?);
    layout.percentiles(resampling, measure)
}

/// Area under the ROC curve, `None` where there is only one class.
pub fn auc(labels: &[bool], scores: &[f64]) -> Option<f64> {
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    let ranked: Vec<Ranked> =
        order.iter().map(|row| Ranked { group: 0, label: labels[*row], score: scores[*row] }).collect();
    weighted(&ranked, &[1.0], Ranking::Auc)
}

/// One row in the order of falling scores.
struct Ranked {
    /// Number of its group in the layout.
    group: usize,
    label: bool,
    score: f64,
}

/// The groups of each fold. A group that lies in two folds (with `folds = 1` none does) counts as two.
struct Layout {
    /// `[predictions]`: group number of each prediction, consecutive within a fold.
    group: Vec<usize>,
    /// Range of group numbers of each fold.
    folds: Vec<std::ops::Range<usize>>,
}

impl Layout {
    fn new(predictions: &Predictions, groups: &[u32]) -> Layout {
        let mut keys: Vec<(usize, u32)> = predictions.rows().iter().map(|row| (row.fold, groups[row.row])).collect();
        let of_rows = keys.clone();
        keys.sort_unstable();
        keys.dedup();
        let group = of_rows.iter().map(|key| keys.partition_point(|other| other < key)).collect();
        let mut folds = Vec::new();
        let mut start = 0;
        for chunk in keys.chunk_by(|a, b| a.0 == b.0) {
            folds.push(start..start + chunk.len());
            start += chunk.len();
        }
        Layout { group, folds }
    }

    /// The rows of each fold in the order of falling scores.
    fn rank(&self, predictions: &Predictions) -> Vec<Vec<Ranked>> {
        let mut ranked: Vec<Vec<Ranked>> = self.folds.iter().map(|_| Vec::new()).collect();
        for (row, group) in predictions.rows().iter().zip(&self.group) {
            let fold = self.folds.partition_point(|range| range.end <= *group);
            ranked[fold].push(Ranked { group: *group, label: row.label, score: row.score });
        }
        for rows in &mut ranked {
            rows.sort_by(|a, b| b.score.total_cmp(&a.score));
        }
        ranked
    }

    /// Mean over folds with `weights` a group; folds that a resample left with one class are passed over.
    fn mean(&self, ranked: &[Vec<Ranked>], weights: &[f64], ranking: Ranking) -> Option<f64> {
        let values: Vec<f64> = ranked.iter().filter_map(|rows| weighted(rows, weights, ranking)).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }

    fn percentiles(&self, resampling: Resampling, measure: impl Fn(&[f64]) -> Option<f64> + Sync) -> Option<Interval> {
        let groups = self.folds.last()?.end;
        let value = measure(&vec![1.0; groups])?;
        let draw = |index: usize| {
            let mut random = ChaCha8Rng::seed_from_u64(resampling.seed);
            random.set_stream(index as u64);
            let mut weights = vec![0.0; groups];
            for fold in &self.folds {
                for _ in fold.clone() {
                    weights[random.random_range(fold.clone())] += 1.0;
                }
            }
            measure(&weights)
        };
        let mut values: Vec<f64> = (0..resampling.count).into_par_iter().filter_map(draw).collect();
        values.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let index = (share * (values.len().checked_sub(1)? as f64)).round() as usize;
            values.get(index).copied()
        };
        Some(Interval { value, low: at(0.025)?, high: at(0.975)? })
    }
}

/// A ranking metric in one pass over rows of falling score, each counted `weights[group]` times.
fn weighted(rows: &[Ranked], weights: &[f64], ranking: Ranking) -> Option<f64> {
    let (mut positives, mut negatives) = (0.0, 0.0);
    let (mut area, mut precision) = (0.0, 0.0);
    // Rows of equal score are one step of the curve.
    for tied in rows.chunk_by(|a, b| a.score == b.score) {
        let (mut new_positives, mut new_negatives) = (0.0, 0.0);
        for row in tied {
            let weight = weights[row.group];
            if row.label { new_positives += weight } else { new_negatives += weight }
        }
        area += new_negatives * (positives + 0.5 * new_positives);
        positives += new_positives;
        negatives += new_negatives;
        if new_positives > 0.0 {
            precision += new_positives * positives / (positives + negatives);
        }
    }
    if positives == 0.0 || negatives == 0.0 {
        return None;
    }
    Some(match ranking {
        Ranking::Auc => area / (positives * negatives),
        Ranking::AveragePrecision => precision / positives,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predictions::Prediction;
    use proptest::prelude::*;

    fn predictions(scores: &[(bool, f64)], folds: usize) -> Predictions {
        let row = |(row, (label, score)): (usize, &(bool, f64))| Prediction {
            row,
            label: *label,
            fold: row % folds,
            score: *score,
        };
        Predictions::new(scores.iter().enumerate().map(row).collect())
    }

    proptest! {
        #[test]
        fn metrics_agree_with_those_of_training(
            rows in proptest::collection::vec((any::<bool>(), 0_u8..6), 1..60)
        ) {
            let labels: Vec<bool> = rows.iter().map(|(label, _)| *label).collect();
            let scores: Vec<f64> = rows.iter().map(|(_, score)| f64::from(*score)).collect();
            let close = |a: Option<f64>, b: Option<f64>| match (a, b) {
                (Some(a), Some(b)) => (a - b).abs() < 1e-12,
                (a, b) => a == b,
            };
            prop_assert!(close(auc(&labels, &scores), seqtune_nn::metrics::roc_auc(&labels, &scores)));

            let pairs: Vec<(bool, f64)> = labels.iter().copied().zip(scores.iter().copied()).collect();
            let predictions = predictions(&pairs, 1);
            let groups: Vec<u32> = (0..rows.len() as u32).collect();
            let layout = Layout::new(&predictions, &groups);
            let value = layout.mean(&layout.rank(&predictions), &vec![1.0; rows.len()], Ranking::AveragePrecision);
            let expected = seqtune_nn::metrics::average_precision(&labels, &scores);
            if labels.contains(&true) && labels.contains(&false) {
                prop_assert!(close(value, expected), "{value:?} {expected:?}");
            }
        }

        #[test]
        fn a_weight_of_two_is_the_row_twice(rows in proptest::collection::vec((any::<bool>(), 0_u8..6), 2..30)) {
            let twice: Vec<(bool, f64)> =
                rows.iter().chain(&rows[..1]).map(|(label, score)| (*label, f64::from(*score))).collect();
            let doubled = auc(
                &twice.iter().map(|row| row.0).collect::<Vec<_>>(),
                &twice.iter().map(|row| row.1).collect::<Vec<_>>(),
            );
            let predictions = predictions(&twice[..rows.len()], 1);
            let groups: Vec<u32> = (0..rows.len() as u32).collect();
            let layout = Layout::new(&predictions, &groups);
            let mut weights = vec![1.0; rows.len()];
            weights[0] = 2.0;
            let value = layout.mean(&layout.rank(&predictions), &weights, Ranking::Auc);
            prop_assert_eq!(value.is_some(), doubled.is_some());
            if let (Some(value), Some(doubled)) = (value, doubled) {
                prop_assert!((value - doubled).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_better_model_has_an_interval_above_zero_and_threads_change_nothing() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let mut good = Vec::new();
        let mut poor = Vec::new();
        for row in 0..600 {
            let label = row % 4 == 0;
            let noise: f64 = random.random();
            good.push((label, noise + if label { 0.4 } else { 0.0 }));
            poor.push((label, random.random()));
        }
        let (good, poor) = (predictions(&good, 3), predictions(&poor, 3));
        let groups: Vec<u32> = (0..600).map(|row| row / 3).collect();
        let resampling = Resampling { count: 500, seed: 1 };
        let paired = || paired_interval(&good, &poor, &groups, Ranking::Auc, resampling).unwrap();
        let difference = paired();
        assert!(difference.low > 0.1 && difference.low < difference.value && difference.value < difference.high);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(pool.install(paired), difference);
        let own = paired_interval(&good, &good, &groups, Ranking::Auc, resampling).unwrap();
        assert_eq!((own.value, own.low, own.high), (0.0, 0.0, 0.0));
    }

    #[test]
    fn intervals_of_chance_cover_one_half_as_often_as_they_say() {
        let groups: Vec<u32> = (0..300).map(|row| row / 2).collect();
        let covers = |seed: &u64| {
            let mut random = ChaCha8Rng::seed_from_u64(*seed);
            let rows: Vec<(bool, f64)> = (0..300).map(|row| (row % 4 == 0, random.random())).collect();
            let resampling = Resampling { count: 400, seed: *seed };
            let found = interval(&predictions(&rows, 3), &groups, Ranking::Auc, resampling).unwrap();
            found.low < 0.5 && 0.5 < found.high
        };
        // 95 of 100 are meant; fewer than 88 have a probability below 0.002.
        let covered = (0..100).filter(covers).count();
        assert!(covered >= 88, "{covered}");
    }

    #[test]
    fn models_on_other_folds_are_not_compared() {
        let rows = [(true, 0.1), (false, 0.2), (true, 0.3), (false, 0.4)];
        let (a, b) = (predictions(&rows, 1), predictions(&rows, 2));
        let resampling = Resampling { count: 10, seed: 1 };
        assert_eq!(paired_interval(&a, &b, &[0, 1, 2, 3], Ranking::Auc, resampling), None);
    }
}
