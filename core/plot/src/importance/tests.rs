//! Shares of functions whose shares are known.

use proptest::prelude::*;
use rand::RngExt;
use seqtune_core::seed::rng_of;

use super::*;

const CUBE: &str = "a = { type = 'float', low = 0, high = 1 }\nb = { type = 'float', low = 0, high = 1 }\n\
                    c = { type = 'float', low = 0, high = 1 }";

fn space(text: &str) -> SearchSpace {
    toml::from_str(text).unwrap()
}

/// Points of a space at random, with a value each.
fn random(space: &SearchSpace, trials: usize, value: impl Fn(&Params) -> f64) -> Vec<(Params, f64)> {
    let mut rng = rng_of(7, 0, "test");
    let mut point = || {
        let unit: Vec<f64> = (0..space.dimensions().len()).map(|_| rng.random()).collect();
        space.decode(&unit).unwrap()
    };
    (0..trials).map(|_| point()).map(|params| (params.clone(), value(&params))).collect()
}

/// The middles of a grid of the cube.
fn grid(side: usize, value: impl Fn([f64; 3]) -> f64) -> Vec<(Params, f64)> {
    let middle = |index: usize| (index as f64 + 0.5) / side as f64;
    let point = |index: usize| [index % side, index / side % side, index / side / side].map(middle);
    let params = |at: [f64; 3]| {
        let mut params = Params::default();
        ["a", "b", "c"].iter().zip(at).for_each(|(name, at)| params.set(name, at));
        (params, value(at))
    };
    (0..side.pow(3)).map(|index| params(point(index))).collect()
}

fn borrowed(trials: &[(Params, f64)]) -> Vec<(&Params, f64)> {
    trials.iter().map(|(params, value)| (params, *value)).collect()
}

fn fanova(space: &SearchSpace, trials: &[(Params, f64)]) -> Importance {
    importance(space, &borrowed(trials), Method::Fanova, 1).unwrap()
}

fn ped_anova(space: &SearchSpace, trials: &[(Params, f64)]) -> Importance {
    importance(space, &borrowed(trials), Method::PedAnova(PedAnova::new(Direction::Minimize)), 1).unwrap()
}

fn share<'a>(answer: &'a Importance, name: &str) -> &'a ParameterImportance {
    answer.parameters.iter().find(|one| one.name == name).unwrap()
}

fn pair(answer: &Importance, names: [&str; 2]) -> f64 {
    answer.pairs.iter().find(|pair| pair.names == names).unwrap().mean
}

#[test]
fn a_sum_has_the_shares_of_its_variances() {
    // Var(k u) is k^2 / 12; the square of u - 1/2 has the variance 1/180.
    let trials = grid(12, |[a, b, c]| 3.0 * a + 2.0 * b + 6.0 * (c - 0.5).powi(2));
    let answer = fanova(&space(CUBE), &trials);
    let variances = [9.0 / 12.0, 4.0 / 12.0, 36.0 / 180.0];
    let all: f64 = variances.iter().sum();
    for (name, variance) in ["a", "b", "c"].iter().zip(variances) {
        let share = share(&answer, name);
        assert!((share.mean - variance / all).abs() < 0.02, "{name}: {} is not {}", share.mean, variance / all);
        assert!(share.low <= share.mean && share.mean <= share.high && share.trials == trials.len());
    }
    assert!(answer.pairs.iter().all(|pair| pair.mean < 0.02), "{:?}", answer.pairs);
    assert!(answer.r2 > Some(0.97), "{:?}", answer.r2);
}

#[test]
fn a_product_is_its_interaction() {
    // Centred factors: neither matters alone. Of u * v, each has 3/7 and the interaction 1/7.
    let centred = fanova(&space(CUBE), &grid(12, |[a, b, _]| (a - 0.5) * (b - 0.5)));
    assert!(pair(&centred, ["a", "b"]) > 0.9, "{:?}", centred.pairs);
    assert!(centred.parameters.iter().all(|one| one.mean < 0.05), "{:?}", centred.parameters);
    let product = fanova(&space(CUBE), &grid(12, |[a, b, _]| a * b));
    for (found, known) in [
        (share(&product, "a").mean, 3.0 / 7.0),
        (share(&product, "b").mean, 3.0 / 7.0),
        (pair(&product, ["a", "b"]), 1.0 / 7.0),
        (share(&product, "c").mean, 0.0),
    ] {
        assert!((found - known).abs() < 0.02, "{found} is not {known}");
    }
}

