//! The loop: assign, hear, commit, answer.

use std::time::{Duration, Instant};

use seqtune_core::{AttemptEnd, EventKind, Judge, Proposer, Store, StoreError, TrialState, Verdict};
use seqtune_plugin::FailureCause;
use seqtune_plugin::protocol::{self, FromWorker, ToWorker};

use super::assignment::Assignment;
use super::batch::Batch;
use super::crew::{Crew, Heard};
use super::log::Log;
use super::signals::Signals;
use super::{ManagerError, Observer, Outcome, RunOptions, TrialProgress, checkpoints};
use crate::launch::WorkerProgram;

/// How long workers may take to leave their step after they were asked to.
const LEAVE_LIMIT: Duration = Duration::from_secs(7);

/// How long a message waits for others at most, to be committed with them.
const LONGEST_WAIT: Duration = Duration::from_millis(5);

/// How often requests and limits are looked at.
const TICK: Duration = Duration::from_millis(200);

pub(super) fn run(
    store: Store,
    program: &WorkerProgram,
    options: &RunOptions,
    observer: &mut dyn Observer,
) -> Result<Outcome, ManagerError> {
    let signals = Signals::install().map_err(ManagerError::Signals)?;
    let log = Log::open(store, observer)?;
    let spec = &log.history().spec;
    let workers = options.workers.unwrap_or(log.history().settings.workers.count).max(1);
    let device = options.device.clone().unwrap_or_else(|| log.history().settings.workers.device.clone());
    let crew = Crew::new(program, spec, options, workers, &device);
    let idle = workers.saturating_sub(spec.window);
    let fixed = spec.order == seqtune_core::Order::Fixed;
    let window = spec.window;
    // The first look at requests is due at once.
    let ticked = Instant::now().checked_sub(TICK).unwrap_or_else(Instant::now);
    let (proposer, judge) = (Proposer::new(&spec.sampler), Judge::new(log.history()));
    let mut turn = Turn { log, proposer, judge, crew, signals, stopping: None, failing: None, ticked };
    if fixed && idle > 0 {
        turn.log.warn(&format!(
            "{idle} of {workers} workers will be idle: the study's order is fixed with window {window} (set window in \
             the study file before its first run, or order = \"eager\")"
        ));
    }
    let outcome = turn.until_the_end();
    turn.crew.dismiss();
    let outcome = match outcome {
        // The log is whole, and so is the study: it waits for space, or for the program that holds the file.
        Err(ManagerError::Store(error @ (StoreError::DiskFull { .. } | StoreError::Busy { .. }))) => {
            Ok(Outcome::Stopped { reason: error.to_string() })
        }
        other => other,
    };
    let reason = match &outcome {
        Ok(Outcome::Done { reason } | Outcome::Stopped { reason }) => reason.clone(),
        Err(error) => error.to_string(),
    };
    match (turn.log.close(&reason), outcome) {
        // A note that cannot be written (the disk is full) is no reason to hide how the run ended.
        (Err(error), Ok(Outcome::Done { .. })) => Err(error),
        (_, outcome) => outcome,
    }
}

/// Why no more work is handed out.
#[derive(Clone, Debug)]
pub(super) enum Stopping {
    /// Running trials may end.
    AfterRunning(String),
    /// Running trials were asked to leave; they are killed at the instant given.
    Now(String, Instant),
}

pub(super) struct Turn<'a> {
    pub(super) log: Log<'a>,
    pub(super) proposer: Proposer,
    judge: Judge,
    pub(super) crew: Crew,
    signals: Signals,
    pub(super) stopping: Option<Stopping>,
    /// That nearly all trials fail, and how.
    failing: Option<String>,
    ticked: Instant,
}

