//! The history: the fold of the log. What the manager decides from and what the viewer shows.

mod failing;
mod ranking;
mod spent;
mod trial;

use std::collections::BTreeMap;
use std::sync::Arc;

use seqtune_space::{Params, SearchSpace};

use crate::event::{AttemptEnd, Event, EventKind};
use crate::spec::{OutcomeConstraint, Settings, StudySpec};
pub(crate) use ranking::loss_under;
pub use trial::{Attempt, Checkpoint, Point, Trial, TrialEnd, TrialState};

/// A study as its log tells it.
#[derive(Clone, Debug)]
pub struct History {
    /// What the study is; its space, and what the family declares, are the newest version.
    pub spec: Arc<StudySpec>,
    /// Its settings now.
    pub settings: Settings,
    /// Its trials; the index is the number.
    pub trials: Vec<Trial>,
    /// Points that wait or waited to be tried, in this order.
    pub queue: Vec<Queued>,
    /// Position of the last event folded in.
    pub seq: u64,
    /// When the study was created, in microseconds since 1970.
    pub created_us: i64,
    /// When the last event was committed.
    pub last_us: i64,
    /// Requests that were answered, by id.
    pub answered: BTreeMap<u64, String>,
    /// Why the present manager starts nothing new: "paused by request of the viewer". After one that was killed it stands until
    /// the next comes, so ask too whether the study is held.
    pub paused: Option<String>,
    /// Time that managers were alive before the present one, in microseconds.
    managed_us: i64,
    /// When the present manager started, `None` where the last one left in order.
    manager_since: Option<i64>,
    /// Position of its start in the log.
    manager_seq: u64,
    /// When the last event before the present manager was committed: what a killed manager's workers did later is not
    /// known.
    left_us: i64,
    /// Versions of the space, each with the first trial that is decided in it.
    spaces: Vec<(u64, Arc<SearchSpace>)>,
    /// Of the newest attempt.
    build: Arc<BTreeMap<String, String>>,
}

