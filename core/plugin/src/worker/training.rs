//! One trial in training: steps, checkpoints, reports, verdicts.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use super::checkpoint::save_checkpoint;
use super::{Conversation, guarded};
use crate::error::{FailureCause, FamilyError};
use crate::family::{FamilyInfo, Job, Report, Session, StepContext};
use crate::protocol::{CheckpointPlan, FromWorker, Run, Saved, StepReport, ToWorker, Verdict};

/// Progress is a sign of life and a line for people: more often than this it is noise.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);

/// Why training ends before the last step.
enum Left {
    /// The verdict was `stop`. The study knows.
    Stopped,
    /// To be answered with `failed`.
    Failed(FailureCause, String),
    /// The study is gone; there is nobody to answer.
    Gone,
    /// The answer cannot be sent.
    Io(io::Error),
}

impl From<FamilyError> for Left {
    fn from(error: FamilyError) -> Self {
        Left::Failed(error.cause(), error.to_string())
    }
}

impl From<io::Error> for Left {
    fn from(error: io::Error) -> Self {
        Left::Io(error)
    }
}

impl<W: Write> Conversation<'_, W> {
    /// Trains a trial to its end, whatever that is.
    pub(super) fn run(&mut self, run: &Run) -> io::Result<()> {
        match self.train(run) {
            Ok(()) => self.send(&FromWorker::Completed { trial: run.trial }),
            Err(Left::Failed(cause, message)) => self.send_failed(Some(run.trial), cause, message),
            Err(Left::Stopped | Left::Gone) => Ok(()),
            Err(Left::Io(error)) => Err(error),
        }
    }

    fn train(&mut self, run: &Run) -> Result<(), Left> {
        let resume = run.checkpoint.as_ref().and_then(|plan| plan.from.as_ref());
        let done = resume.map_or(0, |from| from.step);
        if done >= run.steps {
            return Ok(());
        }
        let mut session = self.open_session(run)?;
        let end = self.train_steps(session.as_mut(), run, done);
        // A panic while it cleans up ends no worker.
        let dropped = guarded(|| {
            drop(session);
            Ok(())
        });
        if let Err(error) = dropped {
            tracing::warn!("the session of trial {} did not end well: {error}", run.trial);
        }
        end
    }

    fn train_steps(&mut self, session: &mut dyn Session, run: &Run, done: u64) -> Result<(), Left> {
        for step in done + 1..=run.steps {
            let report = self.step(session, run.trial)?;
            check_metrics(&self.info, &report)?;
            let checkpoint = match &run.checkpoint {
                Some(plan) if is_saved(plan, step, run.steps) => Some(save(session, plan, step)?),
                _ => None,
            };
            let report = StepReport { trial: run.trial, step, metrics: report.metrics, checkpoint };
            self.send(&FromWorker::Report(report))?;
            self.wait_for_verdict(run.trial)?;
        }
        Ok(())
    }

    fn open_session(&self, run: &Run) -> Result<Box<dyn Session>, Left> {
        let Some(prepared) = &self.prepared else {
            return Err(FamilyError::Other("`run` came before `prepare`".to_owned()).into());
        };
        let params = self.info.parameters.check(run.params.clone()).map_err(FamilyError::from)?;
        let resume = run.checkpoint.as_ref().and_then(|plan| plan.from.as_ref());
        if let Some(from) = resume.filter(|from| !from.path.is_dir()) {
            return Err(FamilyError::Other(format!("there is no checkpoint {}", from.path.display())).into());
        }
        let job = Job {
            trial: run.trial,
            attempt: run.attempt,
            params,
            seed: run.seed,
            study_seed: run.study_seed,
            device: run.device.clone(),
            steps: run.steps,
            checkpoint: resume.map(|from| from.path.clone()),
        };
        Ok(guarded(|| self.family.open(prepared, &job))?)
    }

    fn step(&mut self, session: &mut dyn Session, trial: u64) -> Result<Report, Left> {
        let mut spoken: Option<Instant> = None;
        let mut progress = |update: u64, of: u64| {
            if self.inbox.interrupted() {
                return Err(FamilyError::Interrupted);
            }
            if spoken.is_none_or(|at| at.elapsed() >= PROGRESS_INTERVAL) {
                // The first call only starts the clock: a short step needs no sign of life.
                if spoken.is_some() {
                    let sent = self.send(&FromWorker::Progress { trial, update, of });
                    sent.map_err(|error| FamilyError::Other(format!("progress cannot be sent: {error}")))?;
                }
                spoken = Some(Instant::now());
            }
            Ok(())
        };
        let mut noise = |bytes: &[u8]| {
            let mut output = self.output.borrow_mut();
            // Whether it arrives is no concern of a protocol that is being broken.
            let _ = output.write_all(bytes).and_then(|()| output.flush());
        };
        let mut context = StepContext::new(&mut progress).with_noise(&mut noise);
        match guarded(|| session.step(&mut context)) {
            Err(FamilyError::Interrupted) => Err(self.take_interruption()?),
            other => Ok(other?),
        }
    }

    /// A step came back interrupted: takes the message that asked for it off the inbox.
    fn take_interruption(&mut self) -> Result<Left, Left> {
        if !self.inbox.interrupted() {
            let message = "the family left the trial as interrupted, and nobody had asked for it";
            return Ok(Left::Failed(FailureCause::Crashed, message.to_owned()));
        }
        loop {
            match self.inbox.next() {
                None => return Ok(Left::Gone),
                Some(Ok(ToWorker::Interrupt)) => return Ok(FamilyError::Interrupted.into()),
                Some(other) => self.refuse_while_training(other)?,
            }
        }
    }

    fn wait_for_verdict(&mut self, trial: u64) -> Result<(), Left> {
        loop {
            match self.inbox.next() {
                None => return Err(Left::Gone),
                Some(Ok(ToWorker::Interrupt)) => return Err(FamilyError::Interrupted.into()),
                Some(Ok(ToWorker::Verdict { trial: of, verdict, .. })) if of == trial => {
                    return match verdict {
                        Verdict::Continue => Ok(()),
                        Verdict::Stop => Err(Left::Stopped),
                    };
                }
                Some(other) => self.refuse_while_training(other)?,
            }
        }
    }

    fn refuse_while_training(&self, message: Result<ToWorker, crate::protocol::LineError>) -> io::Result<()> {
        match message {
            // Of an earlier trial: it crossed that trial's last message.
            Ok(ToWorker::Verdict { .. } | ToWorker::Interrupt) => Ok(()),
            Ok(ToWorker::Prepare { .. } | ToWorker::Run(_) | ToWorker::Apply { .. }) => {
                let message = "a trial is in training, and a worker does one thing at a time".to_owned();
                self.send_failed(None, FailureCause::Crashed, message)
            }
            Err(error) => self.refuse_line(error),
        }
    }
}

fn is_saved(plan: &CheckpointPlan, step: u64, steps: u64) -> bool {
    step == steps || (plan.every > 0 && step.is_multiple_of(plan.every))
}

fn save(session: &mut dyn Session, plan: &CheckpointPlan, step: u64) -> Result<Saved, FamilyError> {
    save_checkpoint(&plan.dir, step, |directory| guarded(|| session.save(directory)))
}

fn check_metrics(info: &FamilyInfo, report: &Report) -> Result<(), FamilyError> {
    if let Some(missing) = info.metrics.iter().find(|metric| !report.metrics.contains_key(&metric.name)) {
        return Err(FamilyError::Other(format!(
            "the family {} declares the metric `{}` and did not report it",
            info.name, missing.name
        )));
    }
    if let Some(undeclared) = report.metrics.keys().find(|name| info.metric(name).is_none()) {
        return Err(FamilyError::Other(format!(
            "the family {} reported the metric `{undeclared}`, which it does not declare",
            info.name
        )));
    }
    Ok(())
}
