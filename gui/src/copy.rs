//! A copy of a study's log, for where the original cannot be opened: SQLite reads a log that was left while its study ran only
//! where it may write beside it.

use std::path::{Path, PathBuf};

/// Copies the log and what was not yet put into it to a folder for temporary things. Gives the new directory, which has the old one's
/// name.
///
/// The two files are copied one after the other. That is a whole log where nobody writes, and nobody here may; where somebody else
/// does, a transaction may be missing, which the checksums of SQLite's frames show: it ends before that.
pub(crate) fn log(directory: &Path) -> std::io::Result<PathBuf> {
    let name = directory.file_name().unwrap_or(directory.as_os_str());
    let copy = std::env::temp_dir().join(format!("seqtune-view-{}", std::process::id())).join(name);
    std::fs::create_dir_all(&copy)?;
    for file in ["study.db", "study.db-wal"] {
        let from = directory.join(file);
        if from.exists() {
            std::fs::copy(&from, copy.join(file))?;
            // A read-only file's copy is read-only, too.
            make_writable(&copy.join(file))?;
        }
    }
    Ok(copy)
}

#[cfg(unix)]
fn make_writable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn make_writable(path: &Path) -> std::io::Result<()> {
    let mut permissions = path.metadata()?.permissions();
    permissions.set_readonly(false);
    std::fs::set_permissions(path, permissions)
}

#[cfg(test)]
mod tests {
    use seqtune_core::testing::study;
    use seqtune_core::{EventKind, Settings, Store, StoreReader};

    use super::*;

    #[test]
    fn a_copy_has_what_was_not_yet_put_into_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("running");
        let draft = study("x = { type = 'bool' }").trials(2);
        let mut store = Store::create(&directory, draft.spec(), &Settings::default(), "test").unwrap();
        let kinds: Vec<EventKind> = draft.events().into_iter().skip(1).map(|event| event.kind).collect();
        store.append(kinds).unwrap();
        let copied = log(&directory).unwrap();
        assert_eq!(copied.file_name(), directory.file_name());
        let history = StoreReader::open(&copied).unwrap().history().unwrap();
        assert_eq!(history.trials.len(), 2);
        std::fs::remove_dir_all(copied.parent().unwrap()).unwrap();
    }
}
