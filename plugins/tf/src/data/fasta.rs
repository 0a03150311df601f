//! Windows from FASTA and a table of labels.
//!
//! Sequences all have one length; letters may be in either case, `N` and the other ambiguity letters are unknown bases.
//! The table is tab-separated with a header; columns in any order:
//!
//! ```text
//! id        label   chrom   start     split
//! peak_1    1       chr22   20000011  train
//! peak_2    0       chr22   20000112  valid
//! ```
//!
//! `id` (the first word after `>`) and `label` (0 or 1) are required; `chrom`, `start`, `split` (train, valid or test),
//! `weight` and `accessibility` are optional. Every sequence has a row and every row a sequence.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use seqtune_plugin::{DataSpec, FamilyError};
use serde::Deserialize;

use super::{Place, Split, Windows, code_of};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    fasta: String,
    labels: String,
}

/// One line of the table of labels.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    label: u8,
    chrom: Option<String>,
    start: Option<i64>,
    split: Option<SplitName>,
    weight: Option<f32>,
    accessibility: Option<f32>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SplitName {
    Train,
    Valid,
    Test,
}

/// Reads the two files that the table names.
///
/// # Errors
/// [`FamilyError::Data`] with file and line, and what was expected.
pub fn read(spec: &DataSpec) -> Result<Windows, FamilyError> {
    let arguments: Arguments = spec.read()?;
    let fasta = spec.resolve(&arguments.fasta)?;
    let labels = spec.resolve(&arguments.labels)?;
    join(read_sequences(&fasta)?, read_labels(&labels)?, &fasta, &labels)
}

/// The sequences of a file in its order.
struct Sequences {
    length: usize,
    bases: Vec<u8>,
    /// Identifier and line of each.
    names: Vec<(String, u64)>,
}

fn read_sequences(path: &Path) -> Result<Sequences, FamilyError> {
    let fail = |line: u64, message: String| FamilyError::Data(format!("{}, line {line}: {message}", path.display()));
    let whole = |message: String| FamilyError::Data(format!("{}: {message}", path.display()));
    let mut reader =
        needletail::parse_fastx_file(path).map_err(|error| whole(format!("cannot be read as FASTA: {error}")))?;
    let mut found = Sequences { length: 0, bases: Vec::new(), names: Vec::new() };
    while let Some(record) = reader.next() {
        let record = record.map_err(|error| whole(format!("cannot be read as FASTA: {error}")))?;
        let line = record.start_line_number();
        let id = record.id().split(u8::is_ascii_whitespace).next().unwrap_or_default();
        let id = String::from_utf8_lossy(id).into_owned();
        let sequence = record.seq();
        if found.names.is_empty() {
            found.length = sequence.len();
        }
        if sequence.len() != found.length {
            let (length, expected) = (sequence.len(), found.length);
            return Err(fail(
                line,
                format!("{id:?} has {length} bases; expected {expected}, as the first sequence has"),
            ));
        }
        for letter in sequence.iter() {
            match code_of(*letter) {
                Some(code) => found.bases.push(code),
                None => return Err(fail(line, format!("{id:?} holds {:?}, which is no base", char::from(*letter)))),
            }
        }
        found.names.push((id, line));
    }
    Ok(found)
}

