//! A forest: trees on bootstrap samples, and how well they predict what they did not see.

use rand::RngExt;
use rand::seq::SliceRandom;
use rayon::prelude::*;
use seqtune_core::seed::rng_of;

use super::coordinates::Coordinate;
use super::tree::{Grower, Tree};

/// Trees of a forest, as in Optuna's fANOVA.
const TREES: usize = 64;

/// Trees on bootstrap samples of the same rows.
#[derive(Clone, Debug)]
pub(crate) struct Forest {
    pub(crate) trees: Vec<Tree>,
    /// 1 minus the mean squared error of the trees that did not see a row, over the variance: 1 is perfect, 0 is no better
    /// than the mean. `None` where the values are all the same.
    pub(crate) r2: Option<f64>,
}

impl Forest {
    /// Each tree is a function of the seed and its number: threads change nothing.
    pub(crate) fn grow(
        coordinates: &[Coordinate],
        columns: &[Vec<f64>],
        values: &[f64],
        seed: u64,
        number: u64,
    ) -> Forest {
        let sorted: Vec<Vec<u32>> = columns.iter().map(|column| sorted(column)).collect();
        let one = |tree: usize| {
            let mut rng = rng_of(seed, number * TREES as u64 + tree as u64, "importance tree");
            let mut drawn = vec![0.0; values.len()];
            (0..values.len()).for_each(|_| drawn[rng.random_range(0..values.len())] += 1.0);
            let mut turns: Vec<usize> = (0..coordinates.len()).collect();
            turns.shuffle(&mut rng);
            let tree = Grower::new(coordinates, columns, values, &drawn, &sorted, &turns).grow();
            let unseen = (0..values.len()).filter(|row| drawn[*row] == 0.0);
            let predicted: Vec<(usize, f64)> = unseen.map(|row| (row, tree.predict(columns, row))).collect();
            (tree, predicted)
        };
        let grown: Vec<(Tree, Vec<(usize, f64)>)> = (0..TREES).into_par_iter().map(one).collect();
        let mut sums = vec![(0.0, 0.0); values.len()];
        for (row, value) in grown.iter().flat_map(|(_, predicted)| predicted) {
            sums[*row] = (sums[*row].0 + value, sums[*row].1 + 1.0);
        }
        let seen = values.iter().zip(&sums).filter(|(_, (_, count))| *count > 0.0);
        let pairs: Vec<(f64, f64)> = seen.map(|(value, (sum, count))| (*value, sum / count)).collect();
        Forest { trees: grown.into_iter().map(|(tree, _)| tree).collect(), r2: r2(&pairs) }
    }
}

/// Of pairs of a value and what was predicted.
fn r2(pairs: &[(f64, f64)]) -> Option<f64> {
    let mean = pairs.iter().map(|(value, _)| value).sum::<f64>() / pairs.len() as f64;
    let all: f64 = pairs.iter().map(|(value, _)| (value - mean).powi(2)).sum();
    let left: f64 = pairs.iter().map(|(value, predicted)| (value - predicted).powi(2)).sum();
    (all > 0.0).then(|| 1.0 - left / all)
}

/// Rows by their value; NaN last.
fn sorted(column: &[f64]) -> Vec<u32> {
    let mut rows: Vec<u32> = (0..column.len() as u32).collect();
    rows.sort_by(|a, b| column[*a as usize].total_cmp(&column[*b as usize]));
    rows
}
