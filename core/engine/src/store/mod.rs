//! The log on disk: one SQLite file, one writer, any number of readers.
//!
//! A study is a directory: `study.db` (the log), `study.lock` (held by the writer), `checkpoints/`, `logs/`.
//! The writer commits with `synchronous=FULL` in WAL mode: what [`Store::append`] returned is on the disk. Many events
//! in one call are one transaction, which is what keeps eight workers fast.
//! On a clean end the file goes back to `journal_mode=DELETE`: a study in a read-only directory then still opens.

mod clock;
mod error;
mod filesystem;
mod inspect;
mod lock;
mod reader;
mod remarks;
mod request;
mod requests;
mod row;
mod wal;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

pub use error::StoreError;
pub use inspect::{Inspection, SchemaFault};
pub use reader::{StoreReader, is_study};
pub use remarks::{Note, Remark, Remarks};
pub use request::{Request, RequestKind};
pub use requests::{RequestError, Requests};

use crate::event::{Event, EventKind};
use crate::history::History;
use crate::spec::{Settings, StudySpec};
use clock::Clock;
use lock::Lock;

/// Version of the file format this build writes; it reads all from 1.
///
/// | version | what came with it |
/// |---|---|
/// | 1 | the first |
/// | 2 | versions of the space (`space_changed`), lists, constraints and priors in it |
/// | 3 | outcome constraints; trials that were evaluated elsewhere (origin `added`) |
/// | 4 | pruners |
///
/// A file of an older version becomes one of this with the first event that is appended.
pub const FORMAT_VERSION: u32 = 4;

/// "sqtn": tells a study's log from other SQLite files.
const APPLICATION_ID: i32 = 0x7371_746e;

const DATABASE: &str = "study.db";

/// How long a writer waits for another program that holds the file.
const BUSY: Duration = Duration::from_secs(60);

/// The one writer of a study's log. Holds the study's lock while it lives.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    directory: PathBuf,
    seq: u64,
    clock: Clock,
    /// The newest request that was there before.
    last_request: u64,
    wal: wal::Turn,
    /// Version of the file as it is.
    format: u32,
    // Dropped last: the lock outlives the connection.
    _lock: Lock,
}

impl Store {
    /// Creates the study's directory and log, with `study_created` as its first event.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where there is a study, [`StoreError::Locked`] where another process creates one,
    /// [`StoreError::Network`] on a network file system, [`StoreError::DiskFull`].
    pub fn create(directory: &Path, spec: &StudySpec, settings: &Settings, build: &str) -> Result<Store, StoreError> {
        Store::found(directory, |at_us| {
            let kind = EventKind::StudyCreated {
                spec: Box::new(spec.clone()),
                settings: settings.clone(),
                build: build.to_owned(),
            };
            vec![Event { seq: 1, at_us, kind }]
        })
    }

    /// Founds a study with its first events, given the time.
    fn found(directory: &Path, events: impl FnOnce(i64) -> Vec<Event>) -> Result<Store, StoreError> {
        filesystem::refuse_network(directory)?;
        std::fs::create_dir_all(directory).map_err(|error| StoreError::io(directory, error))?;
        let lock = Lock::take(directory)?;
        if is_study(directory) {
            return Err(StoreError::Exists { directory: directory.to_owned() });
        }
        let connection = connect(directory)?;
        let mut clock = Clock::after(0);
        let events = events(clock.now_us());
        let (seq, last_us) = events.last().map_or((0, 0), |last| (last.seq, last.at_us));
        let mut store = Store {
            connection,
            directory: directory.to_owned(),
            seq,
            clock: Clock::after(last_us),
            last_request: 0,
            wal: wal::Turn::new(),
            format: FORMAT_VERSION,
            _lock: lock,
        };
        // Schema and first events in one transaction: there is a study or there is none.
        let fail = |error| StoreError::of(directory, error);
        let transaction = store.begin()?;
        transaction.execute_batch(include_str!("schema.sql")).map_err(fail)?;
        transaction
            .pragma_update(None, "user_version", FORMAT_VERSION)
            .and_then(|()| transaction.pragma_update(None, "application_id", APPLICATION_ID))
            .map_err(fail)?;
        for event in &events {
            row::insert(&transaction, event).map_err(fail)?;
        }
        transaction.commit().map_err(fail)?;
        Ok(store)
    }

