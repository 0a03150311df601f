//! What can be seen of a log without opening it.

use std::path::Path;
use std::time::SystemTime;

use crate::place::log_of;

/// Device, number and birth of a file.
type Identity = (u64, u64, Option<SystemTime>);

/// Which file the log is, and when it was last written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileMark {
    identity: Option<Identity>,
    log: (u64, Option<SystemTime>),
    wal: Option<(u64, Option<SystemTime>)>,
}

impl FileMark {
    /// The mark of a study's log now; `None` where there is no such file.
    pub(crate) fn of(directory: &Path) -> Option<FileMark> {
        let path = log_of(directory);
        let data = path.metadata().ok()?;
        let size_and_time = |data: &std::fs::Metadata| (data.len(), data.modified().ok());
        Some(FileMark {
            identity: identity(&data),
            log: size_and_time(&data),
            wal: path.with_extension("db-wal").metadata().ok().as_ref().map(size_and_time),
        })
    }

    /// Whether this is another file than that one was, under the same name.
    pub(crate) fn replaces(&self, before: &FileMark) -> bool {
        self.identity != before.identity
    }
}

#[cfg(unix)]
fn identity(data: &std::fs::Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    // A number of a file that was deleted is given to another one.
    Some((data.dev(), data.ino(), data.created().ok()))
}

/// Elsewhere a file that is open cannot be replaced.
#[cfg(not(unix))]
fn identity(_: &std::fs::Metadata) -> Option<Identity> {
    None
}
