//! Folds: which rows validate which model.
//!
//! Membership is a function of the rows and the seed alone: all trials of a study, and its baselines, share their
//! folds. Tables of measured peptides hold many near-duplicates, such as a 9-mer and the 10-mer around it. Grouped folds keep
//! them on one side, so that the validation does not ask for what was learned by heart.

use std::collections::{BTreeSet, HashMap, HashSet};

use seqtune_nn::folds::{self, deal_classes, deal_groups};
use seqtune_plugin::FamilyError;

pub use seqtune_nn::folds::Fold;

use crate::data::{FoldKind, MhcData, Peptides};
use crate::view::{CORE, MOST_MISSING};

/// The folds of a study; `fold_seed` of the data comes before the study's seed.
pub fn folds(data: &MhcData, study_seed: u64) -> Vec<Fold> {
    let rows: Vec<usize> = data.peptides.in_folds().collect();
    let count = data.usage.folds;
    let seed = data.usage.fold_seed.unwrap_or(study_seed);
    let numbers = match data.usage.fold_kind {
        FoldKind::Plain => deal_classes(&rows, |_| 0, count, seed),
        FoldKind::Stratified => deal_classes(&rows, |row| data.labels.levels[row], count, seed),
        FoldKind::Grouped => deal_groups(&rows, &data.labels.binders, &groups(&data.peptides), count, seed),
    };
    folds::folds(&rows, &numbers, count)
}

/// Checks that every fold trains and validates on both classes.
///
/// # Errors
/// [`FamilyError::Data`] naming the fold.
pub fn check(folds: &[Fold], binders: &[bool]) -> Result<(), FamilyError> {
    let names = ["peptide that does not bind", "binder"];
    folds::check(folds, binders, names, "use fewer folds, another `fold_kind`, or another seed")
}

/// The group of each peptide, numbered in order of first appearance.
///
/// Peptides that share a contiguous 9-mer belong together, and so does one of six to eight residues with all that
/// contain it, and what these belong with in turn. Shorter ones belong with their repeats only: many peptides contain
/// them by chance. Sharing eight residues is not enough between longer peptides: overlapping windows of one protein
/// would grow into long chains.
pub fn groups(peptides: &Peptides) -> Vec<u32> {
    let short: HashSet<&[u8]> =
        peptides.sequences.iter().map(Vec::as_slice).filter(|peptide| peptide.len() < CORE).collect();
    let shortest = CORE - MOST_MISSING;
    let lengths: BTreeSet<usize> = short.iter().map(|peptide| peptide.len()).chain([CORE]).collect();
    let mut sets = Sets((0..peptides.rows()).collect());
    let mut first: HashMap<&[u8], usize> = HashMap::new();
    for (row, peptide) in peptides.sequences.iter().enumerate() {
        let within = |length: usize| length == peptide.len() || (length < peptide.len() && length >= shortest);
        for length in lengths.iter().filter(|length| within(**length)) {
            for part in peptide.windows(*length).filter(|part| *length == CORE || short.contains(part)) {
                let with = *first.entry(part).or_insert(row);
                sets.join(with, row);
            }
        }
    }
    let mut numbers = HashMap::new();
    (0..peptides.rows())
        .map(|row| {
            let next = numbers.len() as u32;
            *numbers.entry(sets.root(row)).or_insert(next)
        })
        .collect()
}

/// Disjoint sets of rows: each row points towards the root of its set.
struct Sets(Vec<usize>);

