//! From trials to data: losses on a scale that a Gaussian process can hold, and what became of the rest.
//!
//! Repeated measurements of a point are one datum, the more certain the more there are. A trial that was stopped early counts with
//! the loss that it was predicted to reach, and with the variance of that prediction. Points that failed by their own fault
//! count as bad as the worst.

use std::collections::{BTreeSet, HashMap};

use seqtune_space::SearchSpace;

use super::super::observation::{Observation, Outcome, loss_of};
use super::axes::{Axis, Row, row_of};
use super::kernel::squared_distances;
use super::likelihood::Data;
use super::scale::Scale;
use super::{CHOSEN, WHOLE};
use crate::history::{Trial, TrialEnd};
use crate::order::View;

/// Losses farther apart than this are not told apart: their differences stay finite.
const LARGEST: f64 = 1e300;

/// Variance of what is assumed of a point that failed.
const ASSUMED: f64 = 0.1;

/// What the model is told.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) data: Data,
    /// What its targets are.
    pub(super) scale: Scale,
    /// Points whose results are not seen yet.
    pub(super) pending: Vec<Row>,
    /// For each datum, whether its point could be trained.
    pub(super) trained: Vec<bool>,
    /// For each datum, whether its point is known to keep all outcome constraints.
    pub(super) feasible: Vec<bool>,
    /// What was measured of each outcome constraint: at most 0 where it is kept.
    pub(super) constraints: Vec<Data>,
}

/// One point's losses.
struct Measured {
    row: Row,
    /// The mean of the completed ones, or the prediction.
    loss: f64,
    count: f64,
    /// Standard deviation of a prediction.
    deviation: f64,
    /// By how much it breaks each outcome constraint, on average; none where that is not known.
    violations: Vec<f64>,
}

