//! A trial's losses as the model reads them.

use super::Losses;
use super::scale::Scale;
use crate::spec::Reduce;

/// Steps that count each for themselves. Later ones are taken together, so many groups for each factor e in steps.
const SINGLE: u64 = 16;
const PER_FACTOR: f64 = 12.0;

/// The mean loss of neighbouring steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// The last of the steps.
    pub(super) step: u64,
    pub(super) ln_step: f64,
    pub(super) value: f64,
    /// That of the last step.
    pub(super) latest: f64,
    pub(super) count: f64,
}

/// A finished curve on the model's scale.
#[derive(Clone, Debug)]
pub(super) struct Finished {
    pub(super) points: Vec<Point>,
    pub(super) first: f64,
    pub(super) last: f64,
}

impl Finished {
    /// Of losses that were read; `None` of none.
    pub(super) fn new(read: &Losses, scale: &Scale) -> Option<Finished> {
        let points = points(read, scale);
        let (first, last) = (points.first()?.value, points.last()?.latest);
        Some(Finished { points, first, last })
    }
}

/// The group of a step, counted from 0.
pub(super) fn group(step: u64) -> usize {
    match step {
        0 => 0,
        _ if step <= SINGLE => step as usize - 1,
        _ => SINGLE as usize + (libm::log(step as f64 / SINGLE as f64) * PER_FACTOR) as usize,
    }
}

/// Finite losses up to the last step of all, in the order of steps; where the best step is what counts, the best so far of each.
pub(super) fn read(losses: &Losses, steps: u64, reduce: Reduce) -> Vec<(u64, f64)> {
    let mut best = f64::INFINITY;
    let mut last = 0;
    let mut read = Vec::with_capacity(losses.len());
    for &(step, loss) in losses {
        let step = step.max(1);
        if !loss.is_finite() || step <= last || step > steps {
            continue;
        }
        last = step;
        best = best.min(loss);
        read.push((step, if reduce == Reduce::Best { best } else { loss }));
    }
    read
}

/// Of losses that were read, one point for each group of steps.
pub(super) fn points(read: &Losses, scale: &Scale) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::with_capacity(read.len().min(64));
    for &(step, loss) in read {
        let (ln_step, value) = (libm::log(step as f64), scale.apply(loss));
        match points.last_mut() {
            Some(point) if group(point.step) == group(step) => {
                point.count += 1.0;
                point.step = step;
                point.latest = value;
                point.ln_step += (ln_step - point.ln_step) / point.count;
                point.value += (value - point.value) / point.count;
            }
            _ => points.push(Point { step, ln_step, value, latest: value, count: 1.0 }),
        }
    }
    points
}
