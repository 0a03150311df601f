//! LSTM that reads the window base by base.

use seqtune_nn::layers::{Lstm, LstmOptions};
use seqtune_nn::tch::Tensor;
use seqtune_nn::{Result, Scope};
use seqtune_plugin::FamilyError;
use seqtune_space::Params;

use crate::parameters::unknown;

/// Sizes of an [`LstmBody`].
#[derive(Clone, Debug, PartialEq)]
pub struct LstmBodyOptions {
    hidden: i64,
    layers: usize,
    bidirectional: bool,
    readout: Readout,
}

/// What is kept of the states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Readout {
    /// The last state of each direction.
    Last,
    /// The largest value of each unit over all positions.
    Max,
}

impl LstmBodyOptions {
    /// Reads a complete point.
    pub fn read(params: &Params) -> std::result::Result<LstmBodyOptions, FamilyError> {
        Ok(LstmBodyOptions {
            hidden: params.int("hidden")?,
            layers: params.size("lstm_layers")?,
            bidirectional: params.bool("bidirectional")?,
            readout: match params.text("readout")? {
                "last" => Readout::Last,
                "max" => Readout::Max,
                other => return Err(unknown("readout", other)),
            },
        })
    }
}

/// Layers of LSTM cells in one or two directions, and a readout.
#[derive(Debug)]
pub struct LstmBody {
    cells: Lstm,
    readout: Readout,
}

impl LstmBody {
    /// Makes the variables.
    pub fn new(scope: &Scope<'_>, options: &LstmBodyOptions, dropout: f64) -> Result<LstmBody> {
        let LstmBodyOptions { hidden, layers, bidirectional, readout } = *options;
        let cells = Lstm::new(scope, LstmOptions { inputs: 4, hidden, layers, bidirectional, dropout })?;
        Ok(LstmBody { cells, readout })
    }

    /// Number of features.
    pub const fn width(&self) -> i64 {
        self.cells.width()
    }

    /// `[batch, 4, length]` to `[batch, width]`.
    pub fn forward(&self, windows: &Tensor, train: bool) -> Result<Tensor> {
        let output = self.cells.forward(&windows.f_permute([2, 0, 1])?, train)?;
        Ok(match self.readout {
            Readout::Last => output.last,
            Readout::Max => output.sequence.f_amax(0, false)?,
        })
    }
}
