//! One fold in training: its model, optimizer and rows.

use seqtune_nn::checkpoint::{self, Counters};
use seqtune_nn::metrics::{Confusion, Criterion, best_threshold};
use seqtune_nn::tch::{Kind, Tensor, no_grad};
use seqtune_nn::{Batches, DataSet, Device, FoldTraining, Optimizer, Sampling, Variables, loss, metrics, seed};
use seqtune_plugin::FamilyError;
use std::path::Path;

use crate::data::{TfData, UNKNOWN};
use crate::folds::Fold;
use crate::model::{Input, Model, reverse_complement};
use crate::parameters::{Hyperparameters, Imbalance};

/// Windows of one pass in validation; it bounds memory and changes no number. Small enough for
/// activations to stay in the allocator's reach: larger ones are mapped and unmapped at every pass.
const VALIDATION_BATCH: usize = 250;

/// Updates between two looks at the loss: each look waits for the device.
const LOOK_EVERY: usize = 25;

/// What the folds of a trial share: the data on the device, and the point.
pub struct Trial {
    /// `codes` `[rows, length]`, `label` `[rows]`, `weight` `[rows]` and, where the data has it, `accessibility`
    /// `[rows, 1]`.
    data: DataSet,
    labels: Vec<bool>,
    weights: Option<Vec<f32>>,
    hyperparameters: Hyperparameters,
    negatives_per_positive: usize,
    seed: u64,
    steps: u64,
}

impl Trial {
    /// Moves the data to the device.
    ///
    /// # Errors
    /// [`FamilyError::OutOfMemory`] where it does not fit.
    pub fn new(
        data: &TfData,
        hyperparameters: Hyperparameters,
        device: Device,
        seed: u64,
        steps: u64,
    ) -> Result<Trial, FamilyError> {
        let windows = &data.windows;
        let columns = || -> seqtune_nn::Result<DataSet> {
            let rows = windows.rows() as i64;
            let codes = Tensor::f_from_slice(&windows.bases)?.f_view([rows, windows.length as i64])?;
            let labels: Vec<f32> = windows.labels.iter().map(|label| f32::from(u8::from(*label))).collect();
            let ones = vec![1.0; windows.rows()];
            let weights = windows.weights.as_ref().unwrap_or(&ones);
            let mut columns = vec![codes, Tensor::f_from_slice(&labels)?, Tensor::f_from_slice(weights)?];
            if let Some(accessibility) = &windows.accessibility {
                columns.push(Tensor::f_from_slice(accessibility)?.f_view([rows, 1])?);
            }
            DataSet::new(device, columns)
        };
        Ok(Trial {
            data: columns()?,
            labels: windows.labels.clone(),
            weights: windows.weights.clone(),
            hyperparameters,
            negatives_per_positive: data.usage.negatives_per_positive,
            seed,
            steps,
        })
    }

    /// Factors on the weights of negatives and positives among `rows`.
    ///
    /// Weights of the data count within a class only: the two factors first make their mean 1 in each class, then, where
    /// classes are weighted, give both the same total. The mean over all rows stays 1.
    fn class_factors(&self, rows: &[i64], balance: bool) -> [f64; 2] {
        let (mut counts, mut sums) = ([0.0; 2], [0.0; 2]);
        for row in rows {
            let row = *row as usize;
            let class = usize::from(self.labels[row]);
            counts[class] += 1.0;
            sums[class] += self.weights.as_ref().map_or(1.0, |weights| f64::from(weights[row]));
        }
        let total = counts[0] + counts[1];
        [0, 1].map(|class| {
            if sums[class] == 0.0 {
                0.0
            } else if balance {
                0.5 * total / sums[class]
            } else {
                counts[class] / sums[class]
            }
        })
    }
}

/// The shape of the data, as models see it.
pub fn input_of(data: &TfData) -> Input {
    Input { length: data.windows.length, accessibility: data.windows.accessibility.is_some() }
}

/// One batch in the form that models read.
struct Batch {
    /// `[batch, 4, length]`.
    windows: Tensor,
    /// `[batch]`.
    labels: Tensor,
    /// `[batch]`.
    weights: Tensor,
    /// `[batch, 1]`.
    accessibility: Option<Tensor>,
}

