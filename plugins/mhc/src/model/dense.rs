//! Feed-forward layers over all positions at once.

use std::fmt;

use seqtune_nn::layers::{Linear, dropout};
use seqtune_nn::tch::Tensor;
use seqtune_nn::{Result, Scope};
use seqtune_plugin::FamilyError;
use seqtune_space::Params;

use crate::parameters::unknown;

/// Layers of equal width; none leaves the vectors as they are.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseOptions {
    width: i64,
    layers: usize,
    activation: Activation,
    dropout: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Activation {
    Sigmoid,
    Tanh,
    Relu,
}

impl DenseOptions {
    /// Dropout on the units of the layers.
    pub fn dropout(&self) -> f64 {
        self.dropout
    }

    /// No layer.
    pub fn none() -> DenseOptions {
        DenseOptions { width: 0, layers: 0, activation: Activation::Sigmoid, dropout: 0.0 }
    }

    /// Reads a complete point of the feed-forward network.
    pub fn read(params: &Params) -> std::result::Result<DenseOptions, FamilyError> {
        let activation = match params.text("activation")? {
            "sigmoid" => Activation::Sigmoid,
            "tanh" => Activation::Tanh,
            "relu" => Activation::Relu,
            other => return Err(unknown("activation", other)),
        };
        Ok(DenseOptions {
            width: params.int("ffnn_width")?,
            layers: params.size("ffnn_layers")?,
            activation,
            dropout: params.float("ffnn_dropout")?,
        })
    }
}

impl fmt::Display for DenseOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.layers {
            0 => f.write_str("sigmoid"),
            1 => write!(f, "ffnn {}", self.width),
            layers => write!(f, "ffnn {} x {layers}", self.width),
        }
    }
}

/// The layers with their variables.
#[derive(Debug)]
pub struct Dense {
    layers: Vec<Linear>,
    activation: Activation,
    dropout: f64,
    features: i64,
}

impl Dense {
    /// Makes the variables at `scope`, over `inputs` numbers.
    pub fn new(scope: &Scope<'_>, options: &DenseOptions, inputs: i64) -> Result<Dense> {
        let mut features = inputs;
        let mut layers = Vec::new();
        for layer in 0..options.layers {
            layers.push(Linear::glorot(&scope.at(layer.to_string()), features, options.width)?);
            features = options.width;
        }
        Ok(Dense { layers, activation: options.activation, dropout: options.dropout, features })
    }

    /// Numbers that come out.
    pub fn features(&self) -> i64 {
        self.features
    }

    /// `[batch, width, channels]` to `[batch, features]`.
    pub fn forward(&self, x: &Tensor, train: bool) -> Result<Tensor> {
        let mut x = x.f_flatten(1, -1)?;
        for layer in &self.layers {
            let z = layer.forward(&x)?;
            let units = match self.activation {
                Activation::Sigmoid => z.f_sigmoid()?,
                Activation::Tanh => z.f_tanh()?,
                Activation::Relu => z.f_relu()?,
            };
            x = dropout(&units, self.dropout, train)?;
        }
        Ok(x)
    }
}
