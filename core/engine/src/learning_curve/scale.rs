//! Losses as numbers of ordinary size.
//!
//! Whatever is learned is learned of `(loss - center) / spread`, both taken robustly from finished curves, so that adding to all losses
//! or multiplying them changes nothing. Far out on the bad side numbers are drawn in logarithmically: of a curve that blew up it
//! matters that it did, not how far.

/// Spreads above the center beyond which losses are drawn in, at least; nine tenths of all are never.
const TAIL: f64 = 3.0;

/// Spreads below the center beyond which they are: a new best that is so much better is none.
const DEPTH: f64 = 1e3;

/// Differences of this share of the numbers are rounding.
const ROUNDING: f64 = 1e-13;

/// The farthest logarithm that a loss is made of.
const FARTHEST: f64 = 600.0;

/// A rising function of the loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// Of a quarter of the loss, like `spread`: the difference of any two then is a number.
    center: f64,
    spread: f64,
    tail: f64,
}

impl Scale {
    /// For these losses around this one; `None` where they do not differ.
    pub(super) fn of(losses: &[f64], center: f64) -> Option<Scale> {
        let mut sorted: Vec<f64> = losses.iter().map(|loss| 0.25 * loss).collect();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (*sorted.first()?, *sorted.last()?);
        let quantile = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
        // The distance between the quartiles of a normal distribution is 1.349 deviations. Where most losses are the same, that of
        // the others counts.
        let ranges = [(0.25, 0.75, 1.349), (0.05, 0.95, 3.29), (0.0, 1.0, 4.0)];
        let spread = ranges.into_iter().find_map(|(low, high, deviations)| {
            let (low, high) = (quantile(low), quantile(high));
            let spread = (high - low) / deviations;
            (spread > ROUNDING * low.abs().max(high.abs())).then_some(spread)
        })?;
        let center = (0.25 * center).clamp(least, most);
        Some(Scale { center, spread, tail: TAIL.max((quantile(0.9) - center) / spread) })
    }

    /// What a loss is on the scale.
    pub(super) fn apply(&self, loss: f64) -> f64 {
        let value = ((0.25 * loss - self.center) / self.spread).clamp(-f64::MAX, f64::MAX);
        if value > self.tail {
            self.tail + libm::log1p(value - self.tail)
        } else if value < -DEPTH {
            -DEPTH - libm::log1p(-DEPTH - value)
        } else {
            value
        }
    }

    /// The loss that is this number.
    pub(super) fn invert(&self, value: f64) -> f64 {
        let value = if value > self.tail {
            self.tail + libm::expm1((value - self.tail).min(FARTHEST))
        } else if value < -DEPTH {
            -DEPTH - libm::expm1((-DEPTH - value).min(FARTHEST))
        } else {
            value
        };
        (4.0 * (self.center + self.spread * value)).clamp(-f64::MAX, f64::MAX)
    }
}
