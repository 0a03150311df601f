//! Recurrent layers over sequences of different lengths, with dropout whose masks stay the same along a sequence.
//!
//! ```
//! use seqtune_nn::layers::{Cell, Recurrent, RecurrentOptions};
//! use seqtune_nn::tch::{Kind, Tensor};
//! use seqtune_nn::{Device, Variables};
//!
//! let variables = Variables::new(Device::Cpu, 17);
//! let options = RecurrentOptions {
//!     cell: Cell::Lstm,
//!     inputs: 32,
//!     hidden: 50,
//!     layers: 1,
//!     bidirectional: true,
//!     input_dropout: 0.5,
//!     recurrent_dropout: 0.5,
//! };
//! let layer = Recurrent::new(&variables.root().at("lstm"), options)?;
//! let x = Tensor::zeros([15, 2, 32], (Kind::Float, Device::Cpu));      // two sequences, padded to 15 positions
//! let lengths = Tensor::from_slice(&[9_i64, 15]);
//! let states = layer.forward(&[x], &lengths, true)?;
//! assert_eq!(states.last.size(), [2, 100]);
//! # Ok::<(), seqtune_nn::Error>(())
//! ```
//!
//! Results are those of packed sequences, which libtorch computes step by step. Here each row is turned round within its own
//! length instead, so that both directions start at position 0 and padding comes after everything that counts. Then a direction
//! is one call of the library's layer; with masks, and where the library has no fused layer, both directions advance in the same
//! matrix products.

mod library;
mod order;
mod stepwise;

use tch::{Cuda, Device, Kind, Tensor};

use super::positive;
use super::recurrent::share_one_buffer;
use crate::error::{Error, Result};
use crate::variables::Scope;
use order::{Layout, Order};

/// What a position does to the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cell {
    /// Long short-term memory (Hochreiter and Schmidhuber 1997).
    Lstm,
    /// The gated recurrent unit (Cho et al. 2014) as PyTorch and cuDNN have it: the reset gate acts after the matrix.
    Gru,
    /// A tanh of a sum (Elman 1990).
    Rnn,
}

/// Options of [`Recurrent`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecurrentOptions {
    /// The cell of all layers.
    pub cell: Cell,
    /// Features at each position.
    pub inputs: i64,
    /// Width of the state of one direction.
    pub hidden: i64,
    /// Layers, each reading both directions of the one below.
    pub layers: usize,
    /// Whether a second cell reads from the end.
    pub bidirectional: bool,
    /// Dropout rate of what each layer reads: one mask per example and gate, shared by all positions (Gal and Ghahramani 2016;
    /// Keras' `dropout_W`).
    pub input_dropout: f64,
    /// The same for the state of the position before (`dropout_U`).
    pub recurrent_dropout: f64,
}

/// What a [`Recurrent`] gives; `width` is hidden, twice that in two directions.
#[derive(Debug)]
pub struct RecurrentOutput {
    /// The last layer's states at every position, forward then backward, 0 beyond a row's length: `[length, batch, width]`.
    pub sequence: Tensor,
    /// The forward state at the last position of each row, and the backward state at its first: `[batch, width]`.
    pub last: Tensor,
}

/// Layers of recurrent cells over rows of different lengths.
///
/// Variables as torch.nn's layers name them (`weight_ih_l0` `[gates * hidden, inputs]`, `weight_hh_l0` `[gates * hidden, hidden]`,
/// `bias_ih_l0`, `bias_hh_l0`, and `.._reverse`), uniform in ±1/sqrt(hidden).
#[derive(Debug)]
pub struct Recurrent {
    /// For each layer and direction, its variables in the order above.
    layers: Vec<Vec<[Tensor; 4]>>,
    options: RecurrentOptions,
}

/// Two ways to the same states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The library's layer, once for each direction: without masks, and fast where it is fused.
    Library,
    /// Position by position, all directions together.
    Stepwise,
}

impl Cell {
    /// Blocks of rows in the weights.
    const fn gates(self) -> i64 {
        match self {
            Self::Lstm => 4,
            Self::Gru => 3,
            Self::Rnn => 1,
        }
    }

    /// The cell's number in cuDNN (RNN.cpp of PyTorch).
    const fn cudnn_mode(self) -> i64 {
        match self {
            Self::Rnn => 1,
            Self::Lstm => 2,
            Self::Gru => 3,
        }
    }
}

impl RecurrentOptions {
    const fn directions(&self) -> i64 {
        if self.bidirectional { 2 } else { 1 }
    }

    fn way(&self, train: bool, device: Device) -> Way {
        let masks = train && (self.input_dropout > 0.0 || self.recurrent_dropout > 0.0);
        // On the CPU the library's GRU and RNN go step by step as well, and once for each direction (BENCHMARKS.md).
        let slow = device == Device::Cpu && self.bidirectional && self.cell != Cell::Lstm;
        if masks || slow { Way::Stepwise } else { Way::Library }
    }
}

