//! Squared error of scores, with bounds taken as values or as bounds.
//!
//! A measurement `> 20000 nM` bounds the target from above. Censored, a score below that bound costs nothing; one above it costs
//! its squared distance (as MHCflurry 2 does it: O'Donnell et al. 2020).

use seqtune_nn::tch::{Kind, Tensor};
use seqtune_nn::{Result, loss};

use crate::data::Inequality;

/// What a bound does to the sign of an error: an error of the other sign costs nothing.
pub fn side(bound: Inequality) -> f32 {
    match bound {
        Inequality::Equal => 0.0,
        // The target is at most that: only scores above it are wrong.
        Inequality::Below => 1.0,
        Inequality::Above => -1.0,
    }
}

/// Weighted squared error `[]`, divided by the batch size. Scores, targets, weights and sides are `[batch]`.
pub fn squared_error(scores: &Tensor, targets: &Tensor, weights: &Tensor, sides: Option<&Tensor>) -> Result<Tensor> {
    let Some(sides) = sides else { return loss::mean_squared_error(scores, targets, Some(weights)) };
    let error = scores.f_sub(targets)?;
    let counts = error.f_mul(sides)?.f_ge(0.0)?.f_to_kind(Kind::Float)?;
    Ok(error.f_square()?.f_mul(weights)?.f_mul(&counts)?.f_mean(None::<Kind>)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_that_is_kept_costs_nothing() {
        let tensor = |values: &[f32]| Tensor::from_slice(values);
        let scores = tensor(&[0.5, 0.1, 0.5, 0.1, 0.7]);
        let targets = tensor(&[0.3; 5]);
        let weights = tensor(&[1.0, 1.0, 1.0, 1.0, 0.5]);
        let bounds = [Inequality::Below, Inequality::Below, Inequality::Above, Inequality::Above, Inequality::Equal];
        let sides = tensor(&bounds.map(side));
        let censored = squared_error(&scores, &targets, &weights, Some(&sides)).unwrap().double_value(&[]);
        assert!((censored - (0.04 + 0.04 + 0.5 * 0.16) / 5.0).abs() < 1e-7, "{censored}");
        let plain = squared_error(&scores, &targets, &weights, None).unwrap().double_value(&[]);
        assert!((plain - (4.0 * 0.04 + 0.5 * 0.16) / 5.0).abs() < 1e-7, "{plain}");
    }
}
