//! What is trained next, and handing it to a worker.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use seqtune_core::{EventKind, Proposal, SampleError, next_trial_may_start};
use seqtune_plugin::FailureCause;
use seqtune_plugin::protocol::{CheckpointPlan, ResumeFrom, Run, ToWorker};

use super::assignment::Assignment;
use super::crew::Place;
use super::run::{Turn, now_us};
use super::{ManagerError, checkpoints, devices};

enum Work {
    GoOn(u64),
    Start(Proposal),
}

impl Turn<'_> {
    /// Gives every idle worker the next piece of work, unless the run is stopping or paused. What is decided does not depend on
    /// when.
    pub(super) fn hand_out(&mut self) -> Result<(), ManagerError> {
        while self.stopping.is_none() && self.log.history().paused.is_none() && self.crew.has_room() {
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
        if let Some(end) = self.end_that_is_missing(number) {
            self.log.append(vec![end])?;
            self.tidy(&[number]);
            return Ok(());
        }
        let Place { build, device, .. } = self.crew.place(place);
        let (build, device, told) = (build.clone(), device.name.clone(), device.told.clone());
        let attempt = self.log.history().trial(number).map_or(0, |trial| trial.attempts.len());
        let (from, elsewhere) = self.resume_point(&study, number, &build);
        kinds.push(EventKind::AttemptStarted {
            trial: number,
            attempt: attempt as u32,
            worker: place as u64,
            device,
            build,
            from_step: from.as_ref().map_or(0, |from| from.step),
            elsewhere,
        });
        self.log.append(kinds)?;
        let dir = checkpoints::attempt_directory(&study, number, attempt);
        let run = ToWorker::Run(Run {
            trial: number,
            attempt: attempt as u32,
            params,
            seed,
            study_seed: spec.seed,
            device: told,
            steps: spec.trial.steps,
            checkpoint: Some(CheckpointPlan { every: spec.trial.checkpoint_every, dir, from }),
        });
        let now = Instant::now();
        let assignment = Assignment { trial: number, attempt: attempt as u32, since: now, heard: now };
        self.crew.assign(place, assignment, &run, &study.join("logs").join(format!("{number:04}.log")));
        Ok(())
    }

    /// The end of a trial whose last report was committed by a manager that was killed before it could say the rest.
    fn end_that_is_missing(&self, number: u64) -> Option<EventKind> {
        let history = self.log.history();
        if history.trial(number)?.step() == history.spec.trial.steps {
            return Some(EventKind::Completed { trial: number });
        }
        self.stopped(number)
    }

    /// The checkpoint that a trial goes on from, and what differs here from where it was saved.
    fn resume_point(
        &mut self,
        study: &Path,
        number: u64,
        build: &BTreeMap<String, String>,
    ) -> (Option<ResumeFrom>, Vec<String>) {
        let Some(trial) = self.log.history().trial(number) else { return (None, Vec::new()) };
        let (from, mut warnings) = checkpoints::resume_point(study, trial);
        let step = from.as_ref().map_or(0, |from| from.step);
        // The newest attempt that reached that step saved it.
        let saved = trial.attempts.iter().rev().find(|attempt| attempt.from_step < step);
        let elsewhere = saved.map_or_else(Vec::new, |saved| devices::differences(&saved.build, build));
        if !elsewhere.is_empty() {
            warnings.push(format!(
                "trial {number} goes on elsewhere than where it was saved ({}): numbers may differ in their last digits",
                elsewhere.join("; ")
            ));
        }
        warnings.iter().for_each(|warning| self.log.warn(warning));
        (from, elsewhere)
    }
}
