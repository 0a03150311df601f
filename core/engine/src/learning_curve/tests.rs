//! The model on made curves, and on any numbers at all.

use proptest::prelude::*;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::seed::rng_of;

const STEPS: u64 = 27;

type Curve = Vec<(u64, f64)>;

/// How made curves go.
#[derive(Clone, Copy, Debug)]
enum Family {
    Pow3,
    Exponential,
    /// A power law, and from some step on a rise.
    Overfitting,
    Mixed,
}

const FAMILIES: [Family; 4] = [Family::Pow3, Family::Exponential, Family::Overfitting, Family::Mixed];

/// Curves with an asymptote, a decline, an exponent and a noise of their own.
fn curves(family: Family, count: usize, steps: u64, seed: u64) -> Vec<Curve> {
    let mut rng = rng_of(seed, 0, "made curves");
    let make = |k: usize| {
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let (asymptote, decline, noise) = (0.3 + 0.1 * normal(), libm::exp(0.3 * normal()), libm::exp(0.7 * normal()));
        let (bend, rise) = (normal(), 0.02 * libm::exp(0.8 * normal()));
        let errors: Vec<f64> = (0..steps).map(|_| 0.01 * noise * normal()).collect();
        let from = steps as f64 * rng.random_range(0.1..0.6);
        let family = match family {
            Family::Mixed => FAMILIES[k % 3],
            family => family,
        };
        let loss = |(error, step): (&f64, u64)| {
            let at = step as f64;
            let power = libm::pow(at, -libm::exp(0.4 * bend - 0.3));
            let left = match family {
                Family::Exponential => libm::exp(-libm::exp(0.5 * bend - 1.5) * at),
                Family::Overfitting => power + rise * (at - from).max(0.0) / decline,
                Family::Pow3 | Family::Mixed => power,
            };
            (step, asymptote + decline * left + error)
        };
        errors.iter().zip(1..).map(loss).collect()
    };
    (0..count).map(make).collect()
}

/// Its loss after the last step, or the best of all.
fn end(curve: &Curve, reduce: Reduce) -> f64 {
    read(curve, STEPS, reduce).last().unwrap().1
}

/// What became of predictions from the first steps.
#[derive(Debug, Default)]
struct Judged {
    covered: f64,
    error: f64,
    error_of_last: f64,
    width: f64,
}

fn judge(model: &CurveModel, curves: &[Curve], seen: usize, reduce: Reduce) -> Judged {
    let mut judged = Judged::default();
    let share = 1.0 / curves.len() as f64;
    for curve in curves {
        let (begun, end) = (&curve[..seen], end(curve, reduce));
        let prediction = model.predict(begun);
        let (low, high) = (prediction.quantile(0.05), prediction.quantile(0.95));
        judged.covered += if low <= end && end <= high { share } else { 0.0 };
        judged.error += share * (prediction.quantile(0.5) - end).abs();
        judged.error_of_last += share * (begun[seen - 1].1 - end).abs();
        judged.width += share * (high - low);
    }
    judged
}

/// On the average of some studies: in one of them the interval is as wide as its 40 finished curves happen to say.
#[test]
fn intervals_hold_what_they_say_and_narrow_towards_the_end() {
    for family in FAMILIES {
        let (mut covered, mut width) = ([0.0; 5], [0.0; 5]);
        for seed in 0..6 {
            let curves = curves(family, 140, STEPS, seed);
            let model = CurveModel::learn(&curves[..40], STEPS, Reduce::Last);
            assert!(model.is_trusted(), "{family:?}");
            let judged = [1, 3, 9, 18, 25].map(|seen| judge(&model, &curves[40..], seen, Reduce::Last));
            covered = std::array::from_fn(|k| covered[k] + judged[k].covered / 6.0);
            width = std::array::from_fn(|k| width[k] + judged[k].width / 6.0);
        }
        assert!(covered.iter().all(|covered| (0.8..=0.99).contains(covered)), "{family:?}: {covered:?}");
        assert!(width[1] > width[3] && width[3] > width[4], "{family:?}: {width:?}");
    }
}

/// Of curves that the formulas describe. What over-fits cannot be foreseen from where it has not begun.
#[test]
fn predictions_are_better_than_the_last_value() {
    for (family, share) in [(Family::Pow3, 0.6), (Family::Exponential, 0.7)] {
        let curves = curves(family, 230, STEPS, 2);
        let model = CurveModel::learn(&curves[..30], STEPS, Reduce::Last);
        for seen in [1, 3, 9, 18] {
            let judged = judge(&model, &curves[30..], seen, Reduce::Last);
            assert!(judged.error < share * judged.error_of_last, "{family:?} from {seen}: {judged:?}");
        }
    }
}

