//! One fold in training: a network with its optimizer, or least squares.

use std::path::Path;

use seqtune_nn::checkpoint::{self, Counters};
use seqtune_nn::lockstep::{read_json, write_json};
use seqtune_nn::tch::{Device, Kind, Tensor, no_grad};
use seqtune_nn::{Batches, DataSet, FoldTraining, Optimizer, Sampling, Variables, loss as losses, seed};
use seqtune_plugin::FamilyError;

use crate::data::{Labels, MhcData};
use crate::folds::Fold;
use crate::linear::LeastSquares;
use crate::loss;
use crate::measure::{Metrics, Scores, Truth};
use crate::model::{Architecture, Network, Rows};
use crate::parameters::{Hyperparameters, ModelChoice, Training};
use crate::view::Tokens;

/// Rows of one pass in evaluation; it bounds memory and changes no number.
const EVALUATION_BATCH: usize = 500;

/// Updates between two looks at the loss: each look waits for the device.
const LOOK_EVERY: usize = 50;

/// The file of a fold's least squares.
const FIT: &str = "model.json";

/// What the folds of a trial share: the data on the device, and the point.
pub struct Trial {
    tokens: Tokens,
    /// `tokens` `[rows, width]`, `lengths` `[rows]`, and of each row's peptide `target`, `weight` and, where bounds are bounds,
    /// `side`, `[rows]` each.
    data: DataSet,
    targets: Vec<f64>,
    weights: Vec<f64>,
    /// The rows of each peptide are `first_row[peptide]..first_row[peptide + 1]`.
    first_row: Vec<usize>,
    labels: Labels,
    lengths: Vec<usize>,
    hyperparameters: Hyperparameters,
    seed: u64,
}

impl Trial {
    /// Makes the rows that the point wants to see and moves them to the device.
    ///
    /// # Errors
    /// [`FamilyError::BadParams`] where the view does not fit the peptides; [`FamilyError::OutOfMemory`].
    pub fn new(
        data: &MhcData,
        hyperparameters: Hyperparameters,
        device: Device,
        seed: u64,
    ) -> Result<Trial, FamilyError> {
        let tokens = hyperparameters.view.tokens(&data.peptides)?;
        let peptides = data.peptides.sequences.len();
        let mut first_row = vec![0; peptides + 1];
        tokens.peptides.iter().for_each(|peptide| first_row[peptide + 1] += 1);
        for peptide in 0..peptides {
            first_row[peptide + 1] += first_row[peptide];
        }
        let count = |peptide: usize| (first_row[peptide + 1] - first_row[peptide]) as f64;
        let weight = |peptide: &usize| if hyperparameters.weight_rows { 1.0 / count(*peptide) } else { 1.0 };
        let weights: Vec<f64> = tokens.peptides.iter().map(weight).collect();
        let of_rows = |value: &dyn Fn(usize) -> f64| tokens.peptides.iter().map(|peptide| value(*peptide)).collect();
        let targets: Vec<f64> = of_rows(&|peptide| f64::from(data.labels.targets[peptide]));
        let sides: Vec<f64> = of_rows(&|peptide| f64::from(loss::side(data.labels.bounds[peptide])));
        let columns = || -> seqtune_nn::Result<DataSet> {
            let width = tokens.width as i64;
            let codes: Vec<i64> = tokens.tokens.iter().map(|code| i64::from(*code)).collect();
            let lengths: Vec<i64> = tokens.lengths.iter().map(|length| *length as i64).collect();
            let floats = |values: &[f64]| -> seqtune_nn::Result<Tensor> {
                Ok(Tensor::f_from_slice(values)?.f_to_kind(Kind::Float)?)
            };
            let mut columns = vec![
                Tensor::f_from_slice(&codes)?.f_view([-1, width])?,
                Tensor::f_from_slice(&lengths)?,
                floats(&targets)?,
                floats(&weights)?,
            ];
            if hyperparameters.censor {
                columns.push(floats(&sides)?);
            }
            DataSet::new(device, columns)
        };
        Ok(Trial {
            data: columns()?,
            targets,
            weights,
            first_row,
            labels: data.labels.clone(),
            lengths: data.peptides.sequences.iter().map(Vec::len).collect(),
            tokens,
            hyperparameters,
            seed,
        })
    }

