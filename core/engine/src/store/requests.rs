//! Asking something of a study: the one way in for programs that do not hold it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};
use seqtune_space::SpaceError;

use super::clock::now_us;
use super::request::{self, RequestKind};
use super::{DATABASE, StoreError, filesystem, is_study, reader, row};
use crate::event::{Event, EventKind};
use crate::spec::StudySpec;

/// How long it waits for a program that is writing.
const PATIENCE: Duration = Duration::from_secs(10);

/// A short-lived connection through which something is asked of a study that somebody else may hold. Open it, ask, drop it:
/// each request is a transaction of its own, and no writer waits in between.
///
/// ```no_run
/// use seqtune_core::{RequestKind, Requests};
///
/// let note = RequestKind::Note { trial: Some(12), text: "the loss jumps at epoch 3".to_owned() };
/// Requests::open("results/demo".as_ref())?.add("viewer", &note)?;
/// # Ok::<(), seqtune_core::RequestError>(())
/// ```
#[derive(Debug)]
pub struct Requests {
    connection: Connection,
    directory: PathBuf,
}

/// What was asked for cannot be written down. Messages are one sentence with the way out.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The study is gone, of a newer format, damaged, on a network file system, or held for long by another program; or the
    /// disk is full.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file or its folder must not be written.
    #[error("the study in {} is read-only here: nothing can be asked of it or written beside it; use a copy of its directory", directory.display())]
    ReadOnly {
        /// Where.
        directory: PathBuf,
    },
    /// There is no such trial.
    #[error("{} has no trial {trial}: {}", directory.display(), there(*trials))]
    NoTrial {
        /// Where.
        directory: PathBuf,
        /// Its number.
        trial: u64,
        /// How many there are.
        trials: u64,
    },
    /// The family cannot train the point.
    #[error("the point is refused: {0}")]
    Point(#[from] SpaceError),
    /// The request breaks a limit.
    #[error("{0}")]
    Limit(String),
}

fn there(trials: u64) -> String {
    match trials {
        0 => "it has none yet".to_owned(),
        count => format!("its trials are 0 to {}", count - 1),
    }
}

impl Requests {
    /// Opens a study to ask something of it.
    ///
    /// # Errors
    /// [`RequestError::Store`] with [`StoreError::Absent`], [`StoreError::Newer`], [`StoreError::Network`] or
    /// [`StoreError::Damaged`]; [`RequestError::ReadOnly`].
    pub fn open(directory: &Path) -> Result<Requests, RequestError> {
        if !is_study(directory) {
            return Err(StoreError::Absent { directory: directory.to_owned() }.into());
        }
        reader::check_format(directory)?;
        filesystem::refuse_network(directory)?;
        let directory = directory.to_owned();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(directory.join(DATABASE), flags)
            .and_then(|connection| connection.busy_timeout(PATIENCE).map(|()| connection))
            .map_err(|error| failed(&directory, error))?;
        // SQLite falls back to reading where it must not write.
        if connection.is_readonly("main").map_err(|error| failed(&directory, error))? {
            return Err(RequestError::ReadOnly { directory });
        }
        Ok(Requests { connection, directory })
    }

    /// Writes down a request and returns its number, under which [`History::answered`](crate::History::answered) has the
    /// manager's answer later. `by` names the program that asks: "command line", "viewer".
    ///
    /// Notes and tags count from here on. An enqueued point and more seeds wait for the study to go on where nothing runs;
    /// asking a run to stop, to pause or to go on then comes to nothing, so ask
    /// [`StoreReader::is_managed`](super::StoreReader::is_managed) first.
    ///
    /// # Errors
    /// [`RequestError::NoTrial`], [`RequestError::Point`] and [`RequestError::Limit`] where it could only be refused;
    /// [`RequestError::ReadOnly`] and [`RequestError::Store`] where it cannot be written.
    pub fn add(&self, by: &str, kind: &RequestKind) -> Result<u64, RequestError> {
        self.check(kind)?;
        request::add(&self.connection, now_us(), by, kind).map_err(|error| failed(&self.directory, error))
    }

