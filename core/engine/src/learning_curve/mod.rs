//! Learning curves: what a trial's last loss will be, seen from its first ones and from trials that went to the end.
//!
//! The loss at step t is taken to be `c(t) + a g(t)` and noise. The decline g is one of a few power laws and exponentials (`c + a t^-b`
//! and `c + a exp(-b t)`, the "pow3" and "exp" of Domhan, Springenberg and Hutter, "Speeding up automatic hyperparameter optimization of
//! deep neural networks by extrapolation of learning curves", IJCAI 2015), the common shape of finished curves, or none; the level c
//! walks at random in ln t, which covers what no formula foresees, over-fitting above all. As in Klein et al., "Learning curve prediction
//! with Bayesian neural networks" (ICLR 2017), other trials of the study teach what to expect: level and decline have a normal prior of
//! finished curves' moments. Given the exponent, noise and walk all is linear and normal, so that a Kalman filter sums over c and a
//! exactly; exponents, noises and walks are a grid, whose points are weighed by their evidence. Nothing is drawn and nothing iterates.
//!
//! A decision goes through the files in this order: `scale` makes losses numbers of ordinary size, `curve` reads them, `taught` learns
//! from finished curves (`shape`: declines, `filter`: what a curve's beginning says), `calibration` checks it on curves that were left
//! out and widens it, and `prediction` is what comes of it.
//!
//! ```ignore
//! let model = CurveModel::learn(&finished, 27, Reduce::Last);
//! let stop = model.is_trusted() && model.predict(&begun).probability_below(incumbent) < 0.05;
//! ```

mod calibration;
mod curve;
mod filter;
mod memory;
mod prediction;
mod scale;
mod shape;
mod taught;
#[cfg(test)]
mod tests;

use self::calibration::Calibration;
use self::curve::{Finished, points, read};
pub(crate) use self::memory::{CurveMemory, losses};
pub(crate) use self::prediction::Prediction;
use self::scale::Scale;
use self::taught::Taught;
use crate::spec::Reduce;

/// A trial's losses by step, in the order of steps, which count from 1.
pub(crate) type Losses = [(u64, f64)];

/// Curves that are learned from; of more, so many evenly spaced ones.
const CURVES: usize = 64;

/// Numbers of steps from which finished curves are predicted to learn, at most, besides one near the end.
const LOOKS: usize = 6;

/// No loss is expected to be so far above the worst one.
const WORSE: f64 = 0.5;

/// What a study's finished curves teach of those that have begun.
#[derive(Clone, Debug)]
pub(crate) struct CurveModel {
    steps: u64,
    reduce: Reduce,
    /// `None` where finished curves do not differ, or there are none.
    known: Option<Known>,
}

#[derive(Clone, Debug)]
struct Known {
    scale: Scale,
    taught: Taught,
    calibration: Calibration,
    /// The highest value of all.
    top: f64,
}

impl CurveModel {
    /// From curves of trials that went to the last of `steps`; others are left out. What is predicted is the loss of the last step, or
    /// that of the best one.
    pub(crate) fn learn(finished: &[Vec<(u64, f64)>], steps: u64, reduce: Reduce) -> CurveModel {
        let steps = steps.max(1);
        let mut curves: Vec<Vec<(u64, f64)>> = Vec::with_capacity(finished.len().min(CURVES));
        let whole: Vec<&Vec<(u64, f64)>> = finished
            .iter()
            .filter(|curve| curve.last().is_some_and(|(step, loss)| *step >= steps && loss.is_finite()))
            .collect();
        let chosen = whole.len().min(CURVES);
        // The newest is among them.
        curves.extend((1..=chosen).map(|k| read(whole[k * whole.len() / chosen - 1], steps, reduce)));
        let looks = looks(steps);
        let known = Known::learn(&curves, steps, &looks, reduce);
        CurveModel { steps, reduce, known }
    }

    /// Whether there are enough finished curves, and predictions hold on them.
    pub(crate) fn is_trusted(&self) -> bool {
        self.known.as_ref().is_some_and(|known| known.calibration.is_trusted)
    }

    /// What the loss of the last step (or the best) will be, of a trial that began like this. Where nothing is known, it stays what it is.
    pub(crate) fn predict(&self, begun: &Losses) -> Prediction {
        let begun = read(begun, self.steps, self.reduce);
        match (begun.last(), &self.known) {
            (Some((step, loss)), _) if *step == self.steps => Prediction::sure(*loss),
            (_, Some(known)) => known.predict(&begun, self.reduce),
            (Some((_, loss)), None) => self.predict_alone(&begun, *loss),
            (None, None) => Prediction::sure(0.0),
        }
    }

    /// Without finished curves.
    fn predict_alone(&self, begun: &Losses, last: f64) -> Prediction {
        let losses: Vec<f64> = begun.iter().map(|(_, loss)| *loss).collect();
        let Some(scale) = Scale::of(&losses, &[last]) else { return Prediction::sure(last) };
        let known = Known::new(scale, &[], self.steps, &[], self.reduce);
        known.predict(begun, self.reduce)
    }
}

impl Known {
    fn learn(curves: &[Vec<(u64, f64)>], steps: u64, looks: &[u64], reduce: Reduce) -> Option<Known> {
        let lasts: Vec<f64> = curves.iter().filter_map(|curve| Some(curve.last()?.1)).collect();
        // Late steps, of which there are many, count no more than early ones.
        let seen = |curve: &Vec<(u64, f64)>| -> Vec<f64> {
            let at = |look: &u64| curve.get(curve.partition_point(|(step, _)| step < look)).map(|(_, loss)| *loss);
            looks.iter().chain([&steps]).filter_map(at).collect()
        };
        let losses: Vec<f64> = curves.iter().flat_map(seen).collect();
        let scale = Scale::of(&losses, &lasts)?;
        let finished: Vec<Finished> = curves.iter().filter_map(|curve| Finished::new(curve, &scale)).collect();
        Some(Known::new(scale, &finished, steps, looks, reduce))
    }

    fn new(scale: Scale, finished: &[Finished], steps: u64, looks: &[u64], reduce: Reduce) -> Known {
        let taught = Taught::learn(&finished.iter().collect::<Vec<_>>(), steps, looks);
        let calibration = Calibration::learn(finished, steps, looks, reduce);
        let values = finished.iter().flat_map(|curve| &curve.points).map(|point| point.value);
        Known { scale, taught, calibration, top: values.fold(0.0, f64::max) }
    }

    fn predict(&self, begun: &Losses, reduce: Reduce) -> Prediction {
        let points = points(begun, &self.scale);
        let mixture =
            self.taught.predict(&points).widened(self.calibration.factor(points.last().map_or(0.0, |p| p.ln_step)));
        let top = WORSE + points.iter().map(|point| point.value).fold(self.top, f64::max);
        let ceiling = match (begun.last(), reduce) {
            (Some((_, best)), Reduce::Best) => *best,
            _ => self.scale.invert(top),
        };
        Prediction { mixture, ceiling, scale: Some(self.scale) }
    }
}

/// Steps before the last one, evenly spaced in the logarithm, and one near the end.
fn looks(steps: u64) -> Vec<u64> {
    let ln_last = libm::log(steps as f64);
    let at = |k: usize| libm::exp(ln_last * k as f64 / LOOKS as f64).round() as u64;
    let near_the_end = steps - steps / 8;
    let mut looks: Vec<u64> = (0..LOOKS).map(at).chain([near_the_end]).filter(|look| *look < steps).collect();
    looks.dedup();
    looks
}
