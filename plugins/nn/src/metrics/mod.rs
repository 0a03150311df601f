//! Metrics computed exactly, on the host, without libtorch.
//!
//! ```
//! use seqtune_nn::metrics::{Confusion, Criterion, average_precision, best_threshold, roc_auc};
//!
//! let labels = [false, false, true, true];
//! let scores = [0.1, 0.4, 0.35, 0.8];
//! assert_eq!(roc_auc(&labels, &scores), Some(0.75));
//! assert_eq!(average_precision(&labels, &scores), Some(0.5 + 0.5 * 2.0 / 3.0));
//! // Chosen on validation, applied elsewhere:
//! let best = best_threshold(&labels, &scores, Criterion::BalancedAccuracy).ok_or("one class only")?;
//! let confusion = Confusion::at(&labels, &scores, best.threshold).ok_or("no scores")?;
//! assert_eq!(confusion.balanced_accuracy(), Some(best.value));
//! # Ok::<(), &str>(())
//! ```
//!
//! A metric is `None` where it is undefined: lists that are empty or of unequal length, one class only where two are compared,
//! NaN among the scores, or 0 / 0. Nothing is replaced by a conventional 0 or 0.5: a study logs the missing value as missing.
//! Infinite scores are ordered like any others. Metrics lie in 0 to 1 and grow with quality, unless they say otherwise.

mod confusion;
mod ranking;
mod regression;
mod threshold;

pub use confusion::{Confusion, ConfusionMatrix, weighted_accuracy};
pub use ranking::{average_precision, roc_auc};
pub use regression::{mean_squared_error, midranks, spearman};
pub use threshold::{BestThreshold, Criterion, best_threshold};

/// One run of equal scores, from the highest score down.
struct Tie {
    score: f64,
    positives: u64,
    negatives: u64,
}

/// The runs of equal scores; `None` for unequal lengths or NaN.
fn ties(labels: &[bool], scores: &[f64]) -> Option<Vec<Tie>> {
    if labels.len() != scores.len() || scores.iter().any(|score| score.is_nan()) {
        return None;
    }
    let mut pairs: Vec<(f64, bool)> = scores.iter().copied().zip(labels.iter().copied()).collect();
    pairs.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    // By ==, since -0.0 and 0.0 are one score.
    let runs = pairs.chunk_by(|a, b| a.0 == b.0).map(|run| {
        let positives = run.iter().filter(|pair| pair.1).count() as u64;
        Tie { score: run[0].0, positives, negatives: run.len() as u64 - positives }
    });
    Some(runs.collect())
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

#[cfg(test)]
mod tests;