    /// Whether [`Requests::add`] would take the request.
    ///
    /// # Errors
    /// As there.
    pub fn check(&self, kind: &RequestKind) -> Result<(), RequestError> {
        match kind {
            RequestKind::Enqueue { params } => {
                self.spec()?.complete(params)?;
            }
            RequestKind::Replicate { trial, seeds } => {
                self.check_trial(*trial)?;
                if *seeds == 0 || *seeds > RequestKind::MOST_SEEDS {
                    return Err(RequestError::Limit(format!(
                        "{seeds} more seeds cannot be asked for; ask for 1 to {}",
                        RequestKind::MOST_SEEDS
                    )));
                }
            }
            RequestKind::Note { trial, text } => {
                trial.map_or(Ok(()), |trial| self.check_trial(trial))?;
                let length = text.chars().count();
                if length > RequestKind::LONGEST_NOTE {
                    return Err(RequestError::Limit(format!(
                        "the note has {length} characters; a note has at most {}",
                        RequestKind::LONGEST_NOTE
                    )));
                }
            }
            RequestKind::Tag { trial, tag, .. } => {
                self.check_trial(*trial)?;
                check_tag(tag)?;
            }
            RequestKind::StopAfterRunning | RequestKind::StopNow | RequestKind::Pause | RequestKind::GoOn => {}
        }
        Ok(())
    }

    fn check_trial(&self, trial: u64) -> Result<(), RequestError> {
        // By the index of starts: trials have the numbers 0, 1, 2, ...
        let newest: Option<u64> = self
            .connection
            .query_row("SELECT max(trial) FROM event WHERE kind = 'trial_started'", [], |row| row.get(0))
            .map_err(|error| failed(&self.directory, error))?;
        let trials = newest.map_or(0, |newest| newest + 1);
        if trial < trials {
            return Ok(());
        }
        Err(RequestError::NoTrial { directory: self.directory.clone(), trial, trials })
    }

    /// What the study is now.
    fn spec(&self) -> Result<StudySpec, RequestError> {
        let fail = |error| failed(&self.directory, error);
        let damaged =
            |message: &str| StoreError::Damaged { directory: self.directory.clone(), message: message.to_owned() };
        let text = format!("{} WHERE kind = 'study_created'", row::COLUMNS);
        let first = self.connection.query_row(&text, [], row::decode).optional().map_err(fail)?;
        let Some(Event { kind: EventKind::StudyCreated { spec, .. }, .. }) = first else {
            return Err(damaged("the log is empty").into());
        };
        let mut spec = *spec;
        let text = format!("{} WHERE kind = 'space_changed' ORDER BY seq", row::COLUMNS);
        let mut statement = self.connection.prepare(&text).map_err(fail)?;
        for event in statement.query_map([], row::decode).map_err(fail)? {
            if let EventKind::SpaceChanged { space, declared, .. } = event.map_err(fail)?.kind {
                spec.space = space;
                spec.info.parameters = declared.unwrap_or(spec.info.parameters);
            }
        }
        Ok(spec)
    }
}

fn check_tag(tag: &str) -> Result<(), RequestError> {
    let length = tag.chars().count();
    let fault = if length == 0 {
        "a tag is a word, and this is empty".to_owned()
    } else if length > RequestKind::LONGEST_TAG {
        format!("the tag has {length} characters; a tag has at most {}", RequestKind::LONGEST_TAG)
    } else if tag.starts_with(['-', '+']) {
        format!("the tag {tag:?} begins with a sign, which says whether a tag is given or taken away")
    } else if tag.chars().any(|character| character.is_whitespace() || character.is_control()) {
        format!(
            "the tag {tag:?} has a space; a tag is one word, such as {:?}",
            tag.split_whitespace().collect::<Vec<_>>().join("-")
        )
    } else {
        return Ok(());
    };
    Err(RequestError::Limit(fault))
}

fn failed(directory: &Path, error: rusqlite::Error) -> RequestError {
    let directory = directory.to_owned();
    match error.sqlite_error_code() {
        // A folder that must not be written has no place for SQLite's journal.
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            RequestError::ReadOnly { directory }
        }
        _ => StoreError::of(&directory, error).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_not_be_written_is_read_only() {
        use rusqlite::ffi::{self, SQLITE_CANTOPEN, SQLITE_FULL, SQLITE_READONLY, SQLITE_READONLY_DIRECTORY};
        let of = |code| failed(Path::new("results/demo"), rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        for code in [SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_READONLY_DIRECTORY] {
            assert!(matches!(of(code), RequestError::ReadOnly { .. }));
        }
        assert!(matches!(of(SQLITE_FULL), RequestError::Store(StoreError::DiskFull { .. })));
    }
}
