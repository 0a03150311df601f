//! Dropout: values set to 0 at a rate, the others scaled by 1 / (1 - rate) (inverted dropout).

use tch::Tensor;

use crate::error::{Error, Result};

/// Drops single values of `x` (any shape) while training; gives `x` itself otherwise.
///
/// # Errors
/// [`Error::Input`] for a rate that is not at least 0 and below 1.
pub fn dropout(x: &Tensor, rate: f64, train: bool) -> Result<Tensor> {
    check(rate)?;
    if !train || rate == 0.0 { Ok(x.shallow_clone()) } else { Ok(x.f_dropout(rate, true)?) }
}

/// Drops with one mask along the dimensions `shared`: `&[0]` drops a feature of `[length, batch, features]` at all positions of
/// an example (variational dropout, Gal and Ghahramani 2016).
///
/// # Errors
/// [`Error::Input`] for a rate that is not at least 0 and below 1, or a dimension that `x` does not have.
pub fn shared_dropout(x: &Tensor, rate: f64, shared: &[usize], train: bool) -> Result<Tensor> {
    check(rate)?;
    let mut shape = x.size();
    for &dimension in shared {
        let dimensions = shape.len();
        let size = shape
            .get_mut(dimension)
            .ok_or_else(|| Error::input(format!("dropout cannot share dimension {dimension} of {dimensions}")))?;
        *size = 1;
    }
    if !train || rate == 0.0 {
        return Ok(x.shallow_clone());
    }
    let mask = Tensor::f_ones(shape, (x.kind(), x.device()))?.f_dropout(rate, true)?;
    Ok(x.f_mul(&mask)?)
}

/// Drops whole rows of a table `[rows, width]`.
///
/// # Errors
/// [`Error::Input`] for a rate that is not at least 0 and below 1, or a tensor that is no table.
pub fn row_dropout(table: &Tensor, rate: f64, train: bool) -> Result<Tensor> {
    shared_dropout(table, rate, &[1], train)
}

pub(super) fn check(rate: f64) -> Result<()> {
    if (0.0..1.0).contains(&rate) {
        Ok(())
    } else {
        Err(Error::input(format!("a dropout rate must be at least 0 and below 1, not {rate}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::seed_update;
    use tch::{Kind, kind::FLOAT_CPU};

    #[test]
    fn kept_values_are_scaled_and_the_rate_holds() {
        let _generator = crate::seed::generator_lock();
        seed_update(1, 1);
        let x = dropout(&Tensor::ones([40_000], FLOAT_CPU), 0.2, true).expect("valid rate");
        let zeros = x.eq(0.0).to_kind(Kind::Double).mean(Kind::Double).double_value(&[]);
        assert!((zeros - 0.2).abs() < 0.01, "{zeros}");
        assert_eq!(x.max().double_value(&[]), f64::from(1.0_f32 / 0.8));
    }

    #[test]
    fn a_shared_mask_is_the_same_along_its_dimension() {
        let _generator = crate::seed::generator_lock();
        seed_update(1, 2);
        let x = shared_dropout(&Tensor::ones([5, 40, 3], FLOAT_CPU), 0.5, &[0], true).expect("valid");
        for position in 1..5 {
            assert!(x.get(position).equal(&x.get(0)));
        }
        let kept = x.get(0).gt(0.0).to_kind(Kind::Int64).sum(Kind::Int64).int64_value(&[]);
        assert!((20..100).contains(&kept), "{kept}");
    }

    #[test]
    fn nothing_is_dropped_in_evaluation_and_wrong_rates_are_refused() {
        let x = Tensor::ones([9], FLOAT_CPU);
        assert!(dropout(&x, 0.9, false).expect("valid rate").equal(&x));
        for rate in [-0.1, 1.0, f64::NAN] {
            assert!(matches!(dropout(&x, rate, true), Err(Error::Input(_))));
        }
        assert!(matches!(shared_dropout(&x, 0.5, &[1], true), Err(Error::Input(_))));
    }
}
