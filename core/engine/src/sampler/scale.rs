//! How losses become targets: numbers that a Gaussian process can hold, and that can be compared between objectives.
//!
//! Losses are standardised robustly, those far on the bad side are drawn in logarithmically, and where it makes them much more
//! like a normal distribution a power transform bends the whole scale (Yeo and Johnson, Biometrika 2000; for Bayesian
//! optimisation Cowen-Rivers et al., "HEBO", JAIR 2022). The order of losses stays what it is.

use argmin::core::{CostFunction, Error, Executor};
use argmin::solver::brent::BrentOpt;

/// Losses farther apart than this are not told apart: their differences stay finite.
pub(super) const LARGEST: f64 = 1e300;

/// Robust deviations above the median beyond which losses are drawn in.
const TAIL: f64 = 3.0;

/// What the power transform must gain in log likelihood to be used: in small samples a little is luck.
const GAIN: f64 = 2.0;

/// Powers that are looked at.
const POWERS: (f64, f64) = (-1.0, 3.0);

/// Losses of a power transform at least.
const FEWEST: usize = 5;

/// A rising function of the loss.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    median: f64,
    spread: f64,
    /// Before the power transform.
    drawn: Standard,
    power: f64,
    /// After it.
    bent: Standard,
}

/// To mean 0 and variance 1.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Standard {
    mean: f64,
    deviation: f64,
}

impl Scale {
    /// For these losses, finite ones; `None` where there are none.
    pub(super) fn of(losses: &[f64]) -> Option<Scale> {
        let mut sorted = losses.to_vec();
        sorted.sort_by(f64::total_cmp);
        let range = sorted.last()? - sorted.first()?;
        let quantile = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
        // The distance between the quartiles of a normal distribution is 1.349 deviations.
        let quartiles = (quantile(0.75) - quantile(0.25)) / 1.349;
        let spread = if quartiles > 1e-9 * range { quartiles } else { range };
        let none = Standard { mean: 0.0, deviation: 1.0 };
        let spread = if spread > 0.0 { spread } else { 1.0 };
        let mut scale = Scale { median: quantile(0.5), spread, drawn: none, power: 1.0, bent: none };
        scale.drawn = Standard::of(&scale.targets(&sorted));
        let drawn = scale.targets(&sorted);
        if drawn.len() >= FEWEST {
            scale.power = power(&drawn);
        }
        scale.bent = Standard::of(&scale.targets(&sorted));
        Some(scale)
    }

    /// What a loss is on the scale.
    pub(super) fn target(&self, loss: f64) -> f64 {
        let standard = (loss - self.median) / self.spread;
        let drawn = if standard > TAIL { TAIL + libm::log1p(standard - TAIL) } else { standard };
        self.bent.apply(bend(self.drawn.apply(drawn), self.power))
    }

    /// The loss that has this target.
    pub(super) fn loss(&self, target: f64) -> f64 {
        let drawn = self.drawn.invert(unbend(self.bent.invert(target), self.power));
        // Farther out a loss would have no number.
        let standard = if drawn > TAIL { TAIL + libm::expm1((drawn - TAIL).min(600.0)) } else { drawn };
        self.median + self.spread * standard
    }

    fn targets(&self, losses: &[f64]) -> Vec<f64> {
        losses.iter().map(|loss| self.target(*loss)).collect()
    }
}

impl Standard {
    fn of(values: &[f64]) -> Standard {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let deviation = (values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count).sqrt();
        Standard { mean, deviation: if deviation > 0.0 { deviation } else { 1.0 } }
    }

    fn apply(self, value: f64) -> f64 {
        (value - self.mean) / self.deviation
    }

    fn invert(self, value: f64) -> f64 {
        self.mean + self.deviation * value
    }
}

/// The transform of Yeo and Johnson; nothing changes for the power 1.
fn bend(value: f64, power: f64) -> f64 {
    /// The transform of a positive number; for the power 0 it is the logarithm, which it goes to.
    fn of_positive(value: f64, power: f64) -> f64 {
        let ln = libm::log1p(value);
        if (power * ln).abs() < 1e-9 { ln } else { libm::expm1(power * ln) / power }
    }
    if power == 1.0 {
        value
    } else if value >= 0.0 {
        of_positive(value, power)
    } else {
        -of_positive(-value, 2.0 - power)
    }
}

/// What [`bend`] makes a value of. Where a power has no value so far out, the farthest there is.
fn unbend(value: f64, power: f64) -> f64 {
    /// Of what a positive number becomes.
    fn to_positive(value: f64, power: f64) -> f64 {
        let ln = if power.abs() < 1e-9 { value } else { libm::log((1.0 + power * value).max(f64::EPSILON)) / power };
        libm::expm1(ln)
    }
    if power == 1.0 {
        value
    } else if value >= 0.0 {
        to_positive(value, power)
    } else {
        -to_positive(-value, 2.0 - power)
    }
}

