//! What stopping early saved, and whether early values justify it.

use seqtune_core::{PrunerSpec, TrialState};

use super::{About, Card, PlotKind, Status, card, count, percent};
use crate::row::TrialRow;
use crate::snapshot::Snapshot;
use crate::spec::{short, thousands};

/// Completed trials that a rank correlation needs to say something.
const FEWEST: usize = 10;

/// Correlations from which early values are trusted, and below which they are not.
const GOOD: f64 = 0.6;
const POOR: f64 = 0.3;

/// What pruning saved; where nothing is pruned, whether it could be.
pub(super) fn pruning(snapshot: &Snapshot) -> Option<Card> {
    let pruned: Vec<&TrialRow> = of_state(snapshot, TrialState::Pruned).collect();
    // Where nobody knows how many steps a trial has, it is what the longest one took.
    let steps = match snapshot.spec.trial.steps {
        0 => of_state(snapshot, TrialState::Completed).map(|row| row.step).max()?,
        steps => steps,
    };
    if pruned.is_empty() {
        return could_prune(snapshot, steps);
    }
    let saved: u64 = pruned.iter().map(|row| steps.saturating_sub(row.step)).sum();
    let whole = steps * (pruned.len() as u64 + of_state(snapshot, TrialState::Completed).count() as u64);
    let mut at: Vec<u64> = pruned.iter().map(|row| row.step).collect();
    at.sort_unstable();
    let early = at[at.len() / 2].max(1);
    let share = percent(saved as f64 / whole.max(1) as f64);
    let start = format!(
        "{} stopped early and {} of {} steps not trained.",
        count(pruned.len(), "trial"),
        thousands(saved as usize),
        thousands(whole as usize)
    );
    let (status, end) = match early_correlation(snapshot, early) {
        None => (Status::Pass, String::new()),
        Some(rho) => {
            let ranks = format!(
                " Among completed trials the rank at step {early} and the final one correlate by {}",
                short(rho, 2)
            );
            match rho {
                rho if rho >= GOOD => (Status::Pass, ranks + "."),
                rho if rho >= POOR => (Status::Note, ranks + ": a later first step would prune fewer good ones."),
                _ => (Status::Warning, ranks + ": early values tell little, and good trials may have been pruned."),
            }
        }
    };
    let title = format!("Pruning saved {share} of the steps");
    Some(card(status, title, start + &end, Some(About::Plot(PlotKind::Curves))))
}

fn of_state(snapshot: &Snapshot, state: TrialState) -> impl Iterator<Item = &TrialRow> {
    snapshot.trials.iter().map(AsRef::as_ref).filter(move |row| row.state == state)
}

fn could_prune(snapshot: &Snapshot, steps: u64) -> Option<Card> {
    let early = (steps / 4).max(1);
    if snapshot.spec.pruner != PrunerSpec::None || early * 2 > steps {
        return None;
    }
    let rho = early_correlation(snapshot, early).filter(|rho| *rho >= 0.8)?;
    let sentence = format!(
        "The rank at step {early} of {steps} and the final one correlate by {}: a pruner would save much and lose little.",
        short(rho, 2)
    );
    Some(card(Status::Note, "Nothing is pruned", sentence, Some(About::Plot(PlotKind::Curves))))
}

/// How the ranks of the completed trials at a step and at their end correlate (Spearman).
fn early_correlation(snapshot: &Snapshot, step: u64) -> Option<f64> {
    let metric = snapshot.objective();
    let pair = |row: &TrialRow| {
        let at = row.curves.steps().iter().position(|own| *own == step as f64)?;
        let early = row.curves.values(metric).get(at).copied().filter(|value| value.is_finite())?;
        // A trial of so few steps is its own proof.
        (row.step > step).then_some([early, row.value?])
    };
    let pairs: Vec<[f64; 2]> = of_state(snapshot, TrialState::Completed).filter_map(pair).collect();
    if pairs.len() < FEWEST {
        return None;
    }
    let ranks = |side: usize| ranks(&pairs.iter().map(|pair| pair[side]).collect::<Vec<f64>>());
    correlation(&ranks(0), &ranks(1))
}

/// The rank of each value, from 0; equals share theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut begin = 0;
    for alike in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let shared = begin as f64 + (alike.len() - 1) as f64 / 2.0;
        alike.iter().for_each(|at| ranks[*at] = shared);
        begin += alike.len();
    }
    ranks
}

/// Pearson's; `None` where one side does not vary.
fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product = |(a, b): (&f64, &f64)| (a - mean_a) * (b - mean_b);
    let square = |values: &[f64], mean: f64| values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    let found = a.iter().zip(b).map(product).sum::<f64>() / (square(a, mean_a) * square(b, mean_b)).sqrt();
    found.is_finite().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_correlate_as_by_hand() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [2.5, 0.0, 2.5, 1.0]);
        // 1 - 6 * (0 + 1 + 1) / (3 * 8) = 0.5.
        let rho = correlation(&ranks(&[1.0, 2.0, 3.0]), &ranks(&[10.0, 30.0, 20.0]));
        assert!((rho.unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(correlation(&[1.0, 1.0], &[0.0, 1.0]), None);
    }
}
