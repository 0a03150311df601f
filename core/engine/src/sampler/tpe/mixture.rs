//! Parzen estimators: the density of one block, a kernel around each point and one for what is known without any.
//!
//! All densities are relative to the uniform one, whose logarithm is 0 everywhere: coordinates that are continuous, cells or
//! choices multiply without units.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use seqtune_space::{Prior, SearchSpace, Value};

use super::super::loops::ln_sum_exp;
use super::memory::{Column, Rows, ascending, cell};

/// Values along a coordinate beyond which it counts as continuous: a cell is then narrower than any kernel.
pub(super) const CELLS: u64 = 64;

/// The narrowest kernel, as a share of the range (Watanabe, "Tree-structured Parzen estimator", 2023).
pub(super) const FLOOR: f64 = 0.03;

/// How wide kernels are where points are few: by Scott's rule, of points that scatter this much.
const SCATTER: f64 = 0.12;

/// Kernels that are gone through at a time, so that they stay near the processor.
const CHUNK: usize = 1024;

/// The density of a block's coordinates.
pub(super) struct Mixture<'a> {
    /// One a kernel, and last the one without a point. They sum to 1.
    weights: Vec<f64>,
    /// For each kernel on a point, the logarithm of its weight over what its normal factors are divided by.
    ln_heights: Vec<f64>,
    /// For each kernel on a point, which combination of cells it stands on; and the combinations.
    combination: Vec<u32>,
    combinations: &'a [Vec<u32>],
    axes: Vec<Axis<'a>>,
}

/// One coordinate: a factor of each kernel, and the prior.
struct Axis<'a> {
    kernels: Kernels<'a>,
    prior: Option<Known<'a>>,
}

/// What is declared about a coordinate before any trial.
struct Known<'a> {
    space: &'a SearchSpace,
    dimension: usize,
    prior: &'a Prior,
}

enum Kernels<'a> {
    /// Normal distributions cut to the unit interval.
    Normal {
        means: Vec<f64>,
        /// One over each standard deviation; 0 where the point says nothing.
        precisions: Vec<f64>,
    },
    /// Distributions over cells.
    Shares {
        ends: &'a [f64],
        /// For each kernel the cell that it stands on; their number where the point says nothing.
        cells: Vec<u32>,
        /// Logarithm of the density of each cell (column) under a kernel on each cell; the last row is uniform.
        ln_densities: Vec<Vec<f64>>,
    },
}

impl<'a> Mixture<'a> {
    /// Kernels on the points of these rows, which weigh as given, or all alike. The kernel without a point weighs as much as the
    /// others do on average.
    pub(super) fn new(space: &'a SearchSpace, points: &'a Rows, rows: &[u32], weights: Option<&[f64]>) -> Mixture<'a> {
        let kept: Vec<usize> = (0..rows.len()).filter(|k| points.exists[rows[*k] as usize]).collect();
        let rows: Vec<u32> = kept.iter().map(|k| rows[*k]).collect();
        let even = 1.0 / (rows.len() as f64 + 1.0);
        let total: f64 = weights.map_or(0.0, |weights| kept.iter().map(|k| weights[*k]).sum());
        let (mut weights, mut ln_heights): (Vec<f64>, Vec<f64>) = match weights.filter(|_| total > 0.0) {
            Some(weights) => kept
                .iter()
                .map(|k| (1.0 - even) * weights[*k] / total)
                .map(|weight| (weight, libm::log(weight)))
                .unzip(),
            None => (vec![even; rows.len()], vec![libm::log(even); rows.len()]),
        };
        weights.push(even);
        // Gaps alone are too wide where a few points fill many dimensions.
        let widest = SCATTER * libm::pow(even, 1.0 / (points.block.dimensions.len() as f64 + 4.0));
        let axes = points.block.dimensions.iter().zip(&points.columns).map(|(dimension, column)| {
            let parameter = &space.parameters()[space.dimensions()[*dimension].parameter];
            let prior = parameter.prior.as_ref().map(|prior| Known { space, dimension: *dimension, prior });
            let kernels = match column {
                Column::Numbers { at, sorted, ln_norms } => {
                    let (means, precisions, norms) = normal(at, sorted, ln_norms, &rows, widest);
                    ln_heights.iter_mut().zip(norms).for_each(|(height, norm)| *height -= norm);
                    Kernels::Normal { means, precisions }
                }
                Column::Cells { ordered, ends, cells } => {
                    let cells: Vec<u32> = rows.iter().map(|row| cells[*row as usize]).collect();
                    let ln_densities = if *ordered {
                        shares_in_order(ends, &cells, widest)
                    } else {
                        shares_of_choices(ends.len() - 1, cells.len())
                    };
                    Kernels::Shares { ends, cells, ln_densities }
                }
            };
            Axis { kernels, prior }
        });
        let axes = axes.collect();
        let combination = rows.iter().map(|row| points.combination[*row as usize]).collect();
        Mixture { weights, ln_heights, combination, combinations: &points.combinations, axes }
    }

    /// The logarithm of the density at the block's coordinates. `terms` is where it counts.
    pub(super) fn ln_density(&self, at: &[f64], terms: &mut Vec<f64>) -> f64 {
        // Of cells there are few combinations, of which each is looked up once.
        let columns: Vec<(usize, &[Vec<f64>])> = self
            .axes
            .iter()
            .zip(at)
            .filter_map(|(axis, at)| match &axis.kernels {
                Kernels::Shares { ends, ln_densities, .. } => Some((cell(ends, *at), ln_densities.as_slice())),
                Kernels::Normal { .. } => None,
            })
            .collect();
        let of_combination = |combination: &Vec<u32>| {
            combination.iter().zip(&columns).map(|(row, (column, rows))| rows[*row as usize][*column]).sum::<f64>()
        };
        let of_combinations: Vec<f64> = self.combinations.iter().map(of_combination).collect();
        terms.clear();
        terms.extend(
            self.ln_heights.iter().zip(&self.combination).map(|(height, own)| height + of_combinations[*own as usize]),
        );
        for (number, terms) in terms.chunks_mut(CHUNK).enumerate() {
            let first = number * CHUNK;
            for (axis, at) in self.axes.iter().zip(at) {
                if let Kernels::Normal { means, precisions } = &axis.kernels {
                    let kernels = first..first + terms.len();
                    subtract_squares(terms, &means[kernels.clone()], &precisions[kernels], *at);
                }
            }
        }
        let priors = self.axes.iter().zip(at).filter_map(|(axis, at)| Some(axis.prior.as_ref()?.ln_density(*at)));
        terms.push(self.weights.last().map_or(f64::NEG_INFINITY, |even| libm::log(*even)) + priors.sum::<f64>());
        ln_sum_exp(terms)
    }

    /// Draws coordinates of the block.
    pub(super) fn draw(&self, rng: &mut impl Rng) -> Vec<f64> {
        let kernel = pick(&self.weights, rng.random());
        self.axes.iter().map(|axis| axis.draw(kernel, rng)).collect()
    }
}

