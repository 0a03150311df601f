//! The logarithm of the volume, dominated by a set in two objectives, that a point is expected to add.
//!
//! Two independent processes say what the losses of a point are. As with one objective there are M fantasies: joint draws of both
//! functions at the points that are pending and at those of the front. In fantasy m the front goes through the drawn points
//! `(a_1, b_1), ..., (a_P, b_P)`, where a ascends and b descends. What a point adds lies in strips between neighbours, and the
//! expectation of its part of a strip is a product, since the losses are independent:
//!
//! `V_m(x) = Σ_i σ₁ [h(u_{i+1}) - h(u_i)] · σ₂ h(v_i)`, with `u_i = (a_i - μ₁)/σ₁`, `v_i = (b_i - μ₂)/σ₂`, and h the expected
//! improvement of a standard normal value. The strips begin at a_0 = -∞, whose h is 0, and b_0 and a_{P+1} are those of the
//! reference point. (Emmerich, Yang, Deutz, Wang and Fonseca, "A multicriteria generalization of Bayesian global
//! optimization", 2016, have these sums; Daulton, Balandat and Bakshy, NeurIPS 2021, the fantasies for noise; Ament et
//! al., NeurIPS 2023, the logarithm.)
//!
//! All terms are positive and are added by their logarithms, so that nothing underflows far from the front. Where a strip is so thin
//! that the difference loses its digits, the strips before it are so much larger that it does not matter: they add up to at
//! least `h(u_{i+1}) h(v_i)`, since b descends.

use faer::Mat;

use super::super::loops::ln_sum_exp;
use super::acquisition::{Expectation, ln_mean_exp, means};
use super::axes::Row;
use super::likelihood::Data;
use super::normal::{ln_h, ln_h_slope};
use super::posterior::{Belief, Posterior};
use crate::domination::{crowding, first_front, fronts};

/// Points that were measured whose true values are drawn: those of the first fronts.
const FRONT: usize = 32;

/// Fantasies where nothing is pending: the fronts then differ only by what noise leaves unknown.
const FEW: usize = 4;

/// How far the reference point lies beyond the front, as a share of its range. A tenth, which is usual, leaves the ends of a
/// front that is still short out of sight; with a half twice as much of the volume that was missing is found in 50 trials.
const BEYOND: f64 = 0.5;

/// The least range of a front: targets have deviation 1.
const LEAST: f64 = 1.0;

/// The logarithm of the expected gain of volume.
pub(super) struct Volume<'a> {
    posteriors: [Posterior<'a>; 2],
    /// The strips of each fantasy.
    fronts: Vec<Strips>,
}

/// The edges of the strips.
struct Strips {
    /// Where strips end along the first loss, ascending; each begins where the one before ends.
    ends: Vec<f64>,
    /// How far they reach along the second one, descending.
    heights: Vec<f64>,
}

/// Derivatives after mean and deviation of one loss.
#[derive(Clone, Copy, Default)]
struct Slopes {
    mean: f64,
    deviation: f64,
}

impl<'a> Volume<'a> {
    /// Standard normal numbers that a fantasy needs of each objective.
    pub(super) fn normals(data: &Data, pending: &[Row]) -> usize {
        data.len().min(FRONT) + pending.len()
    }

    /// For data of two objectives at the same points, of which the `feasible` ones can be in the front, and pending points; a fantasy for
    /// each of `normals`, which has [`Volume::normals`] numbers for each objective.
    ///
    /// The reference point lies beyond the worst losses of the front by half of its ranges, on the scale of the targets.
    pub(super) fn new(
        posteriors: [Posterior<'a>; 2],
        data: [&Data; 2],
        feasible: &[bool],
        pending: &[Row],
        normals: &[Vec<Vec<f64>>; 2],
    ) -> Volume<'a> {
        let measured: Vec<Row> = (0..feasible.len()).filter(|k| feasible[*k]).map(|k| data[0].points.row(k)).collect();
        let of_each = [0, 1].map(|objective| means(&posteriors[objective], &measured));
        let expected: Vec<[f64; 2]> = of_each[0].iter().zip(&of_each[1]).map(|(one, other)| [*one, *other]).collect();
        let expected: Vec<&[f64]> = expected.iter().map(|pair| pair.as_slice()).collect();
        let fronts = fronts(&expected);
        let reference = [0, 1].map(|objective| {
            let of = || fronts.iter().take(1).flatten().map(|at| expected[*at][objective]);
            let (least, most) = (of().fold(f64::INFINITY, f64::min), of().fold(f64::NEG_INFINITY, f64::max));
            most + BEYOND * (most - least).max(LEAST)
        });
        let mut rows: Vec<Row> = pending.to_vec();
        rows.extend(
            fronts.iter().flat_map(|front| by_room(front, &expected)).take(FRONT).map(|at| measured[at].clone()),
        );
        let fantasies = if pending.is_empty() { FEW } else { usize::MAX };
        let drawn = |objective: usize| {
            let normals = &normals[objective];
            posteriors[objective].draws(&rows, &normals[..normals.len().min(fantasies)])
        };
        let draws = [drawn(0), drawn(1)];
        let fronts = draws[0].iter().zip(&draws[1]).map(|(one, other)| Strips::of(one, other, reference)).collect();
        let posteriors = if pending.is_empty() {
            posteriors
        } else {
            let [one, other] = posteriors;
            [one.with_fantasies(pending, &draws[0]), other.with_fantasies(pending, &draws[1])]
        };
        Volume { posteriors, fronts }
    }

