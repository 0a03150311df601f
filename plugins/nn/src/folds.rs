//! Folds: which rows validate which model.
//!
//! ```
//! use seqtune_nn::folds::{Fold, deal_groups, folds};
//!
//! let rows = [0, 1, 2, 3, 4, 5];
//! let positives = [true, false, true, false, false, false];
//! let groups = [0, 0, 1, 1, 2, 3];                       // rows 0 and 1 stay together, and so do 2 and 3
//! let numbers = deal_groups(&rows, &positives, &groups, 2, 17);
//! let folds = folds(&rows, &numbers, 2);
//! assert_eq!(folds.len(), 2);
//! assert!(folds.iter().all(|Fold { train, valid }| train.len() + valid.len() == 6));
//! assert_eq!(numbers[0], numbers[1]);
//! assert_ne!(numbers[0], numbers[2]);                    // each fold has one of the two positives
//! ```
//!
//! Membership is a function of the rows and a seed alone: all trials of a study, and its baselines, share their folds.

use std::cmp::Reverse;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use seqtune_plugin::FamilyError;

/// The rows of one fold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    /// Rows trained on, in the order given.
    pub train: Vec<usize>,
    /// Rows validated on, in the order given.
    pub valid: Vec<usize>,
}

/// Folds of `rows`, each of which validates in the fold of its number and trains in all others.
pub fn folds(rows: &[usize], numbers: &[usize], count: usize) -> Vec<Fold> {
    (0..count)
        .map(|number| {
            let of = |inside: bool| {
                let chosen = rows.iter().zip(numbers).filter(|(_, found)| (**found == number) == inside);
                chosen.map(|(row, _)| *row).collect()
            };
            Fold { train: of(false), valid: of(true) }
        })
        .collect()
}

/// The fold, from 0, of each of `rows`, without splitting a group. `positives` and `groups` are indexed by row.
///
/// Groups are dealt out, those with the most positives first and in seeded order among equals, each to the fold with
/// the fewest positives, and among equals to the one with the fewest rows: positives of two folds differ by at most
/// the positives of one group. Groups without positives come last, the largest first, each to the fold with the fewest rows.
pub fn deal_groups(rows: &[usize], positives: &[bool], groups: &[u32], count: usize, seed: u64) -> Vec<usize> {
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
        size.positives += usize::from(positives[*row]);
    }
    let mut order: Vec<usize> = (0..group_count).filter(|group| sizes[*group].rows > 0).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    // Stable: groups of equal size stay in seeded order.
    order.sort_by_key(|group| Reverse((sizes[*group].positives, sizes[*group].rows)));

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

/// The fold, from 0, of each of `rows`: shuffled, then dealt out class by class, so that the folds' rows of each class, and
/// their rows in all, differ by at most one. Plain folds are those of one class.
pub fn deal_classes(rows: &[usize], class: impl Fn(usize) -> u8, count: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    // Stable: rows of one class stay in seeded order.
    order.sort_by_key(|at| Reverse(class(rows[*at])));
    let mut numbers = vec![0; rows.len()];
    for (turn, at) in order.into_iter().enumerate() {
        numbers[at] = turn % count;
    }
    numbers
}

