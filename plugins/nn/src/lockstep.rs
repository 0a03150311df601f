//! A trial of several folds in lock-step: a step is one epoch of every fold, and a checkpoint holds all of them.
//!
//! A family says what a fold is ([`FoldTraining`]); the rest is the same for all of them:
//!
//! ```
//! use std::path::Path;
//! use seqtune_nn::{FoldTraining, LockStep, TrialFacts};
//! use seqtune_plugin::{FamilyError, StepContext};
//! use seqtune_space::Params;
//!
//! struct Sum(f64);
//! impl FoldTraining for Sum {
//!     type Trial = f64;
//!     type Measured = f64;
//!     fn updates(&self, _: &f64) -> u64 { 1 }
//!     fn epoch(&mut self, by: &f64, _: u64, updated: &mut dyn FnMut(u64) -> Result<(), FamilyError>)
//!         -> Result<f64, FamilyError> { self.0 += by; updated(1)?; Ok(self.0) }
//!     fn save(&self, directory: &Path, _: u64) -> Result<(), FamilyError> {
//!         std::fs::create_dir_all(directory).and_then(|()| std::fs::write(directory.join("sum"), self.0.to_string()))
//!             .map_err(|error| FamilyError::Other(error.to_string()))
//!     }
//!     fn load(&mut self, directory: &Path) -> Result<u64, FamilyError> {
//!         self.0 = std::fs::read_to_string(directory.join("sum")).unwrap_or_default().parse().unwrap_or(f64::NAN);
//!         Ok((self.0 / 2.0) as u64)
//!     }
//! }
//!
//! let facts = TrialFacts { params: Params::default(), seed: 1, study_seed: 2, steps: 3 };
//! let mut trial = LockStep::new(facts.clone(), 2.0, vec![Sum(0.0), Sum(0.0)]);
//! let mut progress = |_, _| Ok(());
//! let mut context = StepContext::new(&mut progress);
//! assert_eq!(trial.step(&mut context)?, [2.0, 2.0]);
//! # let directory = tempfile::tempdir().expect("a temporary directory");
//! # let directory = directory.path();
//! trial.save(directory)?;
//! let mut again = LockStep::new(TrialFacts::read(directory)?, 2.0, vec![Sum(0.0), Sum(0.0)]);
//! again.load(directory)?;
//! assert_eq!(again.step(&mut context)?, trial.step(&mut context)?);
//! # Ok::<(), FamilyError>(())
//! ```

use std::fs;
use std::path::Path;

use seqtune_plugin::{FamilyError, Job, StepContext};
use seqtune_space::Params;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// One fold in training.
pub trait FoldTraining {
    /// What the folds of a trial share: the data on the device, and the point.
    type Trial;
    /// What one epoch gives.
    type Measured;

    /// Updates of one epoch, for progress.
    fn updates(&self, trial: &Self::Trial) -> u64;

    /// Trains one epoch, counted from 0, and validates. `updated` is told of the updates of this epoch so far, after each and
    /// now and then while validating.
    ///
    /// # Errors
    /// [`FamilyError::Diverged`] where the loss is not finite; what `updated` says.
    fn epoch(
        &mut self,
        trial: &Self::Trial,
        epoch: u64,
        updated: &mut dyn FnMut(u64) -> Result<(), FamilyError>,
    ) -> Result<Self::Measured, FamilyError>;

    /// Writes the state after so many epochs into a directory that does not exist yet.
    ///
    /// # Errors
    /// [`FamilyError::Other`] naming the file that cannot be written.
    fn save(&self, directory: &Path, epochs: u64) -> Result<(), FamilyError>;

    /// Reads what [`FoldTraining::save`] wrote and gives the epochs that are done.
    ///
    /// # Errors
    /// [`FamilyError::Other`] naming the file that is missing or damaged.
    fn load(&mut self, directory: &Path) -> Result<u64, FamilyError>;
}

/// What a checkpoint says of its trial, so that it can be read without the job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialFacts {
    /// The point.
    pub params: Params,
    /// Seeds weights, data order and dropout.
    pub seed: u64,
    /// Seeds the folds.
    pub study_seed: u64,
    /// Steps of the whole trial.
    pub steps: u64,
}

impl TrialFacts {
    const FILE: &str = "trial.json";

    /// Reads them from a checkpoint.
    ///
    /// # Errors
    /// [`FamilyError::Other`] where it is none, or damaged.
    pub fn read(checkpoint: &Path) -> Result<Self, FamilyError> {
        read_json(&checkpoint.join(Self::FILE))
    }
}

