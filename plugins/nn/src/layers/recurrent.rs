//! Long short-term memory (Hochreiter and Schmidhuber 1997).

use tch::{Cuda, Tensor};

use super::{dropout, positive};
use crate::error::{Error, Result};
use crate::variables::Scope;

/// Options of [`Lstm`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LstmOptions {
    /// Features at each position.
    pub inputs: i64,
    /// Width of the state of one direction.
    pub hidden: i64,
    /// Layers, each reading the whole sequence of the one below.
    pub layers: usize,
    /// Whether a second cell reads from the end.
    pub bidirectional: bool,
    /// Dropout rate between layers, with a mask for every position; nothing after the last.
    pub dropout: f64,
}

/// What an [`Lstm`] gives; `width` is hidden, twice that in two directions.
#[derive(Debug)]
pub struct LstmOutput {
    /// The last layer's states at every position: `[length, batch, width]`.
    pub sequence: Tensor,
    /// The last layer's final states, forward then backward: `[batch, width]`.
    pub last: Tensor,
}

/// Layers of LSTM cells, each layer one call of libtorch.
///
/// Variables as torch.nn.LSTM names them (`weight_ih_l0` `[4 hidden, inputs]`, `weight_hh_l0` `[4 hidden, hidden]`, `bias_ih_l0`,
/// `bias_hh_l0`, and `.._reverse`), uniform in ±1/sqrt(hidden). Dropout between layers is ours and not the argument of the library's
/// call: cuDNN keeps one dropout state per device and process, which a seed per update does not reach.
#[derive(Debug)]
pub struct Lstm {
    /// Four tensors a direction for each layer.
    layers: Vec<Vec<Tensor>>,
    options: LstmOptions,
}

impl Lstm {
    /// New layers at `scope`.
    ///
    /// # Errors
    /// [`Error::Input`] for a size below 1, a rate outside 0 to 1, or a name that is taken.
    pub fn new(scope: &Scope<'_>, options: LstmOptions) -> Result<Self> {
        positive("the inputs of an LSTM", options.inputs)?;
        positive("the hidden width of an LSTM", options.hidden)?;
        if options.layers == 0 {
            return Err(Error::input("an LSTM needs at least one layer"));
        }
        if !(0.0..1.0).contains(&options.dropout) {
            return Err(Error::input(format!(
                "a dropout rate must be at least 0 and below 1, not {}",
                options.dropout
            )));
        }
        let (hidden, directions) = (options.hidden, options.directions());
        let bound = 1.0 / (hidden as f64).sqrt();
        let mut layers = Vec::with_capacity(options.layers);
        for layer in 0..options.layers {
            let inputs = if layer == 0 { options.inputs } else { hidden * directions };
            let mut weights = Vec::new();
            for suffix in ["", "_reverse"].into_iter().take(directions as usize) {
                for (name, shape) in [
                    ("weight_ih", vec![4 * hidden, inputs]),
                    ("weight_hh", vec![4 * hidden, hidden]),
                    ("bias_ih", vec![4 * hidden]),
                    ("bias_hh", vec![4 * hidden]),
                ] {
                    weights.push(scope.uniform(&format!("{name}_l{layer}{suffix}"), &shape, bound)?);
                }
            }
            if scope.device().is_cuda() && Cuda::cudnn_is_available() {
                share_one_buffer(&weights, inputs, hidden, CUDNN_LSTM, options.bidirectional)?;
            }
            layers.push(weights);
        }
        Ok(Self { layers, options })
    }

    /// `x` is `[length, batch, inputs]`.
    ///
    /// # Errors
    /// [`Error::Input`] for another number of inputs or dimensions, or for no rows.
    pub fn forward(&self, x: &Tensor, train: bool) -> Result<LstmOutput> {
        let LstmOptions { inputs, hidden, bidirectional, dropout: rate, .. } = self.options;
        let directions = self.options.directions();
        // Checked here because oneDNN's LSTM is not: with another width it reads beyond the weights.
        let batch = match x.size().as_slice() {
            &[length, batch, width] if length > 0 && batch > 0 && width == inputs => batch,
            size => {
                let text = format!("an LSTM over {inputs} inputs reads [length, batch, {inputs}], not {size:?}");
                return Err(Error::input(text));
            }
        };
        let zeros = Tensor::f_zeros([directions, batch, hidden], (x.kind(), x.device()))?;
        let start = [&zeros, &zeros];
        let mut sequence = x.shallow_clone();
        let mut last = zeros.shallow_clone();
        for (layer, weights) in self.layers.iter().enumerate() {
            if layer > 0 {
                sequence = dropout(&sequence, rate, train)?;
            }
            let weights: Vec<&Tensor> = weights.iter().collect();
            (sequence, last, _) = sequence.f_lstm(&start, &weights, true, 1, 0.0, train, bidirectional, false)?;
        }
        // [directions, batch, hidden] to [batch, directions * hidden].
        let last = if bidirectional {
            last.f_transpose(0, 1)?.f_reshape([batch, 2 * hidden])?
        } else {
            last.f_squeeze_dim(0)?
        };
        Ok(LstmOutput { sequence, last })
    }

    /// Width of the output: hidden, twice that in two directions.
    pub const fn width(&self) -> i64 {
        self.options.hidden * self.options.directions()
    }
}

impl LstmOptions {
    const fn directions(&self) -> i64 {
        if self.bidirectional { 2 } else { 1 }
    }
}

/// The number of the LSTM among cuDNN's cells (RNN.cpp of PyTorch).
const CUDNN_LSTM: i64 = 2;

