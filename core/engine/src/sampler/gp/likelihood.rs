//! How well hyperparameters explain the data: the logarithm of the posterior density, negated, and its gradient.

use faer::{Mat, MatRef};

use super::super::loops::dot;
use super::axes::{Axis, Columns};
use super::kernel::{Kernel, correlations_and_slopes, squared_distances, weighted_distance};
use super::{CHOSEN, matrix};

/// What is known: points, their values, and how sure these are.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Data {
    /// The points.
    pub(super) points: Columns,
    /// A value for each, of mean 0 and variance 1 or nearly so.
    pub(super) targets: Vec<f64>,
    /// How many measurements each is the mean of.
    pub(super) replicates: Vec<f64>,
    /// Variance of each beyond the noise of its measurements: of a value that is a prediction.
    pub(super) variances: Vec<f64>,
    /// How many coordinates a point has, on average: in a space with conditions fewer than there are axes.
    pub(super) dimension: f64,
}

impl Data {
    pub(super) fn new(axes: usize) -> Data {
        let (targets, replicates, variances) = Default::default();
        Data { points: Columns::new(axes), targets, replicates, variances, dimension: axes as f64 }
    }

    pub(super) fn len(&self) -> usize {
        self.targets.len()
    }

    pub(super) fn push(&mut self, row: &[f64], target: f64, replicates: f64, variance: f64) {
        self.points.push(row);
        self.targets.push(target);
        self.replicates.push(replicates);
        self.variances.push(variance);
    }

    /// These of the points.
    pub(super) fn subset(&self, chosen: &[usize]) -> Data {
        let mut data = Data::new(self.points.columns().len());
        data.dimension = self.dimension;
        for k in chosen {
            data.push(&self.points.row(*k), self.targets[*k], self.replicates[*k], self.variances[*k]);
        }
        data
    }

    /// The newest, as many as a model holds.
    pub(super) fn newest(&self) -> Data {
        let first = self.len().saturating_sub(CHOSEN.iter().sum());
        self.subset(&(first..self.len()).collect::<Vec<_>>())
    }

    /// Variance of each value around the function, where one measurement has this one.
    pub(super) fn noise(&self, noise: f64) -> impl Iterator<Item = f64> {
        self.replicates.iter().zip(&self.variances).map(move |(replicates, variance)| noise / replicates + variance)
    }
}

/// A kernel's scales and the variance of a measurement, as they are fitted: all by their logarithms.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hyperparameters {
    /// The kernel.
    pub(super) kernel: Kernel,
    /// Variance of one measurement.
    pub(super) noise: f64,
}

impl Hyperparameters {
    /// From the logarithms of the length scales, of the kernel's variance, and of the noise.
    pub(super) fn of(logarithms: &[f64]) -> Hyperparameters {
        let axes = logarithms.len() - 2;
        let weights = logarithms[..axes].iter().map(|ln| libm::exp(-2.0 * ln)).collect();
        let kernel = Kernel { scale: libm::exp(logarithms[axes]), weights };
        Hyperparameters { kernel, noise: libm::exp(logarithms[axes + 1]) }
    }
}

/// Logarithms beyond these say nothing that nearer ones do not, and lead to numbers without end.
const FARTHEST: f64 = 24.0;

/// The least variance of a measurement, of values whose variance is 1: what the arithmetic needs.
pub(super) const NOISE_FLOOR: f64 = 1e-6;

/// The negated logarithm of the posterior density, evaluated again and again on the same data.
pub(super) struct Likelihood<'a> {
    axes: &'a [Axis],
    data: &'a Data,
    factor: Mat<f64>,
    slopes: Mat<f64>,
    inverse: Mat<f64>,
    scratch: Mat<f64>,
}

