//! What pruners save and what they lose, on tables of real training: `cargo xtask bench pruning`.
//!
//! A study of 100 trials is run for each seed with each pruner; a trial's curve is looked up. The best trial is chosen by what
//! the study saw, one replicate, and judged by the mean over all. In the second table eight workers train at once, on a clock
//! of its own, in which configurations take differently long.

mod study;
mod table;

use study::{Run, Setting, run};
use table::Table;

use seqtune_core::{Order, PrunerSpec};

const TRIALS: u64 = 100;
const RESAMPLES: usize = 10_000;

fn main() {
    let seeds: u64 = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(20);
    let pruners =
        ["median", "asha", "hyperband", "curve"].map(|name| PrunerSpec::named(name).expect("it has usual options"));
    let all = |table: &Table, pruner: &PrunerSpec, workers, order| -> Vec<Run> {
        let setting = |seed| Setting { pruner: pruner.clone(), order, workers, seed, trials: TRIALS };
        (0..seeds).map(|seed| run(table, &setting(seed))).collect()
    };
    println!(
        "{TRIALS} trials, {seeds} seeds, one worker. Regret: value of the chosen configuration above the best of the table.\n"
    );
    println!("| task | pruner | steps, share of none | regret | ratio to none, 95 % | chosen value, ratio, 95 % |");
    println!("|---|---|---|---|---|---|");
    let tables = ["tf-jund", "curves-digits"].map(Table::read);
    for table in &tables {
        let unpruned = all(table, &PrunerSpec::None, 1, Order::Fixed);
        println!("| {} | none | 1.00 | {:.5} | | |", table.name, mean(&unpruned, |run| run.regret));
        for pruner in &pruners {
            let runs = all(table, pruner, 1, Order::Fixed);
            let steps = mean(&runs, |run| run.steps as f64) / mean(&unpruned, |run| run.steps as f64);
            println!(
                "| {} | {} | {steps:.2} | {:.5} | {} | {} |",
                table.name,
                pruner.name(),
                mean(&runs, |run| run.regret),
                ratio(&runs, &unpruned, |run| run.regret),
                ratio(&runs, &unpruned, |run| run.value),
            );
        }
    }
    println!("\nEight workers, fixed order (window 8) against eager order.\n");
    println!("| task | pruner | time, fixed / eager, 95 % | regret, fixed / eager | ratio, 95 % |");
    println!("|---|---|---|---|---|");
    for table in &tables {
        for pruner in [PrunerSpec::None, pruners[1].clone(), pruners[3].clone()] {
            let fixed = all(table, &pruner, 8, Order::Fixed);
            let eager = all(table, &pruner, 8, Order::Eager);
            println!(
                "| {} | {} | {} | {:.5} / {:.5} | {} |",
                table.name,
                pruner.name(),
                ratio(&fixed, &eager, |run| run.time),
                mean(&fixed, |run| run.regret),
                mean(&eager, |run| run.regret),
                ratio(&fixed, &eager, |run| run.regret),
            );
        }
    }
}

fn mean(runs: &[Run], of: impl Fn(&Run) -> f64) -> f64 {
    runs.iter().map(of).sum::<f64>() / runs.len() as f64
}

/// Ratio of means, seed by seed, with its bootstrap interval.
fn ratio(runs: &[Run], others: &[Run], of: impl Fn(&Run) -> f64) -> String {
    let pairs: Vec<(f64, f64)> = runs.iter().map(&of).zip(others.iter().map(&of)).collect();
    let ratio = |chosen: &mut dyn Iterator<Item = (f64, f64)>| {
        let (above, below) = chosen.fold((0.0, 0.0), |sums, pair| (sums.0 + pair.0, sums.1 + pair.1));
        above / below
    };
    // A small generator of its own: a benchmark needs no better one.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        pairs[(state % pairs.len() as u64) as usize]
    };
    let mut resampled: Vec<f64> =
        (0..RESAMPLES).map(|_| ratio(&mut std::iter::repeat_with(&mut draw).take(pairs.len()))).collect();
    resampled.sort_by(f64::total_cmp);
    let (low, high) = (resampled[RESAMPLES / 40], resampled[RESAMPLES - 1 - RESAMPLES / 40]);
    format!("{:.3} [{low:.3}, {high:.3}]", ratio(&mut pairs.iter().copied()))
}
