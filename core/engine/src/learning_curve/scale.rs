//! Losses as numbers of ordinary size.
//!
//! What is learned is learned of `u = (loss - floor) / spread`, where the floor is a good last loss and the spread says how far a
//! middling one is above it: adding to all losses or multiplying them changes nothing. Above the floor it is learned of `ln(1 + u)`,
//! because differences between losses grow with their height above it: those of good curves are small, and a curve that blew up is far
//! off but a number. Below it, where a new best would be, of u itself.

/// The good last loss and the middling one, as shares of finished curves.
const GOOD: f64 = 0.1;
const MIDDLING: f64 = 0.5;

/// The spread is at least this share of what losses differ in at all.
const NARROW: f64 = 0.03;

/// Spreads below the floor beyond which losses are drawn in: a new best that is so much better is none.
const DEPTH: f64 = 1e3;

/// Differences of this share of the numbers are rounding.
const ROUNDING: f64 = 1e-13;

/// The farthest logarithm that a loss is made of.
const FARTHEST: f64 = 600.0;

/// A rising function of the loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// Of a quarter of the loss, like `spread`: the difference of any two then is a number.
    floor: f64,
    spread: f64,
}

impl Scale {
    /// For these losses, of which these are the last ones of their curves; `None` where they do not differ.
    pub(super) fn of(losses: &[f64], lasts: &[f64]) -> Option<Scale> {
        let (losses, lasts) = (sorted(losses), sorted(lasts));
        // The distance between the quartiles of a normal distribution is 1.349 deviations. Where most losses are the same, that of
        // the others counts.
        let ranges = [(0.25, 0.75, 1.349), (0.05, 0.95, 3.29), (0.0, 1.0, 4.0)];
        let whole = ranges.into_iter().find_map(|(low, high, deviations)| {
            let (low, high) = (quantile(&losses, low)?, quantile(&losses, high)?);
            let spread = (high - low) / deviations;
            (spread > ROUNDING * low.abs().max(high.abs())).then_some(spread)
        })?;
        let floor = quantile(&lasts, GOOD)?;
        let above = quantile(&lasts, MIDDLING)? - floor;
        Some(Scale { floor, spread: above.max(NARROW * whole).max(f64::MIN_POSITIVE) })
    }

    /// What a loss is on the scale.
    pub(super) fn apply(&self, loss: f64) -> f64 {
        let height = ((0.25 * loss - self.floor) / self.spread).clamp(-f64::MAX, f64::MAX);
        if height > 0.0 {
            libm::log1p(height)
        } else if height < -DEPTH {
            -DEPTH - libm::log1p(-DEPTH - height)
        } else {
            height
        }
    }

    /// The loss that is this number.
    pub(super) fn invert(&self, value: f64) -> f64 {
        let height = if value > 0.0 {
            libm::expm1(value.min(FARTHEST))
        } else if value < -DEPTH {
            -DEPTH - libm::expm1((-DEPTH - value).min(FARTHEST))
        } else {
            value
        };
        (4.0 * (self.floor + self.spread * height)).clamp(-f64::MAX, f64::MAX)
    }
}

/// Quarters of them, in order.
fn sorted(losses: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = losses.iter().map(|loss| 0.25 * loss).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let index = (sorted.len().saturating_sub(1) as f64 * share).round() as usize;
    sorted.get(index).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_the_order_and_come_back() {
        let losses = [f64::MIN, -1e9, -2.0, 0.09, 0.1, 0.3, 5.0, 1e6, 1e100, f64::MAX];
        let scale = Scale::of(&[0.1, 0.2, 0.5, 1.0, 2.0, 3.0], &[0.1, 0.2, 0.3]).unwrap();
        let values = losses.map(|loss| scale.apply(loss));
        assert!(values.windows(2).all(|pair| pair[0] < pair[1]), "{values:?}");
        assert!(values.iter().all(|value| value.abs() < 1e4), "{values:?}");
        for (loss, value) in losses.into_iter().zip(values).skip(1).take(7) {
            assert!((scale.invert(value) / loss - 1.0).abs() < 1e-9, "{loss} becomes {}", scale.invert(value));
        }
    }

    #[test]
    fn losses_that_differ_by_rounding_have_no_scale() {
        assert_eq!(Scale::of(&[0.7, 0.7, 0.7 + 1e-16], &[0.7]), None);
        assert_eq!(Scale::of(&[], &[]), None);
        assert!(Scale::of(&[0.7, 0.7, 0.7, 0.7, 0.8], &[0.7, 0.7]).is_some());
        assert!(Scale::of(&[f64::MIN, f64::MAX], &[f64::MIN]).is_some());
    }
}
