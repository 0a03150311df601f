//! The margin: numbers in cells never freeze, since the chance to leave the cell of the mean is kept above a bound.
//!
//! Hamano, Saito, Nomura and Shirakawa, "CMA-ES with margin: lower-bounding marginal probability for mixed-integer black-box
//! optimization", GECCO 2022, section 4: where the mean is in the first or the last cell it is moved, elsewhere it is moved
//! and the deviation changed so that both sides get their share.

use std::f64::consts::FRAC_1_SQRT_2;

/// Mean and deviation of one coordinate, corrected so that a draw leaves the mean's cell with a probability of at least
/// `least`, to each side with half of it where there are two.
pub(super) fn corrected(ends: &[f64], mean: f64, deviation: f64, least: f64) -> (f64, f64) {
    let cells = ends.len() - 1;
    if cells < 2 {
        return (mean, deviation);
    }
    let cell = cell_of(ends, mean);
    let (low, high) = (ends[cell], ends[cell + 1]);
    if cell == 0 || cell + 1 == cells {
        // The other cells lie beyond one end of this one, and the mean is at most so far from it.
        let reach = -quantile(least) * deviation;
        let mean = if cell == 0 { mean.max(high - reach) } else { mean.min(low + reach) };
        return (mean, deviation);
    }
    let half = 0.5 * least;
    let below = phi((low - mean) / deviation).max(half);
    let above = phi((mean - high) / deviation).max(half);
    let within = (1.0 - phi((low - mean) / deviation) - phi((mean - high) / deviation)).max(half);
    // What was added is taken from all of them, so far as they are above the bound.
    let excess = (1.0 - below - above - within) / (below + above + within - 3.0 * half);
    let share = |p: f64| quantile((p + excess * (p - half)).clamp(half, 0.5));
    let (below, above) = (-share(below), -share(above));
    if below + above <= 0.0 {
        return (mean, deviation);
    }
    ((low * above + high * below) / (below + above), (high - low) / (below + above))
}

/// The cell of a place among cells with these ends.
pub(super) fn cell_of(ends: &[f64], at: f64) -> usize {
    ends[1..ends.len() - 1].iter().filter(|end| **end <= at).count()
}

/// A place within a cell where a share `u` of the normal distribution's part in that cell lies below it.
pub(super) fn within_cell(low: f64, high: f64, mean: f64, deviation: f64, u: f64) -> f64 {
    let (a, b) = ((low - mean) / deviation, (high - mean) / deviation);
    // From the nearer tail, which has the digits.
    let at = if a > 0.0 {
        let (from, to) = (phi(-b), phi(-a));
        -quantile(to - u * (to - from))
    } else {
        let (from, to) = (phi(a), phi(b));
        quantile(from + u * (to - from))
    };
    (mean + deviation * at).clamp(low, high)
}

/// The standard normal distribution function.
fn phi(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

/// Its inverse, by halving.
fn quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-38.0, 38.0);
    for _ in 0..56 {
        let middle = 0.5 * (low + high);
        if phi(middle) < p { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_leaves_the_cell_with_the_least_probability() {
        let ends: Vec<f64> = (0..=5).map(|k| f64::from(k) / 5.0).collect();
        for mean in [0.01, 0.19, 0.3, 0.39, 0.5, 0.99] {
            for deviation in [1e-9, 1e-3, 0.1, 1.0] {
                let (at, s) = corrected(&ends, mean, deviation, 0.05);
                let cell = cell_of(&ends, mean);
                assert_eq!(cell_of(&ends, at), cell, "the mean stays in its cell: {mean} {deviation}");
                let below = if cell == 0 { 0.0 } else { phi((ends[cell] - at) / s) };
                let above = if cell == 4 { 0.0 } else { phi((at - ends[cell + 1]) / s) };
                assert!(below + above >= 0.05 - 1e-9, "{mean} {deviation}: {below} {above}");
                assert!(cell == 0 || cell == 4 || below.min(above) >= 0.025 - 1e-9, "{mean} {deviation}");
            }
        }
        assert_eq!(corrected(&[0.0, 1.0], 0.3, 0.1, 0.05), (0.3, 0.1));
    }

    #[test]
    fn places_within_a_cell_are_in_it_and_ascend() {
        for (mean, deviation) in [(0.5, 0.1), (0.1, 1e-3), (0.9, 0.02), (0.45, 1e-6)] {
            let places: Vec<f64> = (0..9).map(|k| within_cell(0.4, 0.6, mean, deviation, f64::from(k) / 8.0)).collect();
            assert!(places.iter().all(|at| (0.4..=0.6).contains(at)), "{places:?}");
            assert!(places.windows(2).all(|pair| pair[0] <= pair[1]), "{places:?}");
        }
    }
}
