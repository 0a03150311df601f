//! Parameters of the family, and a point of them in typed form.

use seqtune_nn::OptimizerKind;
use seqtune_plugin::FamilyError;
use seqtune_space::{Params, SearchSpace, ready};

use crate::model::Architecture;
use crate::view::View;

/// Parameters with their hard limits and defaults, as they stand in `search-spaces/families/mhc.toml`.
pub fn parameters() -> SearchSpace {
    // A part of the program, not input: the test below reads it.
    ready::declaration("mhc").cloned().unwrap_or_default()
}

/// A point, checked against the limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Hyperparameters {
    /// What the model sees of a peptide.
    pub view: View,
    /// Whether a row weighs 1 over the number of rows of its peptide.
    pub weight_rows: bool,
    /// Whether a bound that is kept costs nothing, instead of being taken for the value itself.
    pub censor: bool,
    /// The model, and how it is trained.
    pub model: ModelChoice,
}

/// A model, and how it is trained.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelChoice {
    /// Least squares on one-hot tokens.
    Linear {
        /// Penalty on the squared weights; 0 takes the solution of least norm.
        ridge: f64,
    },
    /// A network, trained by gradients.
    Network {
        /// The network.
        architecture: Architecture,
        /// Its training.
        training: Training,
    },
}

/// How a network is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Training {
    /// Update rule with its own constants.
    pub optimizer: OptimizerKind,
    /// Learning rate of the first epoch.
    pub learning_rate: f64,
    /// Its course.
    pub schedule: Schedule,
    /// Rows of one update.
    pub batch: usize,
}

/// Course of the learning rate over the epochs t = 1, 2, ...
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Schedule {
    /// The same throughout.
    Constant,
    /// `t^-power`.
    Power(f64),
    /// `exp(-rate * (t - 1)^shape)`.
    Exponential {
        /// How fast it falls.
        rate: f64,
        /// Below 1 the decay slows down, above it speeds up.
        shape: f64,
    },
}

impl Hyperparameters {
    /// Reads a point; parameters that it does not set take their defaults.
    ///
    /// # Errors
    /// [`FamilyError::BadParams`] for a value outside the limits.
    pub fn read(params: &Params) -> Result<Hyperparameters, FamilyError> {
        let params = &parameters().complete(params)?;
        let is_recurrent = matches!(params.text("model")?, "lstm" | "gru" | "rnn");
        let view = match params.text("view")? {
            "full" => View::Full { start_stop: is_recurrent && params.bool("start_stop")? },
            "nonamers" => View::Nonamers,
            "ends" => View::Ends { length: params.size("end_length")? },
            other => return Err(unknown("view", other)),
        };
        let (model, censor) = match params.text("model")? {
            "linear" => (ModelChoice::Linear { ridge: params.float("ridge")? }, false),
            _ => {
                let censor = match params.text("inequality")? {
                    "ignore" => false,
                    "censor" => true,
                    other => return Err(unknown("inequality", other)),
                };
                let (architecture, training) = (Architecture::read(params)?, Training::read(params)?);
                (ModelChoice::Network { architecture, training }, censor)
            }
        };
        Ok(Hyperparameters {
            view,
            weight_rows: view == View::Nonamers && params.bool("weight_nonamers")?,
            censor,
            model,
        })
    }
}

impl Training {
    fn read(params: &Params) -> Result<Training, FamilyError> {
        let weight_decay = params.float("weight_decay")?;
        let optimizer = match params.text("optimizer")? {
            "adam" => OptimizerKind::adam(),
            "adamw" => OptimizerKind::adamw(),
            "rmsprop" => KERAS_RMSPROP,
            "sgd" => OptimizerKind::sgd(params.float("momentum")?),
            other => return Err(unknown("optimizer", other)),
        };
        let schedule = match params.text("schedule")? {
            "constant" => Schedule::Constant,
            "power" => Schedule::Power(params.float("decay_power")?),
            "exponential" => {
                Schedule::Exponential { rate: params.float("decay_rate")?, shape: params.float("decay_shape")? }
            }
            other => return Err(unknown("schedule", other)),
        };
        Ok(Training {
            optimizer: optimizer.with_weight_decay(weight_decay),
            learning_rate: params.float("lr")?,
            schedule,
            batch: params.size("batch")?,
        })
    }
}