/// The likeliest power; 1 where no other is much likelier.
fn power(values: &[f64]) -> f64 {
    let likelihood = Likelihood(values);
    let solver = BrentOpt::new(POWERS.0, POWERS.1);
    let found =
        Executor::new(&likelihood, solver).configure(|state| state.max_iters(60)).timer(false).ctrlc(false).run();
    let best = found.ok().and_then(|found| found.state.best_param).unwrap_or(1.0);
    if likelihood.at(best) > likelihood.at(1.0) + GAIN { best } else { 1.0 }
}

struct Likelihood<'a>(&'a [f64]);

impl Likelihood<'_> {
    /// The log likelihood of a power, of the best normal distribution after it.
    fn at(&self, power: f64) -> f64 {
        let bent: Vec<f64> = self.0.iter().map(|value| bend(*value, power)).collect();
        let jacobian: f64 = self.0.iter().map(|value| value.signum() * libm::log1p(value.abs())).sum();
        -(bent.len() as f64) * libm::log(Standard::of(&bent).deviation) + (power - 1.0) * jacobian
    }
}

impl CostFunction for &Likelihood<'_> {
    type Param = f64;
    type Output = f64;

    fn cost(&self, power: &f64) -> Result<f64, Error> {
        Ok(-self.at(*power))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(losses: &[f64]) -> Vec<f64> {
        Scale::of(losses).unwrap().targets(losses)
    }

    #[test]
    fn targets_are_standard_and_keep_the_order() {
        let skewed: Vec<f64> = (0..50).map(|k| libm::exp(0.2 * f64::from(k))).collect();
        let wild = [f64::MIN / 1e8, -3.0, 0.0, 1.0, 2.0, 5.0, f64::MAX / 1e8];
        for losses in [skewed.as_slice(), &wild, &[1.0, 2.0], &[0.0, 0.0, 0.0, 0.0, 0.0, 1e-300]] {
            let targets = targets(losses);
            let count = targets.len() as f64;
            assert!((targets.iter().sum::<f64>() / count).abs() < 1e-9);
            assert!((targets.iter().map(|target| target * target).sum::<f64>() / count - 1.0).abs() < 1e-9);
            assert!(targets.windows(2).all(|pair| pair[0] <= pair[1]), "{targets:?}");
        }
        assert_eq!(targets(&[7.0, 7.0, 7.0]), [0.0; 3]);
        assert_eq!(Scale::of(&[]), None);
    }

    /// Of an exponential scale the good end is spread out, of an even one nothing is bent.
    #[test]
    fn a_skewed_scale_is_bent_and_an_even_one_is_not() {
        let skewed: Vec<f64> = (0..50).map(|k| libm::exp(0.2 * f64::from(k))).collect();
        assert!(Scale::of(&skewed).unwrap().power < 0.9);
        let even: Vec<f64> = (0..50).map(f64::from).collect();
        assert_eq!(Scale::of(&even).unwrap().power, 1.0);
    }

    #[test]
    fn a_loss_comes_back_from_its_target() {
        let skewed: Vec<f64> = (0..50).map(|k| libm::exp(0.2 * f64::from(k))).collect();
        let even: Vec<f64> = (0..50).map(f64::from).collect();
        let tail = [0.0, 1.0, 2.0, 3.0, 4.0, 1e6];
        for losses in [skewed.as_slice(), &even, &tail, &[7.0, 7.0]] {
            let scale = Scale::of(losses).unwrap();
            for loss in losses {
                let again = scale.loss(scale.target(*loss));
                assert!((again - loss).abs() < 1e-9 * loss.abs().max(1.0), "{loss} becomes {again}");
            }
            let far = [scale.loss(-50.0), scale.loss(50.0)];
            assert!(far[0] <= losses[0] && far[0].is_finite() && far[1].is_finite(), "{far:?}");
        }
        for (value, power) in [(-1.5, -1.0), (1.5, -1.0), (0.3, 0.0), (-0.3, 2.0), (2.0, 3.0)] {
            assert!((unbend(bend(value, power), power) - value).abs() < 1e-12, "{value} {power}");
        }
    }

    #[test]
    fn the_transform_is_smooth_where_its_formula_changes() {
        for value in [-2.0, -0.5, 0.0, 0.5, 2.0] {
            for power in [0.0, 1.0, 2.0] {
                let (near, at) = (bend(value, power + 1e-7), bend(value, power));
                assert!((near - at).abs() < 1e-6, "{value} {power}: {near} {at}");
            }
        }
    }
}
