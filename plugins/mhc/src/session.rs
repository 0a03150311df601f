//! A trial: its folds in lock-step. A step is one epoch of every fold.

use std::path::Path;

use seqtune_nn::{DeviceChoice, LockStep, TrialFacts};
use seqtune_plugin::{FamilyError, Job, Report, Session, StepContext};

use crate::data::MhcData;
use crate::folds;
use crate::measure::{Metrics, Scores};
use crate::parameters::Hyperparameters;
use crate::training::{MhcFold, Trial};

/// A trial in training, or one read back to be applied.
pub struct MhcSession {
    folds: LockStep<MhcFold>,
}

impl MhcSession {
    /// Starts a trial, or goes on from its checkpoint.
    ///
    /// # Errors
    /// [`FamilyError::BadParams`] where the point and the data do not fit.
    pub fn open(data: &MhcData, job: &Job) -> Result<MhcSession, FamilyError> {
        let mut session = MhcSession::start(data, job.into(), &job.device)?;
        session.folds.resume(job.checkpoint.as_deref())?;
        Ok(session)
    }

    /// Reads a finished trial, to apply it.
    ///
    /// # Errors
    /// [`FamilyError::Other`] where a file is missing or damaged.
    pub fn read(data: &MhcData, checkpoint: &Path) -> Result<MhcSession, FamilyError> {
        let mut session = MhcSession::start(data, TrialFacts::read(checkpoint)?, "auto")?;
        session.folds.load(checkpoint)?;
        Ok(session)
    }

    fn start(data: &MhcData, facts: TrialFacts, device: &str) -> Result<MhcSession, FamilyError> {
        // The point comes first: it is wrong on every device.
        let hyperparameters = Hyperparameters::read(&facts.params)?;
        let device = device.parse::<DeviceChoice>().and_then(DeviceChoice::open)?;
        let folds = folds::folds(data, facts.study_seed);
        folds::check(&folds, &data.labels.binders)?;
        let trial = Trial::new(data, hyperparameters, device, facts.seed)?;
        let folds = folds.iter().enumerate().map(|(number, fold)| MhcFold::new(&trial, number, fold));
        let folds = folds.collect::<Result<_, _>>()?;
        Ok(MhcSession { folds: LockStep::new(facts, trial, folds) })
    }

    /// The folds and what they share.
    pub fn folds(&self) -> (&Trial, &[MhcFold]) {
        (self.folds.trial(), self.folds.folds())
    }

    /// Scores of each fold's own peptides.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn out_of_fold(&self) -> Result<Vec<Scores>, FamilyError> {
        let (trial, folds) = self.folds();
        folds.iter().map(|fold| fold.scores(trial, fold.valid(), &mut || Ok(()))).collect()
    }

    /// Means over folds of the scores of peptides that no fold has seen.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn ensemble(&self, peptides: &[usize]) -> Result<Scores, FamilyError> {
        let (trial, folds) = self.folds();
        let mut total = Scores::default();
        for fold in folds {
            let scores = fold.scores(trial, peptides, &mut || Ok(()))?;
            if total.rows.is_empty() {
                total = scores;
            } else {
                total.scores.iter_mut().zip(&scores.scores).for_each(|(sum, score)| *sum += score);
            }
        }
        total.scores.iter_mut().for_each(|score| *score /= folds.len() as f64);
        Ok(total)
    }
}

impl Session for MhcSession {
    fn step(&mut self, context: &mut StepContext<'_>) -> Result<Report, FamilyError> {
        Ok(report(&self.folds.step(context)?))
    }

    fn save(&mut self, directory: &Path) -> Result<(), FamilyError> {
        self.folds.save(directory)
    }
}

/// The metrics of a step: a part for each fold.
pub fn report(folds: &[Metrics]) -> Report {
    let mut report = Report::default();
    for name in folds.first().into_iter().flat_map(Metrics::keys) {
        let parts: Vec<f64> = folds.iter().map(|fold| fold.get(name).copied().unwrap_or(f64::NAN)).collect();
        report.parts(name, &parts);
    }
    report
}
