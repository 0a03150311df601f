//! Data of the family: peptides with affinities, from a table, from FASTA with a table of values, or generated.
//!
//! The `[data]` table of a study names a source and its arguments, and how the rows are used:
//!
//! ```toml
//! [data]
//! source = "table"              # or "fasta", "synthetic"
//! file = "mhc/hla_a_0201.tsv"   # arguments of the source
//! allele = "HLA-A*02:01"
//! folds = 3                     # common to all sources
//! fold_kind = "grouped"
//! labels = "affinity"
//! ```
//!
//! All sources give the same [`Peptides`].

mod columns;
mod fasta;
mod labels;
mod measurements;
mod records;
mod synthetic;
mod table;
mod usage;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use seqtune_plugin::{DataSpec, FamilyError, Prepared, text_digest};
use serde_json::json;
use sha2::{Digest, Sha256};

pub use labels::Labels;
pub use usage::{FoldKind, LabelKind, Usage};

use crate::folds;

/// The 20 residues in the order of their codes 0..19.
pub const RESIDUES: &[u8; 20] = b"ACDEFGHIKLMNPQRSTVWY";

/// What is known of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inequality {
    /// The number itself: it was measured.
    Equal,
    /// Only that the truth lies above the number: `>`.
    Above,
    /// Only that the truth lies below the number: `<`.
    Below,
}

/// What a row is for. Folds choose; test only reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// In the folds.
    Train,
    /// Never seen by the search; `evaluate` reports it.
    Test,
}

/// Peptides with the affinity of each to one MHC molecule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Peptides {
    /// `[rows]`: residue codes 0..19, see [`RESIDUES`]; at least one residue each.
    pub sequences: Vec<Vec<u8>>,
    /// `[rows]`: affinity in nM, as an IC50: the smaller, the stronger. Above 0.
    pub nanomolar: Vec<f64>,
    /// `[rows]`: what the affinity says.
    pub inequalities: Vec<Inequality>,
    /// `[rows]`: the split that the source gives each row; test rows are in no fold.
    pub splits: Option<Vec<Split>>,
}

/// What a study trains on.
#[derive(Clone, Debug)]
pub struct MhcData {
    /// The rows.
    pub peptides: Peptides,
    /// What is learned about each row.
    pub labels: Labels,
    /// How the rows are used.
    pub usage: Usage,
}

/// What a source gives.
struct Source {
    peptides: Peptides,
    /// Rows left out, by the reason that the summary names.
    left_out: BTreeMap<&'static str, usize>,
    /// Identity of the rows.
    digest: String,
}

const SOURCES: &str = "`source` must be \"table\", \"fasta\" or \"synthetic\"";

/// Reads or generates the peptides that a `[data]` table names, checks them and makes their labels.
///
/// # Errors
/// [`FamilyError::Data`] naming the key, or the file and line, and what was expected.
pub fn prepare(spec: &DataSpec) -> Result<Prepared, FamilyError> {
    let (usage, source, arguments) = usage::read(spec)?;
    let mut source = match source.as_str() {
        "table" => table::read(&arguments)?,
        "fasta" => fasta::read(&arguments)?,
        "synthetic" => {
            let generator: synthetic::Generator = arguments.read()?;
            Source { peptides: generator.generate()?, left_out: BTreeMap::new(), digest: generator.digest() }
        }
        other => return Err(FamilyError::Data(format!("[data]: {SOURCES}, not {other:?}"))),
    };
    let outside = source.peptides.retain(|peptide| usage.lengths().contains(&peptide.len()));
    if outside > 0 {
        source.left_out.insert("left out by length", outside);
    }
    if source.peptides.rows() == 0 {
        let reasons: Vec<String> = source.left_out.iter().map(|(reason, rows)| format!("{rows} {reason}")).collect();
        let reasons = if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join(", ")) };
        return Err(FamilyError::Data(format!("the data has no row to train on{reasons}")));
    }
    let labels = Labels::new(&source.peptides, &usage);
    let digest = text_digest(&format!("{} {}", source.digest, usage.shape()));
    let data = MhcData { peptides: source.peptides, labels, usage };
    let groups = folds::groups(&data.peptides);
    data.check(&groups)?;
    let summary = summary(&data, &groups, source.left_out);
    Ok(Prepared { digest, summary, content: Arc::new(data) })
}

