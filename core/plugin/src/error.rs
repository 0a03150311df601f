//! Why a family could not go on, by what the study does about it.

use serde::{Deserialize, Serialize};

/// Why a trial failed.
///
/// The first three are the point's own fault: the sampler learns from them. A crash is retried from the last
/// checkpoint; an interruption is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCause {
    /// The parameters cannot be built into a model.
    BadParams,
    /// The loss became NaN or infinite.
    Diverged,
    /// The device has too little memory for the model.
    OutOfMemory,
    /// The worker ended without an answer, broke the protocol, or met an error that says nothing about the point.
    Crashed,
    /// The disk is full: nothing about the point or the worker. The run stops until there is space.
    NoSpace,
    /// Nothing can be trained here: the device or the data cannot be used. The run stops until that is mended.
    Unusable,
    /// A time limit or a stall limit passed.
    TimedOut,
    /// Somebody asked for the trial to be left.
    Interrupted,
}

impl FailureCause {
    /// Whether the point itself is at fault, so that trying it again would fail again.
    pub fn is_of_the_point(self) -> bool {
        matches!(self, FailureCause::BadParams | FailureCause::Diverged | FailureCause::OutOfMemory)
    }

    /// The cause as it stands in the log and in messages.
    pub fn name(self) -> &'static str {
        match self {
            FailureCause::BadParams => "bad_params",
            FailureCause::Diverged => "diverged",
            FailureCause::OutOfMemory => "out_of_memory",
            FailureCause::Crashed => "crashed",
            FailureCause::NoSpace => "no_space",
            FailureCause::Unusable => "unusable",
            FailureCause::TimedOut => "timed_out",
            FailureCause::Interrupted => "interrupted",
        }
    }
}

/// An error of a family. Messages are one sentence for people: what, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum FamilyError {
    /// These parameters cannot be built into a model.
    #[error("{0}")]
    BadParams(String),
    /// The loss became NaN or infinite.
    #[error("{0}")]
    Diverged(String),
    /// The device has too little memory.
    #[error("{0}")]
    OutOfMemory(String),
    /// The data cannot be read, or does not fit together.
    #[error("{0}")]
    Data(String),
    /// The device cannot be used by any trial: there is none, or it is broken.
    #[error("{0}")]
    Device(String),
    /// The disk is full.
    #[error("{0}")]
    NoSpace(String),
    /// The trial was asked to stop; its last checkpoint stands.
    #[error("interrupted")]
    Interrupted,
    /// Anything else: a bug, a lost device.
    #[error("{0}")]
    Other(String),
}

impl FamilyError {
    /// What the log says of a trial that ended with this error.
    pub fn cause(&self) -> FailureCause {
        match self {
            FamilyError::BadParams(_) => FailureCause::BadParams,
            FamilyError::Diverged(_) => FailureCause::Diverged,
            FamilyError::OutOfMemory(_) => FailureCause::OutOfMemory,
            FamilyError::NoSpace(_) => FailureCause::NoSpace,
            FamilyError::Interrupted => FailureCause::Interrupted,
            FamilyError::Data(_) | FamilyError::Device(_) => FailureCause::Unusable,
            FamilyError::Other(_) => FailureCause::Crashed,
        }
    }
}

impl From<seqtune_space::ValueError> for FamilyError {
    fn from(error: seqtune_space::ValueError) -> Self {
        FamilyError::BadParams(error.to_string())
    }
}

impl From<seqtune_space::SpaceError> for FamilyError {
    fn from(error: seqtune_space::SpaceError) -> Self {
        FamilyError::BadParams(error.to_string())
    }
}
