//! Metrics of decisions: how often which class is taken for which.

use super::ratio;

/// Decisions between two classes, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Confusion {
    /// Positives taken for positive.
    pub true_positives: u64,
    /// Negatives taken for positive.
    pub false_positives: u64,
    /// Negatives taken for negative.
    pub true_negatives: u64,
    /// Positives taken for negative.
    pub false_negatives: u64,
}

impl Confusion {
    /// Counts decisions; `None` for lists that are empty or of unequal length.
    pub fn new(labels: &[bool], decisions: &[bool]) -> Option<Self> {
        if labels.is_empty() || labels.len() != decisions.len() {
            return None;
        }
        let mut counts = Self::default();
        for pair in labels.iter().zip(decisions) {
            match pair {
                (true, true) => counts.true_positives += 1,
                (false, true) => counts.false_positives += 1,
                (false, false) => counts.true_negatives += 1,
                (true, false) => counts.false_negatives += 1,
            }
        }
        Some(counts)
    }

    /// Decides for positive where the score lies above the threshold; `None` also for NaN.
    pub fn at(labels: &[bool], scores: &[f64], threshold: f64) -> Option<Self> {
        if threshold.is_nan() || scores.iter().any(|score| score.is_nan()) {
            return None;
        }
        let decisions: Vec<bool> = scores.iter().map(|&score| score > threshold).collect();
        Self::new(labels, &decisions)
    }

    /// Share of right decisions.
    pub fn accuracy(&self) -> Option<f64> {
        let right = self.true_positives + self.true_negatives;
        ratio(right as f64, (right + self.false_positives + self.false_negatives) as f64)
    }

    /// Share of the positives that are found (sensitivity, true positive rate); `None` without positives.
    pub fn recall(&self) -> Option<f64> {
        ratio(self.true_positives as f64, (self.true_positives + self.false_negatives) as f64)
    }

    /// Share of the negatives that are left alone (true negative rate); `None` without negatives.
    pub fn specificity(&self) -> Option<f64> {
        ratio(self.true_negatives as f64, (self.true_negatives + self.false_positives) as f64)
    }

    /// Share of the positive decisions that are right; `None` when nothing is taken for positive.
    pub fn precision(&self) -> Option<f64> {
        ratio(self.true_positives as f64, (self.true_positives + self.false_positives) as f64)
    }

    /// Harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN); `None` when nothing is or is taken for positive.
    pub fn f1(&self) -> Option<f64> {
        let twice = 2 * self.true_positives;
        ratio(twice as f64, (twice + self.false_positives + self.false_negatives) as f64)
    }

    /// Mean of recall and specificity; one constant decision gives 0.5. `None` unless both classes are there.
    pub fn balanced_accuracy(&self) -> Option<f64> {
        Some((self.recall()? + self.specificity()?) / 2.0)
    }
}

/// The weight of the right decisions over the weight of all: sum w\[right\] / sum w.
///
/// With weights that give both classes the same total this is the balanced accuracy. `None` for unequal lengths or weights that are
/// negative, not finite, or 0 in sum.
pub fn weighted_accuracy(labels: &[bool], decisions: &[bool], weights: &[f64]) -> Option<f64> {
    let lengths_agree = labels.len() == decisions.len() && labels.len() == weights.len();
    if !lengths_agree || !weights.iter().all(|weight| weight.is_finite() && *weight >= 0.0) {
        return None;
    }
    let right = labels.iter().zip(decisions).zip(weights).filter(|((label, decision), _)| label == decision);
    ratio(right.map(|(_, weight)| weight).sum(), weights.iter().sum())
}

/// Decisions among any number of classes, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionMatrix {
    classes: usize,
    counts: Vec<u64>,
}

impl ConfusionMatrix {
    /// Counts decisions among classes `0..classes`; `None` for lists that are empty or of unequal length, or an unknown class.
    pub fn new(classes: usize, truth: &[usize], decisions: &[usize]) -> Option<Self> {
        if truth.is_empty() || truth.len() != decisions.len() {
            return None;
        }
        let mut counts = vec![0; classes.checked_mul(classes)?];
        for (&row, &column) in truth.iter().zip(decisions) {
            if row >= classes || column >= classes {
                return None;
            }
            counts[row * classes + column] += 1;
        }
        Some(Self { classes, counts })
    }

    /// How often an element of class `truth` is taken for `decision`; 0 for unknown classes.
    pub fn count(&self, truth: usize, decision: usize) -> u64 {
        if truth < self.classes && decision < self.classes { self.counts[truth * self.classes + decision] } else { 0 }
    }

    /// The counts by true class, each a row by decision.
    pub fn rows(&self) -> impl Iterator<Item = &[u64]> {
        self.counts.chunks(self.classes.max(1))
    }

    /// Share of right decisions.
    pub fn accuracy(&self) -> Option<f64> {
        let right: u64 = (0..self.classes).map(|class| self.count(class, class)).sum();
        ratio(right as f64, self.counts.iter().sum::<u64>() as f64)
    }

    /// Mean over the classes of the share of each that is decided right; `None` when a class has no element.
    pub fn balanced_accuracy(&self) -> Option<f64> {
        let recalls =
            self.rows().enumerate().map(|(class, row)| ratio(row[class] as f64, row.iter().sum::<u64>() as f64));
        let recalls: Vec<f64> = recalls.collect::<Option<_>>()?;
        ratio(recalls.iter().sum(), recalls.len() as f64)
    }
}
