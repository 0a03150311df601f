//! Tests of samplers with several objectives against each other.

use seqtune_plugin::Direction::{self, Maximize, Minimize};
use seqtune_space::Params;

use crate::hypervolume::hypervolume;
use crate::spec::OutcomeConstraint;
use crate::testing::{StudyDraft, study};

/// ZDT1 with five variables (Zitzler, Deb and Thiele, Evolutionary Computation, 2000).
const CURVE: &str = "a = { type = 'float', low = 0, high = 1 }\nb = { type = 'float', low = 0, high = 1 }\n\
                     c = { type = 'float', low = 0, high = 1 }\nd = { type = 'float', low = 0, high = 1 }\n\
                     e = { type = 'float', low = 0, high = 1 }";

fn curve(params: &Params) -> Vec<f64> {
    let [a, others @ ..] = ["a", "b", "c", "d", "e"].map(|name| params.float(name).unwrap());
    let g = 1.0 + 9.0 * others.iter().sum::<f64>() / 4.0;
    vec![a, g * (1.0 - (a / g).sqrt())]
}

/// A model that is the better and the larger, the more layers and units it has.
const MODEL: &str = "lr = { type = 'float', low = 1e-5, high = 1, log = true }\n\
                     layers = { type = 'int', low = 1, high = 8 }\n\
                     width = { type = 'int', low = 8, high = 512, log = true }\n\
                     cell = { type = 'categorical', choices = ['lstm', 'gru', 'cnn'] }\n\
                     kernel = { type = 'int', low = 3, high = 15, when = { cell = 'cnn' } }\n\
                     dropout = { type = 'float', low = 0, high = 0.6 }";

/// Accuracy, and the logarithm of the size.
fn model(params: &Params) -> Vec<f64> {
    let layers = params.int("layers").unwrap() as f64;
    let width = params.int("width").unwrap() as f64;
    let (cell, weights) = match params.text("cell").unwrap() {
        "lstm" => (0.0, 4.0),
        "gru" => (0.02, 3.0),
        _ => {
            let kernel = params.int("kernel").unwrap() as f64;
            (0.01 + (kernel - 9.0).powi(2) * 0.001, kernel / 3.0)
        }
    };
    let rate = 0.05 * (params.float("lr").unwrap().log10() + 2.5).powi(2);
    let dropout = 0.2 * (params.float("dropout").unwrap() - 0.03 * layers).powi(2);
    let capacity = 0.6 / (1.0 + (layers * width).ln()).powf(1.2);
    vec![0.95 - rate - cell - dropout - capacity, (layers * width * width * weights).ln()]
}

type Problem = (&'static str, &'static [Direction], fn(&Params) -> Vec<f64>, [f64; 2]);

const PROBLEMS: [Problem; 2] =
    [(CURVE, &[Minimize, Minimize], curve, [1.1, 6.0]), (MODEL, &[Maximize, Minimize], model, [-0.2, 16.0])];

fn draft((space, directions, values, _): Problem, sampler: &str, seed: u64) -> StudyDraft {
    study(space).objectives(directions, values).sampler(sampler).seed(seed)
}

fn volume(problem: Problem, draft: &StudyDraft) -> f64 {
    let history = draft.history();
    let losses: Vec<Vec<f64>> = history.pareto().into_iter().filter_map(|trial| history.losses(trial)).collect();
    hypervolume(&losses.iter().map(Vec::as_slice).collect::<Vec<_>>(), &problem.3)
}

/// In how many studies one sampler dominates more than another.
fn wins(problem: Problem, sampler: &str, other: &str, trials: u64, studies: u64) -> usize {
    let of = |sampler: &str, seed| volume(problem, &draft(problem, sampler, seed).trials(trials));
    (0..studies).filter(|seed| of(sampler, *seed) > of(other, *seed)).count()
}

/// A fair coin would give 15 of 20 or more twice in a hundred times.
#[test]
fn the_parzen_estimator_and_the_genetic_algorithm_beat_random_draws() {
    for (problem, name) in PROBLEMS.into_iter().zip(["curve", "model"]) {
        for sampler in ["tpe", "nsga2"] {
            let wins = wins(problem, sampler, "random", 120, 20);
            assert!(wins >= 15, "{sampler} is better in {wins} of 20 studies of the {name}");
        }
    }
}

/// A fair coin would give 6 of 6 twice in a hundred times.
#[test]
fn the_gaussian_process_beats_the_genetic_algorithm_and_random_draws() {
    for (problem, name) in PROBLEMS.into_iter().zip(["curve", "model"]) {
        for other in ["random", "nsga2"] {
            let wins = wins(problem, "gp", other, 40, 6);
            assert_eq!(wins, 6, "gp is better than {other} in {wins} of 6 studies of the {name}");
        }
    }
}

/// Models of at most e^8 weights: those that are larger are no better than those that fail.
#[test]
fn outcome_constraints_are_learned() {
    for sampler in ["gp", "tpe", "nsga2", "cmaes"] {
        let kept = |sampler: &str| {
            let bound = OutcomeConstraint { metric: "value_2".to_owned(), at_most: Some(8.0), at_least: None };
            let draft = draft(PROBLEMS[1], sampler, 3).with(|spec| spec.outcome_constraints = vec![bound]);
            let history = draft.trials(60).history();
            history.trials[20..].iter().filter(|trial| history.is_feasible(trial)).count()
        };
        let (learned, drawn) = (kept(sampler), kept("random"));
        assert!(learned > 2 * drawn.min(15), "{sampler} keeps the bound {learned} times of 40, random draws {drawn}");
    }
}

/// With one objective, what breaks the bound is worse than anything that keeps it.
#[test]
fn one_objective_under_a_bound() {
    for sampler in ["tpe", "nsga2", "cmaes"] {
        let found = (0..10).filter(|seed| {
            let bound = OutcomeConstraint { metric: "value".to_owned(), at_most: None, at_least: Some(0.4) };
            let history = study("x = { type = 'float', low = 0, high = 1 }\ny = { type = 'float', low = 0, high = 1 }")
                .objective(|params| params.float("x").unwrap() + 0.1 * params.float("y").unwrap())
                .with(|spec| spec.outcome_constraints = vec![bound])
                .sampler(sampler)
                .seed(*seed)
                .trials(60)
                .history();
            let best = history.best().unwrap();
            history.is_feasible(best) && history.value(best).unwrap() < 0.45
        });
        let found = found.count();
        assert!(found >= 8, "{sampler} comes near the bound in {found} of 10 studies");
    }
}
