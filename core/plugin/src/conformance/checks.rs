//! The checks, one promise or two each.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use seqtune_space::{Domain, MAX_LIST, Params, Value};

use super::conversation::{Connection, Conversation, verdict};
use super::{Options, Promise, Violation};
use crate::digest::directory_digest;
use crate::error::FailureCause;
use crate::family::FamilyInfo;
use crate::protocol::{CheckpointPlan, FromWorker, ResumeFrom, Run, StepReport, ToWorker, Verdict};

const SEED: u64 = 1;
const STUDY_SEED: u64 = 2;

/// What all checks share.
pub(super) struct Suite<'a> {
    start: &'a dyn Fn() -> io::Result<Connection>,
    options: &'a Options,
    scratch: tempfile::TempDir,
    info: FamilyInfo,
    params: Params,
}

impl<'a> Suite<'a> {
    pub(super) fn new(
        start: &'a dyn Fn() -> io::Result<Connection>,
        options: &'a Options,
    ) -> Result<Suite<'a>, Violation> {
        let scratch = tempfile::tempdir()
            .map_err(|error| Violation::new(Promise::Ready, format!("there is no temporary directory: {error}")))?;
        let info = Conversation::start(start, options)?.info;
        check_info(&info)?;
        let params = info
            .parameters
            .complete(&options.params)
            .map_err(|error| Violation::new(Promise::Defaults, format!("with {}: {error}", show(&options.params))))?;
        Ok(Suite { start, options, scratch, info, params })
    }

    /// Runs all checks. An error is one after which the others make no sense.
    pub(super) fn check(&self) -> Result<Vec<Violation>, Violation> {
        self.check_prepare()?;
        let first = self.check_training()?;
        let mut violations = Vec::new();
        // What differs anyway, and what differs because it was saved, would differ in the later comparisons as well.
        violations.extend(self.check_determinism(&first).and_then(|()| self.check_saving(&first)).err());
        if violations.is_empty() {
            violations.extend(self.check_seed(&first).err());
            violations.extend(self.check_number(&first).err());
            violations.extend(self.check_resumption(&first).err());
            violations.extend(self.check_verdicts(&first).err());
        }
        violations.extend(self.check_bad_params().err());
        violations.extend(self.check_interruption().err());
        violations.extend(self.check_end_of_input().err());
        Ok(violations)
    }

    fn check_prepare(&self) -> Result<(), Violation> {
        let first = self.worker()?.1;
        let second = self.worker()?.1;
        if first.is_empty() {
            return Err(Violation::new(Promise::Prepare, "the digest is empty"));
        }
        if first != second {
            let detail = format!("the digests of the same data were {first} and {second}");
            return Err(Violation::new(Promise::Prepare, detail));
        }
        Ok(())
    }

    /// One trial that saves at every step.
    fn check_training(&self) -> Result<Vec<StepReport>, Violation> {
        let (mut worker, _) = self.worker()?;
        let run = self.run(1, Some(self.plan("first", 1)));
        // Each digest as soon as it is reported, and again at the end.
        let reports = worker.train_watching(&run, check_digest)?;
        check_saved_steps(&reports, &run)?;
        reports.iter().try_for_each(check_digest)?;
        Ok(reports)
    }

    fn check_determinism(&self, first: &[StepReport]) -> Result<(), Violation> {
        let reports = self.worker()?.0.train(&self.run(1, Some(self.plan("second", 1))))?;
        same(Promise::Deterministic, first, &reports)
    }

    fn check_seed(&self, first: &[StepReport]) -> Result<(), Violation> {
        if !self.options.seed_matters {
            return Ok(());
        }
        let run = Run { seed: SEED + 1, ..self.run(1, None) };
        let reports = self.worker()?.0.train(&run)?;
        if same(Promise::SeedMatters, first, &reports).is_ok() {
            let detail = format!("seeds {SEED} and {} gave the same {} reports", run.seed, reports.len());
            return Err(Violation::new(Promise::SeedMatters, detail));
        }
        Ok(())
    }

    /// Goes on, each time in a fresh worker, after the first, a middle, the last but one and the last step.
    fn check_resumption(&self, first: &[StepReport]) -> Result<(), Violation> {
        let steps = self.steps();
        let mut from = vec![1, steps / 2, steps - 1, steps];
        from.dedup();
        for step in from {
            let Some(saved) = first.get(step as usize - 1).and_then(|report| report.checkpoint.as_ref()) else {
                continue;
            };
            let plan = CheckpointPlan {
                from: Some(ResumeFrom { path: saved.path.clone(), step }),
                ..self.plan(&format!("from-{step}"), 1)
            };
            let run = Run { attempt: 1, ..self.run(1, Some(plan)) };
            let reports = self.worker()?.0.train(&run)?;
            same(Promise::CheckpointIsComplete, &first[step as usize..], &reports)
                .map_err(|v| Violation::new(v.promise, format!("going on after step {step}: {}", v.detail)))?;
        }
        // Going on has not touched what it went on from.
        first.iter().try_for_each(check_digest)
    }

    fn check_saving(&self, first: &[StepReport]) -> Result<(), Violation> {
        let run = self.run(1, None);
        let reports = self.worker()?.0.train(&run)?;
        check_saved_steps(&reports, &run)?;
        same(Promise::SavingChangesNothing, first, &reports)
    }

    fn check_number(&self, first: &[StepReport]) -> Result<(), Violation> {
        let run = Run { attempt: 3, ..self.run(4711, Some(self.plan("number", 2))) };
        let reports = self.worker()?.0.train(&run)?;
        check_saved_steps(&reports, &run)?;
        same(Promise::NumberIsForMessages, first, &reports)
    }

    fn check_bad_params(&self) -> Result<(), Violation> {
        let (mut worker, _) = self.worker()?;
        for (what, params) in bad_params(&self.info, &self.params) {
            let run = Run { params, ..self.run(1, None) };
            worker.send(&ToWorker::Run(run))?;
            match worker.next(self.options.longest_step)? {
                FromWorker::Failed { trial: Some(1), cause: FailureCause::BadParams, .. } => {}
                other => {
                    let detail = format!("{what}: the answer was {other:?}");
                    return Err(Violation::new(Promise::RefusesBadParams, detail));
                }
            }
        }
        Ok(())
    }

    /// Interrupts a trial at once and another one in its second step, then trains a third.
    fn check_interruption(&self) -> Result<(), Violation> {
        let (mut worker, _) = self.worker()?;
        let early = self.run(1, None);
        worker.send(&ToWorker::Run(early.clone()))?;
        self.interrupt(&mut worker, &early)?;
        let late = self.run(2, None);
        worker.send(&ToWorker::Run(late.clone()))?;
        worker.report(&late, 1)?;
        worker.send(&verdict(late.trial, Verdict::Continue))?;
        self.interrupt(&mut worker, &late)?;
        worker.train(&self.run(3, None)).map(drop).map_err(|v| {
            Violation::new(Promise::ObeysInterruption, format!("afterwards a new trial did not train: {v}"))
        })
    }

    fn interrupt(&self, worker: &mut Conversation<'_>, run: &Run) -> Result<(), Violation> {
        let broken = |detail| Err(Violation::new(Promise::ObeysInterruption, detail));
        worker.send(&ToWorker::Interrupt)?;
        let deadline = Instant::now() + self.options.patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return broken(format!("no answer came within {} s", self.options.patience.as_secs_f64()));
            }
            match worker.next(left) {
                Ok(FromWorker::Failed { trial: Some(trial), cause: FailureCause::Interrupted, .. })
                    if trial == run.trial =>
                {
                    return Ok(());
                }
                // A step that was done before the interruption arrived.
                Ok(FromWorker::Report(report)) if report.trial == run.trial => {}
                Ok(other) => return broken(format!("the answer was {other:?}")),
                Err(violation) => return broken(violation.detail),
            }
        }
    }

    /// Stops a trial at its second report; a verdict on another trial does not. Then trains another one.
    fn check_verdicts(&self, first: &[StepReport]) -> Result<(), Violation> {
        let (mut worker, _) = self.worker()?;
        let stopped = self.run(1, None);
        worker.send(&ToWorker::Run(stopped.clone()))?;
        worker.report(&stopped, 1)?;
        worker.send(&verdict(stopped.trial + 1000, Verdict::Stop))?;
        worker.send(&verdict(stopped.trial, Verdict::Continue))?;
        worker.report(&stopped, 2).map_err(|v| {
            Violation::new(Promise::ObeysVerdict, format!("after a verdict on another trial: {}", v.detail))
        })?;
        worker.send(&verdict(stopped.trial, Verdict::Stop))?;
        let reports = worker.train(&self.run(2, None)).map_err(|v| {
            Violation::new(Promise::ObeysVerdict, format!("after `stop` and a new `run`: {}", v.detail))
        })?;
        same(Promise::ObeysVerdict, first, &reports)
    }

    fn check_end_of_input(&self) -> Result<(), Violation> {
        let (mut worker, _) = self.worker()?;
        let run = self.run(1, None);
        worker.send(&ToWorker::Run(run.clone()))?;
        worker.report(&run, 1)?;
        worker.send(&verdict(run.trial, Verdict::Continue))?;
        if worker.ends(self.options.patience) {
            return Ok(());
        }
        let detail = format!("it still ran {} s after the end of input", self.options.patience.as_secs_f64());
        Err(Violation::new(Promise::EndsWithItsInput, detail))
    }

    /// A fresh worker with the data prepared, and the data's digest.
    fn worker(&self) -> Result<(Conversation<'a>, String), Violation> {
        let mut worker = Conversation::start(self.start, self.options)?;
        let digest = worker.prepare(&self.directory("cache"))?;
        Ok((worker, digest))
    }

    fn run(&self, trial: u64, checkpoint: Option<CheckpointPlan>) -> Run {
        Run {
            trial,
            attempt: 0,
            params: self.params.clone(),
            seed: SEED,
            study_seed: STUDY_SEED,
            device: self.options.device.clone(),
            steps: self.steps(),
            checkpoint,
        }
    }

    /// Steps of each trial: enough to go on from a middle one.
    fn steps(&self) -> u64 {
        self.options.steps.max(3)
    }

    fn plan(&self, name: &str, every: u64) -> CheckpointPlan {
        CheckpointPlan { every, dir: self.directory(name), from: None }
    }

    fn directory(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }
}

