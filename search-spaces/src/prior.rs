//! Priors: where good values of a parameter are expected to lie.
//!
//! A prior is a density over the parameter's unit interval. Samplers that draw, draw from it; samplers with a model weigh
//! their acquisition by it, less and less as results come in (Hvarfner et al., "piBO", ICLR 2022). A tenth of every
//! prior is uniform, so that a mistaken one costs trials and never hides a value for good.

use serde::{Deserialize, Serialize};

use crate::domain::Domain;
use crate::value::Value;

/// The share of a prior that is uniform.
const UNIFORM: f64 = 0.1;

/// What is expected of a parameter's good values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Prior {
    /// They lie around a value: a normal distribution on the parameter's own scale, cut at its bounds. For numbers and
    /// ordinal parameters.
    Center {
        /// The best guess.
        center: Value,
        /// How sure it is.
        #[serde(default)]
        confidence: Confidence,
    },
    /// Each choice is so likely, relative to the others. For categorical, ordinal and bool parameters (false, true).
    Weights {
        /// One positive number a choice, in their order.
        weights: Vec<f64>,
    },
}

/// How narrow a prior is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A standard deviation of half the range.
    Low,
    /// Of a quarter.
    #[default]
    Medium,
    /// Of an eighth.
    High,
}

impl Confidence {
    /// All of them, by the names that a study file uses.
    pub const ALL: [(&'static str, Confidence); 3] =
        [("low", Confidence::Low), ("medium", Confidence::Medium), ("high", Confidence::High)];

    /// Standard deviation as a share of the range.
    fn deviation(self) -> f64 {
        match self {
            Confidence::Low => 0.5,
            Confidence::Medium => 0.25,
            Confidence::High => 0.125,
        }
    }
}

impl Prior {
    /// Checks the prior against its parameter's domain, and brings its center to the domain's own kind of number.
    ///
    /// # Errors
    /// What is wrong, continuing "parameter `x`: ".
    pub fn fitted(self, domain: &Domain) -> Result<Prior, String> {
        match self {
            Prior::Center { center, confidence } => {
                if !matches!(domain, Domain::Float { .. } | Domain::Int { .. } | Domain::Ordinal { .. }) {
                    return Err("its `prior` has a center, which is for numbers and ordinal parameters; give weights"
                        .to_owned());
                }
                let center = domain.conform(center);
                if !domain.contains(&center) {
                    return Err(format!("its `prior` has the center {center}, which is not {}", domain.describe()));
                }
                Ok(Prior::Center { center, confidence })
            }
            Prior::Weights { weights } => {
                let choices = match domain {
                    Domain::Categorical { choices: values } | Domain::Ordinal { values } => values.len(),
                    Domain::Bool => 2,
                    _ => return Err("its `prior` has weights, which are for choices; give a center".to_owned()),
                };
                if weights.len() != choices {
                    let found = weights.len();
                    return Err(format!("its `prior` has {found} weights, and the choices are {choices}"));
                }
                if !weights.iter().sum::<f64>().is_finite() {
                    return Err("its `prior` has weights that are too large; only their ratios count".to_owned());
                }
                if let Some(wrong) = weights.iter().find(|weight| !(weight.is_finite() && **weight > 0.0)) {
                    return Err(format!("its `prior` has the weight {wrong}; weights are above 0"));
                }
                Ok(Prior::Weights { weights })
            }
        }
    }

    /// The unit coordinate below which a share `q` of the prior lies.
    pub fn quantile(&self, domain: &Domain, q: f64) -> f64 {
        match self {
            Prior::Center { .. } => {
                let Some(normal) = self.normal(domain) else { return q };
                // The distribution function has no inverse in closed form; 50 halvings reach the last digits of q.
                let (mut low, mut high) = (0.0, 1.0);
                for _ in 0..50 {
                    let middle = 0.5 * (low + high);
                    if normal.below(middle) < q { low = middle } else { high = middle }
                }
                0.5 * (low + high)
            }
            Prior::Weights { weights } => {
                let shares = shares(weights);
                let mut left = q;
                for (index, share) in shares.iter().enumerate() {
                    if left < *share || index + 1 == shares.len() {
                        // The largest number below 1 keeps the coordinate inside its cell.
                        let inside = (left / share).clamp(0.0, 1.0 - f64::EPSILON);
                        return (index as f64 + inside) / shares.len() as f64;
                    }
                    left -= share;
                }
                q
            }
        }
    }

    /// The logarithm of the density at a value, relative to the uniform one: 0 where the prior says nothing.
    pub fn ln_density(&self, domain: &Domain, value: &Value) -> f64 {
        let Some(at) = domain.encode(value) else { return 0.0 };
        match self {
            Prior::Center { .. } => self.normal(domain).map_or(0.0, |normal| libm::log(normal.density(at))),
            Prior::Weights { weights } => {
                let shares = shares(weights);
                let index = ((at * shares.len() as f64) as usize).min(shares.len() - 1);
                libm::log(shares[index] * shares.len() as f64)
            }
        }
    }

    fn normal(&self, domain: &Domain) -> Option<CutNormal> {
        let Prior::Center { center, confidence } = self else { return None };
        Some(CutNormal::new(domain.encode(center)?, confidence.deviation()))
    }
}

/// Each weight's share, a tenth of all spread evenly.
fn shares(weights: &[f64]) -> Vec<f64> {
    let total: f64 = weights.iter().sum();
    let even = 1.0 / weights.len() as f64;
    weights.iter().map(|weight| (1.0 - UNIFORM) * weight / total + UNIFORM * even).collect()
}

/// A normal distribution cut to the unit interval, a tenth of it uniform.
struct CutNormal {
    mean: f64,
    deviation: f64,
    /// Standard normal probability below the interval, and within it.
    before: f64,
    within: f64,
}

impl CutNormal {
    fn new(mean: f64, deviation: f64) -> CutNormal {
        let before = phi(-mean / deviation);
        CutNormal { mean, deviation, before, within: phi((1.0 - mean) / deviation) - before }
    }

    fn below(&self, u: f64) -> f64 {
        let normal = (phi((u - self.mean) / self.deviation) - self.before) / self.within;
        (1.0 - UNIFORM) * normal + UNIFORM * u
    }

    fn density(&self, u: f64) -> f64 {
        let z = (u - self.mean) / self.deviation;
        let bell = libm::exp(-0.5 * z * z) / (self.deviation * (2.0 * std::f64::consts::PI).sqrt());
        (1.0 - UNIFORM) * bell / self.within + UNIFORM
    }
}

/// The standard normal distribution function. From `libm`, whose digits are the same on every machine.
fn phi(z: f64) -> f64 {
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Scale;

    fn rate() -> Domain {
        Domain::Float { low: 1e-5, high: 0.1, scale: Scale::Log, step: None }
    }

    fn around(center: f64, confidence: Confidence) -> Prior {
        Prior::Center { center: center.into(), confidence }
    }

    #[test]
    fn draws_gather_around_the_center_and_nothing_is_out_of_reach() {
        let prior = around(1e-3, Confidence::High);
        let draws: Vec<f64> = (0..1000).map(|k| prior.quantile(&rate(), (f64::from(k) + 0.5) / 1000.0)).collect();
        assert!(draws.windows(2).all(|pair| pair[0] < pair[1]), "a quantile function rises");
        let near = draws.iter().filter(|u| (*u - 0.5).abs() < 0.125).count();
        // 68 % of nine tenths within one deviation, and a quarter of the uniform tenth.
        assert!((630..=650).contains(&near), "{near}");
        assert!(draws[0] < 0.01 && draws[999] > 0.99);
    }

    #[test]
    fn densities_integrate_to_one_and_quantiles_agree_with_them() {
        for center in [1e-5, 3e-4, 0.1] {
            for (_, confidence) in Confidence::ALL {
                let prior = around(center, confidence);
                let normal = prior.normal(&rate()).unwrap();
                let total: f64 = (0..1000).map(|k| normal.density((f64::from(k) + 0.5) / 1000.0)).sum::<f64>() / 1000.0;
                assert!((total - 1.0).abs() < 1e-5, "{total}");
                for q in [0.1, 0.5, 0.9] {
                    assert!((normal.below(prior.quantile(&rate(), q)) - q).abs() < 1e-12);
                }
            }
        }
    }

    #[test]
    fn weighted_choices_are_drawn_by_their_weights() {
        let domain = Domain::Categorical { choices: vec!["a".into(), "b".into(), "c".into()] };
        let prior = Prior::Weights { weights: vec![8.0, 1.0, 1.0] };
        let drawn = |choice: &str| {
            let is = |k: u32| domain.decode(prior.quantile(&domain, f64::from(k) / 1000.0)) == choice.into();
            (0..1000).filter(|k| is(*k)).count()
        };
        assert_eq!(drawn("a"), 754);
        assert!((122..=124).contains(&drawn("b")) && (122..=124).contains(&drawn("c")));
        let density = prior.ln_density(&domain, &"a".into()).exp();
        assert!((density / 3.0 - (0.9 * 0.8 + 0.1 / 3.0)).abs() < 1e-12);
    }

    #[test]
    fn a_prior_fits_its_domain_or_is_refused() {
        let refused = |prior: Prior, domain: &Domain| prior.fitted(domain).unwrap_err();
        assert_eq!(
            refused(around(1.0, Confidence::Low), &rate()),
            "its `prior` has the center 1, which is not a number from 1e-5 to 0.1"
        );
        let weights = Prior::Weights { weights: vec![1.0] };
        assert_eq!(refused(weights.clone(), &Domain::Bool), "its `prior` has 1 weights, and the choices are 2");
        assert_eq!(refused(weights, &rate()), "its `prior` has weights, which are for choices; give a center");
        let negative = Prior::Weights { weights: vec![1.0, -1.0] };
        assert_eq!(refused(negative, &Domain::Bool), "its `prior` has the weight -1; weights are above 0");
    }
}
