//! The states of a layer by the library's own layers, one call for each direction.

use tch::Tensor;

use super::{Cell, RecurrentOptions};
use crate::error::Result;

/// The states in [`Layout::by_direction`](super::Layout::by_direction), of inputs in the order of reading.
pub(super) fn states(
    options: &RecurrentOptions,
    weights: &[[Tensor; 4]],
    inputs: &[Tensor],
    train: bool,
) -> Result<Tensor> {
    let mut parts = Vec::with_capacity(1 + inputs.len());
    for (weights, x) in weights.iter().zip(inputs) {
        let zeros = Tensor::f_zeros([1, x.size()[1], options.hidden], (x.kind(), x.device()))?;
        let weights = weights.each_ref();
        let sequence = match options.cell {
            Cell::Lstm => x.f_lstm(&[&zeros, &zeros], &weights, true, 1, 0.0, train, false, false)?.0,
            Cell::Gru => x.f_gru(&zeros, &weights, true, 1, 0.0, train, false, false)?.0,
            Cell::Rnn => x.f_rnn_tanh(&zeros, &weights, true, 1, 0.0, train, false, false)?.0,
        };
        if parts.is_empty() {
            parts.push(zeros);
        }
        parts.push(sequence);
    }
    Ok(Tensor::f_cat(&parts, 0)?.f_flatten(0, 1)?)
}