#[test]
fn the_best_step_is_predicted_and_never_above_the_best_so_far() {
    for family in FAMILIES {
        let curves = curves(family, 230, STEPS, 3);
        let model = CurveModel::learn(&curves[..30], STEPS, Reduce::Best);
        assert!(model.is_trusted(), "{family:?}");
        for seen in [1, 3, 9, 18] {
            let judged = judge(&model, &curves[30..], seen, Reduce::Best);
            // More where nothing better is to come, which is said for sure.
            assert!(judged.covered >= 0.8, "{family:?} from {seen}: {judged:?}");
        }
        for curve in &curves[30..] {
            let best = end(&curve[..9].to_vec(), Reduce::Best);
            let prediction = model.predict(&curve[..9]);
            let above = [prediction.quantile(0.5), prediction.quantile(0.99)].map(|loss| loss - best);
            assert!(above.iter().all(|above| *above <= 0.0), "{above:?}");
        }
    }
}

/// A curve far below all others is not drawn up to them.
#[test]
fn a_new_best_is_seen_to_be_one() {
    let finished = curves(Family::Pow3, 30, STEPS, 4);
    let best = finished.iter().map(|curve| end(curve, Reduce::Last)).reduce(f64::min).unwrap();
    let model = CurveModel::learn(&finished, STEPS, Reduce::Last);
    let better: Curve = (1..=9).map(|step| (step, best - 0.5 + 1.0 / step as f64)).collect();
    let prediction = model.predict(&better);
    assert!(prediction.probability_below(best) > 0.95, "{}", prediction.probability_below(best));
    assert!((prediction.quantile(0.5) - (best - 0.45)).abs() < 0.15, "{} of {best}", prediction.quantile(0.5));
}

#[test]
fn a_curve_that_rises_is_not_foreseen_to_fall_back_for_sure() {
    let finished = curves(Family::Mixed, 30, STEPS, 5);
    let model = CurveModel::learn(&finished, STEPS, Reduce::Last);
    let rising: Curve =
        (1..=12_u64).map(|step| (step, 0.3 + 1.0 / step as f64 + 0.1 * step.saturating_sub(4) as f64)).collect();
    let prediction = model.predict(&rising);
    assert!(prediction.quantile(0.95) > 1.0, "{}", prediction.quantile(0.95));
    assert!(prediction.probability_below(0.4) < 0.2, "{}", prediction.probability_below(0.4));
}

#[test]
fn few_curves_and_curves_without_difference_are_not_trusted() {
    let four = curves(Family::Pow3, 4, STEPS, 6);
    assert!(!CurveModel::learn(&four, STEPS, Reduce::Last).is_trusted());
    let same: Vec<Curve> = vec![(1..=STEPS).map(|step| (step, 0.7)).collect(); 20];
    let model = CurveModel::learn(&same, STEPS, Reduce::Last);
    assert!(!model.is_trusted());
    assert_eq!([0.1, 0.9].map(|share| model.predict(&same[0][..3]).quantile(share)), [0.7, 0.7]);
    let single: Vec<Curve> = (0..20).map(|k| vec![(1, f64::from(k))]).collect();
    let model = CurveModel::learn(&single, 1, Reduce::Last);
    assert!(!model.is_trusted());
    assert_eq!(model.predict(&[(1, 3.0)]).quantile(0.5), 3.0);
    // Those that did not go to the end do not count.
    let begun: Vec<Curve> = curves(Family::Pow3, 20, STEPS, 6).iter().map(|curve| curve[..20].to_vec()).collect();
    assert!(!CurveModel::learn(&begun, STEPS, Reduce::Last).is_trusted());
}

#[test]
fn a_spike_changes_little() {
    let finished = curves(Family::Pow3, 30, STEPS, 7);
    let model = CurveModel::learn(&finished, STEPS, Reduce::Last);
    let mut curve = curves(Family::Pow3, 1, STEPS, 8).remove(0);
    let before = model.predict(&curve[..15]).quantile(0.5);
    curve[8].1 += 50.0;
    let after = model.predict(&curve[..15]).quantile(0.5);
    assert!((before - after).abs() < 0.05, "{before} {after}");
}

#[test]
fn long_curves_cost_no_more_than_short_ones() {
    let curve: Curve = (1..=1_000_000).step_by(10).map(|step| (step, 1.0 / step as f64)).collect();
    let scale = Scale::of(&[0.0, 1.0], &[0.0, 1.0]).unwrap();
    assert!(points(&curve, &scale).len() < 160);
}

#[test]
fn losses_of_any_size_are_predicted_alike() {
    let made = curves(Family::Mixed, 40, STEPS, 9);
    let sized = |factor: f64, offset: f64| -> Vec<Curve> {
        made.iter().map(|curve| curve.iter().map(|(step, loss)| (*step, factor * loss + offset)).collect()).collect()
    };
    let of = |curves: &[Curve]| {
        let model = CurveModel::learn(&curves[..30], STEPS, Reduce::Last);
        curves[30..].iter().map(|curve| model.predict(&curve[..9])).collect::<Vec<_>>()
    };
    let plain = of(&made);
    for (factor, offset) in [(1e9, 0.0), (1e-9, 0.0), (1e-9, 1e-3), (3.0, -1e4), (1e300, 0.0), (1e-300, 0.0)] {
        for (one, other) in plain.iter().zip(of(&sized(factor, offset))) {
            for p in [0.05, 0.5, 0.95] {
                let again = (other.quantile(p) - offset) / factor;
                assert!((again - one.quantile(p)).abs() < 1e-3, "{factor} {offset}: {again} {}", one.quantile(p));
            }
        }
    }
}

