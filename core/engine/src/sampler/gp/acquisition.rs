//! What a point is worth: the logarithm of the gain that is expected of it, and those of the probabilities that it keeps what it
//! must.
//!
//! The gain is an improvement of one objective (`improvement`), or of the volume that is dominated in two (`volume`).

use super::super::loops::ln_sum_exp;
use super::axes::Row;
use super::feasibility::Feasibility;
use super::improvement::Improvement;
use super::posterior::Posterior;
use super::volume::Volume;

/// Points that are evaluated at once: enough that the factor is read once for all of them.
const BLOCK: usize = 64;

/// What is known of one objective at one point.
pub(super) struct Expectation {
    /// What is expected there, and the deviation of that.
    pub(super) mean: f64,
    pub(super) deviation: f64,
    /// The best value so far, on average; none where a set is to become better.
    pub(super) incumbent: Option<f64>,
}

impl Expectation {
    /// Over all fantasies.
    pub(super) fn of(posterior: &Posterior<'_>, row: &Row) -> Expectation {
        let average = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let (mut mean, mut variance) = (0.0, 0.0);
        for belief in posterior.beliefs(&posterior.cross(std::slice::from_ref(row), false)) {
            mean = average(&belief.means);
            let apart: Vec<f64> = belief.means.iter().map(|one| (one - mean) * (one - mean)).collect();
            variance = belief.deviation * belief.deviation + average(&apart);
        }
        Expectation { mean, deviation: variance.sqrt(), incumbent: None }
    }
}

/// What a point is to bring.
pub(super) enum Gain<'a> {
    /// What counts is to find a point that keeps the constraints.
    Nothing,
    /// A better value of one objective.
    Improvement(Box<Improvement<'a>>),
    /// A better set under two.
    Volume(Box<Volume<'a>>),
}

/// The logarithm of the expected gain.
pub(super) struct Acquisition<'a> {
    gain: Gain<'a>,
    /// What a point must keep to count: the logarithms of the probabilities are added.
    constraints: Vec<Feasibility<'a>>,
}

impl<'a> Acquisition<'a> {
    pub(super) fn new(gain: Gain<'a>, constraints: Vec<Feasibility<'a>>) -> Acquisition<'a> {
        Acquisition { gain, constraints }
    }

    /// What is expected of one point, for each objective that is modelled; of none where only the constraints count.
    pub(super) fn expectations(&self, row: &Row) -> Vec<Expectation> {
        match &self.gain {
            Gain::Nothing => Vec::new(),
            Gain::Improvement(improvement) => vec![improvement.expectation(row)],
            Gain::Volume(volume) => volume.expectations(row).into(),
        }
    }

    /// The logarithm of the probability of all constraints at one point; none where there are none.
    pub(super) fn ln_feasible(&self, row: &Row) -> Option<f64> {
        let each = self.constraints.iter().flat_map(|constraint| constraint.values(std::slice::from_ref(row)));
        (!self.constraints.is_empty()).then(|| each.sum())
    }

    pub(super) fn values(&self, rows: &[Row]) -> Vec<f64> {
        let block = |rows: &[Row]| {
            let mut values = match &self.gain {
                Gain::Nothing => vec![0.0; rows.len()],
                Gain::Improvement(improvement) => improvement.values(rows),
                Gain::Volume(volume) => volume.values(rows),
            };
            for constraint in &self.constraints {
                add(&mut values, &constraint.values(rows));
            }
            values
        };
        rows.chunks(BLOCK).flat_map(block).collect()
    }

    /// Values and gradients.
    pub(super) fn gradients(&self, rows: &[Row]) -> (Vec<f64>, Vec<Row>) {
        let (mut values, mut gradients) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for rows in rows.chunks(BLOCK) {
            let (mut of_block, mut slopes) = match &self.gain {
                Gain::Nothing => (vec![0.0; rows.len()], rows.iter().map(|row| vec![0.0; row.len()]).collect()),
                Gain::Improvement(improvement) => improvement.gradients(rows),
                Gain::Volume(volume) => volume.gradients(rows),
            };
            for constraint in &self.constraints {
                let (more, more_slopes) = constraint.gradients(rows);
                add(&mut of_block, &more);
                slopes.iter_mut().zip(more_slopes).for_each(|(slope, more)| add(slope, &more));
            }
            values.append(&mut of_block);
            gradients.append(&mut slopes);
        }
        (values, gradients)
    }
}

