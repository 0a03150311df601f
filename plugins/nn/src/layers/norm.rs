//! Batch normalisation (Ioffe and Szegedy 2015).

use tch::{Kind, Tensor};

use super::positive;
use crate::error::Result;
use crate::variables::Scope;

/// Normalises each channel by the batch's mean and variance while training, by running ones in evaluation.
///
/// Variables `weight` (1) and `bias` (0), buffers `running_mean` (0) and `running_var` (1), all `[channels]`. The running values
/// move by 0.1 of the way at each training batch; the buffers are part of snapshots and checkpoints.
#[derive(Debug)]
pub struct BatchNorm {
    weight: Tensor,
    bias: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
}

impl BatchNorm {
    /// Added to the variance, as torch.nn.BatchNorm1d does.
    const EPSILON: f64 = 1e-5;
    const MOMENTUM: f64 = 0.1;

    /// A new layer at `scope`.
    ///
    /// # Errors
    /// [`Error::Input`](crate::Error::Input) for fewer than 1 channel or a name that is taken.
    pub fn new(scope: &Scope<'_>, channels: i64) -> Result<Self> {
        positive("the channels of a batch norm", channels)?;
        let start = |value: f64| Tensor::f_full([channels], value, (Kind::Float, scope.device()));
        Ok(Self {
            weight: scope.constant("weight", &[channels], 1.0)?,
            bias: scope.constant("bias", &[channels], 0.0)?,
            running_mean: scope.buffer("running_mean", &start(0.0)?)?,
            running_var: scope.buffer("running_var", &start(1.0)?)?,
        })
    }

    /// `[batch, channels]` or `[batch, channels, length]` to the same shape.
    ///
    /// A training batch with a single value per channel has no variance: it is normalised by the running values and does not
    /// move them, so that a last batch of one row needs no special case.
    ///
    /// # Errors
    /// [`Error::Torch`](crate::Error::Torch) for other channels.
    pub fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let single = x.numel() as i64 <= self.weight.size()[0];
        Ok(x.f_batch_norm(
            Some(&self.weight),
            Some(&self.bias),
            Some(&self.running_mean),
            Some(&self.running_var),
            train && !single,
            Self::MOMENTUM,
            Self::EPSILON,
            true,
        )?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variables::Variables;
    use tch::Device;

    #[test]
    fn training_uses_the_batch_and_moves_the_running_values() {
        let variables = Variables::new(Device::Cpu, 1);
        let norm = BatchNorm::new(&variables.root(), 1).expect("valid");
        let x = Tensor::from_slice(&[1.0_f32, 3.0]).view([2, 1]);
        let y = norm.forward(&x, true).expect("one channel");
        // Mean 2, variance 1 (divided by n).
        let scale = 1.0 / (1.0 + BatchNorm::EPSILON).sqrt();
        assert!((y.double_value(&[1, 0]) - scale).abs() < 1e-6);
        // The running variance takes the unbiased estimate, 2: 0.9 * 1 + 0.1 * 2.
        assert!((norm.running_mean.double_value(&[0]) - 0.2).abs() < 1e-6);
        assert!((norm.running_var.double_value(&[0]) - 1.1).abs() < 1e-6);
        let z = norm.forward(&x, false).expect("one channel");
        assert!((z.double_value(&[0, 0]) - 0.8 / (1.1 + BatchNorm::EPSILON).sqrt()).abs() < 1e-6);
        assert!((norm.running_mean.double_value(&[0]) - 0.2).abs() < 1e-6, "evaluation moves nothing");
        assert_eq!(variables.trainable().len(), 2);
        assert_eq!(variables.all().len(), 4);
    }

    #[test]
    fn a_batch_of_one_row_is_normalised_by_the_running_values() {
        let variables = Variables::new(Device::Cpu, 1);
        let norm = BatchNorm::new(&variables.root(), 2).expect("valid");
        let x = Tensor::from_slice(&[1.0_f32, 3.0]).view([1, 2]);
        let y = norm.forward(&x, true).expect("two channels");
        assert!((y.double_value(&[0, 1]) - 3.0).abs() < 1e-4);
        assert_eq!(norm.running_mean.double_value(&[1]), 0.0);
    }
}
