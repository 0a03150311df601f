//! What the process says about points that were not measured.

use faer::{Mat, MatRef};

use super::super::loops::dot;
use super::axes::{Axis, Columns, Row};
use super::kernel::{correlations, correlations_and_slopes, squared_distances, weighted_difference};
use super::likelihood::{Data, Hyperparameters, NOISE_FLOOR, centred_weights};
use super::matrix;

/// How often what is added to the diagonal of a matrix is raised tenfold before it is given up: the noise to above what so many
/// points with the largest scale need, the jitter of draws to a hundredth of the variance there is.
const NOISE_RAISED: usize = 24;
const JITTER_RAISED: usize = 7;

/// Targets have variance 1 or nearly so. Farther out sums would have no number.
const FARTHEST: f64 = 1e100;

/// A Gaussian process given data.
///
/// Whatever the data are, means are finite and deviations are above 0: measurements that are no numbers are left out, and where the
/// arithmetic fails less is known (see the constructors).
#[derive(Clone, Debug)]
pub(super) struct Posterior<'a> {
    pub(super) axes: &'a [Axis],
    pub(super) fitted: Hyperparameters,
    pub(super) points: Columns,
    /// What was measured there, and the variance of that.
    targets: Vec<f64>,
    variances: Vec<f64>,
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
    /// The process given the data. The noise is raised tenfold as long as the arithmetic fails, for as long as that can help; then it
    /// is the process that knows nothing yet.
    pub(super) fn new(axes: &'a [Axis], data: &Data, fitted: Hyperparameters) -> Posterior<'a> {
        let is_number = |k: &usize| !data.targets[*k].is_nan() && data.variances[*k].is_finite();
        let numbers: Vec<usize> = (0..data.len()).filter(is_number).collect();
        let mut data = if numbers.len() == data.len() { data.clone() } else { data.subset(&numbers) };
        data.targets.iter_mut().for_each(|target| *target = target.clamp(-FARTHEST, FARTHEST));
        let mut raised = fitted.clone();
        for _ in 0..=NOISE_RAISED {
            let variances: Vec<f64> = data.noise(raised.noise + NOISE_FLOOR).collect();
            let mut factor = covariance(axes, &raised, &data.points, &variances);
            if data.len() > 0 && matrix::factor(&mut factor) {
                let (mean, weights, _) = centred_weights(factor.as_ref(), &data.targets);
                if mean.is_finite() && weights.iter().all(|weight| weight.is_finite()) {
                    let weights = Mat::from_fn(weights.len(), 1, |i, _| weights[i]);
                    let Data { points, targets, .. } = data;
                    return Posterior { axes, fitted: raised, points, targets, variances, factor, weights, mean };
                }
            }
            raised.noise = 10.0 * (raised.noise + NOISE_FLOOR);
        }
        Posterior {
            axes,
            fitted,
            points: Columns::new(axes.len()),
            targets: Vec::new(),
            variances: Vec::new(),
            factor: Mat::zeros(0, 0),
            weights: Mat::zeros(0, 1),
            mean: 0.0,
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

    /// Joint draws of the function at `rows`: for each set of standard normal numbers, one number a row, the values there. Where their
    /// joint covariance has no factor, not even with much on its diagonal, each is drawn by itself.
    pub(super) fn draws(&self, rows: &[Row], normals: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let cross = self.cross(rows, false);
        let beliefs = self.beliefs(&cross);
        let explained = matrix::transposed_product(cross.solved.as_ref(), cross.solved.as_ref());
        let points = Columns::of(self.axes.len(), rows);
        let factored = |raised: usize| {
            let jitter = (0..raised).fold(1e-9 * self.fitted.kernel.scale, |jitter, _| jitter * 10.0);
            let mut joint = covariance(self.axes, &self.fitted, &points, &vec![jitter; rows.len()]);
            for j in 0..rows.len() {
                for i in j..rows.len() {
                    joint[(i, j)] -= explained[(i, j)];
                }
            }
            matrix::factor(&mut joint).then_some(joint)
        };
        let alone = || Mat::from_fn(rows.len(), rows.len(), |i, j| if i == j { beliefs[i].deviation } else { 0.0 });
        let factor = (0..=JITTER_RAISED).find_map(factored).unwrap_or_else(alone);
        let draw = |normals: &Vec<f64>| {
            let apart = |i: usize| (0..=i).map(|j| factor[(i, j)] * normals[j]).sum::<f64>();
            beliefs.iter().enumerate().map(|(i, belief)| belief.means[0] + apart(i)).collect()
        };
        normals.iter().map(draw).collect()
    }

    /// The process that has also been told, in each of several fantasies, the function's values at `rows`: `values[m]` are those of
    /// fantasy m. What it is told counts as the less exact the longer the arithmetic fails; in the end it is told nothing, in each
    /// fantasy.
    pub(super) fn with_fantasies(&self, rows: &[Row], values: &[Vec<f64>]) -> Posterior<'a> {
        let mut points = self.points.clone();
        rows.iter().for_each(|row| points.push(row));
        let known = self.targets.len();
        let target = |i: usize, m: usize| if i < known { self.targets[i] } else { values[m][i - known] };
        let mut jitter = NOISE_FLOOR;
        for _ in 0..=NOISE_RAISED {
            let mut variances = self.variances.clone();
            variances.resize(points.len(), jitter);
            let mut factor = covariance(self.axes, &self.fitted, &points, &variances);
            if matrix::factor(&mut factor) {
                let mut weights = Mat::from_fn(points.len(), values.len(), |i, m| target(i, m) - self.mean);
                matrix::solve_lower(factor.as_ref(), &mut weights);
                matrix::solve_upper(factor.as_ref(), &mut weights);
                return Posterior {
                    axes: self.axes,
                    fitted: self.fitted.clone(),
                    points,
                    targets: self.targets.clone(),
                    variances,
                    factor,
                    weights,
                    mean: self.mean,
                };
            }
            jitter *= 10.0;
        }
        Posterior { weights: Mat::from_fn(known, values.len(), |i, _| self.weights[(i, 0)]), ..self.clone() }
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

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, StandardNormal};

    use super::super::fit::fit;
    use super::super::testing::{axes_of, data, row};
    use super::*;
    use crate::seed::rng_of;

    /// Data of one point again and again, whose values have nothing to do with each other.
    fn at_odds(axes: &[Axis], values: &[f64], variance: f64) -> Data {
        let mut data = Data::new(axes.len());
        values.iter().for_each(|value| data.push(&vec![0.0; axes.len()], *value, 1.0, variance));
        data
    }

    /// Means, deviations, draws and fantasies are numbers, whatever is asked and told.
    fn check(axes: &[Axis], data: &Data, fitted: Hyperparameters) {
        let mut rng = rng_of(1, 0, "test");
        let posterior = Posterior::new(axes, data, fitted);
        let mut rows: Vec<Row> = (0..6).map(|_| row(axes, &mut rng)).collect();
        // Twice the same, and one that was measured.
        rows.extend([rows[0].clone(), vec![0.0; axes.len()]]);
        let normals: Vec<Vec<f64>> =
            (0..4).map(|_| StandardNormal.sample_iter(&mut rng).take(rows.len()).collect()).collect();
        let draws = posterior.draws(&rows, &normals);
        assert!(draws.iter().flatten().all(|drawn| drawn.is_finite()), "{draws:?}");
        let told = posterior.with_fantasies(&rows, &draws);
        assert_eq!((posterior.fantasies(), told.fantasies()), (1, 4));
        for posterior in [posterior, told] {
            for belief in posterior.beliefs(&posterior.cross(&rows, true)) {
                assert!(belief.means.iter().all(|mean| mean.is_finite()), "{belief:?}");
                assert!(belief.deviation.is_finite() && belief.deviation > 0.0, "{belief:?}");
            }
        }
    }

    #[test]
    fn hostile_data_leave_a_posterior() {
        let axes = axes_of(3);
        let huge: Vec<f64> = (0..40).map(|k| if k % 2 == 0 { -1e300 } else { 1e300 }).collect();
        let mut distant = data(&axes, 30);
        distant.targets.iter_mut().for_each(|target| *target *= 1e300);
        let mut broken = data(&axes, 8);
        (broken.targets[1], broken.targets[2]) = (f64::NAN, f64::INFINITY);
        (broken.variances[3], broken.variances[4]) = (f64::INFINITY, f64::NAN);
        let kinds = [
            at_odds(&axes, &huge, 0.0),
            at_odds(&axes, &[-1e9, 1e9], 0.0),
            at_odds(&axes, &[0.0; 40], 0.0),
            at_odds(&axes, &[f64::MAX], 0.0),
            at_odds(&axes, &[3.0], 1e300),
            at_odds(&axes, &[f64::NAN; 3], 0.0),
            at_odds(&axes, &[1.0; 3], f64::NAN),
            Data::new(axes.len()),
            distant,
            broken,
        ];
        // Hyperparameters at the ends of what a fit may give: no noise under the largest scale, and the opposite.
        let ends = [[24.0, 24.0, -24.0], [-24.0, 24.0, -24.0], [24.0, -24.0, 24.0], [0.0, 0.0, -24.0]];
        for data in &kinds {
            check(&axes, data, fit(&axes, data));
            for [length, scale, noise] in ends {
                check(&axes, data, Hyperparameters::of(&[length, length, length, scale, noise]));
            }
        }
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        let axes = axes_of(3);
        let whole = data(&axes, 12);
        let fitted = Hyperparameters::of(&[0.0, 0.0, 0.0, 0.0, -3.0]);
        let mut broken = whole.clone();
        broken.push(&[0.5, 0.5, 0.0], f64::NAN, 1.0, 0.0);
        broken.push(&[0.5, 0.5, 0.0], 9.0, 1.0, f64::INFINITY);
        let asked = [whole.points.row(3), vec![0.5, 0.5, 0.0]];
        let beliefs = |data: &Data| {
            let posterior = Posterior::new(&axes, data, fitted.clone());
            posterior.beliefs(&posterior.cross(&asked, false))
        };
        assert_eq!(beliefs(&broken), beliefs(&whole));
        let nothing = beliefs(&at_odds(&axes, &[f64::NAN], 0.0));
        assert!(nothing.iter().all(|belief| *belief == Belief { means: vec![0.0], deviation: 1.0 }), "{nothing:?}");
    }
}