/// Losses, some of them far off or no numbers.
fn loss() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => -2.0..2.0,
        2 => Just(0.5),
        1 => prop::num::f64::ANY,
        1 => prop_oneof![Just(f64::MAX), Just(f64::MIN), Just(1e-310), Just(1e200)],
    ]
}

/// A curve with gaps, not always in order.
fn any_curve() -> impl Strategy<Value = Curve> {
    prop::collection::vec((prop_oneof![9 => 1_u64..4, 1 => 0_u64..1_000_000], loss()), 0..30).prop_map(|steps| {
        let mut at = 0;
        let next = |(gap, loss)| {
            at += gap;
            (at, loss)
        };
        steps.into_iter().map(next).collect()
    })
}

fn reduce() -> impl Strategy<Value = Reduce> {
    prop_oneof![Just(Reduce::Last), Just(Reduce::Best)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_numbers_have_a_prediction(
        finished in prop::collection::vec((any_curve(), loss()), 0..12),
        begun in any_curve(),
        steps in prop_oneof![0_u64..40, Just(u64::MAX)],
        reduce in reduce(),
        losses in prop::collection::vec(loss(), 2),
    ) {
        let to_the_end = |(mut curve, last): (Curve, f64)| {
            curve.retain(|(step, _)| *step < steps);
            curve.push((steps.max(1), last));
            curve
        };
        let finished: Vec<Curve> = finished.into_iter().map(to_the_end).collect();
        let model = CurveModel::learn(&finished, steps, reduce);
        let prediction = model.predict(&begun);
        prop_assert!(prediction.quantile(0.5).is_finite(), "{}", prediction.quantile(0.5));
        let quantiles = [0.0, 0.05, 0.3, 0.5, 0.9, 1.0].map(|p| prediction.quantile(p));
        prop_assert!(quantiles.iter().all(|loss| loss.is_finite()), "{quantiles:?}");
        prop_assert!(quantiles.windows(2).all(|pair| pair[0] <= pair[1]), "{quantiles:?}");
        let mut losses: Vec<f64> = losses.into_iter().filter(|loss| !loss.is_nan()).collect();
        losses.sort_by(f64::total_cmp);
        let below: Vec<f64> = losses.iter().map(|loss| prediction.probability_below(*loss)).collect();
        prop_assert!(below.iter().all(|p| (0.0..=1.0).contains(p)), "{below:?}");
        prop_assert!(below.windows(2).all(|pair| pair[0] <= pair[1]), "{below:?}");
        prop_assert_eq!(prediction, CurveModel::learn(&finished, steps, reduce).predict(&begun));
    }

    /// Losses that stay exact when they are shifted and scaled: then nothing changes but the loss.
    #[test]
    fn shifted_and_scaled_losses_are_predicted_alike(
        seed in any::<u64>(), seen in 1_usize..27, shift in -1000_i32..1000, power in -30_i32..30, reduce in reduce(),
    ) {
        let round = |curve: &Curve| -> Curve {
            curve.iter().map(|(step, loss)| (*step, (loss * 4096.0).round() / 4096.0)).collect()
        };
        let made: Vec<Curve> = curves(Family::Mixed, 13, STEPS, seed).iter().map(round).collect();
        let (factor, offset) = (f64::from(power).exp2(), f64::from(shift));
        let sized = |curve: &Curve| -> Curve {
            curve.iter().map(|(step, loss)| (*step, factor * (loss + offset))).collect()
        };
        let other: Vec<Curve> = made.iter().map(sized).collect();
        let predict = |curves: &[Curve]| {
            let model = CurveModel::learn(&curves[..12], STEPS, reduce);
            (model.predict(&curves[12][..seen]), model.is_trusted())
        };
        let ((one, trusted), (other, also)) = (predict(&made), predict(&other));
        prop_assert_eq!(trusted, also);
        let back = |loss: f64| loss / factor - offset;
        prop_assert!((back(other.quantile(0.5)) - one.quantile(0.5)).abs() < 1e-9);
        prop_assert!((back(other.quantile(0.84)) - one.quantile(0.84)).abs() < 1e-9);
        for p in [0.05, 0.5, 0.95] {
            prop_assert!((back(other.quantile(p)) - one.quantile(p)).abs() < 1e-9);
        }
    }

    #[test]
    fn quantiles_and_probabilities_agree(seed in any::<u64>(), seen in 0_usize..26, p in 0.01..0.99) {
        let made = curves(Family::Mixed, 11, STEPS, seed);
        let model = CurveModel::learn(&made[..10], STEPS, Reduce::Last);
        let prediction = model.predict(&made[10][..seen]);
        let quantile = prediction.quantile(p);
        let below = prediction.probability_below(quantile);
        // Above the ceiling there is nothing.
        prop_assert!((below - p).abs() < 1e-6 || (below < p && prediction.quantile(1.0) <= quantile), "{} {}", below, p);
    }
}
