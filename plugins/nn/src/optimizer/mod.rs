//! Optimizers that keep their own state by name, so that it can be saved and a trial goes on bit for bit.
//!
//! ```
//! use seqtune_nn::tch::{Kind, Tensor};
//! use seqtune_nn::{Device, Optimizer, OptimizerKind, Variables};
//!
//! let variables = Variables::new(Device::Cpu, 17);
//! let x = variables.root().constant("x", &[1], 1.0)?;
//! let mut optimizer = Optimizer::new(OptimizerKind::adam(), 0.1, &variables)?.with_clip_norm(1.0)?;
//! for _ in 0..100 {
//!     let loss = (&x - 3.0).square().sum(Kind::Float);
//!     optimizer.step(&loss)?;                        // gradients, clipping, update
//! }
//! assert!((x.double_value(&[0]) - 3.0).abs() < 0.2);
//! # Ok::<(), seqtune_nn::Error>(())
//! ```
//!
//! The arithmetic is PyTorch's own: the fused kernels that `torch.optim` calls with `fused=True` (Adam, AdamW, SGD) and, for
//! RMSprop, its `foreach=True` operations in their order. tch binds neither and its own optimizers hide their state. Gradients
//! come straight from the engine, so there is nothing to set to zero, and clipping keeps its factor on the device: a step never
//! waits for the GPU.

mod kind;

pub use kind::OptimizerKind;

use tch::{Kind, Tensor};

use crate::error::{Error, Result};
use crate::shim::{self, AdamConstants, Descent};
use crate::variables::{Variables, copy_all};

/// An optimizer over the trained variables of one model.
#[derive(Debug)]
pub struct Optimizer {
    kind: OptimizerKind,
    learning_rate: f64,
    /// Limit on the norm of all gradients together; 0 for none.
    max_norm: f64,
    names: Vec<String>,
    parameters: Vec<Tensor>,
    /// Per kind of state, one tensor a parameter, shaped as it.
    states: Vec<State>,
    /// Updates made, `[]`, float, on the device: the fused kernels read it there.
    step: Tensor,
    updates: u64,
}

#[derive(Debug)]
struct State {
    name: &'static str,
    tensors: Vec<Tensor>,
}

/// Under which the number of updates is saved.
const STEP: &str = "step";

impl Optimizer {
    /// An optimizer over all trained variables there are now.
    ///
    /// # Errors
    /// [`Error::Input`] for a constant out of its range, a learning rate that is negative or not finite, or no variables.
    pub fn new(kind: OptimizerKind, learning_rate: f64, variables: &Variables) -> Result<Self> {
        kind.check()?;
        check_learning_rate(learning_rate)?;
        let (names, parameters): (Vec<String>, Vec<Tensor>) = variables.trainable().into_iter().unzip();
        if parameters.is_empty() {
            return Err(Error::input("an optimizer needs at least one trained variable"));
        }
        let states = kind
            .states()
            .iter()
            .map(|name| Ok(State { name, tensors: parameters.iter().map(zeros_like).collect::<Result<_>>()? }))
            .collect::<Result<_>>()?;
        let step = Tensor::f_zeros([] as [i64; 0], (Kind::Float, variables.device()))?;
        Ok(Self { kind, learning_rate, max_norm: 0.0, names, parameters, states, step, updates: 0 })
    }

    /// Scales the gradients down whenever the norm of all of them together exceeds `max_norm`, as
    /// `torch.nn.utils.clip_grad_norm_` does, without reading the norm.
    ///
    /// # Errors
    /// [`Error::Input`] for a limit that is not positive and finite.
    pub fn with_clip_norm(mut self, max_norm: f64) -> Result<Self> {
        if !(max_norm > 0.0 && max_norm.is_finite()) {
            return Err(Error::input(format!("the limit on the gradient norm must be positive, not {max_norm}")));
        }
        self.max_norm = max_norm;
        Ok(self)
    }

    /// The learning rate of the next update.
    pub const fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    /// Sets the learning rate, for schedules. It is a setting, not a state: it is not saved.
    ///
    /// # Errors
    /// [`Error::Input`] for a rate that is negative or not finite.
    pub fn set_learning_rate(&mut self, learning_rate: f64) -> Result<()> {
        check_learning_rate(learning_rate)?;
        self.learning_rate = learning_rate;
        Ok(())
    }

    /// Updates made so far, those before a checkpoint included.
    pub const fn updates(&self) -> u64 {
        self.updates
    }

