//! PED-ANOVA: how differently a parameter is distributed among the best trials.
//!
//! Densities of numbers are Parzen estimates over cells, as in Optuna 5: normal kernels, cut off at the ends of the range, of
//! the width that Scott's rule gives. Those of choices are counts. A uniform prior weighs as much as one trial.

use rand::RngExt;
use rayon::prelude::*;
use seqtune_core::seed::rng_of;
use seqtune_plugin::Direction;
use seqtune_space::{Params, SearchSpace};

use super::{Importance, ImportanceError, Interval, LeftOut, ParameterImportance, PedAnova, ranked};
use crate::surrogate::{Coordinate, FEWEST, Kind, Read};

/// Cells of numbers that have none of their own, or more.
const CELLS: usize = 50;

/// Bootstrap samples that the intervals are from.
const SAMPLES: usize = 100;

/// The narrowest kernel, in cells: 90 % of it are within its own.
const NARROWEST: f64 = 0.5 / 1.64;

/// A parameter as it is counted.
struct Counted {
    /// How many cells.
    cells: usize,
    /// Whether neighbouring cells are alike.
    ordered: bool,
    /// The cell of each trial; `cells` where the trial does not have it.
    of: Vec<u16>,
}

pub(super) fn importance(
    space: &SearchSpace,
    trials: &[(&Params, f64)],
    question: PedAnova,
    seed: u64,
) -> Result<Importance, ImportanceError> {
    let PedAnova { direction, best, among } = question;
    if !(0.0 < best && best < among && among <= 1.0) {
        return Err(ImportanceError::Shares { best, among });
    }
    let Read { coordinates, columns, values } = Read::of(space, trials)?;
    let counted: Vec<Counted> =
        coordinates.iter().zip(&columns).map(|(one, column)| Counted::new(one, column)).collect();
    let loss = |row: usize| if direction == Direction::Minimize { values[row] } else { -values[row] };
    let mut ranking: Vec<usize> = (0..values.len()).collect();
    ranking.sort_by(|a, b| loss(*a).total_cmp(&loss(*b)));
    let same = |a: usize, b: usize| values[a] == values[b];

    let have: Vec<usize> = counted.iter().map(Counted::trials).collect();
    let shares = |drawn: &[f64]| {
        let top = best_of(&ranking, drawn, best, same);
        let rest = best_of(&ranking, drawn, among, same);
        let distances = counted
            .iter()
            .zip(&have)
            .map(|(one, have)| if *have < FEWEST { 0.0 } else { one.divergence(&ranking, drawn, top, rest) });
        normalised(distances.collect())
    };
    let once = shares(&vec![1.0; values.len()]);
    let sample = |number: usize| {
        let mut rng = rng_of(seed, number as u64, "importance sample");
        let mut drawn = vec![0.0; values.len()];
        (0..values.len()).for_each(|_| drawn[rng.random_range(0..values.len())] += 1.0);
        shares(&drawn)
    };
    let samples: Vec<Vec<f64>> = (0..SAMPLES).into_par_iter().map(sample).collect();

    let (mut parameters, mut left_out) = (Vec::new(), Vec::new());
    for (at, (coordinate, trials)) in coordinates.into_iter().zip(have).enumerate() {
        let name = coordinate.name;
        if trials < FEWEST {
            left_out.push(LeftOut { name, trials });
            continue;
        }
        // A resampled noise is noise twice: the interval may lie above what the trials say, and is widened to hold it.
        let Interval { low, high, .. } = Interval::of(samples.iter().map(|shares| shares[at]).collect());
        let mean = once[at];
        parameters.push(ParameterImportance { name, mean, low: low.min(mean), high: high.max(mean), trials, r2: None });
    }
    Ok(Importance { parameters: ranked(parameters), pairs: Vec::new(), left_out, trials: values.len(), r2: None })
}

/// How many trials of the ranking are a share of all that were drawn; trials that are as good as the last one count too.
fn best_of(ranking: &[usize], drawn: &[f64], share: f64, same: impl Fn(usize, usize) -> bool) -> usize {
    let all: f64 = drawn.iter().sum();
    let enough = (share * all - 1e-9).ceil();
    let (mut sum, mut count) = (0.0, 0);
    while count < ranking.len() && (sum < enough || same(ranking[count], ranking[count - 1])) {
        sum += drawn[ranking[count]];
        count += 1;
    }
    count
}

