//! Losses with a weight per element, on the device.
//!
//! ```
//! use seqtune_nn::{loss, tch::Tensor};
//!
//! let logits = Tensor::from_slice(&[0.0_f32, 2.0]);
//! let targets = Tensor::from_slice(&[0.0_f32, 1.0]);
//! let weights = Tensor::from_slice(&[0.5_f32, 118.0]);
//! let loss = loss::binary_cross_entropy_with_logits(&logits, &targets, Some(&weights))?;
//! let expected = (0.5 * 2_f64.ln() + 118.0 * (1.0 + (-2_f64).exp()).ln()) / 2.0;
//! assert!((loss.double_value(&[]) - expected).abs() < 1e-5);
//! # Ok::<(), seqtune_nn::Error>(())
//! ```
//!
//! Every loss is the weighted sum over the batch divided by the **batch size**, not by the sum of the weights, so that an
//! element's pull does not depend on its neighbours in the batch. Shapes are compared, never broadcast. Nothing is read back
//! to the host except by [`is_finite`].

use tch::{Kind, Reduction, Tensor};

use crate::error::{Error, Result};

/// Binary cross-entropy of logits: logits, targets (0 to 1) and weights are `[batch]` of one float type; the loss is `[]`.
///
/// # Errors
/// [`Error::Input`] for shapes that differ.
pub fn binary_cross_entropy_with_logits(logits: &Tensor, targets: &Tensor, weights: Option<&Tensor>) -> Result<Tensor> {
    same_shape("targets", targets, &logits.size())?;
    check_weights(weights, &logits.size())?;
    Ok(logits.f_binary_cross_entropy_with_logits(targets, weights, None::<&Tensor>, Reduction::Mean)?)
}

/// Softmax cross-entropy: logits `[batch, classes]`, targets `[batch]` of i64 class numbers, weights `[batch]`; the loss is `[]`.
///
/// # Errors
/// [`Error::Input`] for shapes that do not fit; [`Error::Torch`] for a class number that does not exist (on the CPU).
pub fn cross_entropy(logits: &Tensor, targets: &Tensor, weights: Option<&Tensor>) -> Result<Tensor> {
    let &[batch, _classes] = logits.size().as_slice() else {
        return Err(Error::input(format!("logits must be [batch, classes], not {:?}", logits.size())));
    };
    same_shape("targets", targets, &[batch])?;
    check_weights(weights, &[batch])?;
    let reduction = if weights.is_some() { Reduction::None } else { Reduction::Mean };
    let loss = logits.f_cross_entropy_loss(targets, None::<&Tensor>, reduction, -100, 0.0)?;
    weighted_mean(loss, weights)
}

/// Mean squared error: predictions, targets and weights are `[batch]` of one float type; the loss is `[]`.
///
/// # Errors
/// [`Error::Input`] for shapes that differ.
pub fn mean_squared_error(predictions: &Tensor, targets: &Tensor, weights: Option<&Tensor>) -> Result<Tensor> {
    same_shape("targets", targets, &predictions.size())?;
    check_weights(weights, &predictions.size())?;
    let reduction = if weights.is_some() { Reduction::None } else { Reduction::Mean };
    weighted_mean(predictions.f_mse_loss(targets, reduction)?, weights)
}

/// Whether all values are finite. Waits for the device: ask every few updates, not at each.
///
/// # Errors
/// When an earlier operation on the device has failed.
pub fn is_finite(tensor: &Tensor) -> Result<bool> {
    Ok(tensor.f_isfinite()?.f_all()?.f_int64_value(&[])? == 1)
}

fn weighted_mean(loss: Tensor, weights: Option<&Tensor>) -> Result<Tensor> {
    match weights {
        None => Ok(loss),
        Some(weights) => Ok(loss.f_mul(weights)?.f_mean(None::<Kind>)?),
    }
}

fn check_weights(weights: Option<&Tensor>, shape: &[i64]) -> Result<()> {
    weights.map_or(Ok(()), |weights| same_shape("weights", weights, shape))
}

