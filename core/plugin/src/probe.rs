//! A small family for the tests of this crate, right or wrong on purpose.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::{DataSpec, FamilyError, FamilyInfo, Job, ModelFamily, Prepared, Report, Session, StepContext};

/// What is wrong with a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    None,
    /// Its numbers come from a counter of the process.
    Nondeterministic,
    /// The digest of its data does too.
    RestlessData,
    IgnoresSeed,
    UsesTrialNumber,
    UsesAttempt,
    /// Its checkpoints lack the accumulated value.
    ForgetsState,
    SavingChangesNumbers,
    /// It writes into the checkpoint that it goes on from.
    ChangesCheckpoint,
    LacksMetric,
    UndeclaredMetric,
    Panics,
    PanicsWhileSaving,
    /// Its second step never returns where the trial is number 2.
    Deaf,
    NoDefault,
    BreaksProtocol,
}

/// A recurrence `value = value / 2 + f(seed, step, scale)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe(pub(crate) Flaw);

static CALLS: AtomicU64 = AtomicU64::new(0);

impl ModelFamily for Probe {
    fn info(&self) -> FamilyInfo {
        let default = if self.0 == Flaw::NoDefault { "" } else { r#","default":0.5"# };
        serde_json::from_str(&format!(
            r#"{{"name":"probe","version":"1","summary":"For tests.","step":"step","parameters":{{
                 "kind":{{"type":"categorical","choices":["plain","scaled"],"default":"scaled"}},
                 "scale":{{"type":"float","low":0.1,"high":1.0,"when":{{"kind":"scaled"}}{default}}},
                 "width":{{"type":"int","low":1,"high":8,"default":4}},
                 "fast":{{"type":"bool","default":true}}}},
               "metrics":[{{"name":"valid/loss","direction":"minimize","doc":"The value."}},
                          {{"name":"valid/fold","direction":"minimize","doc":"In parts."}}]}}"#
        ))
        .unwrap()
    }

    fn prepare(&self, data: &DataSpec, _cache: &Path) -> Result<Prepared, FamilyError> {
        if data.values.contains_key("missing") {
            return Err(FamilyError::Data("missing.npy is not there".to_owned()));
        }
        let restless = if self.0 == Flaw::RestlessData { CALLS.fetch_add(1, Ordering::Relaxed) } else { 0 };
        Ok(Prepared { digest: format!("probe {restless}"), summary: BTreeMap::new(), content: Arc::new(()) })
    }

    fn open(&self, _prepared: &Prepared, job: &Job) -> Result<Box<dyn Session>, FamilyError> {
        let mut session = ProbeSession { flaw: self.0, job: job.clone(), step: 0, value: 1.0, shift: 0.0 };
        if let Some(directory) = &job.checkpoint {
            let text = fs::read_to_string(directory.join("state")).map_err(other)?;
            let (step, value) = text.split_once(' ').unwrap();
            session.step = step.parse().unwrap();
            session.value = value.parse().unwrap();
            if self.0 == Flaw::ChangesCheckpoint {
                fs::write(directory.join("seen"), "").map_err(other)?;
            }
        }
        Ok(Box::new(session))
    }
}

struct ProbeSession {
    flaw: Flaw,
    job: Job,
    step: u64,
    value: f64,
    shift: f64,
}

impl Session for ProbeSession {
    fn step(&mut self, context: &mut StepContext<'_>) -> Result<Report, FamilyError> {
        self.step += 1;
        match self.flaw {
            Flaw::Panics if self.step == 2 => panic!("the probe panics as asked"),
            Flaw::BreaksProtocol if self.step == 2 => context.break_protocol(b"hello\n"),
            Flaw::Deaf if self.step == 2 && self.job.trial == 2 => loop {
                std::thread::sleep(Duration::from_secs(3600));
            },
            _ => {}
        }
        context.progress(1, 1)?;
        let mut drawn = 1.0 / (self.job.seed as f64 + self.step as f64);
        match self.flaw {
            Flaw::IgnoresSeed => drawn = 1.0 / self.step as f64,
            Flaw::Nondeterministic => drawn += CALLS.fetch_add(1, Ordering::Relaxed) as f64 * 1e-9,
            Flaw::UsesTrialNumber => drawn += self.job.trial as f64 * 1e-9,
            Flaw::UsesAttempt if self.job.checkpoint.is_none() => drawn += f64::from(self.job.attempt) * 1e-9,
            _ => {}
        }
        let scale = self.job.params.float("scale").unwrap_or(1.0);
        self.value = self.value / 2.0 + scale * drawn + self.shift;
        let mut report = Report::default();
        report.number("valid/loss", self.value);
        report.parts("valid/fold", &[self.value, self.value / (self.job.study_seed as f64 + 3.0)]);
        match self.flaw {
            Flaw::LacksMetric => drop(report.metrics.remove("valid/fold")),
            Flaw::UndeclaredMetric => report.number("test/loss", 0.0),
            _ => {}
        }
        Ok(report)
    }

    fn save(&mut self, directory: &Path) -> Result<(), FamilyError> {
        match self.flaw {
            Flaw::SavingChangesNumbers => self.shift = 1e-9,
            Flaw::PanicsWhileSaving => panic!("the probe cannot save"),
            _ => {}
        }
        let value = if self.flaw == Flaw::ForgetsState { 1.0 } else { self.value };
        fs::write(directory.join("state"), format!("{} {value}", self.step)).map_err(other)
    }
}

fn other(error: std::io::Error) -> FamilyError {
    FamilyError::Other(error.to_string())
}
