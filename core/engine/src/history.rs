//! The history: the fold of the log. What the manager decides from and what the viewer shows.

use std::collections::BTreeMap;
use std::sync::Arc;

use seqtune_plugin::{FailureCause, MetricValue};
use seqtune_space::Params;

use crate::event::{AttemptEnd, Event, EventKind, MetricsJson, Origin, Seen};
use crate::spec::{Reduce, Settings, StudySpec};

/// A study as its log tells it.
#[derive(Clone, Debug)]
pub struct History {
    /// What the study is.
    pub spec: Arc<StudySpec>,
    /// Its settings now.
    pub settings: Settings,
    /// Its trials; the index is the number.
    pub trials: Vec<Trial>,
    /// Points that wait or waited to be tried, each with the first trial that may take it.
    pub queue: Vec<(u64, Params)>,
    /// Position of the last event folded in.
    pub seq: u64,
    /// When the study was created, in microseconds since 1970.
    pub created_us: i64,
    /// When the last event was committed.
    pub last_us: i64,
    /// Requests that were answered, by id.
    pub answered: BTreeMap<u64, String>,
    /// Time that managers were alive before the present one, in microseconds.
    managed_us: i64,
    /// When the present manager started, `None` where the last one left in order.
    manager_since: Option<i64>,
}

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
    /// Step of the checkpoint it went on from.
    pub from_step: u64,
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

/// The log breaks one of its own rules: it was written by something else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {seq} breaks the log's rules: {message}")]
pub struct HistoryError {
    /// The event.
    pub seq: u64,
    /// Which rule.
    pub message: String,
}

impl History {
    /// The history of a log that has its first event only.
    ///
    /// # Errors
    /// Where the event is not `study_created`.
    pub fn new(first: &Event) -> Result<History, HistoryError> {
        let EventKind::StudyCreated { spec, settings, .. } = &first.kind else {
            return Err(HistoryError { seq: first.seq, message: "the first event must be study_created".to_owned() });
        };
        if spec.objectives.is_empty() {
            return Err(HistoryError { seq: first.seq, message: "a study has an objective".to_owned() });
        }
        Ok(History {
            queue: spec.enqueue.iter().map(|params| (0, params.clone())).collect(),
            spec: Arc::new((**spec).clone()),
            settings: settings.clone(),
            trials: Vec::new(),
            seq: first.seq,
            created_us: first.at_us,
            last_us: first.at_us,
            answered: BTreeMap::new(),
            managed_us: 0,
            manager_since: None,
        })
    }