    /// What is expected of one point, over all fantasies.
    pub(super) fn expectations(&self, row: &Row) -> [Expectation; 2] {
        [0, 1].map(|objective| Expectation::of(&self.posteriors[objective], row))
    }

    pub(super) fn values(&self, rows: &[Row]) -> Vec<f64> {
        let [one, other] =
            [0, 1].map(|objective| self.posteriors[objective].beliefs(&self.posteriors[objective].cross(rows, false)));
        one.iter().zip(&other).map(|(one, other)| self.value([one, other])).collect()
    }

    /// Values and gradients.
    pub(super) fn gradients(&self, rows: &[Row]) -> (Vec<f64>, Vec<Row>) {
        let crosses = [0, 1].map(|objective| self.posteriors[objective].cross(rows, true));
        let beliefs = [0, 1].map(|objective| self.posteriors[objective].beliefs(&crosses[objective]));
        let mut shares = [(); 2].map(|()| Mat::zeros(self.posteriors[0].fantasies(), rows.len()));
        let mut of_deviations = [vec![0.0; rows.len()], vec![0.0; rows.len()]];
        let mut values = Vec::with_capacity(rows.len());
        for b in 0..rows.len() {
            let (value, slopes) = self.derivatives([&beliefs[0][b], &beliefs[1][b]]);
            values.push(value);
            for (m, slopes) in slopes.into_iter().enumerate() {
                for objective in [0, 1] {
                    // Without pending points all fantasies have one mean.
                    let m = if shares[objective].nrows() == 1 { 0 } else { m };
                    shares[objective][(m, b)] += slopes[objective].mean;
                    of_deviations[objective][b] += slopes[objective].deviation;
                }
            }
        }
        let mut gradients = vec![Vec::new(); rows.len()];
        for (objective, cross) in crosses.into_iter().enumerate() {
            let (beliefs, shares, deviations) = (&beliefs[objective], &shares[objective], &of_deviations[objective]);
            let more = self.posteriors[objective].gradients(rows, cross, beliefs, shares.as_ref(), deviations);
            for (gradient, more) in gradients.iter_mut().zip(more) {
                if gradient.is_empty() {
                    *gradient = more;
                } else {
                    gradient.iter_mut().zip(more).for_each(|(part, more)| *part += more);
                }
            }
        }
        (values, gradients)
    }

    fn value(&self, beliefs: [&Belief; 2]) -> f64 {
        let terms: Vec<f64> = (0..self.fronts.len()).map(|m| self.fronts[m].ln_gain(of_fantasy(beliefs, m))).collect();
        ln_mean_exp(&terms)
    }

    /// The value, and for each fantasy its derivatives after both losses of that fantasy.
    fn derivatives(&self, beliefs: [&Belief; 2]) -> (f64, Vec<[Slopes; 2]>) {
        let each: Vec<(f64, [Slopes; 2])> =
            (0..self.fronts.len()).map(|m| self.fronts[m].derivatives(of_fantasy(beliefs, m))).collect();
        let value = ln_mean_exp(&each.iter().map(|(term, _)| *term).collect::<Vec<_>>());
        let shared = |(term, slopes): (f64, [Slopes; 2])| {
            let share = libm::exp(term - value) / self.fronts.len() as f64;
            slopes.map(|slopes| Slopes { mean: share * slopes.mean, deviation: share * slopes.deviation })
        };
        (value, each.into_iter().map(shared).collect())
    }
}

