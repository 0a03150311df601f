//! Folds: which rows validate which model.
//!
//! Folds are stratified (positives spread evenly) and grouped (a genomic neighbourhood is never split, so that a window
//! and the one beside it do not stand on both sides). Membership is a function of the rows and the study's seed alone:
//! all trials of a study, and the baselines, share their folds.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use seqtune_plugin::FamilyError;

use crate::data::{Split, TfData};

/// The rows of one fold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    /// Rows trained on, ascending.
    pub train: Vec<usize>,
    /// Rows validated on, ascending.
    pub valid: Vec<usize>,
}

/// The folds of a study. With `folds = 1` the one fold is the source's own split, and the seed has no part in it.
pub fn folds(data: &TfData, study_seed: u64) -> Vec<Fold> {
    let windows = &data.windows;
    if data.usage.folds == 1 {
        return vec![Fold { train: windows.in_split(Split::Train), valid: windows.in_split(Split::Valid) }];
    }
    let rows: Vec<usize> = windows.in_folds().collect();
    let numbers = assign(&rows, &windows.labels, &data.groups, data.usage.folds, study_seed);
    (0..data.usage.folds)
        .map(|number| {
            let of = |inside: bool| {
                let chosen = rows.iter().zip(&numbers).filter(|(_, found)| (**found == number) == inside);
                chosen.map(|(row, _)| *row).collect()
            };
            Fold { train: of(false), valid: of(true) }
        })
        .collect()
}

/// Checks that every fold trains and validates on both classes.
///
/// # Errors
/// [`FamilyError::Data`] naming the fold.
pub fn check(folds: &[Fold], labels: &[bool]) -> Result<(), FamilyError> {
    for (number, fold) in folds.iter().enumerate() {
        for (part, rows) in [("trains", &fold.train), ("validates", &fold.valid)] {
            if let Some(missing) = [true, false].into_iter().find(|label| rows.iter().all(|row| labels[*row] != *label))
            {
                let missing = if missing { "positive" } else { "negative" };
                return Err(FamilyError::Data(format!(
                    "fold {number} {part} on no {missing} window; use fewer folds, a smaller group_bases, or another seed"
                )));
            }
        }
    }
    Ok(())
}

/// The fold, from 0, of each of `rows`. `labels` and `groups` are indexed by row.
///
/// Groups are dealt out, those with the most positives first and in seeded order among equals, each to the fold with
/// the fewest positives, and among equals to the one with the fewest rows: positives of two folds differ by at most
/// the positives of one group.
pub fn assign(rows: &[usize], labels: &[bool], groups: &[u32], count: usize, seed: u64) -> Vec<usize> {
    #[derive(Clone, Copy, Default)]
    struct Size {
        positives: usize,
        rows: usize,
    }
    let group_count = groups.iter().max().map_or(0, |last| *last as usize + 1);
    let mut sizes = vec![Size::default(); group_count];
    for row in rows {
        let size = &mut sizes[groups[*row] as usize];
        size.rows += 1;
        size.positives += usize::from(labels[*row]);
    }
    let mut order: Vec<usize> = (0..group_count).filter(|group| sizes[*group].rows > 0).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    // Stable: groups of equal size stay in seeded order.
    order.sort_by_key(|group| std::cmp::Reverse((sizes[*group].positives, sizes[*group].rows)));

    let mut filled = vec![Size::default(); count];
    let mut fold_of = vec![0; group_count];
    for group in order {
        let size = sizes[group];
        let key = |fold: &usize| match size.positives {
            0 => (filled[*fold].rows, 0),
            _ => (filled[*fold].positives, filled[*fold].rows),
        };
        let fold = (0..count).min_by_key(key).unwrap_or(0);
        filled[fold].positives += size.positives;
        filled[fold].rows += size.rows;
        fold_of[group] = fold;
    }
    rows.iter().map(|row| fold_of[groups[*row] as usize]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Usage, Windows};
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn folds_part_the_rows_by_groups_and_balance_positives(
            rows in proptest::collection::vec((proptest::bool::weighted(0.2), 0_u32..40), 1..400),
            count in 2_usize..8,
            seed: u64,
        ) {
            let data = data(&rows, count);
            let folds = folds(&data, seed);
            prop_assert_eq!(folds.len(), count);

            // Every row validates in exactly one fold and trains in all others.
            let mut seen = vec![0; rows.len()];
            for fold in &folds {
                prop_assert_eq!(fold.train.len() + fold.valid.len(), rows.len());
                for row in &fold.valid {
                    seen[*row] += 1;
                    prop_assert!(fold.train.binary_search(row).is_err());
                }
            }
            prop_assert!(seen.iter().all(|times| *times == 1));

            // A group is whole.
            for fold in &folds {
                for row in &fold.valid {
                    prop_assert!(fold.train.iter().all(|other| rows[*other].1 != rows[*row].1));
                }
            }

            // Positives differ by at most one group's.
            let positives = |fold: &Fold| fold.valid.iter().filter(|row| rows[**row].0).count();
            let counts: Vec<usize> = folds.iter().map(positives).collect();
            let largest = (0..40)
                .map(|group| rows.iter().filter(|(label, of)| *label && *of == group).count())
                .max()
                .unwrap_or(0);
            prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= largest);
        }

        #[test]
        fn folds_are_a_function_of_the_seed(seed: u64) {
            let rows: Vec<(bool, u32)> = (0..300).map(|row| (row % 7 == 0, row / 3)).collect();
            let data = data(&rows, 5);
            prop_assert_eq!(folds(&data, seed), folds(&data, seed));
            prop_assert_ne!(folds(&data, seed), folds(&data, seed.wrapping_add(1)));
        }
    }

    #[test]
    fn a_fold_with_one_class_is_refused() {
        // Two groups for three folds' worth of negatives: one fold validates on positives alone.
        let rows = [(true, 0), (true, 0), (true, 1), (false, 1), (true, 2), (false, 2)];
        let labels: Vec<bool> = rows.iter().map(|row| row.0).collect();
        let error = check(&folds(&data(&rows, 3), 1), &labels).unwrap_err();
        assert!(error.to_string().contains("validates on no negative window"), "{error}");
        let rows: Vec<(bool, u32)> = (0..20).map(|row| (row % 2 == 0, row)).collect();
        let labels: Vec<bool> = rows.iter().map(|row| row.0).collect();
        check(&folds(&data(&rows, 2), 1), &labels).unwrap();
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
