//! What a point is worth: the logarithm of the improvement that is expected of it.
//!
//! `a(x) = ln σ(x) + ln (1/M) Σ_m h((f*_m - μ_m(x)) / σ(x))` over M fantasies: joint draws of the function at the points that are
//! pending and at the best ones that were measured. In fantasy m the pending points have the drawn values, f*_m is the best value
//! drawn, and the improvement of a new point over it is in closed form. It is the noisy expected improvement of Letham et
//! al. (Bayesian Analysis, 2019) with the logarithm of Ament et al. (NeurIPS 2023), for one point at a time: since the point
//! itself is not drawn, the deviation is shared by all fantasies.

use faer::Mat;

use super::super::loops::ln_sum_exp;
use super::axes::Row;
use super::feasibility::Feasibility;
use super::likelihood::Data;
use super::normal::{ln_h, ln_h_slope};
use super::posterior::{Belief, Posterior};

/// Points that are evaluated at once: enough that the factor is read once for all of them.
const BLOCK: usize = 64;

/// The best points that were measured, whose true values are drawn.
const BEST: usize = 16;

/// Incumbents in a row that are replaced by their mean where nothing is pending.
const ALIKE: usize = 8;

/// What is known of one point.
pub(super) struct Said {
    /// What is expected there, and the deviation of that.
    pub(super) mean: f64,
    pub(super) deviation: f64,
    /// The best value so far, on average; none where only the constraints count.
    pub(super) incumbent: Option<f64>,
    /// The logarithm of the probability of all constraints; none where there are none.
    pub(super) ln_feasible: Option<f64>,
}

/// The logarithm of the expected improvement.
pub(super) struct Acquisition<'a> {
    posterior: Posterior<'a>,
    /// The best value of each fantasy.
    incumbents: Vec<f64>,
    /// What a point must keep to count: the logarithms of the probabilities are added.
    constraints: Vec<Feasibility<'a>>,
}

impl<'a> Acquisition<'a> {
    /// Standard normal numbers that a fantasy needs.
    pub(super) fn normals(data: &Data, pending: &[Row]) -> usize {
        data.len().min(BEST) + pending.len()
    }

