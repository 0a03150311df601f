//! From trials to data: losses on a scale that a Gaussian process can hold, and what became of the rest.
//!
//! Repeated measurements of a point are one datum, the more certain the more there are. A mean over folds counts with the variance
//! that its parts tell (`parts`). A trial that was stopped early counts with
//! the loss that it was predicted to reach, and with the variance of that prediction. Points that failed by their own fault
//! count as bad as the worst.

use std::collections::{BTreeSet, HashMap};

use seqtune_space::SearchSpace;

use super::super::observation::{Observation, Outcome};
use super::super::scalar::Scalar;
use super::super::scale::{LARGEST, Scale};
use super::axes::{Axis, Row, row_of};
use super::curves::Curves;
use super::kernel::squared_distances;
use super::likelihood::Data;
use super::parts::Parts;
use super::{CHOSEN, WHOLE};
use crate::domination::fronts;
use crate::learning_curve::CurveMemory;
use crate::order::View;

/// Variance of what is assumed of a point that failed.
const ASSUMED: f64 = 0.1;

/// What the model is told.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) data: Data,
    /// What its targets are.
    pub(super) scale: Scale,
    /// The same points with the targets of a second objective, and what these are.
    pub(super) second: Option<(Data, Scale)>,
    /// Points whose results are not seen yet.
    pub(super) pending: Vec<Row>,
    /// For each datum, whether its point could be trained.
    pub(super) trained: Vec<bool>,
    /// For each datum, whether its point is known to keep all outcome constraints.
    pub(super) feasible: Vec<bool>,
    /// What was measured of each outcome constraint: at most 0 where it is kept.
    pub(super) constraints: Vec<Data>,
}

/// Which losses are modelled.
#[derive(Clone, Copy)]
pub(super) enum Aims<'s> {
    /// That of the only objective.
    One,
    /// Those of two, each by itself.
    Two,
    /// Those of several as one.
    Together(&'s Scalar),
}

/// The losses that are modelled; the second one is 0 where there is one.
pub(super) type Losses = [f64; 2];

impl Aims<'_> {
    /// Objectives whose losses are modelled as they are.
    fn objectives(self) -> usize {
        match self {
            Aims::One => 1,
            Aims::Two => 2,
            Aims::Together(_) => 0,
        }
    }

    pub(super) fn of(self, losses: &[f64]) -> Losses {
        match (self, losses) {
            (Aims::Two, [first, second, ..]) => [*first, *second].map(|loss| loss.clamp(-LARGEST, LARGEST)),
            (Aims::Together(scalar), losses) => [scalar.loss(losses), 0.0],
            (_, losses) => [losses.first().map_or(0.0, |loss| loss.clamp(-LARGEST, LARGEST)), 0.0],
        }
    }
}

