//! The loop: assign, hear, commit, answer.

use std::time::{Duration, Instant};

use seqtune_core::{
    EventKind, History, Proposal, Proposer, RequestKind, SampleError, Store, StoreError, TrialState,
    next_trial_may_start,
};
use seqtune_plugin::FailureCause;
use seqtune_plugin::protocol::{CheckpointPlan, FromWorker, Run, ToWorker, Verdict};

use super::assignment::Assignment;
use super::crew::{Crew, Heard};
use super::log::Log;
use super::signals::Signals;
use super::{ManagerError, Observer, Outcome, RunOptions, TrialProgress, checkpoints};
use crate::launch::WorkerProgram;

/// How long workers may take to leave their step after they were asked to.
const LEAVE_LIMIT: Duration = Duration::from_secs(7);

/// Seeds that one request can ask for.
const MOST_SEEDS: u64 = 100;

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
    let crew = Crew::new(program, spec, options, workers);
    let idle = workers.saturating_sub(spec.window);
    let fixed = spec.order == seqtune_core::Order::Fixed;
    let window = spec.window;
    // The first look at requests is due at once.
    let ticked = Instant::now().checked_sub(TICK).unwrap_or_else(Instant::now);
    let proposer = Proposer::new(&spec.sampler);
    let mut turn = Turn { log, proposer, crew, signals, device, stopping: None, ticked };
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
enum Stopping {
    /// Running trials may end.
    AfterRunning(String),
    /// Running trials were asked to leave; they are killed at the instant given.
    Now(String, Instant),
}