    /// Without an objective: what counts is to find a point that keeps the constraints.
    pub(super) fn of_feasibility(posterior: Posterior<'a>, constraints: Vec<Feasibility<'a>>) -> Acquisition<'a> {
        Acquisition { posterior, incumbents: Vec::new(), constraints }
    }

    /// For data, of which the `feasible` ones can be the best, and pending points; a fantasy for each of `normals`, which has [`Acquisition::normals`] numbers.
    pub(super) fn new(
        posterior: Posterior<'a>,
        data: &Data,
        feasible: &[bool],
        pending: &[Row],
        normals: &[Vec<f64>],
    ) -> Acquisition<'a> {
        let measured: Vec<Row> = (0..data.len()).map(|k| data.points.row(k)).collect();
        let means: Vec<f64> = means(&posterior, &measured);
        let mut order: Vec<usize> = (0..data.len()).filter(|k| feasible[*k]).collect();
        order.sort_by(|a, b| means[*a].total_cmp(&means[*b]).then(a.cmp(b)));
        let mut rows: Vec<Row> = pending.to_vec();
        rows.extend(order.iter().take(BEST).map(|k| measured[*k].clone()));
        let draws = posterior.draws(&rows, normals);
        let mut incumbents: Vec<f64> =
            draws.iter().map(|draw| draw.iter().copied().fold(f64::INFINITY, f64::min)).collect();
        let posterior = if pending.is_empty() {
            // All fantasies have one posterior: of the best values a few that stand for all are enough.
            incumbents.sort_by(f64::total_cmp);
            let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            incumbents = incumbents.chunks(ALIKE).map(mean).collect();
            posterior
        } else {
            posterior.with_fantasies(data, pending, &draws)
        };
        Acquisition { posterior, incumbents, constraints: Vec::new() }
    }

    /// With constraints.
    pub(super) fn under(mut self, constraints: Vec<Feasibility<'a>>) -> Acquisition<'a> {
        self.constraints = constraints;
        self
    }

    /// Of one point, over all fantasies.
    pub(super) fn said(&self, row: &Row) -> Said {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let row = std::slice::from_ref(row);
        let (mut at, mut variance) = (0.0, 0.0);
        for belief in self.posterior.beliefs(&self.posterior.cross(row, false)) {
            at = mean(&belief.means);
            let apart: Vec<f64> = belief.means.iter().map(|mean| (mean - at) * (mean - at)).collect();
            variance = belief.deviation * belief.deviation + mean(&apart);
        }
        let ln_feasible = self.constraints.iter().flat_map(|constraint| constraint.values(row));
        Said {
            mean: at,
            deviation: variance.sqrt(),
            incumbent: (!self.incumbents.is_empty()).then(|| mean(&self.incumbents)),
            ln_feasible: (!self.constraints.is_empty()).then(|| ln_feasible.sum()),
        }
    }

    pub(super) fn values(&self, rows: &[Row]) -> Vec<f64> {
        let block = |rows: &[Row]| {
            let beliefs = self.posterior.beliefs(&self.posterior.cross(rows, false));
            let mut values: Vec<f64> = beliefs.into_iter().map(|belief| self.value(&belief)).collect();
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
            let cross = self.posterior.cross(rows, true);
            let beliefs = self.posterior.beliefs(&cross);
            let mut shares = Mat::zeros(self.posterior.fantasies(), rows.len());
            let mut of_deviations = Vec::with_capacity(rows.len());
            for (b, belief) in beliefs.iter().enumerate() {
                let (value, of_deviation) = self.derivatives(belief, shares.col_as_slice_mut(b));
                values.push(value);
                of_deviations.push(of_deviation);
            }
            let first = gradients.len();
            gradients.extend(self.posterior.gradients(rows, cross, &beliefs, shares.as_ref(), &of_deviations));
            for constraint in &self.constraints {
                let (more, slopes) = constraint.gradients(rows);
                add(&mut values[first..], &more);
                gradients[first..].iter_mut().zip(slopes).for_each(|(gradient, slope)| add(gradient, &slope));
            }
        }
        (values, gradients)
    }

    /// The terms of the sum over fantasies.
    fn standardised<'b>(&'b self, belief: &'b Belief) -> impl Iterator<Item = f64> + 'b {
        // Without pending points all fantasies have one mean.
        let mean = |m: usize| belief.means[if belief.means.len() == 1 { 0 } else { m }];
        self.incumbents.iter().enumerate().map(move |(m, best)| (best - mean(m)) / belief.deviation)
    }

    fn value(&self, belief: &Belief) -> f64 {
        if self.incumbents.is_empty() {
            return 0.0;
        }
        let terms: Vec<f64> = self.standardised(belief).map(ln_h).collect();
        libm::log(belief.deviation) + ln_mean_exp(&terms)
    }

    /// The value; its derivatives after the means into `of_means`, and that after the deviation.
    fn derivatives(&self, belief: &Belief, of_means: &mut [f64]) -> (f64, f64) {
        if self.incumbents.is_empty() {
            return (0.0, 0.0);
        }
        let z: Vec<f64> = self.standardised(belief).collect();
        let terms: Vec<f64> = z.iter().map(|z| ln_h(*z)).collect();
        let total = ln_mean_exp(&terms);
        let mut of_deviation = 1.0;
        for (m, (z, term)) in z.iter().zip(&terms).enumerate() {
            let share = libm::exp(term - total) / terms.len() as f64 * ln_h_slope(*z);
            of_deviation -= share * z;
            of_means[if of_means.len() == 1 { 0 } else { m }] -= share / belief.deviation;
        }
        (libm::log(belief.deviation) + total, of_deviation / belief.deviation)
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

fn ln_mean_exp(terms: &[f64]) -> f64 {
    ln_sum_exp(terms) - libm::log(terms.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::super::likelihood::Hyperparameters;
    use super::super::testing::{axes_of, data, row};
    use super::*;
    use crate::seed::rng_of;
    use rand_distr::{Distribution, StandardNormal};

    /// Against differences of the fourth order: the error over the norm of the gradient. Near the data and far from it,
    /// with pending points and without, with constraints and without.
    #[test]
    fn gradients_are_derivatives() {
        for (n, axes, pending, constrained) in
            [(5, 1, 0, false), (40, 4, 3, false), (40, 7, 0, true), (200, 6, 5, true), (1000, 8, 2, false)]
        {
            let axes = axes_of(axes);
            let data = data(&axes, n);
            let mut rng = rng_of(1, n as u64, "rows");
            let logarithms: Vec<f64> =
                axes.iter().map(|_| -0.3).chain([0.1, if n % 2 == 0 { -6.0 } else { -3.0 }]).collect();
            let fitted = Hyperparameters::of(&logarithms);
            let pending: Vec<Row> = (0..pending).map(|_| row(&axes, &mut rng)).collect();
            let numbers = Acquisition::normals(&data, &pending);
            let normals: Vec<Vec<f64>> =
                (0..8).map(|_| StandardNormal.sample_iter(&mut rng).take(numbers).collect()).collect();
            let posterior = Posterior::new(&axes, &data, fitted.clone());
            let constraint = || Feasibility::new(&axes, &data, fitted.clone(), 0.25);
            let constraints = if constrained { vec![constraint(), constraint()] } else { Vec::new() };
            let acquisition = Acquisition::new(posterior, &data, &vec![true; n], &pending, &normals).under(constraints);
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
                assert!(norm(&error) < 1e-6 * norm(gradient), "{n} points: {gradient:?} {difference:?}");
            }
        }
    }
}
