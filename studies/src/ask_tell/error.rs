//! Why a line was refused. Whatever it is, it changed nothing.

use seqtune_core::{SampleError, StoreError};
use seqtune_space::SpaceError;

/// A line is not what the protocol lets a client write. One sentence that says what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub(super) String);

/// A line that is well written asks for what cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum AskTellError {
    /// It is not well written.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The space cannot be searched.
    #[error("{0}")]
    Space(String),
    /// The trial is not running.
    #[error("no running trial {trial}{}", state.map(|state| format!("; it is {state} already")).unwrap_or_default())]
    NotRunning {
        /// Its number.
        trial: u64,
        /// How it ended, where there is such a trial.
        state: Option<&'static str>,
    },
    /// A result does not fit what the study measures.
    #[error("{0}")]
    Result(String),
    /// A point is not in the space.
    #[error("{place}{error}")]
    Point {
        /// Which of several, with its colon; empty for one.
        place: String,
        /// What is wrong with it.
        error: SpaceError,
    },
    /// The sampler has no point.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// The directory holds another study.
    #[error(
        "the study in {directory} was begun otherwise: {differences}; begin with the same line, or name another `storage`"
    )]
    Differs {
        /// Where.
        directory: String,
        /// What differs, in words.
        differences: String,
    },
    /// The log could not be opened or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log could not be read back after a write failed: what the study holds is not known any more, and the
    /// conversation ends.
    #[error("{0}; what was answered before is in the log")]
    Lost(StoreError),
}
