//! The manager: takes a study, keeps its workers busy, and writes what they say into the log.
//!
//! One thread decides. It drains what the workers said, appends all of it in one transaction, folds it into the
//! history, and only then answers: what a worker believes is in the log. All it knows is in the log, so a manager that
//! is killed is followed by another that goes on.

mod assignment;
mod batch;
pub(crate) mod checkpoints;
mod crew;
mod devices;
mod error;
mod hand_over;
mod log;
mod requests;
mod run;
mod signals;

use std::path::PathBuf;

use seqtune_core::{Event, History, Store};

use crate::launch::WorkerProgram;

pub use devices::gpus;
pub use error::ManagerError;

/// How this run of the study differs from what the study file says.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// Workers at once, in place of the study's own count.
    pub workers: Option<u64>,
    /// Device, in place of the study's own.
    pub device: Option<String>,
    /// Directory shared by studies for prepared data.
    pub cache: PathBuf,
    /// Where relative paths of the `[data]` table are looked for.
    pub data_roots: Vec<PathBuf>,
}

/// How a run of the study ended without an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The budget is spent: the study is finished.
    Done {
        /// Which part of the budget, in words.
        reason: String,
    },
    /// Somebody or something stopped it; it can be continued.
    Stopped {
        /// Who or what, in words.
        reason: String,
    },
}

/// Within one step of one trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrialProgress {
    /// The trial.
    pub trial: u64,
    /// Updates done.
    pub update: u64,
    /// Updates of the step.
    pub of: u64,
}

/// Who watches a run: the terminal, a test.
pub trait Observer {
    /// An event was committed and folded in.
    fn event(&mut self, history: &History, event: &Event);

    /// A worker gave a sign of life.
    fn progress(&mut self, history: &History, progress: TrialProgress) {
        let _ = (history, progress);
    }

    /// Called several times a second.
    fn tick(&mut self, history: &History) {
        let _ = history;
    }

    /// Something that the user should know and that is no error.
    fn warn(&mut self, message: &str) {
        let _ = message;
    }
}

/// Runs the study until its budget is spent or somebody stops it.
///
/// # Errors
/// Where a worker cannot start, the data is not the study's, or the log cannot be written. The study can be continued
/// after all of them.
pub fn run(
    store: Store,
    program: &WorkerProgram,
    options: &RunOptions,
    observer: &mut dyn Observer,
) -> Result<Outcome, ManagerError> {
    run::run(store, program, options, observer)
}
