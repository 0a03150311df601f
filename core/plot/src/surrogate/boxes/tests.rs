//! Exact means over boxes equal means over points.

use proptest::prelude::*;
use rand::RngExt;
use seqtune_core::seed::rng_of;
use seqtune_space::{Params, SearchSpace};

use super::super::Surrogate;
use super::*;

const SPACE: &str = "m = { type = 'categorical', choices = ['p', 'q', 'r'] }\n\
                     x = { type = 'float', low = 1e-3, high = 1, log = true }\n\
                     k = { type = 'int', low = 1, high = 3, when = { m = ['p', 'r'] } }\n\
                     d = { type = 'float', low = 0, high = 1, when = { k = { at_least = 2 } } }\n\
                     h = { type = 'float', low = 0, high = 1, when = { x = { at_least = 0.1 } } }";

/// The mean over points as random search draws them, all put into one cell along these coordinates, of which those count that
/// have the coordinates.
fn sampled(surrogate: &Surrogate, tree: &Tree, space: &SearchSpace, own: &[usize], at: &[usize], boxes: &Boxes) -> f64 {
    let mut rng = rng_of(3, 0, "test");
    let (mut sum, mut count) = (0.0, 0.0);
    for _ in 0..40_000 {
        let mut unit: Vec<f64> = (0..space.dimensions().len()).map(|_| rng.random()).collect();
        for (one, cell) in own.iter().zip(at) {
            unit[*one] = match boxes.ends[*one].as_slice() {
                [] => (*cell as f64 + 0.5) / 3.0,
                ends => f64::midpoint(ends[*cell], ends[*cell + 1]),
            };
        }
        let unit = space.encode(&space.decode(&unit).unwrap());
        let columns: Vec<Vec<f64>> = surrogate.coordinates.iter().map(|one| vec![one.of(&unit)]).collect();
        if own.iter().all(|one| !columns[*one][0].is_nan()) {
            sum += tree.predict(&columns, 0);
            count += 1.0;
        }
    }
    sum / count
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_marginal_is_the_mean_over_points(seed in 0..1000_u64, which in 0..10_usize, place in 0.0..1.0_f64) {
        let space: SearchSpace = toml::from_str(SPACE).unwrap();
        let mut rng = rng_of(seed, 0, "test");
        let trials: Vec<(Params, f64)> = (0..150)
            .map(|_| (0..space.dimensions().len()).map(|_| rng.random()).collect::<Vec<f64>>())
            .map(|unit| (space.decode(&unit).unwrap(), unit.iter().map(|u| (u * 6.0).sin()).product::<f64>() + unit[0]))
            .collect();
        let borrowed: Vec<(&Params, f64)> = trials.iter().map(|(params, value)| (params, *value)).collect();
        let surrogate = Surrogate::fit(&space, &borrowed, seed).unwrap();
        // m, x, k, d, h; and pairs: of those that always exist, of one with a condition, of a parent and its child.
        let own: &[usize] = [&[0][..], &[1], &[2], &[3], &[4], &[0, 1], &[1, 3], &[0, 2], &[2, 3], &[3, 4]][which];
        let (part, region) = surrogate.home(own[0], own[own.len() - 1]).unwrap();
        let tree = &surrogate.parts[part].forest.trees[seed as usize % 64];
        let boxes = Boxes::of(tree, &surrogate.coordinates);
        let measure = boxes.measure(&surrogate.coordinates, &region);
        prop_assert!((measure.leaves.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        let possible = |one: usize| {
            let cells: Vec<usize> = (0..measure.cells_of(one)).filter(|cell| measure.cells[one][*cell] > 0.0).collect();
            cells[(place * cells.len() as f64) as usize]
        };
        let at: Vec<usize> = own.iter().map(|one| possible(*one)).collect();
        let exact = match own {
            [one] => boxes.marginal(&measure, *one)[at[0]],
            [one, two] => {
                let mut found = f64::NAN;
                boxes.joint(&measure, [*one, *two], |row, values| if row == at[0] { found = values[at[1]] });
                found
            }
            _ => unreachable!("one or two"),
        };
        let sampled = sampled(&surrogate, tree, &space, own, &at, &boxes);
        prop_assert!((exact - sampled).abs() < 0.05, "{exact} is not {sampled}");
    }
}
