//! What the process says about points that were not measured.

use faer::{Mat, MatRef};

use super::super::loops::dot;
use super::axes::{Axis, Columns, Row};
use super::kernel::{correlations, correlations_and_slopes, squared_distances, weighted_difference};
use super::likelihood::{Data, Hyperparameters, NOISE_FLOOR, centred_weights};
use super::matrix;

/// A Gaussian process given data.
#[derive(Clone, Debug)]
pub(super) struct Posterior<'a> {
    pub(super) axes: &'a [Axis],
    pub(super) fitted: Hyperparameters,
    pub(super) points: Columns,
    /// The Cholesky factor of the covariance of the measurements, below the diagonal.
    factor: Mat<f64>,
    /// Weights of the measurements in the mean; one set for each fantasy.
    weights: Mat<f64>,
    mean: f64,
}

/// Mean of each fantasy and deviation at one point.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Belief {
    /// One for each fantasy.
    pub(super) means: Vec<f64>,
    pub(super) deviation: f64,
}

/// Kernels between a batch of points and those measured.
pub(super) struct Cross {
    /// A column for each point of the batch.
    pub(super) covariances: Mat<f64>,
    /// `(1 + a) exp(-a)`, see the kernel.
    slopes: Option<Mat<f64>>,
    /// L⁻¹ times the covariances.
    solved: Mat<f64>,
}

