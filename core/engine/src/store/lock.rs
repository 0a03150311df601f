//! One writer a study: an advisory lock on a file, which the operating system releases whatever ends the process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use super::StoreError;

const LOCK: &str = "study.lock";

/// The lock of a study, held until dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    pub(super) fn take(directory: &Path) -> Result<Lock, StoreError> {
        let path = directory.join(LOCK);
        let fail = |error| StoreError::io(&path, error);
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(fail)?;
        match try_lock_patiently(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked { directory: directory.to_owned(), holder: named(&mut file) });
            }
            Err(TryLockError::Error(error)) => return Err(fail(error)),
        }
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        file.set_len(0).and_then(|()| file.rewind()).map_err(fail)?;
        writeln!(file, "process {} on {host}", std::process::id()).map_err(fail)?;
        Ok(Lock { _file: file })
    }

    /// Whether somebody holds the study's lock. Asking takes a shared lock for an instant.
    pub(super) fn is_held(directory: &Path) -> bool {
        let Ok(file) = File::open(directory.join(LOCK)) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// The name of whoever holds the study's lock.
    pub(super) fn holder(directory: &Path) -> Option<String> {
        let mut file = File::open(directory.join(LOCK)).ok().filter(|_| Lock::is_held(directory))?;
        Some(named(&mut file))
    }
}

/// What the holder wrote into the file. It is for people only; the lock itself does not need it.
fn named(file: &mut File) -> String {
    let mut holder = String::new();
    let _ = file.read_to_string(&mut holder);
    match holder.trim() {
        "" => "another process".to_owned(),
        named => named.to_owned(),
    }
}

/// Those who ask whether the study is managed hold the lock for microseconds: a second try comes after them.
fn try_lock_patiently(file: &File) -> Result<(), TryLockError> {
    for _ in 0..5 {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            other => return other,
        }
    }
    file.try_lock()
}
