//! Reading a log while another process may be writing it: read-only, in short statements, never holding a
//! transaction open (a reader that does keeps the WAL from shrinking).

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::lock::Lock;
use super::{APPLICATION_ID, DATABASE, FORMAT_VERSION, StoreError, row};
use crate::event::Event;
use crate::history::History;

/// A reader of a study's log.
#[derive(Debug)]
pub struct StoreReader {
    pub(super) connection: Connection,
    pub(super) directory: PathBuf,
}

impl StoreReader {
    /// Opens a study for reading.
    ///
    /// # Errors
    /// [`StoreError::Absent`], [`StoreError::Newer`], [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn open(directory: &Path) -> Result<StoreReader, StoreError> {
        if !is_study(directory) {
            return Err(StoreError::Absent { directory: directory.to_owned() });
        }
        check_format(directory)?;
        Ok(StoreReader { connection: connect(directory)?, directory: directory.to_owned() })
    }

    /// Changes whenever another connection has committed. Microseconds: made to be polled.
    ///
    /// # Errors
    /// Where the file is gone or damaged.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        let version = self.connection.prepare_cached("PRAGMA data_version");
        version.and_then(|mut statement| statement.query_row([], |row| row.get(0))).map_err(|error| self.failed(error))
    }

    /// Events after position `seq`, in order.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where a row is not an event.
    pub fn events_after(&self, seq: u64) -> Result<Vec<Event>, StoreError> {
        row::after(&self.connection, seq).map_err(|error| self.failed(error))
    }

    /// The first events after position `seq`, at most so many: a long log in statements that are short.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where a row is not an event.
    pub fn some_events_after(&self, seq: u64, most: u32) -> Result<Vec<Event>, StoreError> {
        row::some_after(&self.connection, seq, most).map_err(|error| self.failed(error))
    }

    /// Position of the last event.
    ///
    /// # Errors
    /// Where the file is gone or damaged.
    pub fn last_seq(&self) -> Result<u64, StoreError> {
        let last = self.connection.query_row("SELECT coalesce(max(seq), 0) FROM event", [], |row| row.get(0));
        last.map_err(|error| self.failed(error))
    }

    /// The whole history.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where the log breaks its own rules.
    pub fn history(&self) -> Result<History, StoreError> {
        history(&self.connection, &self.directory)
    }

    /// Whether a manager holds the study at this moment.
    pub fn is_managed(&self) -> bool {
        StoreReader::manages(&self.directory)
    }

    /// Whether a manager holds the study of a directory at this moment, without a look into its log.
    pub fn manages(directory: &Path) -> bool {
        Lock::is_held(directory)
    }

    /// Who holds the study at this moment: "process 123 on host".
    pub fn holder(&self) -> Option<String> {
        Lock::holder(&self.directory)
    }

    /// The study's directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn failed(&self, error: rusqlite::Error) -> StoreError {
        StoreError::of(&self.directory, error)
    }
}

/// The history of a log, folded as its rows come.
pub(super) fn history(connection: &Connection, directory: &Path) -> Result<History, StoreError> {
    let damaged = |message: String| StoreError::Damaged { directory: directory.to_owned(), message };
    let mut history: Option<History> = None;
    let mut broken = None;
    row::each_after(connection, 0, |event| {
        let folded = match &mut history {
            Some(history) => history.apply(&event),
            None => History::new(&event).map(|first| history = Some(first)),
        };
        broken = folded.err();
        broken.is_none()
    })
    .map_err(|error| StoreError::of(directory, error))?;
    match (broken, history) {
        (Some(error), _) => Err(damaged(error.to_string())),
        (None, None) => Err(damaged("the log is empty".to_owned())),
        (None, Some(history)) => Ok(history),
    }
}

/// The newest request of a study, 0 where nobody has asked for anything.
pub(super) fn last_request(directory: &Path) -> Result<u64, StoreError> {
    connect(directory)?
        .query_row("SELECT coalesce(max(id), 0) FROM request", [], |row| row.get(0))
        .map_err(|error| StoreError::of(directory, error))
}

/// Whether a directory holds a study. A log whose creation was cut off before its first commit is none.
pub fn is_study(directory: &Path) -> bool {
    let path = directory.join(DATABASE);
    path.metadata().is_ok_and(|data| data.len() > 0 || with_wal(&path)) && !is_unborn(directory)
}

/// A file of ours without the first commit: no table, nothing in it.
fn is_unborn(directory: &Path) -> bool {
    connect(directory).is_ok_and(|connection| {
        connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, u64>(0))
            .is_ok_and(|tables| tables == 0)
    })
}

fn with_wal(path: &Path) -> bool {
    path.with_extension("db-wal").metadata().is_ok_and(|data| data.len() > 0)
}

/// The format of a study's file. Refuses files of newer formats and of other programs before anything is read or written.
pub(super) fn check_format(directory: &Path) -> Result<u32, StoreError> {
    let fail = |error| StoreError::of(directory, error);
    let connection = connect(directory)?;
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(fail)?;
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fail)?;
    if application != APPLICATION_ID {
        let message = format!("{DATABASE} is not a study of seqtune");
        return Err(StoreError::Damaged { directory: directory.to_owned(), message });
    }
    if found > FORMAT_VERSION {
        return Err(StoreError::Newer { directory: directory.to_owned(), found });
    }
    Ok(found)
}

/// A connection that changes nothing, but for this: a writer that was killed while the file went into WAL mode or out of it
/// leaves a rollback journal, which has to be played back before anybody can read.
fn connect(directory: &Path) -> Result<Connection, StoreError> {
    let fail = |error| StoreError::of(directory, error);
    let open = |access: OpenFlags| {
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(directory.join(DATABASE), flags)?;
        connection.busy_timeout(Duration::from_secs(2))?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    };
    let touch = |connection: &Connection| connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    let connection = open(OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(fail)?;
    match touch(&connection) {
        Err(rusqlite::Error::SqliteFailure(error, _)) if error.code == ErrorCode::ReadOnly => {
            drop(connection);
            // SQLite plays it back at the first look, under locks of its own: a journal of a live writer is left alone.
            open(OpenFlags::SQLITE_OPEN_READ_WRITE).and_then(|writer| touch(&writer)).map_err(fail)?;
            open(OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(fail)
        }
        // What else is wrong is for the first query to say.
        _ => Ok(connection),
    }
}
