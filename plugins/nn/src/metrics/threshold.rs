//! The decision threshold that serves best: to be chosen on validation data, never on the test split.

use super::{Confusion, ties};

/// What a threshold is chosen for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criterion {
    /// The mean of recall and specificity.
    BalancedAccuracy,
    /// The harmonic mean of precision and recall.
    F1,
}

/// A threshold and what it reaches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BestThreshold {
    /// Scores above it are positive.
    pub threshold: f64,
    /// The criterion's value on the data it was chosen on.
    pub value: f64,
}

/// The threshold with the best value of the criterion over these scores.
///
/// Candidates lie halfway between neighbouring distinct scores, and below the lowest. Of equally good ones the highest is taken.
/// `None` where [`roc_auc`](super::roc_auc) is: without both classes, for unequal lengths, or NaN.
pub fn best_threshold(labels: &[bool], scores: &[f64], criterion: Criterion) -> Option<BestThreshold> {
    let ties = ties(labels, scores)?;
    let positives: u64 = ties.iter().map(|tie| tie.positives).sum();
    let negatives: u64 = ties.iter().map(|tie| tie.negatives).sum();
    if positives == 0 || negatives == 0 {
        return None;
    }
    let mut best: Option<BestThreshold> = None;
    let mut taken = Confusion { true_negatives: negatives, false_negatives: positives, ..Confusion::default() };
    for (at, tie) in ties.iter().enumerate() {
        taken.true_positives += tie.positives;
        taken.false_negatives -= tie.positives;
        taken.false_positives += tie.negatives;
        taken.true_negatives -= tie.negatives;
        let Some(threshold) = between(ties.get(at + 1).map(|next| next.score), tie.score) else {
            continue;
        };
        let value = match criterion {
            Criterion::BalancedAccuracy => taken.balanced_accuracy(),
            Criterion::F1 => taken.f1(),
        };
        if let Some(value) = value
            && best.is_none_or(|best| value > best.value)
        {
            best = Some(BestThreshold { threshold, value });
        }
    }
    best
}

/// A number that is below `upper` and not below `lower`; `None` when there is no number below `upper`.
fn between(lower: Option<f64>, upper: f64) -> Option<f64> {
    match lower {
        None => Some(upper.next_down()).filter(|below| *below < upper),
        Some(lower) => {
            // Halves first: the sum of two large scores would overflow.
            let middle = lower / 2.0 + upper / 2.0;
            Some(if middle >= lower && middle < upper { middle } else { lower })
        }
    }
}
