//! Exact t-SNE (van der Maaten and Hinton, 2008) for few points.
//!
//! Own code, since the maintained crate, bhtsne, sums over a pool of threads, whose order of additions is not fixed: its maps
//! differ in their last bits, and then altogether. What is not in the paper: the map starts from the principal components,
//! scaled to a standard deviation of 1e-4 (Kobak and Berens, 2019), and the learning rate is the number of points divided by
//! the exaggeration (Belkina and others, 2019), in place of gains.

use seqtune_plugin::FamilyError;

use super::pca::pca;
use super::width_of;

/// The fewest points that a map is made of: with 6, a perplexity above 1 is below a third of the others.
pub const FEWEST_ROWS: usize = 6;

/// Steps with the attraction exaggerated, and steps after them.
const EARLY_STEPS: usize = 250;
const STEPS: usize = 2000;
const EXAGGERATION: f64 = 12.0;
/// Momentum of the exaggerated steps, and of those after them.
const MOMENTUM: [f64; 2] = [0.5, 0.8];
/// Standard deviation of the map before the first step.
const START_SPREAD: f64 = 1e-4;
/// The logarithm of a row's perplexity is met this closely.
const TOLERANCE: f64 = 1e-9;

/// 5, the lower end of what van der Maaten and Hinton recommend, or a quarter of the other points where they are fewer
/// than 20: below the third that [`tsne`] allows.
pub fn default_perplexity(rows: usize) -> f64 {
    (rows.saturating_sub(1) as f64 / 4.0).min(5.0)
}

/// A map of the rows in two dimensions, around the origin. The same rows give the same bits.
///
/// # Errors
/// [`FamilyError::Other`] where the table is empty, ragged or not finite, or too small for the perplexity: a map whose points
/// all count as neighbours of each other is a ball that says nothing.
pub fn tsne(rows: &[Vec<f64>], perplexity: f64) -> Result<Vec<[f64; 2]>, FamilyError> {
    width_of(rows)?;
    let limit = (rows.len() - 1) as f64 / 3.0;
    if !(perplexity > 1.0 && perplexity < limit) {
        return Err(FamilyError::Other(format!(
            "a t-SNE of {} rows needs a perplexity above 1 and below (rows - 1) / 3 = {limit:.2}, not {perplexity}",
            rows.len()
        )));
    }
    let neighbours = neighbours(rows, perplexity);
    let attraction = symmetric(&neighbours);
    let mut map = start(rows)?;
    let mut velocity = vec![[0.0; 2]; rows.len()];
    for step in 0..EARLY_STEPS + STEPS {
        let early = step < EARLY_STEPS;
        let exaggeration = if early { EXAGGERATION } else { 1.0 };
        let momentum = if early { MOMENTUM[0] } else { MOMENTUM[1] };
        let rate = rows.len() as f64 / exaggeration;
        let slope = gradient(&attraction, exaggeration, &map);
        for ((point, velocity), slope) in map.iter_mut().zip(&mut velocity).zip(slope) {
            for axis in 0..2 {
                velocity[axis] = momentum * velocity[axis] - rate * slope[axis];
                point[axis] += velocity[axis];
            }
        }
        centre(&mut map);
    }
    Ok(map)
}

/// The conditional distributions p(j | i), a row for each i, of the asked perplexity. Where all others are equally far, none
/// has it, and they count alike.
fn neighbours(rows: &[Vec<f64>], perplexity: f64) -> Vec<Vec<f64>> {
    (0..rows.len())
        .map(|i| {
            let squares: Vec<f64> = rows.iter().map(|row| square_distance(row, &rows[i])).collect();
            with_perplexity(&squares, i, perplexity)
        })
        .collect()
}