fn same_shape(what: &str, tensor: &Tensor, shape: &[i64]) -> Result<()> {
    if tensor.size() == shape {
        Ok(())
    } else {
        Err(Error::input(format!("{what} of shape {:?} do not fit outputs of shape {shape:?}", tensor.size())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f64; 3] = [-1.5, 0.25, 3.0];
    const TARGETS: [f64; 3] = [0.0, 1.0, 0.25];
    const WEIGHTS: [f64; 3] = [0.5, 100.0, 2.0];

    fn value(loss: Result<Tensor>) -> f64 {
        let loss = loss.expect("shapes fit");
        assert!(loss.size().is_empty());
        loss.double_value(&[])
    }

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12 * b.abs().max(1.0), "{a} {b}");
    }

    #[test]
    fn binary_cross_entropy_is_the_sum_over_the_batch_size() {
        let (x, y, w) = (Tensor::from_slice(&LOGITS), Tensor::from_slice(&TARGETS), Tensor::from_slice(&WEIGHTS));
        let element = |i: usize| {
            let p = 1.0 / (1.0 + (-LOGITS[i]).exp());
            -(TARGETS[i] * p.ln() + (1.0 - TARGETS[i]) * (1.0 - p).ln())
        };
        close(value(binary_cross_entropy_with_logits(&x, &y, None)), (0..3).map(element).sum::<f64>() / 3.0);
        let weighted = (0..3).map(|i| WEIGHTS[i] * element(i)).sum::<f64>() / 3.0;
        close(value(binary_cross_entropy_with_logits(&x, &y, Some(&w))), weighted);
    }

    #[test]
    fn squared_error_is_the_sum_over_the_batch_size() {
        let (x, y, w) = (Tensor::from_slice(&LOGITS), Tensor::from_slice(&TARGETS), Tensor::from_slice(&WEIGHTS));
        let element = |i: usize| (LOGITS[i] - TARGETS[i]).powi(2);
        close(value(mean_squared_error(&x, &y, None)), (0..3).map(element).sum::<f64>() / 3.0);
        let weighted = (0..3).map(|i| WEIGHTS[i] * element(i)).sum::<f64>() / 3.0;
        close(value(mean_squared_error(&x, &y, Some(&w))), weighted);
    }

    #[test]
    fn cross_entropy_is_the_sum_over_the_batch_size() {
        let rows = [[0.1, 2.0, -1.0], [0.0, 0.0, 1.0]];
        let logits = Tensor::from_slice(&rows.concat()).view([2, 3]);
        let classes = [2_usize, 0];
        let targets = Tensor::from_slice(&classes.map(|class| class as i64));
        let element = |i: usize| {
            let row: [f64; 3] = rows[i];
            row.iter().map(|x| x.exp()).sum::<f64>().ln() - row[classes[i]]
        };
        close(value(cross_entropy(&logits, &targets, None)), (element(0) + element(1)) / 2.0);
        let weights = Tensor::from_slice(&[3.0, 0.5]);
        close(value(cross_entropy(&logits, &targets, Some(&weights))), (3.0 * element(0) + 0.5 * element(1)) / 2.0);
    }

    #[test]
    fn shapes_are_never_broadcast() {
        let (column, row) = (Tensor::from_slice(&LOGITS).view([3, 1]), Tensor::from_slice(&TARGETS));
        assert!(matches!(mean_squared_error(&column, &row, None), Err(Error::Input(_))));
        assert!(matches!(binary_cross_entropy_with_logits(&row, &row, Some(&column)), Err(Error::Input(_))));
        assert!(matches!(cross_entropy(&row, &row, None), Err(Error::Input(_))));
    }

    #[test]
    fn nan_and_infinity_are_not_finite() {
        assert!(is_finite(&Tensor::from_slice(&[0.0, 1.0])).expect("a float tensor"));
        assert!(!is_finite(&Tensor::from_slice(&[0.0, f64::NAN])).expect("a float tensor"));
        assert!(!is_finite(&Tensor::from_slice(&[f64::INFINITY])).expect("a float tensor"));
    }
}