/// Mean and deviation of both losses in a fantasy.
fn of_fantasy(beliefs: [&Belief; 2], m: usize) -> [(f64, f64); 2] {
    beliefs.map(|belief| (belief.means[if belief.means.len() == 1 { 0 } else { m }], belief.deviation))
}

/// A front by the room that its points have, the most first.
fn by_room(front: &[usize], points: &[&[f64]]) -> Vec<usize> {
    let room = crowding(&front.iter().map(|at| points[*at]).collect::<Vec<_>>());
    let mut order: Vec<usize> = (0..front.len()).collect();
    order.sort_by(|a, b| room[*b].total_cmp(&room[*a]));
    order.into_iter().map(|k| front[k]).collect()
}

impl Strips {
    /// Left of and below the points with these losses, within a reference point.
    fn of(first: &[f64], second: &[f64], reference: [f64; 2]) -> Strips {
        let within = |(a, b): &(&f64, &f64)| **a < reference[0] && **b < reference[1];
        let points: Vec<[f64; 2]> = first.iter().zip(second).filter(within).map(|(a, b)| [*a, *b]).collect();
        let points: Vec<&[f64]> = points.iter().map(|point| point.as_slice()).collect();
        let (mut ends, mut heights) = (Vec::new(), vec![reference[1]]);
        for at in first_front(&points) {
            // Equals are one.
            if ends.last() != Some(&points[at][0]) {
                ends.push(points[at][0]);
                heights.push(points[at][1]);
            }
        }
        ends.push(reference[0]);
        Strips { ends, heights }
    }

    /// The logarithm of the volume that is expected of losses with these means and deviations.
    fn ln_gain(&self, [(first, first_deviation), (second, second_deviation)]: [(f64, f64); 2]) -> f64 {
        let mut before = f64::NEG_INFINITY;
        let term = |(end, height): (&f64, &f64)| {
            let ln_end = ln_h((end - first) / first_deviation);
            let ln_width = ln_end + ln_rest(before - ln_end);
            before = ln_end;
            ln_width + ln_h((height - second) / second_deviation)
        };
        let terms: Vec<f64> = self.ends.iter().zip(&self.heights).map(term).collect();
        ln_sum_exp(&terms) + libm::log(first_deviation) + libm::log(second_deviation)
    }

    /// With derivatives after both. With `S = Φ/h` those of `σ h(z)`, over its value, are `-S/σ` after the mean and
    /// `(1 - z S)/σ` after the deviation, since `φ = h - z Φ`.
    fn derivatives(
        &self,
        [(first, first_deviation), (second, second_deviation)]: [(f64, f64); 2],
    ) -> (f64, [Slopes; 2]) {
        struct Edge {
            ln: f64,
            mean: f64,
            deviation: f64,
        }
        let edge = |z: f64| {
            let slope = ln_h_slope(z);
            Edge { ln: ln_h(z), mean: -slope, deviation: 1.0 - z * slope }
        };
        let mut terms = Vec::with_capacity(self.ends.len());
        let mut slopes = Vec::with_capacity(self.ends.len());
        let mut before = Edge { ln: f64::NEG_INFINITY, mean: 0.0, deviation: 0.0 };
        for (end, height) in self.ends.iter().zip(&self.heights) {
            let (end, height) = (edge((end - first) / first_deviation), edge((height - second) / second_deviation));
            let ln_rest = ln_rest(before.ln - end.ln);
            terms.push(end.ln + ln_rest + height.ln);
            // The width is a difference, and so is its derivative.
            let (left, rest) = (libm::exp(before.ln - end.ln), libm::exp(ln_rest));
            let difference = |of: f64, before: f64| if rest > 0.0 { (of - left * before) / rest } else { 0.0 };
            let of_width = Slopes {
                mean: difference(end.mean, before.mean),
                deviation: difference(end.deviation, before.deviation),
            };
            slopes.push([of_width, Slopes { mean: height.mean, deviation: height.deviation }]);
            before = end;
        }
        let total = ln_sum_exp(&terms);
        let mut sums = [Slopes::default(); 2];
        for (term, slopes) in terms.iter().zip(slopes) {
            let share = libm::exp(term - total);
            for (sum, slopes) in sums.iter_mut().zip(slopes) {
                sum.mean += share * slopes.mean;
                sum.deviation += share * slopes.deviation;
            }
        }
        let over = |slopes: Slopes, deviation: f64| Slopes {
            mean: slopes.mean / deviation,
            deviation: slopes.deviation / deviation,
        };
        let value = total + libm::log(first_deviation) + libm::log(second_deviation);
        (value, [over(sums[0], first_deviation), over(sums[1], second_deviation)])
    }
}

