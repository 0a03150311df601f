//! Data of the family: labelled windows of DNA, from NumPy files, from FASTA with a label table, or generated.
//!
//! The `[data]` table of a study names a source and its arguments, and how the rows are used:
//!
//! ```toml
//! [data]
//! source = "npy"                # or "fasta", "synthetic"
//! dir = "tf"                    # arguments of the source
//! prefix = "jund_"
//! folds = 5                     # common to all sources
//! group_bases = 100_000
//! negatives_per_positive = 20
//! ```
//!
//! All sources give the same [`Windows`].

mod fasta;
mod npy;
mod synthetic;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use seqtune_plugin::{DataSpec, FamilyError, Prepared};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

/// Code of a base that is not known; it is trained as four zeros.
pub const UNKNOWN: u8 = 4;

/// Labelled windows of DNA, all of one length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Windows {
    /// Bases per window.
    pub length: usize,
    /// `[rows, length]` in C order: 0 A, 1 C, 2 G, 3 T, 4 unknown.
    pub bases: Vec<u8>,
    /// `[rows]`: whether the factor binds.
    pub labels: Vec<bool>,
    /// `[rows]`: where each window starts; absent where the source does not say.
    pub places: Option<Vec<Place>>,
    /// `[rows]`: the split that the source gives each row.
    pub splits: Option<Vec<Split>>,
    /// `[rows]`: relative weight of a row within its class; 1 where absent.
    pub weights: Option<Vec<f32>>,
    /// `[rows]`: chromatin accessibility, concatenated to the features of every model.
    pub accessibility: Option<Vec<f32>>,
}

/// Where a window lies in the genome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Number of the chromosome or contig, in order of first appearance.
    pub contig: u32,
    /// First base, counted from 0.
    pub start: i64,
}

/// What a row is for. Validation chooses; test only reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// Trained on (or in a fold).
    Train,
    /// Validated on, with `folds = 1` (or in a fold).
    Valid,
    /// Never seen by the search; `evaluate` reports it.
    Test,
}

/// How the rows are used: the keys of `[data]` that all sources share.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    /// Folds inside one trial; 1 validates on the source's own split.
    pub folds: usize,
    /// Windows of one block of this many bases are never split between folds; 0 makes every row a group of its own.
    pub group_bases: u64,
    /// Negatives drawn per positive in each epoch, anew each time; 0 trains on all. Validation always uses all.
    pub negatives_per_positive: usize,
}

impl Default for Usage {
    fn default() -> Self {
        Usage { folds: 5, group_bases: 100_000, negatives_per_positive: 0 }
    }
}

/// What a study trains on.
#[derive(Debug)]
pub struct TfData {
    /// The rows.
    pub windows: Windows,
    /// How they are used.
    pub usage: Usage,
    /// `[rows]`: group of each row; a group is never split between folds.
    pub groups: Vec<u32>,
}

const SOURCES: &str = "`source` must be \"npy\", \"fasta\" or \"synthetic\"";

/// Reads or generates the windows that a `[data]` table names, checks them and makes their groups.
///
/// # Errors
/// [`FamilyError::Data`] naming the key, or the file and line, and what was expected.
pub fn prepare(spec: &DataSpec) -> Result<Prepared, FamilyError> {
    let (usage, source, arguments) = read_table(spec)?;
    let (windows, digest) = match source.as_str() {
        "npy" => with_digest(npy::read(&arguments)?),
        "fasta" => with_digest(fasta::read(&arguments)?),
        "synthetic" => {
            let generator: synthetic::Generator = arguments.read()?;
            (generator.generate()?, generator.digest())
        }
        other => return Err(FamilyError::Data(format!("[data]: {SOURCES}, not {other:?}"))),
    };
    windows.check()?;
    let groups = windows.groups(usage.group_bases)?;
    usage.check(&windows, &groups)?;
    let summary = summary(&windows, &groups);
    Ok(Prepared { digest, summary, content: Arc::new(TfData { windows, usage, groups }) })
}

/// The keys of the `[data]` table, each with one sentence.
pub fn keys() -> BTreeMap<String, String> {
    [
        ("source", "Where the windows come from: \"npy\", \"fasta\" or \"synthetic\"."),
        ("folds", "Folds inside one trial, stratified and grouped (default 5); 1 validates on the source's own split."),
        ("group_bases", "Windows of one block of this many bases stay in one fold (default 100000); 0: no groups."),
        ("negatives_per_positive", "Negatives drawn per positive in each epoch (default 0: all); validation uses all."),
        ("dir", "npy: folder of the files, below a data directory."),
        ("prefix", "npy: beginning of the file names (default none): PREFIXbases.npy, y, w, start, split."),
        ("accessibility", "npy: true reads PREFIXaccessibility.npy too (default false)."),
        ("fasta", "fasta: file of sequences of one length, plain or gzip."),
        (
            "labels",
            "fasta: tab-separated table with a header: id, label, optional start, chrom, split, weight, accessibility.",
        ),
        ("rows", "synthetic: windows to generate (default 2000)."),
        ("length", "synthetic: bases per window (default 101)."),
        ("positives", "synthetic: share of positives (default 0.1)."),
        ("strength", "synthetic: probability of the consensus base at each position of the motif (default 0.9)."),
        ("decoys", "synthetic: share of negatives with a half site or a scrambled motif (default 0.3)."),
        ("gc", "synthetic: share of G and C in the background (default 0.45)."),
        ("test", "synthetic: share of rows kept for test (default 0.2)."),
        ("seed", "synthetic: seed of the generator (default 1)."),
    ]
    .into_iter()
    .map(|(key, doc)| (key.to_owned(), doc.to_owned()))
    .collect()
}