/// Lays the weights of a layer side by side in memory, as cuDNN wants them: otherwise it copies them at every call.
pub(super) fn share_one_buffer(
    weights: &[Tensor],
    inputs: i64,
    hidden: i64,
    mode: i64,
    bidirectional: bool,
) -> Result<()> {
    let _one_buffer = tch::no_grad(|| {
        Tensor::f_internal_cudnn_rnn_flatten_weight(weights, 4, inputs, mode, hidden, 0, 1, false, bidirectional)
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::seed_update;
    use crate::variables::Variables;
    use tch::{Device, Kind};

    const OPTIONS: LstmOptions = LstmOptions { inputs: 3, hidden: 4, layers: 2, bidirectional: true, dropout: 0.5 };

    fn input(length: i64, batch: i64) -> Tensor {
        (Tensor::arange(length * batch * 3, (Kind::Float, Device::Cpu)) * 0.7).sin().view([length, batch, 3])
    }

    /// One cell step by the book, in f64.
    fn cell(weights: &[Vec<f64>], x: &[f64], h: &[f64], c: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let hidden = h.len();
        let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
        let gate = |unit: usize| -> f64 {
            let from_x: f64 = x.iter().enumerate().map(|(i, v)| weights[0][unit * x.len() + i] * v).sum();
            let from_h: f64 = h.iter().enumerate().map(|(i, v)| weights[1][unit * hidden + i] * v).sum();
            from_x + from_h + weights[2][unit] + weights[3][unit]
        };
        let next: Vec<f64> = (0..hidden)
            .map(|u| sigmoid(gate(hidden + u)) * c[u] + sigmoid(gate(u)) * gate(2 * hidden + u).tanh())
            .collect();
        let out = (0..hidden).map(|u| sigmoid(gate(3 * hidden + u)) * next[u].tanh()).collect();
        (out, next)
    }

    #[test]
    fn a_layer_computes_the_lstm_equations() {
        let variables = Variables::new(Device::Cpu, 8);
        let options = LstmOptions { layers: 1, bidirectional: false, ..OPTIONS };
        let lstm = Lstm::new(&variables.root(), options).expect("valid");
        let x = input(5, 1);
        let output = lstm.forward(&x, false).expect("three inputs");
        let weights: Vec<Vec<f64>> = variables
            .all()
            .into_iter()
            .map(|(_, tensor)| Vec::try_from(tensor.detach().to_kind(Kind::Double).view(-1)).expect("numbers"))
            .collect();
        let (mut h, mut c) = (vec![0.0; 4], vec![0.0; 4]);
        for position in 0..5 {
            let row: Vec<f64> = Vec::try_from(x.get(position).view(-1).to_kind(Kind::Double)).expect("numbers");
            (h, c) = cell(&weights, &row, &h, &c);
        }
        for (unit, expected) in h.iter().enumerate() {
            assert!((output.last.double_value(&[0, unit as i64]) - expected).abs() < 1e-6);
            assert!((output.sequence.double_value(&[4, 0, unit as i64]) - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn the_last_state_of_the_backward_cell_is_at_the_first_position() {
        let variables = Variables::new(Device::Cpu, 8);
        let lstm = Lstm::new(&variables.root(), OPTIONS).expect("valid");
        assert_eq!(lstm.width(), 8);
        let output = lstm.forward(&input(6, 2), false).expect("three inputs");
        assert_eq!(output.sequence.size(), [6, 2, 8]);
        assert_eq!(output.last.size(), [2, 8]);
        assert!(output.last.narrow(1, 0, 4).equal(&output.sequence.get(5).narrow(1, 0, 4)));
        assert!(output.last.narrow(1, 4, 4).equal(&output.sequence.get(0).narrow(1, 4, 4)));
    }

    #[test]
    fn dropout_stands_between_layers_only_and_only_in_training() {
        let _generator = crate::seed::generator_lock();
        let variables = Variables::new(Device::Cpu, 8);
        let lstm = Lstm::new(&variables.root(), OPTIONS).expect("valid");
        let run = |lstm: &Lstm, update, train| {
            seed_update(1, update);
            lstm.forward(&input(6, 2), train).expect("three inputs").last
        };
        assert!(run(&lstm, 1, true).equal(&run(&lstm, 1, true)));
        assert!(!run(&lstm, 1, true).equal(&run(&lstm, 2, true)));
        assert!(run(&lstm, 1, false).equal(&run(&lstm, 2, false)));
        let single = Lstm::new(&variables.root().at("single"), LstmOptions { layers: 1, ..OPTIONS }).expect("valid");
        assert!(run(&single, 1, true).equal(&run(&single, 2, true)));
    }

    #[test]
    fn wrong_options_and_inputs_are_refused() {
        let variables = Variables::new(Device::Cpu, 8);
        for options in [
            LstmOptions { hidden: 0, ..OPTIONS },
            LstmOptions { inputs: -1, ..OPTIONS },
            LstmOptions { layers: 0, ..OPTIONS },
            LstmOptions { dropout: 1.0, ..OPTIONS },
        ] {
            assert!(matches!(Lstm::new(&variables.root(), options), Err(Error::Input(_))));
        }
        let lstm = Lstm::new(&variables.root(), OPTIONS).expect("valid");
        let two_dimensions = Tensor::zeros([6, 3], (Kind::Float, Device::Cpu));
        assert!(matches!(lstm.forward(&two_dimensions, false), Err(Error::Input(_))));
        let wrong_width = Tensor::zeros([6, 2, 5], (Kind::Float, Device::Cpu));
        assert!(matches!(lstm.forward(&wrong_width, false), Err(Error::Input(_))));
    }
}
