//! What families export of a trial: folders with tables, known by their form and not by who wrote them.
//!
//! An export is a folder `exports/NNNN/` in the study's directory, named after the trial, or any folder that was opened. Jobs of the
//! slow lane find and read them; what cannot be read is a sentence in the place of the table.

mod form;
mod predictions;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

pub(crate) use form::{Form, Grid, Map, Place};
pub(crate) use predictions::{Prediction, Predictions};

/// A folder that a trial was exported to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Export {
    /// The folder.
    pub(crate) path: PathBuf,
    /// The trial, where the folder is named after it.
    pub(crate) trial: Option<u64>,
    /// Its tables by name, with what tells whether they have changed.
    pub(crate) files: Vec<(PathBuf, u64, Option<SystemTime>)>,
}

impl Export {
    /// What it is called.
    pub(crate) fn name(&self) -> String {
        let folder = || self.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        self.trial.map_or_else(folder, |trial| format!("trial {trial}"))
    }
}

/// One table of an export.
#[derive(Debug)]
pub(crate) struct Read {
    /// Name of the file without its ending.
    pub(crate) name: String,
    /// What it is, or why it cannot be read, in a sentence.
    pub(crate) form: Result<Form, String>,
}

/// The folder in a study in which exports are looked for.
pub(crate) fn home(directory: &Path) -> PathBuf {
    directory.join("exports")
}

/// The exports of a study, and those in folders that were opened. A folder that is gone has no tables.
pub(crate) fn find(directory: &Path, opened: &[PathBuf]) -> Vec<Export> {
    let mut found: Vec<Export> = fs::read_dir(home(directory))
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| export(entry.path()))
        .collect();
    found.sort_by(|a, b| (a.trial, &a.path).cmp(&(b.trial, &b.path)));
    for path in opened {
        if !found.iter().any(|export| export.path == *path) {
            // A folder of elsewhere is of no trial of this study, whatever its name.
            found.push(Export { trial: None, ..export(path.clone()) });
        }
    }
    found
}

fn export(path: PathBuf) -> Export {
    let mut files: Vec<_> = fs::read_dir(&path)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "tsv"))
        .filter_map(|entry| {
            let known = fs::metadata(entry.path()).ok()?;
            known.is_file().then(|| (entry.path(), known.len(), known.modified().ok()))
        })
        .collect();
    files.sort();
    let trial = path.file_name().and_then(|name| name.to_str()).and_then(number);
    Export { path, trial, files }
}

/// The trial that a folder is named after: `0012`, `12`, `trial-12`.
fn number(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("trial-").unwrap_or(name);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// Reads all tables of an export.
pub(crate) fn read(export: &Export) -> Vec<Read> {
    let one = |(path, ..): &(PathBuf, u64, Option<SystemTime>)| Read {
        name: path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned()),
        form: table::read(path).and_then(|table| form::of(path, &table)),
    };
    export.files.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_named_after_their_trials() {
        assert_eq!(
            ["0012", "12", "trial-7", "best", "1a", ""].map(number),
            [Some(12), Some(12), Some(7), None, None, None]
        );
    }

    #[test]
    fn exports_of_the_study_come_in_order_and_opened_folders_after_them() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join("levels.tsv"), "\ta\nx\t1\n").unwrap();
            fs::write(path.join("levels.json"), "{}").unwrap();
            path
        };
        for name in ["exports/0010", "exports/0009", "exports/best"] {
            make(name);
        }
        let other = make("elsewhere");
        let found = find(folder.path(), &[other.clone(), folder.path().join("gone")]);
        let names: Vec<(String, usize)> = found.iter().map(|export| (export.name(), export.files.len())).collect();
        let expected = [("best", 1), ("trial 9", 1), ("trial 10", 1), ("elsewhere", 1), ("gone", 0)];
        assert_eq!(names, expected.map(|(name, files)| (name.to_owned(), files)));
        assert_eq!(find(&other, &[]), []);
    }
}
