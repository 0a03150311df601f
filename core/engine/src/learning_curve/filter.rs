//! What a curve's first part says of its last step, under each component of the model.
//!
//! A component is a decline `g` ([`Shapes`]) with a noise and a walk: the loss at step t is `c(t) + a g(t)` and noise, where the level
//! c walks at random in the logarithm of the step. With g = 0 at the last step the level there is what is sought. Level and decline
//! have a normal prior, so that all is linear and normal: the Kalman filter gives the level, its variance and the evidence of a
//! component exactly, in one pass (Durbin and Koopman, "Time series analysis by state space methods", 2012, chapter 4).

use super::curve::Point;
use super::shape::Shapes;

/// Deviations from which on a loss is a surprise: its variance is taken to be as large as it shows.
const SURPRISE: f64 = 3.0;

/// What is expected of a curve before it begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Prior {
    /// Means of the last value, and of how much the first is above it.
    pub(super) level: f64,
    pub(super) decline: f64,
    /// Their variances and covariance.
    pub(super) level_variance: f64,
    pub(super) covariance: f64,
    pub(super) decline_variance: f64,
}

/// Variances of what no decline explains.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Disturbance {
    /// Of a single loss around its level.
    pub(super) noise: f64,
    /// Of the walk, for each factor e in steps.
    pub(super) walk: f64,
    /// Of a walk that slows down: of all that is to come of it at the first step, the t-th part is to come at step t.
    pub(super) unrest: f64,
}

impl Disturbance {
    /// The variance of what the level walks from one logarithm of the step to another.
    fn walked(&self, from: f64, to: f64) -> f64 {
        self.walk * (to - from) + self.unrest * (libm::exp(-from) - libm::exp(-to))
    }
}

/// What a component says: a normal distribution of the last value, and the logarithm of its evidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Said {
    pub(super) ln_evidence: f64,
    pub(super) mean: f64,
    pub(super) variance: f64,
}

/// A component's knowledge of level and decline.
#[derive(Clone, Copy, Debug)]
struct State {
    level: f64,
    decline: f64,
    level_variance: f64,
    covariance: f64,
    decline_variance: f64,
    /// Twice the negative logarithm of the evidence, and a product whose logarithm is yet to be added.
    cost: f64,
    product: f64,
}

impl State {
    fn new(prior: &Prior, declines: bool) -> State {
        let mut state = State {
            level: prior.level,
            decline: prior.decline,
            level_variance: prior.level_variance,
            covariance: prior.covariance,
            decline_variance: prior.decline_variance,
            cost: 0.0,
            product: 1.0,
        };
        if !declines {
            // The level begins where curves begin.
            state.level += prior.decline;
            state.level_variance += 2.0 * prior.covariance + prior.decline_variance;
            (state.decline, state.covariance, state.decline_variance) = (0.0, 0.0, 0.0);
        }
        state
    }

    #[inline]
    fn see(&mut self, value: f64, shape: f64, noise: f64, is_first: bool) {
        let error = value - self.level - shape * self.decline;
        let mut with_level = self.level_variance + shape * self.covariance;
        let mut with_decline = self.covariance + shape * self.decline_variance;
        // Rounding must not make it negative.
        let mut variance = (with_level + shape * with_decline).max(0.0) + noise;
        let shown = error * error * (1.0 / (SURPRISE * SURPRISE));
        if shown > variance {
            if is_first {
                // Heavy tails of the prior: a curve that is unlike all others.
                let known = variance - noise;
                let factor = 1.0 + (shown - variance) / known.max(1e-6 * noise);
                self.level_variance *= factor;
                self.covariance *= factor;
                self.decline_variance *= factor;
                (with_level, with_decline) = (with_level * factor, with_decline * factor);
            } else {
                // A spike or a jump, half each: the next loss tells.
                let half = 0.5 * (shown - variance);
                self.level_variance += half;
                with_level += half;
            }
            variance = shown;
        }
        let gain = 1.0 / variance;
        self.level += with_level * gain * error;
        self.decline += with_decline * gain * error;
        self.level_variance -= with_level * with_level * gain;
        self.covariance -= with_level * with_decline * gain;
        self.decline_variance -= with_decline * with_decline * gain;
        self.cost += error * error * gain;
        self.product *= variance;
        // Neither too small nor too large for a number.
        if !(1e-100..1e100).contains(&self.product) {
            self.cost += libm::log(self.product);
            self.product = 1.0;
        }
    }
}

/// All components on one curve.
#[derive(Clone, Debug)]
pub(super) struct Filter<'a> {
    shapes: &'a Shapes,
    disturbances: &'a [Disturbance],
    /// By disturbance, then by shape.
    states: Vec<State>,
    values: Vec<f64>,
    ln_step: f64,
    ln_last: f64,
    begun: bool,
}

impl<'a> Filter<'a> {
    pub(super) fn new(shapes: &'a Shapes, disturbances: &'a [Disturbance], prior: &Prior, ln_last: f64) -> Filter<'a> {
        let of_one = |_: &Disturbance| (0..shapes.count()).map(|shape| State::new(prior, shape > 0));
        Filter {
            shapes,
            disturbances,
            states: disturbances.iter().flat_map(of_one).collect(),
            values: vec![0.0; shapes.count()],
            ln_step: 0.0,
            ln_last,
            begun: false,
        }
    }

    pub(super) fn see(&mut self, point: &Point) {
        self.shapes.at(point, &mut self.values);
        let from = self.ln_step;
        self.ln_step = point.ln_step.max(from);
        let of_disturbance = self.states.chunks_exact_mut(self.values.len());
        for (states, disturbance) in of_disturbance.zip(self.disturbances) {
            let (walked, noise) = (disturbance.walked(from, self.ln_step), disturbance.noise / point.count);
            for (state, shape) in states.iter_mut().zip(&self.values) {
                state.level_variance += walked;
                state.see(point.value, *shape, noise, !self.begun);
            }
        }
        self.begun = true;
    }

    /// What each component says of the last value.
    pub(super) fn said(&self) -> impl Iterator<Item = Said> {
        let last = self.ln_last.max(self.ln_step);
        let shapes = self.values.len();
        self.states.iter().enumerate().map(move |(k, state)| {
            let disturbance = self.disturbances[k / shapes];
            Said {
                ln_evidence: -0.5 * (state.cost + libm::log(state.product)),
                mean: state.level,
                variance: state.level_variance.max(0.0) + disturbance.walked(self.ln_step, last) + disturbance.noise,
            }
        })
    }
}