/// The keys of the `[data]` table, each with one sentence.
pub fn keys() -> BTreeMap<String, String> {
    [
        ("source", "Where the peptides come from: \"table\", \"fasta\" or \"synthetic\"."),
        ("folds", "Folds inside one trial, from 2 to 100 (default 3)."),
        (
            "fold_kind",
            "\"grouped\" (default) keeps peptides that share a 9-mer core in one fold, \"stratified\" spreads the five \
             levels of affinity evenly, \"plain\" only shuffles.",
        ),
        ("fold_seed", "Seed of the folds (default: the study's), for studies that share folds or change them."),
        (
            "labels",
            "What is learned: \"affinity\" (default), or a toy rule: \"soft\" and \"hard\" (L at 2 and 8), \"leucine\" \
             (three L).",
        ),
        ("shuffle_labels", "true permutes the labels among all rows, as a control (default false)."),
        ("label_seed", "Seed of that permutation (default 1)."),
        ("threshold", "A peptide binds where its affinity is below this many nM (default 500)."),
        ("min_length", "Shorter peptides are left out and counted."),
        ("max_length", "Longer peptides are left out and counted."),
        (
            "file",
            "table: TSV or CSV with a header, plain or gzip, one peptide a line; fasta: the peptides, plain or gzip.",
        ),
        ("values", "fasta: a table with the id and the affinity of each sequence."),
        (
            "allele",
            "table, fasta: rows of other alleles are left out; HLA-A*02:01, HLA-A0201 and HLA-A-0201 mean the same.",
        ),
        ("skip_nonstandard", "table, fasta: true leaves peptides with other letters than the 20 residues out."),
        ("skip_unmeasured", "table, fasta: true leaves rows without a value out."),
        ("peptide_column", "table: header of the column of peptides, where it is not recognised."),
        ("id_column", "fasta: header of the column of ids, where it is not recognised."),
        ("value_column", "table, fasta: header of the column of affinities in nM, where it is not recognised."),
        ("allele_column", "table, fasta: header of the column of alleles, where it is not recognised."),
        ("inequality_column", "table, fasta: header of the column of =, > and <, where it is not recognised."),
        ("rows", "synthetic: peptides to generate (default 2000)."),
        ("noise", "synthetic: spread of the measurements on the scale of the target, 0 to 1 (default 0.1)."),
        ("test", "synthetic: share of rows kept for test (default 0)."),
        ("seed", "synthetic: seed of the generator (default 1)."),
    ]
    .into_iter()
    .map(|(key, doc)| (key.to_owned(), doc.to_owned()))
    .collect()
}

impl Peptides {
    /// Number of peptides.
    pub fn rows(&self) -> usize {
        self.sequences.len()
    }

