//! The search distribution, and what one generation makes of it.
//!
//! Numbers follow a normal distribution that adapts as in Hansen, "The CMA evolution strategy: a tutorial", 2016 (positive
//! weights; deviations whitened by the Cholesky factor instead of the symmetric root, as Krause, Arbonès and Igel do,
//! "CMA-ES with optimal covariance update and storage complexity", NeurIPS 2016). Choices follow independent categorical
//! distributions with the natural gradient and the margin of Hamano et al., "CatCMA: stochastic optimization for
//! mixed-category problems", GECCO 2024.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use seqtune_space::Grain;

use super::margin::{cell_of, corrected, within_cell};

/// The first step size, as a share of the range.
const STEP: f64 = 0.3;

/// A distribution that is narrower than this finds nothing new. Numbers are rounded to a millionth of their range and no point
/// is tried twice, so that it would not become much narrower.
const NARROW: f64 = 1e-5;

/// Draws for a point that lies within the cube, before it is reflected into it.
const RESAMPLED: usize = 20;

/// What is drawn from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    /// Coordinates that are numbers, and those that are choices.
    numbers: Vec<usize>,
    choices: Vec<usize>,
    mean: Vec<f64>,
    step: f64,
    covariance: Vec<Vec<f64>>,
    /// Its lower Cholesky factor.
    factor: Vec<Vec<f64>>,
    /// What the margin makes wider.
    widened: Vec<f64>,
    step_path: Vec<f64>,
    path: Vec<f64>,
    probabilities: Vec<Vec<f64>>,
    /// Points of one generation.
    pub(super) population: usize,
    generations: f64,
}

impl State {
    /// The distribution before anything is known, around a place.
    pub(super) fn new(grains: &[Grain], around: &[f64], population: usize) -> State {
        let is_number = |index: &usize| !matches!(grains[*index], Grain::Choices(_));
        let (numbers, choices): (Vec<usize>, Vec<usize>) = (0..grains.len()).partition(is_number);
        let count = numbers.len();
        let probabilities = choices.iter().map(|index| match grains[*index] {
            Grain::Choices(choices) => vec![1.0 / choices as f64; choices],
            _ => Vec::new(),
        });
        let mut state = State {
            mean: numbers.iter().map(|index| around[*index]).collect(),
            probabilities: probabilities.collect(),
            step: STEP,
            covariance: identity(count),
            factor: identity(count),
            widened: vec![1.0; count],
            step_path: vec![0.0; count],
            path: vec![0.0; count],
            generations: 0.0,
            numbers,
            choices,
            population,
        };
        state.keep_margin(grains);
        state
    }

    /// How many generations it has adapted to.
    pub(super) fn generations(&self) -> u64 {
        self.generations as u64
    }

    /// How wide it is, in widths of the cube.
    pub(super) fn step_size(&self) -> f64 {
        self.step
    }

    /// A place in the cube.
    pub(super) fn draw(&self, rng: &mut ChaCha8Rng) -> Vec<f64> {
        let mut unit = vec![0.5; self.numbers.len() + self.choices.len()];
        let mut place = self.draw_numbers(rng);
        for _ in 1..RESAMPLED {
            if place.iter().all(|at| (0.0..1.0).contains(at)) {
                break;
            }
            place = self.draw_numbers(rng);
        }
        for (index, at) in self.numbers.iter().zip(place) {
            // A fold at 0 and 1.
            let at = at.rem_euclid(2.0);
            unit[*index] = if at < 1.0 { at } else { 2.0 - at };
        }
        for (index, probabilities) in self.choices.iter().zip(&self.probabilities) {
            let mut left: f64 = rng.random();
            let chosen = probabilities.iter().position(|probability| {
                left -= probability;
                left < 0.0
            });
            let chosen = chosen.unwrap_or(probabilities.len() - 1);
            unit[*index] = (chosen as f64 + 0.5) / probabilities.len() as f64;
        }
        unit
    }

    fn draw_numbers(&self, rng: &mut ChaCha8Rng) -> Vec<f64> {
        let z: Vec<f64> = StandardNormal.sample_iter(rng).take(self.numbers.len()).collect();
        let at = |k: usize| {
            let y: f64 = self.factor[k][..=k].iter().zip(&z).map(|(a, z)| a * z).sum();
            self.mean[k] + self.step * self.widened[k] * y
        };
        (0..z.len()).map(at).collect()
    }

