//! What pruners save and what they lose, on tables of real training: `cargo xtask bench pruning`, or `-- 100 points curve`
//! for a hundred seeds of the first table alone and one pruner, and `order` for the second table.
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
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let seeds: u64 = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(20);
    let names = ["median", "asha", "hyperband", "curve"];
    let some_are_named = names.iter().any(|name| asks_for(&arguments, name));
    let pruners: Vec<PrunerSpec> = names
        .iter()
        .filter(|name| !some_are_named || asks_for(&arguments, name))
        .map(|name| PrunerSpec::named(name).expect("it has usual options"))
        .collect();
    let tables = ["tf-jund", "curves-digits"].map(Table::read);
    println!("{TRIALS} trials, {seeds} seeds.\n");
    if !asks_for(&arguments, "order") {
        points(&tables, &pruners, seeds);
    }
    if !asks_for(&arguments, "points") {
        let compared = pruners.into_iter().filter(|pruner| matches!(pruner.name(), "asha" | "curve"));
        let compared: Vec<PrunerSpec> = std::iter::once(PrunerSpec::None).chain(compared).collect();
        order(&tables, &compared, seeds);
    }
}

fn asks_for(arguments: &[String], word: &str) -> bool {
    arguments.iter().any(|one| one == word)
}

fn all(table: &Table, setting: &Setting, seeds: u64) -> Vec<Run> {
    (0..seeds).map(|seed| run(table, setting, seed)).collect()
}

/// Steps and regret of each pruner.
fn points(tables: &[Table], pruners: &[PrunerSpec], seeds: u64) {
    println!("One worker. Regret: value of the chosen configuration above the best of the table.\n");
    println!("| task | pruner | steps, share of none | regret | ratio to none, 95 % | chosen value, ratio, 95 % |");
    println!("|---|---|---|---|---|---|");
    for table in tables {
        let of = |pruner: &PrunerSpec| {
            all(
                table,
                &Setting { pruner: pruner.clone(), order: Order::Fixed, window: 1, workers: 1, trials: TRIALS },
                seeds,
            )
        };
        let unpruned = of(&PrunerSpec::None);
        println!("| {} | none | 1.00 | {:.5} | | |", table.name, mean(&unpruned, |run| run.regret));
        for pruner in pruners {
            let runs = of(pruner);
            println!(
                "| {} | {} | {:.2} | {:.5} | {} | {} |",
                table.name,
                pruner.name(),
                mean(&runs, |run| run.steps as f64) / mean(&unpruned, |run| run.steps as f64),
                mean(&runs, |run| run.regret),
                ratio(&runs, &unpruned, |run| run.regret),
                ratio(&runs, &unpruned, |run| run.value),
            );
        }
    }
}

/// What fixed order costs eight workers.
fn order(tables: &[Table], pruners: &[PrunerSpec], seeds: u64) {
    println!("\nEight workers, fixed order against eager order.\n");
    println!("| task | pruner | window | time, fixed / eager, 95 % | regret, fixed / eager | ratio, 95 % |");
    println!("|---|---|---|---|---|---|");
    for table in tables {
        for pruner in pruners {
            let of = |order, window| {
                let setting = Setting { pruner: pruner.clone(), order, window, workers: 8, trials: TRIALS };
                all(table, &setting, seeds)
            };
            let eager = of(Order::Eager, 8);
            for window in [8, 16, 32] {
                let fixed = of(Order::Fixed, window);
                println!(
                    "| {} | {} | {window} | {} | {:.5} / {:.5} | {} |",
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
