//! The kernel: a Matérn-5/2 function of the distance between two points, each axis with its own length scale.
//!
//! `k(x, x') = s (1 + a + a²/3) exp(-a)` with `a = sqrt(5 r²)` and `r² = Σ_j w_j d_j²`, `w_j = 1/l_j²`. Along a number
//! `d_j` is a difference, of choices it is 0 where they are equal and 1 where they are not (Rasmussen and Williams,
//! "Gaussian Processes for Machine Learning", 2006, section 4.2).
//!
//! Everything here is a loop over contiguous numbers without branches. [`pulp`] compiles them for the instructions that a
//! machine has; sums are made in eight fixed parts, so that the digits do not depend on which these are.

use super::axes::{Axis, Columns};

/// Which part of a sum a term belongs to.
const LANES: usize = 8;

/// A kernel with its scales.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kernel {
    /// The prior variance.
    pub(super) scale: f64,
    /// One over the squared length scale of each axis.
    pub(super) weights: Vec<f64>,
}

/// The squared difference along each axis, weighed and added up: `out[i]` is r² between point i and `at`.
pub(super) fn squared_distances(
    axes: &[Axis],
    weights: &[f64],
    points: &Columns,
    first: usize,
    at: &[f64],
    out: &mut [f64],
) {
    out.fill(0.0);
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for (((axis, weight), column), at) in axes.iter().zip(weights).zip(points.columns()).zip(at) {
                let column = &column[first..first + out.len()];
                match axis {
                    Axis::Number => {
                        for (out, x) in out.iter_mut().zip(column) {
                            let difference = x - at;
                            *out += weight * difference * difference;
                        }
                    }
                    Axis::Choice { .. } => {
                        for (out, x) in out.iter_mut().zip(column) {
                            *out += if x == at { 0.0 } else { *weight };
                        }
                    }
                }
            }
        },
    );
}

/// Turns r² into the correlation.
pub(super) fn correlations(values: &mut [f64]) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for value in values {
                let a = (5.0 * *value).sqrt();
                *value = (1.0 + a + a * a * (1.0 / 3.0)) * exp_of_negative(-a);
            }
        },
    );
}

/// Turns r² into the correlation, and writes its derivative after r², times -6/5, which is `(1 + a) exp(-a)`.
pub(super) fn correlations_and_slopes(values: &mut [f64], slopes: &mut [f64]) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for (value, slope) in values.iter_mut().zip(slopes) {
                let a = (5.0 * *value).sqrt();
                let e = exp_of_negative(-a);
                *slope = (1.0 + a) * e;
                *value = (1.0 + a + a * a * (1.0 / 3.0)) * e;
            }
        },
    );
}

/// Σ_i terms[i] d(i, at)² along one axis, without its weight.
pub(super) fn weighted_distance(axis: Axis, column: &[f64], at: f64, terms: &[f64]) -> f64 {
    match axis {
        Axis::Number => sum(
            column,
            terms,
            #[inline(always)]
            |x, term| term * (x - at) * (x - at),
        ),
        Axis::Choice { .. } => sum(
            column,
            terms,
            #[inline(always)]
            |x, term| if x == at { 0.0 } else { term },
        ),
    }
}

/// Σ_i terms[i] (at - x_i).
pub(super) fn weighted_difference(column: &[f64], at: f64, terms: &[f64]) -> f64 {
    sum(
        column,
        terms,
        #[inline(always)]
        |x, term| term * (at - x),
    )
}

/// Σ_i a[i] b[i].
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    sum(
        a,
        b,
        #[inline(always)]
        |a, b| a * b,
    )
}

#[inline(always)]
fn sum(a: &[f64], b: &[f64], term: impl Fn(f64, f64) -> f64) -> f64 {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            let mut parts = [0.0; LANES];
            let (a_chunks, a_rest) = a.as_chunks::<LANES>();
            let (b_chunks, b_rest) = b.as_chunks::<LANES>();
            for (a, b) in a_chunks.iter().zip(b_chunks) {
                for lane in 0..LANES {
                    parts[lane] += term(a[lane], b[lane]);
                }
            }
            for ((part, a), b) in parts.iter_mut().zip(a_rest).zip(b_rest) {
                *part += term(*a, *b);
            }
            parts.iter().sum()
        },
    )
}

/// exp for numbers that are not positive, without a branch; what would be below 1e-304 is about 1e-304.
///
/// `x = k ln 2 + r`, `exp(x) = 2^k exp(r)`, and exp(r) is its Taylor polynomial, whose error is below 2e-16 for |r| up to
/// ln(2)/2.
#[inline(always)]
fn exp_of_negative(x: f64) -> f64 {
    const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    /// Adding it rounds to a whole number, which then stands in the lowest bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const TAYLOR: [f64; 13] = [
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ];
    let x = if x > -700.0 { x } else { -700.0 };
    let rounded = x * std::f64::consts::LOG2_E + ROUND;
    let k = rounded - ROUND;
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    let mut value = TAYLOR[0];
    for coefficient in &TAYLOR[1..] {
        value = value * r + coefficient;
    }
    f64::from_bits(value.to_bits().wrapping_add(rounded.to_bits() << 52))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_exp() {
        for step in 0..70_000 {
            let x = -f64::from(step) / 100.0;
            let (ours, exact) = (exp_of_negative(x), libm::exp(x));
            assert!((ours - exact).abs() <= 4e-16 * exact, "exp({x}) = {exact}, not {ours}");
        }
    }

    #[test]
    fn the_slope_is_the_derivative() {
        for r2 in [1e-12, 1e-4, 0.3, 2.0, 50.0] {
            let h = 1e-5 * r2;
            let k = |r2: f64| {
                let mut value = [r2];
                correlations(&mut value);
                value[0]
            };
            let (mut value, mut slope) = ([r2], [0.0]);
            correlations_and_slopes(&mut value, &mut slope);
            assert_eq!(value[0], k(r2));
            let difference = (k(r2 + h) - k(r2 - h)) / (2.0 * h);
            // For the smallest r² the difference of two numbers near 1 has few digits.
            assert!(
                (difference + slope[0] * 5.0 / 6.0).abs() < 1e-5_f64.max(1e-16 / h),
                "{r2}: {difference} {}",
                slope[0]
            );
        }
    }

    #[test]
    fn sums_have_all_terms() {
        for n in 0..40 {
            let a: Vec<f64> = (0..n).map(f64::from).collect();
            assert_eq!(dot(&a, &a), a.iter().map(|x| x * x).sum::<f64>());
        }
    }
}
