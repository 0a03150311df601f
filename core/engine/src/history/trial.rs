//! One trial as the log tells it.

use std::collections::BTreeMap;
use std::sync::Arc;

use seqtune_plugin::{FailureCause, MetricValue};
use seqtune_space::Params;

use crate::event::{AttemptEnd, MetricsJson, Origin, Seen};
use crate::spec::{Objective, Reduce};

/// One trial.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Its number.
    pub number: u64,
    /// Its point.
    pub params: Params,
    /// Key of its configuration.
    pub config_key: String,
    /// Where the point came from.
    pub origin: Origin,
    /// Version of the space that it was decided in.
    pub space_version: u64,
    /// Which repetition of the configuration.
    pub replicate: u64,
    /// Seed of the training.
    pub seed: u64,
    /// What the decision saw.
    pub seen: Seen,
    /// When it started.
    pub started_us: i64,
    /// Position of its start in the log.
    pub started_seq: u64,
    /// Times it was trained, in order.
    pub attempts: Vec<Attempt>,
    /// Reports in step order.
    pub reports: Vec<Point>,
    /// Checkpoints in the order they were saved.
    pub checkpoints: Vec<Checkpoint>,
    /// Steps that were reported again with other numbers.
    pub differed: Vec<u64>,
    /// How it ended, `None` while it has not.
    pub end: Option<TrialEnd>,
    /// When it ended.
    pub ended_us: Option<i64>,
    /// Position of its end in the log.
    pub ended_seq: Option<u64>,
}

/// One time a trial was trained.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Which worker.
    pub worker: u64,
    /// Where.
    pub device: String,
    /// Versions and machine of the worker.
    pub build: Arc<BTreeMap<String, String>>,
    /// Step of the checkpoint it went on from.
    pub from_step: u64,
    /// What differed from where that checkpoint was made.
    pub elsewhere: Vec<String>,
    /// When it started.
    pub started_us: i64,
    /// How and when it ended, with one sentence; `None` while it runs.
    pub end: Option<(AttemptEnd, i64, String)>,
}

/// One report.
#[derive(Clone, Debug)]
pub struct Point {
    /// From 1.
    pub step: u64,
    /// First objective; `None` where it is not finite.
    pub value: Option<f64>,
    /// When it was committed.
    pub at_us: i64,
    /// Its position in the log.
    pub seq: u64,
    /// All metrics.
    pub metrics: MetricsJson,
}

/// One checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The step it was saved at.
    pub step: u64,
    /// Its directory, relative to the study's.
    pub path: String,
    /// Its digest.
    pub sha256: String,
}

/// How a trial ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrialEnd {
    /// All steps are done.
    Completed,
    /// Stopped early.
    Pruned {
        /// Why.
        reason: String,
        /// What the verdict saw.
        seen: Seen,
    },
    /// Failed for good.
    Failed {
        /// Why.
        cause: FailureCause,
        /// One sentence.
        message: String,
    },
}

/// Where a trial stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TrialState {
    /// A worker trains it.
    Running,
    /// It was left unfinished and goes on when the study does.
    Waiting,
    /// All steps are done.
    Completed,
    /// Stopped early.
    Pruned,
    /// Failed for good.
    Failed,
}

impl TrialState {
    /// The state as it stands in tables.
    pub fn name(self) -> &'static str {
        match self {
            TrialState::Running => "running",
            TrialState::Waiting => "waiting",
            TrialState::Completed => "completed",
            TrialState::Pruned => "pruned",
            TrialState::Failed => "failed",
        }
    }
}

impl Trial {
    /// Where the trial stands.
    pub fn state(&self) -> TrialState {
        match &self.end {
            Some(TrialEnd::Completed) => TrialState::Completed,
            Some(TrialEnd::Pruned { .. }) => TrialState::Pruned,
            Some(TrialEnd::Failed { .. }) => TrialState::Failed,
            None if self.attempts.last().is_some_and(|attempt| attempt.end.is_none()) => TrialState::Running,
            None => TrialState::Waiting,
        }
    }

    /// Step of the last report, 0 before the first.
    pub fn step(&self) -> u64 {
        self.reports.last().map_or(0, |point| point.step)
    }

    /// First objective of the last step.
    pub fn last_value(&self) -> Option<f64> {
        self.reports.last()?.value
    }

    /// The report with the best first objective, the earlier one where two are equal.
    pub fn best_point(&self, direction: seqtune_plugin::Direction) -> Option<&Point> {
        let mut best: Option<(&Point, f64)> = None;
        for point in &self.reports {
            let Some(value) = point.value else { continue };
            if best.is_none_or(|(_, old)| direction.better(value, old)) {
                best = Some((point, value));
            }
        }
        best.map(|(point, _)| point)
    }

    /// One metric over the steps.
    pub fn curve(&self, metric: &str) -> Vec<(u64, MetricValue)> {
        self.reports.iter().filter_map(|point| Some((point.step, point.metrics.parse().remove(metric)?))).collect()
    }

    /// The value of the trial under any objective, whether or not it is the study's; `None` where it has no finite one.
    pub fn value_under(&self, objective: &Objective) -> Option<f64> {
        let mut values = self.curve(&objective.metric).into_iter().map(|(_, value)| value.value());
        match objective.reduce {
            Reduce::Last => values.next_back()?,
            Reduce::Best => values
                .flatten()
                .reduce(|best, value| if objective.direction.better(value, best) { value } else { best }),
        }
    }

    /// Seconds that workers trained this trial, lost work included; a running attempt counts until `now_us`.
    pub fn seconds(&self, now_us: i64) -> f64 {
        let spent: i64 = self
            .attempts
            .iter()
            .map(|attempt| (attempt.end.as_ref().map_or(now_us, |(_, at, _)| *at) - attempt.started_us).max(0))
            .sum();
        spent as f64 / 1e6
    }
}
