//! Why a run of a study ended early.

use std::path::PathBuf;

use seqtune_core::{HistoryError, SampleError, StoreError};

use crate::launch::LaunchError;

/// A run could not go on. Whatever it is, the log is whole and the study can be continued.
#[derive(Debug, thiserror::Error)]
pub enum ManagerError {
    /// The log could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log was written by something else.
    #[error("the study's log is damaged: {0}")]
    History(#[from] HistoryError),
    /// The worker cannot be started, or cannot use the data.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// The data is not what the study was created with.
    #[error(
        "the data has changed: the study was created with digest {expected}, and the worker finds {found}; give the \
         original data with --data DIR, or start another study with --dir DIR"
    )]
    DataChanged {
        /// Digest in the log.
        expected: String,
        /// Digest now.
        found: String,
    },
    /// The worker serves another family, or another version of it.
    #[error(
        "the study was made with {expected}, and the worker serves {found}, which may give other numbers; run it with the \
         worker it was made with, or start another study with --dir DIR"
    )]
    FamilyChanged {
        /// Family and version in the log.
        expected: String,
        /// Family and version of the worker.
        found: String,
    },
    /// The worker cannot train anything: the device or the data cannot be used.
    #[error("{0}; no trial is charged: mend it and run the same command again")]
    Unusable(String),
    /// Nearly all trials fail.
    #[error(
        "the run was ended, since {message}; the standard error of each trial is in {}, and the same command goes on",
        logs.display()
    )]
    MostlyFailing {
        /// Which, and how.
        message: String,
        /// Where more of it stands.
        logs: PathBuf,
    },
    /// The sampler has no point.
    #[error("the sampler cannot suggest a point: {0}")]
    Sample(#[from] SampleError),
    /// The signal handlers could not be set up.
    #[error("cannot listen for signals: {0}")]
    Signals(std::io::Error),
}