/// `ln(1 - exp(x))` for x up to 0; negative infinity at 0 and where rounding makes it more.
fn ln_rest(x: f64) -> f64 {
    if x >= 0.0 {
        f64::NEG_INFINITY
    } else if x > -std::f64::consts::LN_2 {
        libm::log(-libm::expm1(x))
    } else {
        libm::log1p(-libm::exp(x))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::hypervolume::{gain, hypervolume};
    use crate::seed::rng_of;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        /// Against the mean of what draws add, within six of its standard errors and what so many draws may never show.
        #[test]
        fn the_volume_is_what_draws_add_on_average(
            front in prop::collection::vec((-2.0..2.0_f64, -2.0..2.0_f64), 0..8),
            means in (-2.0..2.0_f64, -2.0..2.0_f64),
            deviations in (0.1..2.0_f64, 0.1..2.0_f64),
        ) {
            let (first, second): (Vec<f64>, Vec<f64>) = front.iter().copied().unzip();
            let reference = [1.5, 1.7];
            let strips = Strips::of(&first, &second, reference);
            let found = strips.ln_gain([(means.0, deviations.0), (means.1, deviations.1)]).exp();
            let points: Vec<[f64; 2]> = front.iter().map(|(a, b)| [*a, *b]).collect();
            let points: Vec<&[f64]> = points.iter().map(|point| point.as_slice()).collect();
            let mut rng = rng_of(7, 0, "test");
            let count = 20_000;
            let (mut sum, mut squares) = (0.0, 0.0);
            for _ in 0..count {
                let normals: [f64; 2] = [(); 2].map(|()| StandardNormal.sample(&mut rng));
                let at = [means.0 + deviations.0 * normals[0], means.1 + deviations.1 * normals[1]];
                let added = gain(&at, &points, &reference);
                sum += added;
                squares += added * added;
            }
            let mean = sum / f64::from(count);
            let error = ((squares / f64::from(count) - mean * mean) / f64::from(count)).sqrt();
            prop_assert!((mean - found).abs() < 6.0 * error + 1e-3, "{} is not {} +- {}", found, mean, error);
        }

        /// Where nothing is left to chance, it is what the point adds.
        #[test]
        fn without_doubt_it_is_the_volume(
            front in prop::collection::vec((0..10_u8, 0..10_u8), 0..8), at in (0..10_u8, 0..10_u8),
        ) {
            let of = |(a, b): (u8, u8)| [f64::from(a), f64::from(b)];
            let points: Vec<[f64; 2]> = front.into_iter().map(of).collect();
            let (first, second): (Vec<f64>, Vec<f64>) = points.iter().map(|point| (point[0], point[1])).unzip();
            let mut points: Vec<&[f64]> = points.iter().map(|point| point.as_slice()).collect();
            let (at, reference) = (of(at), [9.5, 8.5]);
            let found = Strips::of(&first, &second, reference).ln_gain([(at[0], 1e-6), (at[1], 1e-6)]).exp();
            let before = hypervolume(&points, &reference);
            points.push(&at);
            prop_assert!((hypervolume(&points, &reference) - before - found).abs() < 1e-4);
        }
    }

    /// Far behind the front and with little doubt the logarithm is still a number, and says which way is better.
    #[test]
    fn nothing_underflows_far_from_the_front() {
        let strips = Strips::of(&[0.0, 1.0, 1.0 + 1e-13, 2.0], &[3.0, 2.0, 2.0 - 1e-13, 0.0], [2.5, 3.5]);
        let mut last = f64::INFINITY;
        for step in 0..60 {
            let at = 0.5 * f64::from(step);
            let beliefs = [(at, 1e-3), (at, 2e-3)];
            let (value, slopes) = strips.derivatives(beliefs);
            assert!((value - strips.ln_gain(beliefs)).abs() <= 1e-12 * value.abs());
            assert!(value.is_finite() && value < last, "{at}: {value}");
            assert!(slopes.iter().all(|one| one.mean.is_finite() && one.deviation.is_finite()), "{at}");
            assert!(slopes.iter().any(|one| one.mean < 0.0), "{at}");
            last = value;
        }
    }
}