/// Recorded by `optuna/shares.py`, fANOVA as the mean of ten seeds.
#[test]
fn optuna_says_the_same() {
    let space = space(
        "x = { type = 'float', low = 0, high = 1 }\ny = { type = 'float', low = 0, high = 1 }\n\
         k = { type = 'int', low = 1, high = 8 }\nm = { type = 'categorical', choices = ['p', 'q', 'r'] }",
    );
    let trial = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |at: usize| cells[at].parse::<f64>().unwrap();
        let mut params = Params::default();
        params.set("x", number(0));
        params.set("y", number(1));
        params.set("k", number(2) as i64);
        params.set("m", cells[3]);
        (params, number(4))
    };
    let trials: Vec<(Params, f64)> = include_str!("optuna/trials.csv").lines().skip(1).map(trial).collect();
    let recorded: serde_json::Value = serde_json::from_str(include_str!("optuna/shares.json")).unwrap();
    // Optuna smooths choices by kernels that stay wide however many trials there are, so that PED-ANOVA sees little of `m`
    // there; of the three others the shares are the same.
    let compared = [
        ("fanova", fanova(&space, &trials), ["x", "y", "k", "m"].as_slice()),
        ("ped_anova", ped_anova(&space, &trials), &["x", "y", "k"]),
    ];
    for (method, answer, names) in compared {
        let whole = |shares: Vec<f64>| if method == "fanova" { 1.0 } else { shares.iter().sum() };
        let ours: Vec<f64> = names.iter().map(|name| share(&answer, name).mean).collect();
        let theirs: Vec<f64> = names.iter().map(|name| recorded[method][name].as_f64().unwrap()).collect();
        let (our_whole, their_whole) = (whole(ours.clone()), whole(theirs.clone()));
        for ((name, ours), theirs) in names.iter().zip(ours).zip(theirs) {
            let (ours, theirs) = (ours / our_whole, theirs / their_whole);
            assert!((ours - theirs).abs() < 0.05, "{method}, {name}: {ours:.4}, of Optuna {theirs:.4}");
        }
    }
}

#[test]
fn shares_add_up_to_at_most_one() {
    let space = space(CUBE);
    let trials = random(&space, 60, |params| {
        let at = |name| params.float(name).unwrap();
        (9.0 * at("a")).sin() * at("b") + (5.0 * at("c")).cos()
    });
    let answer = fanova(&space, &trials);
    let all: f64 = answer.parameters.iter().map(|one| one.mean).sum::<f64>()
        + answer.pairs.iter().map(|pair| pair.mean).sum::<f64>();
    assert!(all <= 1.0 + 1e-9 && all > 0.5, "{all}");
    let shares: f64 = ped_anova(&space, &trials).parameters.iter().map(|one| one.mean).sum();
    assert!((shares - 1.0).abs() < 1e-9);
}

#[test]
fn the_unit_of_the_value_does_not_matter() {
    let space = space(CUBE);
    let value = |params: &Params| params.float("a").unwrap() + params.float("b").unwrap().powi(3);
    let trials = random(&space, 50, value);
    let scaled: Vec<(Params, f64)> =
        trials.iter().map(|(params, value)| (params.clone(), 1e6 - 300.0 * value)).collect();
    let (one, other) = (fanova(&space, &trials), fanova(&space, &scaled));
    for own in &one.parameters {
        assert!((own.mean - share(&other, &own.name).mean).abs() < 1e-6);
    }
    assert!((one.r2.unwrap() - other.r2.unwrap()).abs() < 1e-6);
    let maximised = Method::PedAnova(PedAnova::new(Direction::Maximize));
    assert_eq!(importance(&space, &borrowed(&scaled), maximised, 1), Ok(ped_anova(&space, &trials)));
}

#[test]
fn what_alone_matters_has_nearly_all() {
    let space = space(
        "x = { type = 'float', low = 1e-5, high = 1.0, log = true }\ny = { type = 'int', low = 1, high = 9 }\n\
         m = { type = 'categorical', choices = ['p', 'q', 'r'] }\nz = { type = 'bool' }",
    );
    let trials = random(&space, 500, |params| (params.float("x").unwrap().log10() + 3.0).powi(2));
    for answer in [fanova(&space, &trials), ped_anova(&space, &trials)] {
        assert!(answer.parameters[0].name == "x" && answer.parameters[0].mean >= 0.9, "{:?}", answer.parameters);
        assert_eq!(answer.parameters.len(), 4);
        assert!(answer.parameters.iter().all(|one| one.low <= one.mean && one.mean <= one.high));
    }
}