impl Sets {
    fn root(&mut self, mut row: usize) -> usize {
        while self.0[row] != row {
            // Halves the path for the next search.
            self.0[row] = self.0[self.0[row]];
            row = self.0[row];
        }
        row
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other)] = one.min(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Inequality, Labels, Split, Usage};
    use proptest::prelude::*;

    fn data(rows: &[(Vec<u8>, u8)], kind: FoldKind, folds: usize) -> MhcData {
        MhcData {
            peptides: Peptides {
                sequences: rows.iter().map(|row| row.0.clone()).collect(),
                nanomolar: vec![1.0; rows.len()],
                inequalities: vec![Inequality::Equal; rows.len()],
                splits: None,
            },
            labels: Labels {
                targets: vec![0.0; rows.len()],
                binders: rows.iter().map(|row| row.1 >= 3).collect(),
                levels: rows.iter().map(|row| row.1).collect(),
                bounds: vec![Inequality::Equal; rows.len()],
            },
            usage: Usage { folds, fold_kind: kind, ..Usage::default() },
        }
    }

    /// Two letters only, so that peptides share cores.
    fn rows() -> impl Strategy<Value = Vec<(Vec<u8>, u8)>> {
        let peptide = proptest::collection::vec(0_u8..2, 4..12);
        proptest::collection::vec((peptide, 0_u8..5), 1..60)
    }

    fn kinds() -> impl Strategy<Value = FoldKind> {
        proptest::sample::select(vec![FoldKind::Plain, FoldKind::Stratified, FoldKind::Grouped])
    }

    fn contains(outer: &[u8], inner: &[u8]) -> bool {
        outer.windows(inner.len()).any(|part| part == inner)
    }

    fn related(one: &[u8], other: &[u8]) -> bool {
        let core = |peptide: &[u8], other: &[u8]| match peptide.len() {
            ..6 => peptide == other,
            6..CORE => contains(other, peptide),
            _ => peptide.windows(CORE).any(|core| contains(other, core)),
        };
        core(one, other) || core(other, one)
    }

    /// The groups by a flood over all pairs.
    fn flooded(peptides: &Peptides) -> Vec<u32> {
        let count = peptides.rows();
        let mut groups = vec![u32::MAX; count];
        let mut next = 0;
        for start in 0..count {
            if groups[start] != u32::MAX {
                continue;
            }
            let mut open = vec![start];
            while let Some(row) = open.pop() {
                groups[row] = next;
                let beside = (0..count).filter(|other| {
                    groups[*other] == u32::MAX && related(&peptides.sequences[row], &peptides.sequences[*other])
                });
                open.extend(beside);
            }
            next += 1;
        }
        groups
    }

    proptest! {
        #[test]
        fn every_row_validates_once(rows in rows(), kind in kinds(), count in 2_usize..8, seed: u64) {
            let mut data = data(&rows, kind, count);
            let found = folds(&data, seed);
            prop_assert_eq!(found.len(), count);
            let mut seen = vec![0; rows.len()];
            for fold in &found {
                prop_assert_eq!(fold.train.len() + fold.valid.len(), rows.len());
                prop_assert!(fold.train.is_sorted() && fold.valid.is_sorted());
                for row in &fold.valid {
                    seen[*row] += 1;
                    prop_assert!(fold.train.binary_search(row).is_err());
                }
            }
            prop_assert!(seen.iter().all(|times| *times == 1));
            prop_assert_eq!(&folds(&data, seed), &found);
            data.usage.fold_seed = Some(seed);
            prop_assert_eq!(&folds(&data, seed.wrapping_add(1)), &found);
        }

        #[test]
        fn groups_are_peptides_that_share_cores(rows in rows()) {
            let data = data(&rows, FoldKind::Grouped, 2);
            prop_assert_eq!(groups(&data.peptides), flooded(&data.peptides));
        }

        #[test]
        fn grouped_folds_keep_groups_whole(rows in rows(), count in 2_usize..8, seed: u64) {
            let data = data(&rows, FoldKind::Grouped, count);
            let groups = groups(&data.peptides);
            let mut fold_of = HashMap::new();
            for (number, fold) in folds(&data, seed).iter().enumerate() {
                for row in &fold.valid {
                    prop_assert_eq!(*fold_of.entry(groups[*row]).or_insert(number), number);
                }
            }
        }

        #[test]
        fn another_seed_gives_other_folds(kind in kinds(), seed: u64) {
            let rows: Vec<(Vec<u8>, u8)> = (0..200_u8).map(|row| (vec![row % 20, row / 20, 3], row % 5)).collect();
            let data = data(&rows, kind, 3);
            prop_assert_ne!(folds(&data, seed), folds(&data, seed.wrapping_add(1)));
        }
    }

    #[test]
    fn a_chain_of_shared_cores_is_one_group() {
        let peptides = |texts: &[&str]| Peptides {
            sequences: texts.iter().map(|text| text.bytes().map(|letter| letter - b'A').collect()).collect(),
            ..Peptides::default()
        };
        // The first two share a 9-mer, the third the next; the 8-mer lies in the last alone.
        let chain = ["ABCDEFGHIJ", "BCDEFGHIJK", "CDEFGHIJKL", "AAAAAAAA", "CAAAAAAAAC", "ABCDEFGHC"];
        assert_eq!(groups(&peptides(&chain)), [0, 0, 0, 1, 1, 2]);
        // What is too short to be a core stays with its repeats only.
        assert_eq!(groups(&peptides(&["ABC", "ABCDEFGHI", "BCD", "ABC", "ABCDEF"])), [0, 1, 2, 0, 1]);
    }

    #[test]
    fn test_rows_are_in_no_fold() {
        let rows: Vec<(Vec<u8>, u8)> = (0..20).map(|row| (vec![row; 9], row % 5)).collect();
        for kind in [FoldKind::Plain, FoldKind::Stratified, FoldKind::Grouped] {
            let mut data = data(&rows, kind, 2);
            data.peptides.splits = Some((0..20).map(|row| if row < 4 { Split::Test } else { Split::Train }).collect());
            for fold in folds(&data, 1) {
                assert!(fold.train.iter().chain(&fold.valid).all(|row| *row >= 4));
                assert_eq!(fold.train.len() + fold.valid.len(), 16);
            }
        }
    }
}