    /// One update: the gradients of `loss` (`[]`) by every trained variable, clipping, and the optimizer's rule.
    ///
    /// # Errors
    /// [`Error::Input`] when the loss is no single number, or when a trained variable has no part in it, naming the variable.
    pub fn step(&mut self, loss: &Tensor) -> Result<()> {
        // libtorch's engine does not check its root when it is called from C++.
        if loss.numel() != 1 {
            return Err(Error::input(format!("a loss must be one number, not of shape {:?}", loss.size())));
        }
        if !loss.requires_grad() {
            return Err(Error::input("the loss does not depend on any trained variable"));
        }
        let gradients = Tensor::f_run_backward(&[loss], &self.parameters, false, false)?;
        self.apply(&gradients)
    }

    /// As [`step`](Self::step) with gradients computed elsewhere: one for each trained variable, in order of creation.
    ///
    /// # Errors
    /// [`Error::Input`] when one is missing or of another shape.
    pub fn apply(&mut self, gradients: &[Tensor]) -> Result<()> {
        if let Some(at) = gradients.iter().position(|gradient| !gradient.defined()) {
            let name = self.names.get(at).map_or("?", String::as_str);
            return Err(Error::input(format!("the trained variable `{name}` has no part in the loss")));
        }
        let (max_norm, learning_rate) = (self.max_norm, self.learning_rate);
        let on =
            |weight_decay| Descent { parameters: &self.parameters, gradients, max_norm, learning_rate, weight_decay };
        let state = |at: usize| self.states.get(at).map_or(&[] as &[Tensor], |state| state.tensors.as_slice());
        match self.kind {
            OptimizerKind::Adam { beta1, beta2, epsilon, weight_decay } => {
                let with = AdamConstants { decoupled: false, beta1, beta2, epsilon };
                shim::adam(&on(weight_decay), state(0), state(1), &self.step, &with)?;
            }
            OptimizerKind::AdamW { beta1, beta2, epsilon, weight_decay } => {
                let with = AdamConstants { decoupled: true, beta1, beta2, epsilon };
                shim::adam(&on(weight_decay), state(0), state(1), &self.step, &with)?;
            }
            OptimizerKind::RmsProp { alpha, epsilon, momentum, weight_decay } => {
                shim::rmsprop(&on(weight_decay), state(0), state(1), alpha, epsilon, momentum)?;
            }
            OptimizerKind::Sgd { momentum, nesterov, weight_decay } => {
                shim::sgd(&on(weight_decay), state(0), self.updates == 0, momentum, nesterov)?;
            }
        }
        self.updates += 1;
        Ok(())
    }

    /// A copy of the state: `step` (`[]`, i64) and, per kind of state and variable, a tensor named such as `exp_avg.conv.weight`.
    pub fn state(&self) -> Vec<(String, Tensor)> {
        let mut values = vec![(STEP.to_owned(), Tensor::from(self.updates as i64))];
        for (name, tensor) in self.named() {
            values.push((name, tensor.copy()));
        }
        values
    }

    /// Goes on from a state that [`state`](Self::state) gave, of the same kind of optimizer over the same variables.
    ///
    /// # Errors
    /// [`Error::Input`] naming what is missing, unknown, or of another shape; then nothing is changed.
    pub fn load_state(&mut self, values: &[(String, Tensor)]) -> Result<()> {
        let updates = values
            .iter()
            .find(|(name, _)| name == STEP)
            .ok_or_else(|| Error::input("the optimizer state has no `step`"))?
            .1
            .f_int64_value(&[])?;
        let updates = u64::try_from(updates).map_err(|_| Error::input("the optimizer state has a negative `step`"))?;
        let others: Vec<(String, Tensor)> = values
            .iter()
            .filter(|(name, _)| name != STEP)
            .map(|(name, value)| (name.clone(), value.shallow_clone()))
            .collect();
        let named = self.named();
        copy_all(named.iter().map(|(name, tensor)| (name.as_str(), tensor)), &others)?;
        let _ = self.step.f_fill_(updates as f64)?;
        self.updates = updates;
        Ok(())
    }

    /// The state tensors under their saved names, sharing memory.
    fn named(&self) -> Vec<(String, Tensor)> {
        let names = &self.names;
        self.states
            .iter()
            .flat_map(|state| {
                let tensors = state.tensors.iter().zip(names);
                tensors.map(|(tensor, name)| (format!("{}.{name}", state.name), tensor.shallow_clone()))
            })
            .collect()
    }
}

fn zeros_like(parameter: &Tensor) -> Result<Tensor> {
    Ok(parameter.detach().f_zeros_like()?)
}

fn check_learning_rate(learning_rate: f64) -> Result<()> {
    if learning_rate >= 0.0 && learning_rate.is_finite() {
        Ok(())
    } else {
        Err(Error::input(format!("the learning rate must be finite and not negative, unlike {learning_rate}")))
    }
}

#[cfg(test)]
mod tests;
