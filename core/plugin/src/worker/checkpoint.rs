//! Checkpoints on disk: written beside, synced, renamed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::digest::directory_digest;
use crate::error::FamilyError;
use crate::protocol::Saved;

/// Lets `save` fill a new directory and makes it the checkpoint of a step, `<directory>/step-00000005`. One left by an
/// earlier attempt is replaced. When this returns, the checkpoint survives a power cut.
pub(super) fn save_checkpoint(
    directory: &Path,
    step: u64,
    save: impl FnOnce(&Path) -> Result<(), FamilyError>,
) -> Result<Saved, FamilyError> {
    let path = directory.join(format!("step-{step:08}"));
    let draft = directory.join(format!("step-{step:08}.tmp-{}", std::process::id()));
    let io = |error: io::Error| {
        let message = format!("checkpoint {} cannot be saved: {error}", path.display());
        if is_no_space(&error) { FamilyError::NoSpace(message) } else { FamilyError::Other(message) }
    };
    let saved = (|| {
        fs::create_dir_all(directory).and_then(|()| remove_drafts(directory)).map_err(io)?;
        fs::create_dir(&draft).map_err(io)?;
        save(&draft)?;
        publish(&draft, &path, directory).map_err(io)?;
        directory_digest(&path).map_err(io)
    })();
    match saved {
        Ok(sha256) => Ok(Saved { path, sha256 }),
        // Families say in their own words that they could not write: the disk knows whether it is full.
        Err(FamilyError::Other(message)) if is_full(&draft) => Err(FamilyError::NoSpace(message)),
        Err(error) => Err(error),
    }
}

/// Whether a directory takes no more bytes at this moment.
fn is_full(directory: &Path) -> bool {
    let probe = directory.join("probe");
    let written = fs::write(&probe, vec![0; 64 << 10]).and_then(|()| File::open(&probe)?.sync_all());
    let full = written.is_err_and(|error| is_no_space(&error));
    // It lies in a draft, which the next attempt removes in any case.
    let _ = fs::remove_file(&probe);
    full
}

fn is_no_space(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

fn publish(draft: &Path, path: &Path, directory: &Path) -> io::Result<()> {
    sync_tree(draft)?;
    if path.exists() {
        // A rename does not replace a directory that holds files.
        let old = PathBuf::from(format!("{}.tmp-old", path.display()));
        fs::rename(path, &old)?;
        fs::rename(draft, path)?;
        fs::remove_dir_all(old)?;
    } else {
        fs::rename(draft, path)?;
    }
    sync_directory(directory)
}

/// Removes what attempts that were killed while saving left behind.
fn remove_drafts(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().contains(".tmp-") {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Syncs a directory with all that it holds.
fn sync_tree(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_tree(&entry.path())?;
        } else {
            // Windows syncs only what is open for writing.
            File::options().read(true).write(cfg!(windows)).open(entry.path())?.sync_all()?;
        }
    }
    sync_directory(directory)
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    // Only Unix can open a directory, and only there does it need a sync of its own.
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn write<'a>(text: &'a str) -> impl FnOnce(&Path) -> Result<(), FamilyError> + 'a {
        move |directory| fs::write(directory.join("state"), text).map_err(|error| FamilyError::Other(error.to_string()))
    }

    #[test]
    fn a_checkpoint_replaces_what_an_earlier_attempt_left() {
        let scratch = tempfile::tempdir().unwrap();
        let directory = scratch.path().join("0007");
        let first = save_checkpoint(&directory, 5, write("1")).unwrap();
        assert_eq!(first.path, directory.join("step-00000005"));
        fs::create_dir(directory.join("step-00000006.tmp-999999")).unwrap();
        let second = save_checkpoint(&directory, 5, write("2")).unwrap();
        assert_eq!(second.path, first.path);
        assert_ne!(second.sha256, first.sha256);
        assert_eq!(second.sha256, directory_digest(&second.path).unwrap());
        assert_eq!(fs::read_to_string(second.path.join("state")).unwrap(), "2");
        assert_eq!(names(&directory), ["step-00000005"]);
    }

    #[test]
    fn a_checkpoint_may_hold_directories() {
        let scratch = tempfile::tempdir().unwrap();
        let save = |text: &'static str| {
            save_checkpoint(scratch.path(), 1, move |directory| {
                let fold = directory.join("fold-0");
                fs::create_dir(&fold)
                    .and_then(|()| fs::write(fold.join("state"), text))
                    .map_err(|error| FamilyError::Other(error.to_string()))
            })
            .unwrap()
        };
        let first = save("1");
        assert_eq!(fs::read_to_string(first.path.join("fold-0").join("state")).unwrap(), "1");
        assert_ne!(save("2").sha256, first.sha256);
    }

    #[test]
    fn a_save_that_fails_leaves_the_checkpoint_before_it() {
        let scratch = tempfile::tempdir().unwrap();
        let first = save_checkpoint(scratch.path(), 5, write("1")).unwrap();
        let error = save_checkpoint(scratch.path(), 5, |_| Err(FamilyError::Other("full".to_owned()))).unwrap_err();
        assert_eq!(error.to_string(), "full");
        assert_eq!(directory_digest(&first.path).unwrap(), first.sha256);
        let file = scratch.path().join("file");
        fs::write(&file, "").unwrap();
        let error = save_checkpoint(&file, 1, write("1")).unwrap_err();
        assert!(error.to_string().contains("step-00000001 cannot be saved"), "{error}");
    }
}