#[test]
fn constant_values_give_zeros() {
    let space = space(CUBE);
    let trials = random(&space, 20, |_| 0.1);
    for answer in [fanova(&space, &trials), ped_anova(&space, &trials)] {
        assert!(answer.parameters.iter().all(|one| (one.mean, one.low, one.high) == (0.0, 0.0, 0.0)));
        assert!(answer.pairs.iter().all(|pair| pair.mean == 0.0));
        assert_eq!((answer.parameters.len(), answer.r2, answer.trials), (3, None, 20));
    }
}

#[test]
fn what_is_not_finite_is_left_out() {
    let space = space(CUBE);
    let trials = random(&space, 30, |params| params.float("a").unwrap());
    let mut with = trials.clone();
    for (index, value) in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].into_iter().enumerate() {
        with.insert(index * 7, (trials[index].0.clone(), value));
    }
    assert_eq!(fanova(&space, &with), fanova(&space, &trials));
    assert_eq!(ped_anova(&space, &with), ped_anova(&space, &trials));
}

#[test]
fn too_few_trials_are_said_to_be() {
    let cube = space(CUBE);
    let few = random(&cube, 7, |_| 1.0);
    for method in [Method::Fanova, Method::PedAnova(PedAnova::new(Direction::Minimize))] {
        let error = importance(&cube, &borrowed(&few), method, 1).unwrap_err();
        assert_eq!(error.to_string(), "importance needs at least 8 trials with a value, and there are 7");
        let fixed = space("x = { type = 'categorical', choices = [3] }");
        let trials = random(&fixed, 9, |_| 1.0);
        assert_eq!(importance(&fixed, &borrowed(&trials), method, 1), Err(ImportanceError::NothingVaries));
    }
    let upside_down = PedAnova { best: 0.5, among: 0.2, ..PedAnova::new(Direction::Minimize) };
    assert!(importance(&cube, &borrowed(&random(&cube, 9, |_| 1.0)), Method::PedAnova(upside_down), 1).is_err());
}

const TREE: &str = "m = { type = 'categorical', choices = ['p', 'q', 'r'] }\n\
                    k = { type = 'int', low = 1, high = 4, when = { m = ['p', 'q'] } }\n\
                    o = { type = 'ordinal', values = [16, 64, 256] }\n\
                    d = { type = 'float', low = 0, high = 1, when = { k = { at_least = 2 } } }\n\
                    e = { type = 'bool', when = { m = 'r' } }\n\
                    fixed = 3";

/// A parameter with a condition has its share of the variance where it exists, and says of how many trials.
#[test]
fn conditions_are_measured_where_they_hold() {
    let space = space(TREE);
    let value = |params: &Params| match (params.float("d"), params.bool("e")) {
        (Ok(d), _) => 10.0 * d,
        (_, Ok(e)) => f64::from(u8::from(e)) + 100.0,
        _ => 50.0,
    };
    let trials = random(&space, 300, value);
    for answer in [fanova(&space, &trials), ped_anova(&space, &trials)] {
        assert_eq!(answer.parameters.len(), 5);
        for one in &answer.parameters {
            let have = trials.iter().filter(|(params, _)| params.get(&one.name).is_some()).count();
            assert_eq!(one.trials, have, "{}", one.name);
        }
    }
    let answer = fanova(&space, &trials);
    // Of all, the choice of r decides; where d exists, it alone does; where e exists, it alone does.
    assert!(share(&answer, "d").mean > 0.95 && share(&answer, "e").mean > 0.95, "{:?}", answer.parameters);
    assert!(share(&answer, "m").mean > 0.8 && share(&answer, "o").mean < 0.05, "{:?}", answer.parameters);
    assert!(answer.pairs.iter().all(|pair| pair.names != ["d", "e"]), "they never exist together");
    assert!(pair(&answer, ["m", "d"]) < 0.05);
}

#[test]
fn few_trials_of_a_condition_are_told() {
    let space = space(TREE);
    let mut trials = random(&space, 200, |params| params.int("k").unwrap_or(0) as f64);
    let mut left = 5;
    trials.retain(|(params, _)| {
        params.get("e").is_none() || {
            left -= 1;
            left >= 0
        }
    });
    for answer in [fanova(&space, &trials), ped_anova(&space, &trials)] {
        assert_eq!(answer.left_out, [LeftOut { name: "e".to_owned(), trials: 5 }]);
        assert_eq!(answer.parameters.len(), 4);
    }
    let surrogate = Surrogate::fit(&space, &borrowed(&trials), 1).unwrap();
    let error = surrogate.dependence("e").unwrap_err();
    let message = "only 5 trials have the parameter \"e\", and an answer needs at least 8 in which it exists";
    assert_eq!(error.to_string(), message);
    assert!(surrogate.dependence("fixed").is_err());
}

