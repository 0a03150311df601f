//! Applying a trial: a worker evaluates one of its checkpoints, predicts with it, or exports it. The study is only read, so
//! it may run meanwhile.

use std::io;
use std::path::{Path, PathBuf};

use seqtune_core::{Checkpoint, History, Reduce, StudySpec, Trial, TrialEnd};
use seqtune_plugin::protocol::{FromWorker, ToWorker};
use seqtune_plugin::{Applied, Apply, DataSpec, FailureCause, FamilyInfo, directory_digest};

use crate::launch::{LaunchError, Line, WorkerProgram};
use crate::manager::checkpoints::best;

/// Which of a trial's checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Which {
    /// Of the step with the best objective, among those that were saved
    Best,
    /// Of the last step that was saved
    Last,
}

impl Which {
    /// The one that the study judges its trials by.
    pub fn of(spec: &StudySpec) -> Which {
        match spec.objective().reduce {
            Reduce::Best => Which::Best,
            Reduce::Last => Which::Last,
        }
    }
}

/// A checkpoint that was found whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The step it was saved at.
    pub step: u64,
    /// Its directory.
    pub path: PathBuf,
}

/// A trial could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Nothing was kept of the trial.
    #[error("trial {trial} has no checkpoint: {reason}")]
    NoCheckpoint {
        /// Its number.
        trial: u64,
        /// Why, in words.
        reason: String,
    },
    /// The checkpoint is not what the log says.
    #[error("the checkpoint of step {step} of trial {trial} {problem} ({})", path.display())]
    Damaged {
        /// The trial.
        trial: u64,
        /// Where it was saved.
        step: u64,
        /// What is wrong with it.
        problem: String,
        /// Its directory.
        path: PathBuf,
    },
    /// The checkpoint went while it was read.
    #[error(
        "the checkpoint of step {step} gave way to a newer one while it was read, since the study runs; the same command \
         takes the newer one"
    )]
    Replaced {
        /// Where it was saved.
        step: u64,
    },
    /// The worker cannot be started, or cannot use the data.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// The worker serves another family, or another version of it.
    #[error(
        "the study was made with {expected}, and the worker serves {found}, to which its checkpoints may mean something \
         else; use the worker it was made with"
    )]
    FamilyChanged {
        /// Family and version in the log.
        expected: String,
        /// Family and version of the worker.
        found: String,
    },
    /// The data is not the study's.
    #[error(
        "the data has changed: the study was created with digest {expected}, and the worker finds {found}; give the \
         original data with --data DIR"
    )]
    DataChanged {
        /// Digest in the log.
        expected: String,
        /// Digest now.
        found: String,
    },
    /// The worker knows nothing of applying.
    #[error("the worker of the family {family} trains trials, and cannot {what} them")]
    Cannot {
        /// The family.
        family: String,
        /// What was asked.
        what: &'static str,
    },
    /// The family said no.
    #[error("{message}")]
    Refused {
        /// Why it could not.
        cause: FailureCause,
        /// One sentence, from the family.
        message: String,
    },
    /// The worker ended.
    #[error("the worker ended before it was done: {0}")]
    Ended(String),
}

/// One of a trial's checkpoints, compared with the log.
///
/// # Errors
/// Where the trial has none, or it is not whole.
pub fn checkpoint(
    directory: &Path,
    history: &History,
    trial: &Trial,
    which: Option<Which>,
) -> Result<Found, ApplyError> {
    let none = |reason: &str| ApplyError::NoCheckpoint { trial: trial.number, reason: reason.to_owned() };
    if matches!(trial.end, Some(TrialEnd::Failed { .. })) {
        return Err(none("it failed, and nothing is kept of failed trials"));
    }
    let chosen = match which.unwrap_or(Which::of(&history.spec)) {
        Which::Best => best(history, trial),
        Which::Last => trial.checkpoints.iter().max_by_key(|checkpoint| checkpoint.step),
    };
    let Some(Checkpoint { step, path, sha256, .. }) = chosen else {
        return Err(none(if history.spec.is_asked() {
            "another program evaluated it, and the study keeps nothing of that"
        } else {
            "no step of it was saved yet"
        }));
    };
    let path = directory.join(path);
    let damaged =
        |problem: String| Err(ApplyError::Damaged { trial: trial.number, step: *step, problem, path: path.clone() });
    match directory_digest(&path) {
        Ok(digest) if digest == *sha256 => Ok(Found { step: *step, path }),
        Ok(_) => damaged("was altered, and cannot be trusted".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => damaged("is gone from its place".to_owned()),
        Err(error) => damaged(format!("cannot be read: {error}")),
    }
}

/// Applies a checkpoint with a worker of its own, which is ended afterwards.
///
/// # Errors
/// Where the worker or its data are not those of the study, or the family cannot do what is asked.
pub fn apply(
    program: &WorkerProgram,
    spec: &StudySpec,
    data_roots: Vec<PathBuf>,
    cache: &Path,
    checkpoint: &Found,
    what: &Apply,
) -> Result<Applied, ApplyError> {
    let data = DataSpec { values: spec.data.clone(), roots: data_roots };
    let mut worker = program.started()?;
    let (expected, found) = (named(&spec.info), named(worker.info()));
    if expected != found {
        return Err(ApplyError::FamilyChanged { expected, found });
    }
    if !worker.can("apply") {
        return Err(ApplyError::Cannot { family: spec.info.name.clone(), what: what.name() });
    }
    let (digest, _) = worker.prepare(&data, cache)?;
    if digest != spec.data_digest {
        return Err(ApplyError::DataChanged { expected: spec.data_digest.clone(), found: digest });
    }
    let message = ToWorker::Apply { what: what.clone(), checkpoint: checkpoint.path.clone() };
    let answer = worker.send(&message).map_err(|error| ApplyError::Ended(error.to_string())).and_then(|()| {
        // Embedding or predicting may take as long as it takes.
        loop {
            match worker.line() {
                Line::Message(FromWorker::Applied(applied)) => return Ok(applied),
                Line::Message(FromWorker::Failed { cause, message, .. }) => {
                    return Err(ApplyError::Refused { cause, message });
                }
                Line::Message(_) => {}
                Line::Broken(message) => {
                    return Err(LaunchError::Protocol { program: program.to_string(), message }.into());
                }
                Line::Ended => return Err(ApplyError::Ended(worker.epitaph())),
            }
        }
    });
    match answer {
        Err(_) if !checkpoint.path.exists() => Err(ApplyError::Replaced { step: checkpoint.step }),
        answer => answer,
    }
}

fn named(info: &FamilyInfo) -> String {
    format!("{} {}", info.name, info.version)
}
