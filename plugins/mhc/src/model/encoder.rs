//! Tokens to vectors: learned tables, one for both directions or one each, or one-hot.

use std::fmt;

use seqtune_nn::layers::Embedding;
use seqtune_nn::tch::{Kind, Tensor};
use seqtune_nn::{Result, Scope};
use seqtune_plugin::FamilyError;
use seqtune_space::Params;

/// How tokens become vectors.
#[derive(Clone, Debug, PartialEq)]
pub enum EncoderOptions {
    /// One channel a token.
    OneHot,
    /// Learned vectors.
    Embedding {
        /// Width of a vector.
        width: i64,
        /// Share of the rows of a table that an update does without.
        dropout: f64,
        /// One table, or one for each direction.
        tables: usize,
    },
}

/// Bound of the uniform start of a table, as in Keras 1.0.8.
const START: f64 = 0.05;

impl EncoderOptions {
    /// Reads a complete point of a network, which reads in two directions or not.
    pub fn read(params: &Params, two_directions: bool) -> std::result::Result<Self, FamilyError> {
        if params.text("encoding")? == "one_hot" {
            return Ok(EncoderOptions::OneHot);
        }
        let shared = !two_directions || params.bool("shared_embedding")?;
        Ok(EncoderOptions::Embedding {
            width: params.int("embedding")?,
            dropout: params.float("embedding_dropout")?,
            tables: if shared { 1 } else { 2 },
        })
    }

    /// Share of the rows of a table that an update does without.
    pub fn dropout(&self) -> f64 {
        match self {
            EncoderOptions::OneHot => 0.0,
            EncoderOptions::Embedding { dropout, .. } => *dropout,
        }
    }
}

impl fmt::Display for EncoderOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EncoderOptions::OneHot => f.write_str("one-hot"),
            EncoderOptions::Embedding { width, tables: 1, .. } => write!(f, "one embedding of {width}"),
            EncoderOptions::Embedding { width, tables, .. } => write!(f, "{tables} embeddings of {width}"),
        }
    }
}

/// An encoder with its variables.
#[derive(Debug)]
pub enum Encoder {
    /// One channel a token.
    OneHot {
        /// Tokens.
        vocabulary: i64,
    },
    /// Learned vectors.
    Embedding {
        /// One table, or one for each direction.
        tables: Vec<Embedding>,
        /// Share of the rows of a table that an update does without.
        dropout: f64,
    },
}

/// What the tables are called, in checkpoints and exports.
const NAMES: [&str; 2] = ["embedding", "embedding_backward"];

impl Encoder {
    /// Makes the variables at `scope`.
    pub fn new(scope: &Scope<'_>, options: &EncoderOptions, vocabulary: usize) -> Result<Encoder> {
        let vocabulary = vocabulary as i64;
        Ok(match *options {
            EncoderOptions::OneHot => Encoder::OneHot { vocabulary },
            EncoderOptions::Embedding { width, dropout, tables } => {
                let table = |name: &&str| Embedding::uniform(&scope.at(name), vocabulary, width, START);
                Encoder::Embedding { tables: NAMES[..tables].iter().map(table).collect::<Result<_>>()?, dropout }
            }
        })
    }

    /// Width of a token's vector.
    pub fn channels(&self) -> i64 {
        match self {
            Encoder::OneHot { vocabulary } => *vocabulary,
            Encoder::Embedding { tables, .. } => tables[0].weight().size()[1],
        }
    }

    /// Vectors of tokens of any shape, one more dimension: one tensor, or one for each direction.
    pub fn forward(&self, tokens: &Tensor, train: bool) -> Result<Vec<Tensor>> {
        match self {
            Encoder::OneHot { vocabulary } => Ok(vec![tokens.f_one_hot(*vocabulary)?.f_to_kind(Kind::Float)?]),
            Encoder::Embedding { tables, dropout } => {
                tables.iter().map(|table| table.forward_with_dropout(tokens, *dropout, train)).collect()
            }
        }
    }

    /// The learned tables, `[vocabulary, width]`, with their names.
    pub fn tables(&self) -> Vec<(&'static str, Tensor)> {
        match self {
            Encoder::OneHot { .. } => Vec::new(),
            Encoder::Embedding { tables, .. } => {
                NAMES.into_iter().zip(tables.iter().map(|table| table.weight().detach())).collect()
            }
        }
    }
}