/// Checks that every fold trains and validates on both classes. `names` are what a negative and a positive row are called,
/// `advice` what a person can change.
///
/// # Errors
/// [`FamilyError::Data`] naming the fold.
pub fn check(folds: &[Fold], positives: &[bool], names: [&str; 2], advice: &str) -> Result<(), FamilyError> {
    for (number, fold) in folds.iter().enumerate() {
        for (part, rows) in [("trains", &fold.train), ("validates", &fold.valid)] {
            let lacks = |class: &bool| rows.iter().all(|row| positives[*row] != *class);
            if let Some(missing) = [true, false].into_iter().find(lacks) {
                let missing = names[usize::from(missing)];
                return Err(FamilyError::Data(format!("fold {number} {part} on no {missing}; {advice}")));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn grouped_folds_part_the_rows_by_groups_and_balance_positives(
            rows in proptest::collection::vec((proptest::bool::weighted(0.2), 0_u32..40), 1..400),
            count in 2_usize..8,
            seed: u64,
        ) {
            let (positives, groups): (Vec<bool>, Vec<u32>) = rows.iter().copied().unzip();
            let all: Vec<usize> = (0..rows.len()).collect();
            let folds = folds(&all, &deal_groups(&all, &positives, &groups, count, seed), count);
            prop_assert_eq!(folds.len(), count);

            // Every row validates in exactly one fold and trains in all others.
            let mut seen = vec![0; rows.len()];
            for fold in &folds {
                prop_assert_eq!(fold.train.len() + fold.valid.len(), rows.len());
                for row in &fold.valid {
                    seen[*row] += 1;
                    prop_assert!(fold.train.binary_search(row).is_err());
                    prop_assert!(fold.train.iter().all(|other| groups[*other] != groups[*row]));
                }
            }
            prop_assert!(seen.iter().all(|times| *times == 1));

            // Positives differ by at most one group's.
            let count_of = |fold: &Fold| fold.valid.iter().filter(|row| positives[**row]).count();
            let counts: Vec<usize> = folds.iter().map(count_of).collect();
            let largest = (0..40)
                .map(|group| rows.iter().filter(|(label, of)| *label && *of == group).count())
                .max()
                .unwrap_or(0);
            prop_assert!(counts.iter().max().unwrap_or(&0) - counts.iter().min().unwrap_or(&0) <= largest);
        }

        #[test]
        fn dealt_classes_differ_by_at_most_one(
            classes in proptest::collection::vec(0_u8..4, 1..300),
            count in 2_usize..8,
            seed: u64,
        ) {
            let all: Vec<usize> = (0..classes.len()).collect();
            let numbers = deal_classes(&all, |row| classes[row], count, seed);
            let spread = |keep: &dyn Fn(u8) -> bool| {
                let mut counts = vec![0_usize; count];
                numbers.iter().zip(&classes).filter(|(_, class)| keep(**class)).for_each(|(fold, _)| counts[*fold] += 1);
                counts.iter().max().unwrap_or(&0) - counts.iter().min().unwrap_or(&0)
            };
            prop_assert!(spread(&|_| true) <= 1);
            for class in 0..4 {
                prop_assert!(spread(&|found| found == class) <= 1);
            }
        }

        #[test]
        fn folds_are_a_function_of_the_seed(seed: u64) {
            let rows: Vec<usize> = (0..300).collect();
            let positives: Vec<bool> = rows.iter().map(|row| row % 7 == 0).collect();
            let groups: Vec<u32> = rows.iter().map(|row| *row as u32 / 3).collect();
            let of = |seed| (deal_groups(&rows, &positives, &groups, 5, seed), deal_classes(&rows, |_| 0, 5, seed));
            prop_assert_eq!(of(seed), of(seed));
            prop_assert_ne!(of(seed).0, of(seed.wrapping_add(1)).0);
            prop_assert_ne!(of(seed).1, of(seed.wrapping_add(1)).1);
        }
    }

    #[test]
    fn a_fold_with_one_class_is_refused() {
        let all = [0, 1, 2, 3];
        let positives = [true, true, false, false];
        let names = ["negative window", "positive window"];
        let error = check(&folds(&all, &[0, 0, 1, 1], 2), &positives, names, "use fewer folds").unwrap_err();
        assert_eq!(error.to_string(), "fold 0 trains on no positive window; use fewer folds");
        let error = check(&folds(&all, &[0, 1, 1, 1], 2), &positives, names, "use fewer folds").unwrap_err();
        assert_eq!(error.to_string(), "fold 0 validates on no negative window; use fewer folds");
        check(&folds(&all, &[0, 1, 0, 1], 2), &positives, names, "").unwrap();
    }
}
