//! Logistic regression with an L2 penalty, fitted by L-BFGS.
//!
//! The cost is `mean over rows of w log(1 + exp(-y z)) + penalty / 2 |weights|²`, with class weights `w` that give both
//! classes the same total, `y` in {-1, 1} and `z` the score. The intercept is not penalised.

use argmin::core::{CostFunction, Error, Executor, Gradient, State as _};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;
use seqtune_plugin::FamilyError;

use crate::baseline::features::Features;

/// A fitted model.
pub struct Logistic {
    /// One weight a feature, and the intercept at the end.
    weights: Vec<f64>,
}

/// Iterations after which a fit is taken as it is; ranking settles long before.
const ITERATIONS: u64 = 300;

impl Logistic {
    /// The model that scores every row 0.
    pub fn zero(features: &Features) -> Logistic {
        Logistic { weights: vec![0.0; features.count() + 1] }
    }

    /// Fits on `rows`, starting from this model. `labels` is indexed by row.
    ///
    /// # Errors
    /// [`FamilyError::Other`] where the optimizer fails before it has found any better point.
    pub fn fit(
        &self,
        features: &Features,
        labels: &[bool],
        rows: &[usize],
        penalty: f64,
    ) -> Result<Logistic, FamilyError> {
        let positives = rows.iter().filter(|row| labels[**row]).count().max(1);
        let negatives = (rows.len() - positives.min(rows.len())).max(1);
        let cost = PenalisedLoss {
            features,
            labels,
            rows,
            penalty,
            positive_weight: 0.5 / positives as f64,
            negative_weight: 0.5 / negatives as f64,
        };
        let fail = |error: Error| FamilyError::Other(format!("logistic regression: {error}"));
        let solver = LBFGS::new(MoreThuenteLineSearch::new(), 10)
            .with_tolerance_grad(1e-6)
            .and_then(|solver| solver.with_tolerance_cost(1e-9))
            .map_err(fail)?;
        let run = Executor::new(cost, solver)
            .configure(|state| state.param(self.weights.clone()).max_iters(ITERATIONS))
            .run()
            .map_err(fail)?;
        let weights = run
            .state()
            .get_best_param()
            .cloned()
            .ok_or_else(|| FamilyError::Other("logistic regression: no finite cost was found".to_owned()))?;
        Ok(Logistic { weights })
    }

    /// The score of a row: log odds.
    pub fn score(&self, features: &Features, row: usize) -> f64 {
        score(&self.weights, features.row(row))
    }
}

fn score(weights: &[f64], row: &[u32]) -> f64 {
    let intercept = weights.last().copied().unwrap_or(0.0);
    row.iter().map(|number| weights[*number as usize]).sum::<f64>() + intercept
}

struct PenalisedLoss<'a> {
    features: &'a Features,
    labels: &'a [bool],
    rows: &'a [usize],
    penalty: f64,
    positive_weight: f64,
    negative_weight: f64,
}

impl PenalisedLoss<'_> {
    /// Sign and weight of a row.
    fn target(&self, row: usize) -> (f64, f64) {
        if self.labels[row] { (1.0, self.positive_weight) } else { (-1.0, self.negative_weight) }
    }
}

impl CostFunction for PenalisedLoss<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, weights: &Vec<f64>) -> Result<f64, Error> {
        let mut total = 0.0;
        for row in self.rows {
            let (sign, weight) = self.target(*row);
            let margin = sign * score(weights, self.features.row(*row));
            // log(1 + exp(-m)) without overflow.
            total += weight * ((-margin.abs()).exp().ln_1p() + (-margin).max(0.0));
        }
        let squares: f64 = weights[..weights.len() - 1].iter().map(|weight| weight * weight).sum();
        Ok(total + 0.5 * self.penalty * squares)
    }
}

impl Gradient for PenalisedLoss<'_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, weights: &Vec<f64>) -> Result<Vec<f64>, Error> {
        let last = weights.len() - 1;
        let mut gradient: Vec<f64> = weights.iter().map(|weight| self.penalty * weight).collect();
        gradient[last] = 0.0;
        for row in self.rows {
            let (sign, weight) = self.target(*row);
            let numbers = self.features.row(*row);
            let slope = -sign * weight / (1.0 + (sign * score(weights, numbers)).exp());
            for number in numbers {
                gradient[*number as usize] += slope;
            }
            gradient[last] += slope;
        }
        Ok(gradient)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Windows;

    fn toy() -> (Features, Vec<bool>) {
        let bases: Vec<u8> = (0..40).flat_map(|row| [row % 4, (row / 4) % 4, (row / 8) % 4]).collect();
        let windows = Windows { length: 3, bases, labels: vec![false; 40], ..Windows::default() };
        // Noisy in the first base, so that weights stay finite.
        let labels = (0..40).map(|row| (row % 4 < 2) != (row % 9 == 0)).collect();
        (Features::one_hot(&windows), labels)
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_cost() {
        let (features, labels) = toy();
        let rows: Vec<usize> = (0..40).collect();
        let loss = PenalisedLoss {
            features: &features,
            labels: &labels,
            rows: &rows,
            penalty: 0.3,
            positive_weight: 0.02,
            negative_weight: 0.03,
        };
        let at: Vec<f64> = (0..13).map(|index| (f64::from(index) * 0.7).sin()).collect();
        let gradient = loss.gradient(&at).unwrap();
        for index in 0..at.len() {
            let moved = |by: f64| {
                let mut point = at.clone();
                point[index] += by;
                loss.cost(&point).unwrap()
            };
            let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((slope - gradient[index]).abs() < 1e-8, "{index}: {slope} {}", gradient[index]);
        }
    }

    #[test]
    fn a_fit_is_where_the_gradient_vanishes() {
        let (features, labels) = toy();
        let rows: Vec<usize> = (0..40).collect();
        let model = Logistic::zero(&features).fit(&features, &labels, &rows, 0.01).unwrap();
        let positives = labels.iter().filter(|label| **label).count();
        let loss = PenalisedLoss {
            features: &features,
            labels: &labels,
            rows: &rows,
            penalty: 0.01,
            positive_weight: 0.5 / positives as f64,
            negative_weight: 0.5 / (40 - positives) as f64,
        };
        let slope = loss.gradient(&model.weights).unwrap().iter().map(|g| g * g).sum::<f64>().sqrt();
        assert!(slope < 1e-4, "{slope}");
        assert!(model.score(&features, 1) > model.score(&features, 2));
    }
}
