//! Weighted least squares on one-hot tokens, with intercept: the baseline of the source, solved in one step.
//!
//! The columns of a one-hot code add up to 1 at each position, so that the solution is not unique. As scikit-learn's
//! LinearRegression does it: columns and targets are centred by their weighted means, and the solution of least norm is taken;
//! the intercept follows from the means.

use faer::linalg::solvers::SelfAdjointEigen;
use faer::{Mat, Side};
use seqtune_plugin::FamilyError;
use serde::{Deserialize, Serialize};

use crate::view::Tokens;

/// A linear model of tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeastSquares {
    intercept: f64,
    /// `[width, vocabulary]` in C order.
    weights: Vec<f64>,
}

/// Directions whose variance is below this share of the largest are taken for none.
const RANK_TOLERANCE: f64 = 1e-10;

impl LeastSquares {
    /// Fits `rows` of the tokens. `targets` and `row_weights` are indexed by row; `ridge` penalises the squared weights and not
    /// the intercept.
    ///
    /// # Errors
    /// [`FamilyError::Other`] where the eigenvectors cannot be found.
    pub fn fit(
        tokens: &Tokens,
        rows: &[usize],
        targets: &[f64],
        row_weights: &[f64],
        ridge: f64,
    ) -> Result<LeastSquares, FamilyError> {
        let size = tokens.width * tokens.vocabulary;
        let mut products = Mat::<f64>::zeros(size, size);
        let (mut sums, mut against) = (vec![0.0; size], vec![0.0; size]);
        let (mut total, mut target_sum) = (0.0, 0.0);
        for row in rows {
            let (weight, target) = (row_weights[*row], targets[*row]);
            let columns: Vec<usize> = columns(tokens, *row).collect();
            for (at, left) in columns.iter().enumerate() {
                sums[*left] += weight;
                against[*left] += weight * target;
                // A later position has a larger column: the upper triangle is enough.
                columns[at..].iter().for_each(|right| products[(*left, *right)] += weight);
            }
            total += weight;
            target_sum += weight * target;
        }
        let mean = target_sum / total;
        for right in 0..size {
            for left in 0..=right {
                let centred = products[(left, right)] - sums[left] * sums[right] / total;
                products[(left, right)] = centred;
                products[(right, left)] = centred;
            }
        }
        let against: Vec<f64> = against.iter().zip(&sums).map(|(product, sum)| product - sum * mean).collect();
        let weights = solve(&products, &against, ridge)?;
        let at_means: f64 = weights.iter().zip(&sums).map(|(weight, sum)| weight * sum / total).sum();
        Ok(LeastSquares { intercept: mean - at_means, weights })
    }

    /// Scores of rows of the tokens; not bounded.
    pub fn scores(&self, tokens: &Tokens, rows: &[usize]) -> Vec<f64> {
        let score = |row: &usize| self.intercept + columns(tokens, *row).map(|at| self.weights[at]).sum::<f64>();
        rows.iter().map(score).collect()
    }
}

/// The columns of a row that are 1: one for each position.
fn columns(tokens: &Tokens, row: usize) -> impl Iterator<Item = usize> + '_ {
    let of_row = &tokens.tokens[row * tokens.width..(row + 1) * tokens.width];
    of_row.iter().enumerate().map(|(position, token)| position * tokens.vocabulary + usize::from(*token))
}

/// The `x` of least norm with `(products + ridge) x = against`.
fn solve(products: &Mat<f64>, against: &[f64], ridge: f64) -> Result<Vec<f64>, FamilyError> {
    let eigen = SelfAdjointEigen::new(products.as_ref(), Side::Lower)
        .map_err(|error| FamilyError::Other(format!("least squares: no eigenvectors were found: {error:?}")))?;
    let (vectors, values) = (eigen.U(), eigen.S().column_vector());
    let size = against.len();
    let largest = (0..size).map(|at| values[at]).fold(0.0, f64::max);
    let mut solution = vec![0.0; size];
    for direction in (0..size).filter(|at| values[*at] > RANK_TOLERANCE * largest) {
        let along: f64 = (0..size).map(|at| vectors[(at, direction)] * against[at]).sum();
        let scaled = along / (values[direction] + ridge);
        for (at, value) in solution.iter_mut().enumerate() {
            *value += vectors[(at, direction)] * scaled;
        }
    }
    Ok(solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two positions over three tokens.
    fn tokens() -> Tokens {
        Tokens {
            width: 2,
            tokens: vec![0, 0, 0, 1, 1, 0, 1, 1, 2, 1, 0, 2],
            lengths: vec![2; 6],
            peptides: (0..6).collect(),
            vocabulary: 3,
            dropped: Vec::new(),
        }
    }

    #[test]
    fn an_additive_table_is_fitted_exactly() {
        let (first, second) = ([0.1, 0.5, -0.3], [0.0, 0.25, 0.7]);
        let tokens = tokens();
        let rows: Vec<usize> = (0..6).collect();
        let truth: Vec<f64> = rows
            .iter()
            .map(|row| first[usize::from(tokens.tokens[2 * row])] + second[usize::from(tokens.tokens[2 * row + 1])])
            .collect();
        let fit = LeastSquares::fit(&tokens, &rows, &truth, &[1.0, 2.0, 0.5, 1.0, 1.0, 3.0], 0.0).unwrap();
        for (score, expected) in fit.scores(&tokens, &rows).into_iter().zip(&truth) {
            assert!((score - expected).abs() < 1e-12, "{score} {expected}");
        }
        // Least norm: within a position the weights of tokens add up to 0.
        for position in fit.weights.chunks(3) {
            assert!(position.iter().sum::<f64>().abs() < 1e-12);
        }
    }

    #[test]
    fn weights_count_as_repeats() {
        let tokens = tokens();
        let targets = [0.0, 1.0, 0.3, 0.2, 0.9, 0.4];
        let weighted =
            LeastSquares::fit(&tokens, &[0, 1, 2, 3, 4, 5], &targets, &[2.0, 1.0, 1.0, 1.0, 1.0, 1.0], 0.1).unwrap();
        let repeated = LeastSquares::fit(&tokens, &[0, 0, 1, 2, 3, 4, 5], &targets, &[1.0; 6], 0.1).unwrap();
        let (left, right) = (weighted.scores(&tokens, &[0, 5]), repeated.scores(&tokens, &[0, 5]));
        assert!(left.iter().zip(&right).all(|(left, right)| (left - right).abs() < 1e-12));
    }

    #[test]
    fn a_strong_penalty_leaves_the_mean() {
        let tokens = tokens();
        let targets = [0.0, 1.0, 0.3, 0.2, 0.9, 0.6];
        let fit = LeastSquares::fit(&tokens, &[0, 1, 2, 3, 4, 5], &targets, &[1.0; 6], 1e9).unwrap();
        assert!(fit.scores(&tokens, &[0, 3]).iter().all(|score| (score - 0.5).abs() < 1e-6));
    }
}
