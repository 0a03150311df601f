//! The rules an optimizer can follow, and their constants.

use crate::error::{Error, Result};

/// The rule of an [`Optimizer`](super::Optimizer), with constants named as `torch.optim` names them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OptimizerKind {
    /// Adam (Kingma and Ba 2015); weight decay is added to the gradient.
    Adam {
        /// Decay of the mean of the gradients, 0 to 1.
        beta1: f64,
        /// Decay of the mean of their squares, 0 to 1.
        beta2: f64,
        /// Added to the root of the squares.
        epsilon: f64,
        /// Share of the weights added to the gradients.
        weight_decay: f64,
    },
    /// Adam with weight decay apart from the gradient (Loshchilov and Hutter 2019).
    AdamW {
        /// Decay of the mean of the gradients, 0 to 1.
        beta1: f64,
        /// Decay of the mean of their squares, 0 to 1.
        beta2: f64,
        /// Added to the root of the squares.
        epsilon: f64,
        /// Share of the weights taken off at each update, times the learning rate.
        weight_decay: f64,
    },
    /// RMSprop (Hinton 2012), not centred.
    RmsProp {
        /// Decay of the mean of the squares, 0 to 1.
        alpha: f64,
        /// Added to the root of the squares.
        epsilon: f64,
        /// Share of the last step that is kept.
        momentum: f64,
        /// Share of the weights added to the gradients.
        weight_decay: f64,
    },
    /// Stochastic gradient descent, without dampening.
    Sgd {
        /// Share of the last step that is kept.
        momentum: f64,
        /// Whether the gradient is looked up after the momentum (Nesterov); needs momentum.
        nesterov: bool,
        /// Share of the weights added to the gradients.
        weight_decay: f64,
    },
}

impl OptimizerKind {
    /// Adam with PyTorch's defaults.
    pub const fn adam() -> Self {
        Self::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 }
    }

    /// AdamW with PyTorch's defaults: a weight decay of 0.01.
    pub const fn adamw() -> Self {
        Self::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 }
    }

    /// RMSprop with PyTorch's defaults: an alpha of 0.99.
    pub const fn rmsprop() -> Self {
        Self::RmsProp { alpha: 0.99, epsilon: 1e-8, momentum: 0.0, weight_decay: 0.0 }
    }

    /// SGD with the given momentum, else PyTorch's defaults.
    pub const fn sgd(momentum: f64) -> Self {
        Self::Sgd { momentum, nesterov: false, weight_decay: 0.0 }
    }

    /// The same rule with another weight decay.
    #[must_use]
    pub const fn with_weight_decay(mut self, decay: f64) -> Self {
        match &mut self {
            Self::Adam { weight_decay, .. }
            | Self::AdamW { weight_decay, .. }
            | Self::RmsProp { weight_decay, .. }
            | Self::Sgd { weight_decay, .. } => *weight_decay = decay,
        }
        self
    }

    /// The names of the tensors kept for each variable, as in `torch.optim`'s state.
    pub(super) fn states(&self) -> &'static [&'static str] {
        match self {
            Self::Adam { .. } | Self::AdamW { .. } => &["exp_avg", "exp_avg_sq"],
            Self::RmsProp { momentum: 0.0, .. } => &["square_avg"],
            Self::RmsProp { .. } => &["square_avg", "momentum_buffer"],
            Self::Sgd { momentum: 0.0, .. } => &[],
            Self::Sgd { .. } => &["momentum_buffer"],
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let share = |what: &str, value: f64| {
            let valid = (0.0..1.0).contains(&value);
            valid
                .then_some(())
                .ok_or_else(|| Error::input(format!("{what} must be at least 0 and below 1, not {value}")))
        };
        let size = |what: &str, value: f64| {
            let valid = value >= 0.0 && value.is_finite();
            valid
                .then_some(())
                .ok_or_else(|| Error::input(format!("{what} must be finite and not negative, unlike {value}")))
        };
        match *self {
            Self::Adam { beta1, beta2, epsilon, weight_decay }
            | Self::AdamW { beta1, beta2, epsilon, weight_decay } => {
                share("beta1", beta1)?;
                share("beta2", beta2)?;
                size("epsilon", epsilon)?;
                size("the weight decay", weight_decay)
            }
            Self::RmsProp { alpha, epsilon, momentum, weight_decay } => {
                share("alpha", alpha)?;
                size("epsilon", epsilon)?;
                share("the momentum", momentum)?;
                size("the weight decay", weight_decay)
            }
            Self::Sgd { momentum, nesterov, weight_decay } => {
                share("the momentum", momentum)?;
                size("the weight decay", weight_decay)?;
                if nesterov && momentum == 0.0 {
                    Err(Error::input("Nesterov's method needs a momentum above 0"))
                } else {
                    Ok(())
                }
            }
        }
    }
}