impl Turn<'_> {
    fn until_the_end(&mut self) -> Result<Outcome, ManagerError> {
        self.tidy_ended_trials();
        loop {
            // First of all: a request may have been made while the data was prepared.
            if self.ticked.elapsed() >= TICK {
                self.ticked = Instant::now();
                self.answer_requests()?;
                self.keep_limits()?;
                self.log.tick();
            }
            if self.failing.is_none() && self.stopping.is_none() {
                self.failing = self.log.history().mostly_failing();
                if let Some(message) = &self.failing {
                    self.stopping = Some(Stopping::AfterRunning(message.clone()));
                }
            }
            self.hand_out()?;
            if let Some(outcome) = self.ended() {
                return match self.failing.take() {
                    Some(message) if matches!(outcome, Outcome::Stopped { .. }) => {
                        Err(ManagerError::MostlyFailing { message, logs: self.log.directory().join("logs") })
                    }
                    _ => Ok(outcome),
                };
            }
            self.listen()?;
        }
    }

    /// Removes what a manager that was killed could not.
    fn tidy_ended_trials(&mut self) {
        let ended: Vec<u64> =
            self.log.history().trials.iter().filter(|trial| trial.end.is_some()).map(|trial| trial.number).collect();
        self.tidy(&ended);
    }

    pub(super) fn tidy(&mut self, trials: &[u64]) {
        for number in trials {
            let history = self.log.history();
            let Some(trial) = history.trial(*number) else { continue };
            if let Err(error) = checkpoints::tidy(self.log.directory(), history, trial) {
                let message = format!("trial {number}: old checkpoints could not be removed: {error}");
                self.log.warn(&message);
            }
        }
    }

    /// Drains what the workers said, commits all of it together, then answers. Those that were answered together speak again
    /// almost together: waiting for them for half of what a commit takes saves them one each.
    fn listen(&mut self) -> Result<(), ManagerError> {
        let Some(first) = self.crew.hear(TICK / 4)? else { return Ok(()) };
        let (busy, until) = (self.crew.busy().len(), Instant::now() + (self.log.commit_time() / 2).min(LONGEST_WAIT));
        let mut batch = Batch::default();
        let mut heard = Some(first);
        while let Some(one) = heard {
            let place = match &one {
                Heard::Message(place, _) | Heard::Gone(place, ..) => *place,
            };
            if batch.places.contains(&place) {
                // The second word of one worker builds on the first: that must be in the history.
                self.commit(std::mem::take(&mut batch))?;
            }
            self.understand(one, &mut batch);
            let all = batch.places.len() >= busy;
            let patience = if all { Duration::ZERO } else { until.saturating_duration_since(Instant::now()) };
            heard = self.crew.hear(patience)?;
        }
        self.commit(batch)
    }

    fn understand(&mut self, heard: Heard, batch: &mut Batch) {
        let (place, message) = match heard {
            Heard::Gone(place, assignment, message) => {
                // It may have ended the trial with its last words.
                if let Some(assignment) = assignment.filter(|assignment| assignment.is_open(self.log.history())) {
                    batch.failed(self.log.history(), place, &assignment, FailureCause::Crashed, &message);
                }
                return;
            }
            Heard::Message(place, message) => (place, message),
        };
        // Late words about a trial that this worker no longer trains are dropped.
        let Some(assignment) = self.crew.assignment(place) else { return };
        let history = self.log.history();
        let understood = match message {
            FromWorker::Progress { trial, update, of } if trial == assignment.trial => {
                self.log.progress(TrialProgress { trial, update, of });
                return;
            }
            FromWorker::Report(report) if report.trial == assignment.trial => {
                assignment.reported(history, self.log.directory(), &report).map(|kinds| {
                    batch.reported(place, assignment, &kinds);
                    batch.add(place, assignment.trial, kinds);
                })
            }
            FromWorker::Completed { trial } if trial == assignment.trial => {
                assignment.completed(history).map(|kinds| {
                    batch.add(place, assignment.trial, kinds);
                    batch.released.push(place);
                })
            }
            FromWorker::Failed { trial, cause, message } if trial.is_none_or(|trial| trial == assignment.trial) => {
                let asked = matches!(self.stopping, Some(Stopping::Now(..)));
                let cause = if cause == FailureCause::Interrupted && !asked { FailureCause::Crashed } else { cause };
                batch.failed(history, place, &assignment, cause, &message);
                match cause {
                    // What broke once may stay broken as long as the process lives, and memory comes back with its end.
                    FailureCause::Crashed | FailureCause::OutOfMemory => {
                        self.crew.remove(place);
                    }
                    FailureCause::Unusable => {
                        batch.released.push(place);
                        batch.unusable = Some(message);
                    }
                    FailureCause::NoSpace => {
                        batch.released.push(place);
                        let directory = self.log.directory().to_owned();
                        self.leave(StoreError::DiskFull { directory }.to_string());
                    }
                    _ => batch.released.push(place),
                }
                Ok(())
            }
            // An artifact is named in the log when there is something that shows it.
            _ => return,
        };
        if let Err(breach) = understood {
            self.crew.remove(place);
            batch.failed(
                self.log.history(),
                place,
                &assignment,
                FailureCause::Crashed,
                &format!("the worker broke the protocol: {breach}"),
            );
        }
    }

    fn commit(&mut self, batch: Batch) -> Result<(), ManagerError> {
        self.log.append(batch.kinds)?;
        self.answer(&batch.reports)?;
        for place in batch.released {
            self.crew.release(place);
        }
        self.tidy(&batch.trials);
        batch.unusable.map_or(Ok(()), |message| Err(ManagerError::Unusable(message)))
    }

    /// Decides about reports that are in the log, writes down which trials are stopped, and tells their workers.
    fn answer(&mut self, reports: &[(usize, Assignment, bool)]) -> Result<(), ManagerError> {
        let mut kinds = Vec::new();
        let mut answers = Vec::new();
        for (place, assignment, is_new) in reports {
            let trial = assignment.trial;
            // A step that was in the log before had its verdict then.
            let stopped = if *is_new { self.stopped(trial) } else { None };
            let (verdict, reason) = match &stopped {
                Some(EventKind::Pruned { reason, .. }) => (protocol::Verdict::Stop, Some(reason.clone())),
                _ => (protocol::Verdict::Continue, None),
            };
            answers.push((*place, ToWorker::Verdict { trial, verdict, reason }));
            if let Some(stopped) = stopped {
                kinds.extend([assignment.ended(AttemptEnd::Pruned, String::new()), stopped]);
            }
        }
        self.log.append(kinds)?;
        for (place, answer) in answers {
            self.crew.send(place, &answer);
            if let ToWorker::Verdict { trial, verdict: protocol::Verdict::Stop, .. } = answer {
                self.crew.release(place);
                self.tidy(&[trial]);
            }
        }
        Ok(())
    }

    /// The event that stops a trial after its last report, where it is to be stopped.
    pub(super) fn stopped(&self, trial: u64) -> Option<EventKind> {
        let history = self.log.history();
        let (Verdict { stop, reason }, seen) = self.judge.judge(history, trial, history.trial(trial)?.reports.len())?;
        stop.then_some(EventKind::Pruned { trial, reason, seen })
    }

    /// Asks all running trials to leave their step.
    pub(super) fn leave(&mut self, reason: String) {
        if matches!(self.stopping, Some(Stopping::Now(..))) {
            return;
        }
        self.stopping = Some(Stopping::Now(reason, Instant::now() + LEAVE_LIMIT));
        for (place, _) in self.crew.busy() {
            self.crew.send(place, &ToWorker::Interrupt);
        }
    }

    /// Ends what takes too long: silent workers, trials over their time, workers that do not leave when asked.
    fn keep_limits(&mut self) -> Result<(), ManagerError> {
        if self.signals.asked() {
            self.leave("stopped by a signal".to_owned());
        }
        self.crew.check_starts()?;
        let limits = self.log.history().spec.trial.clone();
        let overdue = matches!(&self.stopping, Some(Stopping::Now(_, deadline)) if Instant::now() >= *deadline);
        for (place, assignment) in self.crew.busy() {
            let silent = assignment.heard.elapsed().as_secs_f64();
            let spent = assignment.since.elapsed().as_secs_f64();
            let (cause, message, again) = if overdue {
                (FailureCause::Interrupted, "it did not leave its step in time and was killed".to_owned(), true)
            } else if limits.time_limit_secs.is_some_and(|limit| spent > limit) {
                (FailureCause::TimedOut, format!("it passed the trial's time limit after {spent:.0} s"), false)
            } else if silent > limits.stall_limit_secs {
                (FailureCause::TimedOut, format!("its worker said nothing for {silent:.0} s and was killed"), true)
            } else {
                continue;
            };
            self.crew.remove(place);
            let mut batch = Batch::default();
            batch.add(place, assignment.trial, assignment.failed(self.log.history(), cause, &message, again));
            self.commit(batch)?;
        }
        Ok(())
    }

    /// Whether the run is over.
    fn ended(&self) -> Option<Outcome> {
        if !self.crew.busy().is_empty() {
            return None;
        }
        let history = self.log.history();
        let finished = history.count(TrialState::Waiting) + history.count(TrialState::Running) == 0;
        let over = || history.budget_spent(Some(now_us())).or_else(|| self.proposer.exhausted(history));
        match (&self.stopping, finished.then(over).flatten()) {
            (_, Some(reason)) => Some(Outcome::Done { reason }),
            (Some(Stopping::AfterRunning(reason) | Stopping::Now(reason, _)), _) => {
                Some(Outcome::Stopped { reason: reason.clone() })
            }
            _ => None,
        }
    }
}

pub(super) fn now_us() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}