/// Writes a small value of a checkpoint, for what is no tensor.
///
/// # Errors
/// [`FamilyError::Other`] naming the file.
pub fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), FamilyError> {
    let fail =
        |error: &dyn std::fmt::Display| FamilyError::Other(format!("{}: cannot be written: {error}", path.display()));
    let text = serde_json::to_vec_pretty(value).map_err(|error| fail(&error))?;
    fs::write(path, text).map_err(|error| fail(&error))
}

/// Reads what [`write_json`] wrote.
///
/// # Errors
/// [`FamilyError::Other`] naming the file that is missing or damaged.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, FamilyError> {
    let fail = |error: &dyn std::fmt::Display| {
        FamilyError::Other(format!("{}: no checkpoint of this family: {error}", path.display()))
    };
    let text = fs::read(path).map_err(|error| fail(&error))?;
    serde_json::from_slice(&text).map_err(|error| fail(&error))
}

impl From<&Job> for TrialFacts {
    fn from(job: &Job) -> Self {
        Self { params: job.params.clone(), seed: job.seed, study_seed: job.study_seed, steps: job.steps }
    }
}

/// The folds of a trial.
#[derive(Debug)]
pub struct LockStep<F: FoldTraining> {
    facts: TrialFacts,
    trial: F::Trial,
    folds: Vec<F>,
    epochs: u64,
}

impl<F: FoldTraining> LockStep<F> {
    /// Folds at their start.
    pub const fn new(facts: TrialFacts, trial: F::Trial, folds: Vec<F>) -> Self {
        Self { facts, trial, folds, epochs: 0 }
    }

    /// What the folds share.
    pub const fn trial(&self) -> &F::Trial {
        &self.trial
    }

    /// The folds in their order.
    pub fn folds(&self) -> &[F] {
        &self.folds
    }

    /// Goes on from the checkpoint of a job, if it has one.
    ///
    /// # Errors
    /// [`FamilyError::Other`] where the checkpoint is of another trial, or damaged.
    pub fn resume(&mut self, checkpoint: Option<&Path>) -> Result<(), FamilyError> {
        let Some(checkpoint) = checkpoint else { return Ok(()) };
        if TrialFacts::read(checkpoint)? != self.facts {
            return Err(FamilyError::Other(format!(
                "{}: the checkpoint is of another trial, or of one with other steps",
                checkpoint.display()
            )));
        }
        self.load(checkpoint)
    }

    /// Reads the state of the folds.
    ///
    /// # Errors
    /// [`FamilyError::Other`] where a file is missing or damaged.
    pub fn load(&mut self, checkpoint: &Path) -> Result<(), FamilyError> {
        for (number, fold) in self.folds.iter_mut().enumerate() {
            let epochs = fold.load(&checkpoint.join(fold_name(number)))?;
            if number > 0 && epochs != self.epochs {
                let message = format!("{}: the folds of the checkpoint are of different epochs", checkpoint.display());
                return Err(FamilyError::Other(message));
            }
            self.epochs = epochs;
        }
        Ok(())
    }

    /// Trains one epoch of every fold.
    ///
    /// # Errors
    /// As [`FoldTraining::epoch`], saying which fold diverged.
    pub fn step(&mut self, context: &mut StepContext<'_>) -> Result<Vec<F::Measured>, FamilyError> {
        let updates: Vec<u64> = self.folds.iter().map(|fold| fold.updates(&self.trial)).collect();
        let of = updates.iter().sum();
        let mut before = 0;
        let mut measured = Vec::with_capacity(self.folds.len());
        for (number, (fold, updates)) in self.folds.iter_mut().zip(updates).enumerate() {
            let mut updated = |update| context.progress(before + update, of);
            let one = fold.epoch(&self.trial, self.epochs, &mut updated).map_err(|error| match error {
                FamilyError::Diverged(message) => FamilyError::Diverged(format!("fold {number}: {message}")),
                other => other,
            })?;
            before += updates;
            measured.push(one);
        }
        self.epochs += 1;
        Ok(measured)
    }

    /// Writes everything that going on needs into an empty directory.
    ///
    /// # Errors
    /// [`FamilyError::Other`] naming the file that cannot be written.
    pub fn save(&self, directory: &Path) -> Result<(), FamilyError> {
        for (number, fold) in self.folds.iter().enumerate() {
            fold.save(&directory.join(fold_name(number)), self.epochs)?;
        }
        write_json(&directory.join(TrialFacts::FILE), &self.facts)
    }
}

fn fold_name(number: usize) -> String {
    format!("fold-{number}")
}
