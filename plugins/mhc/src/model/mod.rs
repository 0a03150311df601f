//! The networks: tokens of a peptide to a score between 0 and 1.
//!
//! ```text
//! tokens [batch, width], lengths [batch]
//!   -> encoder (embedding, or one-hot)  [batch, width, channels]
//!   -> body (recurrent | feed-forward | none)
//!   -> dense 1, sigmoid                 [batch]
//! ```
//!
//! Initial values are Keras', as in the source: embeddings uniform in ±0.05, dense layers by Glorot and Bengio (2010). Those of
//! cells are PyTorch's, as are their gates (true sigmoids, where Keras 1.0.8 has a piecewise linear one).

mod dense;
mod encoder;
mod recurrent;

use std::fmt;

use seqtune_nn::layers::Linear;
use seqtune_nn::tch::Tensor;
use seqtune_nn::{Result, Scope};
use seqtune_plugin::FamilyError;
use seqtune_space::Params;

use crate::parameters::unknown;
use dense::{Dense, DenseOptions};
use encoder::{Encoder, EncoderOptions};
use recurrent::{RecurrentBody, RecurrentBodyOptions};

/// A network in numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    encoder: EncoderOptions,
    body: BodyOptions,
}

#[derive(Clone, Debug, PartialEq)]
enum BodyOptions {
    Recurrent(RecurrentBodyOptions),
    /// Without layers: one sigmoid unit.
    Dense(DenseOptions),
}

/// Rows as a network reads them.
pub struct Rows<'a> {
    /// `[batch, width]`, i64.
    pub tokens: &'a Tensor,
    /// `[batch]`, i64: tokens before the padding.
    pub lengths: &'a Tensor,
}

impl Architecture {
    /// Reads a complete point of one of the networks.
    ///
    /// # Errors
    /// [`FamilyError::BadParams`] for a value that is out of its limits.
    pub fn read(params: &Params) -> std::result::Result<Architecture, FamilyError> {
        let body = match params.text("model")? {
            "lstm" | "gru" | "rnn" => BodyOptions::Recurrent(RecurrentBodyOptions::read(params)?),
            "ffnn" => BodyOptions::Dense(DenseOptions::read(params)?),
            "sigmoid" => BodyOptions::Dense(DenseOptions::none()),
            other => return Err(unknown("model", other)),
        };
        let two_tables = match &body {
            BodyOptions::Recurrent(options) => options.bidirectional(),
            BodyOptions::Dense(_) => false,
        };
        Ok(Architecture { encoder: EncoderOptions::read(params, two_tables)?, body })
    }
}

impl fmt::Display for Architecture {
    /// What people call it: cells, widths and dropout (embedding, input, state, output).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.body {
            BodyOptions::Recurrent(options) => write!(f, "{options}, {}", self.encoder)?,
            BodyOptions::Dense(options) => write!(f, "{options}, {}", self.encoder)?,
        }
        write!(f, ", dropout {}", self.encoder.dropout())?;
        match &self.body {
            BodyOptions::Recurrent(options) => options.dropout().iter().try_for_each(|rate| write!(f, " {rate}")),
            BodyOptions::Dense(_) => Ok(()),
        }
    }
}

/// A network with its variables.
#[derive(Debug)]
pub struct Network {
    encoder: Encoder,
    body: Body,
    out: Linear,
}

#[derive(Debug)]
enum Body {
    Recurrent(RecurrentBody),
    Dense(Dense),
}

impl Network {
    /// Makes the variables at `scope`, for rows of `width` tokens out of `vocabulary`.
    ///
    /// # Errors
    /// Where the device has no room for them.
    pub fn new(scope: &Scope<'_>, architecture: &Architecture, vocabulary: usize, width: usize) -> Result<Network> {
        let encoder = Encoder::new(&scope.at("encoder"), &architecture.encoder, vocabulary)?;
        let channels = encoder.channels();
        let at = scope.at("body");
        let (body, features) = match &architecture.body {
            BodyOptions::Recurrent(options) => {
                let body = RecurrentBody::new(&at, options, channels)?;
                let features = body.features();
                (Body::Recurrent(body), features)
            }
            BodyOptions::Dense(options) => {
                let body = Dense::new(&at, options, width as i64 * channels)?;
                let features = body.features();
                (Body::Dense(body), features)
            }
        };
        Ok(Network { encoder, body, out: Linear::glorot(&scope.at("out"), features, 1)? })
    }

    /// Scores `[batch]`, 0 to 1.
    ///
    /// # Errors
    /// Where the rows are not those that the network was made for, or the device runs out of memory.
    pub fn forward(&self, rows: &Rows<'_>, train: bool) -> Result<Tensor> {
        let features = match &self.body {
            Body::Recurrent(body) => body.forward(&self.encoder, rows, train)?,
            Body::Dense(body) => body.forward(&self.encoder.forward(rows.tokens, train)?[0])?,
        };
        Ok(self.out.forward(&features)?.f_squeeze_dim(1)?.f_sigmoid()?)
    }

    /// The tables of token vectors, `[vocabulary, channels]`, with their names; none where tokens are one-hot.
    pub fn embeddings(&self) -> Vec<(&'static str, Tensor)> {
        self.encoder.tables()
    }
}