/// As shares of their sum; zeros where that is nothing.
fn normalised(distances: Vec<f64>) -> Vec<f64> {
    let all: f64 = distances.iter().sum();
    if all > 1e-12 { distances.iter().map(|one| one / all).collect() } else { vec![0.0; distances.len()] }
}

impl Counted {
    fn new(coordinate: &Coordinate, column: &[f64]) -> Counted {
        let (cells, ordered) = match &coordinate.kind {
            Kind::Choices(count) => (*count, false),
            Kind::Number { ends } if (2..=CELLS + 1).contains(&ends.len()) => (ends.len() - 1, true),
            Kind::Number { .. } => (CELLS, true),
        };
        let cell = |value: f64| match &coordinate.kind {
            _ if value.is_nan() => cells,
            Kind::Choices(_) => value as usize,
            Kind::Number { ends } if ends.len() == cells + 1 => {
                ends.partition_point(|end| *end <= value).clamp(1, cells) - 1
            }
            Kind::Number { .. } => ((value * cells as f64) as usize).min(cells - 1),
        };
        Counted { cells, ordered, of: column.iter().map(|value| cell(*value) as u16).collect() }
    }

    fn trials(&self) -> usize {
        self.of.iter().filter(|cell| usize::from(**cell) < self.cells).count()
    }

    /// Pearson's divergence of the density among the first `top` trials of the ranking from that among the first `rest`,
    /// weighed by the shares of these trials that have the parameter at all (conditional PED-ANOVA).
    fn divergence(&self, ranking: &[usize], drawn: &[f64], top: usize, rest: usize) -> f64 {
        let mut all = vec![0.0; self.cells + 1];
        ranking[..top].iter().for_each(|row| all[usize::from(self.of[*row])] += drawn[*row]);
        let best = all.clone();
        ranking[top..rest].iter().for_each(|row| all[usize::from(self.of[*row])] += drawn[*row]);
        let sum = |counts: &[f64]| counts.iter().sum::<f64>();
        let (of_best, of_all) = (sum(&best[..self.cells]), sum(&all[..self.cells]));
        if of_best == 0.0 {
            return 0.0;
        }
        let weight = (of_best / sum(&best)).powi(2) / (of_all / sum(&all));
        let (best, all) = (self.density(&best[..self.cells]), self.density(&all[..self.cells]));
        weight * all.iter().zip(&best).map(|(all, best)| all * (best / all - 1.0).powi(2)).sum::<f64>()
    }

    /// The Parzen estimate of these counts.
    fn density(&self, counts: &[f64]) -> Vec<f64> {
        let all: f64 = counts.iter().sum();
        let prior = 1.0 / self.cells as f64;
        if !self.ordered {
            return counts.iter().map(|count| (count + prior) / (all + 1.0)).collect();
        }
        let width = kernel_width(counts, all);
        // The share of a standard kernel below each distance from its middle, from -cells to cells.
        let below =
            |distance: i64| 0.5 * libm::erfc(-(distance as f64 - 0.5) / width * std::f64::consts::FRAC_1_SQRT_2);
        let cells = self.cells as i64;
        let below: Vec<f64> = (-cells..=cells + 1).map(below).collect();
        let mut density = vec![prior / (all + 1.0); self.cells];
        for (middle, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0.0) {
            let kernel = &below[self.cells - middle..=2 * self.cells - middle];
            let scale = count / (all + 1.0) / (kernel[self.cells] - kernel[0]);
            density.iter_mut().zip(kernel.windows(2)).for_each(|(cell, ends)| *cell += scale * (ends[1] - ends[0]));
        }
        density
    }
}

/// Scott's rule over cells: 1.059 times the smaller of the standard deviation and the scaled interquartile range, times the
/// number of trials to the power of -1/5.
fn kernel_width(counts: &[f64], all: f64) -> f64 {
    let mean = counts.iter().enumerate().map(|(cell, count)| cell as f64 * count).sum::<f64>() / all;
    let squares: f64 = counts.iter().enumerate().map(|(cell, count)| (cell as f64 - mean).powi(2) * count).sum();
    let deviation = (squares / (all - 1.0).max(1.0)).sqrt();
    let cell_of = |rank: f64| {
        let mut sum = 0.0;
        let before = counts.iter().take_while(|count| {
            sum += **count;
            sum <= rank
        });
        before.count() as f64
    };
    let between = (cell_of((0.75 * all).floor()) - cell_of((0.25 * all).floor() - 0.5)) / 1.34;
    (1.059 * between.min(deviation) * all.powf(-0.2)).max(NARROWEST)
}
