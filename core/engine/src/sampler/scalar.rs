//! Several losses as one, so that what learns from one loss can learn from several.
//!
//! The augmented Tchebycheff function with weights that are drawn anew for each decision: each leads to another part of the
//! Pareto set (Knowles, "ParEGO: a hybrid algorithm with on-line landscape approximation for expensive multiobjective
//! optimization problems", IEEE Transactions on Evolutionary Computation, 2006). Losses are put on a common scale first.

use rand::RngExt;

use super::observation::{Observation, Outcome};
use super::scale::{LARGEST, Scale};
use crate::seed::rng_of;

/// What the sum of all losses counts beside the worst of them.
const SUM: f64 = 0.05;

/// A rising function of all losses.
#[derive(Clone, Debug)]
pub(super) struct Scalar {
    /// For each objective its scale, the best that was seen on it, and its weight.
    objectives: Vec<(Scale, f64, f64)>,
}

impl Scalar {
    /// With the weights of this decision, evenly distributed over all that sum to 1; `None` where no trial has losses.
    pub(super) fn new(observations: &[Observation<'_>], seed: u64) -> Option<Scalar> {
        let points: Vec<&[f64]> =
            observations.iter().filter(|one| one.told.outcome.has_loss()).map(|one| one.told.losses()).collect();
        let mut rng = rng_of(seed, 0, "weights of objectives");
        let mut objectives = Vec::new();
        for objective in 0..points.first()?.len() {
            let losses: Vec<f64> = points.iter().map(|point| point[objective].clamp(-LARGEST, LARGEST)).collect();
            let scale = Scale::of(&losses)?;
            let best = losses.iter().map(|loss| scale.target(*loss)).fold(f64::INFINITY, f64::min);
            // Exponential numbers over their sum.
            objectives.push((scale, best, -libm::log(1.0 - rng.random::<f64>())));
        }
        let sum: f64 = objectives.iter().map(|(.., weight)| weight).sum();
        if sum > 0.0 {
            objectives.iter_mut().for_each(|(.., weight)| *weight /= sum);
        }
        Some(Scalar { objectives })
    }

    /// The losses as one.
    pub(super) fn loss(&self, losses: &[f64]) -> f64 {
        let (mut worst, mut sum) = (0.0_f64, 0.0);
        for (loss, (scale, best, weight)) in losses.iter().zip(&self.objectives) {
            let above = weight * (scale.target(loss.clamp(-LARGEST, LARGEST)) - best);
            worst = worst.max(above);
            sum += above;
        }
        worst + SUM * sum
    }
}

/// The trials as if there were one objective: with the loss of all of them together where there are several, under the weights of
/// this seed.
pub(super) fn weighed<'a>(observations: &[Observation<'a>], seed: u64) -> Vec<Observation<'a>> {
    let mut weighed = observations.to_vec();
    if observations.iter().all(|one| one.told.losses.is_empty()) {
        return weighed;
    }
    let Some(scalar) = Scalar::new(observations, seed) else { return weighed };
    for one in &mut weighed {
        let together = scalar.loss(&one.told.losses);
        one.told.losses.clear();
        if let Outcome::Completed { loss } | Outcome::Pruned { loss, .. } = &mut one.told.outcome {
            *loss = together;
        }
    }
    weighed
}

#[cfg(test)]
mod tests {
    use super::super::observation::observations;
    use super::*;
    use crate::domination::dominates;
    use crate::order::View;
    use crate::testing::study;
    use seqtune_plugin::Direction::{Maximize, Minimize};

    #[test]
    fn what_is_better_in_all_is_better_and_each_weight_has_a_best_of_its_own() {
        let history = study("x = { type = 'float', low = 0, high = 1 }\ny = { type = 'float', low = 0, high = 1 }")
            .objectives(&[Minimize, Maximize, Minimize], |params| {
                let (x, y) = (params.float("x").unwrap(), params.float("y").unwrap());
                vec![x + 0.1 * y, 1000.0 * x * x - y, (10.0 * y).exp()]
            })
            .trials(40)
            .history();
        let observations = observations(&View::now(&history, 40));
        let mut best = std::collections::BTreeSet::new();
        for seed in 0..20 {
            let scalar = Scalar::new(&observations, seed).unwrap();
            let of = |one: &Observation<'_>| scalar.loss(one.told.losses());
            for one in &observations {
                for other in &observations {
                    assert!(!dominates(one.told.losses(), other.told.losses()) || of(one) < of(other));
                }
            }
            best.insert((0..40).min_by(|a, b| of(&observations[*a]).total_cmp(&of(&observations[*b]))).unwrap());
        }
        assert!(best.len() >= 4, "{best:?}");
        assert!(Scalar::new(&[], 1).is_none());
    }
}
