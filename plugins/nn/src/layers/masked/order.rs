//! Which row of memory holds which position: turning rows round within their lengths, and back.

use tch::{Kind, Tensor};

use crate::error::Result;

/// Where the states of a layer lie, counted in rows of `hidden` numbers: at `start + direction * a direction + step * a step + row`.
/// Row 0 is zero.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    start: i64,
    direction: i64,
    step: i64,
}

impl Layout {
    /// `[batch]` rows of zeros, then `[directions, steps, batch]`.
    pub const fn by_direction(steps: i64, batch: i64) -> Self {
        Self { start: batch, direction: steps * batch, step: batch }
    }

    /// `[directions, batch]` rows of zeros, then `[steps, directions, batch]`.
    pub const fn by_step(directions: i64, batch: i64) -> Self {
        Self { start: directions * batch, direction: batch, step: directions * batch }
    }
}

/// Row numbers for the lengths of one batch.
#[derive(Debug)]
pub(super) struct Order {
    length: i64,
    batch: i64,
    /// The longest row.
    steps: i64,
    /// The row of the inputs that the backward direction reads, `[steps * batch]`; padding stays where it is.
    backward: Tensor,
    /// The row of the states for each position, row and direction; the zero row for padding.
    sequence: Tensor,
    /// The row of the states at the last step of each row and direction.
    last: Tensor,
}

impl Order {
    /// `lengths` is `[batch]`, each 1 to `steps`; `steps` is at most `length`.
    pub fn new(lengths: &Tensor, length: i64, steps: i64, directions: i64, layout: Layout) -> Result<Self> {
        let Layout { start, direction, step } = layout;
        let batch = lengths.numel() as i64;
        let options = (Kind::Int64, lengths.device());
        let row = Tensor::f_arange(batch, options)?;
        let time = Tensor::f_arange(length, options)?.f_unsqueeze(1)?;
        // Steps from the end: negative for padding.
        let back = lengths.f_sub(&time)?.f_sub_scalar(1)?;
        let real = back.f_ge(0)?;
        let turned = back.f_where_self(&real, &time)?;
        let backward = turned.f_narrow(0, 0, steps)?.f_mul_scalar(batch)?.f_add(&row)?.f_view(-1)?;
        // [directions], [batch, directions], [length, batch, directions]
        let base = Tensor::f_arange(directions, options)?.f_mul_scalar(direction)?.f_add_scalar(start)?;
        let base = row.f_unsqueeze(1)?.f_add(&base)?;
        let last = lengths.f_sub_scalar(1)?.f_mul_scalar(step)?.f_unsqueeze(1)?.f_add(&base)?.f_view(-1)?;
        let steps_of = if directions == 2 {
            Tensor::f_stack(&[time.f_expand_as(&back)?, back], -1)?
        } else {
            time.f_unsqueeze(2)?
        };
        let sequence = steps_of.f_mul_scalar(step)?.f_add(&base)?.f_mul(&real.f_unsqueeze(2)?)?.f_view(-1)?;
        Ok(Self { length, batch, steps, backward, sequence, last })
    }

    /// One input for each direction, `[steps, batch, width]`, in the order of reading.
    pub fn align(&self, inputs: &[Tensor], directions: i64) -> Result<Vec<Tensor>> {
        let mut aligned = Vec::new();
        if let Some(first) = inputs.first() {
            aligned.push(if self.steps < self.length {
                first.f_narrow(0, 0, self.steps)?
            } else {
                first.shallow_clone()
            });
        }
        if directions == 2
            && let Some(last) = inputs.last()
        {
            let rows = last.f_flatten(0, 1)?.f_index_select(0, &self.backward)?;
            aligned.push(rows.f_view([self.steps, self.batch, -1])?);
        }
        Ok(aligned)
    }

    /// States in natural order, `[length, batch, width]`.
    pub fn sequence(&self, states: &Tensor) -> Result<Tensor> {
        Ok(states.f_index_select(0, &self.sequence)?.f_view([self.length, self.batch, -1])?)
    }

    /// The states at the end of each direction's reading, `[batch, width]`.
    pub fn last(&self, states: &Tensor) -> Result<Tensor> {
        Ok(states.f_index_select(0, &self.last)?.f_view([self.batch, -1])?)
    }
}