/// The posterior means at rows, before any fantasy.
pub(super) fn means(posterior: &Posterior<'_>, rows: &[Row]) -> Vec<f64> {
    let block =
        |rows: &[Row]| posterior.beliefs(&posterior.cross(rows, false)).into_iter().map(|belief| belief.means[0]);
    rows.chunks(BLOCK).flat_map(|rows| block(rows).collect::<Vec<_>>()).collect()
}

fn add(to: &mut [f64], more: &[f64]) {
    to.iter_mut().zip(more).for_each(|(to, more)| *to += more);
}

/// ln of the mean of the numbers whose logarithms these are.
pub(super) fn ln_mean_exp(terms: &[f64]) -> f64 {
    ln_sum_exp(terms) - libm::log(terms.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::super::likelihood::Data;
    use super::super::likelihood::Hyperparameters;
    use super::super::testing::{another, axes_of, data, row};
    use super::*;
    use crate::seed::rng_of;
    use rand_distr::{Distribution, StandardNormal};

    /// Against differences of the fourth order: the error over the norm of the gradient. Near the data and far from it,
    /// with pending points and without, with constraints and without, for one objective and for two.
    #[test]
    fn gradients_are_derivatives() {
        let kinds = [(5, 1, 0, false), (40, 4, 3, false), (40, 7, 0, true), (200, 6, 5, true), (1000, 8, 2, false)];
        let kinds = kinds.into_iter().flat_map(|kind| [(kind, false), (kind, true)]);
        for ((n, axes, pending, constrained), several) in kinds {
            let axes = axes_of(axes);
            let data = data(&axes, n);
            let mut rng = rng_of(1, n as u64, "rows");
            let logarithms: Vec<f64> =
                axes.iter().map(|_| -0.3).chain([0.1, if n % 2 == 0 { -6.0 } else { -3.0 }]).collect();
            let fitted = Hyperparameters::of(&logarithms);
            let pending: Vec<Row> = (0..pending).map(|_| row(&axes, &mut rng)).collect();
            let second = another(&data);
            let posterior = |data: &Data| Posterior::new(&axes, data, fitted.clone());
            let constraint = || Feasibility::new(&axes, &data, fitted.clone(), 0.25);
            let constraints = if constrained { vec![constraint(), constraint()] } else { Vec::new() };
            let mut normals = |numbers: usize| -> Vec<Vec<f64>> {
                (0..8).map(|_| StandardNormal.sample_iter(&mut rng).take(numbers).collect()).collect()
            };
            let gain = if several {
                let normals = [(); 2].map(|()| normals(Volume::normals(&data, &pending)));
                let posteriors = [posterior(&data), posterior(&second)];
                Gain::Volume(Box::new(Volume::new(posteriors, [&data, &second], &vec![true; n], &pending, &normals)))
            } else {
                let normals = normals(Improvement::normals(&data, &pending));
                Gain::Improvement(Box::new(Improvement::new(
                    posterior(&data),
                    &data,
                    &vec![true; n],
                    &pending,
                    &normals,
                )))
            };
            let acquisition = Acquisition::new(gain, constraints);
            let mut rows: Vec<Row> = (0..10).map(|_| row(&axes, &mut rng)).collect();
            // Close to a point that was measured, where the deviation is small.
            let mut near = data.points.row(2);
            near[0] = (near[0] + 0.01).min(0.99);
            rows.push(near);
            let (values, gradients) = acquisition.gradients(&rows);
            assert_eq!(values, acquisition.values(&rows));
            for ((row, gradient), value) in rows.iter().zip(&gradients).zip(&values) {
                assert!(value.is_finite());
                let difference: Vec<f64> = (0..axes.len())
                    .map(|k| {
                        let at = |by: f64| {
                            let mut moved = row.clone();
                            moved[k] += by;
                            acquisition.values(&[moved])[0]
                        };
                        let h = 2e-4;
                        match axes[k] {
                            super::super::axes::Axis::Number => {
                                (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h)
                            }
                            super::super::axes::Axis::Choice { .. } => 0.0,
                        }
                    })
                    .collect();
                let norm = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
                let error: Vec<f64> = gradient.iter().zip(&difference).map(|(a, b)| a - b).collect();
                assert!(
                    norm(&error) < 1e-6 * norm(gradient),
                    "{n} points, several objectives: {several}: {gradient:?} {difference:?}"
                );
            }
        }
    }
}