/// Takes half of the squared distance of each kernel from its term.
fn subtract_squares(terms: &mut [f64], means: &[f64], precisions: &[f64], at: f64) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for (term, (mean, precision)) in terms.iter_mut().zip(means.iter().zip(precisions)) {
                let z = (at - mean) * precision;
                *term -= 0.5 * z * z;
            }
        },
    );
}

impl Axis<'_> {
    fn draw(&self, kernel: usize, rng: &mut impl Rng) -> f64 {
        match &self.kernels {
            // Its point says nothing here.
            Kernels::Normal { precisions, .. } if precisions.get(kernel) == Some(&0.0) => rng.random(),
            Kernels::Normal { means, precisions } if kernel < means.len() => {
                // A mean within the interval and a deviation of its length at most: every third draw is inside.
                loop {
                    let normal: f64 = StandardNormal.sample(rng);
                    let at = means[kernel] + normal / precisions[kernel];
                    if (0.0..1.0).contains(&at) {
                        return at;
                    }
                }
            }
            Kernels::Shares { ends, cells, ln_densities } if kernel < cells.len() => {
                let widths = ends.windows(2).map(|pair| pair[1] - pair[0]);
                let row = &ln_densities[cells[kernel] as usize];
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

/// One normal kernel a row: means, precisions, and the logarithms of what each is divided by. `floors` has the last for
/// kernels of the least width.
fn normal(
    at: &[f64],
    sorted: &[(f64, u32)],
    floors: &[f64],
    rows: &[u32],
    widest: f64,
) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    const NONE: u32 = u32::MAX;
    let mut places = vec![NONE; at.len()];
    rows.iter().enumerate().for_each(|(k, row)| places[*row as usize] = k as u32);
    let order: Vec<(f64, u32)> = if 8 * rows.len() < sorted.len() {
        let place = |row: &u32| Some((at[*row as usize], *row)).filter(|(place, _)| !place.is_nan());
        let mut few: Vec<(f64, u32)> = rows.iter().filter_map(place).collect();
        few.sort_by(ascending);
        few
    } else {
        sorted.iter().copied().filter(|(_, row)| places[*row as usize] != NONE).collect()
    };
    let (mut means, mut precisions, mut norms) = (vec![0.5; rows.len()], vec![0.0; rows.len()], vec![0.0; rows.len()]);
    for (k, (mean, row)) in order.iter().enumerate() {
        let left = if k == 0 { 0.0 } else { order[k - 1].0 };
        let right = order.get(k + 1).map_or(1.0, |next| next.0);
        let deviation = width(left, *mean, right, widest);
        let place = places[*row as usize] as usize;
        means[place] = *mean;
        precisions[place] = 1.0 / deviation;
        norms[place] = if deviation == FLOOR { floors[*row as usize] } else { ln_norm(*mean, deviation) };
    }
    (means, precisions, norms)
}

/// The logarithm of what a normal kernel is divided by, that it has mass 1 within the unit interval.
pub(super) fn ln_norm(mean: f64, deviation: f64) -> f64 {
    let within = phi((1.0 - mean) / deviation) - phi(-mean / deviation);
    libm::log(deviation * (2.0 * std::f64::consts::PI).sqrt() * within)
}

/// Kernels over cells. All on one cell are equally wide, by the gaps between different ones that have points.
fn shares_in_order(ends: &[f64], cells: &[u32], widest: f64) -> Vec<Vec<f64>> {
    let count = ends.len() - 1;
    let middle = |value: usize| 0.5 * (ends[value] + ends[value + 1]);
    let mut has_points = vec![false; count + 1];
    cells.iter().for_each(|cell| has_points[*cell as usize] = true);
    let present: Vec<usize> = (0..count).filter(|cell| has_points[*cell]).collect();
    let mut ln_densities = vec![vec![0.0; count]; count + 1];
    for (k, value) in present.iter().enumerate() {
        let mean = middle(*value);
        let left = if k == 0 { 0.0 } else { middle(present[k - 1]) };
        let right = present.get(k + 1).map_or(1.0, |next| middle(*next));
        let deviation = width(left, mean, right, widest);
        let below: Vec<f64> = ends.iter().map(|end| phi((end - mean) / deviation)).collect();
        let within = below[count] - below[0];
        for column in 0..count {
            let share = (below[column + 1] - below[column]) / within;
            // A share may underflow far from a narrow kernel; the kernel without a point is there in any case.
            ln_densities[*value][column] = libm::log(share / (ends[column + 1] - ends[column]));
        }
    }
    ln_densities
}

/// A kernel on a choice gives every choice a part, the smaller the more kernels there are.
fn shares_of_choices(count: usize, kernels: usize) -> Vec<Vec<f64>> {
    let kernels = kernels as f64 + 1.0;
    let spread = count as f64 / (kernels + count as f64);
    let mut ln_densities = vec![vec![libm::log(spread); count]; count + 1];
    for (value, row) in ln_densities.iter_mut().enumerate() {
        match row.get_mut(value) {
            Some(own) => *own = libm::log(spread + (1.0 - spread) * count as f64),
            None => row.fill(0.0),
        }
    }
    ln_densities
}

/// The width of a kernel: the larger gap to the neighbours, which the ends of the interval are too, but at most `widest`.
fn width(left: f64, mean: f64, right: f64, widest: f64) -> f64 {
    (mean - left).max(right - mean).min(widest).max(FLOOR)
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
    use seqtune_space::Grain;

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
                    let density = mixture.ln_density(&[x, 0.5 * (n[0] + n[1]), c / 6.0], &mut Vec::new()).exp();
                    shares.push(density * 0.01 * (n[1] - n[0]) / 3.0);
                }
            }
        }
        shares
    }

    fn with_mixture(test: impl Fn(&Mixture<'_>, &SearchSpace)) {
        let space: SearchSpace = toml::from_str(SPACE).unwrap();
        let block = blocks(&space).swap_remove(0);
        let points =
            [[Some(0.2), Some(0.1), Some(0.5)], [Some(0.9), Some(0.8), Some(1.0 / 6.0)], [Some(0.25), Some(0.1), None]];
        let rows = Rows::of(&space, block, &points);
        for count in 0..=points.len() {
            test(&Mixture::new(&space, &rows, &[0, 1, 2][..count], Some(&[3.0, 1.0, 0.5][..count])), &space);
        }
    }

    /// Kernels on few of the points are those that there are on these points alone.
    #[test]
    fn other_points_do_not_matter() {
        let space: SearchSpace = toml::from_str(SPACE).unwrap();
        let block = || blocks(&space).swap_remove(0);
        let unit = |k: u32| [k * 7 % 40, k * 11 % 40, k * 3 % 40].map(|part| Some(f64::from(part) / 40.0));
        let all: Vec<_> = (0..40).map(unit).collect();
        let rows = Rows::of(&space, block(), &all);
        for few in [vec![3, 17, 18], (0..30).collect::<Vec<u32>>()] {
            let alone = Rows::of(&space, block(), &few.iter().map(|row| all[*row as usize]).collect::<Vec<_>>());
            let density = |rows: &Rows, chosen: Vec<u32>| {
                Mixture::new(&space, rows, &chosen, None).ln_density(&[0.3, 0.6, 0.5], &mut Vec::new())
            };
            let (among_all, alone) = (density(&rows, few.clone()), density(&alone, (0..few.len() as u32).collect()));
            assert!((among_all - alone).abs() < 1e-12, "{among_all} {alone}");
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
