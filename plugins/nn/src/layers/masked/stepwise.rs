//! The states of a layer position by position, with a dropout mask for each example and gate.
//!
//! Gates and directions lead every shape, so that each matrix product serves all of them; `gates * directions` counts directions
//! fastest. Batches are small, so time goes by the number of operations rather than by their size: the inputs of all positions
//! are multiplied in advance, and one step is a dozen calls whatever the number of directions.

use tch::Tensor;

use super::{Cell, RecurrentOptions};
use crate::error::Result;

/// The states in [`Layout::by_step`](super::Layout::by_step), of inputs in the order of reading.
pub(super) fn states(
    options: &RecurrentOptions,
    weights: &[[Tensor; 4]],
    inputs: &[Tensor],
    train: bool,
) -> Result<Tensor> {
    let x = Tensor::f_stack(inputs, 0)?;
    let &[directions, steps, batch, width] = x.size().as_slice() else {
        return Err(crate::Error::input("a recurrent layer reads [length, batch, inputs]"));
    };
    let RecurrentOptions { cell, hidden, .. } = *options;
    let gates = cell.gates();
    let rate = |rate: f64| if train { rate } else { 0.0 };
    let input_mask = mask(&[gates, directions, 1, batch, width], rate(options.input_dropout), &x)?;
    let state_mask = mask(&[gates, directions, batch, hidden], rate(options.recurrent_dropout), &x)?;
    let variable = |at: usize| by_gate(cell, weights.iter().map(|direction| &direction[at]));
    let (input_weight, input_bias, bias) = (variable(0)?, variable(2)?, variable(3)?);
    let from_inputs = |bias: &Tensor| from_inputs(&x, gates, input_mask.as_ref(), &input_weight, bias);
    let from_state = FromState { gates, mask: state_mask, weight: variable(1)?.f_transpose(1, 2)?, alone: steps == 1 };
    let zeros = Tensor::f_zeros([directions, batch, hidden], (x.kind(), x.device()))?;
    let states = match cell {
        Cell::Lstm => lstm(&from_inputs(&input_bias.f_add(&bias)?)?, &from_state, zeros)?,
        Cell::Rnn => rnn(&from_inputs(&input_bias.f_add(&bias)?)?, &from_state, zeros)?,
        Cell::Gru => {
            let input_bias = input_bias.f_split_with_sizes([2 * directions, directions], 0)?;
            let bias = bias.f_split_with_sizes([2 * directions, directions], 0)?;
            let outside = Tensor::f_cat(&[&input_bias[0].f_add(&bias[0])?, &input_bias[1]], 0)?;
            gru(&from_inputs(&outside)?, &bias[1], &from_state, zeros)?
        }
    };
    Ok(Tensor::f_stack(&states, 0)?.f_view([-1, hidden])?)
}

/// 0 or 1 / (1 - rate), of the type and on the device of `like`.
pub(super) fn mask(shape: &[i64], rate: f64, like: &Tensor) -> Result<Option<Tensor>> {
    if rate == 0.0 {
        return Ok(None);
    }
    let mut kept = Tensor::f_empty(shape, (like.kind(), like.device()))?.f_bernoulli_float_(1.0 - rate)?;
    Ok(Some(kept.f_mul_scalar_(1.0 / (1.0 - rate))?))
}

/// One variable of every direction as `[gates * directions, ..]`; an LSTM's candidate comes last, after the three sigmoid gates.
fn by_gate<'a>(cell: Cell, directions: impl Iterator<Item = &'a Tensor>) -> Result<Tensor> {
    let order: &[usize] = match cell {
        Cell::Lstm => &[0, 1, 3, 2],
        Cell::Gru => &[0, 1, 2],
        Cell::Rnn => &[0],
    };
    let directions = directions.map(|all| Ok(all.f_chunk(cell.gates(), 0)?)).collect::<Result<Vec<_>>>()?;
    let parts: Vec<&Tensor> = order.iter().flat_map(|&gate| directions.iter().map(move |parts| &parts[gate])).collect();
    Ok(Tensor::f_stack(&parts, 0)?)
}

