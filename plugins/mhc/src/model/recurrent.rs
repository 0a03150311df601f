//! Cells that read a peptide in one or two directions.

use std::fmt;

use seqtune_nn::layers::{BatchNorm, Cell, Linear, Recurrent, RecurrentOptions, dropout};
use seqtune_nn::tch::{Kind, Tensor};
use seqtune_nn::{Result, Scope};
use seqtune_plugin::FamilyError;
use seqtune_space::Params;

use super::Rows;
use super::encoder::Encoder;
use crate::parameters::unknown;

/// Cells, and what stands before and behind them.
#[derive(Clone, Debug, PartialEq)]
pub struct RecurrentBodyOptions {
    /// The cells; their inputs are those of the encoder.
    cells: RecurrentOptions,
    /// Whether cells skip the padding.
    mask: bool,
    norm: Norm,
    /// Units of a sigmoid layer behind the states, 0 for none.
    dense: i64,
    output_dropout: f64,
}

/// What is normalised over the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Norm {
    None,
    /// The vectors of residues.
    Input,
    /// The last states.
    Output,
}

impl RecurrentBodyOptions {
    /// Reads a complete point of one of the cells.
    pub fn read(params: &Params) -> std::result::Result<Self, FamilyError> {
        let cell = match params.text("model")? {
            "lstm" => Cell::Lstm,
            "gru" => Cell::Gru,
            "rnn" => Cell::Rnn,
            other => return Err(unknown("model", other)),
        };
        Ok(RecurrentBodyOptions {
            cells: RecurrentOptions {
                cell,
                inputs: 0,
                hidden: params.int("hidden")?,
                layers: params.size("layers")?,
                bidirectional: params.bool("bidirectional")?,
                input_dropout: params.float("input_dropout")?,
                recurrent_dropout: params.float("recurrent_dropout")?,
            },
            // The other views have no padding.
            mask: params.text("view")? != "full" || params.bool("mask_padding")?,
            norm: match params.text("batch_norm")? {
                "none" => Norm::None,
                "input" => Norm::Input,
                "output" => Norm::Output,
                other => return Err(unknown("batch_norm", other)),
            },
            dense: params.int("dense")?,
            output_dropout: params.float("output_dropout")?,
        })
    }

    /// Whether a second cell reads from the end.
    pub fn bidirectional(&self) -> bool {
        self.cells.bidirectional
    }

    /// Rates on inputs, states and outputs.
    pub fn dropout(&self) -> [f64; 3] {
        [self.cells.input_dropout, self.cells.recurrent_dropout, self.output_dropout]
    }
}

impl fmt::Display for RecurrentBodyOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cell = match self.cells.cell {
            Cell::Lstm => "lstm",
            Cell::Gru => "gru",
            Cell::Rnn => "rnn",
        };
        write!(f, "{cell} {}", self.cells.hidden)?;
        if self.cells.layers > 1 {
            write!(f, " x {}", self.cells.layers)?;
        }
        f.write_str(if self.cells.bidirectional { " both ways" } else { " one way" })?;
        if self.dense > 0 {
            write!(f, " and dense {}", self.dense)?;
        }
        if !self.mask {
            f.write_str(" with padding")?;
        }
        match self.norm {
            Norm::None => Ok(()),
            Norm::Input => f.write_str(", batch norm on inputs"),
            Norm::Output => f.write_str(", batch norm on states"),
        }
    }
}

/// The body with its variables.
#[derive(Debug)]
pub struct RecurrentBody {
    cells: Recurrent,
    mask: bool,
    input_norm: Option<BatchNorm>,
    output_norm: Option<BatchNorm>,
    dense: Option<Linear>,
    output_dropout: f64,
    features: i64,
}

impl RecurrentBody {
    /// Makes the variables at `scope`, for residue vectors of `channels`.
    pub fn new(scope: &Scope<'_>, options: &RecurrentBodyOptions, channels: i64) -> Result<RecurrentBody> {
        let cells = Recurrent::new(&scope.at("cells"), RecurrentOptions { inputs: channels, ..options.cells })?;
        let width = cells.width();
        let norm = |which: Norm, name: &str, channels: i64| {
            (options.norm == which).then(|| BatchNorm::new(&scope.at(name), channels)).transpose()
        };
        let dense = match options.dense {
            0 => None,
            units => Some(Linear::glorot(&scope.at("dense"), width, units)?),
        };
        Ok(RecurrentBody {
            input_norm: norm(Norm::Input, "input_norm", channels)?,
            output_norm: norm(Norm::Output, "output_norm", width)?,
            features: if dense.is_some() { options.dense } else { width },
            cells,
            mask: options.mask,
            dense,
            output_dropout: options.output_dropout,
        })
    }

    /// Numbers that come out.
    pub fn features(&self) -> i64 {
        self.features
    }

    /// Rows to `[batch, features]`.
    pub fn forward(&self, encoder: &Encoder, rows: &Rows<'_>, train: bool) -> Result<Tensor> {
        let (tokens, lengths) = if self.mask {
            (trim(rows)?, rows.lengths.shallow_clone())
        } else {
            let width = rows.tokens.size()[1];
            (rows.tokens.shallow_clone(), rows.lengths.f_full_like(width)?)
        };
        let tokens = tokens.f_transpose(0, 1)?.f_contiguous()?;
        let mut inputs = encoder.forward(&tokens, train)?;
        if let Some(norm) = &self.input_norm {
            let real = is_real(tokens.size()[0], &lengths)?;
            inputs = inputs.iter().map(|x| normalise(norm, x, &real, train)).collect::<Result<_>>()?;
        }
        let mut states = self.cells.forward(&inputs, &lengths, train)?.last;
        if let Some(norm) = &self.output_norm {
            states = norm.forward(&states, train)?;
        }
        states = dropout(&states, self.output_dropout, train)?;
        if let Some(dense) = &self.dense {
            states = dense.forward(&states)?.f_sigmoid()?;
        }
        Ok(states)
    }
}

/// Tokens without the columns that are padding in every row. On a GPU all columns: reading the lengths would wait for it.
fn trim(rows: &Rows<'_>) -> Result<Tensor> {
    if rows.tokens.device().is_cuda() {
        return Ok(rows.tokens.shallow_clone());
    }
    let longest = rows.lengths.f_max()?.f_int64_value(&[])?;
    Ok(rows.tokens.f_narrow(1, 0, longest)?)
}

/// `[length, batch]`: whether there is a token, and no padding.
fn is_real(length: i64, lengths: &Tensor) -> Result<Tensor> {
    let positions = Tensor::f_arange(length, (Kind::Int64, lengths.device()))?.f_unsqueeze(1)?;
    Ok(positions.f_lt_tensor(lengths)?)
}

/// Normalises the vectors `[length, batch, channels]` of real tokens, whose mean and variance padding has no part in.
fn normalise(norm: &BatchNorm, x: &Tensor, real: &Tensor, train: bool) -> Result<Tensor> {
    let at = real.f_flatten(0, 1)?.f_nonzero()?.f_squeeze_dim(1)?;
    let flat = x.f_flatten(0, 1)?;
    let normal = norm.forward(&flat.f_index_select(0, &at)?, train)?;
    Ok(Tensor::f_zeros_like(&flat)?.f_index_copy(0, &at, &normal)?.f_view_as(x)?)
}
