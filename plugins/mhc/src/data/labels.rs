//! What is learned about each peptide: its affinity on a scale from 0 to about 1, or a toy rule that a sound model must
//! be able to learn.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::affinity::{LEVELS, level_of, score_of};

use super::{Inequality, LabelKind, Peptides, RESIDUES, Usage};

/// What is learned: one entry per row in each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Labels {
    /// `[rows]`: 1 - ln(nM) / ln(50000), not below 0; a little above 1 where the affinity is below 1 nM.
    pub targets: Vec<f32>,
    /// `[rows]`: whether the peptide binds: the affinity itself is below the threshold.
    pub binders: Vec<bool>,
    /// `[rows]`: how many of 50, 500, 5000 and 50000 nM the affinity is below: 4 is strongest.
    pub levels: Vec<u8>,
    /// `[rows]`: what the *target* says; an affinity that is only bounded from below bounds the target from above.
    pub bounds: Vec<Inequality>,
}

/// The label of one row.
#[derive(Clone, Copy)]
struct Label {
    target: f32,
    binder: bool,
    level: u8,
    bound: Inequality,
}

impl Labels {
    /// The labels that the usage asks for, permuted where it says so.
    pub(super) fn new(peptides: &Peptides, usage: &Usage) -> Labels {
        let mut labels: Vec<Label> = (0..peptides.rows()).map(|row| label(peptides, row, usage)).collect();
        if usage.shuffle_labels {
            labels.shuffle(&mut ChaCha8Rng::seed_from_u64(usage.label_seed));
        }
        Labels {
            targets: labels.iter().map(|label| label.target).collect(),
            binders: labels.iter().map(|label| label.binder).collect(),
            levels: labels.iter().map(|label| label.level).collect(),
            bounds: labels.iter().map(|label| label.bound).collect(),
        }
    }
}

fn label(peptides: &Peptides, row: usize, usage: &Usage) -> Label {
    let peptide = &peptides.sequences[row];
    match usage.labels {
        LabelKind::Affinity => measured(peptides, row, usage.threshold),
        LabelKind::Soft if leucine_at_2_and_8(peptide) => toy(true),
        LabelKind::Soft => measured(peptides, row, usage.threshold),
        LabelKind::Hard => toy(leucine_at_2_and_8(peptide)),
        LabelKind::Leucine => toy(peptide.iter().filter(|code| is_leucine(**code)).count() >= 3),
    }
}

fn measured(peptides: &Peptides, row: usize, threshold: f64) -> Label {
    let nanomolar = peptides.nanomolar[row];
    Label {
        target: score_of(nanomolar).max(0.0) as f32,
        binder: nanomolar < threshold,
        level: level_of(nanomolar) as u8,
        bound: match peptides.inequalities[row] {
            Inequality::Equal => Inequality::Equal,
            Inequality::Above => Inequality::Below,
            Inequality::Below => Inequality::Above,
        },
    }
}

fn toy(holds: bool) -> Label {
    Label {
        target: f32::from(u8::from(holds)),
        binder: holds,
        level: if holds { LEVELS.len() as u8 } else { 0 },
        bound: Inequality::Equal,
    }
}

fn leucine_at_2_and_8(peptide: &[u8]) -> bool {
    [1, 7].into_iter().all(|at| peptide.get(at).is_some_and(|code| is_leucine(*code)))
}

fn is_leucine(code: u8) -> bool {
    RESIDUES[usize::from(code)] == b'L'
}

#[cfg(test)]
mod tests {
    use super::super::code_of;
    use super::*;

    fn peptides(rows: &[(&str, f64, Inequality)]) -> Peptides {
        let codes = |text: &str| text.bytes().map(|letter| code_of(letter).unwrap()).collect();
        Peptides {
            sequences: rows.iter().map(|row| codes(row.0)).collect(),
            nanomolar: rows.iter().map(|row| row.1).collect(),
            inequalities: rows.iter().map(|row| row.2).collect(),
            splits: None,
        }
    }

    fn example() -> Peptides {
        peptides(&[
            ("ALAAAAALA", 1.0, Inequality::Equal),
            ("ALAAAAALLA", 500.0, Inequality::Equal),
            ("ALAAAAA", 20_000.0, Inequality::Above),
            ("LLLAAAAAA", 60_000.0, Inequality::Equal),
            ("AAAAAAAAA", 49.0, Inequality::Below),
        ])
    }

    fn labels(kind: LabelKind) -> Labels {
        Labels::new(&example(), &Usage { labels: kind, ..Usage::default() })
    }

    #[test]
    fn affinities_become_targets_levels_and_bounds() {
        let labels = labels(LabelKind::Affinity);
        assert_eq!(labels.targets[0], 1.0);
        assert!((labels.targets[1] - 0.425_625).abs() < 1e-5, "{}", labels.targets[1]);
        assert_eq!(labels.targets[3], 0.0);
        // Exactly 500 nM is no binder.
        assert_eq!(labels.binders, [true, false, false, false, true]);
        assert_eq!(labels.levels, [4, 2, 1, 0, 4]);
        let equal = Inequality::Equal;
        assert_eq!(labels.bounds, [equal, equal, Inequality::Below, equal, Inequality::Above]);
        let strict = Usage { threshold: 10.0, ..Usage::default() };
        assert_eq!(Labels::new(&example(), &strict).binders, [true, false, false, false, false]);
    }

    #[test]
    fn toy_rules_are_read_off_the_peptide() {
        let hard = labels(LabelKind::Hard);
        assert_eq!(hard.targets, [1.0, 1.0, 0.0, 0.0, 0.0]);
        assert_eq!(hard.binders, [true, true, false, false, false]);
        assert_eq!(hard.levels, [4, 4, 0, 0, 0]);
        let leucine = labels(LabelKind::Leucine);
        assert_eq!(leucine.binders, [false, true, false, true, false]);
        assert!(hard.bounds.iter().chain(&leucine.bounds).all(|bound| *bound == Inequality::Equal));

        let (soft, real) = (labels(LabelKind::Soft), labels(LabelKind::Affinity));
        assert_eq!(soft.targets[..2], [1.0, 1.0]);
        assert_eq!(soft.targets[2..], real.targets[2..]);
        assert_eq!(soft.binders, [true, true, false, false, true]);
        assert_eq!(soft.levels, [4, 4, 1, 0, 4]);
        assert_eq!(soft.bounds, real.bounds);
    }

    #[test]
    fn shuffling_moves_whole_labels_and_no_peptide() {
        let rows: Vec<(&str, f64, Inequality)> =
            (1..200).map(|row| ("AAAAAAAAA", f64::from(row) * 97.0, Inequality::Equal)).collect();
        let peptides = peptides(&rows);
        let plain = Labels::new(&peptides, &Usage::default());
        let usage = Usage { shuffle_labels: true, ..Usage::default() };
        let shuffled = Labels::new(&peptides, &usage);
        assert_ne!(plain, shuffled);
        assert_eq!(shuffled, Labels::new(&peptides, &usage));
        assert_ne!(shuffled, Labels::new(&peptides, &Usage { label_seed: 2, ..usage }));
        let sorted = |labels: &Labels| {
            let mut all: Vec<(u32, bool, u8)> = (0..labels.targets.len())
                .map(|row| (labels.targets[row].to_bits(), labels.binders[row], labels.levels[row]))
                .collect();
            all.sort_unstable();
            all
        };
        assert_eq!(sorted(&plain), sorted(&shuffled));
    }
}
