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
    /// What people call it: cells, widths, and dropout on embeddings and then inputs, states and output, or units.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.body {
            BodyOptions::Recurrent(options) => write!(f, "{options}, {}", self.encoder)?,
            BodyOptions::Dense(options) => write!(f, "{options}, {}", self.encoder)?,
        }
        write!(f, ", dropout {}", self.encoder.dropout())?;
        match &self.body {
            BodyOptions::Recurrent(options) => options.dropout().iter().try_for_each(|rate| write!(f, " {rate}")),
            BodyOptions::Dense(options) => write!(f, " {}", options.dropout()),
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
            Body::Dense(body) => body.forward(&self.encoder.forward(rows.tokens, train)?[0], train)?,
        };
        Ok(self.out.forward(&features)?.f_squeeze_dim(1)?.f_sigmoid()?)
    }

    /// The tables of token vectors, `[vocabulary, channels]`, with their names; none where tokens are one-hot.
    pub fn embeddings(&self) -> Vec<(&'static str, Tensor)> {
        self.encoder.tables()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::parameters;
    use seqtune_nn::tch::{Kind, no_grad};
    use seqtune_nn::{Device, Variables};
    use seqtune_space::Value;

    fn network(variables: &Variables, given: &[(&str, Value)]) -> Network {
        let mut params = Params::default();
        for (name, value) in given {
            params.set(name, value.clone());
        }
        let params = parameters().complete(&params).unwrap();
        Network::new(&variables.root(), &Architecture::read(&params).unwrap(), 21, 15).unwrap()
    }

    /// Peptides of 8 to 15 residues, padded by `padding`.
    fn peptides(padding: i64) -> (Tensor, Tensor) {
        let lengths: Vec<i64> = (0..24).map(|row| 8 + row % 8).collect();
        let token = |row: i64, at: i64| if at < lengths[row as usize] { 1 + (row * 7 + at * 3) % 20 } else { padding };
        let tokens: Vec<i64> =
            (0..24).flat_map(|row| (0..15).map(move |at| (row, at))).map(|(r, a)| token(r, a)).collect();
        (Tensor::from_slice(&tokens).view([24, 15]), Tensor::from_slice(&lengths))
    }

    fn scores(network: &Network, tokens: &Tensor, lengths: &Tensor) -> Vec<f64> {
        let scores = no_grad(|| network.forward(&Rows { tokens, lengths }, false)).unwrap();
        Vec::try_from(scores.to_kind(Kind::Double)).unwrap()
    }

    fn largest_difference(left: &[f64], right: &[f64]) -> f64 {
        left.iter().zip(right).map(|(left, right)| (left - right).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn a_peptide_alone_scores_as_in_a_batch_and_padding_does_not_leak() {
        for given in [
            vec![],
            vec![("layers", Value::from(2_i64)), ("shared_embedding", false.into())],
            vec![("model", "gru".into()), ("batch_norm", "input".into()), ("dense", 4_i64.into())],
            vec![("model", "rnn".into()), ("batch_norm", "output".into()), ("encoding", "one_hot".into())],
        ] {
            let variables = Variables::new(Device::Cpu, 3);
            let network = network(&variables, &given);
            let (tokens, lengths) = peptides(0);
            let together = scores(&network, &tokens, &lengths);
            let alone: Vec<f64> = (0..24)
                .flat_map(|row| scores(&network, &tokens.narrow(0, row, 1), &lengths.narrow(0, row, 1)))
                .collect();
            assert!(largest_difference(&together, &alone) < 1e-6, "{given:?}");
            let other_padding = scores(&network, &peptides(20).0, &lengths);
            assert!(largest_difference(&together, &other_padding) < 1e-6, "{given:?}");
        }
    }

    #[test]
    fn what_is_not_masked_is_read() {
        let variables = Variables::new(Device::Cpu, 3);
        let network = network(&variables, &[("mask_padding", false.into())]);
        let (tokens, lengths) = peptides(0);
        let (as_padded, otherwise) = (scores(&network, &tokens, &lengths), scores(&network, &peptides(20).0, &lengths));
        // The embeddings start small, and so do the differences.
        assert!(largest_difference(&as_padded, &otherwise) > 1e-4);
    }

    #[test]
    fn models_are_called_what_people_call_them() {
        let name = |given: &[(&str, Value)]| {
            let mut params = Params::default();
            given.iter().for_each(|(name, value)| params.set(name, value.clone()));
            Architecture::read(&parameters().complete(&params).unwrap()).unwrap().to_string()
        };
        assert_eq!(
            name(&[
                ("model", "gru".into()),
                ("layers", 2_i64.into()),
                ("shared_embedding", false.into()),
                ("dense", 5_i64.into())
            ]),
            "gru 50 x 2 both ways and dense 5, 2 embeddings of 32, dropout 0 0.5 0.5 0.25"
        );
        assert_eq!(name(&[("model", "ffnn".into())]), "ffnn 10, one embedding of 32, dropout 0 0");
        assert_eq!(
            name(&[("model", "sigmoid".into()), ("encoding", "one_hot".into())]),
            "sigmoid, one-hot, dropout 0 0"
        );
    }
}
