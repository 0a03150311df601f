//! A table of a file: a heading, and rows with as many cells.

use std::fs;
use std::path::Path;

/// The largest file that is read: more is no table for people.
const LARGEST: u64 = 200_000_000;

/// A heading and rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) titles: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    /// The place of a column.
    pub(super) fn column(&self, title: &str) -> Option<usize> {
        self.titles.iter().position(|own| own == title)
    }
}

/// Reads a tab-separated file.
///
/// # Errors
/// A sentence with the place, where it cannot be read or a row has other cells than the heading.
pub(super) fn read(path: &Path) -> Result<Table, String> {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let wrong = |what: &dyn std::fmt::Display| format!("{name} cannot be read: {what}.");
    let size = fs::metadata(path).map_err(|error| wrong(&error))?.len();
    if size > LARGEST {
        return Err(wrong(&format!(
            "it has {}, and {} is the most",
            crate::text::bytes(size),
            crate::text::bytes(LARGEST)
        )));
    }
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b'\t')
        .flexible(true)
        .quoting(true)
        .from_path(path)
        .map_err(|error| wrong(&error))?;
    let titles: Vec<String> = reader.headers().map_err(|error| wrong(&error))?.iter().map(str::to_owned).collect();
    if titles.len() < 2 {
        return Err(wrong(&"its first line is no heading with tabs between the columns"));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| wrong(&error))?;
        if record.len() != titles.len() {
            let line = record.position().map_or(0, csv::Position::line);
            return Err(format!(
                "{name} is not whole: line {line} has {} where the heading has {}. It may be being written; look again, or export \
                 the trial anew.",
                crate::text::count(record.len(), "cell"),
                titles.len()
            ));
        }
        rows.push(record.iter().map(str::to_owned).collect());
    }
    if rows.is_empty() {
        return Err(wrong(&"it has a heading and no rows"));
    }
    Ok(Table { titles, rows })
}