impl<'a> Likelihood<'a> {
    pub(super) fn new(axes: &'a [Axis], data: &'a Data) -> Likelihood<'a> {
        let square = || Mat::zeros(data.len(), data.len());
        Likelihood { axes, data, factor: square(), slopes: square(), inverse: square(), scratch: square() }
    }

    /// The value and its gradient after the logarithms (see [`Hyperparameters::of`]); `None` where the arithmetic fails.
    ///
    /// With `W = α αᵀ - K⁻¹` the gradient after a hyperparameter θ is `-½ tr(W dK/dθ)` (Rasmussen and Williams, equation
    /// 5.9). The mean is the one that generalised least squares gives, `m = 1ᵀK⁻¹y / 1ᵀK⁻¹1`; the value has its minimum
    /// there, so that the gradient has no term for it.
    pub(super) fn evaluate(&mut self, logarithms: &[f64]) -> Option<(f64, Vec<f64>)> {
        if logarithms.iter().any(|ln| ln.is_nan() || ln.abs() > FARTHEST) {
            return None;
        }
        let Hyperparameters { kernel: Kernel { scale, weights }, noise } = Hyperparameters::of(logarithms);
        let n = self.data.len();
        for (j, at) in (0..n).map(|j| (j, self.data.points.row(j))) {
            let correlation = &mut self.factor.col_as_slice_mut(j)[j..];
            let slope = &mut self.slopes.col_as_slice_mut(j)[j..];
            squared_distances(self.axes, &weights, &self.data.points, j, &at, correlation);
            correlations_and_slopes(correlation, slope);
            correlation.iter_mut().for_each(|value| *value *= scale);
        }
        for (j, variance) in self.data.noise(noise + NOISE_FLOOR).enumerate() {
            self.factor[(j, j)] += variance;
        }
        if !matrix::factor(&mut self.factor) {
            return None;
        }
        let factor = self.factor.as_ref();
        let (_, alpha, centred) = centred_weights(factor, &self.data.targets);
        let ln_determinant: f64 = (0..n).map(|i| libm::log(factor[(i, i)])).sum();
        let mut value = 0.5 * dot(&centred, &alpha) + ln_determinant;

        matrix::inverse(factor, &mut self.scratch, &mut self.inverse);
        let axes = self.axes.len();
        let mut gradient = vec![0.0; axes + 2];
        // tr(W K) is αᵀKα - n, and K is the kernel's part and the noise's.
        let mut kernel_part = dot(&centred, &alpha) - n as f64;
        let noises = self.data.replicates.iter().map(|replicates| noise / replicates);
        for ((j, variance), noise) in self.data.noise(noise + NOISE_FLOOR).enumerate().zip(noises) {
            // From here on the column of the inverse holds W times the slope.
            let w = &mut self.inverse.col_as_slice_mut(j)[j..];
            let slopes = &self.slopes.col_as_slice(j)[j..];
            let diagonal = alpha[j] * alpha[j] - w[0];
            kernel_part -= diagonal * variance;
            gradient[axes + 1] -= 0.5 * diagonal * noise;
            for ((w, alpha_i), slope) in w.iter_mut().zip(&alpha[j..]).zip(slopes) {
                *w = (alpha_i * alpha[j] - *w) * slope;
            }
            let terms = &w[1..];
            for ((gradient, axis), column) in gradient.iter_mut().zip(self.axes).zip(self.data.points.columns()) {
                *gradient -= weighted_distance(*axis, &column[j + 1..], column[j], terms);
            }
        }
        for (gradient, weight) in gradient.iter_mut().zip(&weights) {
            *gradient *= 5.0 / 3.0 * scale * weight;
        }
        gradient[axes] = -0.5 * kernel_part;

        for ((ln, gradient), axis) in logarithms.iter().zip(&mut gradient).zip(self.axes) {
            let (penalty, slope) = length_penalty(*ln, *axis, self.data.dimension);
            value += penalty;
            *gradient += slope;
        }
        // Gamma(2, 1) for the kernel's variance, Gamma(1.1, 30) for the noise's.
        value += scale - logarithms[axes];
        gradient[axes] += scale - 1.0;
        value += 30.0 * noise - 0.1 * logarithms[axes + 1];
        gradient[axes + 1] += 30.0 * noise - 0.1;
        (value.is_finite() && gradient.iter().all(|part| part.is_finite())).then_some((value, gradient))
    }
}

/// The negated logarithm of a log-normal density in l (not in ln l), and its derivative after ln l.
///
/// Of Hvarfner, Hellsten and Nardi, "Vanilla Bayesian optimization performs great in high dimensions" (ICML 2024): the more
/// coordinates a point has, the longer the lengths, so that distances stay what they are. Two choices are at most 1 apart however many
/// coordinates there are, and keep the prior of one dimension.
fn length_penalty(ln: f64, axis: Axis, dimension: f64) -> (f64, f64) {
    const VARIANCE: f64 = 3.0;
    let dimension = if matches!(axis, Axis::Number) { dimension } else { 1.0 };
    let off = ln - (std::f64::consts::SQRT_2 + 0.5 * libm::log(dimension));
    (off * off / (2.0 * VARIANCE) + ln, off / VARIANCE + 1.0)
}

/// The mean of the process by generalised least squares, and `(K⁻¹(y - m), y - m)`.
pub(super) fn centred_weights(factor: MatRef<'_, f64>, targets: &[f64]) -> (f64, Vec<f64>, Vec<f64>) {
    let ones = matrix::solve(factor, &vec![1.0; targets.len()]);
    let mean = dot(&ones, targets) / ones.iter().sum::<f64>();
    let centred: Vec<f64> = targets.iter().map(|target| target - mean).collect();
    (mean, matrix::solve(factor, &centred), centred)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{axes_of, data};
    use super::*;

    /// Against central differences: the error over the norm of the gradient.
    #[test]
    fn the_gradient_is_the_derivative() {
        for (n, axes) in [(8, 1), (30, 4), (120, 9)] {
            let axes = axes_of(axes);
            let data = data(&axes, n);
            let mut likelihood = Likelihood::new(&axes, &data);
            for at in 0..3 {
                let logarithms: Vec<f64> = (0..axes.len() + 2)
                    .map(|k| -0.6 + 0.3 * f64::from(at) + 0.1 * k as f64 - if k > axes.len() { 3.0 } else { 0.0 })
                    .collect();
                let (_, gradient) = likelihood.evaluate(&logarithms).unwrap();
                let difference: Vec<f64> = (0..logarithms.len())
                    .map(|k| {
                        let h = 1e-5;
                        let mut moved = |by: f64| {
                            let mut moved = logarithms.clone();
                            moved[k] += by;
                            likelihood.evaluate(&moved).unwrap().0
                        };
                        // Of the fourth order.
                        (8.0 * (moved(h) - moved(-h)) - (moved(2.0 * h) - moved(-2.0 * h))) / (12.0 * h)
                    })
                    .collect();
                let norm = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
                let error: Vec<f64> = gradient.iter().zip(&difference).map(|(a, b)| a - b).collect();
                assert!(norm(&error) < 1e-6 * norm(&gradient), "{n} points: {gradient:?} {difference:?}");
            }
        }
    }
}