impl Batch {
    /// From the columns of the data set. `factors` as [`Trial::class_factors`] gives them.
    fn new(mut columns: Vec<Tensor>, factors: [f64; 2], mask: f64, augment: bool) -> seqtune_nn::Result<Batch> {
        let accessibility = (columns.len() > 3).then(|| columns.remove(3));
        let (mut codes, labels) = (columns[0].shallow_clone(), columns[1].shallow_clone());
        if mask > 0.0 {
            let hidden = Tensor::f_rand(codes.size(), (Kind::Float, codes.device()))?.f_lt(mask)?;
            codes = codes.f_masked_fill(&hidden, i64::from(UNKNOWN))?;
        }
        // An unknown base equals none of the four channels.
        let channels = Tensor::f_arange(4, (Kind::Uint8, codes.device()))?.f_view([1, 4, 1])?;
        let mut windows = codes.f_unsqueeze(1)?.f_eq_tensor(&channels)?.f_to_kind(Kind::Float)?;
        if augment {
            let flipped = Tensor::f_rand([windows.size()[0], 1, 1], (Kind::Float, codes.device()))?.f_lt(0.5)?;
            windows = reverse_complement(&windows)?.f_where_self(&flipped, &windows)?;
        }
        let factor = labels.f_mul_scalar(factors[1] - factors[0])?.f_add_scalar(factors[0])?;
        let weights = columns[2].f_mul(&factor)?;
        Ok(Batch { windows, labels, weights, accessibility })
    }
}

/// What one epoch of one fold gave.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measured {
    /// Mean weighted loss over the epoch's updates, as it was when each was made.
    pub train_loss: f64,
    /// AUC of the scores that training saw, dropout and all.
    pub train_auc: f64,
    /// Loss on the fold with both classes at equal weight.
    pub valid_loss: f64,
    /// Area under the ROC curve.
    pub auc: f64,
    /// Average precision.
    pub average_precision: f64,
    /// Mean of sensitivity and specificity at logit 0.
    pub balanced_accuracy: f64,
    /// The same at the best threshold.
    pub best_balanced_accuracy: f64,
    /// That threshold, in logits.
    pub threshold: f64,
}

/// One fold of a trial.
pub struct TfFold {
    seed: u64,
    positives: Vec<i64>,
    negatives: Vec<i64>,
    valid: Vec<i64>,
    variables: Variables,
    model: Model,
    optimizer: Optimizer,
}

impl TfFold {
    /// A fold at its start.
    ///
    /// # Errors
    /// [`FamilyError::OutOfMemory`] where the model does not fit.
    pub fn new(trial: &Trial, number: usize, fold: &Fold) -> Result<TfFold, FamilyError> {
        let seed = seed::seed_of(trial.seed, &[number as u64]);
        let variables = Variables::new(trial.data.device(), seed);
        let made = || -> seqtune_nn::Result<(Model, Optimizer)> {
            let model = Model::new(&variables.root(), &trial.hyperparameters.architecture)?;
            let rate = trial.hyperparameters.learning_rate;
            Ok((model, Optimizer::new(trial.hyperparameters.optimizer, rate, &variables)?))
        };
        let (model, optimizer) = made()?;
        let of_class =
            |label: bool| fold.train.iter().filter(|row| trial.labels[**row] == label).map(|row| *row as i64).collect();
        let valid = fold.valid.iter().map(|row| *row as i64).collect();
        Ok(TfFold { seed, positives: of_class(true), negatives: of_class(false), valid, variables, model, optimizer })
    }

    /// Logits of rows of the data, in their order. `alive` is called after each chunk.
    ///
    /// # Errors
    /// As `alive` says, or where the device fails.
    pub fn scores(
        &self,
        trial: &Trial,
        rows: &[i64],
        mut alive: impl FnMut() -> Result<(), FamilyError>,
    ) -> Result<Vec<f64>, FamilyError> {
        let mut scores = Vec::with_capacity(rows.len());
        for columns in trial.data.chunks(rows, VALIDATION_BATCH)? {
            let logits = no_grad(|| {
                let batch = Batch::new(columns?, [1.0; 2], 0.0, false)?;
                self.model.forward(&batch.windows, batch.accessibility.as_ref(), false)
            });
            scores.extend(logits.and_then(|logits| numbers(&[logits]))?);
            alive()?;
        }
        Ok(scores)
    }