/// The inputs' part of all gates: `[directions, steps, batch, inputs]` to `[gates * directions, steps, batch, hidden]`.
fn from_inputs(x: &Tensor, gates: i64, mask: Option<&Tensor>, weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
    let (steps, batch) = (x.size()[1], x.size()[2]);
    let x = for_each_gate(x, gates, mask)?.f_flatten(1, 2)?;
    let product = bias.f_unsqueeze(1)?.f_baddbmm(&x, &weight.f_transpose(1, 2)?, 1, 1)?;
    Ok(product.f_unflatten(1, [steps, batch])?)
}

/// `[directions, ..]` to `[gates * directions, ..]`, times a mask `[gates, directions, ..]`.
fn for_each_gate(x: &Tensor, gates: i64, mask: Option<&Tensor>) -> Result<Tensor> {
    let x = x.f_unsqueeze(0)?;
    let x = match mask {
        Some(mask) => x.f_mul(mask)?,
        None if gates == 1 => x,
        None => x.f_expand([&[gates], &x.size()[1..]].concat(), false)?,
    };
    Ok(x.f_flatten(0, 1)?)
}

/// How the state before enters the gates.
struct FromState {
    gates: i64,
    /// `[gates, directions, batch, hidden]`.
    mask: Option<Tensor>,
    /// `[gates * directions, hidden, hidden]`, to be multiplied from the right.
    weight: Tensor,
    /// Whether there is one step only.
    alone: bool,
}

impl FromState {
    /// `to`, `[gates * directions, batch, hidden]`, plus the part of the last of `states`, `[directions, batch, hidden]`.
    fn add(&self, to: Tensor, states: &[Tensor]) -> Result<Tensor> {
        match states {
            // The first state is 0 and has no part, except that a weight must have its gradient, 0, even so.
            [_] if !self.alone => Ok(to),
            [.., state] => {
                Ok(to.f_baddbmm(&for_each_gate(state, self.gates, self.mask.as_ref())?, &self.weight, 1, 1)?)
            }
            [] => Ok(to),
        }
    }
}

fn lstm(x: &Tensor, from_state: &FromState, zeros: Tensor) -> Result<Vec<Tensor>> {
    let directions = zeros.size()[0];
    let mut states = vec![zeros];
    let mut memory: Option<Tensor> = None;
    for x in x.f_unbind(1)? {
        let sums = from_state.add(x, &states)?;
        let parts = sums.f_split_with_sizes([3 * directions, directions], 0)?;
        let gates = parts[0].f_sigmoid()?.f_split(directions, 0)?;
        let new = gates[0].f_mul(&parts[1].f_tanh()?)?;
        let now = match memory {
            None => new,
            Some(before) => new.f_addcmul(&gates[1], &before)?,
        };
        states.push(gates[2].f_mul(&now.f_tanh()?)?);
        memory = Some(now);
    }
    Ok(states)
}

/// `bias`, `[directions, hidden]`, is that of the state's part of the candidate, which the reset gate multiplies.
fn gru(x: &Tensor, bias: &Tensor, from_state: &FromState, zeros: Tensor) -> Result<Vec<Tensor>> {
    let (directions, hidden) = (zeros.size()[0], zeros.size()[2]);
    let parts = x.f_split_with_sizes([2 * directions, directions], 0)?;
    // The product with the state is added to the inputs' part of the two gates, and to the bias of the candidate.
    let bias = bias.f_view([directions, 1, 1, hidden])?.f_expand_as(&parts[1])?;
    let starts = Tensor::f_cat(&[&parts[0], &bias], 0)?.f_unbind(1)?;
    let mut before = zeros.shallow_clone();
    let mut states = vec![zeros];
    for (start, candidate) in starts.into_iter().zip(parts[1].f_unbind(1)?) {
        let sums = from_state.add(start, &states)?;
        let parts = sums.f_split_with_sizes([2 * directions, directions], 0)?;
        let gates = parts[0].f_sigmoid()?.f_split(directions, 0)?;
        let new = candidate.f_addcmul(&gates[0], &parts[1])?.f_tanh()?;
        before = new.f_lerp_tensor(&before, &gates[1])?;
        states.push(before.shallow_clone());
    }
    Ok(states)
}

fn rnn(x: &Tensor, from_state: &FromState, zeros: Tensor) -> Result<Vec<Tensor>> {
    let mut states = vec![zeros];
    for x in x.f_unbind(1)? {
        states.push(from_state.add(x, &states)?.f_tanh()?);
    }
    Ok(states)
}
