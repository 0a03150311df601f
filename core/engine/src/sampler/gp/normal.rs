//! Functions of the standard normal distribution that keep their digits far out in the tails.

use std::f64::consts::{FRAC_1_SQRT_2, LN_2, PI};

/// `exp(x²) erfc(x)`, for x from 0 on.
///
/// Below 2 from `libm::erfc`, whose last digits hold there; above by Laplace's continued fraction, evaluated with a
/// number of terms that leaves an error below 1e-16 (Abramowitz and Stegun, 7.1.14).
fn erfcx(x: f64) -> f64 {
    if x < 2.0 {
        return libm::exp(x * x) * libm::erfc(x);
    }
    // erfc(x) = exp(-x²)/sqrt(π) · 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))).
    let terms = if x < 4.0 {
        120
    } else if x < 10.0 {
        40
    } else {
        16
    };
    let mut fraction = x;
    for k in (1..=terms).rev() {
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
    if x < 6.0 {
        return 1.0 - x * (PI / 2.0).sqrt() * erfcx(x * FRAC_1_SQRT_2);
    }
    // The asymptotic series of Mills' ratio: x R(x) = 1 - 1/x² + 3/x⁴ - 15/x⁶ + ..., up to its smallest term.
    let inverse = 1.0 / (x * x);
    let (mut sum, mut term) = (0.0, 1.0);
    for k in 0..40 {
        let next = -term * f64::from(2 * k + 1) * inverse;
        if next.abs() >= f64::abs(term) || next.abs() < 1e-18 * f64::abs(sum) {
            break;
        }
        sum -= next;
        term = next;
    }
    sum
}

/// `Φ(z) / h(z)`: the derivative of [`ln_h`].
pub(super) fn ln_h_slope(z: f64) -> f64 {
    libm::exp(ln_phi(z) - ln_h(z))
}