impl Recurrent {
    /// New layers at `scope`.
    ///
    /// # Errors
    /// [`Error::Input`] for a size below 1, a rate outside 0 to 1, or a name that is taken.
    pub fn new(scope: &Scope<'_>, options: RecurrentOptions) -> Result<Self> {
        let RecurrentOptions { cell, inputs, hidden, .. } = options;
        positive("the inputs of a recurrent layer", inputs)?;
        positive("the hidden width of a recurrent layer", hidden)?;
        if options.layers == 0 {
            return Err(Error::input("a recurrent network needs at least one layer"));
        }
        super::dropout::check(options.input_dropout)?;
        super::dropout::check(options.recurrent_dropout)?;
        let bound = 1.0 / (hidden as f64).sqrt();
        let rows = cell.gates() * hidden;
        let mut layers = Vec::with_capacity(options.layers);
        for layer in 0..options.layers {
            let inputs = if layer == 0 { inputs } else { hidden * options.directions() };
            let mut directions = Vec::new();
            for suffix in ["", "_reverse"].into_iter().take(options.directions() as usize) {
                let draw = |name: &str, shape: &[i64]| scope.uniform(&format!("{name}_l{layer}{suffix}"), shape, bound);
                let weights = [
                    draw("weight_ih", &[rows, inputs])?,
                    draw("weight_hh", &[rows, hidden])?,
                    draw("bias_ih", &[rows])?,
                    draw("bias_hh", &[rows])?,
                ];
                if scope.device().is_cuda() && Cuda::cudnn_is_available() {
                    share_one_buffer(&weights, inputs, hidden, cell.cudnn_mode(), false)?;
                }
                directions.push(weights);
            }
            layers.push(directions);
        }
        Ok(Self { layers, options })
    }

    /// Reads `inputs`, one tensor `[length, batch, inputs]` for all directions or one for each, both in natural order, up to
    /// `lengths` (`[batch]`, i64, on the same device, each 1 to length). What lies beyond a row's length must be finite and has no
    /// other effect.
    ///
    /// Lengths on a GPU are not checked, since to read them would wait for it; a wrong one reads the states of another row.
    /// On the CPU only as many positions are computed as the longest row has. Gradients need `train`, as with the library's layers.
    ///
    /// # Errors
    /// [`Error::Input`] for inputs of another shape, device or number, or a length that cannot be.
    pub fn forward(&self, inputs: &[Tensor], lengths: &Tensor, train: bool) -> Result<RecurrentOutput> {
        self.forward_by(self.options.way(train, lengths.device()), inputs, lengths, train)
    }

    /// Width of the output: hidden, twice that in two directions.
    pub const fn width(&self) -> i64 {
        self.options.hidden * self.options.directions()
    }

    fn forward_by(&self, way: Way, inputs: &[Tensor], lengths: &Tensor, train: bool) -> Result<RecurrentOutput> {
        let (length, batch) = self.check(inputs, lengths)?;
        let steps = longest(lengths, length)?;
        let layout = match way {
            Way::Library => Layout::by_direction(steps, batch),
            Way::Stepwise => Layout::by_step(self.options.directions(), batch),
        };
        let order = Order::new(lengths, length, steps, self.options.directions(), layout)?;
        let mut below: Vec<Tensor> = inputs.iter().map(Tensor::shallow_clone).collect();
        let mut output = None;
        for weights in &self.layers {
            let aligned = order.align(&below, self.options.directions())?;
            let states = match way {
                Way::Library => library::states(&self.options, weights, &aligned, train)?,
                Way::Stepwise => stepwise::states(&self.options, weights, &aligned, train)?,
            };
            let sequence = order.sequence(&states)?;
            below = vec![sequence.shallow_clone()];
            output = Some((states, sequence));
        }
        let (states, sequence) = output.ok_or_else(|| Error::input("a recurrent network needs at least one layer"))?;
        Ok(RecurrentOutput { sequence, last: order.last(&states)? })
    }

    /// Length and batch. Shapes are checked here because oneDNN's layers do not: with another width they read beyond the weights.
    fn check(&self, inputs: &[Tensor], lengths: &Tensor) -> Result<(i64, i64)> {
        let (width, directions) = (self.options.inputs, self.options.directions());
        let wrong = |text: String| Err(Error::input(text));
        let first = match inputs {
            [first, others @ ..] if others.is_empty() || inputs.len() as i64 == directions => first,
            _ => return wrong(format!("{directions} direction(s) cannot read {} inputs", inputs.len())),
        };
        let (length, batch) = match first.size().as_slice() {
            &[length, batch, found] if length > 0 && batch > 0 && found == width => (length, batch),
            size => {
                return wrong(format!(
                    "a recurrent layer over {width} inputs reads [length, batch, {width}], not {size:?}"
                ));
            }
        };
        let alike = |x: &Tensor| x.size() == first.size() && x.device() == first.device() && x.kind() == first.kind();
        if !inputs.iter().all(alike) {
            return wrong("the inputs of the two directions must have one shape, type and device".to_owned());
        }
        if lengths.size() != [batch] || lengths.kind() != Kind::Int64 || lengths.device() != first.device() {
            return wrong(format!(
                "the lengths of {batch} rows on {:?} must be [{batch}] Int64 there, not {:?} {:?} on {:?}",
                first.device(),
                lengths.size(),
                lengths.kind(),
                lengths.device()
            ));
        }
        Ok((length, batch))
    }
}

/// The largest length on the CPU, where looking costs nothing, after checking all; `length` elsewhere.
fn longest(lengths: &Tensor, length: i64) -> Result<i64> {
    if lengths.device() != Device::Cpu {
        return Ok(length);
    }
    let values = Vec::<i64>::try_from(lengths)?;
    match values.iter().enumerate().find(|&(_, value)| !(1..=length).contains(value)) {
        Some((row, value)) => Err(Error::input(format!("row {row} has length {value}, which is not 1 to {length}"))),
        None => Ok(values.into_iter().max().unwrap_or(length)),
    }
}

#[cfg(test)]
mod tests;
