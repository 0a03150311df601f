//! What finished curves teach of the next one.

use super::curve::{Finished, Point};
use super::filter::{Disturbance, Filter, Prior, Said};
use super::prediction::{Mixture, Part};
use super::shape::Shapes;

/// Curves from which on their moments count alone; fewer are completed by a spread of 1.
const ENOUGH: f64 = 5.0;

/// Deviations from the median beyond which a curve counts no more for moments.
const OUTLIER: f64 = 4.0;

/// The variance of shifts of a whole curve, as a share of that of first or last values, whichever is less.
const SHIFT: f64 = 0.25;

/// Shares of curves whose noise is below a level of it.
const NOISES: [f64; 3] = [0.1, 0.5, 0.9];

/// Levels of the walk, as shares of the typical one, with those of the unrest, as shares of the typical decline.
const WALKS: [(f64, f64); 3] = [(0.25, 0.0), (1.0, 0.0), (0.25, 0.2)];

/// The least noise, of a spread.
const LEAST: f64 = 1e-4;

/// What is assumed where curves are too short to show it.
const NOISE: f64 = 0.1;
const WALK: f64 = 0.3;

/// Rounds of expectation and maximisation, and the curves that even weights count for.
const ROUNDS: usize = 8;
const EVEN: f64 = 2.0;

/// Prior, shapes, noise and walk, and how probable each combination is.
#[derive(Clone, Debug)]
pub(super) struct Taught {
    shapes: Shapes,
    prior: Prior,
    disturbances: Vec<Disturbance>,
    ln_weights: Vec<f64>,
    ln_last: f64,
}

impl Taught {
    /// From finished curves, seen at these steps.
    pub(super) fn learn(finished: &[&Finished], steps: u64, looks: &[u64]) -> Taught {
        let shapes = Shapes::learn(finished, steps);
        let ln_last = libm::log(steps as f64);
        let disturbances = disturbances(finished, &shapes);
        let count = shapes.count() * disturbances.len();
        let even = -libm::log(count as f64);
        let mut taught =
            Taught { shapes, prior: prior(finished), disturbances, ln_weights: vec![even; count], ln_last };
        taught.weigh(finished, looks);
        taught
    }

    /// What the last value of a curve that begins with these points will be.
    pub(super) fn predict(&self, points: &[Point]) -> Mixture {
        if points.is_empty() {
            let deviation = self.prior.level_variance.sqrt();
            return Mixture::of_logarithms(vec![Part { weight: 0.0, mean: self.prior.level, deviation }]);
        }
        let mut filter = self.filter();
        points.iter().for_each(|point| filter.see(point));
        self.mixture(&filter)
    }

    /// The same at each of these steps of a curve, where it has begun; with the points until then.
    pub(super) fn follow(&self, points: &[Point], looks: &[u64], mut see: impl FnMut(usize, &[Point], &Filter<'_>)) {
        let mut filter = self.filter();
        let mut seen = 0;
        for (k, look) in looks.iter().enumerate() {
            while seen < points.len() && points[seen].step <= *look {
                filter.see(&points[seen]);
                seen += 1;
            }
            if seen > 0 && seen < points.len() {
                see(k, &points[..seen], &filter);
            }
        }
    }

    pub(super) fn mixture(&self, filter: &Filter<'_>) -> Mixture {
        let part = |(said, weight): (Said, &f64)| Part {
            weight: weight + said.ln_evidence,
            mean: said.mean,
            deviation: said.variance.sqrt(),
        };
        Mixture::of_logarithms(filter.said().zip(&self.ln_weights).map(part).collect())
    }

    fn filter(&self) -> Filter<'_> {
        Filter::new(&self.shapes, &self.disturbances, &self.prior, self.ln_last)
    }

    /// Weighs the components by how well they foresee the last value of finished curves, and explain what was seen until then
    /// (Dempster, Laird and Rubin's expectation and maximisation of a mixture's weights).
    fn weigh(&mut self, finished: &[&Finished], looks: &[u64]) {
        let count = self.ln_weights.len();
        let mut likelihoods: Vec<f64> = Vec::with_capacity(finished.len() * looks.len() * count);
        for curve in finished {
            self.follow(&curve.points, looks, |_, _, filter| {
                likelihoods.extend(filter.said().map(|said| {
                    let error = curve.last - said.mean;
                    said.ln_evidence - 0.5 * (libm::log(said.variance) + error * error / said.variance)
                }));
            });
        }
        for row in likelihoods.chunks_exact_mut(count) {
            let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            row.iter_mut().for_each(|value| *value = libm::exp(*value - most));
        }
        let share = 1.0 / looks.len().max(1) as f64;
        let mut weights = vec![1.0 / count as f64; count];
        for _ in 0..ROUNDS {
            let mut sums = vec![EVEN / count as f64; count];
            for row in likelihoods.chunks_exact(count) {
                let total: f64 = row.iter().zip(&weights).map(|(likelihood, weight)| likelihood * weight).sum();
                if total > 0.0 {
                    for ((sum, likelihood), weight) in sums.iter_mut().zip(row).zip(&weights) {
                        *sum += share * likelihood * weight / total;
                    }
                }
            }
            let total: f64 = sums.iter().sum();
            weights = sums.into_iter().map(|sum| sum / total).collect();
        }
        self.ln_weights = weights.into_iter().map(libm::log).collect();
    }
}

