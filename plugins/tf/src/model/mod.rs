//! The models: a body that turns a window into features, and a head that turns features into one logit.
//!
//! ```text
//! window [batch, 4, length] -> body (mlp | cnn | lstm) -> features [batch, width]
//! features (and accessibility [batch, 1]) -> dense -> batch norm -> dropout -> logit [batch]
//! ```
//!
//! With shared strands the body reads the window and its reverse complement with the same weights, and the head sees the
//! larger of the two values of each feature (of means, their mean): the logit of a window is that of its reverse complement.

mod cnn;
mod lstm;
mod mlp;

use seqtune_nn::layers::{BatchNorm, Linear, dropout};
use seqtune_nn::tch::Tensor;
use seqtune_nn::{Result, Scope};
use seqtune_plugin::FamilyError;
use seqtune_space::Params;

use crate::parameters::unknown;

/// What the data offers a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// Bases per window.
    pub length: usize,
    /// Whether there is an accessibility value per window.
    pub accessibility: bool,
}

/// A model in numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    input: Input,
    body: Body,
    /// Whether both strands are read with shared weights.
    share_strands: bool,
    /// Units behind the features, 0 for none.
    dense: i64,
    batch_norm: bool,
    dropout: f64,
}

#[derive(Clone, Debug, PartialEq)]
enum Body {
    Mlp(mlp::MlpOptions),
    Cnn(cnn::CnnOptions),
    Lstm(lstm::LstmBodyOptions),
}

impl Architecture {
    /// Reads a complete point.
    ///
    /// # Errors
    /// [`FamilyError::BadParams`] where sizes do not fit the windows.
    pub fn read(params: &Params, input: Input) -> std::result::Result<Architecture, FamilyError> {
        let body = match params.text("model")? {
            "mlp" => Body::Mlp(mlp::MlpOptions::read(params)?),
            "cnn" => Body::Cnn(cnn::CnnOptions::read(params, input.length)?),
            "lstm" => Body::Lstm(lstm::LstmBodyOptions::read(params)?),
            other => return Err(unknown("model", other)),
        };
        Ok(Architecture {
            input,
            dense: if matches!(body, Body::Mlp(_)) { 0 } else { params.int("dense")? },
            batch_norm: matches!(body, Body::Cnn(_)) && params.bool("batch_norm")?,
            body,
            share_strands: params.text("rc")? == "share",
            dropout: params.float("dropout")?,
        })
    }
}

/// A model with its variables.
#[derive(Debug)]
pub struct Model {
    body: BodyLayers,
    dense: Option<Linear>,
    norm: Option<BatchNorm>,
    out: Linear,
    share_strands: bool,
    dropout: f64,
}

#[derive(Debug)]
enum BodyLayers {
    Mlp(mlp::Mlp),
    Cnn(cnn::Cnn),
    Lstm(lstm::LstmBody),
}

impl Model {
    /// Makes the variables at `scope`.
    ///
    /// # Errors
    /// Where the device has no room for them.
    pub fn new(scope: &Scope<'_>, architecture: &Architecture) -> Result<Model> {
        let input = architecture.input;
        let body = scope.at("body");
        let dropout = architecture.dropout;
        let (body, width) = match &architecture.body {
            Body::Mlp(options) => {
                (BodyLayers::Mlp(mlp::Mlp::new(&body, options, input.length, dropout)?), options.width)
            }
            Body::Cnn(options) => {
                (BodyLayers::Cnn(cnn::Cnn::new(&body, options, dropout)?), options.features(input.length))
            }
            Body::Lstm(options) => {
                let layers = lstm::LstmBody::new(&body, options, dropout)?;
                let width = layers.width();
                (BodyLayers::Lstm(layers), width)
            }
        };
        let width = width + i64::from(input.accessibility);
        let dense = match architecture.dense {
            0 => None,
            units => Some(Linear::new(&scope.at("dense"), width, units)?),
        };
        let width = if dense.is_some() { architecture.dense } else { width };
        let norm = architecture.batch_norm.then(|| BatchNorm::new(&scope.at("norm"), width)).transpose()?;
        let out = Linear::new(&scope.at("out"), width, 1)?;
        Ok(Model { body, dense, norm, out, share_strands: architecture.share_strands, dropout })
    }