fn check_info(info: &FamilyInfo) -> Result<(), Violation> {
    let broken = |detail: String| Err(Violation::new(Promise::Ready, detail));
    if info.name.is_empty() || info.name.contains(char::is_whitespace) {
        return broken(format!("the family's name is {:?}; it must be one word", info.name));
    }
    if info.version.is_empty() || info.step.is_empty() {
        return broken("the family's version or the name of its step is empty".to_owned());
    }
    if info.metrics.is_empty() {
        return broken("the family declares no metric".to_owned());
    }
    for (index, metric) in info.metrics.iter().enumerate() {
        if info.metrics[..index].iter().any(|earlier| earlier.name == metric.name) {
            return broken(format!("the metric `{}` is declared twice", metric.name));
        }
    }
    match info.parameters.defaults() {
        Some(_) => Ok(()),
        None => Err(Violation::new(Promise::Defaults, "a parameter that is active by default has no default")),
    }
}

fn check_saved_steps(reports: &[StepReport], run: &Run) -> Result<(), Violation> {
    for report in reports {
        let due = run
            .checkpoint
            .as_ref()
            .is_some_and(|plan| report.step.is_multiple_of(plan.every) || report.step == run.steps);
        if due != report.checkpoint.is_some() {
            let every =
                run.checkpoint.as_ref().map_or("never".to_owned(), |plan| format!("every {} steps", plan.every));
            let found = if due { "lacks its checkpoint" } else { "has a checkpoint" };
            let detail = format!("saving {every}, the report of step {} of {} {found}", report.step, run.steps);
            return Err(Violation::new(Promise::SavesAsAsked, detail));
        }
    }
    Ok(())
}