struct Turn<'a> {
    log: Log<'a>,
    proposer: Proposer,
    crew: Crew,
    signals: Signals,
    device: String,
    stopping: Option<Stopping>,
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
            self.hand_out()?;
            if let Some(outcome) = self.ended() {
                return Ok(outcome);
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

    fn tidy(&mut self, trials: &[u64]) {
        for number in trials {
            let history = self.log.history();
            let Some(trial) = history.trial(*number) else { continue };
            if let Err(error) = checkpoints::tidy(self.log.directory(), history, trial) {
                let message = format!("trial {number}: old checkpoints could not be removed: {error}");
                self.log.warn(&message);
            }
        }
    }

    /// Gives every idle worker the next piece of work.
    fn hand_out(&mut self) -> Result<(), ManagerError> {
        while self.stopping.is_none() && self.crew.has_room() {
            let Some(next) = self.next_work()? else { return Ok(()) };
            let Some(place) = self.crew.idle()? else { return Ok(()) };
            self.hand_over(place, next)?;
        }
        Ok(())
    }

    /// What is to be trained next: a trial that was left unfinished, lowest number first, else a new one.
    fn next_work(&self) -> Result<Option<Work>, ManagerError> {
        let history = self.log.history();
        let busy: Vec<u64> = self.crew.busy().into_iter().map(|(_, assignment)| assignment.trial).collect();
        let left = history.trials.iter().find(|trial| trial.end.is_none() && !busy.contains(&trial.number));
        if let Some(trial) = left {
            return Ok(Some(Work::GoOn(trial.number)));
        }
        if history.budget_spent(Some(now_us())).is_some() || !next_trial_may_start(history) {
            return Ok(None);
        }
        match self.proposer.propose(history, history.trials.len() as u64) {
            Ok(proposal) => Ok(Some(Work::Start(proposal))),
            // The run ends when what is still trained has ended.
            Err(SampleError::Exhausted { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn hand_over(&mut self, place: usize, work: Work) -> Result<(), ManagerError> {
        let (number, start) = match work {
            Work::GoOn(number) => (number, None),
            Work::Start(proposal) => (proposal.trial, Some(proposal)),
        };
        let spec = self.log.history().spec.clone();
        let study = self.log.directory().to_owned();
        let (params, seed) = match (&start, self.log.history().trial(number)) {
            (Some(proposal), _) => (&proposal.params, proposal.seed),
            (None, Some(trial)) => (&trial.params, trial.seed),
            (None, None) => return Ok(()),
        };
        let complete = spec.complete(params);
        let mut kinds: Vec<EventKind> = start.into_iter().map(Proposal::into_event).collect();
        let params = match complete {
            Ok(params) => params,
            Err(error) => {
                let message = format!("the family {} refuses the point: {error}", spec.info.name);
                kinds.push(EventKind::Failed { trial: number, cause: FailureCause::BadParams, message });
                return self.log.append(kinds);
            }
        };
        let trial = self.log.history().trial(number);
        if trial.is_some_and(|trial| trial.step() == spec.trial.steps) {
            // The last report was committed, and the manager was killed before the worker could say so.
            self.log.append(vec![EventKind::Completed { trial: number }])?;
            self.tidy(&[number]);
            return Ok(());
        }
        let (from, warnings) = trial.map_or((None, Vec::new()), |trial| checkpoints::resume_point(&study, trial));
        let attempt = trial.map_or(0, |trial| trial.attempts.len());
        for warning in warnings {
            self.log.warn(&warning);
        }
        kinds.push(EventKind::AttemptStarted {
            trial: number,
            attempt: attempt as u32,
            worker: place as u64,
            device: self.device.clone(),
            build: self.crew.place(place).build.clone(),
            from_step: from.as_ref().map_or(0, |from| from.step),
        });
        self.log.append(kinds)?;
        let dir = checkpoints::attempt_directory(&study, number, attempt);
        let run = ToWorker::Run(Run {
            trial: number,
            attempt: attempt as u32,
            params,
            seed,
            study_seed: spec.seed,
            device: self.device.clone(),
            steps: spec.trial.steps,
            checkpoint: Some(CheckpointPlan { every: spec.trial.checkpoint_every, dir, from }),
        });
        let now = Instant::now();
        let assignment = Assignment { trial: number, attempt: attempt as u32, since: now, heard: now };
        self.crew.assign(place, assignment, &run, &study.join("logs").join(format!("{number:04}.log")));
        Ok(())
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
                    let (trial, verdict) = (report.trial, Verdict::Continue);
                    batch.answer(place, ToWorker::Verdict { trial, verdict, reason: None });
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
        for (place, answer) in batch.answers {
            self.crew.send(place, &answer);
        }
        for place in batch.released {
            self.crew.release(place);
        }
        self.tidy(&batch.trials);
        batch.unusable.map_or(Ok(()), |message| Err(ManagerError::Unusable(message)))
    }

    /// Answers open requests. Those that ask a run to stop and were made before this one took the study are too late.
    fn answer_requests(&mut self) -> Result<(), ManagerError> {
        let from_trial = self.log.history().trials.len() as u64;
        for request in self.log.open_requests()? {
            let mut kinds = Vec::new();
            let answer = match request.kind {
                Some(RequestKind::StopAfterRunning | RequestKind::StopNow) if request.id <= self.log.last_request() => {
                    "not carried out: the study was not running".to_owned()
                }
                Some(RequestKind::StopAfterRunning) => {
                    let reason = format!("stopped by request of the {}", request.by);
                    self.stopping.get_or_insert(Stopping::AfterRunning(reason));
                    "stopping after the running trials".to_owned()
                }
                Some(RequestKind::StopNow) => {
                    self.leave(format!("stopped by request of the {}", request.by));
                    "stopping now".to_owned()
                }
                Some(RequestKind::Enqueue { params }) => match self.log.history().spec.complete(&params) {
                    Ok(_) => {
                        let request = Some(request.id);
                        kinds.push(EventKind::Enqueued { params, from_trial, request, again: false });
                        format!("enqueued, from trial {from_trial} on")
                    }
                    Err(error) => format!("refused: {error}"),
                },
                Some(RequestKind::Replicate { trial, seeds }) => match self.log.history().trial(trial) {
                    Some(trial) => {
                        let again = EventKind::Enqueued {
                            params: trial.params.clone(),
                            from_trial,
                            request: Some(request.id),
                            again: true,
                        };
                        kinds.extend(std::iter::repeat_n(again, seeds.min(MOST_SEEDS) as usize));
                        format!("enqueued with {} more seeds, from trial {from_trial} on", kinds.len())
                    }
                    None => format!("refused: there is no trial {trial}"),
                },
                None => "refused: this seqtune does not know the request".to_owned(),
            };
            kinds.push(EventKind::RequestAnswered { id: request.id, from_trial, answer });
            self.log.append(kinds)?;
        }
        Ok(())
    }

    /// Asks all running trials to leave their step.
    fn leave(&mut self, reason: String) {
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

enum Work {
    GoOn(u64),
    Start(Proposal),
}

/// What one round of listening adds to the log, and what is done once it is there.
#[derive(Default)]
struct Batch {
    kinds: Vec<EventKind>,
    places: Vec<usize>,
    answers: Vec<(usize, ToWorker)>,
    released: Vec<usize>,
    /// Trials whose checkpoints changed.
    trials: Vec<u64>,
    /// Why no trial at all can be trained.
    unusable: Option<String>,
}

impl Batch {
    fn add(&mut self, place: usize, trial: u64, kinds: Vec<EventKind>) {
        let files = |kind: &EventKind| !matches!(kind, EventKind::Reported { .. } | EventKind::ReportDiffered { .. });
        if kinds.iter().any(files) {
            self.trials.push(trial);
        }
        self.places.push(place);
        self.kinds.extend(kinds);
    }

    fn answer(&mut self, place: usize, answer: ToWorker) {
        self.answers.push((place, answer));
    }

    fn failed(&mut self, history: &History, place: usize, assignment: &Assignment, cause: FailureCause, message: &str) {
        self.add(place, assignment.trial, assignment.failed(history, cause, message, true));
    }
}

fn now_us() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}