fn read_labels(path: &Path) -> Result<Vec<(Row, u64)>, FamilyError> {
    let fail = |message: String| FamilyError::Data(format!("{}: {message}", path.display()));
    let file = File::open(path).map_err(|error| fail(format!("cannot be opened: {error}")))?;
    let mut reader = csv::ReaderBuilder::new().delimiter(b'\t').trim(csv::Trim::All).from_reader(file);
    let headers = reader.headers().map_err(|error| fail(error.to_string()))?.clone();
    let mut rows = Vec::new();
    for record in reader.into_records() {
        let record = record.map_err(|error| fail(error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let row: Row = record.deserialize(Some(&headers)).map_err(|error| {
            // The crate's own message repeats the position in its own words.
            let message = match error.kind() {
                csv::ErrorKind::Deserialize { err, .. } => err.to_string(),
                _ => error.to_string(),
            };
            FamilyError::Data(format!("{}, line {line}: {message}", path.display()))
        })?;
        if row.label > 1 {
            let message = format!("{}, line {line}: the label is {}; expected 0 or 1", path.display(), row.label);
            return Err(FamilyError::Data(message));
        }
        rows.push((row, line));
    }
    Ok(rows)
}

fn join(sequences: Sequences, labels: Vec<(Row, u64)>, fasta: &Path, table: &Path) -> Result<Windows, FamilyError> {
    let mut by_id: HashMap<String, (Row, u64)> = HashMap::new();
    for (row, line) in labels {
        if let Some((earlier, first)) = by_id.get(&row.id) {
            let id = &earlier.id;
            return Err(FamilyError::Data(format!(
                "{}, line {line}: {id:?} stands in line {first} already",
                table.display()
            )));
        }
        by_id.insert(row.id.clone(), (row, line));
    }
    let mut rows = Vec::with_capacity(sequences.names.len());
    for (id, line) in &sequences.names {
        let Some((row, _)) = by_id.remove(id) else {
            let (fasta, table) = (fasta.display(), table.display());
            return Err(FamilyError::Data(format!("{fasta}, line {line}: {id:?} has no row of its own in {table}")));
        };
        rows.push(row);
    }
    if let Some((row, line)) = by_id.into_values().min_by_key(|(_, line)| *line) {
        let (id, table, fasta) = (row.id, table.display(), fasta.display());
        return Err(FamilyError::Data(format!("{table}, line {line}: {id:?} has no sequence in {fasta}")));
    }

    let mut contigs: HashMap<&str, u32> = HashMap::new();
    let places = column(&rows, table, "start", |row| {
        let next = contigs.len() as u32;
        let contig = *contigs.entry(row.chrom.as_deref().unwrap_or_default()).or_insert(next);
        row.start.map(|start| Place { contig, start })
    })?;
    let splits = column(&rows, table, "split", |row| {
        row.split.map(|split| match split {
            SplitName::Train => Split::Train,
            SplitName::Valid => Split::Valid,
            SplitName::Test => Split::Test,
        })
    })?;
    let weights = column(&rows, table, "weight", |row| row.weight)?;
    let accessibility = column(&rows, table, "accessibility", |row| row.accessibility)?;
    let positive = |weight: &f32| weight.is_finite() && *weight > 0.0;
    if !weights.iter().flatten().all(positive) || !accessibility.iter().flatten().all(|value| value.is_finite()) {
        let message = format!("{}: weights must be above 0, accessibility must be finite", table.display());
        return Err(FamilyError::Data(message));
    }
    Ok(Windows {
        length: sequences.length,
        bases: sequences.bases,
        labels: rows.iter().map(|row| row.label == 1).collect(),
        places,
        splits,
        weights,
        accessibility,
    })
}

/// An optional column: given for every row or for none.
fn column<'a, T>(
    rows: &'a [Row],
    table: &Path,
    name: &str,
    value: impl FnMut(&'a Row) -> Option<T>,
) -> Result<Option<Vec<T>>, FamilyError> {
    let values: Vec<T> = rows.iter().filter_map(value).collect();
    match values.len() {
        0 => Ok(None),
        found if found == rows.len() => Ok(Some(values)),
        found => Err(FamilyError::Data(format!(
            "{}: the column {name:?} is filled in {found} of {} rows; fill all or none",
            table.display(),
            rows.len()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_texts(fasta: &str, labels: &str) -> Result<Windows, String> {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("x.fa"), fasta).unwrap();
        std::fs::write(root.path().join("y.tsv"), labels).unwrap();
        let serde_json::Value::Object(values) = serde_json::json!({"fasta": "x.fa", "labels": "y.tsv"}) else {
            unreachable!()
        };
        read(&DataSpec { values, roots: vec![root.path().to_owned()] }).map_err(|error| error.to_string())
    }

    const FASTA: &str = ">a first\nACG\nTN\n>b\nttttt\n";

    #[test]
    fn sequences_are_joined_with_their_rows() {
        let windows = read_texts(FASTA, "label\tid\n1\tb\n0\ta\n").unwrap();
        assert_eq!((windows.rows(), windows.length), (2, 5));
        assert_eq!(windows.window(0), [0, 1, 2, 3, 4]);
        assert_eq!(windows.window(1), [3; 5]);
        assert_eq!(windows.labels, [false, true]);
        assert!(windows.places.is_none());
        let table = "id\tlabel\tchrom\tstart\tsplit\na\t0\tchr1\t5\ttrain\nb\t1\tchr2\t7\ttest\n";
        let windows = read_texts(FASTA, table).unwrap();
        assert_eq!(windows.places.unwrap()[1], Place { contig: 1, start: 7 });
        assert_eq!(windows.splits.unwrap(), [Split::Train, Split::Test]);
    }

    #[test]
    fn faults_come_with_their_line() {
        let good = "id\tlabel\na\t0\nb\t1\n";
        let fault = |fasta: &str, labels: &str| read_texts(fasta, labels).unwrap_err();
        assert!(fault(">a\nACG\n>b\nAC\n", good).contains("x.fa, line 3: \"b\" has 2 bases; expected 3"));
        assert!(fault(">a\nAC!\n>b\nACG\n", good).contains("line 1: \"a\" holds '!'"));
        assert!(fault("ACG\n", good).contains("x.fa: cannot be read as FASTA"));
        assert!(fault(FASTA, "id\tlabel\na\t0\n").contains("x.fa, line 4: \"b\" has no row"));
        assert!(fault(FASTA, "id\tlabel\na\t0\nb\t1\nc\t1\n").contains("y.tsv, line 4: \"c\" has no sequence"));
        assert!(fault(FASTA, "id\tlabel\na\t0\na\t1\n").contains("line 3: \"a\" stands in line 2"));
        assert!(fault(FASTA, "id\tlabel\na\t0\nb\t3\n").contains("y.tsv, line 3: the label is 3"));
        assert!(fault(FASTA, "id\tlabel\na\t0\nb\tyes\n").contains("y.tsv, line 3:"));
        assert!(fault(FASTA, "id\tlabel\tcolour\na\t0\tred\nb\t1\tred\n").contains("colour"));
        assert!(fault(FASTA, "id\tlabel\tstart\na\t0\t1\nb\t1\t\n").contains("1 of 2 rows"));
    }
}