    /// Adapts to one generation, the best point first. Of a point that lies in a cell, the place within it is drawn from
    /// the distribution again: the log has only the value.
    pub(super) fn adapt(&mut self, grains: &[Grain], ranked: &[Vec<Option<f64>>], rng: &mut ChaCha8Rng) {
        let weights = weights(ranked.len());
        let effective = 1.0 / weights.iter().map(|weight| weight * weight).sum::<f64>();
        self.adapt_choices(&weights, effective, ranked);
        if !self.numbers.is_empty() {
            let deviations: Vec<Vec<Option<f64>>> =
                ranked[..weights.len()].iter().map(|point| self.deviation(grains, point, rng)).collect();
            self.adapt_numbers(&weights, effective, &deviations);
        }
        self.keep_margin(grains);
    }

    /// Where a point lies from the mean, in steps; what does not exist there is `None`.
    fn deviation(&self, grains: &[Grain], point: &[Option<f64>], rng: &mut ChaCha8Rng) -> Vec<Option<f64>> {
        let count = self.numbers.len();
        let mut deviation: Vec<Option<f64>> = (0..count)
            .map(|k| {
                let u: f64 = rng.random();
                let at = point[self.numbers[k]]?;
                let at = match &grains[self.numbers[k]] {
                    Grain::Cells(ends) => {
                        let cell = cell_of(ends, at);
                        within_cell(ends[cell], ends[cell + 1], self.mean[k], self.deviation_of(k), u)
                    }
                    _ => at,
                };
                Some((at - self.mean[k]) / (self.step * self.widened[k]))
            })
            .collect();
        // A point that an older distribution drew may be far from this one: it counts as nearer (Hansen, "Injecting external
        // solutions into CMA-ES", 2011).
        let z = self.whitened(&deviation.iter().map(|y| y.unwrap_or_default()).collect::<Vec<_>>());
        let (length, n) = (norm(&z), count as f64);
        let longest = n.sqrt() + 2.0 * n / (n + 2.0);
        if length > longest {
            deviation.iter_mut().flatten().for_each(|y| *y *= longest / length);
        }
        deviation
    }

