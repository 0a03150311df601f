//! How the rows are used: the keys of `[data]` that all sources share.

use std::ops::RangeInclusive;

use seqtune_plugin::{DataSpec, FamilyError};
use serde::Deserialize;

use super::SOURCES;

/// The keys that all sources share.
pub const KEYS: &[&str] = &[
    "folds",
    "fold_kind",
    "fold_seed",
    "labels",
    "shuffle_labels",
    "label_seed",
    "threshold",
    "min_length",
    "max_length",
];

/// How rows are divided into folds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FoldKind {
    /// Shuffled. Near-duplicates stand on both sides.
    Plain,
    /// Shuffled within each of the five levels of affinity.
    Stratified,
    /// Peptides that share a 9-mer core stay together.
    #[default]
    Grouped,
}

/// What is learned about a peptide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LabelKind {
    /// The affinity as measured.
    #[default]
    Affinity,
    /// The affinity, but the strongest where residues 2 and 8 are both leucine.
    Soft,
    /// Whether residues 2 and 8 are both leucine.
    Hard,
    /// Whether there are three leucines or more.
    Leucine,
}

impl LabelKind {
    /// The name in the `[data]` table.
    pub fn name(self) -> &'static str {
        match self {
            LabelKind::Affinity => "affinity",
            LabelKind::Soft => "soft",
            LabelKind::Hard => "hard",
            LabelKind::Leucine => "leucine",
        }
    }
}

/// How the rows are used.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    /// Folds inside one trial.
    pub folds: usize,
    /// How rows are divided into them.
    pub fold_kind: FoldKind,
    /// Seed of the folds; the study's where absent.
    pub fold_seed: Option<u64>,
    /// What is learned.
    pub labels: LabelKind,
    /// Permutes the labels among all rows: what is learned then is chance.
    pub shuffle_labels: bool,
    /// Seed of that permutation.
    pub label_seed: u64,
    /// A peptide binds below this many nM.
    pub threshold: f64,
    /// Shorter peptides are left out.
    pub min_length: Option<usize>,
    /// Longer peptides are left out.
    pub max_length: Option<usize>,
}

impl Default for Usage {
    fn default() -> Self {
        Usage {
            folds: 3,
            fold_kind: FoldKind::default(),
            fold_seed: None,
            labels: LabelKind::default(),
            shuffle_labels: false,
            label_seed: 1,
            threshold: 500.0,
            min_length: None,
            max_length: None,
        }
    }
}

impl Usage {
    /// The lengths of peptides that are wanted.
    pub fn lengths(&self) -> RangeInclusive<usize> {
        self.min_length.unwrap_or(0)..=self.max_length.unwrap_or(usize::MAX)
    }

    /// What of the usage shapes rows and labels, as text for the digest. Folds are no part of the data's identity.
    pub(super) fn shape(&self) -> String {
        let seed = self.shuffle_labels.then_some(self.label_seed);
        let labels = self.labels.name();
        format!("{labels} {seed:?} {} {:?} {:?}", self.threshold, self.min_length, self.max_length)
    }

    fn check(&self) -> Result<(), FamilyError> {
        let fail = |message: String| Err(FamilyError::Data(format!("[data]: {message}")));
        if !(2..=100).contains(&self.folds) {
            return fail(format!("`folds` is {}; it must be from 2 to 100", self.folds));
        }
        if !(self.threshold.is_finite() && self.threshold > 0.0) {
            return fail(format!("`threshold` is {}; it must be a number of nM above 0", self.threshold));
        }
        if self.lengths().is_empty() {
            let (low, high) = (self.lengths().start().to_owned(), self.lengths().end().to_owned());
            return fail(format!("`min_length` is {low}, above `max_length`, which is {high}"));
        }
        Ok(())
    }
}

/// Splits the table into what all sources share, the source's name, and the source's own arguments.
pub fn read(spec: &DataSpec) -> Result<(Usage, String, DataSpec), FamilyError> {
    let mut arguments = spec.clone();
    let mut common = DataSpec::default();
    for key in KEYS {
        if let Some(value) = arguments.values.remove(*key) {
            common.values.insert((*key).to_owned(), value);
        }
    }
    let source = match arguments.values.remove("source") {
        Some(serde_json::Value::String(source)) => source,
        Some(other) => return Err(FamilyError::Data(format!("[data]: {SOURCES}, not {other}"))),
        None => return Err(FamilyError::Data(format!("[data]: {SOURCES}; it is missing"))),
    };
    let usage: Usage = common.read()?;
    usage.check()?;
    Ok((usage, source, arguments))
}