/// Splits the table into what all sources share, the source's name, and the source's own arguments.
fn read_table(spec: &DataSpec) -> Result<(Usage, String, DataSpec), FamilyError> {
    let mut arguments = spec.clone();
    let mut common = DataSpec::default();
    for key in ["folds", "group_bases", "negatives_per_positive"] {
        if let Some(value) = arguments.values.remove(key) {
            common.values.insert(key.to_owned(), value);
        }
    }
    let source = match arguments.values.remove("source") {
        Some(serde_json::Value::String(source)) => source,
        Some(other) => return Err(FamilyError::Data(format!("[data]: {SOURCES}, not {other}"))),
        None => return Err(FamilyError::Data(format!("[data]: {SOURCES}; it is missing"))),
    };
    Ok((common.read()?, source, arguments))
}

impl Usage {
    fn check(&self, windows: &Windows, groups: &[u32]) -> Result<(), FamilyError> {
        let fail = |message: String| Err(FamilyError::Data(format!("[data]: {message}")));
        if self.folds == 0 || self.folds > 100 {
            return fail(format!("`folds` is {}; it must be from 1 to 100", self.folds));
        }
        if self.folds == 1 {
            let Some(splits) = &windows.splits else {
                return fail("`folds = 1` validates on the source's own split, and this source has none".to_owned());
            };
            for (split, name) in [(Split::Train, "train"), (Split::Valid, "valid")] {
                let labels: Vec<bool> = rows_of(splits, split).map(|row| windows.labels[row]).collect();
                if !labels.contains(&true) || !labels.contains(&false) {
                    return fail(format!("the {name} split needs a row of each class; choose `folds` of 2 or more"));
                }
            }
            return Ok(());
        }
        for (label, name) in [(true, "positive"), (false, "negative")] {
            let mut with: Vec<u32> =
                windows.in_folds().filter(|row| windows.labels[*row] == label).map(|row| groups[row]).collect();
            with.sort_unstable();
            with.dedup();
            if with.len() < self.folds {
                return fail(format!(
                    "`folds` is {}, but {name} rows lie in {} groups only; choose fewer folds or a smaller `group_bases`",
                    self.folds,
                    with.len()
                ));
            }
        }
        Ok(())
    }
}

impl Windows {
    /// Number of windows.
    pub fn rows(&self) -> usize {
        self.labels.len()
    }

    /// The bases of one window.
    pub fn window(&self, row: usize) -> &[u8] {
        &self.bases[row * self.length..(row + 1) * self.length]
    }

