//! The suite that every family passes: it holds a conversation with workers and names each promise that they break.
//!
//! Run it in the tests of a family. It starts fresh workers in threads, trains a handful of short trials, and takes as
//! long as [`Options::steps`] steps do, some ten times over.
//!
//! ```
//! use std::path::Path;
//! use std::sync::Arc;
//! use seqtune_plugin::conformance::{Options, check_family};
//! # use seqtune_plugin::{DataSpec, FamilyError, FamilyInfo, Job, ModelFamily, Prepared, Report, Session, StepContext};
//! # struct Halving;
//! # struct Half(f64);
//! # impl ModelFamily for Halving {
//! #     fn info(&self) -> FamilyInfo {
//! #         serde_json::from_str(r#"{"name":"halving","version":"1","summary":"Halves.","step":"step",
//! #             "parameters":{"start":{"type":"float","low":1,"high":2,"default":1}},
//! #             "metrics":[{"name":"valid/loss","direction":"minimize","doc":"What is left."}]}"#).unwrap()
//! #     }
//! #     fn prepare(&self, _: &DataSpec, _: &Path) -> Result<Prepared, FamilyError> {
//! #         Ok(Prepared { digest: "none".to_owned(), summary: Default::default(), content: Arc::new(()) })
//! #     }
//! #     fn open(&self, _: &Prepared, job: &Job) -> Result<Box<dyn Session>, FamilyError> {
//! #         let Some(directory) = &job.checkpoint else { return Ok(Box::new(Half(job.params.float("start")?))) };
//! #         let text = std::fs::read_to_string(directory.join("loss")).unwrap();
//! #         Ok(Box::new(Half(text.parse().unwrap())))
//! #     }
//! # }
//! # impl Session for Half {
//! #     fn step(&mut self, _: &mut StepContext<'_>) -> Result<Report, FamilyError> {
//! #         self.0 /= 2.0;
//! #         let mut report = Report::default();
//! #         report.number("valid/loss", self.0);
//! #         Ok(report)
//! #     }
//! #     fn save(&mut self, directory: &Path) -> Result<(), FamilyError> {
//! #         std::fs::write(directory.join("loss"), self.0.to_string()).unwrap();
//! #         Ok(())
//! #     }
//! # }
//!
//! // `Halving` halves a number and draws none, so it has no use for the seed.
//! let options = Options { seed_matters: false, ..Options::default() };
//! if let Err(violations) = check_family(&Halving, &options) {
//!     panic!("{}", violations.iter().map(|violation| format!("- {violation}\n")).collect::<String>());
//! }
//! ```
//!
//! [`check_worker`] does the same with workers of any kind, such as programs in other languages.

mod checks;
mod conversation;

use std::fmt;
use std::io;
use std::time::Duration;

use seqtune_space::Params;

use crate::family::{DataSpec, ModelFamily};
pub use conversation::Connection;

/// What is trained, and how patiently.
#[derive(Clone, Debug)]
pub struct Options {
    /// The `[data]` table that workers prepare.
    pub data: DataSpec,
    /// Values that replace defaults, to make training short or to choose another kind of model.
    pub params: Params,
    /// Steps of each trial; at least 3.
    pub steps: u64,
    /// `cpu` unless the suite is to check another device.
    pub device: String,
    /// Whether another seed must give other numbers. Not so where nothing is random.
    pub seed_matters: bool,
    /// How long a worker may take to answer an interruption, or to end after its input.
    pub patience: Duration,
    /// How long a worker may take for a step, or to prepare the data.
    pub longest_step: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            data: DataSpec::default(),
            params: Params::default(),
            steps: 5,
            device: "cpu".to_owned(),
            seed_matters: true,
            patience: Duration::from_secs(10),
            longest_step: Duration::from_secs(600),
        }
    }
}

