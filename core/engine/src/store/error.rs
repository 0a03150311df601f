//! What can go wrong with a log, by what the caller can do about it.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// A log could not be created, opened, read or written. Messages are one sentence with the way out.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no study here.
    #[error("there is no study in {}; start one with: seqtune run STUDY.toml", directory.display())]
    Absent {
        /// Where it was looked for.
        directory: PathBuf,
    },
    /// There is a study here already.
    #[error("there is a study in {} already", directory.display())]
    Exists {
        /// Where.
        directory: PathBuf,
    },
    /// Another process holds the study.
    #[error("the study in {} is held by {holder}; wait for it, or end it with: seqtune stop {}", directory.display(), directory.display())]
    Locked {
        /// Where.
        directory: PathBuf,
        /// "process 123 on host"
        holder: String,
    },
    /// The log was written by a newer seqtune.
    #[error("the study in {} has format {found}, and this seqtune reads up to {}; update seqtune", directory.display(), super::FORMAT_VERSION)]
    Newer {
        /// Where.
        directory: PathBuf,
        /// Its format.
        found: u32,
    },
    /// The directory is on a file system on which SQLite must not write.
    #[error("{} is on a network file system ({kind}), where a database can be damaged; keep studies on a local disk with --dir DIR (data may stay where it is)", directory.display())]
    Network {
        /// Where.
        directory: PathBuf,
        /// Its name: "NFS".
        kind: &'static str,
    },
    /// Another program holds a lock on the file for long.
    #[error("another program holds the log in {} for longer than a minute; nothing is lost: end that program and run the same command again", directory.display())]
    Busy {
        /// Where.
        directory: PathBuf,
    },
    /// No space is left.
    #[error("the disk of {} is full; nothing is lost: free some space and run the same command again", directory.display())]
    DiskFull {
        /// Where.
        directory: PathBuf,
    },
    /// An event breaks a rule of the log, and was not written.
    #[error("the log in {} refused an event: {message}", directory.display())]
    Invariant {
        /// Where.
        directory: PathBuf,
        /// Which rule.
        message: String,
    },
    /// The file is not a log, or was damaged.
    #[error("the log in {} cannot be read: {message}", directory.display())]
    Damaged {
        /// Where.
        directory: PathBuf,
        /// What SQLite or the decoder said.
        message: String,
    },
    /// The operating system refused.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// File or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl StoreError {
    pub(super) fn io(path: &Path, source: io::Error) -> StoreError {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                StoreError::DiskFull { directory: path.to_owned() }
            }
            _ => StoreError::Io { path: path.to_owned(), source },
        }
    }

    pub(super) fn of(directory: &Path, error: rusqlite::Error) -> StoreError {
        let directory = directory.to_owned();
        let message = error.to_string();
        match error.sqlite_error().map(|inner| (inner.code, inner.extended_code)) {
            Some((ErrorCode::DiskFull, _)) => StoreError::DiskFull { directory },
            // SQLite says "I/O error on write" for a file-size limit or quota, which is a full disk to its owner.
            Some((
                ErrorCode::SystemIoFailure,
                rusqlite::ffi::SQLITE_IOERR_WRITE | rusqlite::ffi::SQLITE_IOERR_SHMSIZE,
            )) => StoreError::DiskFull { directory },
            Some((ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _)) => StoreError::Busy { directory },
            Some((ErrorCode::ConstraintViolation, _)) => StoreError::Invariant { directory, message },
            Some((ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied, _)) => StoreError::Io {
                path: directory.join(super::DATABASE),
                source: io::Error::new(io::ErrorKind::PermissionDenied, message),
            },
            _ => StoreError::Damaged { directory, message },
        }
    }
}

pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}