    /// What a peptide is measured by.
    pub fn truth(&self) -> Truth<'_> {
        Truth { labels: &self.labels, lengths: &self.lengths }
    }

    /// What each token is: one name for each row of a table of token vectors.
    pub fn token_names(&self) -> Vec<String> {
        self.hyperparameters.view.names()
    }

    /// Whether the data has each token.
    pub fn used_tokens(&self) -> Vec<bool> {
        let mut used = vec![false; self.tokens.vocabulary];
        for (row, length) in self.tokens.lengths.iter().enumerate() {
            let start = row * self.tokens.width;
            self.tokens.tokens[start..start + length].iter().for_each(|token| used[usize::from(*token)] = true);
        }
        used
    }

    /// The peptides among some that the view has rows of, and those rows.
    fn rows_of(&self, peptides: &[usize]) -> (Vec<usize>, Vec<usize>) {
        let rows = |peptide: usize| self.first_row[peptide]..self.first_row[peptide + 1];
        let seen: Vec<usize> = peptides.iter().copied().filter(|peptide| !rows(*peptide).is_empty()).collect();
        let all = seen.iter().flat_map(|peptide| rows(*peptide)).collect();
        (seen, all)
    }

    /// Scores of peptides: the means over their rows, in the order of [`Trial::rows_of`].
    fn mean_scores(&self, peptides: Vec<usize>, of_rows: &[f64]) -> Scores {
        let mut rest = of_rows;
        let mut mean = |peptide: &usize| {
            let (own, others) = rest.split_at(self.first_row[peptide + 1] - self.first_row[*peptide]);
            rest = others;
            own.iter().sum::<f64>() / own.len() as f64
        };
        let scores = peptides.iter().map(&mut mean).collect();
        Scores { rows: peptides, scores }
    }
}

/// One fold of a trial.
pub struct MhcFold {
    seed: u64,
    train: Vec<usize>,
    valid: Vec<usize>,
    model: Model,
}

enum Model {
    Linear { ridge: f64, fit: Option<LeastSquares> },
    Network(Box<Trained>),
}

struct Trained {
    training: Training,
    batches: Batches,
    variables: Variables,
    network: Network,
    optimizer: Optimizer,
}

impl MhcFold {
    /// A fold at its start.
    ///
    /// # Errors
    /// [`FamilyError::OutOfMemory`] where the model does not fit.
    pub fn new(trial: &Trial, number: usize, fold: &Fold) -> Result<MhcFold, FamilyError> {
        let seed = seed::seed_of(trial.seed, &[number as u64]);
        let model = match &trial.hyperparameters.model {
            ModelChoice::Linear { ridge } => Model::Linear { ridge: *ridge, fit: None },
            ModelChoice::Network { architecture, training } => {
                let rows = trial.rows_of(&fold.train).1;
                Model::Network(Box::new(Trained::new(trial, seed, architecture, *training, &rows)?))
            }
        };
        Ok(MhcFold { seed, train: fold.train.clone(), valid: fold.valid.clone(), model })
    }

    /// The peptides that the fold validates.
    pub fn valid(&self) -> &[usize] {
        &self.valid
    }

    /// Scores of peptides; those that the view cannot show are left out. `alive` is called after each chunk.
    ///
    /// # Errors
    /// As `alive` says, or where the device fails.
    pub fn scores(
        &self,
        trial: &Trial,
        peptides: &[usize],
        alive: &mut dyn FnMut() -> Result<(), FamilyError>,
    ) -> Result<Scores, FamilyError> {
        let (seen, rows) = trial.rows_of(peptides);
        let scores = match &self.model {
            Model::Linear { fit: Some(fit), .. } => fit.scores(&trial.tokens, &rows),
            Model::Linear { fit: None, .. } => {
                return Err(FamilyError::Other("the linear model has not been fitted yet".to_owned()));
            }
            Model::Network(trained) => trained.scores(trial, &rows, alive)?,
        };
        Ok(trial.mean_scores(seen, &scores))
    }