    /// The rows that the fold validates.
    pub fn valid(&self) -> &[i64] {
        &self.valid
    }

    fn sampled_negatives(&self, trial: &Trial) -> usize {
        match trial.negatives_per_positive {
            0 => self.negatives.len(),
            ratio => (ratio * self.positives.len()).min(self.negatives.len()),
        }
    }

    /// The rows of an epoch: all positives, and negatives drawn without replacement, anew in each epoch.
    fn rows_of(&self, trial: &Trial, epoch: u64) -> Vec<i64> {
        let count = self.sampled_negatives(trial);
        let mut rows = self.positives.clone();
        if count == self.negatives.len() {
            rows.extend_from_slice(&self.negatives);
        } else {
            let order = seed::Order::new(self.negatives.len(), seed::seed_of_name(self.seed, "negatives")).epoch(epoch);
            rows.extend(order.into_iter().take(count).map(|at| self.negatives[at]));
        }
        rows
    }

    fn batches(&self, trial: &Trial, rows: Vec<i64>) -> seqtune_nn::Result<Batches> {
        let sampling = match trial.hyperparameters.imbalance {
            Imbalance::Oversample(share) => {
                let labels: Vec<bool> = rows.iter().map(|row| trial.labels[*row as usize]).collect();
                Sampling::balanced(&labels, share)?
            }
            Imbalance::Weights | Imbalance::None => Sampling::Shuffled,
        };
        Batches::new(rows, trial.hyperparameters.batch, sampling, seed::seed_of_name(self.seed, "batches"))
    }

    fn validate(&self, trial: &Trial, alive: impl FnMut() -> Result<(), FamilyError>) -> Result<Measured, FamilyError> {
        let scores = self.scores(trial, &self.valid, alive)?;
        let labels: Vec<bool> = self.valid.iter().map(|row| trial.labels[*row as usize]).collect();
        let mut measured = measure(&labels, &scores);
        let factors = trial.class_factors(&self.valid, true);
        measured.valid_loss = self
            .valid
            .iter()
            .zip(&scores)
            .map(|(row, score)| {
                let row = *row as usize;
                let weight = trial.weights.as_ref().map_or(1.0, |weights| f64::from(weights[row]));
                let margin = if trial.labels[row] { *score } else { -score };
                // log(1 + exp(-m)) without overflow.
                let loss = (-margin.abs()).exp().ln_1p() + (-margin).max(0.0);
                factors[usize::from(trial.labels[row])] * weight * loss
            })
            .sum::<f64>()
            / self.valid.len() as f64;
        Ok(measured)
    }
}

impl FoldTraining for TfFold {
    type Trial = Trial;
    type Measured = Measured;

    fn updates(&self, trial: &Trial) -> u64 {
        let rows = self.positives.len() + self.sampled_negatives(trial);
        rows.div_ceil(trial.hyperparameters.batch) as u64
    }

