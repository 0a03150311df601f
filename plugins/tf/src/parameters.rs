//! Parameters of the family, and a point of them in typed form.

use seqtune_nn::OptimizerKind;
use seqtune_plugin::FamilyError;
use seqtune_space::{Params, SearchSpace, ready};

use crate::model::{Architecture, Input};

/// Parameters with their hard limits and defaults, as they stand in `search-spaces/families/tf.toml`.
pub fn parameters() -> SearchSpace {
    // A part of the program, not input: the test below reads it.
    ready::declaration("tf").cloned().unwrap_or_default()
}

/// A point, checked against the limits and against the shape of the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Hyperparameters {
    /// The model.
    pub architecture: Architecture,
    /// Update rule with its own constants.
    pub optimizer: OptimizerKind,
    /// Learning rate at the first update.
    pub learning_rate: f64,
    /// Its course.
    pub schedule: Schedule,
    /// Windows of one update.
    pub batch: usize,
    /// What is done about rare positives.
    pub imbalance: Imbalance,
    /// Share of bases set to unknown in training.
    pub mask: f64,
    /// Whether training shows each window or its reverse complement, at random.
    pub augment: bool,
}

/// Course of the learning rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// The same throughout.
    Constant,
    /// Half a cosine from the full rate to 0 at the last update of the last step.
    Cosine,
}

/// What is done about rare positives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Imbalance {
    /// Loss weights give both classes the same total.
    Weights,
    /// Positives are this share of the draws.
    Oversample(f64),
    /// Nothing.
    None,
}

impl Hyperparameters {
    /// Reads a point; parameters that it does not set take their defaults.
    ///
    /// # Errors
    /// [`FamilyError::BadParams`] for a value outside the limits, or sizes that do not fit the windows.
    pub fn read(params: &Params, input: Input) -> Result<Hyperparameters, FamilyError> {
        let params = &parameters().complete(params)?;
        let weight_decay = params.float("weight_decay")?;
        let optimizer = match params.text("optimizer")? {
            "adam" => OptimizerKind::adam().with_weight_decay(weight_decay),
            "adamw" => OptimizerKind::adamw().with_weight_decay(weight_decay),
            "rmsprop" => OptimizerKind::rmsprop().with_weight_decay(weight_decay),
            "sgd" => OptimizerKind::sgd(params.float("momentum")?).with_weight_decay(weight_decay),
            other => return Err(unknown("optimizer", other)),
        };
        let schedule = match params.text("schedule")? {
            "constant" => Schedule::Constant,
            "cosine" => Schedule::Cosine,
            other => return Err(unknown("schedule", other)),
        };
        let imbalance = match params.text("imbalance")? {
            "weights" => Imbalance::Weights,
            "oversample" => Imbalance::Oversample(params.float("positive_share")?),
            "none" => Imbalance::None,
            other => return Err(unknown("imbalance", other)),
        };
        Ok(Hyperparameters {
            architecture: Architecture::read(params, input)?,
            optimizer,
            learning_rate: params.float("lr")?,
            schedule,
            batch: params.size("batch")?,
            imbalance,
            mask: params.float("mask")?,
            augment: params.text("rc")? == "augment",
        })
    }
}

impl Schedule {
    /// Factor of the learning rate at an update, counted from 0, of `of` in the whole trial.
    pub fn factor(self, update: u64, of: u64) -> f64 {
        match self {
            Schedule::Constant => 1.0,
            Schedule::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * update as f64 / of.max(1) as f64).cos()),
        }
    }
}

/// A choice that the limits list and the code does not know: a bug, but not one to panic for.
pub fn unknown(parameter: &str, choice: &str) -> FamilyError {
    FamilyError::BadParams(format!("parameter `{parameter}` has no choice {choice:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: Input = Input { length: 101, accessibility: false };

    fn read(given: &[(&str, seqtune_space::Value)]) -> Result<Hyperparameters, String> {
        let mut params = Params::default();
        for (name, value) in given {
            params.set(name, value.clone());
        }
        Hyperparameters::read(&params, INPUT).map_err(|error| error.to_string())
    }

    #[test]
    fn the_declaration_is_there_and_every_branch_has_defaults() {
        assert!(!parameters().is_empty());
        for parameter in parameters().parameters() {
            assert!(parameter.default.is_some(), "{} has no default", parameter.name);
        }
        for model in ["mlp", "cnn", "lstm"] {
            for rc in ["none", "share", "augment"] {
                read(&[("model", model.into()), ("rc", rc.into())]).unwrap();
            }
        }
        for optimizer in ["adam", "adamw", "rmsprop", "sgd"] {
            read(&[("optimizer", optimizer.into())]).unwrap();
        }
    }

    #[test]
    fn what_does_not_fit_the_window_is_one_sentence() {
        let fault = |given: &[(&str, seqtune_space::Value)]| read(given).unwrap_err();
        assert_eq!(
            fault(&[("kernel", 102_i64.into())]),
            "parameter `kernel` is 102, but the windows have 101 bases; it must be at most 101"
        );
        let local = [("pool", "local".into()), ("kernel", 90_i64.into()), ("pool_size", 13_i64.into())];
        assert!(fault(&local).contains("`pool_size` is 13, but the convolution leaves 12 positions"));
        let second = [("kernel", 99_i64.into()), ("second_conv", true.into()), ("second_kernel", 4_i64.into())];
        assert!(fault(&second).contains("`second_kernel` is 4, but the first convolution leaves 3"));
        assert!(fault(&[("lr", 100.0.into())]).contains("`lr` is 100"));
        assert!(fault(&[("hidden", 8_i64.into())]).contains("exists only when"));
    }

    #[test]
    fn the_cosine_goes_from_one_to_zero() {
        assert_eq!(Schedule::Cosine.factor(0, 10), 1.0);
        assert!((Schedule::Cosine.factor(5, 10) - 0.5).abs() < 1e-12);
        assert!(Schedule::Cosine.factor(10, 10).abs() < 1e-12);
        assert_eq!(Schedule::Constant.factor(7, 10), 1.0);
    }
}