    /// The learned tables of the network, with their names.
    pub fn embeddings(&self) -> Vec<(&'static str, Tensor)> {
        match &self.model {
            Model::Linear { .. } => Vec::new(),
            Model::Network(trained) => trained.network.embeddings(),
        }
    }
}

impl FoldTraining for MhcFold {
    type Trial = Trial;
    type Measured = Metrics;

    fn updates(&self, _: &Trial) -> u64 {
        match &self.model {
            Model::Linear { .. } => 1,
            Model::Network(trained) => trained.batches.per_epoch() as u64,
        }
    }

    fn epoch(
        &mut self,
        trial: &Trial,
        epoch: u64,
        updated: &mut dyn FnMut(u64) -> Result<(), FamilyError>,
    ) -> Result<Metrics, FamilyError> {
        let loss = match &mut self.model {
            Model::Linear { ridge, fit } => {
                let rows = trial.rows_of(&self.train).1;
                if fit.is_none() {
                    *fit = Some(LeastSquares::fit(&trial.tokens, &rows, &trial.targets, &trial.weights, *ridge)?);
                }
                updated(1)?;
                fit.as_ref().map_or(f64::NAN, |fit| training_error(fit, trial, &rows))
            }
            Model::Network(trained) => trained.epoch(trial, self.seed, epoch, updated)?,
        };
        let done = self.updates(trial);
        let valid = self.scores(trial, &self.valid, &mut || updated(done))?;
        let train = self.scores(trial, &self.train, &mut || updated(done))?;
        if valid.scores.iter().any(|score| !score.is_finite()) {
            return Err(FamilyError::Diverged(format!("a score is not finite after epoch {}", epoch + 1)));
        }
        let mut metrics = trial.truth().measure("valid", &valid);
        metrics.extend(trial.truth().measure_training(&train));
        metrics.insert("train/loss".to_owned(), loss);
        Ok(metrics)
    }

    fn save(&self, directory: &Path, epochs: u64) -> Result<(), FamilyError> {
        match &self.model {
            Model::Linear { fit, .. } => {
                std::fs::create_dir_all(directory)
                    .map_err(|error| FamilyError::Other(format!("{}: cannot be made: {error}", directory.display())))?;
                write_json(&directory.join(FIT), &(epochs, fit))
            }
            Model::Network(trained) => {
                let counters = Counters::new().with_u64("epoch", epochs);
                Ok(checkpoint::save(directory, &trained.variables, &trained.optimizer, &counters)?)
            }
        }
    }

    fn load(&mut self, directory: &Path) -> Result<u64, FamilyError> {
        match &mut self.model {
            Model::Linear { fit, .. } => {
                let (epochs, saved) = read_json(&directory.join(FIT))?;
                *fit = saved;
                Ok(epochs)
            }
            Model::Network(trained) => {
                let counters = checkpoint::load(directory, &trained.variables, &mut trained.optimizer)?;
                counters.u64("epoch").ok_or_else(|| {
                    FamilyError::Other(format!("{}: the checkpoint does not say its epoch", directory.display()))
                })
            }
        }
    }
}

/// Weighted squared error of the rows that were fitted.
fn training_error(fit: &LeastSquares, trial: &Trial, rows: &[usize]) -> f64 {
    let scores = fit.scores(&trial.tokens, rows);
    let error = |(row, score): (&usize, f64)| trial.weights[*row] * (score - trial.targets[*row]).powi(2);
    rows.iter().zip(scores).map(error).sum::<f64>() / rows.len() as f64
}

