//! How likely a point is to be allowed: to keep a constraint that is measured, or to train at all.
//!
//! A Gaussian process for each constraint, `P(c(x) <= 0) = Φ(-μ(x) / sqrt(σ²(x) + τ²))` (Gardner et al., "Bayesian optimization with
//! inequality constraints", ICML 2014). That a point fails is such a constraint: 1 where it did, -1 where it did not, and τ
//! keeps the model from being surer than such labels allow.

use faer::Mat;

use super::axes::{Axis, Row};
use super::likelihood::{Data, Hyperparameters};
use super::normal::{ln_phi, ln_phi_slope};
use super::posterior::{Belief, Posterior};

/// One constraint's model.
pub(super) struct Feasibility<'a> {
    posterior: Posterior<'a>,
    /// Variance beyond that of the model.
    doubt: f64,
}

impl<'a> Feasibility<'a> {
    /// Of a constraint whose data are at most 0 where it is kept.
    pub(super) fn new(axes: &'a [Axis], data: &Data, fitted: Hyperparameters, doubt: f64) -> Feasibility<'a> {
        Feasibility { posterior: Posterior::new(axes, data, fitted), doubt }
    }

    /// The logarithm of the probability, at each row.
    pub(super) fn values(&self, rows: &[Row]) -> Vec<f64> {
        let beliefs = self.posterior.beliefs(&self.posterior.cross(rows, false));
        beliefs.iter().map(|belief| ln_phi(self.standardised(belief).0)).collect()
    }

    /// With gradients.
    pub(super) fn gradients(&self, rows: &[Row]) -> (Vec<f64>, Vec<Row>) {
        let cross = self.posterior.cross(rows, true);
        let beliefs = self.posterior.beliefs(&cross);
        let mut shares = Mat::zeros(1, rows.len());
        let (mut values, mut of_deviations) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for (b, belief) in beliefs.iter().enumerate() {
            let (z, deviation) = self.standardised(belief);
            let slope = ln_phi_slope(z);
            values.push(ln_phi(z));
            shares[(0, b)] = -slope / deviation;
            of_deviations.push(-slope * z * belief.deviation / (deviation * deviation));
        }
        let gradients = self.posterior.gradients(rows, cross, &beliefs, shares.as_ref(), &of_deviations);
        (values, gradients)
    }

    /// How many deviations the mean is below 0, and the deviation.
    fn standardised(&self, belief: &Belief) -> (f64, f64) {
        let deviation = (belief.deviation * belief.deviation + self.doubt).sqrt();
        (-belief.means[0] / deviation, deviation)
    }
}