impl Known {
    /// What the observations say about the space's points; `None` where no trial has a loss.
    pub(super) fn of(
        space: &SearchSpace,
        axes: &[Axis],
        view: &View<'_>,
        observations: &[Observation<'_>],
    ) -> Option<Known> {
        let mut measured: Vec<Measured> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut failed: Vec<Row> = Vec::new();
        let mut pending: Vec<Row> = Vec::new();
        let curves = Curves::new(view, observations);
        let mut coordinates = 0;
        for Observation { trial, params, outcome, .. } in observations {
            let unit = space.encode(params);
            coordinates += unit.iter().flatten().count();
            let row = || row_of(axes, &unit);
            match outcome {
                Outcome::Completed { loss } => {
                    let loss = loss.clamp(-LARGEST, LARGEST);
                    let violations = view.history().violations(trial).unwrap_or_default();
                    match places.get(trial.config_key.as_str()) {
                        Some(at) => {
                            let one = &mut measured[*at];
                            one.count += 1.0;
                            one.loss += (loss - one.loss) / one.count;
                            for (mean, violation) in one.violations.iter_mut().zip(violations) {
                                *mean += (violation - *mean) / one.count;
                            }
                        }
                        None => {
                            places.insert(&trial.config_key, measured.len());
                            measured.push(Measured { row: row(), loss, count: 1.0, deviation: 0.0, violations });
                        }
                    }
                }
                // Where the point was also trained to the end, there is nothing to predict.
                Outcome::Pruned { .. } if places.contains_key(trial.config_key.as_str()) => {}
                Outcome::Pruned { step, loss } => {
                    let (loss, deviation) = curves.predict(*step, loss.clamp(-LARGEST, LARGEST));
                    let violations = Vec::new();
                    measured.push(Measured { row: row(), loss, count: 1.0, deviation, violations });
                }
                Outcome::Failed => failed.push(row()),
                Outcome::Pending => pending.push(row()),
            }
        }
        let scale = Scale::of(&measured.iter().map(|one| one.loss).collect::<Vec<_>>())?;
        let mut data = Data::new(axes.len());
        data.dimension = (coordinates as f64 / observations.len().max(1) as f64).max(1.0);
        for one in &measured {
            let target = scale.target(one.loss);
            // What a deviation of the loss is on the scale.
            let spread = 0.5 * (scale.target(one.loss + one.deviation) - scale.target(one.loss - one.deviation));
            data.push(&one.row, target, one.count, spread * spread);
        }
        let worst = data.targets.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut trained = vec![true; data.len()];
        let asked = view.history().spec.outcome_constraints.len();
        let keeps = |one: &Measured| one.violations.len() == asked && one.violations.iter().all(|by| *by <= 0.0);
        let mut feasible: Vec<bool> = measured.iter().map(keeps).collect();
        for row in &failed {
            data.push(row, worst, 1.0, ASSUMED);
            trained.push(false);
            feasible.push(false);
        }
        let constraints = (0..asked).map(|which| broken(axes, data.dimension, &measured, which)).collect();
        Some(Known { data, scale, pending, trained, feasible, constraints })
    }

    /// For each point whether it failed: 1 where it did, -1 where it did not.
    pub(super) fn labels(&self) -> Data {
        let mut labels = self.data.clone();
        for ((target, trained), variance) in labels.targets.iter_mut().zip(&self.trained).zip(&mut labels.variances) {
            (*target, *variance) = (if *trained { -1.0 } else { 1.0 }, 0.0);
        }
        labels
    }

    /// Of a history that is too large for one model, the part that matters for where the best points are.
    pub(super) fn thinned(self, axes: &[Axis]) -> Known {
        let data = &self.data;
        if data.len() <= WHOLE {
            return self;
        }
        let [best, newest, nearest] = CHOSEN;
        let mut order: Vec<usize> = (0..data.len()).collect();
        order.sort_by(|a, b| data.targets[*a].total_cmp(&data.targets[*b]).then(a.cmp(b)));
        let mut distances = vec![0.0; data.len()];
        let even = vec![1.0; axes.len()];
        squared_distances(axes, &even, &data.points, 0, &data.points.row(order[0]), &mut distances);
        let mut chosen: BTreeSet<usize> = order[..best].iter().copied().collect();
        chosen.extend(data.len() - newest..data.len());
        order.sort_by(|a, b| distances[*a].total_cmp(&distances[*b]).then(a.cmp(b)));
        for k in order {
            if chosen.len() >= best + newest + nearest {
                break;
            }
            chosen.insert(k);
        }
        let chosen: Vec<usize> = chosen.into_iter().collect();
        let of_chosen = |flags: &[bool]| chosen.iter().map(|k| flags[*k]).collect();
        Known {
            data: data.subset(&chosen),
            scale: self.scale,
            trained: of_chosen(&self.trained),
            feasible: of_chosen(&self.feasible),
            // Of these the newest, which are around the best.
            constraints: self.constraints.iter().map(Data::newest).collect(),
            pending: self.pending,
        }
    }
}

/// By how much points break one outcome constraint: 0 stays 0, and what is large is drawn in on both sides.
fn broken(axes: &[Axis], dimension: f64, measured: &[Measured], which: usize) -> Data {
    let known = || measured.iter().filter_map(|one| Some((one, one.violations.get(which)?.clamp(-LARGEST, LARGEST))));
    let mut sizes: Vec<f64> = known().map(|(_, by)| by.abs()).filter(|size| *size > 0.0).collect();
    sizes.sort_by(f64::total_cmp);
    let size = sizes.get(sizes.len() / 2).copied().unwrap_or(1.0);
    let mut data = Data::new(axes.len());
    data.dimension = dimension;
    known().for_each(|(one, by)| data.push(&one.row, libm::asinh(by / size), one.count, 0.0));
    data
}

/// What completed trials did after a step, for trials that were stopped there.
struct Curves<'a> {
    view: View<'a>,
    completed: Vec<(&'a Trial, f64)>,
}

impl<'a> Curves<'a> {
    fn new(view: &View<'a>, observations: &[Observation<'a>]) -> Curves<'a> {
        let completed = observations.iter().filter_map(|one| match one.outcome {
            Outcome::Completed { loss } if one.trial.end == Some(TrialEnd::Completed) => Some((one.trial, loss)),
            _ => None,
        });
        Curves { view: *view, completed: completed.collect() }
    }

    /// The loss that is expected at the end where it is `loss` at `step`, and the standard deviation of that.
    fn predict(&self, step: u64, loss: f64) -> (f64, f64) {
        let changes: Vec<f64> = self
            .completed
            .iter()
            .filter_map(|(trial, last)| {
                let at = trial.reports.partition_point(|point| point.step <= step).checked_sub(1)?;
                Some(last.clamp(-LARGEST, LARGEST) - loss_of(&self.view, trial.reports[at].value?))
            })
            .collect();
        let count = changes.len() as f64;
        if changes.len() < 3 {
            // Nothing is known of how losses go on: as far as they have been seen to go.
            let farthest = changes.iter().fold(0.0_f64, |most, change| most.max(change.abs()));
            return (loss, farthest.max(0.1 * loss.abs()));
        }
        let mean = changes.iter().sum::<f64>() / count;
        let variance = changes.iter().map(|change| (change - mean) * (change - mean)).sum::<f64>() / (count - 1.0);
        (loss + mean, (variance * (1.0 + 1.0 / count)).sqrt())
    }
}