    fn adapt_numbers(&mut self, weights: &[f64], effective: f64, deviations: &[Vec<Option<f64>>]) {
        let n = self.numbers.len() as f64;
        let rate_step = (effective + 2.0) / (n + effective + 5.0);
        let damping = 1.0 + 2.0 * (((effective - 1.0) / (n + 1.0)).max(0.0).sqrt() - 1.0).max(0.0) + rate_step;
        let rate_path = (4.0 + effective / n) / (n + 4.0 + 2.0 * effective / n);
        let rate_one = 2.0 / ((n + 1.3) * (n + 1.3) + effective);
        let rate_many = (2.0 * (effective - 2.0 + 1.0 / effective) / ((n + 2.0) * (n + 2.0) + effective))
            .clamp(0.0, 1.0 - rate_one);
        let expected = n.sqrt() * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n * n));

        let moved: Vec<f64> = (0..self.numbers.len())
            .map(|k| weights.iter().zip(deviations).map(|(w, y)| w * y[k].unwrap_or_default()).sum())
            .collect();
        for (mean, moved) in self.mean.iter_mut().zip(&moved) {
            *mean = (*mean + self.step * moved).clamp(0.0, 1.0);
        }
        let white = self.whitened(&moved);
        let scale = (rate_step * (2.0 - rate_step) * effective).sqrt();
        for (path, white) in self.step_path.iter_mut().zip(&white) {
            *path = (1.0 - rate_step) * *path + scale * white;
        }
        self.generations += 1.0;
        let length = norm(&self.step_path);
        let begun = (1.0 - libm::pow(1.0 - rate_step, 2.0 * self.generations)).sqrt();
        // The path stalls while the step grows fast.
        let stalls = length / begun >= (1.4 + 2.0 / (n + 1.0)) * expected;
        let scale = if stalls { 0.0 } else { (rate_path * (2.0 - rate_path) * effective).sqrt() };
        for (path, moved) in self.path.iter_mut().zip(&moved) {
            *path = (1.0 - rate_path) * *path + scale * moved;
        }
        let lost = if stalls { rate_one * rate_path * (2.0 - rate_path) } else { 0.0 };
        let old = self.covariance.clone();
        for a in 0..self.numbers.len() {
            for b in 0..=a {
                // Where one of the two does not exist the point says nothing of how they vary.
                let spread: f64 = weights
                    .iter()
                    .zip(deviations)
                    .map(|(w, y)| w * y[a].zip(y[b]).map_or(old[a][b], |(a, b)| a * b))
                    .sum();
                let value = (1.0 - rate_one - rate_many + lost) * old[a][b]
                    + rate_one * self.path[a] * self.path[b]
                    + rate_many * spread;
                self.covariance[a][b] = value;
                self.covariance[b][a] = value;
            }
        }
        self.factor = factored(&self.covariance);
        self.step *= libm::exp(((rate_step / damping) * (length / expected - 1.0)).min(1.0));
        // Beyond the cube there is nothing.
        let widest = (0..self.numbers.len()).map(|k| self.covariance[k][k].sqrt()).fold(0.0, f64::max);
        self.step = self.step.min(1.0 / widest.max(f64::MIN_POSITIVE)).max(1e-12);
    }

    fn adapt_choices(&mut self, weights: &[f64], effective: f64, ranked: &[Vec<Option<f64>>]) {
        let count = self.choices.len() as f64;
        let rate = effective / (effective + 2.0 * count + 4.0);
        // A generation has a choice that is not the likeliest with a probability of a quarter or so.
        let share = 1.0 - libm::pow(0.73, 1.0 / count.max(1.0));
        for (index, probabilities) in self.choices.iter().zip(&mut self.probabilities) {
            let choices = probabilities.len();
            let old = probabilities.clone();
            for (weight, point) in weights.iter().zip(ranked) {
                let Some(at) = point[*index] else { continue };
                let chosen = ((at * choices as f64) as usize).min(choices - 1);
                for (choice, probability) in probabilities.iter_mut().enumerate() {
                    *probability += rate * weight * (f64::from(u8::from(choice == chosen)) - old[choice]);
                }
            }
            let least = share / (choices.max(2) - 1) as f64;
            let least = least.min(0.5 / choices as f64);
            probabilities.iter_mut().for_each(|probability| *probability = probability.max(least));
            // What was added is taken from those above the bound.
            let excess = probabilities.iter().sum::<f64>() - 1.0;
            let above: f64 = probabilities.iter().map(|probability| probability - least).sum();
            if above > 0.0 {
                probabilities.iter_mut().for_each(|probability| {
                    *probability -= excess * (*probability - least) / above;
                });
            }
        }
    }

    /// Keeps the chance to leave the mean's cell above `1 / (numbers * population)`.
    fn keep_margin(&mut self, grains: &[Grain]) {
        let least = (1.0 / (self.numbers.len() * self.population).max(4) as f64).min(0.25);
        for k in 0..self.numbers.len() {
            if let Grain::Cells(ends) = &grains[self.numbers[k]] {
                let (mean, deviation) = corrected(ends, self.mean[k], self.deviation_of(k), least);
                self.mean[k] = mean;
                self.widened[k] = deviation / (self.step * self.covariance[k][k].sqrt());
            }
        }
    }

    fn deviation_of(&self, k: usize) -> f64 {
        self.step * self.widened[k] * self.covariance[k][k].sqrt()
    }

    /// Whether it has become too narrow to find anything new. Choices and cells never do.
    pub(super) fn has_converged(&self) -> bool {
        !self.numbers.is_empty() && (0..self.numbers.len()).all(|k| self.deviation_of(k) < NARROW)
    }

    /// The inverse of the factor times a vector.
    fn whitened(&self, y: &[f64]) -> Vec<f64> {
        let mut z = vec![0.0; y.len()];
        for k in 0..y.len() {
            let known: f64 = self.factor[k][..k].iter().zip(&z).map(|(a, z)| a * z).sum();
            z[k] = (y[k] - known) / self.factor[k][k];
        }
        z
    }
}

/// Weights of the better half of a generation.
fn weights(population: usize) -> Vec<f64> {
    let chosen = (population / 2).max(1);
    let raw: Vec<f64> =
        (1..=chosen).map(|rank| libm::log(0.5 * (population as f64 + 1.0)) - libm::log(rank as f64)).collect();
    let total: f64 = raw.iter().sum();
    raw.into_iter().map(|weight| weight / total).collect()
}

fn identity(count: usize) -> Vec<Vec<f64>> {
    (0..count).map(|a| (0..count).map(|b| f64::from(u8::from(a == b))).collect()).collect()
}

fn norm(vector: &[f64]) -> f64 {
    vector.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// The lower Cholesky factor, of the nearest matrix that has one.
fn factored(matrix: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let count = matrix.len();
    let mut factor = vec![vec![0.0; count]; count];
    for a in 0..count {
        for b in 0..=a {
            let known: f64 = (0..b).map(|k| factor[a][k] * factor[b][k]).sum();
            let left = matrix[a][b] - known;
            factor[a][b] = if a == b { left.max(1e-12 * matrix[a][a]).sqrt().max(1e-150) } else { left / factor[b][b] };
        }
    }
    factor
}
