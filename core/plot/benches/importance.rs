//! What importance costs: `cargo xtask bench importance`, or `-- 1000 12` for a thousand trials of twelve parameters alone.
//! Times are the best of three; `RAYON_NUM_THREADS=1` for one core.

use std::time::{Duration, Instant};

use rand::RngExt;
use seqtune_core::seed::rng_of;
use seqtune_plot::{Method, PedAnova, Surrogate, importance};
use seqtune_plugin::Direction;
use seqtune_space::{Params, SearchSpace};

fn main() {
    let numbers: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = match numbers.as_slice() {
        [trials, parameters, ..] => vec![(*trials, *parameters)],
        _ => vec![(100, 12), (1000, 12), (10_000, 12), (1000, 40)],
    };
    println!("{} threads.\n", rayon::current_num_threads());
    println!("| trials | parameters | fANOVA | of it the forest | PED-ANOVA | dependence of two |");
    println!("|---|---|---|---|---|---|");
    for (trials, parameters) in sizes {
        row(trials, parameters);
    }
}

fn row(trials: usize, parameters: usize) {
    let space = space(parameters);
    let points = points(&space, trials);
    let trials: Vec<(&Params, f64)> = points.iter().map(|(params, value)| (params, *value)).collect();
    let fanova = best_of_three(|| importance(&space, &trials, Method::Fanova, 1).is_ok());
    let forest = best_of_three(|| Surrogate::fit(&space, &trials, 1).is_ok());
    let ped_anova = Method::PedAnova(PedAnova::new(Direction::Minimize));
    let ped_anova = best_of_three(|| importance(&space, &trials, ped_anova, 1).is_ok());
    let surrogate = Surrogate::fit(&space, &trials, 1).expect("there are enough trials");
    let names: Vec<&str> = surrogate.names().collect();
    let two = best_of_three(|| surrogate.dependence_on_two([names[0], names[1]]).is_ok());
    let shown = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
    let times = [fanova, forest, ped_anova, two].map(shown).join(" | ");
    println!("| {} | {parameters} | {times} |", trials.len());
}

/// Of four parameters two are numbers, one a whole number, and one a choice.
fn space(parameters: usize) -> SearchSpace {
    let one = |index: usize| match index % 4 {
        0 => format!("p{index} = {{ type = 'float', low = 1e-5, high = 1.0, log = true }}\n"),
        1 => format!("p{index} = {{ type = 'float', low = 0, high = 1 }}\n"),
        2 => format!("p{index} = {{ type = 'int', low = 1, high = 64, log = true }}\n"),
        _ => format!("p{index} = {{ type = 'categorical', choices = ['a', 'b', 'c', 'd'] }}\n"),
    };
    toml::from_str(&(0..parameters).map(one).collect::<String>()).expect("it is a space")
}

/// Random points; their values are a smooth function of the first eight coordinates and some noise.
fn points(space: &SearchSpace, trials: usize) -> Vec<(Params, f64)> {
    let mut rng = rng_of(1, 0, "bench");
    let mut point = || {
        let unit: Vec<f64> = (0..space.dimensions().len()).map(|_| rng.random()).collect();
        let value = unit.iter().take(8).enumerate().map(|(at, u)| (u * (at + 2) as f64).sin() / (at + 1) as f64);
        let value = value.sum::<f64>() + unit[0] * unit[1] + 0.1 * rng.random::<f64>();
        (space.decode(&unit).expect("it has the space's dimensions"), value)
    };
    (0..trials).map(|_| point()).collect()
}

fn best_of_three(run: impl Fn() -> bool) -> Duration {
    let time = || {
        let start = Instant::now();
        assert!(run(), "there is an answer");
        start.elapsed()
    };
    (0..3).map(|_| time()).min().unwrap_or_default()
}
