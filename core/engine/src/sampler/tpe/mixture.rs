//! Parzen estimators: the density of one block, a kernel around each point and one for what is known without any.
//!
//! All densities are relative to the uniform one, whose logarithm is 0 everywhere: coordinates that are continuous, cells or
//! choices multiply without units.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use seqtune_space::{Grain, Prior, SearchSpace, Value};

use super::super::loops::ln_sum_exp;
use super::blocks::Block;

/// Values along a coordinate beyond which it counts as continuous: a cell is then narrower than any kernel.
const CELLS: u64 = 64;

/// The narrowest kernel, as a share of the range (Watanabe, "Tree-structured Parzen estimator", 2023).
const FLOOR: f64 = 0.03;

/// How wide kernels are where points are few: by Scott's rule, of points that scatter this much.
const SCATTER: f64 = 0.12;

/// The density of a block's coordinates.
pub(super) struct Mixture<'a> {
    /// One a kernel, and last the one without a point. They sum to 1.
    weights: Vec<f64>,
    ln_weights: Vec<f64>,
    axes: Vec<Axis<'a>>,
}

/// One coordinate: a factor of each kernel, and the prior.
struct Axis<'a> {
    kernels: Kernels,
    prior: Option<Known<'a>>,
}

/// What is declared about a coordinate before any trial.
struct Known<'a> {
    space: &'a SearchSpace,
    dimension: usize,
    prior: &'a Prior,
}

enum Kernels {
    /// Normal distributions cut to the unit interval.
    Normal {
        means: Vec<f64>,
        /// One over each standard deviation; 0 where the point says nothing.
        precisions: Vec<f64>,
        /// Logarithm of what each is divided by.
        ln_norms: Vec<f64>,
    },
    /// Distributions over values: for each kernel the row of the value it stands on.
    Shares {
        /// Ends of the values' cells.
        ends: Vec<f64>,
        rows: Vec<usize>,
        /// Logarithm of the density of each value (column) under a kernel on each value; the last row is uniform.
        ln_densities: Vec<Vec<f64>>,
    },
}

impl<'a> Mixture<'a> {
    /// Kernels on `points`, each with its weight: `points[k]` holds the coordinates of the block, `None` where the point
    /// says nothing. The kernel without a point weighs as much as the others do on average.
    pub(super) fn new(space: &'a SearchSpace, block: &Block, points: &[(f64, Vec<Option<f64>>)]) -> Mixture<'a> {
        let total: f64 = points.iter().map(|(weight, _)| weight).sum();
        let even = 1.0 / (points.len() as f64 + 1.0);
        let mut weights: Vec<f64> =
            points.iter().map(|(weight, _)| if total > 0.0 { (1.0 - even) * weight / total } else { even }).collect();
        weights.push(even);
        // Gaps alone are too wide where a few points fill many dimensions.
        let widest = SCATTER * libm::pow(even, 1.0 / (block.dimensions.len() as f64 + 4.0));
        let axes = block.dimensions.iter().enumerate().map(|(at, dimension)| {
            let values: Vec<Option<f64>> = points.iter().map(|(_, point)| point[at]).collect();
            Axis::new(space, *dimension, &values, widest)
        });
        let ln_weights = weights.iter().map(|weight| libm::log(*weight)).collect();
        Mixture { axes: axes.collect(), weights, ln_weights }
    }

    /// The logarithm of the density at the block's coordinates.
    pub(super) fn ln_density(&self, at: &[f64]) -> f64 {
        let mut terms = self.ln_weights.clone();
        for (axis, at) in self.axes.iter().zip(at) {
            axis.add_to(&mut terms, *at);
        }
        ln_sum_exp(&terms)
    }

    /// Draws coordinates of the block.
    pub(super) fn draw(&self, rng: &mut impl Rng) -> Vec<f64> {
        let kernel = pick(&self.weights, rng.random());
        self.axes.iter().map(|axis| axis.draw(kernel, rng)).collect()
    }
}

impl<'a> Axis<'a> {
    fn new(space: &'a SearchSpace, index: usize, values: &[Option<f64>], widest: f64) -> Axis<'a> {
        let dimension = &space.dimensions()[index];
        let prior = space.parameters()[dimension.parameter].prior.as_ref();
        let prior = prior.map(|prior| Known { space, dimension: index, prior });
        let kernels = match space.grain(dimension, CELLS) {
            Grain::Continuous => normal(values, widest),
            Grain::Cells(ends) => shares_in_order(ends, values, widest),
            Grain::Choices(count) => shares_of_choices(count, values),
        };
        Axis { kernels, prior }
    }

    /// Adds the logarithm of each kernel's factor.
    fn add_to(&self, terms: &mut [f64], at: f64) {
        match &self.kernels {
            Kernels::Normal { means, precisions, ln_norms } => {
                pulp::Arch::new().dispatch(
                    #[inline(always)]
                    || {
                        let kernels = means.iter().zip(precisions).zip(ln_norms);
                        for (term, ((mean, precision), ln_norm)) in terms.iter_mut().zip(kernels) {
                            let z = (at - mean) * precision;
                            *term -= 0.5 * z * z + ln_norm;
                        }
                    },
                );
            }
            Kernels::Shares { ends, rows, ln_densities } => {
                let column = cell(ends, at);
                for (term, row) in terms.iter_mut().zip(rows) {
                    *term += ln_densities[*row][column];
                }
            }
        }
        if let (Some(known), Some(last)) = (&self.prior, terms.last_mut()) {
            *last += known.ln_density(at);
        }
    }

    fn draw(&self, kernel: usize, rng: &mut impl Rng) -> f64 {
        match &self.kernels {
            // Its point says nothing here.
            Kernels::Normal { precisions, .. } if precisions.get(kernel) == Some(&0.0) => rng.random(),
            Kernels::Normal { means, precisions, .. } if kernel < means.len() => {
                // A mean within the interval and a deviation of its length at most: every third draw is inside.
                loop {
                    let normal: f64 = StandardNormal.sample(rng);
                    let at = means[kernel] + normal / precisions[kernel];
                    if (0.0..1.0).contains(&at) {
                        return at;
                    }
                }
            }
            Kernels::Shares { ends, rows, ln_densities } if kernel < rows.len() => {
                let widths = ends.windows(2).map(|pair| pair[1] - pair[0]);
                let row = &ln_densities[rows[kernel]];
                let shares: Vec<f64> = row.iter().zip(widths).map(|(ln, width)| libm::exp(*ln) * width).collect();
                let value = pick(&shares, rng.random());
                0.5 * (ends[value] + ends[value + 1])
            }
            // The kernel without a point.
            _ => {
                let share = rng.random();
                self.prior.as_ref().map_or(share, |known| known.quantile(share))
            }
        }
    }
}

impl Known<'_> {
    fn ln_density(&self, at: f64) -> f64 {
        let domain = self.domain();
        let value: Value = domain.decode(at);
        self.prior.ln_density(domain, &value)
    }

