//! Keeping the write-ahead log short.
//!
//! SQLite moves it into the file every 1000 pages, without waiting for anybody, and begins it anew when no reader needs it.
//! Readers of other programs that always hold some transaction open, each a little while, never let that happen while the
//! writer is busy, and it would grow for as long as they read. So the writer sometimes waits for them, for a moment.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::BUSY;

/// Size from which readers are in the way. By itself the log stays at 1000 pages of 4 kB.
pub(super) const LIMIT: u64 = 8 << 20;

/// To what its file is cut when it begins anew.
pub(super) const KEPT: u64 = 4 << 20;

/// How long the writer waits for readers.
const PATIENCE: Duration = Duration::from_millis(80);

/// From one time to the next, which doubles while a reader does not leave, so that nobody can slow down a study for long.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// When the writer waits again.
#[derive(Debug)]
pub(super) struct Turn {
    due: Instant,
    pause: Duration,
}

impl Turn {
    pub(super) fn new() -> Turn {
        Turn { due: Instant::now(), pause: PAUSE }
    }

    /// Waits for readers and cuts the log, where it is too long and the time has come. What fails here costs nothing: all
    /// is committed, and the next time is near.
    pub(super) fn take(&mut self, connection: &Connection, database: &Path) {
        let now = Instant::now();
        let size = || database.with_extension("db-wal").metadata().map_or(0, |data| data.len());
        if now < self.due || size() <= LIMIT {
            return;
        }
        let cut = connection
            .busy_timeout(PATIENCE)
            .and_then(|()| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)));
        let restored = connection.busy_timeout(BUSY);
        self.pause = if matches!(cut, Ok(0)) { PAUSE } else { (self.pause * 2).min(LONGEST_PAUSE) };
        self.due = Instant::now() + self.pause;
        if let Some(error) = cut.err().or(restored.err()) {
            tracing::debug!("the write-ahead log could not be cut: {error}");
        }
    }
}