    fn epoch(
        &mut self,
        trial: &Trial,
        epoch: u64,
        updated: &mut dyn FnMut(u64) -> Result<(), FamilyError>,
    ) -> Result<Measured, FamilyError> {
        let hyperparameters = &trial.hyperparameters;
        let rows = self.rows_of(trial, epoch);
        let factors = trial.class_factors(&rows, hyperparameters.imbalance == Imbalance::Weights);
        let batches = self.batches(trial, rows)?;
        let order = batches.epoch(epoch, trial.data.device())?;
        let (first, whole) = (epoch * order.len() as u64, trial.steps * order.len() as u64);

        let (mut logits, mut labels, mut losses) = (Vec::new(), Vec::new(), Vec::new());
        for (at, index) in order.iter().enumerate() {
            let update = first + at as u64;
            let made = (|| -> seqtune_nn::Result<(Tensor, Tensor, Tensor)> {
                let factor = hyperparameters.schedule.factor(update, whole);
                self.optimizer.set_learning_rate(hyperparameters.learning_rate * factor)?;
                seed::seed_update(self.seed, update);
                let columns = trial.data.batch(&index)?;
                let batch = Batch::new(columns, factors, hyperparameters.mask, hyperparameters.augment)?;
                let logits = self.model.forward(&batch.windows, batch.accessibility.as_ref(), true)?;
                let loss = loss::binary_cross_entropy_with_logits(&logits, &batch.labels, Some(&batch.weights))?;
                self.optimizer.step(&loss)?;
                Ok((logits.detach(), batch.labels, loss.detach()))
            })()?;
            logits.push(made.0);
            labels.push(made.1);
            losses.push(made.2);
            if (at + 1) % LOOK_EVERY == 0 || at + 1 == order.len() {
                let recent = &losses[losses.len().saturating_sub(LOOK_EVERY)..];
                if !all_finite(recent)? {
                    return Err(diverged(epoch, update));
                }
            }
            updated(at as u64 + 1)?;
        }
        let scores = numbers(&logits)?;
        let truth: Vec<bool> = numbers(&labels)?.iter().map(|label| *label > 0.5).collect();
        let losses = numbers(&losses)?;
        let mut measured = self.validate(trial, || updated(order.len() as u64))?;
        measured.train_loss = losses.iter().sum::<f64>() / losses.len() as f64;
        measured.train_auc = metrics::roc_auc(&truth, &scores).unwrap_or(f64::NAN);
        if !measured.valid_loss.is_finite() {
            return Err(FamilyError::Diverged(format!("the validation loss is not finite after epoch {}", epoch + 1)));
        }
        Ok(measured)
    }

    fn save(&self, directory: &Path, epochs: u64) -> Result<(), FamilyError> {
        let counters = Counters::new().with_u64("epoch", epochs);
        Ok(checkpoint::save(directory, &self.variables, &self.optimizer, &counters)?)
    }

    fn load(&mut self, directory: &Path) -> Result<u64, FamilyError> {
        let counters = checkpoint::load(directory, &self.variables, &mut self.optimizer)?;
        counters.u64("epoch").ok_or_else(|| {
            FamilyError::Other(format!("{}: the checkpoint does not say its epoch", directory.display()))
        })
    }
}

/// What scores say about labels; NaN where there is only one class. The losses are left 0.
pub fn measure(labels: &[bool], scores: &[f64]) -> Measured {
    let best = best_threshold(labels, scores, Criterion::BalancedAccuracy);
    let nan = f64::NAN;
    Measured {
        auc: metrics::roc_auc(labels, scores).unwrap_or(nan),
        average_precision: metrics::average_precision(labels, scores).unwrap_or(nan),
        balanced_accuracy: Confusion::at(labels, scores, 0.0)
            .and_then(|counts| counts.balanced_accuracy())
            .unwrap_or(nan),
        best_balanced_accuracy: best.map_or(nan, |best| best.value),
        threshold: best.map_or(nan, |best| best.threshold),
        ..Measured::default()
    }
}

fn all_finite(losses: &[Tensor]) -> seqtune_nn::Result<bool> {
    loss::is_finite(&Tensor::f_stack(losses, 0)?)
}

/// Tensors of any shapes as numbers, one after the other.
fn numbers(tensors: &[Tensor]) -> seqtune_nn::Result<Vec<f64>> {
    let flat = tensors.iter().map(|tensor| tensor.f_view(-1)).collect::<Result<Vec<_>, _>>()?;
    let all = Tensor::f_cat(&flat, 0)?.f_to_device(Device::Cpu)?.f_to_kind(Kind::Double)?;
    Ok(Vec::try_from(all)?)
}

fn diverged(epoch: u64, update: u64) -> FamilyError {
    FamilyError::Diverged(format!(
        "the loss is not finite at or before update {} (epoch {}); a lower learning rate may help",
        update + 1,
        epoch + 1
    ))
}