    /// The rows that are divided into folds: all but the test split.
    pub fn in_folds(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.rows()).filter(|row| self.splits.as_ref().is_none_or(|splits| splits[*row] != Split::Test))
    }

    /// The rows of one split; none where the source gives no splits.
    pub fn in_split(&self, split: Split) -> Vec<usize> {
        let splits = self.splits.iter().flatten().enumerate();
        splits.filter(|(_, found)| **found == split).map(|(row, _)| row).collect()
    }

    /// Keeps the rows whose peptide is wanted and says how many went.
    fn retain(&mut self, wanted: impl Fn(&[u8]) -> bool) -> usize {
        let keep: Vec<bool> = self.sequences.iter().map(|peptide| wanted(peptide)).collect();
        kept(&mut self.sequences, &keep);
        kept(&mut self.nanomolar, &keep);
        kept(&mut self.inequalities, &keep);
        if let Some(splits) = &mut self.splits {
            kept(splits, &keep);
        }
        keep.iter().filter(|keep| !**keep).count()
    }

    fn digest(&self) -> String {
        let mut hash = Sha256::new();
        hash.update((self.rows() as u64).to_le_bytes());
        for (row, peptide) in self.sequences.iter().enumerate() {
            hash.update((peptide.len() as u64).to_le_bytes());
            hash.update(peptide);
            hash.update(self.nanomolar[row].to_le_bytes());
            hash.update([self.inequalities[row] as u8]);
        }
        for split in self.splits.iter().flatten() {
            hash.update([*split as u8]);
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn kept<T>(values: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    values.retain(|_| keep.next().copied().unwrap_or(false));
}

impl MhcData {
    /// Whether the rows can be divided as the study asks.
    fn check(&self, groups: &[u32]) -> Result<(), FamilyError> {
        let count = self.usage.folds;
        for (binder, name) in [(true, "binders"), (false, "other peptides")] {
            let of: Vec<usize> = self.peptides.in_folds().filter(|row| self.labels.binders[*row] == binder).collect();
            let (found, unit, advice) = match self.usage.fold_kind {
                FoldKind::Grouped => {
                    let groups: HashSet<u32> = of.iter().map(|row| groups[*row]).collect();
                    (groups.len(), "groups that share 9-mer cores", "choose fewer folds or another `fold_kind`")
                }
                _ => (of.len(), "rows", "choose fewer folds"),
            };
            if of.is_empty() {
                let rows = self.peptides.in_folds().count();
                return Err(FamilyError::Data(format!(
                    "the data has {rows} rows outside the test split and no {name} among them (threshold {} nM, \
                     labels {:?}); both classes are needed",
                    self.usage.threshold,
                    self.usage.labels.name()
                )));
            }
            if found < count {
                return Err(FamilyError::Data(format!(
                    "[data]: `folds` is {count}, but the {name} lie in {found} {unit} only; {advice}"
                )));
            }
        }
        Ok(())
    }
}

fn summary(
    data: &MhcData,
    groups: &[u32],
    left_out: BTreeMap<&'static str, usize>,
) -> BTreeMap<String, serde_json::Value> {
    let (peptides, labels) = (&data.peptides, &data.labels);
    let lengths = || peptides.sequences.iter().map(Vec::len);
    let distinct: HashSet<&[u8]> = peptides.sequences.iter().map(Vec::as_slice).collect();
    let mut sizes = vec![0_usize; groups.iter().max().map_or(0, |last| *last as usize + 1)];
    for group in groups {
        sizes[*group as usize] += 1;
    }
    let mut summary = BTreeMap::from([
        ("rows".to_owned(), json!(peptides.rows())),
        ("binders".to_owned(), json!(labels.binders.iter().filter(|binder| **binder).count())),
        ("9-mers".to_owned(), json!(lengths().filter(|length| *length == 9).count())),
        ("shortest".to_owned(), json!(lengths().min())),
        ("longest".to_owned(), json!(lengths().max())),
        (
            "rows with only a bound".to_owned(),
            json!(peptides.inequalities.iter().filter(|found| **found != Inequality::Equal).count()),
        ),
        ("repeated peptides".to_owned(), json!(peptides.rows() - distinct.len())),
        ("groups".to_owned(), json!(sizes.len())),
        ("largest group".to_owned(), json!(sizes.iter().max())),
        ("labels".to_owned(), json!(data.usage.labels.name())),
        ("labels shuffled".to_owned(), json!(data.usage.shuffle_labels)),
    ]);
    if peptides.splits.is_some() {
        for (split, name) in [(Split::Train, "train"), (Split::Test, "test")] {
            summary.insert(format!("rows of {name}"), json!(peptides.in_split(split).len()));
        }
    }
    summary.extend(left_out.into_iter().map(|(reason, rows)| (reason.to_owned(), json!(rows))));
    summary
}

/// The code of a residue letter, in either case; `None` for what is none of the 20.
fn code_of(letter: u8) -> Option<u8> {
    RESIDUES.iter().position(|residue| *residue == letter.to_ascii_uppercase()).map(|code| code as u8)
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
        assert!(error(json!({"source": 3})).contains("not 3"));
        assert!(error(json!({"source": "synthetic", "colour": 1})).contains("colour"));
        assert!(error(json!({"source": "synthetic", "folds": 1})).contains("`folds` is 1"));
        assert!(error(json!({"source": "synthetic", "folds": "five"})).contains("[data]"));
        assert!(error(json!({"source": "synthetic", "fold_kind": "grouped?"})).contains("`stratified`"));
        assert!(error(json!({"source": "synthetic", "threshold": 0})).contains("`threshold` is 0"));
        assert!(error(json!({"source": "synthetic", "threshold": 1e-9})).contains("no binders among them"));
        assert!(error(json!({"source": "synthetic", "min_length": 10, "max_length": 9})).contains("`min_length`"));
        let none = error(json!({"source": "synthetic", "min_length": 40}));
        assert!(none.contains("no row to train on: 2000 left out by length"), "{none}");
        assert!(error(json!({"source": "synthetic", "rows": 100, "folds": 90})).contains("choose fewer folds"));
        assert!(error(json!({"source": "table", "file": "nowhere"})).contains("SEQTUNE_DATA"));
    }

    #[test]
    fn every_key_that_is_read_is_documented() {
        let documented = keys();
        for key in usage::KEYS.iter().chain(table::KEYS).chain(fasta::KEYS).chain(synthetic::KEYS) {
            assert!(documented.contains_key(*key), "{key}");
        }
        let read = usage::KEYS.len() + table::KEYS.len() + fasta::KEYS.len() + synthetic::KEYS.len() + 1;
        // The keys that table and fasta share are counted twice.
        assert_eq!(documented.len(), read - table::KEYS.iter().filter(|key| fasta::KEYS.contains(*key)).count());
    }

    #[test]
    fn the_summary_counts_what_a_length_filter_leaves_out() {
        let all = prepare(&spec(json!({"source": "synthetic"}))).unwrap();
        let nine = json!({"source": "synthetic", "min_length": 9, "max_length": 9});
        let nine = prepare(&spec(nine)).unwrap();
        assert_eq!(nine.summary["rows"], all.summary["9-mers"]);
        assert_eq!(nine.summary["left out by length"], json!(2000 - nine.summary["rows"].as_u64().unwrap()));
        assert!(!all.summary.contains_key("left out by length"));
        let data: &MhcData = nine.content().unwrap();
        assert!(data.peptides.sequences.iter().all(|peptide| peptide.len() == 9));
        assert_eq!(data.labels.targets.len(), data.peptides.rows());
    }

    #[test]
    fn the_digest_is_of_rows_and_labels_and_not_of_folds() {
        let digest = |table: serde_json::Value| prepare(&spec(table)).unwrap().digest;
        let plain = digest(json!({"source": "synthetic"}));
        assert_eq!(plain, digest(json!({"source": "synthetic", "folds": 5, "fold_kind": "plain", "fold_seed": 3})));
        assert_eq!(plain, digest(json!({"source": "synthetic", "label_seed": 9})));
        for other in [
            json!({"source": "synthetic", "seed": 2}),
            json!({"source": "synthetic", "labels": "leucine"}),
            json!({"source": "synthetic", "shuffle_labels": true}),
            json!({"source": "synthetic", "threshold": 100.0}),
            json!({"source": "synthetic", "max_length": 10}),
        ] {
            assert_ne!(plain, digest(other));
        }
    }
}