    /// The rows that are divided into folds: all but the test split.
    pub fn in_folds(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.rows()).filter(|row| self.splits.as_ref().is_none_or(|splits| splits[*row] != Split::Test))
    }

    /// The rows of one split; none where the source gives no splits.
    pub fn in_split(&self, split: Split) -> Vec<usize> {
        self.splits.as_ref().map(|splits| rows_of(splits, split).collect()).unwrap_or_default()
    }

    /// Numbers the neighbourhoods of `group_bases` bases, in order of first appearance. 0 gives each row its own.
    ///
    /// # Errors
    /// [`FamilyError::Data`] where the source does not say where the windows lie.
    pub fn groups(&self, group_bases: u64) -> Result<Vec<u32>, FamilyError> {
        let Some(size) = i64::try_from(group_bases).ok().filter(|size| *size > 0) else {
            return Ok((0..self.rows() as u32).collect());
        };
        let Some(places) = &self.places else {
            return Err(FamilyError::Data(
                "[data]: the source does not say where the windows start, so neighbours could fall into different \
                 folds; add the positions, or set `group_bases = 0` where the windows are unrelated"
                    .to_owned(),
            ));
        };
        let mut numbers = HashMap::new();
        Ok(places
            .iter()
            .map(|place| {
                let next = numbers.len() as u32;
                *numbers.entry((place.contig, place.start.div_euclid(size))).or_insert(next)
            })
            .collect())
    }

    /// What every source must give, whatever it read.
    fn check(&self) -> Result<(), FamilyError> {
        let positives = self.labels.iter().filter(|label| **label).count();
        if positives == 0 || positives == self.rows() {
            return Err(FamilyError::Data(format!(
                "the data has {} rows, {positives} of them positive; both classes are needed",
                self.rows()
            )));
        }
        if self.length == 0 {
            return Err(FamilyError::Data("the windows are empty; they need at least one base".to_owned()));
        }
        Ok(())
    }

    fn digest(&self) -> String {
        let mut hash = Sha256::new();
        hash.update((self.length as u64).to_le_bytes());
        hash.update((self.rows() as u64).to_le_bytes());
        hash.update(&self.bases);
        hash.update(self.labels.iter().map(|label| u8::from(*label)).collect::<Vec<u8>>());
        for place in self.places.iter().flatten() {
            hash.update(place.contig.to_le_bytes());
            hash.update(place.start.to_le_bytes());
        }
        for split in self.splits.iter().flatten() {
            hash.update([*split as u8]);
        }
        for numbers in [&self.weights, &self.accessibility] {
            // The marker keeps weights without accessibility apart from accessibility without weights.
            hash.update([u8::from(numbers.is_some())]);
            for number in numbers.iter().flatten() {
                hash.update(number.to_le_bytes());
            }
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn with_digest(windows: Windows) -> (Windows, String) {
    let digest = windows.digest();
    (windows, digest)
}

fn rows_of(splits: &[Split], split: Split) -> impl Iterator<Item = usize> + '_ {
    splits.iter().enumerate().filter(move |(_, found)| **found == split).map(|(row, _)| row)
}

fn summary(windows: &Windows, groups: &[u32]) -> BTreeMap<String, serde_json::Value> {
    let positives = windows.labels.iter().filter(|label| **label).count();
    let unknown = windows.bases.iter().filter(|base| **base == UNKNOWN).count();
    let mut summary = BTreeMap::from([
        ("rows".to_owned(), json!(windows.rows())),
        ("positives".to_owned(), json!(positives)),
        ("length".to_owned(), json!(windows.length)),
        ("unknown bases".to_owned(), json!(unknown)),
        ("groups".to_owned(), json!(groups.iter().max().map_or(0, |last| last + 1))),
        ("accessibility".to_owned(), json!(windows.accessibility.is_some())),
    ]);
    if windows.splits.is_some() {
        for (split, name) in [(Split::Train, "train"), (Split::Valid, "valid"), (Split::Test, "test")] {
            summary.insert(format!("rows of {name}"), json!(windows.in_split(split).len()));
        }
    }
    summary
}

/// The code of a base letter, in either case; `None` for what is no letter of IUPAC's nucleotide code.
fn code_of(letter: u8) -> Option<u8> {
    match letter.to_ascii_uppercase() {
        b'A' => Some(0),
        b'C' => Some(1),
        b'G' => Some(2),
        b'T' | b'U' => Some(3),
        b'N' | b'R' | b'Y' | b'S' | b'W' | b'K' | b'M' | b'B' | b'D' | b'H' | b'V' => Some(UNKNOWN),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(table: serde_json::Value) -> DataSpec {
        match table {
            serde_json::Value::Object(values) => DataSpec { values, roots: Vec::new() },
            other => panic!("not a table: {other}"),
        }
    }

    fn error(table: serde_json::Value) -> String {
        prepare(&spec(table)).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_wrong_table_is_named() {
        assert!(error(json!({})).contains("`source` must be"));
        assert!(error(json!({"source": "csv"})).contains("not \"csv\""));
        assert!(error(json!({"source": "synthetic", "colour": 1})).contains("colour"));
        assert!(error(json!({"source": "synthetic", "folds": 0})).contains("`folds` is 0"));
        assert!(error(json!({"source": "synthetic", "folds": "five"})).contains("[data]"));
        assert!(error(json!({"source": "synthetic", "group_bases": 1_000_000_000})).contains("choose fewer folds"));
        assert!(error(json!({"source": "npy", "dir": "nowhere"})).contains("SEQTUNE_DATA"));
    }

    #[test]
    fn groups_are_blocks_of_the_genome() {
        let place = |contig, start| Place { contig, start };
        let mut windows = Windows {
            length: 1,
            bases: vec![0; 5],
            labels: vec![true, false, false, false, false],
            places: Some(vec![place(0, 0), place(0, 99), place(0, 100), place(1, 50), place(0, 1)]),
            ..Windows::default()
        };
        assert_eq!(windows.groups(100).unwrap(), [0, 0, 1, 2, 0]);
        assert_eq!(windows.groups(0).unwrap(), [0, 1, 2, 3, 4]);
        windows.places = None;
        assert!(windows.groups(100).unwrap_err().to_string().contains("group_bases = 0"));
    }

    #[test]
    fn the_digest_tells_optional_columns_apart() {
        let plain = Windows { length: 1, bases: vec![0, 1], labels: vec![true, false], ..Windows::default() };
        let weights = Windows { weights: Some(vec![1.0, 2.0]), ..plain.clone() };
        let accessibility = Windows { accessibility: Some(vec![1.0, 2.0]), ..plain.clone() };
        assert_ne!(plain.digest(), weights.digest());
        assert_ne!(weights.digest(), accessibility.digest());
    }
}
