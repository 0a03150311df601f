//! A trial: its folds in lock-step. A step is one epoch of every fold.

use std::fs;
use std::path::Path;

use seqtune_nn::DeviceChoice;
use seqtune_plugin::{FamilyError, Job, Report, Session, StepContext};
use seqtune_space::Params;
use serde::{Deserialize, Serialize};

use crate::data::TfData;
use crate::folds;
use crate::parameters::Hyperparameters;
use crate::training::{FoldTraining, Measured, Trial, input_of};

/// A trial in training, or one read back to be applied.
pub struct TfSession {
    facts: Facts,
    trial: Trial,
    folds: Vec<FoldTraining>,
    epoch: u64,
}

/// What a checkpoint says of its trial, so that it can be read without the job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Facts {
    params: Params,
    seed: u64,
    study_seed: u64,
    steps: u64,
}

/// The file of [`Facts`] in a checkpoint, beside one directory for each fold.
const FACTS: &str = "trial.json";

impl TfSession {
    /// Starts a trial, or goes on from its checkpoint.
    ///
    /// # Errors
    /// [`FamilyError::BadParams`] where the point and the data do not fit.
    pub fn open(data: &TfData, job: &Job) -> Result<TfSession, FamilyError> {
        let facts = Facts { params: job.params.clone(), seed: job.seed, study_seed: job.study_seed, steps: job.steps };
        let mut session = TfSession::start(data, facts, &job.device)?;
        if let Some(checkpoint) = &job.checkpoint {
            let saved = read_facts(checkpoint)?;
            if saved != session.facts {
                return Err(FamilyError::Other(format!(
                    "{}: the checkpoint is of another trial, or of one with other steps",
                    checkpoint.display()
                )));
            }
            session.load(checkpoint)?;
        }
        Ok(session)
    }

    /// Reads a finished trial, to apply it.
    ///
    /// # Errors
    /// [`FamilyError::Other`] where a file is missing or damaged.
    pub fn read(data: &TfData, checkpoint: &Path, device: &str) -> Result<TfSession, FamilyError> {
        let mut session = TfSession::start(data, read_facts(checkpoint)?, device)?;
        session.load(checkpoint)?;
        Ok(session)
    }

    /// Out-of-fold logits: for each fold, the rows that it validates with their logits.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn out_of_fold(&self) -> Result<Vec<Vec<(usize, f64)>>, FamilyError> {
        let score = |fold: &FoldTraining| {
            let scores = fold.scores(&self.trial, fold.valid(), || Ok(()))?;
            Ok(fold.valid().iter().map(|row| *row as usize).zip(scores).collect())
        };
        self.folds.iter().map(score).collect()
    }

    /// Mean over folds of the logits of rows that no fold has seen.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn ensemble(&self, rows: &[i64]) -> Result<Vec<f64>, FamilyError> {
        let mut total = vec![0.0; rows.len()];
        for fold in &self.folds {
            for (sum, score) in total.iter_mut().zip(fold.scores(&self.trial, rows, || Ok(()))?) {
                *sum += score;
            }
        }
        Ok(total.into_iter().map(|sum| sum / self.folds.len() as f64).collect())
    }

    fn start(data: &TfData, facts: Facts, device: &str) -> Result<TfSession, FamilyError> {
        // The point comes first: it is wrong on every device.
        let hyperparameters = Hyperparameters::read(&facts.params, input_of(data))?;
        let device = device
            .parse::<DeviceChoice>()
            .and_then(DeviceChoice::open)
            .map_err(|error| FamilyError::Device(error.to_string()))?;
        let trial = Trial::new(data, hyperparameters, device, facts.seed, facts.steps)?;
        let folds = folds::folds(data, facts.study_seed);
        folds::check(&folds, &data.windows.labels)?;
        let folds = folds.iter().enumerate().map(|(number, fold)| FoldTraining::new(&trial, number, fold));
        Ok(TfSession { folds: folds.collect::<Result<_, _>>()?, facts, trial, epoch: 0 })
    }

    fn load(&mut self, checkpoint: &Path) -> Result<(), FamilyError> {
        for (number, fold) in self.folds.iter_mut().enumerate() {
            let directory = checkpoint.join(fold_name(number));
            let epoch = fold.load(&directory)?;
            if number > 0 && epoch != self.epoch {
                let message = format!("{}: the folds of the checkpoint are of different epochs", checkpoint.display());
                return Err(FamilyError::Other(message));
            }
            self.epoch = epoch;
        }
        Ok(())
    }
}

impl Session for TfSession {
    fn step(&mut self, context: &mut StepContext<'_>) -> Result<Report, FamilyError> {
        let of = self.folds.iter().map(|fold| fold.updates(&self.trial)).sum();
        let mut done = 0;
        let mut measured = Vec::with_capacity(self.folds.len());
        for (number, fold) in self.folds.iter_mut().enumerate() {
            let one = fold.epoch(&self.trial, self.epoch, context, &mut done, of).map_err(|error| match error {
                FamilyError::Diverged(message) => FamilyError::Diverged(format!("fold {number}: {message}")),
                other => other,
            })?;
            measured.push(one);
        }
        self.epoch += 1;
        Ok(report(&measured))
    }

    fn save(&mut self, directory: &Path) -> Result<(), FamilyError> {
        for (number, fold) in self.folds.iter().enumerate() {
            fold.save(&directory.join(fold_name(number)), self.epoch)?;
        }
        let path = directory.join(FACTS);
        let fail = |error: &dyn std::fmt::Display| {
            FamilyError::Other(format!("{}: cannot be written: {error}", path.display()))
        };
        let text = serde_json::to_vec_pretty(&self.facts).map_err(|error| fail(&error))?;
        fs::write(&path, text).map_err(|error| fail(&error))
    }
}

/// The metrics of a step: a part for each fold.
pub fn report(folds: &[Measured]) -> Report {
    let mut report = Report::default();
    let mut add = |name: &str, value: fn(&Measured) -> f64| {
        report.parts(name, &folds.iter().map(value).collect::<Vec<f64>>());
    };
    add("valid/auc", |fold| fold.auc);
    add("valid/ap", |fold| fold.average_precision);
    add("valid/loss", |fold| fold.valid_loss);
    add("valid/balanced_accuracy", |fold| fold.balanced_accuracy);
    add("valid/best_balanced_accuracy", |fold| fold.best_balanced_accuracy);
    add("valid/threshold", |fold| fold.threshold);
    add("train/loss", |fold| fold.train_loss);
    add("train/auc", |fold| fold.train_auc);
    report
}

fn fold_name(number: usize) -> String {
    format!("fold-{number}")
}

fn read_facts(checkpoint: &Path) -> Result<Facts, FamilyError> {
    let path = checkpoint.join(FACTS);
    let fail = |error: &dyn std::fmt::Display| {
        FamilyError::Other(format!("{}: no checkpoint of this family: {error}", path.display()))
    };
    let text = fs::read(&path).map_err(|error| fail(&error))?;
    serde_json::from_slice(&text).map_err(|error| fail(&error))
}
