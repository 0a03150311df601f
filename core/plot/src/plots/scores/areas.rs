//! Areas under the curves of scores, and how sure they are: by a bootstrap of the rows.
//!
//! A resample draws as many rows of each class as there are, with replacement: the number of each class is known and is not what one
//! is unsure of, and no resample is left with one class (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 8
//! and 13). Scores are sorted once; a resample is then how often each row counts, and one pass over them.

use rand::RngExt;
use rayon::prelude::*;
use seqtune_core::seed::rng_of;

use super::{Counts, Scored, steps};
use crate::importance::quantile;

/// Resamples.
const RESAMPLES: u64 = 1000;

/// What an interval of [`areas`] is, in words.
pub const AREAS_METHOD: &str =
    "in brackets 95 % of 1000 bootstrap samples of the rows, drawn from each class by itself";

/// The area under a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Of the rows as they are.
    pub value: f64,
    /// From where to where 95 % of the resamples lie.
    pub interval: [f64; 2],
}

/// The areas of one subset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Areas {
    /// Under the ROC curve.
    pub roc: Area,
    /// The average precision.
    pub precision: Area,
}

/// The areas of a subset with their intervals; none where it has one class only. The same rows have the same intervals, with any
/// number of threads.
pub fn areas(subset: &Scored) -> Option<Areas> {
    let of_steps = own_counts(&steps(subset));
    let [roc, precision] = both(&of_steps)?;
    // Of each row of a class, the step that it stands on.
    let places = |class: usize| -> Vec<u32> {
        let of_step = |(step, counts): (u32, &Counts)| std::iter::repeat_n(step, counts[class]);
        (0..).zip(&of_steps).flat_map(of_step).collect()
    };
    let classes = [places(0), places(1)];
    let draw = |counts: &mut Vec<Counts>, resample: u64| {
        counts.fill([0, 0]);
        let mut rng = rng_of(1, resample, "bootstrap of scores");
        for (class, places) in classes.iter().enumerate() {
            for _ in 0..places.len() {
                counts[places[rng.random_range(0..places.len() as u32) as usize] as usize][class] += 1;
            }
        }
        both(counts)
    };
    let drawn = (0..RESAMPLES).into_par_iter().map_init(|| vec![[0, 0]; of_steps.len()], draw);
    let drawn: Vec<[f64; 2]> = drawn.flatten().collect();
    let area = |value: f64, at: usize| {
        let mut all: Vec<f64> = drawn.iter().map(|both| both[at]).collect();
        all.sort_by(f64::total_cmp);
        Area { value, interval: [quantile(&all, 0.025), quantile(&all, 0.975)] }
    };
    Some(Areas { roc: area(roc, 0), precision: area(precision, 1) })
}

/// Of sums over steps, what each step adds.
fn own_counts(steps: &[Counts]) -> Vec<Counts> {
    let before = std::iter::once(&[0, 0]).chain(steps);
    steps.iter().zip(before).map(|(now, before)| [now[0] - before[0], now[1] - before[1]]).collect()
}

