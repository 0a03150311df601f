//! The kernel: a Matérn-5/2 function of the distance between two points, each axis with its own length scale.
//!
//! `k(x, x') = s (1 + a + a²/3) exp(-a)` with `a = sqrt(5 r²)` and `r² = Σ_j w_j d_j²`, `w_j = 1/l_j²`. Along a number
//! `d_j` is a difference, of choices it is 0 where they are equal and 1 where they are not (Rasmussen and Williams,
//! "Gaussian Processes for Machine Learning", 2006, section 4.2).
//!
//! Everything here is a loop over contiguous numbers without branches, see [`loops`](super::super::loops).

use super::super::loops::{exp_of_negative, sum};
use super::axes::{Axis, Columns};

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
