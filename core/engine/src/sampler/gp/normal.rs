//! Functions of the standard normal distribution that keep their digits far out in the tails.

use std::f64::consts::{FRAC_1_SQRT_2, LN_2, PI};

/// Up to here functions are made from `libm::erfc` and `libm::exp`, which loses two digits at most; beyond it continued fractions
/// end soon.
const NEAR: f64 = 5.0;

/// `exp(x²) erfc(x)`, for x from 0 on.
///
/// Below [`NEAR`] from `libm::erfc`, whose last digits hold there; above by Laplace's continued fraction (Abramowitz and Stegun, 7.1.14).
fn erfcx(x: f64) -> f64 {
    if x < NEAR {
        return libm::exp(x * x) * libm::erfc(x);
    }
    // erfc(x) = exp(-x²)/sqrt(π) · 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))).
    let mut fraction = x;
    for k in (1..=terms(x)).rev() {
        fraction = x + 0.5 * f64::from(k) / fraction;
    }
    1.0 / (PI.sqrt() * fraction)
}

/// ln of the standard normal distribution function.
pub(super) fn ln_phi(z: f64) -> f64 {
    if z > -1.0 {
        libm::log(0.5 * libm::erfc(-z * FRAC_1_SQRT_2))
    } else {
        -0.5 * z * z - LN_2 + libm::log(erfcx(-z * FRAC_1_SQRT_2))
    }
}

/// The derivative of [`ln_phi`].
pub(super) fn ln_phi_slope(z: f64) -> f64 {
    libm::exp(-0.5 * z * z - 0.5 * (2.0 * PI).ln() - ln_phi(z))
}

/// `ln h(z)` with `h(z) = φ(z) + z Φ(z)`: the expected improvement of a normal value, in units of its deviation
/// (Ament et al., "Unexpected improvements to expected improvement", NeurIPS 2023).
pub(super) fn ln_h(z: f64) -> f64 {
    /// Where the term that is left out below is smaller than the last digit.
    const FAR: f64 = -1e6;
    let ln_density = -0.5 * z * z - 0.5 * (2.0 * PI).ln();
    if z > -1.0 {
        libm::log(libm::exp(ln_density) + z * 0.5 * libm::erfc(-z * FRAC_1_SQRT_2))
    } else if z > FAR {
        // h(z) = φ(z) (1 - |z| sqrt(π/2) erfcx(|z|/sqrt(2))), whose bracket is about 1/z² and loses half the digits it has.
        ln_density + libm::log(bracket(-z))
    } else {
        ln_density - 2.0 * libm::log(-z)
    }
}

/// `1 - x sqrt(π/2) erfcx(x/sqrt(2))` for x from 1 on.
fn bracket(x: f64) -> f64 {
    if x < NEAR {
        return 1.0 - x * (PI / 2.0).sqrt() * erfcx(x * FRAC_1_SQRT_2);
    }
    // Mills' ratio is 1/(x + c) with c = 1/(x + 2/(x + 3/(x + ...))), so that the difference is c/(x + c), without loss.
    let mut fraction = x;
    for k in (2..=terms(x * FRAC_1_SQRT_2)).rev() {
        fraction = x + f64::from(k) / fraction;
    }
    let c = 1.0 / fraction;
    c / (x + c)
}

/// Terms of the continued fraction that leave an error below the last digit.
fn terms(x: f64) -> u32 {
    match x {
        _ if x < 4.0 => 80,
        _ if x < 10.0 => 30,
        _ => 12,
    }
}

/// `Φ(z) / h(z)`: the derivative of [`ln_h`].
pub(super) fn ln_h_slope(z: f64) -> f64 {
    libm::exp(ln_phi(z) - ln_h(z))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// z, ln h(z) and ln Φ(z), from mpmath with 60 digits.
    #[rustfmt::skip]
    const EXACT: [(f64, f64, f64); 15] = [
        (3.0, 1.0987396653277077, -0.0013508099647481938),
        (0.5, -0.3598276837450638, -0.3689464152886564),
        (-0.5, -1.6205162643873199, -1.1759117615936185),
        (-0.999, -2.4832171154475855, -1.839496910164778),
        (-1.001, -2.4870256579553893, -1.8425471807560767),
        (-2.5, -6.212541645443513, -5.08164827727869),
        (-3.0, -7.869686059603029, -6.607726221510349),
        (-5.9, -21.95266848152973, -20.125799580203175),
        (-8.4, -40.49598436884511, -38.34087238823519),
        (-8.6, -42.241258072308376, -40.063792383844216),
        (-12.0, -77.90910054500735, -75.4106730015688),
        (-30.0, -457.724653760598, -454.3212439563432),
        (-1000.0, -500014.73445209116, -500007.82669481216),
        (-100_000.0, -5000000023.94479, -5000000012.431864),
        (-2_000_000.0, -2000000000029.9363, -2000000000015.4275),
    ];

    #[test]
    fn digits_hold_in_the_tails() {
        for (z, h, phi) in EXACT {
            assert!((ln_h(z) - h).abs() <= 1e-12 * h.abs().max(1.0), "ln h({z}) = {h}, not {}", ln_h(z));
            assert!((ln_phi(z) - phi).abs() <= 1e-14 * phi.abs().max(1.0), "ln Φ({z}) = {phi}, not {}", ln_phi(z));
        }
    }

    #[test]
    fn slopes_are_derivatives_also_where_formulas_change() {
        for k in 0..4000 {
            let z = 4.0 - 0.01 * f64::from(k) + 0.0003;
            let difference = |f: fn(f64) -> f64| {
                let h = 1e-4 * z.abs().max(1.0);
                (8.0 * (f(z + h) - f(z - h)) - (f(z + 2.0 * h) - f(z - 2.0 * h))) / (12.0 * h)
            };
            let (h, phi) = (difference(ln_h), difference(ln_phi));
            assert!((ln_h_slope(z) - h).abs() < 1e-8 * h, "ln h at {z}: {h}, not {}", ln_h_slope(z));
            assert!(
                (ln_phi_slope(z) - phi).abs() < 1e-8 * phi.max(1e-3),
                "ln Φ at {z}: {phi}, not {}",
                ln_phi_slope(z)
            );
        }
    }
}