fn check_digest(report: &StepReport) -> Result<(), Violation> {
    let Some(saved) = &report.checkpoint else { return Ok(()) };
    let broken = |found: String| {
        let detail = format!("step {}: the digest was reported as {}, and {found}", report.step, saved.sha256);
        Err(Violation::new(Promise::CheckpointIsHonest, detail))
    };
    match directory_digest(&saved.path) {
        Ok(digest) if digest == saved.sha256 => Ok(()),
        Ok(digest) => broken(format!("it is {digest}")),
        Err(error) => broken(format!("{} cannot be read: {error}", saved.path.display())),
    }
}

/// Whether two runs reported the same metrics, to the last bit.
fn same(promise: Promise, expected: &[StepReport], found: &[StepReport]) -> Result<(), Violation> {
    // Compared as JSON, which tells 0 from -0.
    let show = |value: &crate::MetricValue| serde_json::to_string(value).unwrap_or_else(|_| format!("{value:?}"));
    for (expected, found) in expected.iter().zip(found) {
        for (name, value) in &expected.metrics {
            let (expected, other) = (show(value), found.metrics.get(name).map(&show).unwrap_or_default());
            if expected != other {
                let detail = format!("at step {}, `{name}` was {expected} and then {other}", found.step);
                return Err(Violation::new(promise, detail));
            }
        }
    }
    if expected.len() != found.len() {
        let detail = format!("{} steps were reported and then {}", expected.len(), found.len());
        return Err(Violation::new(promise, detail));
    }
    Ok(())
}

