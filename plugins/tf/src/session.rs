//! A trial: its folds in lock-step. A step is one epoch of every fold.

use std::path::Path;

use seqtune_nn::{DeviceChoice, LockStep, TrialFacts};
use seqtune_plugin::{FamilyError, Job, Report, Session, StepContext};

use crate::data::TfData;
use crate::folds;
use crate::parameters::Hyperparameters;
use crate::training::{Measured, TfFold, Trial, input_of};

/// A trial in training, or one read back to be applied.
pub struct TfSession {
    folds: LockStep<TfFold>,
}

impl TfSession {
    /// Starts a trial, or goes on from its checkpoint.
    ///
    /// # Errors
    /// [`FamilyError::BadParams`] where the point and the data do not fit.
    pub fn open(data: &TfData, job: &Job) -> Result<TfSession, FamilyError> {
        let mut session = TfSession::start(data, job.into(), &job.device)?;
        session.folds.resume(job.checkpoint.as_deref())?;
        Ok(session)
    }

    /// Reads a finished trial, to apply it.
    ///
    /// # Errors
    /// [`FamilyError::Other`] where a file is missing or damaged.
    pub fn read(data: &TfData, checkpoint: &Path, device: &str) -> Result<TfSession, FamilyError> {
        let mut session = TfSession::start(data, TrialFacts::read(checkpoint)?, device)?;
        session.folds.load(checkpoint)?;
        Ok(session)
    }

    /// Out-of-fold logits: for each fold, the rows that it validates with their logits.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn out_of_fold(&self) -> Result<Vec<Vec<(usize, f64)>>, FamilyError> {
        let score = |fold: &TfFold| {
            let scores = fold.scores(self.folds.trial(), fold.valid(), || Ok(()))?;
            Ok(fold.valid().iter().map(|row| *row as usize).zip(scores).collect())
        };
        self.folds.folds().iter().map(score).collect()
    }

    /// Mean over folds of the logits of rows that no fold has seen.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn ensemble(&self, rows: &[i64]) -> Result<Vec<f64>, FamilyError> {
        let mut total = vec![0.0; rows.len()];
        let folds = self.folds.folds();
        for fold in folds {
            for (sum, score) in total.iter_mut().zip(fold.scores(self.folds.trial(), rows, || Ok(()))?) {
                *sum += score;
            }
        }
        Ok(total.into_iter().map(|sum| sum / folds.len() as f64).collect())
    }

    fn start(data: &TfData, facts: TrialFacts, device: &str) -> Result<TfSession, FamilyError> {
        // The point comes first: it is wrong on every device.
        let hyperparameters = Hyperparameters::read(&facts.params, input_of(data))?;
        let device = device.parse::<DeviceChoice>().and_then(DeviceChoice::open)?;
        let trial = Trial::new(data, hyperparameters, device, facts.seed, facts.steps)?;
        let folds = folds::folds(data, facts.study_seed);
        folds::check(&folds, &data.windows.labels)?;
        let folds = folds.iter().enumerate().map(|(number, fold)| TfFold::new(&trial, number, fold));
        let folds = folds.collect::<Result<_, _>>()?;
        Ok(TfSession { folds: LockStep::new(facts, trial, folds) })
    }
}

impl Session for TfSession {
    fn step(&mut self, context: &mut StepContext<'_>) -> Result<Report, FamilyError> {
        Ok(report(&self.folds.step(context)?))
    }

    fn save(&mut self, directory: &Path) -> Result<(), FamilyError> {
        self.folds.save(directory)
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
