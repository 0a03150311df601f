//! Multilayer perceptron on the one-hot window.

use seqtune_nn::layers::{Linear, dropout};
use seqtune_nn::tch::Tensor;
use seqtune_nn::{Result, Scope};
use seqtune_plugin::FamilyError;
use seqtune_space::Params;

/// Sizes of an [`Mlp`].
#[derive(Clone, Debug, PartialEq)]
pub struct MlpOptions {
    /// Units of each layer; also the number of features.
    pub width: i64,
    layers: usize,
}

impl MlpOptions {
    /// Reads a complete point.
    pub fn read(params: &Params) -> std::result::Result<MlpOptions, FamilyError> {
        Ok(MlpOptions { width: params.int("mlp_width")?, layers: params.size("mlp_layers")? })
    }
}

/// `layers` times linear, ReLU; dropout between them.
#[derive(Debug)]
pub struct Mlp {
    layers: Vec<Linear>,
    dropout: f64,
}

impl Mlp {
    /// Makes the variables for windows of `length` bases.
    pub fn new(scope: &Scope<'_>, options: &MlpOptions, length: usize, dropout: f64) -> Result<Mlp> {
        let layer = |index: usize| {
            let inputs = if index == 0 { 4 * length as i64 } else { options.width };
            Linear::new(&scope.at(index.to_string()), inputs, options.width)
        };
        Ok(Mlp { layers: (0..options.layers).map(layer).collect::<Result<_>>()?, dropout })
    }

    /// `[batch, 4, length]` to `[batch, width]`.
    pub fn forward(&self, windows: &Tensor, train: bool) -> Result<Tensor> {
        let mut features = windows.f_flatten(1, -1)?;
        for (index, layer) in self.layers.iter().enumerate() {
            if index > 0 {
                features = dropout(&features, self.dropout, train)?;
            }
            features = layer.forward(&features)?.f_relu()?;
        }
        Ok(features)
    }
}