    /// Logits `[batch]` of one-hot windows `[batch, 4, length]` (A, C, G, T; zeros where unknown) and, where the data has
    /// it, accessibility `[batch, 1]`.
    ///
    /// # Errors
    /// Where the shapes are not those the model was made for, or the device runs out of memory.
    pub fn forward(&self, windows: &Tensor, accessibility: Option<&Tensor>, train: bool) -> Result<Tensor> {
        let mut features = self.features(windows, train)?;
        if self.share_strands {
            let other = self.features(&reverse_complement(windows)?, train)?;
            features = match &self.body {
                BodyLayers::Cnn(body) => body.merge(&features, &other)?,
                BodyLayers::Mlp(_) | BodyLayers::Lstm(_) => features.f_maximum(&other)?,
            };
        }
        if let Some(accessibility) = accessibility {
            features = Tensor::f_cat(&[&features, accessibility], 1)?;
        }
        if let Some(dense) = &self.dense {
            features = dense.forward(&features)?.f_relu()?;
        }
        if let Some(norm) = &self.norm {
            features = norm.forward(&features, train)?;
        }
        let features = dropout(&features, self.dropout, train)?;
        Ok(self.out.forward(&features)?.f_squeeze_dim(1)?)
    }

    fn features(&self, windows: &Tensor, train: bool) -> Result<Tensor> {
        match &self.body {
            BodyLayers::Mlp(body) => body.forward(windows, train),
            BodyLayers::Cnn(body) => body.forward(windows, train),
            BodyLayers::Lstm(body) => body.forward(windows, train),
        }
    }
}

/// The other strand, read in its own direction: channels stand in the order A, C, G, T, so complementing is reversing
/// them. `[batch, 4, length]` in and out.
///
/// # Errors
/// Where the tensor has fewer dimensions.
pub fn reverse_complement(windows: &Tensor) -> Result<Tensor> {
    Ok(windows.f_flip([1, 2])?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::Hyperparameters;
    use seqtune_nn::tch::{Device, Kind};
    use seqtune_nn::{Variables, seed};

    const INPUT: Input = Input { length: 30, accessibility: true };

    fn logits(given: &[(&str, seqtune_space::Value)], windows: &Tensor, train: bool) -> Vec<f64> {
        let mut params = Params::default();
        for (name, value) in given {
            params.set(name, value.clone());
        }
        let read = Hyperparameters::read(&params, INPUT).unwrap();
        let variables = Variables::new(Device::Cpu, 7);
        let model = Model::new(&variables.root(), &read.architecture).unwrap();
        let accessibility = Tensor::ones([windows.size()[0], 1], (Kind::Float, Device::Cpu));
        seed::seed_update(1, 1);
        let logits = model.forward(windows, Some(&accessibility), train).unwrap();
        Vec::try_from(logits.detach().to_kind(Kind::Double)).unwrap()
    }

    fn windows() -> Tensor {
        let codes = (Tensor::arange(3 * 30, (Kind::Float, Device::Cpu)) * 1.7).sin().view([3, 30]) * 3.99;
        codes.abs().floor().to_kind(Kind::Int64).one_hot(4).transpose(1, 2).to_kind(Kind::Float).contiguous()
    }

    #[test]
    fn every_kind_gives_one_logit_a_window() {
        let local = [("pool", "local".into()), ("pool_size", 4_i64.into()), ("batch_norm", true.into())];
        let second = [("second_conv", true.into()), ("pool", "max".into()), ("dense", 0_i64.into())];
        let lstm = [("model", "lstm".into()), ("lstm_layers", 2_i64.into()), ("readout", "last".into())];
        let mlp = [("model", "mlp".into()), ("mlp_layers", 3_i64.into()), ("mlp_width", 8_i64.into())];
        for given in [&local[..], &second[..], &lstm[..], &mlp[..], &[]] {
            for train in [false, true] {
                let logits = logits(given, &windows(), train);
                assert_eq!(logits.len(), 3);
                assert!(logits.iter().all(|logit| logit.is_finite()), "{given:?}: {logits:?}");
            }
        }
    }

    #[test]
    fn shared_strands_make_a_window_and_its_reverse_complement_equal() {
        let other = reverse_complement(&windows()).unwrap();
        for model in ["mlp", "cnn", "lstm"] {
            let shared = [("model", model.into()), ("rc", "share".into())];
            let (forward, reverse) = (logits(&shared, &windows(), false), logits(&shared, &other, false));
            assert!(
                forward.iter().zip(&reverse).all(|(a, b)| (a - b).abs() < 1e-5),
                "{model}: {forward:?} {reverse:?}"
            );
            let single = [("model", model.into()), ("rc", "none".into())];
            assert_ne!(logits(&single, &windows(), false), logits(&single, &other, false), "{model}");
        }
    }

    #[test]
    fn the_reverse_complement_of_acgtt_is_aacgt() {
        let one_hot =
            |codes: &[i64]| Tensor::from_slice(codes).one_hot(4).transpose(0, 1).unsqueeze(0).to_kind(Kind::Float);
        assert!(reverse_complement(&one_hot(&[0, 1, 2, 3, 3])).unwrap().equal(&one_hot(&[0, 0, 1, 2, 3])));
    }
}