/// Moments of last values and declines.
fn prior(finished: &[&Finished]) -> Prior {
    let lasts = trimmed(finished.iter().map(|curve| curve.last).collect());
    let declines = trimmed(finished.iter().map(|curve| curve.first - curve.last).collect());
    let count = finished.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / count.max(1.0);
    let (level, decline) = (mean(&lasts), mean(&declines));
    // What so few curves do not say.
    let known = (count / ENOUGH).min(1.0);
    let unknown = 1.0 - known;
    let moment = |left: &[f64], middle: f64, right: &[f64], other: f64| {
        let sum: f64 = left.iter().zip(right).map(|(x, y)| (x - middle) * (y - other)).sum();
        known * sum / (count - 1.0).max(1.0) * (1.0 + 3.0 / count.max(1.0))
    };
    let level_variance = moment(&lasts, level, &lasts, level) + unknown + LEAST * LEAST;
    let decline_variance = moment(&declines, decline, &declines, decline) + unknown + LEAST * LEAST;
    let covariance = moment(&lasts, level, &declines, decline);
    // Curves are also shifted as a whole: a new best may lie below all others from its first step on.
    let first_variance = level_variance + 2.0 * covariance + decline_variance;
    let shift = SHIFT * level_variance.min(first_variance).max(0.0);
    Prior { level, decline, level_variance: level_variance + shift, covariance, decline_variance }
}

/// The same with outliers drawn in.
fn trimmed(mut values: Vec<f64>) -> Vec<f64> {
    let mut sorted = values.clone();
    sorted.sort_by(f64::total_cmp);
    let Some(center) = at(&sorted, 0.5) else { return values };
    let deviation = (at(&sorted, 0.75).unwrap_or(center) - at(&sorted, 0.25).unwrap_or(center)) / 1.349;
    if deviation > 0.0 {
        for value in &mut values {
            *value = value.clamp(center - OUTLIER * deviation, center + OUTLIER * deviation);
        }
    }
    values
}

/// The combinations of noise and walk.
fn disturbances(finished: &[&Finished], shapes: &Shapes) -> Vec<Disturbance> {
    let mut noises: Vec<f64> = finished.iter().filter_map(|curve| noise(&curve.points)).collect();
    noises.sort_by(f64::total_cmp);
    let mut walks: Vec<f64> = finished.iter().filter_map(|curve| walk(curve, shapes)).collect();
    walks.sort_by(f64::total_cmp);
    let walk = at(&walks, 0.6).unwrap_or(WALK).max(LEAST);
    let mut declines: Vec<f64> = finished.iter().map(|curve| (curve.first - curve.last).abs()).collect();
    declines.sort_by(f64::total_cmp);
    let decline = at(&declines, 0.5).unwrap_or(1.0);
    let mut levels: Vec<f64> =
        NOISES.iter().map(|share| at(&noises, *share).unwrap_or(NOISE * (0.1 + share)).max(LEAST)).collect();
    // Levels that are not told apart are one.
    levels.dedup_by(|later, earlier| *later < 1.3 * *earlier);
    let combinations = levels.iter().flat_map(|noise| {
        WALKS.iter().map(move |(of_walk, of_decline)| {
            let (walk, unrest) = (of_walk * walk, of_decline * decline);
            Disturbance { noise: noise * noise, walk: walk * walk, unrest: unrest * unrest }
        })
    });
    combinations.collect()
}

/// The deviation of a single loss: from how far each is from the middle of its neighbours, where steps are late enough for the
/// curve to be straight.
fn noise(points: &[Point]) -> Option<f64> {
    let late = &points[points.len() / 3..];
    let bend = |three: &[Point]| {
        let [left, middle, right] = three else { return 0.0 };
        (middle.value - 0.5 * (left.value + right.value)).abs() / 1.5_f64.sqrt()
    };
    let mut bends: Vec<f64> = late.windows(3).map(bend).collect();
    bends.sort_by(f64::total_cmp);
    // The median of a normal distribution's size is 0.6745 deviations.
    Some(at(&bends, 0.5)? / 0.6745)
}

/// The deviation of the walk for a factor e in steps: from how far the last value is from where the common shape led, seen from a third
/// of the way.
fn walk(curve: &Finished, shapes: &Shapes) -> Option<f64> {
    let last = curve.points.last()?;
    let middle = curve.points.iter().rev().find(|point| point.ln_step < last.ln_step - 1.0)?;
    let shape = shapes.common_at(middle);
    let error = middle.value - curve.last - shape * (curve.first - curve.last);
    Some(error.abs() / (last.ln_step - middle.ln_step).sqrt())
}

/// The quantile of sorted values.
fn at(sorted: &[f64], share: f64) -> Option<f64> {
    let index = (sorted.len().saturating_sub(1) as f64 * share).round() as usize;
    sorted.get(index).copied()
}