/// Points that are not in the space, each with what is wrong about it.
fn bad_params(info: &FamilyInfo, good: &Params) -> Vec<(String, Params)> {
    let mut bad = Vec::new();
    for (name, _) in good.iter() {
        let Some(parameter) = info.parameters.get(name) else { continue };
        for value in outside(&parameter.domain) {
            let mut params = good.clone();
            params.set(name, value.clone());
            bad.push((format!("with `{name}` = {value}, which is not {}", parameter.domain.describe()), params));
        }
        let mut params = good.clone();
        params.0.remove(name);
        bad.push((format!("without `{name}`"), params));
    }
    let mut params = good.clone();
    params.set("no_such_parameter", 1);
    bad.push(("with a parameter that the family does not have".to_owned(), params));
    bad
}

fn outside(domain: &Domain) -> Vec<Value> {
    let word = Value::from("no such value");
    match domain {
        Domain::Float { low, high, .. } => {
            vec![Value::Float(low - 1.0 - low.abs()), Value::Float(high + 1.0 + high.abs()), word]
        }
        Domain::Int { low, high, .. } => {
            vec![Value::Int(low - 1), Value::Int(high + 1), Value::Float(*low as f64 + 0.5), word]
        }
        Domain::Categorical { .. } | Domain::Ordinal { .. } | Domain::Bool => vec![word, Value::Float(0.123_456_789)],
        Domain::List { item, .. } => {
            let wrong_item = outside(item).into_iter().map(|value| Value::List(vec![value]));
            let too_long = Value::List(vec![item.decode(0.5); MAX_LIST as usize + 1]);
            wrong_item.chain([too_long, word]).collect()
        }
    }
}

fn show(params: &Params) -> String {
    if params.0.is_empty() { "nothing but defaults".to_owned() } else { params.to_string() }
}
