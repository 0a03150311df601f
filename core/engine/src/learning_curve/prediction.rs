//! What is said of a loss that is not there yet: a mixture of normal distributions.

use std::f64::consts::FRAC_1_SQRT_2;

use super::scale::Scale;

/// Parts that weigh less are left out.
const LIGHT: f64 = 1e-3;

/// Deviations from all means beyond which nothing is.
const FAR: f64 = 8.5;

/// Halvings of an interval until a quantile is found in it.
const HALVINGS: usize = 40;

/// A normal distribution in a mixture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) weight: f64,
    pub(super) mean: f64,
    pub(super) deviation: f64,
}

/// On the model's own scale.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mixture {
    parts: Vec<Part>,
}

impl Mixture {
    /// Of parts whose weights are logarithms up to a constant.
    pub(super) fn of_logarithms(mut parts: Vec<Part>) -> Mixture {
        let most = parts.iter().map(|part| part.weight).fold(f64::NEG_INFINITY, f64::max);
        for part in &mut parts {
            part.weight = libm::exp(part.weight - most);
        }
        let total: f64 = parts.iter().map(|part| part.weight).sum();
        parts.retain(|part| part.weight > LIGHT * total);
        let total: f64 = parts.iter().map(|part| part.weight).sum();
        for part in &mut parts {
            part.weight /= total;
        }
        Mixture { parts }
    }

    /// One number for sure.
    pub(super) fn sure(value: f64) -> Mixture {
        Mixture { parts: vec![Part { weight: 1.0, mean: value, deviation: 0.0 }] }
    }

    pub(super) fn mean(&self) -> f64 {
        self.parts.iter().map(|part| part.weight * part.mean).sum()
    }

    /// As wide as before times this, around the same mean.
    pub(super) fn widened(mut self, factor: f64) -> Mixture {
        let center = self.mean();
        for part in &mut self.parts {
            part.mean = center + factor * (part.mean - center);
            part.deviation *= factor;
        }
        self
    }

    /// The probability of less than this.
    pub(super) fn below(&self, value: f64) -> f64 {
        let of_part = |part: &Part| {
            if part.deviation > 0.0 {
                part.weight * 0.5 * libm::erfc((part.mean - value) / part.deviation * FRAC_1_SQRT_2)
            } else if value > part.mean {
                part.weight
            } else {
                0.0
            }
        };
        self.parts.iter().map(of_part).sum::<f64>().min(1.0)
    }

    /// What is undercut with this probability.
    pub(super) fn quantile(&self, probability: f64) -> f64 {
        let end = |far: f64, pick: fn(f64, f64) -> f64| {
            self.parts.iter().map(|part| part.mean + far * part.deviation).reduce(pick).unwrap_or(0.0)
        };
        let (mut low, mut high) = (end(-FAR, f64::min), end(FAR, f64::max));
        for _ in 0..HALVINGS {
            let middle = low + 0.5 * (high - low);
            if self.below(middle) < probability {
                low = middle;
            } else {
                high = middle;
            }
        }
        low + 0.5 * (high - low)
    }
}

/// What a trial's last loss will be, or its best, as far as its first losses and finished trials say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Prediction {
    pub(super) mixture: Mixture,
    /// What the loss is not above: the best so far, or what no curve has come near.
    pub(super) ceiling: f64,
    /// `None`: losses are what they are.
    pub(super) scale: Option<Scale>,
}

impl Prediction {
    /// This loss, for sure.
    pub(super) fn sure(loss: f64) -> Prediction {
        Prediction { mixture: Mixture::sure(loss), ceiling: f64::INFINITY, scale: None }
    }

    /// The loss that is undercut with this probability.
    pub(crate) fn quantile(&self, probability: f64) -> f64 {
        self.loss(self.mixture.quantile(probability))
    }

    /// The probability of a loss below this one.
    pub(crate) fn probability_below(&self, loss: f64) -> f64 {
        if loss > self.ceiling { 1.0 } else { self.mixture.below(self.scale.map_or(loss, |scale| scale.apply(loss))) }
    }

    fn loss(&self, value: f64) -> f64 {
        self.scale.map_or(value, |scale| scale.invert(value)).min(self.ceiling)
    }
}
