//! What a worker's words mean for the trial it trains: events, or a breach of the protocol.

use std::path::Path;
use std::time::Instant;

use seqtune_core::{AttemptEnd, EventKind, History, MetricsJson};
use seqtune_plugin::FailureCause;
use seqtune_plugin::protocol::StepReport;

use super::checkpoints;

/// One attempt in the hands of one worker.
#[derive(Clone, Copy, Debug)]
pub(super) struct Assignment {
    pub(super) trial: u64,
    pub(super) attempt: u32,
    /// When it was handed over.
    pub(super) since: Instant,
    /// When the worker last said anything.
    pub(super) heard: Instant,
}

impl Assignment {
    /// Whether the log does not say yet how this attempt ended.
    pub(super) fn is_open(&self, history: &History) -> bool {
        let attempt = history.trial(self.trial).and_then(|trial| trial.attempts.get(self.attempt as usize));
        attempt.is_some_and(|attempt| attempt.end.is_none())
    }

    /// The events of a report; an error is the protocol's breach in words.
    ///
    /// A step that is in the log already (the trial goes on from a checkpoint before it) must come out the same: then
    /// it adds nothing. Where it does not, the first report stands and the difference is noted.
    pub(super) fn reported(
        &self,
        history: &History,
        study: &Path,
        report: &StepReport,
    ) -> Result<Vec<EventKind>, String> {
        let trial = history.trial(self.trial).ok_or("it reports for a trial that does not exist")?;
        let objective = &history.spec.objective().metric;
        let value = report
            .metrics
            .get(objective)
            .ok_or_else(|| format!("its report of step {} has no {objective}", report.step))?
            .value();
        let metrics = MetricsJson::new(&report.metrics);
        let (number, attempt, step) = (self.trial, self.attempt, report.step);
        let mut events = Vec::new();
        if step > trial.step() {
            if step != trial.step() + 1 || step > history.spec.trial.steps {
                return Err(format!("it reports step {step} after step {}", trial.step()));
            }
            events.push(EventKind::Reported { trial: number, attempt, step, value, metrics });
        } else {
            let first = trial.reports.iter().find(|point| point.step == step);
            let first = first.ok_or_else(|| format!("it reports step {step}, which does not exist"))?;
            if first.metrics != metrics {
                events.push(EventKind::ReportDiffered { trial: number, attempt, step, value, metrics });
            }
        }
        if let Some(saved) = &report.checkpoint {
            let mine = checkpoints::attempt_directory(study, number, attempt as usize);
            // Links resolved: a worker may spell the way to its directory otherwise than we do.
            let real = |path: &Path| path.canonicalize().map_err(|error| format!("{}: {error}", path.display()));
            let (saved_at, within) = (real(&saved.path)?, real(&mine)?);
            let inside = saved_at
                .strip_prefix(&within)
                .map_err(|_| format!("it saved a checkpoint outside its directory: {}", saved.path.display()))?;
            let path = mine.join(inside);
            let path = path.strip_prefix(study).unwrap_or(&path).to_string_lossy().into_owned();
            let sha256 = saved.sha256.clone();
            events.push(EventKind::Checkpointed { trial: number, attempt, step, path, sha256 });
        }
        Ok(events)
    }

    /// The events of a trial whose steps are all done.
    pub(super) fn completed(&self, history: &History) -> Result<Vec<EventKind>, String> {
        let (steps, done) = (history.spec.trial.steps, history.trial(self.trial).map_or(0, |trial| trial.step()));
        if done != steps {
            return Err(format!("it says that the trial is complete after {done} of {steps} steps"));
        }
        Ok(vec![self.ended(AttemptEnd::Completed, String::new()), EventKind::Completed { trial: self.trial }])
    }

    /// The events of a failure. A crash or a stall is tried again until the study's retries are spent; what is the
    /// point's own fault, or took too long, is not; an interruption leaves the trial waiting.
    pub(super) fn failed(&self, history: &History, cause: FailureCause, message: &str, again: bool) -> Vec<EventKind> {
        let mut events = vec![self.ended(AttemptEnd::Failed(cause), message.to_owned())];
        let earlier = history.trial(self.trial).map_or(0, |trial| {
            let wasted = [FailureCause::Crashed, FailureCause::TimedOut].map(AttemptEnd::Failed);
            trial.attempts.iter().filter(|a| a.end.as_ref().is_some_and(|(end, ..)| wasted.contains(end))).count()
        });
        let retry = again && !cause.is_of_the_point() && earlier < history.spec.trial.retries as usize;
        // These say nothing about the point, and they end the run: the trial waits.
        let waits = matches!(cause, FailureCause::Interrupted | FailureCause::NoSpace | FailureCause::Unusable);
        if !waits && !retry {
            events.push(EventKind::Failed { trial: self.trial, cause, message: message.to_owned() });
        }
        events
    }

    pub(super) fn ended(&self, cause: AttemptEnd, message: String) -> EventKind {
        EventKind::AttemptEnded { trial: self.trial, attempt: self.attempt, cause, message }
    }
}
