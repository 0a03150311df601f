//! How wide predictions must be so that they hold.
//!
//! Finished curves are predicted from their first steps by what the others teach. How much wider (or narrower) the 90 % interval would
//! have to be to hold the last value is the score of such a prediction, and the 90 % quantile of scores is the factor by which
//! predictions are widened: split conformal prediction (Romano, Patterson and Candès, "Conformalized quantile regression", NeurIPS 2019),
//! here for curves seen until some steps.

use super::curve::{Finished, Point};
use super::prediction::Mixture;
use super::taught::Taught;
use crate::spec::Reduce;

/// The interval that is calibrated, and what of it must hold on curves that had no part in its width.
const INTERVAL: f64 = 0.9;
const COVERED: f64 = 0.8;

/// Curves at least, and up to which each is left out alone; of more, every fourth.
const FEWEST: usize = 5;
const ALONE: usize = 12;
const FOLDS: usize = 4;

/// Factors at least and at most.
const NARROWEST: f64 = 0.3;
const WIDEST: f64 = 30.0;

/// What a prediction from some steps was worth.
#[derive(Clone, Copy, Debug)]
struct Score {
    look: usize,
    fold: usize,
    /// How many times as wide the interval had to be.
    factor: f64,
}

/// A factor for each number of steps.
#[derive(Clone, Debug)]
pub(super) struct Calibration {
    /// By the logarithm of the step.
    factors: Vec<(f64, f64)>,
    pub(super) is_trusted: bool,
}

impl Calibration {
    pub(super) fn learn(finished: &[Finished], steps: u64, looks: &[u64], reduce: Reduce) -> Calibration {
        let folds = if finished.len() <= ALONE { finished.len() } else { FOLDS };
        let mut scores = Vec::with_capacity(finished.len() * looks.len());
        if finished.len() > 1 {
            for fold in 0..folds {
                let others: Vec<&Finished> = part(finished, |k| k % folds != fold);
                let taught = Taught::learn(&others, steps, looks);
                for curve in part(finished, |k| k % folds == fold) {
                    taught.follow(&curve.points, looks, |look, seen, filter| {
                        let factor = factor(&taught.mixture(filter), curve.last, seen, reduce);
                        scores.push(Score { look, fold, factor });
                    });
                }
            }
        }
        let factor_at = |look: usize, left_out: Option<usize>| {
            let near = |score: &&Score| score.look.abs_diff(look) <= 1 && Some(score.fold) != left_out;
            let curves = finished.len() as f64 * if left_out.is_some() { 1.0 - 1.0 / folds as f64 } else { 1.0 };
            quantile(scores.iter().filter(near).map(|score| score.factor).collect(), curves)
        };
        let factors: Vec<(f64, f64)> =
            looks.iter().enumerate().map(|(k, look)| (libm::log(*look as f64), factor_at(k, None))).collect();
        let of_others: Vec<Vec<f64>> =
            (0..looks.len()).map(|look| (0..folds).map(|fold| factor_at(look, Some(fold))).collect()).collect();
        let held = scores.iter().filter(|score| score.factor <= of_others[score.look][score.fold]).count();
        let covers = held as f64 >= COVERED * scores.len() as f64;
        // Of a single step there is nothing to foresee, and no score.
        let is_trusted = finished.len() >= FEWEST
            && !scores.is_empty()
            && covers
            && factors.iter().all(|(_, factor)| *factor < WIDEST);
        Calibration { factors, is_trusted }
    }

    /// How much wider a prediction from this many steps should be.
    pub(super) fn factor(&self, ln_step: f64) -> f64 {
        let right = self.factors.partition_point(|(at, _)| *at < ln_step);
        match (right.checked_sub(1).map(|left| self.factors[left]), self.factors.get(right)) {
            (Some(left), Some(right)) => left.1 + (right.1 - left.1) * (ln_step - left.0) / (right.0 - left.0),
            (Some(left), None) => left.1,
            (None, Some(right)) => right.1,
            (None, None) => 1.0,
        }
    }
}

/// Those whose index is so.
fn part(finished: &[Finished], is_in: impl Fn(usize) -> bool) -> Vec<&Finished> {
    finished.iter().enumerate().filter(|(k, _)| is_in(*k)).map(|(_, curve)| curve).collect()
}

/// How many times as wide the interval must be to hold the last value.
fn factor(mixture: &Mixture, last: f64, seen: &[Point], reduce: Reduce) -> f64 {
    let center = mixture.mean();
    let best = seen.last().map_or(f64::INFINITY, |point| point.latest);
    if reduce == Reduce::Best && last >= best && center >= best {
        return 0.0;
    }
    let tail = 0.5 * (1.0 - INTERVAL);
    let end = mixture.quantile(if last > center { 1.0 - tail } else { tail });
    let factor = (last - center) / (end - center);
    // Where the interval is skewed so much that its end is on the other side of the mean.
    if factor >= 0.0 { factor.min(WIDEST) } else { WIDEST }
}

/// The factor that holds nine of ten, more where it is known from few.
fn quantile(mut factors: Vec<f64>, curves: f64) -> f64 {
    factors.sort_by(f64::total_cmp);
    let rank = (INTERVAL * (factors.len() as f64 + 1.0)).ceil() as usize;
    let Some(last) = factors.len().checked_sub(1) else { return 1.0 };
    (factors[rank.saturating_sub(1).min(last)] * (1.0 + 2.0 / curves.max(1.0))).clamp(NARROWEST, WIDEST)
}
