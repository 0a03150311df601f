//! The logarithm of the improvement of one objective that is expected of a point.
//!
//! `a(x) = ln σ(x) + ln (1/M) Σ_m h((f*_m - μ_m(x)) / σ(x))` over M fantasies: joint draws of the function at the points that are
//! pending and at the best ones that were measured. In fantasy m the pending points have the drawn values, f*_m is the best value
//! drawn, and the improvement of a new point over it is in closed form. It is the noisy expected improvement of Letham et
//! al. (Bayesian Analysis, 2019) with the logarithm of Ament et al. (NeurIPS 2023), for one point at a time: since the point
//! itself is not drawn, the deviation is shared by all fantasies.

use faer::Mat;

use super::acquisition::{Expectation, ln_mean_exp, means};
use super::axes::Row;
use super::likelihood::Data;
use super::normal::{ln_h, ln_h_slope};
use super::posterior::{Belief, Posterior};

/// The best points that were measured, whose true values are drawn.
const BEST: usize = 16;

/// Incumbents in a row that are replaced by their mean where nothing is pending.
const ALIKE: usize = 8;

/// The logarithm of the expected improvement.
pub(super) struct Improvement<'a> {
    posterior: Posterior<'a>,
    /// The best value of each fantasy.
    incumbents: Vec<f64>,
}

impl<'a> Improvement<'a> {
    /// Standard normal numbers that a fantasy needs.
    pub(super) fn normals(data: &Data, pending: &[Row]) -> usize {
        data.len().min(BEST) + pending.len()
    }

    /// For data, of which the `feasible` ones can be the best, and pending points; a fantasy for each of `normals`, which has
    /// [`Improvement::normals`] numbers.
    pub(super) fn new(
        posterior: Posterior<'a>,
        data: &Data,
        feasible: &[bool],
        pending: &[Row],
        normals: &[Vec<f64>],
    ) -> Improvement<'a> {
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
            posterior.with_fantasies(pending, &draws)
        };
        Improvement { posterior, incumbents }
    }

    /// What is expected of one point, over all fantasies.
    pub(super) fn expectation(&self, row: &Row) -> Expectation {
        let best = self.incumbents.iter().sum::<f64>() / self.incumbents.len() as f64;
        Expectation { incumbent: Some(best), ..Expectation::of(&self.posterior, row) }
    }

    pub(super) fn values(&self, rows: &[Row]) -> Vec<f64> {
        let beliefs = self.posterior.beliefs(&self.posterior.cross(rows, false));
        beliefs.into_iter().map(|belief| self.value(&belief)).collect()
    }

    /// Values and gradients.
    pub(super) fn gradients(&self, rows: &[Row]) -> (Vec<f64>, Vec<Row>) {
        let cross = self.posterior.cross(rows, true);
        let beliefs = self.posterior.beliefs(&cross);
        let mut shares = Mat::zeros(self.posterior.fantasies(), rows.len());
        let (mut values, mut of_deviations) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for (b, belief) in beliefs.iter().enumerate() {
            let (value, of_deviation) = self.derivatives(belief, shares.col_as_slice_mut(b));
            values.push(value);
            of_deviations.push(of_deviation);
        }
        (values, self.posterior.gradients(rows, cross, &beliefs, shares.as_ref(), &of_deviations))
    }

    /// The terms of the sum over fantasies.
    fn standardised<'b>(&'b self, belief: &'b Belief) -> impl Iterator<Item = f64> + 'b {
        // Without pending points all fantasies have one mean.
        let mean = |m: usize| belief.means[if belief.means.len() == 1 { 0 } else { m }];
        self.incumbents.iter().enumerate().map(move |(m, best)| (best - mean(m)) / belief.deviation)
    }

    fn value(&self, belief: &Belief) -> f64 {
        let terms: Vec<f64> = self.standardised(belief).map(ln_h).collect();
        libm::log(belief.deviation) + ln_mean_exp(&terms)
    }

    /// The value; its derivatives after the means into `of_means`, and that after the deviation.
    fn derivatives(&self, belief: &Belief, of_means: &mut [f64]) -> (f64, f64) {
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