/// The area under the ROC curve and the average precision, of how many of the class and of the others stand on each step from the
/// highest score down; none where there is one class only.
fn both(of_steps: &[Counts]) -> Option<[f64; 2]> {
    let (mut found, mut wrong) = (0.0, 0.0);
    let (mut area, mut precision) = (0.0, 0.0);
    for [of_class, others] in of_steps {
        let (of_class, others) = (*of_class as f64, *others as f64);
        area += others * (found + 0.5 * of_class);
        found += of_class;
        wrong += others;
        if of_class > 0.0 {
            precision += of_class * found / (found + wrong);
        }
    }
    (found > 0.0 && wrong > 0.0).then(|| [area / (found * wrong), precision / found])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::auc;
    use super::*;

    fn scored(rows: &[(bool, f64)]) -> Scored {
        let (labels, scores) = rows.iter().copied().unzip();
        Scored { name: String::new(), labels, scores }
    }

    /// The chance that one of the class has the higher score, pair by pair.
    fn pair_by_pair(rows: &[(bool, f64)]) -> Option<f64> {
        let of = |class: bool| rows.iter().filter(move |(label, _)| *label == class).map(|(_, score)| *score);
        let pairs: Vec<f64> = of(true)
            .flat_map(|own| of(false).map(move |other| f64::midpoint(f64::from(own > other), f64::from(own >= other))))
            .collect();
        (!pairs.is_empty()).then(|| pairs.iter().sum::<f64>() / pairs.len() as f64)
    }

    /// At each score of the class the share of it among all with that score or more.
    fn row_by_row(rows: &[(bool, f64)]) -> f64 {
        let at_least = |score: f64| rows.iter().filter(move |row| row.1 >= score);
        let share = |score: f64| at_least(score).filter(|row| row.0).count() as f64 / at_least(score).count() as f64;
        let own: Vec<f64> = rows.iter().filter(|row| row.0).map(|row| share(row.1)).collect();
        own.iter().sum::<f64>() / own.len() as f64
    }

    proptest! {
        #[test]
        fn areas_are_those_of_all_pairs(rows in prop::collection::vec((any::<bool>(), 0_u8..9), 1..50)) {
            let rows: Vec<(bool, f64)> = rows.into_iter().map(|(label, score)| (label, f64::from(score))).collect();
            let found = both(&own_counts(&steps(&scored(&rows))));
            let pairs = pair_by_pair(&rows);
            prop_assert_eq!(found.is_some(), pairs.is_some());
            if let (Some([area, precision]), Some(pairs)) = (found, pairs) {
                prop_assert!((area - pairs).abs() < 1e-12, "{} {}", area, pairs);
                prop_assert!((area - auc(&scored(&rows)).unwrap()).abs() < 1e-12);
                prop_assert!((precision - row_by_row(&rows)).abs() < 1e-12);
            }
        }
    }

    /// Normal scores, those of the class one deviation higher.
    fn normal(rows: usize, seed: u64) -> Scored {
        let mut rng = rng_of(seed, 0, "test");
        let mut one = |label: bool| {
            let [a, b]: [f64; 2] = [rng.random(), rng.random()];
            let normal = (-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos();
            (label, normal + if label { 1.0 } else { 0.0 })
        };
        scored(&(0..rows).map(|row| one(row % 3 == 0)).collect::<Vec<_>>())
    }

    #[test]
    fn intervals_hold_the_area_as_often_as_they_say() {
        // Of two normal distributions one deviation apart: the normal distribution at 1 / sqrt(2).
        const TRUE: f64 = 0.760_249_938_906_523_7;
        let holds = |seed: &u64| {
            let found = areas(&normal(150, *seed)).unwrap().roc;
            found.interval[0] < TRUE && TRUE < found.interval[1]
        };
        // 95 of 100 are meant; fewer than 88 have a probability below 0.002.
        let held = (0..100).filter(holds).count();
        assert!((88..=100).contains(&held), "{held}");
    }

    #[test]
    fn an_interval_is_narrower_of_more_rows_and_the_same_with_any_threads() {
        let width = |rows: usize| {
            let found = areas(&normal(rows, 5)).unwrap();
            let of = |area: Area| {
                assert!(area.interval[0] < area.value && area.value < area.interval[1], "{area:?}");
                area.interval[1] - area.interval[0]
            };
            [of(found.roc), of(found.precision)]
        };
        let (few, many) = (width(100), width(10_000));
        assert!((0..2).all(|at| (5.0..20.0).contains(&(few[at] / many[at]))), "{few:?} {many:?}");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(pool.install(|| areas(&normal(300, 1))), areas(&normal(300, 1)));
        assert_eq!(areas(&scored(&[(true, 0.3), (true, 0.5)])), None);
        let sure = areas(&scored(&[(true, 0.3), (true, 0.4), (false, 0.1), (false, 0.2)])).unwrap();
        assert_eq!(sure.roc, Area { value: 1.0, interval: [1.0, 1.0] });
    }
}
