//! How well scores put positives before negatives.

use super::ties;

/// Area under the ROC curve: the probability that a positive scores above a negative, a tie counting half (Mann and Whitney 1947).
///
/// Counted in integers and divided once, so the result is the nearest number to the true ratio. `None` unless both classes are
/// there.
pub fn roc_auc(labels: &[bool], scores: &[f64]) -> Option<f64> {
    let mut above = 0_u128;
    // Twice the number of pairs in which the positive wins.
    let mut twice_won = 0_u128;
    let mut negatives = 0_u128;
    for tie in ties(labels, scores)? {
        twice_won += u128::from(tie.negatives) * (2 * above + u128::from(tie.positives));
        above += u128::from(tie.positives);
        negatives += u128::from(tie.negatives);
    }
    let pairs = above * negatives;
    (pairs > 0).then(|| twice_won as f64 / (2 * pairs) as f64)
}

/// Average precision: the precision at each distinct score, weighted by the recall gained there, with no interpolation. Equal scores
/// are one step, as in scikit-learn's `average_precision_score`.
///
/// The chance level is the share of positives. `None` without positives.
pub fn average_precision(labels: &[bool], scores: &[f64]) -> Option<f64> {
    let total = labels.iter().filter(|&&label| label).count() as f64;
    let (mut positives, mut taken, mut sum) = (0_u64, 0_u64, 0.0);
    for tie in ties(labels, scores)? {
        positives += tie.positives;
        taken += tie.positives + tie.negatives;
        sum += tie.positives as f64 * (positives as f64 / taken as f64);
    }
    (total > 0.0).then(|| sum / total)
}
