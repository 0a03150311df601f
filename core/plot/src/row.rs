//! One trial as tables and plots read it.

use std::sync::Arc;

use seqtune_core::{Attempt, Checkpoint, History, Objective, Origin, Reduce, StudySpec, Trial, TrialEnd, TrialState};
use seqtune_plugin::Direction;
use seqtune_space::Params;

use crate::series::Curves;

/// A value of the first objective and the step it was reached at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reached {
    /// The step, from 1.
    pub step: u64,
    /// The value.
    pub value: f64,
}

/// One trial: its point, where it stands, and its curves.
#[derive(Clone, Debug)]
pub struct TrialRow {
    /// Its number.
    pub number: u64,
    /// Its point.
    pub params: Params,
    /// Key of its configuration: the same for trials that differ in nothing but the seed.
    pub config_key: String,
    /// Where the point came from.
    pub origin: Origin,
    /// Which repetition of the configuration.
    pub replicate: u64,
    /// Seed of the training.
    pub seed: u64,
    /// Where it stands.
    pub state: TrialState,
    /// How it ended, `None` while it has not.
    pub end: Option<TrialEnd>,
    /// When it started, in microseconds since 1970.
    pub started_us: i64,
    /// When it ended.
    pub ended_us: Option<i64>,
    /// Step of the last report, 0 before the first.
    pub step: u64,
    /// The value under the first objective; `None` where it has no finite one.
    pub value: Option<f64>,
    /// By how much it breaks the study's outcome constraints together: 0 where it keeps them, infinite where that is not
    /// known.
    pub violation: f64,
    /// The best report.
    pub best: Option<Reached>,
    /// First objective of the last report.
    pub last: Option<f64>,
    /// Times it was trained, in order.
    pub attempts: Vec<Attempt>,
    /// Checkpoints in the order they were saved.
    pub checkpoints: Vec<Checkpoint>,
    /// Steps that were reported again with other numbers.
    pub differed: Vec<u64>,
    /// Its metrics over the steps.
    pub curves: Curves,
}

impl TrialRow {
    pub(crate) fn of(history: &History, trial: &Trial, mut curves: Curves, names: &mut Vec<Arc<str>>) -> TrialRow {
        let direction: Direction = history.spec.objective().direction;
        let new = &trial.reports[curves.len().min(trial.reports.len())..];
        curves.extend(new, names, |metric| objective_of(&history.spec, metric).direction);
        TrialRow {
            number: trial.number,
            params: trial.params.clone(),
            config_key: trial.config_key.clone(),
            origin: trial.origin,
            replicate: trial.replicate,
            seed: trial.seed,
            state: trial.state(),
            end: trial.end.clone(),
            started_us: trial.started_us,
            ended_us: trial.ended_us,
            step: trial.step(),
            value: history.value(trial),
            violation: history
                .violations(trial)
                .map_or(f64::INFINITY, |each| each.into_iter().map(|one| one.max(0.0)).sum()),
            best: trial.best_point(direction).and_then(|point| Some(Reached { step: point.step, value: point.value? })),
            last: trial.last_value(),
            attempts: trial.attempts.clone(),
            checkpoints: trial.checkpoints.clone(),
            differed: trial.differed.clone(),
            curves,
        }
    }

    /// The value under any objective, whether or not it is the study's; `None` where there is no finite one.
    pub fn value_under(&self, objective: &Objective) -> Option<f64> {
        let values = self.curves.values(&objective.metric);
        let finite = |value: &f64| value.is_finite().then_some(*value);
        let better = |best, value| if objective.direction.better(value, best) { value } else { best };
        match objective.reduce {
            Reduce::Last if values.len() == self.curves.len() => values.last().and_then(finite),
            Reduce::Last => None,
            Reduce::Best => values.iter().filter_map(finite).reduce(better),
        }
    }

    /// Whether it is known to keep the study's outcome constraints.
    pub fn is_feasible(&self) -> bool {
        self.violation == 0.0
    }

    /// Whether nothing in the trial changed since this row was made. A trial only ever grows, so counting is enough.
    pub(crate) fn is_current(&self, trial: &Trial) -> bool {
        let ended = |attempts: &[Attempt]| attempts.iter().filter(|attempt| attempt.end.is_some()).count();
        self.curves.len() == trial.reports.len()
            && self.end.is_some() == trial.end.is_some()
            && self.attempts.len() == trial.attempts.len()
            && ended(&self.attempts) == ended(&trial.attempts)
            && self.checkpoints.len() == trial.checkpoints.len()
            && self.differed.len() == trial.differed.len()
    }

    /// Seconds that workers had trained this trial at a moment, lost work included; since its start where no worker of this
    /// study trained it.
    pub fn seconds_until(&self, at_us: i64) -> f64 {
        if self.attempts.is_empty() {
            return (at_us - self.started_us).max(0) as f64 / 1e6;
        }
        let until = |attempt: &Attempt| attempt.end.as_ref().map_or(at_us, |(_, end, _)| at_us.min(*end));
        let spent: i64 = self.attempts.iter().map(|attempt| (until(attempt) - attempt.started_us).max(0)).sum();
        spent as f64 / 1e6
    }

    /// Seconds that workers trained this trial, lost work included; a running attempt counts until `now_us`.
    pub fn seconds(&self, now_us: i64) -> f64 {
        let until = |attempt: &Attempt| attempt.end.as_ref().map_or(now_us, |(_, at, _)| *at);
        let spent: i64 = self.attempts.iter().map(|attempt| (until(attempt) - attempt.started_us).max(0)).sum();
        spent as f64 / 1e6
    }
}

/// A metric as what trials are compared by: as the study's own objective where it is one, else as the family declares it.
pub(crate) fn objective_of(spec: &StudySpec, metric: &str) -> Objective {
    if let Some(own) = spec.objectives.iter().find(|objective| objective.metric == metric) {
        return own.clone();
    }
    let first = spec.objective();
    let direction = spec.info.metric(metric).map_or(first.direction, |declared| declared.direction);
    Objective { metric: metric.to_owned(), direction, reduce: first.reduce }
}