    fn quantile(&self, share: f64) -> f64 {
        self.prior.quantile(self.domain(), share)
    }

    fn domain(&self) -> &seqtune_space::Domain {
        &self.space.parameters()[self.space.dimensions()[self.dimension].parameter].domain
    }
}

/// One normal kernel a value.
fn normal(values: &[Option<f64>], widest: f64) -> Kernels {
    let mut order: Vec<(f64, usize)> =
        values.iter().enumerate().filter_map(|(k, value)| Some(((*value)?, k))).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let known: Vec<f64> = order.iter().map(|(value, _)| *value).collect();
    let mut kernels = (vec![0.5; values.len()], vec![0.0; values.len()], vec![0.0; values.len()]);
    for ((mean, k), deviation) in order.iter().zip(deviations(&known, widest)) {
        kernels.0[*k] = *mean;
        kernels.1[*k] = 1.0 / deviation;
        let within = phi((1.0 - mean) / deviation) - phi(-mean / deviation);
        kernels.2[*k] = libm::log(deviation * (2.0 * std::f64::consts::PI).sqrt() * within);
    }
    let (means, precisions, ln_norms) = kernels;
    Kernels::Normal { means, precisions, ln_norms }
}

/// The same over cells. All kernels on one value are equally wide, by the gaps between different values.
fn shares_in_order(ends: Vec<f64>, values: &[Option<f64>], widest: f64) -> Kernels {
    let count = ends.len() - 1;
    let middle = |value: usize| 0.5 * (ends[value] + ends[value + 1]);
    let rows: Vec<usize> = values.iter().map(|value| value.map_or(count, |at| cell(&ends, at))).collect();
    let mut present: Vec<usize> = rows.iter().copied().filter(|row| *row < count).collect();
    present.sort_unstable();
    present.dedup();
    let means: Vec<f64> = present.iter().map(|value| middle(*value)).collect();
    let mut ln_densities = vec![vec![0.0; count]; count + 1];
    for ((value, mean), deviation) in present.iter().zip(&means).zip(deviations(&means, widest)) {
        let below: Vec<f64> = ends.iter().map(|end| phi((end - mean) / deviation)).collect();
        let within = below[count] - below[0];
        for column in 0..count {
            let share = (below[column + 1] - below[column]) / within;
            // A share may underflow far from a narrow kernel; the kernel without a point is there in any case.
            ln_densities[*value][column] = libm::log(share / (ends[column + 1] - ends[column]));
        }
    }
    Kernels::Shares { ends, rows, ln_densities }
}

/// A kernel on a choice gives every choice a part, the smaller the more kernels there are.
fn shares_of_choices(count: usize, values: &[Option<f64>]) -> Kernels {
    let ends: Vec<f64> = (0..=count).map(|end| end as f64 / count as f64).collect();
    let rows: Vec<usize> = values.iter().map(|value| value.map_or(count, |at| cell(&ends, at))).collect();
    let kernels = values.len() as f64 + 1.0;
    let spread = count as f64 / (kernels + count as f64);
    let mut ln_densities = vec![vec![libm::log(spread); count]; count + 1];
    for (value, row) in ln_densities.iter_mut().enumerate() {
        match row.get_mut(value) {
            Some(own) => *own = libm::log(spread + (1.0 - spread) * count as f64),
            None => row.fill(0.0),
        }
    }
    Kernels::Shares { ends, rows, ln_densities }
}

/// The widths of kernels on values in ascending order: the larger gap to the neighbours, which the ends of the interval are
/// too, but at most `widest`.
fn deviations(values: &[f64], widest: f64) -> Vec<f64> {
    let width = |k: usize| {
        let left = if k == 0 { 0.0 } else { values[k - 1] };
        let right = values.get(k + 1).copied().unwrap_or(1.0);
        (values[k] - left).max(right - values[k]).min(widest).max(FLOOR)
    };
    (0..values.len()).map(width).collect()
}

/// The cell that holds `at`.
fn cell(ends: &[f64], at: f64) -> usize {
    ends[1..ends.len() - 1].partition_point(|end| *end <= at)
}

/// The index that a share falls on, by weights that sum to about 1.
fn pick(weights: &[f64], share: f64) -> usize {
    let mut left = share * weights.iter().sum::<f64>();
    let at = weights.iter().position(|weight| {
        left -= weight;
        left < 0.0
    });
    at.unwrap_or(weights.len() - 1)
}

/// The standard normal distribution function.
fn phi(z: f64) -> f64 {
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::super::blocks::blocks;
    use super::*;
    use crate::seed::rng_of;

    const SPACE: &str = "x = { type = 'float', low = 0, high = 1, prior = { center = 0.3 } }\n\
                         n = { type = 'int', low = 1, high = 7, log = true }\n\
                         c = { type = 'categorical', choices = ['a', 'b', 'c'], prior = { weights = [5, 1, 1] } }";

    /// The shares of 100 x 7 x 3 cells of the cube under the density of a few points.
    fn shares(mixture: &Mixture<'_>, space: &SearchSpace) -> Vec<f64> {
        let Grain::Cells(ends) = space.grain(&space.dimensions()[1], 100) else { panic!() };
        let mut shares = Vec::new();
        for x in (0..100).map(|k| (f64::from(k) + 0.5) / 100.0) {
            for n in ends.windows(2) {
                for c in [1.0, 3.0, 5.0] {
                    let density = mixture.ln_density(&[x, 0.5 * (n[0] + n[1]), c / 6.0]).exp();
                    shares.push(density * 0.01 * (n[1] - n[0]) / 3.0);
                }
            }
        }
        shares
    }

    fn with_mixture(test: impl Fn(&Mixture<'_>, &SearchSpace)) {
        let space: SearchSpace = toml::from_str(SPACE).unwrap();
        let [block] = &blocks(&space)[..] else { panic!() };
        let points = [
            (3.0, vec![Some(0.2), Some(0.1), Some(0.5)]),
            (1.0, vec![Some(0.9), Some(0.8), Some(1.0 / 6.0)]),
            (0.5, vec![Some(0.25), Some(0.1), None]),
        ];
        for count in 0..=points.len() {
            test(&Mixture::new(&space, block, &points[..count]), &space);
        }
    }

    #[test]
    fn densities_sum_to_one() {
        with_mixture(|mixture, space| {
            let total: f64 = shares(mixture, space).iter().sum();
            assert!((total - 1.0).abs() < 1e-3, "{total}");
        });
    }

    #[test]
    fn draws_are_distributed_as_the_density_says() {
        with_mixture(|mixture, space| {
            let Grain::Cells(ends) = space.grain(&space.dimensions()[1], 100) else { panic!() };
            let (draws, mut rng) = (20_000, rng_of(1, 0, "test"));
            // Tenths of x by choices: 30 bins, over all n.
            let mut found = [0.0; 30];
            for _ in 0..draws {
                let at = mixture.draw(&mut rng);
                found[(at[0] * 10.0) as usize * 3 + (at[2] * 3.0) as usize] += 1.0 / f64::from(draws);
                assert!(cell(&ends, at[1]) < 7);
            }
            let mut expected = [0.0; 30];
            for (index, share) in shares(mixture, space).into_iter().enumerate() {
                expected[index / 21 / 10 * 3 + index % 3] += share;
            }
            for (found, expected) in found.iter().zip(expected) {
                // Five standard deviations.
                let slack = 5.0 * (expected / f64::from(draws)).sqrt() + 1e-3;
                assert!((found - expected).abs() < slack, "{found} {expected}");
            }
        });
    }
}
