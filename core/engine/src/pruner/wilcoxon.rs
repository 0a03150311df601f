//! Stops what is worse than the best trial in most parts of the metric.

use super::{Pruner, Race, Verdict};

/// Compares the parts (folds, seeds) of the objective with those of the best completed trial at the same step, pair by pair, with
/// Wilcoxon's signed-rank test (1945).
#[derive(Clone, Copy, Debug)]
pub struct Wilcoxon {
    /// How likely such parts may be where the trial is as good as the best one.
    pub p: f64,
    /// The first step that is decided about.
    pub min_step: u64,
}

impl Pruner for Wilcoxon {
    fn decide(&self, race: &Race<'_>) -> Verdict {
        let step = race.step();
        if step < self.min_step {
            return Verdict::go_on("");
        }
        let Some(best) = race.incumbent() else {
            return Verdict::go_on(format!("step {step}: no trial has completed"));
        };
        let number = best.trial().number;
        let (own, others) = (race.own().parts_at(step), best.parts_at(step));
        let pairs = own.len().min(others.len());
        if pairs == 0 {
            return Verdict::go_on(format!("step {step}: there are no parts to compare with those of trial {number}"));
        }
        let worse: Vec<f64> = own.iter().zip(&others).map(|(own, other)| by_how_much(*own, *other)).collect();
        // However the ranks fall, what is better on the average goes on.
        if own.iter().sum::<f64>() < others.iter().sum::<f64>() || race.loss() < best.loss() {
            return Verdict::go_on(format!("step {step}: better than trial {number}, the best, on the average"));
        }
        let p = probability_of(&worse);
        let compared = format!("step {step}: {pairs} parts against those of trial {number}, the best: p = {p:.3}");
        if p < self.p { Verdict::stop(compared) } else { Verdict::go_on(compared) }
    }
}

/// By how much a part is worse; two infinite ones are equal.
fn by_how_much(own: f64, other: f64) -> f64 {
    if own == other { 0.0 } else { own - other }
}

/// How likely differences of which so many and so large ones are positive come about where both signs are as likely: the exact
/// distribution of the sum of the positive ones' ranks. Equal pairs say nothing and are left out; equal sizes share their ranks.
fn probability_of(differences: &[f64]) -> f64 {
    let mut sizes: Vec<f64> = differences.iter().copied().filter(|difference| *difference != 0.0).collect();
    sizes.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    // Twice the ranks, which are whole also where two share one.
    let mut ranks = vec![0; sizes.len()];
    let mut begin = 0;
    while begin < sizes.len() {
        let alike = sizes[begin..].iter().take_while(|size| size.abs() == sizes[begin].abs()).count();
        ranks[begin..begin + alike].fill(2 * begin + alike + 1);
        begin += alike;
    }
    let observed: usize = ranks.iter().zip(&sizes).filter(|(_, size)| **size > 0.0).map(|(rank, _)| rank).sum();
    // Probability of each sum, one rank after the other.
    let mut sums = vec![0.0; ranks.iter().sum::<usize>() + 1];
    sums[0] = 1.0;
    for rank in ranks {
        for sum in (0..sums.len()).rev() {
            sums[sum] = 0.5 * (sums[sum] + if sum >= rank { sums[sum - rank] } else { 0.0 });
        }
    }
    sums[observed..].iter().sum()
}

#[cfg(test)]
mod tests {
    use super::probability_of;

    /// Against the tables of R's `psignrank` and SciPy's `wilcoxon(..., alternative="greater", method="exact")`.
    #[test]
    fn probabilities_are_exact() {
        let close = |differences: &[f64], expected: f64| {
            let found = probability_of(differences);
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        };
        close(&[1.0, 2.0, 3.0, 4.0, 5.0], 1.0 / 32.0);
        close(&[1.0, 2.0, 3.0], 1.0 / 8.0);
        close(&[-1.0, 2.0, 3.0, 4.0, 5.0], 2.0 / 32.0);
        close(&[1.0, 2.0, -3.0, 4.0, 5.0], 5.0 / 32.0);
        close(&[-1.0, -2.0], 1.0);
        close(&[0.0, 0.0], 1.0);
        // Two of four share the ranks 1 and 2.
        close(&[1.0, -1.0, 2.0, 3.0], 3.0 / 16.0);
        close(&[f64::INFINITY, 1.0, 1.0, 1.0], 1.0 / 16.0);
    }
}