/// One point's losses.
struct Measured {
    row: Row,
    /// The means of the completed ones, or the predictions.
    losses: Losses,
    count: f64,
    /// Standard deviations of predictions, or what parts tell of means.
    deviations: Losses,
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
        aims: Aims<'_>,
        taught: &CurveMemory,
    ) -> Option<Known> {
        let mut measured: Vec<Measured> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut failed: Vec<Row> = Vec::new();
        let mut pending: Vec<Row> = Vec::new();
        let curves = Curves::new(view, observations, aims, taught);
        let parts = Parts::of(view, observations, aims.objectives());
        let mut coordinates = 0;
        for one in observations {
            let Observation { trial, params, told } = one;
            let unit = space.encode(params);
            coordinates += unit.iter().flatten().count();
            let row = || row_of(axes, &unit);
            match &told.outcome {
                Outcome::Completed { .. } => {
                    let losses = aims.of(one.told.losses());
                    let deviations = [0, 1].map(|objective| parts.deviation(trial.number, objective));
                    let violations = view.history().violations(trial).unwrap_or_default();
                    match places.get(trial.config_key.as_str()) {
                        Some(at) => {
                            let one = &mut measured[*at];
                            one.count += 1.0;
                            for (mean, loss) in one.losses.iter_mut().zip(losses) {
                                *mean += (loss - *mean) / one.count;
                            }
                            for (of_mean, own) in one.deviations.iter_mut().zip(deviations) {
                                let before = (one.count - 1.0) * *of_mean;
                                *of_mean = (before * before + own * own).sqrt() / one.count;
                            }
                            for (mean, violation) in one.violations.iter_mut().zip(violations) {
                                *mean += (violation - *mean) / one.count;
                            }
                        }
                        None => {
                            places.insert(&trial.config_key, measured.len());
                            measured.push(Measured { row: row(), losses, count: 1.0, deviations, violations });
                        }
                    }
                }
                // Where the point was also trained to the end, there is nothing to predict.
                Outcome::Pruned { .. } if places.contains_key(trial.config_key.as_str()) => {}
                Outcome::Pruned { step, .. } => {
                    let (losses, deviations) = curves.predict(trial, *step, aims.of(one.told.losses()));
                    let violations = Vec::new();
                    measured.push(Measured { row: row(), losses, count: 1.0, deviations, violations });
                }
                Outcome::Failed => failed.push(row()),
                Outcome::Pending => pending.push(row()),
            }
        }
        let dimension = (coordinates as f64 / observations.len().max(1) as f64).max(1.0);
        let (mut data, scale) = scaled(axes, dimension, &measured, 0)?;
        let mut second = match aims {
            Aims::Two => Some(scaled(axes, dimension, &measured, 1)?),
            Aims::One | Aims::Together(_) => None,
        };
        let mut trained = vec![true; data.len()];
        let asked = view.history().spec.outcome_constraints.len();
        let keeps = |one: &Measured| one.violations.len() == asked && one.violations.iter().all(|by| *by <= 0.0);
        let mut feasible: Vec<bool> = measured.iter().map(keeps).collect();
        let worst = |data: &Data| data.targets.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let worsts = (worst(&data), second.as_ref().map(|(data, _)| worst(data)));
        for row in &failed {
            data.push(row, worsts.0, 1.0, ASSUMED);
            if let (Some((second, _)), Some(worst)) = (&mut second, worsts.1) {
                second.push(row, worst, 1.0, ASSUMED);
            }
            trained.push(false);
            feasible.push(false);
        }
        let constraints = (0..asked).map(|which| broken(axes, data.dimension, &measured, which)).collect();
        Some(Known { data, scale, second, pending, trained, feasible, constraints })
    }

    /// For each point whether it failed: 1 where it did, -1 where it did not.
    pub(super) fn labels(&self) -> Data {
        let mut labels = self.data.clone();
        for ((target, trained), variance) in labels.targets.iter_mut().zip(&self.trained).zip(&mut labels.variances) {
            (*target, *variance) = (if *trained { -1.0 } else { 1.0 }, 0.0);
        }
        labels
    }

    /// The points by their targets; with two objectives by fronts.
    fn best_first(&self) -> Vec<usize> {
        let first = &self.data.targets;
        let Some((second, _)) = &self.second else {
            let mut order: Vec<usize> = (0..first.len()).collect();
            order.sort_by(|a, b| first[*a].total_cmp(&first[*b]).then(a.cmp(b)));
            return order;
        };
        let pairs: Vec<[f64; 2]> = first.iter().zip(&second.targets).map(|(a, b)| [*a, *b]).collect();
        fronts(&pairs.iter().map(|pair| pair.as_slice()).collect::<Vec<_>>()).concat()
    }

    /// Of a history that is too large for one model, the part that matters for where the best points are.
    pub(super) fn thinned(self, axes: &[Axis]) -> Known {
        let data = &self.data;
        if data.len() <= WHOLE {
            return self;
        }
        let [best, newest, nearest] = CHOSEN;
        let mut order = self.best_first();
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
            second: self.second.as_ref().map(|(data, scale)| (data.subset(&chosen), scale.clone())),
            trained: of_chosen(&self.trained),
            feasible: of_chosen(&self.feasible),
            // Of these the newest, which are around the best.
            constraints: self.constraints.iter().map(Data::newest).collect(),
            pending: self.pending,
        }
    }
}

/// The targets of one loss, and their scale.
fn scaled(axes: &[Axis], dimension: f64, measured: &[Measured], which: usize) -> Option<(Data, Scale)> {
    let scale = Scale::of(&measured.iter().map(|one| one.losses[which]).collect::<Vec<_>>())?;
    let mut data = Data::new(axes.len());
    data.dimension = dimension;
    for one in measured {
        let (loss, deviation) = (one.losses[which], one.deviations[which]);
        // What a deviation of the loss is on the scale.
        let spread = 0.5 * (scale.target(loss + deviation) - scale.target(loss - deviation));
        data.push(&one.row, scale.target(loss), one.count, spread * spread);
    }
    Some((data, scale))
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