impl<'a> Posterior<'a> {
    /// The process given the data. The noise is raised tenfold as long as the arithmetic fails.
    pub(super) fn new(axes: &'a [Axis], data: &Data, mut fitted: Hyperparameters) -> Posterior<'a> {
        loop {
            let variances: Vec<f64> = data.noise(fitted.noise + NOISE_FLOOR).collect();
            let mut factor = covariance(axes, &fitted, &data.points, &variances);
            if matrix::factor(&mut factor) {
                let (mean, weights, _) = centred_weights(factor.as_ref(), &data.targets);
                let weights = Mat::from_fn(weights.len(), 1, |i, _| weights[i]);
                return Posterior { axes, fitted, points: data.points.clone(), factor, weights, mean };
            }
            fitted.noise = 10.0 * (fitted.noise + NOISE_FLOOR);
        }
    }

    /// How many means there are.
    pub(super) fn fantasies(&self) -> usize {
        self.weights.ncols()
    }

    pub(super) fn cross(&self, batch: &[Row], with_slopes: bool) -> Cross {
        let n = self.points.len();
        let mut covariances = Mat::zeros(n, batch.len());
        let mut slopes = with_slopes.then(|| Mat::zeros(n, batch.len()));
        let kernel = &self.fitted.kernel;
        for (b, at) in batch.iter().enumerate() {
            let column = covariances.col_as_slice_mut(b);
            squared_distances(self.axes, &kernel.weights, &self.points, 0, at, column);
            match &mut slopes {
                Some(slopes) => correlations_and_slopes(column, slopes.col_as_slice_mut(b)),
                None => correlations(column),
            }
            column.iter_mut().for_each(|value| *value *= kernel.scale);
        }
        let mut solved = covariances.clone();
        matrix::solve_lower(self.factor.as_ref(), &mut solved);
        Cross { covariances, slopes, solved }
    }

    /// Means and deviations of the function (not of measurements) at the points of a batch.
    pub(super) fn beliefs(&self, cross: &Cross) -> Vec<Belief> {
        let products = matrix::transposed_product(self.weights.as_ref(), cross.covariances.as_ref());
        let scale = self.fitted.kernel.scale;
        (0..cross.covariances.ncols())
            .map(|b| {
                let solved = cross.solved.col_as_slice(b);
                let variance = (scale - dot(solved, solved)).max(1e-12 * scale);
                let means = products.col_as_slice(b).iter().map(|product| self.mean + product).collect();
                Belief { means, deviation: variance.sqrt() }
            })
            .collect()
    }

    /// The gradients of `Σ_m shares[(m, b)] mean_m + of_deviations[b] deviation`, for each point b of a batch that was crossed
    /// with slopes. Along choices they are 0.
    pub(super) fn gradients(
        &self,
        batch: &[Row],
        cross: Cross,
        beliefs: &[Belief],
        shares: MatRef<'_, f64>,
        of_deviations: &[f64],
    ) -> Vec<Row> {
        let Cross { slopes, mut solved, .. } = cross;
        let Some(mut slopes) = slopes else { return vec![vec![0.0; self.axes.len()]; batch.len()] };
        matrix::solve_upper(self.factor.as_ref(), &mut solved);
        let of_means = matrix::product(self.weights.as_ref(), shares);
        let kernel = &self.fitted.kernel;
        let gradient = |(b, at): (usize, &Row)| {
            // What the value changes by where the covariance with a measurement does: d deviation = -(K⁻¹k)ᵀ dk / deviation.
            let terms = slopes.col_as_slice_mut(b);
            let by_deviation = of_deviations[b] / beliefs[b].deviation;
            for ((term, solved), of_mean) in terms.iter_mut().zip(solved.col_as_slice(b)).zip(of_means.col_as_slice(b))
            {
                *term *= of_mean - by_deviation * solved;
            }
            let along = |(((axis, points), weight), at): (((&Axis, &Vec<f64>), &f64), &f64)| match axis {
                Axis::Number => -5.0 / 3.0 * kernel.scale * weight * weighted_difference(points, *at, terms),
                Axis::Choice { .. } => 0.0,
            };
            self.axes.iter().zip(self.points.columns()).zip(&kernel.weights).zip(at).map(along).collect()
        };
        batch.iter().enumerate().map(gradient).collect()
    }

    /// Joint draws of the function at `rows`: for each set of standard normal numbers, one number a row, the values there.
    pub(super) fn draws(&self, rows: &[Row], normals: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let cross = self.cross(rows, false);
        let means: Vec<f64> = self.beliefs(&cross).into_iter().map(|belief| belief.means[0]).collect();
        let explained = matrix::transposed_product(cross.solved.as_ref(), cross.solved.as_ref());
        let points = Columns::of(self.axes.len(), rows);
        let mut jitter = 1e-9 * self.fitted.kernel.scale;
        let factor = loop {
            let mut joint = covariance(self.axes, &self.fitted, &points, &vec![jitter; rows.len()]);
            for j in 0..rows.len() {
                for i in j..rows.len() {
                    joint[(i, j)] -= explained[(i, j)];
                }
            }
            if matrix::factor(&mut joint) {
                break joint;
            }
            jitter *= 10.0;
        };
        let draw = |normals: &Vec<f64>| {
            (0..rows.len()).map(|i| means[i] + (0..=i).map(|j| factor[(i, j)] * normals[j]).sum::<f64>()).collect()
        };
        normals.iter().map(draw).collect()
    }

    /// The process that has also been told, in each of several fantasies, the function's values at `rows`: `values[m]` are those of
    /// fantasy m.
    pub(super) fn with_fantasies(&self, data: &Data, rows: &[Row], values: &[Vec<f64>]) -> Posterior<'a> {
        let mut points = self.points.clone();
        rows.iter().for_each(|row| points.push(row));
        let mut jitter = NOISE_FLOOR;
        loop {
            let noise = data.noise(self.fitted.noise + NOISE_FLOOR).chain(rows.iter().map(|_| jitter));
            let mut factor = covariance(self.axes, &self.fitted, &points, &noise.collect::<Vec<_>>());
            if !matrix::factor(&mut factor) {
                jitter *= 10.0;
                continue;
            }
            let known = data.targets.len();
            let target = |i: usize, m: usize| if i < known { data.targets[i] } else { values[m][i - known] };
            let mut weights = Mat::from_fn(points.len(), values.len(), |i, m| target(i, m) - self.mean);
            matrix::solve_lower(factor.as_ref(), &mut weights);
            matrix::solve_upper(factor.as_ref(), &mut weights);
            return Posterior {
                axes: self.axes,
                fitted: self.fitted.clone(),
                points,
                factor,
                weights,
                mean: self.mean,
            };
        }
    }
}

/// The covariance of measurements at `points`, below the diagonal.
fn covariance(axes: &[Axis], fitted: &Hyperparameters, points: &Columns, variances: &[f64]) -> Mat<f64> {
    let mut matrix = Mat::zeros(points.len(), points.len());
    for (j, variance) in variances.iter().enumerate() {
        let column = &mut matrix.col_as_slice_mut(j)[j..];
        squared_distances(axes, &fitted.kernel.weights, points, j, &points.row(j), column);
        correlations(column);
        column.iter_mut().for_each(|value| *value *= fitted.kernel.scale);
        column[0] += variance;
    }
    matrix
}