/// The distribution over the others whose precision gives the perplexity, found by halving.
fn with_perplexity(squares: &[f64], own: usize, perplexity: f64) -> Vec<f64> {
    let others = || squares.iter().enumerate().filter(|(j, _)| *j != own).map(|(_, square)| *square);
    let nearest = others().fold(f64::INFINITY, f64::min);
    // Distances count against their mean, so that the search is the same whatever the scale of the table.
    let mean = others().map(|square| square - nearest).sum::<f64>() / (squares.len() - 1) as f64;
    let scale = if mean > 0.0 { 1.0 / mean } else { 0.0 };
    let distribution = |precision: f64| {
        let weight = |(j, square): (usize, &f64)| {
            if j == own { 0.0 } else { (-precision * scale * (square - nearest)).exp() }
        };
        let mut weights: Vec<f64> = squares.iter().enumerate().map(weight).collect();
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= total);
        weights
    };
    let (mut low, mut high, mut precision) = (0.0, f64::INFINITY, 1.0);
    // Enough halvings for any double.
    for _ in 0..200 {
        let excess = entropy(&distribution(precision)) - perplexity.ln();
        if excess.abs() < TOLERANCE {
            break;
        }
        if excess > 0.0 {
            low = precision;
            precision = if high.is_finite() { f64::midpoint(low, high) } else { precision * 2.0 };
        } else {
            high = precision;
            precision = f64::midpoint(low, high);
        }
    }
    distribution(if precision.is_finite() { precision } else { low })
}

/// In nats.
fn entropy(distribution: &[f64]) -> f64 {
    -distribution.iter().filter(|p| **p > 0.0).map(|p| p * p.ln()).sum::<f64>()
}

/// The joint distribution of the pairs.
fn symmetric(neighbours: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let count = neighbours.len();
    let pair = |i: usize, j: usize| (neighbours[i][j] + neighbours[j][i]) / (2 * count) as f64;
    (0..count).map(|i| (0..count).map(|j| pair(i, j)).collect()).collect()
}

fn start(rows: &[Vec<f64>]) -> Result<Vec<[f64; 2]>, FamilyError> {
    let first = pca(rows, 2)?.coordinates;
    let squares: f64 = first.iter().map(|point| point[0] * point[0]).sum();
    let spread = (squares / first.len() as f64).sqrt();
    let scale = if spread > 0.0 { START_SPREAD / spread } else { 0.0 };
    Ok(first.iter().map(|point| [point[0] * scale, point[1] * scale]).collect())
}

/// Of the Kullback-Leibler divergence between the pairs of the table and those of the map.
fn gradient(attraction: &[Vec<f64>], exaggeration: f64, map: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let kernel = |a: &[f64; 2], b: &[f64; 2]| 1.0 / (1.0 + square_distance(a, b));
    let near: Vec<Vec<f64>> = map.iter().map(|a| map.iter().map(|b| kernel(a, b)).collect()).collect();
    // A point is no pair with itself.
    let total = near.iter().flatten().sum::<f64>() - map.len() as f64;
    let slope = |i: usize| {
        let mut slope = [0.0; 2];
        for (j, other) in map.iter().enumerate() {
            let force = 4.0 * (exaggeration * attraction[i][j] - near[i][j] / total) * near[i][j];
            for axis in 0..2 {
                slope[axis] += force * (map[i][axis] - other[axis]);
            }
        }
        slope
    };
    (0..map.len()).map(slope).collect()
}

fn centre(map: &mut [[f64; 2]]) {
    for axis in 0..2 {
        let mean = map.iter().map(|point| point[axis]).sum::<f64>() / map.len() as f64;
        map.iter_mut().for_each(|point| point[axis] -= mean);
    }
}