/// A point that waits or waited to be tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Queued {
    /// The first trial that may take it.
    pub from_trial: u64,
    /// The point.
    pub params: Params,
    /// The request that asked for it; `None` where the study file lists it.
    pub request: Option<u64>,
    /// Whether it was tried before and is to be tried with another seed.
    pub again: bool,
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
        let unbounded = |constraint: &OutcomeConstraint| constraint.at_most.is_some() == constraint.at_least.is_some();
        if spec.outcome_constraints.iter().any(unbounded) {
            let message = "an outcome constraint has one bound, at_most or at_least".to_owned();
            return Err(HistoryError { seq: first.seq, message });
        }
        Ok(History {
            queue: spec
                .enqueue
                .iter()
                .map(|params| Queued { from_trial: 0, params: params.clone(), request: None, again: false })
                .collect(),
            spaces: vec![(0, Arc::new(spec.space.clone()))],
            left_us: first.at_us,
            spec: Arc::new((**spec).clone()),
            settings: settings.clone(),
            trials: Vec::new(),
            seq: first.seq,
            created_us: first.at_us,
            last_us: first.at_us,
            answered: BTreeMap::new(),
            paused: None,
            managed_us: 0,
            manager_since: None,
            manager_seq: 0,
            build: Arc::default(),
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
        // Where the clock was set back, time stood still: no span is negative.
        let at_us = event.at_us.max(self.last_us);
        match &event.kind {
            EventKind::StudyCreated { .. } => return Err(rule("a study is created once".to_owned())),
            EventKind::ManagerStarted { .. } => {
                self.close_manager(self.last_us);
                self.left_us = self.last_us;
                self.manager_since = Some(at_us);
                self.manager_seq = event.seq;
                self.paused = None;
            }
            EventKind::ManagerStopped { .. } => {
                self.close_manager(at_us);
                self.paused = None;
            }
            EventKind::TrialStarted { trial, params, config_key, origin, space_version, replicate, seed, seen } => {
                if *trial != self.trials.len() as u64 {
                    return Err(rule(format!("trial {trial} starts out of turn")));
                }
                if *space_version >= self.spaces.len() as u64 {
                    return Err(rule(format!("trial {trial} is of a space that does not exist yet")));
                }
                self.trials.push(Trial {
                    number: *trial,
                    params: params.clone(),
                    config_key: config_key.clone(),
                    origin: *origin,
                    space_version: *space_version,
                    replicate: *replicate,
                    seed: *seed,
                    seen: *seen,
                    started_us: at_us,
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
            EventKind::AttemptStarted { trial, attempt, worker, device, build, from_step, elsewhere } => {
                // Nearly all are of one build.
                if *self.build != *build {
                    self.build = Arc::new(build.clone());
                }
                let build = Arc::clone(&self.build);
                let trial = self.open_trial(*trial, event.seq)?;
                if *attempt as usize != trial.attempts.len() {
                    return Err(rule(format!("attempt {attempt} of trial {} is out of turn", trial.number)));
                }
                trial.attempts.push(Attempt {
                    worker: *worker,
                    device: device.clone(),
                    build,
                    from_step: *from_step,
                    elsewhere: elsewhere.clone(),
                    started_us: at_us,
                    end: None,
                });
            }
            EventKind::AttemptEnded { trial, attempt, cause, message } => {
                // A lost one is noted by the manager that comes after; it ended with the manager before.
                let at_us = if *cause == AttemptEnd::Lost { self.left_us } else { at_us };
                let trial = self.known_trial(*trial, event.seq)?;
                let attempt = trial
                    .attempts
                    .get_mut(*attempt as usize)
                    .ok_or_else(|| rule(format!("attempt {attempt} ends without a start")))?;
                if attempt.end.is_some() {
                    return Err(rule("an attempt ends once".to_owned()));
                }
                attempt.end = Some((*cause, at_us.max(attempt.started_us), message.clone()));
            }
            EventKind::Reported { trial, step, value, metrics, .. } => {
                let trial = self.open_trial(*trial, event.seq)?;
                if trial.reports.last().is_some_and(|last| last.step >= *step) {
                    return Err(rule(format!("step {step} of trial {} is out of turn", trial.number)));
                }
                let (step, value, metrics) = (*step, *value, metrics.clone());
                trial.reports.push(Point { step, value, at_us, seq: event.seq, metrics });
            }
            EventKind::ReportDiffered { trial, step, .. } => {
                self.known_trial(*trial, event.seq)?.differed.push(*step);
            }
            EventKind::Checkpointed { trial, step, path, sha256, .. } => {
                let trial = self.open_trial(*trial, event.seq)?;
                trial.checkpoints.push(Checkpoint { step: *step, path: path.clone(), sha256: sha256.clone() });
            }
            EventKind::Completed { trial } => self.end_trial(*trial, TrialEnd::Completed, event)?,
            EventKind::Pruned { trial, reason, seen } => {
                self.end_trial(*trial, TrialEnd::Pruned { reason: reason.clone(), seen: *seen }, event)?;
            }
            EventKind::Failed { trial, cause, message } => {
                self.end_trial(*trial, TrialEnd::Failed { cause: *cause, message: message.clone() }, event)?;
            }
            EventKind::Enqueued { params, from_trial, request, again } => {
                let (from_trial, request, again) = (*from_trial, *request, *again);
                self.queue.push(Queued { from_trial, params: params.clone(), request, again });
            }
            EventKind::SpaceChanged { version, from_trial, space, declared } => {
                if *version != self.spaces.len() as u64 {
                    return Err(rule(format!("version {version} of the space is out of turn")));
                }
                self.spaces.push((*from_trial, Arc::new(space.clone())));
                let spec = Arc::make_mut(&mut self.spec);
                spec.space = space.clone();
                if let Some(declared) = declared {
                    spec.info.parameters = declared.clone();
                }
            }
            EventKind::SettingsChanged { settings, .. } => self.settings = settings.clone(),
            EventKind::RequestAnswered { id, answer, pause, .. } => {
                self.answered.insert(*id, answer.clone());
                if let Some(pause) = pause {
                    self.paused = pause.then(|| answer.clone());
                }
            }
        }
        self.seq = event.seq;
        self.last_us = at_us;
        Ok(())
    }

    /// Version of the space in which a trial is decided, at the present end of the log.
    pub fn space_version(&self, trial: u64) -> u64 {
        self.spaces.iter().rposition(|(from_trial, _)| *from_trial <= trial).unwrap_or(0) as u64
    }

    /// A version of the space; the newest where there is no such version.
    pub fn space(&self, version: u64) -> &Arc<SearchSpace> {
        let newest = self.spaces.len() - 1;
        &self.spaces[usize::try_from(version).map_or(newest, |version| version.min(newest))].1
    }

    /// A trial by number.
    pub fn trial(&self, number: u64) -> Option<&Trial> {
        self.trials.get(usize::try_from(number).ok()?)
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
        let at_us = event.at_us.max(self.last_us);
        let trial = self.open_trial(number, event.seq)?;
        trial.end = Some(end);
        trial.ended_us = Some(at_us);
        trial.ended_seq = Some(event.seq);
        Ok(())
    }
}
