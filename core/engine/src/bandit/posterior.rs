//! What is known of the arms' means: a normal-gamma posterior for each, whose prior comes from all arms together.
//!
//! A reward of an arm is normal with a mean and a precision of its own, both unknown, with the conjugate prior (Murphy,
//! "Conjugate Bayesian analysis of the Gaussian distribution", 2007, section 3). Its hyperparameters are estimated from all
//! arms: the grand mean, the variance within arms, and as many pseudo-observations of the grand mean as the variance within
//! arms is times that between them, which shrinks the means as James and Stein's estimator does (Efron and Morris, "Stein's
//! estimation rule and its competitors: an empirical Bayes approach", JASA 1973); Ax does so before its Thompson sampling.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::scale::scaled;
use super::{Pulls, mean};

/// From so many arms on, shrinking makes every estimate better on the whole.
const ARMS: usize = 4;

/// Pseudo-observations of the grand mean where there are fewer arms, and at most: what seems equal after a few pulls may not
/// be.
const PSEUDO: f64 = 1.0;
const PSEUDO_AT_MOST: f64 = 4.0;

/// Shape of the prior of the precision: as much as two rewards say about it.
const SHAPE: f64 = 1.0;

/// The least variance within arms, of rewards between 0 and 1.
const VARIANCE: f64 = 1e-8;

/// What is known of all arms.
#[derive(Clone, Debug)]
pub(super) struct Posterior {
    arms: Vec<Arm>,
}

/// The hyperparameters of one arm's normal-gamma posterior.
#[derive(Clone, Copy, Debug)]
struct Arm {
    mean: f64,
    count: f64,
    shape: f64,
    rate: f64,
}

impl Posterior {
    pub(super) fn new(arms: &[Pulls]) -> Posterior {
        let rewards = scaled(arms, 0.0, 1.0);
        let grand = mean(&rewards.concat()).unwrap_or(0.5);
        let within = within(&rewards);
        let pseudo = pseudo(&rewards, within);
        let posterior = |(arm, rewards): (&Pulls, &Vec<f64>)| {
            let count = rewards.len() as f64;
            let own = mean(rewards).unwrap_or(grand);
            let deviations = squares(rewards, own) + pseudo * count * (own - grand) * (own - grand) / (pseudo + count);
            Arm {
                mean: (pseudo * grand + count * own) / (pseudo + count),
                // A reward that is not there yet is fantasised at the mean: it moves nothing, and the mean seems surer.
                count: pseudo + count + arm.pending as f64,
                shape: SHAPE + 0.5 * count,
                rate: SHAPE * within + 0.5 * deviations,
            }
        };
        Posterior { arms: arms.iter().zip(&rewards).map(posterior).collect() }
    }

    /// A mean for each arm, drawn.
    pub(super) fn draw(&self, rng: &mut ChaCha8Rng) -> Vec<f64> {
        let draw = |arm: &Arm| {
            let precision = gamma(arm.shape, rng) / arm.rate;
            let normal: f64 = StandardNormal.sample(rng);
            arm.mean + normal / (arm.count * precision).sqrt()
        };
        self.arms.iter().map(draw).collect()
    }
}

/// The variance within arms, pooled; where no arm has two rewards, that of all.
fn within(rewards: &[Vec<f64>]) -> f64 {
    let of = |arms: &[Vec<f64>]| {
        let freedom: usize = arms.iter().map(|arm| arm.len().saturating_sub(1)).sum();
        let total: f64 = arms.iter().filter_map(|arm| Some(squares(arm, mean(arm)?))).sum();
        (freedom > 0).then(|| total / freedom as f64)
    };
    of(rewards).or_else(|| of(&[rewards.concat()])).unwrap_or(1.0).max(VARIANCE)
}

/// How many rewards at the grand mean the prior is worth: the variance within arms over that between them, which by the
/// moments is what the means vary more than their errors say.
fn pseudo(rewards: &[Vec<f64>], within: f64) -> f64 {
    let known: Vec<(f64, f64)> = rewards.iter().filter_map(|arm| Some((mean(arm)?, arm.len() as f64))).collect();
    if known.len() < ARMS {
        return PSEUDO;
    }
    let means: Vec<f64> = known.iter().map(|(mean, _)| *mean).collect();
    let errors: Vec<f64> = known.iter().map(|(_, count)| within / count).collect();
    let spread = squares(&means, mean(&means).unwrap_or_default()) / (means.len() - 1) as f64;
    let between = spread - mean(&errors).unwrap_or_default();
    if between * PSEUDO_AT_MOST > within { within / between } else { PSEUDO_AT_MOST }
}

fn squares(values: &[f64], around: f64) -> f64 {
    values.iter().map(|value| (value - around) * (value - around)).sum()
}

/// A draw from the gamma distribution of rate 1 and this shape, from 1 on (Marsaglia and Tsang, "A simple method for
/// generating gamma variables", ACM TOMS 2000), with logarithms that are the same on every machine.
fn gamma(shape: f64, rng: &mut ChaCha8Rng) -> f64 {
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x: f64 = StandardNormal.sample(rng);
        let base = 1.0 + c * x;
        // From 0, exclusive, to 1.
        let u = 1.0 - rng.random::<f64>();
        let v = base * base * base;
        if v > 0.0 && libm::log(u) < 0.5 * x * x + d - d * v + d * libm::log(v) {
            return d * v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::rng_of;

    #[test]
    fn gamma_draws_have_its_moments() {
        let mut rng = rng_of(1, 0, "test");
        for shape in [1.0, 1.5, 4.0, 30.0] {
            let draws: Vec<f64> = (0..20_000).map(|_| gamma(shape, &mut rng)).collect();
            let mean = mean(&draws).unwrap();
            let variance = squares(&draws, mean) / draws.len() as f64;
            assert!((mean - shape).abs() < 5.0 * (shape / 20_000.0).sqrt(), "mean {mean} of shape {shape}");
            assert!((variance / shape - 1.0).abs() < 0.15, "variance {variance} of shape {shape}");
        }
    }

    /// Four noisy arms are drawn together, four that differ are not, and pending pulls make an arm seem surer.
    #[test]
    fn means_are_shrunk_by_what_all_arms_say() {
        let arm = |rewards: [f64; 3], pending| Pulls { rewards: rewards.to_vec(), pending };
        let noisy =
            [arm([0.0, 1.0, 0.6], 0), arm([0.1, 0.9, 0.3], 0), arm([0.2, 0.7, 0.9], 0), arm([1.0, 0.2, 0.4], 0)];
        let apart =
            [arm([0.0, 0.01, 0.02], 0), arm([0.3, 0.31, 0.3], 0), arm([0.6, 0.61, 0.6], 0), arm([1.0, 0.99, 0.98], 5)];
        let (noisy, apart) = (Posterior::new(&noisy), Posterior::new(&apart));
        assert_eq!(noisy.arms[0].count, 3.0 + PSEUDO_AT_MOST);
        assert!(apart.arms[0].count < 3.1);
        assert!((apart.arms[3].mean - 0.99).abs() < 0.01);
        assert!(apart.arms[3].count > 8.0);
    }
}