#[test]
fn lists_are_their_length_and_their_items() {
    let space = space(
        "widths = { type = 'list', len = { low = 1, high = 3 }, item = { type = 'ordinal', values = [8, 16, 32, 64] } }\n\
         x = { type = 'float', low = 0, high = 1 }",
    );
    let trials = random(&space, 400, |params| {
        let widths = params.sizes("widths").unwrap();
        widths.get(1).map_or(0.0, |width| (*width as f64).log2())
    });
    let answer = fanova(&space, &trials);
    let mut names: Vec<&str> = answer.parameters.iter().map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["len(widths)", "widths[0]", "widths[1]", "widths[2]", "x"]);
    assert!(share(&answer, "widths[1]").mean > 0.95 && share(&answer, "len(widths)").mean > 0.5);
    assert!(share(&answer, "x").mean < 0.05 && share(&answer, "widths[0]").mean < 0.05);
    let longer = trials.iter().filter(|(params, _)| params.list("widths").unwrap().len() > 1).count();
    assert_eq!(share(&answer, "widths[1]").trials, longer);
}

#[test]
fn choices_without_an_order_are_split_in_two() {
    let choices: Vec<String> = (0..12).map(|choice| format!("'c{choice}'")).collect();
    let space =
        space(&format!("m = {{ type = 'categorical', choices = [{}] }}\nx = {{ type = 'bool' }}", choices.join(",")));
    let trials = random(&space, 300, |params| {
        let choice: f64 = params.text("m").unwrap()[1..].parse().unwrap();
        (choice * 5.0) % 7.0
    });
    let answer = fanova(&space, &trials);
    assert!(share(&answer, "m").mean > 0.98 && answer.r2 > Some(0.98), "{answer:?}");
}

#[test]
fn threads_change_nothing() {
    let space = space(TREE);
    let trials = random(&space, 80, |params| params.iter().count() as f64 + params.float("d").unwrap_or(0.3));
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| (fanova(&space, &trials), ped_anova(&space, &trials)))
    };
    assert_eq!(with(1), with(3));
    let other = importance(&space, &borrowed(&trials), Method::Fanova, 2).unwrap();
    assert_ne!(other.parameters, with(1).0.parameters, "the seed counts");
}

#[test]
fn dependence_follows_the_function() {
    let space = space(TREE);
    let value = |params: &Params| params.float("d").map_or(7.0, |d| 4.0 * d) + params.size("o").unwrap() as f64 / 256.0;
    let trials = random(&space, 400, value);
    let surrogate = Surrogate::fit(&space, &borrowed(&trials), 1).unwrap();
    let along = surrogate.dependence("d").unwrap();
    assert_eq!(along.trials, trials.iter().filter(|(params, _)| params.get("d").is_some()).count());
    for (place, expected) in along.axes[0].iter().zip(&along.expected) {
        let known = 4.0 * place.at + (16.0 + 64.0 + 256.0) / 3.0 / 256.0;
        assert!((expected.mean - known).abs() < 0.25, "{place:?}: {expected:?}, not {known}");
        assert!(expected.low <= expected.high);
    }
    let both = surrogate.dependence_on_two(["o", "d"]).unwrap();
    assert_eq!(both.axes[0].iter().map(|place| place.value.as_f64().unwrap()).collect::<Vec<_>>(), [16.0, 64.0, 256.0]);
    assert_eq!(both.expected.len(), 3 * both.axes[1].len());
    for (place, expected) in both.axes[1].iter().zip(&both.expected[2 * both.axes[1].len()..]) {
        assert!((expected.mean - 4.0 * place.at - 1.0).abs() < 0.35, "{place:?}: {expected:?}");
    }
    assert!(surrogate.dependence_on_two(["d", "e"]).is_err(), "they never exist together");
    assert!(surrogate.names().eq(["m", "k", "o", "d", "e"]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Whatever the trials, shares are shares.
    #[test]
    fn shares_are_shares(values in prop::collection::vec(prop::num::f64::ANY, 8..40), seed in 0..50_u64) {
        let space = space(TREE);
        let points = random(&space, values.len(), |_| 0.0);
        let trials: Vec<(&Params, f64)> = points.iter().zip(&values).map(|((params, _), value)| (params, *value)).collect();
        for method in [Method::Fanova, Method::PedAnova(PedAnova::new(Direction::Maximize))] {
            let Ok(answer) = importance(&space, &trials, method, seed) else { continue };
            for one in &answer.parameters {
                prop_assert!(0.0 <= one.low && one.low <= one.high && one.high <= 1.0, "{one:?}");
                prop_assert!((0.0..=1.0).contains(&one.mean), "{one:?}");
            }
            prop_assert_eq!(answer.parameters.len() + answer.left_out.len(), 5);
        }
    }
}