fn square_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt as _;
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    /// 21 rows of 32 numbers, as an embedding table has them.
    fn table(scale: f64, centre_of: impl Fn(usize) -> f64) -> Vec<Vec<f64>> {
        let mut chance = ChaCha8Rng::seed_from_u64(3);
        let mut row = |i| (0..32).map(|_| scale * (centre_of(i) + chance.random_range(-1.0..1.0))).collect();
        (0..21).map(&mut row).collect()
    }

    fn spread(map: &[[f64; 2]]) -> [f64; 2] {
        [0, 1].map(|axis| (map.iter().map(|point| point[axis] * point[axis]).sum::<f64>() / map.len() as f64).sqrt())
    }

    #[test]
    fn it_does_not_collapse_whatever_the_scale() {
        for scale in [1e-3, 0.05, 1.0, 1e3] {
            let map = tsne(&table(scale, |_| 0.0), 5.0).unwrap();
            let spread = spread(&map);
            assert!(spread.iter().all(|one| (1.0..1e4).contains(one)), "{scale}: {spread:?}");
        }
    }

    #[test]
    fn it_has_settled() {
        let rows = table(1.0, |_| 0.0);
        let map = tsne(&rows, 5.0).unwrap();
        let attraction = symmetric(&neighbours(&rows, 5.0));
        let steepest =
            gradient(&attraction, 1.0, &map).iter().flatten().fold(0.0, |most: f64, one| most.max(one.abs()));
        // Points that have no structure drift apart for ever, at less than a thousandth of their spread in a step.
        assert!(steepest < 1e-4, "{steepest}");
    }

    #[test]
    fn the_same_rows_give_the_same_bits() {
        let bits = || -> Vec<u64> {
            tsne(&table(1.0, |_| 0.0), 4.0).unwrap().iter().flatten().map(|number| number.to_bits()).collect()
        };
        assert_eq!(bits(), bits());
    }

    #[test]
    fn clusters_stay_apart() {
        let cluster = |i: usize| i % 2;
        let map = tsne(&table(1.0, |i| 4.0 * cluster(i) as f64), 5.0).unwrap();
        for (i, point) in map.iter().enumerate() {
            let others = (0..map.len()).filter(|j| *j != i);
            let nearest =
                others.min_by(|a, b| square_distance(&map[*a], point).total_cmp(&square_distance(&map[*b], point)));
            assert_eq!(nearest.map(cluster), Some(cluster(i)), "row {i}: {map:?}");
        }
    }

    #[test]
    fn every_row_has_the_asked_perplexity() {
        for (scale, perplexity) in [(1e-6, 5.0), (1.0, 1.5), (1.0, 5.0), (1e6, 6.6)] {
            for (i, row) in neighbours(&table(scale, |i| i as f64), perplexity).iter().enumerate() {
                assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                assert_eq!(row[i], 0.0);
                assert!((entropy(row).exp() - perplexity).abs() < 1e-3, "{scale} {perplexity}: row {i}");
            }
        }
    }

    #[test]
    fn too_few_points_are_refused() {
        let rows = table(1.0, |_| 0.0);
        let message = tsne(&rows, 30.0).unwrap_err().to_string();
        assert!(message.contains("21 rows") && message.contains("(rows - 1) / 3 = 6.67, not 30"), "{message}");
        for wrong in [20.0 / 3.0, 1.0, f64::NAN] {
            assert!(tsne(&rows, wrong).is_err());
        }
        for count in FEWEST_ROWS..=21 {
            assert!(tsne(&rows[..count], default_perplexity(count)).is_ok(), "{count}");
        }
        assert!(tsne(&rows[..FEWEST_ROWS - 1], default_perplexity(FEWEST_ROWS - 1)).is_err());
        assert_eq!(default_perplexity(21), 5.0);
    }

    #[test]
    fn equal_rows_are_no_harm() {
        assert_eq!(tsne(&vec![vec![1.0, 2.0]; 21], 5.0).unwrap(), [[0.0; 2]; 21]);
        let mut rows = table(1.0, |_| 0.0);
        rows[4] = rows[3].clone();
        assert!(tsne(&rows, 5.0).unwrap().iter().flatten().all(|number| number.is_finite()));
    }
}
