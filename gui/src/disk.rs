//! How much a study takes on disk.

use std::fs;
use std::io;
use std::path::Path;

/// What a study takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// `study.db`.
    log: Part,
    /// What is beside it while a manager runs.
    wal: Part,
    checkpoints: Part,
    /// What workers wrote to standard error.
    logs: Part,
    /// What trials were exported to.
    exports: Part,
    other: Part,
}

/// Some of its files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Part {
    /// Their size together.
    pub(crate) bytes: u64,
    /// How many.
    pub(crate) files: u64,
}

impl Sizes {
    /// The parts that are there, with their names.
    pub(crate) fn parts(&self) -> Vec<(&'static str, Part)> {
        let all = [
            ("log", self.log),
            ("WAL", self.wal),
            ("checkpoints", self.checkpoints),
            ("workers' logs", self.logs),
            ("exports", self.exports),
            ("other", self.other),
        ];
        all.into_iter().filter(|(name, part)| part.files > 0 || *name == "log").collect()
    }
}

/// Looks at all files of a study.
///
/// # Errors
/// A sentence, where the directory cannot be read. What goes while it is looked at is left out.
pub(crate) fn sizes(directory: &Path) -> Result<Sizes, String> {
    let mut sizes = Sizes::default();
    let entries = fs::read_dir(directory)
        .map_err(|error| format!("The files in {} cannot be listed: {error}.", directory.display()))?;
    for entry in entries.flatten() {
        let name = entry.file_name();
        let part = match name.to_str() {
            Some("study.db") => &mut sizes.log,
            Some("study.db-wal" | "study.db-shm") => &mut sizes.wal,
            Some("checkpoints") => &mut sizes.checkpoints,
            Some("logs") => &mut sizes.logs,
            Some("exports") => &mut sizes.exports,
            _ => &mut sizes.other,
        };
        // A folder that cannot be read counts as far as it could be.
        let _ = add(part, &entry);
    }
    Ok(sizes)
}

/// Links are not followed.
fn add(part: &mut Part, entry: &fs::DirEntry) -> io::Result<()> {
    let known = entry.metadata()?;
    if known.is_dir() {
        for inner in fs::read_dir(entry.path())?.flatten() {
            add(part, &inner)?;
        }
    } else {
        part.bytes += known.len();
        part.files += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_counted_where_they_belong() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: usize| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, vec![0; bytes]).unwrap();
        };
        [
            ("study.db", 10),
            ("study.db-wal", 20),
            ("checkpoints/0001/a/x", 3),
            ("checkpoints/0002/b", 4),
            ("study.lock", 0),
        ]
        .into_iter()
        .for_each(|(name, bytes)| write(name, bytes));
        let found = sizes(folder.path()).unwrap();
        assert_eq!(found.checkpoints, Part { bytes: 7, files: 2 });
        let parts: Vec<(&str, u64)> = found.parts().into_iter().map(|(name, part)| (name, part.bytes)).collect();
        assert_eq!(parts, [("log", 10), ("WAL", 20), ("checkpoints", 7), ("other", 0)]);
        assert!(sizes(&folder.path().join("absent")).unwrap_err().starts_with("The files in"));
    }
}
