//! How losses come down: functions of the step that are 1 at the first step and 0 at the last.
//!
//! Power laws and exponentials, of which "pow3" and "exp" of Domhan et al. are a constant and a multiple, each with some exponents;
//! their logarithmic limit; no decline at all; and what finished curves have in common, which knows of schedules of the learning rate
//! and of over-fitting.

use super::curve::{Finished, Point, group};

/// Exponents of power laws; for 0 it is the logarithm, which they go to.
const POWERS: [f64; 4] = [0.0, 0.5, 1.0, 2.0];

/// Steps in which an exponential loses a factor e, as shares of all.
const TIMES: [f64; 3] = [0.5, 0.17, 0.06];

/// The shortest such time that the steps still show.
const SHORTEST: f64 = 0.7;

/// A function of the step.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    None,
    Power(f64),
    Exponential(f64),
    Common,
}

impl Form {
    fn at(self, step: f64) -> f64 {
        match self {
            Form::None | Form::Common => 0.0,
            Form::Power(0.0) => -libm::log(step),
            Form::Power(power) => libm::exp(-power * libm::log(step)),
            Form::Exponential(time) => libm::exp((1.0 - step) / time),
        }
    }
}

/// The functions for a number of steps.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shapes {
    /// Each with its value at the last step and what it loses until then.
    forms: Vec<(Form, f64, f64)>,
    /// What finished curves have in common, by the group of the step.
    common: Vec<f64>,
    steps: u64,
}

impl Shapes {
    pub(super) fn learn(finished: &[&Finished], steps: u64) -> Shapes {
        let last = steps as f64;
        let common = common(finished, steps);
        let mut forms = vec![Form::None];
        forms.extend(POWERS.map(Form::Power));
        forms
            .extend(TIMES.map(|share| share * last).into_iter().filter(|time| *time > SHORTEST).map(Form::Exponential));
        if !common.is_empty() {
            forms.push(Form::Common);
        }
        let forms = forms
            .into_iter()
            .map(|form| {
                let (start, end) = (form.at(1.0), form.at(last));
                (form, end, if start > end { start - end } else { 1.0 })
            })
            .collect();
        Shapes { forms, common, steps }
    }

    pub(super) fn count(&self) -> usize {
        self.forms.len()
    }

    /// What finished curves have in common, at this point; 0 where that is nothing.
    pub(super) fn common_at(&self, point: &Point) -> f64 {
        let known = self.common.get(group(point.step)).filter(|_| point.step < self.steps);
        known.copied().unwrap_or(0.0)
    }

    /// All functions at this point; the first of them is no decline.
    pub(super) fn at(&self, point: &Point, values: &mut [f64]) {
        let step = libm::exp(point.ln_step).min(self.steps as f64);
        for (value, (form, end, loss)) in values.iter_mut().zip(&self.forms) {
            *value = match form {
                Form::Common => self.common_at(point),
                _ => (form.at(step) - end) / loss,
            };
        }
    }
}

/// By groups of steps the share of the decline that is still to come: the least squares of all curves.
fn common(finished: &[&Finished], steps: u64) -> Vec<f64> {
    let groups = group(steps) + 1;
    let mut sums = vec![(0.0, 0.0); groups];
    for curve in finished {
        // One that blew up does not say what the others do.
        let decline = curve.first - curve.last;
        let weight = LARGE / decline.abs().max(LARGE);
        for point in &curve.points {
            let sum = &mut sums[group(point.step).min(groups - 1)];
            sum.0 += weight * weight * decline * (point.value - curve.last);
            sum.1 += weight * weight * decline * decline;
        }
    }
    let known: Vec<(usize, f64)> =
        (0..groups).filter(|k| sums[*k].1 > 0.0).map(|k| (k, (sums[k].0 / sums[k].1).clamp(-LARGE, LARGE))).collect();
    if known.is_empty() {
        return Vec::new();
    }
    (0..groups).map(|k| between(&known, k)).collect()
}

/// Declines count no more than this, in spreads, and shares of it are no larger.
const LARGE: f64 = 10.0;

/// The line between the two that are known beside it.
fn between(known: &[(usize, f64)], at: usize) -> f64 {
    let right = known.partition_point(|(k, _)| *k < at).min(known.len() - 1);
    let (left, right) = (known[right.saturating_sub(1)], known[right]);
    if at >= right.0 || left.0 == right.0 {
        return right.1;
    }
    left.1 + (right.1 - left.1) * (at.saturating_sub(left.0)) as f64 / (right.0 - left.0) as f64
}
