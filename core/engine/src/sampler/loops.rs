//! Loops over contiguous numbers without branches, in which samplers spend their time.
//!
//! [`pulp`] compiles them for the vector instructions that a machine has. Sums are made in eight fixed parts, so that their
//! digits do not depend on which these are.

/// Parts of a sum.
const LANES: usize = 8;

/// Σ_i a[i] b[i].
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    sum(
        a,
        b,
        #[inline(always)]
        |a, b| a * b,
    )
}

/// Σ_i term(a[i], b[i]).
#[inline(always)]
pub(super) fn sum(a: &[f64], b: &[f64], term: impl Fn(f64, f64) -> f64) -> f64 {
    pulp::Arch::new().dispatch(Sum { a, b, term })
}

/// A closure would do, but that a call of it may stay a call, and then is compiled for the least of machines.
struct Sum<'a, T> {
    a: &'a [f64],
    b: &'a [f64],
    term: T,
}

impl<T: Fn(f64, f64) -> f64> pulp::NullaryFnOnce for Sum<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        let mut parts = [0.0; LANES];
        let (a_chunks, a_rest) = self.a.as_chunks::<LANES>();
        let (b_chunks, b_rest) = self.b.as_chunks::<LANES>();
        for (a, b) in a_chunks.iter().zip(b_chunks) {
            for lane in 0..LANES {
                parts[lane] += (self.term)(a[lane], b[lane]);
            }
        }
        for ((part, a), b) in parts.iter_mut().zip(a_rest).zip(b_rest) {
            *part += (self.term)(*a, *b);
        }
        parts.iter().sum()
    }
}

/// The largest number, of which none is NaN; negative infinity of none.
struct Largest<'a>(&'a [f64]);

impl pulp::NullaryFnOnce for Largest<'_> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        let mut parts = [f64::NEG_INFINITY; LANES];
        let (chunks, rest) = self.0.as_chunks::<LANES>();
        let larger = |part: &mut f64, number: f64| *part = if number > *part { number } else { *part };
        for chunk in chunks {
            for lane in 0..LANES {
                larger(&mut parts[lane], chunk[lane]);
            }
        }
        parts.iter_mut().zip(rest).for_each(|(part, number)| larger(part, *number));
        parts.into_iter().fold(f64::NEG_INFINITY, f64::max)
    }
}

/// ln Σ_i exp(terms[i]); negative infinity where nothing is summed up.
pub(super) fn ln_sum_exp(terms: &[f64]) -> f64 {
    let most = pulp::Arch::new().dispatch(Largest(terms));
    if !most.is_finite() {
        return most;
    }
    most + libm::log(sum(
        terms,
        terms,
        #[inline(always)]
        |term, _| exp_of_negative(term - most),
    ))
}

/// exp for numbers that are not positive, without a branch; what would be below 1e-304 is about 1e-304.
///
/// `x = k ln 2 + r`, `exp(x) = 2^k exp(r)`, and exp(r) is its Taylor polynomial, whose error is below 2e-16 for |r| up to
/// ln(2)/2.
#[inline(always)]
pub(super) fn exp_of_negative(x: f64) -> f64 {
    const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    /// Adding it rounds to a whole number, which then stands in the lowest bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const TAYLOR: [f64; 13] = [
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ];
    let x = if x > -700.0 { x } else { -700.0 };
    let rounded = x * std::f64::consts::LOG2_E + ROUND;
    let k = rounded - ROUND;
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    let mut value = TAYLOR[0];
    for coefficient in &TAYLOR[1..] {
        value = value * r + coefficient;
    }
    f64::from_bits(value.to_bits().wrapping_add(rounded.to_bits() << 52))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_exp() {
        for step in 0..70_000 {
            let x = -f64::from(step) / 100.0;
            let (ours, exact) = (exp_of_negative(x), libm::exp(x));
            assert!((ours - exact).abs() <= 4e-16 * exact, "exp({x}) = {exact}, not {ours}");
        }
    }

    #[test]
    fn sums_have_all_terms() {
        for n in 0..40 {
            let a: Vec<f64> = (0..n).map(f64::from).collect();
            assert_eq!(dot(&a, &a), a.iter().map(|x| x * x).sum::<f64>());
        }
    }

    #[test]
    fn the_logarithm_of_a_sum_needs_no_small_numbers() {
        assert!((ln_sum_exp(&[-2000.0; 9]) - (-2000.0 + libm::log(9.0))).abs() < 1e-12);
        assert!((ln_sum_exp(&[3.0, f64::NEG_INFINITY]) - 3.0).abs() < 1e-12);
        assert_eq!(ln_sum_exp(&[f64::NEG_INFINITY]), f64::NEG_INFINITY);
        assert_eq!(ln_sum_exp(&[]), f64::NEG_INFINITY);
    }
}