/// What workers and families promise. The text of each is the promise in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Promise {
    /// The worker starts and its first line is `ready` with a usable [`FamilyInfo`](crate::FamilyInfo).
    Ready,
    /// The default configuration exists and lies within the limits.
    Defaults,
    /// Every line is a message that answers what was asked, in time.
    Protocol,
    /// Data is prepared, each time with the same digest.
    Prepare,
    /// A good configuration trains to its last step.
    Trains,
    /// Reports come in order, one for each step from 1.
    ReportsInOrder,
    /// A report has all declared metrics and no others.
    Metrics,
    /// Two runs of one job report the same numbers, bit for bit.
    Deterministic,
    /// The seed is used.
    SeedMatters,
    /// The trial's number and attempt change no number.
    NumberIsForMessages,
    /// Checkpoints are saved at the steps that were asked for and at no others.
    SavesAsAsked,
    /// The digest of a checkpoint is right, and the checkpoint does not change after its report.
    CheckpointIsHonest,
    /// A fresh worker goes on from a checkpoint with the numbers of the unbroken run.
    CheckpointIsComplete,
    /// Saving does not change the numbers that follow.
    SavingChangesNothing,
    /// Parameters outside their limits, missing or unknown are refused as `bad_params`.
    RefusesBadParams,
    /// An interruption is answered in time, and the worker then trains another trial.
    ObeysInterruption,
    /// `stop` ends a trial: nothing more is heard of it. Verdicts on other trials are ignored.
    ObeysVerdict,
    /// The worker ends when its input does, also in the middle of training.
    EndsWithItsInput,
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Promise::Ready => "a worker's first line is `ready` with a usable description of its family",
            Promise::Defaults => "the default configuration exists and lies within the limits",
            Promise::Protocol => "every line is a message that answers what was asked, in time",
            Promise::Prepare => "data is prepared, each time with the same digest",
            Promise::Trains => "a good configuration trains to its last step",
            Promise::ReportsInOrder => "reports come in order, one for each step from 1",
            Promise::Metrics => "a report has all declared metrics and no others",
            Promise::Deterministic => "two runs of one job report the same numbers",
            Promise::SeedMatters => "another seed gives other numbers",
            Promise::NumberIsForMessages => "the number and the attempt of a trial change no reported number",
            Promise::SavesAsAsked => "checkpoints are saved at the steps that were asked for and at no others",
            Promise::CheckpointIsHonest => "a checkpoint has the digest that was reported, and does not change",
            Promise::CheckpointIsComplete => "a fresh worker goes on from a checkpoint as the unbroken run does",
            Promise::SavingChangesNothing => "saving does not change the numbers that follow",
            Promise::RefusesBadParams => "parameters that are outside their limits, missing or unknown are refused",
            Promise::ObeysInterruption => "an interruption is answered in time, and the worker stays usable",
            Promise::ObeysVerdict => "`stop` ends a trial, and verdicts on other trials are ignored",
            Promise::EndsWithItsInput => "a worker ends when its input does",
        })
    }
}

/// A promise that was broken, and how.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("broken promise: {promise}; {detail}")]
pub struct Violation {
    /// Which promise.
    pub promise: Promise,
    /// What was seen, in a sentence.
    pub detail: String,
}

impl Violation {
    fn new(promise: Promise, detail: impl Into<String>) -> Violation {
        Violation { promise, detail: detail.into() }
    }
}

/// Checks a family in worker threads. It must be `'static`, so that a step that never returns costs a thread and not
/// the test.
///
/// # Errors
/// The promises that it breaks. A family that cannot train one trial is not asked for more.
pub fn check_family(family: &'static dyn ModelFamily, options: &Options) -> Result<(), Vec<Violation>> {
    check_worker(&|| Connection::to_thread(family), options)
}

/// Checks workers of any kind; `start` starts a fresh one at each call.
///
/// # Errors
/// The promises that they break.
pub fn check_worker(start: &dyn Fn() -> io::Result<Connection>, options: &Options) -> Result<(), Vec<Violation>> {
    let violations =
        checks::Suite::new(start, options).and_then(|suite| suite.check()).unwrap_or_else(|first| vec![first]);
    if violations.is_empty() { Ok(()) } else { Err(violations) }
}

#[cfg(test)]
mod tests;
