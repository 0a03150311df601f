//! What a client reads: one reply for each line.

use seqtune_space::Params;
use serde::Serialize;

/// Version of the protocol.
pub const PROTOCOL: u32 = 1;

/// The answer to a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Reply<'a> {
    /// The first line was accepted.
    Opened {
        /// Always true.
        ok: bool,
        /// [`PROTOCOL`].
        protocol: u32,
        /// Of this program.
        name: &'static str,
        /// As it was asked for.
        sampler: String,
    },
    /// Points to try, or the best trials.
    Trials {
        /// In number order.
        trials: Vec<TrialReply<'a>>,
    },
    /// A result was taken.
    Told {
        /// Always true.
        ok: bool,
    },
    /// A report was taken.
    Reported {
        /// Whether the trial should be stopped.
        prune: bool,
    },
    /// Trials were added.
    Added {
        /// Their numbers, in the order of the request.
        ids: Vec<u64>,
    },
    /// The line was refused and changed nothing.
    Error {
        /// Why, in one sentence.
        error: String,
    },
}

/// A trial in a reply.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrialReply<'a> {
    /// Its number.
    pub id: u64,
    /// The active parameters.
    pub params: &'a Params,
    /// Its value, where the study has one objective.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Its values, where the study has several objectives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<f64>>,
    /// The constraint values that were told, where the study has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constraints: Option<Vec<f64>>,
}