    /// The history of a whole log.
    ///
    /// # Errors
    /// Where the log is empty or breaks its rules.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<History, HistoryError> {
        let mut events = events.into_iter();
        let empty = || HistoryError { seq: 0, message: "the log is empty".to_owned() };
        let mut history = History::new(events.next().ok_or_else(empty)?)?;
        for event in events {
            history.apply(event)?;
        }
        Ok(history)
    }

    /// Folds one more event in.
    ///
    /// # Errors
    /// Where the event breaks the log's rules; the history is then unchanged.
    pub fn apply(&mut self, event: &Event) -> Result<(), HistoryError> {
        let rule = |message: String| HistoryError { seq: event.seq, message };
        if event.seq <= self.seq {
            return Err(rule(format!("it comes after event {}", self.seq)));
        }
        match &event.kind {
            EventKind::StudyCreated { .. } => return Err(rule("a study is created once".to_owned())),
            EventKind::ManagerStarted { .. } => {
                self.close_manager(self.last_us);
                self.manager_since = Some(event.at_us);
            }
            EventKind::ManagerStopped { .. } => self.close_manager(event.at_us),
            EventKind::TrialStarted { trial, params, config_key, origin, replicate, seed, seen } => {
                if *trial != self.trials.len() as u64 {
                    return Err(rule(format!("trial {trial} starts out of turn")));
                }
                self.trials.push(Trial {
                    number: *trial,
                    params: params.clone(),
                    config_key: config_key.clone(),
                    origin: *origin,
                    replicate: *replicate,
                    seed: *seed,
                    seen: *seen,
                    started_us: event.at_us,
                    started_seq: event.seq,
                    attempts: Vec::new(),
                    reports: Vec::new(),
                    checkpoints: Vec::new(),
                    differed: Vec::new(),
                    end: None,
                    ended_us: None,
                    ended_seq: None,
                });
            }
            EventKind::AttemptStarted { trial, attempt, worker, device, from_step, .. } => {
                let trial = self.open_trial(*trial, event.seq)?;
                if *attempt as usize != trial.attempts.len() {
                    return Err(rule(format!("attempt {attempt} of trial {} is out of turn", trial.number)));
                }
                trial.attempts.push(Attempt {
                    worker: *worker,
                    device: device.clone(),
                    from_step: *from_step,
                    started_us: event.at_us,
                    end: None,
                });
            }
            EventKind::AttemptEnded { trial, attempt, cause, message } => {
                let trial = self.known_trial(*trial, event.seq)?;
                let attempt = trial
                    .attempts
                    .get_mut(*attempt as usize)
                    .ok_or_else(|| rule(format!("attempt {attempt} ends without a start")))?;
                if attempt.end.is_some() {
                    return Err(rule("an attempt ends once".to_owned()));
                }
                attempt.end = Some((*cause, event.at_us, message.clone()));
            }
            EventKind::Reported { trial, step, value, metrics, .. } => {
                let trial = self.open_trial(*trial, event.seq)?;
                if trial.reports.last().is_some_and(|last| last.step >= *step) {
                    return Err(rule(format!("step {step} of trial {} is out of turn", trial.number)));
                }
                trial.reports.push(Point { step: *step, value: *value, at_us: event.at_us, metrics: metrics.clone() });
            }
            EventKind::ReportDiffered { trial, step, .. } => {
                self.known_trial(*trial, event.seq)?.differed.push(*step);
            }
            EventKind::Checkpointed { trial, step, path, sha256, .. } => {
                let trial = self.open_trial(*trial, event.seq)?;
                trial.checkpoints.push(Checkpoint { step: *step, path: path.clone(), sha256: sha256.clone() });
            }
            EventKind::Completed { trial } => self.end_trial(*trial, TrialEnd::Completed, event)?,
            EventKind::Pruned { trial, reason, .. } => {
                self.end_trial(*trial, TrialEnd::Pruned { reason: reason.clone() }, event)?;
            }
            EventKind::Failed { trial, cause, message } => {
                self.end_trial(*trial, TrialEnd::Failed { cause: *cause, message: message.clone() }, event)?;
            }
            EventKind::Enqueued { params, from_trial } => self.queue.push((*from_trial, params.clone())),
            EventKind::SettingsChanged { settings, .. } => self.settings = settings.clone(),
            EventKind::RequestAnswered { id, answer, .. } => {
                self.answered.insert(*id, answer.clone());
            }
        }
        self.seq = event.seq;
        self.last_us = self.last_us.max(event.at_us);
        Ok(())
    }

    /// A trial by number.
    pub fn trial(&self, number: u64) -> Option<&Trial> {
        self.trials.get(usize::try_from(number).ok()?)
    }

    /// The value of a trial under the first objective; `None` where it has no finite one.
    pub fn value(&self, trial: &Trial) -> Option<f64> {
        let objective = self.spec.objective();
        match objective.reduce {
            Reduce::Last => trial.last_value(),
            Reduce::Best => trial.best_point(objective.direction).and_then(|point| point.value),
        }
    }

    /// The best completed trial; the lower number where two are equal.
    pub fn best(&self) -> Option<&Trial> {
        self.ranked().into_iter().next()
    }

    /// Completed trials with a value, best first; the lower number first where two are equal.
    pub fn ranked(&self) -> Vec<&Trial> {
        let direction = self.spec.objective().direction;
        let mut ranked: Vec<(f64, &Trial)> = self
            .trials
            .iter()
            .filter(|trial| trial.end == Some(TrialEnd::Completed))
            .filter_map(|trial| Some((self.value(trial)?, trial)))
            .collect();
        ranked.sort_by(|(a, _), (b, _)| match direction {
            seqtune_plugin::Direction::Minimize => a.total_cmp(b),
            seqtune_plugin::Direction::Maximize => b.total_cmp(a),
        });
        ranked.into_iter().map(|(_, trial)| trial).collect()
    }

    /// Hours that managers were alive, over all processes. A manager that was killed counts until its last event.
    pub fn hours(&self, now_us: Option<i64>) -> f64 {
        let present = self.manager_since.map_or(0, |since| now_us.unwrap_or(self.last_us).max(since) - since);
        (self.managed_us + present) as f64 / 3.6e9
    }

    /// Trials in number order since the best value last improved, counted over those below `number` and up to the
    /// first unfinished one: the figure does not depend on who finishes first.
    pub fn without_improvement(&self, number: u64) -> u64 {
        let direction = self.spec.objective().direction;
        let mut best: Option<f64> = None;
        let mut since = 0;
        for trial in self.trials.iter().take(number as usize).take_while(|trial| trial.end.is_some()) {
            let value = self.value(trial).filter(|_| trial.end == Some(TrialEnd::Completed));
            match (value, best) {
                (Some(value), Some(old)) if !direction.better(value, old) => since += 1,
                (Some(value), _) => (best, since) = (Some(value), 0),
                (None, _) => since += 1,
            }
        }
        since
    }

    /// How many trials are in a state.
    pub fn count(&self, state: TrialState) -> usize {
        self.trials.iter().filter(|trial| trial.state() == state).count()
    }

    fn close_manager(&mut self, at_us: i64) {
        if let Some(since) = self.manager_since.take() {
            self.managed_us += (at_us - since).max(0);
        }
    }

    fn known_trial(&mut self, number: u64, seq: u64) -> Result<&mut Trial, HistoryError> {
        self.trials
            .get_mut(number as usize)
            .ok_or_else(|| HistoryError { seq, message: format!("there is no trial {number}") })
    }

    fn open_trial(&mut self, number: u64, seq: u64) -> Result<&mut Trial, HistoryError> {
        let trial = self.known_trial(number, seq)?;
        if trial.end.is_some() {
            return Err(HistoryError { seq, message: format!("trial {number} has ended before") });
        }
        Ok(trial)
    }

    fn end_trial(&mut self, number: u64, end: TrialEnd, event: &Event) -> Result<(), HistoryError> {
        let trial = self.open_trial(number, event.seq)?;
        trial.end = Some(end);
        trial.ended_us = Some(event.at_us);
        trial.ended_seq = Some(event.seq);
        Ok(())
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

    /// Seconds that workers trained this trial, lost work included; a running attempt counts until `now_us`.
    pub fn seconds(&self, now_us: i64) -> f64 {
        let spent: i64 = self
            .attempts
            .iter()
            .map(|attempt| attempt.end.as_ref().map_or(now_us, |(_, at, _)| *at) - attempt.started_us)
            .sum();
        spent.max(0) as f64 / 1e6
    }
}