/// RMSprop as Keras 1.0.8 has it, which the source study used: a decay of 0.9, not PyTorch's 0.99.
const KERAS_RMSPROP: OptimizerKind =
    OptimizerKind::RmsProp { alpha: 0.9, epsilon: 1e-8, momentum: 0.0, weight_decay: 0.0 };

impl Schedule {
    /// Factor of the learning rate in an epoch, counted from 0.
    pub fn factor(self, epoch: u64) -> f64 {
        let before = epoch as f64;
        match self {
            Schedule::Constant => 1.0,
            Schedule::Power(power) => (before + 1.0).powf(-power),
            Schedule::Exponential { rate, shape } => (-rate * before.powf(shape)).exp(),
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
    use seqtune_space::Value;

    fn read(given: &[(&str, Value)]) -> Result<Hyperparameters, String> {
        let mut params = Params::default();
        for (name, value) in given {
            params.set(name, value.clone());
        }
        Hyperparameters::read(&params).map_err(|error| error.to_string())
    }

    #[test]
    fn the_declaration_is_there_and_every_branch_has_defaults() {
        assert!(!parameters().is_empty());
        for parameter in parameters().parameters() {
            assert!(parameter.default.is_some(), "{} has no default", parameter.name);
        }
        for model in ["lstm", "gru", "rnn", "ffnn", "sigmoid", "linear"] {
            for view in ["full", "nonamers", "ends"] {
                read(&[("model", model.into()), ("view", view.into())]).unwrap();
            }
        }
        for (parameter, choices) in [
            ("optimizer", ["adam", "adamw", "rmsprop", "sgd"].as_slice()),
            ("schedule", &["constant", "power", "exponential"]),
            ("batch_norm", &["none", "input", "output"]),
            ("encoding", &["embedding", "one_hot"]),
            ("inequality", &["ignore", "censor"]),
        ] {
            for choice in choices {
                read(&[(parameter, (*choice).into())]).unwrap();
            }
        }
    }

    #[test]
    fn the_default_is_the_reference_model_of_the_source() {
        let point = read(&[]).unwrap();
        assert_eq!(point.view, View::Full { start_stop: false });
        let ModelChoice::Network { architecture, training } = point.model else { panic!("a network") };
        assert_eq!(architecture.to_string(), "lstm 50 both ways, one embedding of 32, dropout 0 0.5 0.5 0.25");
        assert_eq!((training.learning_rate, training.batch), (1e-3, 16));
    }

    #[test]
    fn what_no_branch_has_is_one_sentence() {
        let fault = |given: &[(&str, Value)]| read(given).unwrap_err();
        assert!(fault(&[("lr", 100.0.into())]).contains("`lr` is 100"));
        assert!(fault(&[("ffnn_width", 8_i64.into())]).contains("exists only when"));
    }

    #[test]
    fn rates_follow_the_formulas_of_the_source() {
        let factors = |schedule: Schedule| [0, 1, 3].map(|epoch| schedule.factor(epoch));
        assert_eq!(factors(Schedule::Constant), [1.0; 3]);
        assert_eq!(factors(Schedule::Power(2.0)), [1.0, 0.25, 0.0625]);
        let exponential = factors(Schedule::Exponential { rate: 1.0, shape: 0.5 });
        for (factor, expected) in exponential.into_iter().zip([1.0, (-1.0_f64).exp(), (-3.0_f64.sqrt()).exp()]) {
            assert!((factor - expected).abs() < 1e-15);
        }
    }
}