impl Trained {
    fn new(
        trial: &Trial,
        seed: u64,
        architecture: &Architecture,
        training: Training,
        rows: &[usize],
    ) -> seqtune_nn::Result<Trained> {
        let variables = Variables::new(trial.data.device(), seed);
        let network = Network::new(&variables.root(), architecture, trial.tokens.vocabulary, trial.tokens.width)?;
        let optimizer = Optimizer::new(training.optimizer, training.learning_rate, &variables)?;
        let rows = rows.iter().map(|row| *row as i64).collect();
        let batches = Batches::new(rows, training.batch, Sampling::Shuffled, seed::seed_of_name(seed, "batches"))?;
        Ok(Trained { training, batches, variables, network, optimizer })
    }

    /// Trains one epoch and gives the mean loss over its updates.
    fn epoch(
        &mut self,
        trial: &Trial,
        seed: u64,
        epoch: u64,
        updated: &mut dyn FnMut(u64) -> Result<(), FamilyError>,
    ) -> Result<f64, FamilyError> {
        let rate = self.training.learning_rate * self.training.schedule.factor(epoch);
        self.optimizer.set_learning_rate(rate)?;
        let order = self.batches.epoch(epoch, trial.data.device())?;
        let mut sum = 0.0;
        let mut recent = Vec::with_capacity(LOOK_EVERY);
        for (at, index) in order.iter().enumerate() {
            let update = epoch * order.len() as u64 + at as u64;
            recent.push(self.update(trial, seed, update, &index)?);
            if recent.len() == LOOK_EVERY || at + 1 == order.len() {
                sum += finite_sum(&recent)?.ok_or_else(|| diverged(epoch, update))?;
                recent.clear();
            }
            updated(at as u64 + 1)?;
        }
        Ok(sum / order.len() as f64)
    }

    fn update(&mut self, trial: &Trial, seed: u64, update: u64, index: &Tensor) -> seqtune_nn::Result<Tensor> {
        seed::seed_update(seed, update);
        let batch = trial.data.batch(index)?;
        let scores = self.network.forward(&Rows { tokens: &batch[0], lengths: &batch[1] }, true)?;
        let loss = loss::squared_error(&scores, &batch[2], &batch[3], batch.get(4))?;
        self.optimizer.step(&loss)?;
        Ok(loss.detach())
    }

    fn scores(
        &self,
        trial: &Trial,
        rows: &[usize],
        alive: &mut dyn FnMut() -> Result<(), FamilyError>,
    ) -> Result<Vec<f64>, FamilyError> {
        // Rows of one length together: a chunk is as wide as its longest row. Which rows share a chunk changes no score.
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|at| trial.tokens.lengths[rows[*at]]);
        let sorted: Vec<i64> = order.iter().map(|at| rows[*at] as i64).collect();
        let mut scores = vec![0.0; rows.len()];
        let mut places = order.into_iter();
        for batch in trial.data.chunks(&sorted, EVALUATION_BATCH)? {
            let chunk = no_grad(|| -> seqtune_nn::Result<Vec<f64>> {
                let batch = batch?;
                let scores = self.network.forward(&Rows { tokens: &batch[0], lengths: &batch[1] }, false)?;
                Ok(Vec::try_from(scores.f_to_device(Device::Cpu)?.f_to_kind(Kind::Double)?)?)
            })?;
            places.by_ref().zip(chunk).for_each(|(place, score)| scores[place] = score);
            alive()?;
        }
        Ok(scores)
    }
}

/// The sum of losses, `None` where one is not finite.
fn finite_sum(recent: &[Tensor]) -> seqtune_nn::Result<Option<f64>> {
    let all = Tensor::f_stack(recent, 0)?;
    if !losses::is_finite(&all)? {
        return Ok(None);
    }
    Ok(Some(all.f_sum(Kind::Double)?.f_double_value(&[])?))
}

fn diverged(epoch: u64, update: u64) -> FamilyError {
    FamilyError::Diverged(format!(
        "the loss is not finite at or before update {} (epoch {}); a lower learning rate may help",
        update + 1,
        epoch + 1
    ))
}
