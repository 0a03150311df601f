//! Keeping the write-ahead log short.
//!
//! SQLite moves it into the file every 1000 pages, without waiting for anybody, and begins it anew when no reader needs it.
//! Readers of other programs that always hold some transaction open, each a little while, never let that happen while the
//! writer is busy, and it would grow for as long as they read. So a writer that is busy sometimes waits for them, for a moment;
//! and one that is not lets them come to where all is moved. What is left is a reader that stays in one transaction for
//! ever, or comes again at once to one that is longer than any pause of the writer.

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

/// From one time to the next.
const PAUSE: Duration = Duration::from_millis(500);

/// After so many times in vain the pause doubles each time: a reader that never leaves must not slow down a study for ever.
const TRIES: u32 = 16;
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

fn size(database: &Path) -> u64 {
    database.with_extension("db-wal").metadata().map_or(0, |data| data.len())
}

/// In a quiet moment: moves into the file what readers allow, without waiting. Those that come afterwards need nothing of the
/// log, and the next commit can begin it anew.
pub(super) fn rest(connection: &Connection, database: &Path) {
    if size(database) <= KEPT {
        return;
    }
    let moved = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    if let Err(error) = moved {
        tracing::debug!("the write-ahead log could not be moved: {error}");
    }
}

/// When the writer waits again.
#[derive(Debug)]
pub(super) struct Turn {
    due: Instant,
    pause: Duration,
    in_vain: u32,
}

impl Turn {
    pub(super) fn new() -> Turn {
        Turn { due: Instant::now(), pause: PAUSE, in_vain: 0 }
    }

    /// Waits for readers and cuts the log, where it is too long and the time has come. What fails here costs nothing: all
    /// is committed, and the next time is near.
    pub(super) fn take(&mut self, connection: &Connection, database: &Path) {
        let now = Instant::now();
        if now < self.due || size(database) <= LIMIT {
            return;
        }
        let cut = connection
            .busy_timeout(PATIENCE)
            .and_then(|()| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)));
        let restored = connection.busy_timeout(BUSY);
        self.in_vain = if matches!(cut, Ok(0)) { 0 } else { self.in_vain + 1 };
        self.pause = if self.in_vain <= TRIES { PAUSE } else { (self.pause * 2).min(LONGEST_PAUSE) };
        self.due = Instant::now() + self.pause;
        if let Some(error) = cut.err().or(restored.err()) {
            tracing::debug!("the write-ahead log could not be cut: {error}");
        }
    }
}