    /// Opens an existing study for writing.
    ///
    /// # Errors
    /// [`StoreError::Absent`], [`StoreError::Locked`], [`StoreError::Newer`], [`StoreError::Network`],
    /// [`StoreError::Damaged`].
    pub fn open(directory: &Path) -> Result<Store, StoreError> {
        if !is_study(directory) {
            return Err(StoreError::Absent { directory: directory.to_owned() });
        }
        let format = reader::check_format(directory)?;
        filesystem::refuse_network(directory)?;
        // Whoever asks for something once the lock is held asks this writer.
        let last_request = reader::last_request(directory)?;
        let lock = Lock::take(directory)?;
        let connection = connect(directory)?;
        let (seq, last_us) = connection
            .query_row("SELECT seq, at_us FROM event ORDER BY seq DESC LIMIT 1", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()
            .map(|last| last.unwrap_or((0, 0)))
            .map_err(|error| StoreError::of(directory, error))?;
        let (clock, wal) = (Clock::after(last_us), wal::Turn::new());
        Ok(Store { connection, directory: directory.to_owned(), seq, clock, last_request, wal, format, _lock: lock })
    }

    /// Appends events in one transaction and returns them as they stand in the log. When this returns they are on the
    /// disk; when it fails none of them is.
    ///
    /// # Errors
    /// [`StoreError::Invariant`] where an event breaks a rule of the log; [`StoreError::DiskFull`]; other failures of
    /// the file.
    pub fn append(&mut self, kinds: impl IntoIterator<Item = EventKind>) -> Result<Vec<Event>, StoreError> {
        let at_us = self.clock.now_us();
        let events: Vec<Event> =
            kinds.into_iter().zip(self.seq + 1..).map(|(kind, seq)| Event { seq, at_us, kind }).collect();
        if events.is_empty() {
            return Ok(events);
        }
        let directory = self.directory.clone();
        let format = self.format;
        let transaction = self.begin()?;
        if format < FORMAT_VERSION {
            transaction
                .pragma_update(None, "user_version", FORMAT_VERSION)
                .map_err(|error| StoreError::of(&directory, error))?;
        }
        for event in &events {
            row::insert(&transaction, event).map_err(|error| StoreError::of(&directory, error))?;
        }
        transaction.commit().map_err(|error| StoreError::of(&directory, error))?;
        self.seq += events.len() as u64;
        self.format = FORMAT_VERSION;
        self.wal.take(&self.connection, &self.directory.join(DATABASE));
        Ok(events)
    }

    /// To be called now and then while there is nothing to append: keeps the write-ahead log short while others read, and
    /// waits for nobody.
    pub fn rest(&self) {
        wal::rest(&self.connection, &self.directory.join(DATABASE));
    }

    /// Events after position `seq`, in order.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where a row is not an event.
    pub fn events_after(&self, seq: u64) -> Result<Vec<Event>, StoreError> {
        row::after(&self.connection, seq).map_err(|error| StoreError::of(&self.directory, error))
    }

    /// The whole history.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where the log breaks its own rules.
    pub fn history(&self) -> Result<History, StoreError> {
        reader::history(&self.connection, &self.directory)
    }

    /// Requests that wait for an answer in the log, in order.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn open_requests(&self) -> Result<Vec<Request>, StoreError> {
        request::open(&self.connection).map_err(|error| StoreError::of(&self.directory, error))
    }

    /// The newest request when the study was opened: those up to it were not made to this writer.
    pub fn last_request(&self) -> u64 {
        self.last_request
    }

    /// The study's directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Closes the log: moves the WAL into the file, so that a copy of the directory is complete and a read-only one
    /// opens.
    ///
    /// # Errors
    /// Where the file cannot be written. Nothing is lost then: the WAL stays beside it.
    pub fn close(self) -> Result<(), StoreError> {
        // Readers let go within a fraction of a second after the last event. One that does not keeps the file in WAL
        // mode; that is no failure.
        let deadline = Instant::now() + Duration::from_secs(1);
        self.connection.busy_timeout(Duration::ZERO).map_err(|error| StoreError::of(&self.directory, error))?;
        loop {
            match self.connection.pragma_update(None, "journal_mode", "DELETE") {
                Ok(()) => return Ok(()),
                Err(error) if error::is_busy(&error) && Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(error) if error::is_busy(&error) => return Ok(()),
                Err(error) => return Err(StoreError::of(&self.directory, error)),
            }
        }
    }

    fn begin(&mut self) -> Result<rusqlite::Transaction<'_>, StoreError> {
        let directory = self.directory.clone();
        self.connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| StoreError::of(&directory, error))
    }
}

fn connect(directory: &Path) -> Result<Connection, StoreError> {
    let fail = |error| StoreError::of(directory, error);
    let connection = Connection::open(directory.join(DATABASE)).map_err(fail)?;
    connection.busy_timeout(BUSY).map_err(fail)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(fail)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(fail)?;
    connection.pragma_update(None, "journal_size_limit", wal::KEPT).map_err(fail)?;
    Ok(connection)
}

#[cfg(test)]
mod tests;
