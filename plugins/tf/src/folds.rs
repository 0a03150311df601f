//! Folds: which rows validate which model.
//!
//! Folds are stratified (positives spread evenly) and grouped (a genomic neighbourhood is never split, so that a window
//! and the one beside it do not stand on both sides). Membership is a function of the rows and the study's seed alone:
//! all trials of a study, and the baselines, share their folds.

use seqtune_nn::folds::{self, deal_groups};
use seqtune_plugin::FamilyError;

pub use seqtune_nn::folds::Fold;

use crate::data::{Split, TfData};

/// The folds of a study. With `folds = 1` the one fold is the source's own split, and the seed has no part in it.
pub fn folds(data: &TfData, study_seed: u64) -> Vec<Fold> {
    let windows = &data.windows;
    let count = data.usage.folds;
    if count == 1 {
        return vec![Fold { train: windows.in_split(Split::Train), valid: windows.in_split(Split::Valid) }];
    }
    let rows: Vec<usize> = windows.in_folds().collect();
    let numbers = deal_groups(&rows, &windows.labels, &data.groups, count, study_seed);
    folds::folds(&rows, &numbers, count)
}

/// Checks that every fold trains and validates on both classes.
///
/// # Errors
/// [`FamilyError::Data`] naming the fold.
pub fn check(folds: &[Fold], labels: &[bool]) -> Result<(), FamilyError> {
    let names = ["negative window", "positive window"];
    folds::check(folds, labels, names, "use fewer folds, a smaller group_bases, or another seed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Usage, Windows};

    fn data(rows: &[(bool, u32)], folds: usize) -> TfData {
        let windows = Windows {
            length: 1,
            bases: vec![0; rows.len()],
            labels: rows.iter().map(|(label, _)| *label).collect(),
            ..Windows::default()
        };
        let groups = rows.iter().map(|(_, group)| *group).collect();
        TfData { windows, groups, usage: Usage { folds, ..Usage::default() } }
    }

    #[test]
    fn neighbourhoods_are_whole_and_folds_follow_from_the_seed() {
        let rows: Vec<(bool, u32)> = (0..300).map(|row| (row % 7 == 0, row / 3)).collect();
        let data = data(&rows, 5);
        for fold in folds(&data, 1) {
            assert!(fold.valid.iter().all(|row| fold.train.iter().all(|other| rows[*other].1 != rows[*row].1)));
        }
        assert_eq!(folds(&data, 1), folds(&data, 1));
        assert_ne!(folds(&data, 1), folds(&data, 2));
    }

    #[test]
    fn one_fold_is_the_split_of_the_source() {
        let mut data = data(&[(true, 0), (false, 1), (true, 2), (false, 3)], 1);
        data.windows.splits = Some(vec![Split::Train, Split::Train, Split::Valid, Split::Test]);
        assert_eq!(folds(&data, 9), [Fold { train: vec![0, 1], valid: vec![2] }]);
    }

    #[test]
    fn test_rows_are_in_no_fold() {
        let rows: Vec<(bool, u32)> = (0..20).map(|row| (row % 2 == 0, row)).collect();
        let mut data = data(&rows, 2);
        data.windows.splits = Some((0..20).map(|row| if row < 4 { Split::Test } else { Split::Train }).collect());
        for fold in folds(&data, 1) {
            assert!(fold.train.iter().chain(&fold.valid).all(|row| *row >= 4));
        }
    }
}
