//! The objectives: the Branin function, and a synthetic learning curve.

use std::f64::consts::PI;

use seqtune_plugin::FamilyError;
use seqtune_space::Params;

/// The smallest value of [`branin`], at (-π, 12.275), (π, 2.275) and (9.42478, 2.475).
pub const BRANIN_OPTIMUM: f64 = 0.397_887_357_729_738_6;

/// The Branin function for `x` in [-5, 10] and `y` in [0, 15]. It has three global minima.
///
/// L. C. W. Dixon and G. P. Szegő, Towards Global Optimisation 2, 1978.
///
/// ```
/// use seqtune_toy::{BRANIN_OPTIMUM, branin};
///
/// assert!((branin(std::f64::consts::PI, 2.275) - BRANIN_OPTIMUM).abs() < 1e-9);
/// ```
pub fn branin(x: f64, y: f64) -> f64 {
    let parabola = y - 5.1 / (4.0 * PI * PI) * x * x + 5.0 / PI * x - 6.0;
    parabola * parabola + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * x.cos() + 10.0
}

/// What a trial evaluates, without its noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Function {
    /// The same value at every step.
    Branin {
        /// That value.
        value: f64,
    },
    /// A curve from [`Function::START`] towards an asymptote.
    Curve {
        /// The loss after infinitely many steps.
        asymptote: f64,
        /// The share of the way to the asymptote that one step covers.
        rate: f64,
    },
}

impl Function {
    /// The loss of a learning curve before the first step: that of a coin toss.
    pub(crate) const START: f64 = std::f64::consts::LN_2;

    pub(crate) fn of(params: &Params) -> Result<Function, FamilyError> {
        match params.text("function")? {
            "branin" => Ok(Function::Branin { value: branin(params.float("x")?, params.float("y")?) }),
            _ => {
                let (lr, width) = (params.float("lr")?, params.float("width")?);
                Ok(curve(lr, width, params.float("dropout")?, params.float("decay")?))
            }
        }
    }

    /// The accuracy that goes with a value, from 0 to 1.
    pub(crate) fn accuracy(self, value: f64) -> f64 {
        match self {
            Function::Branin { .. } => 1.0 / (1.0 + (value - BRANIN_OPTIMUM).max(0.0)),
            Function::Curve { .. } => (-value.max(0.0)).exp(),
        }
    }
}

/// A curve with what people know of learning curves: an optimal learning rate, capacity with a diminishing return, an
/// interplay of capacity and dropout, and slow learning where the rate is low or the model large.
fn curve(lr: f64, width: f64, dropout: f64, decay: f64) -> Function {
    let off = (lr / 0.003).log10();
    let capacity = (width / 1024.0).log2().abs() / 10.0;
    let needed = 0.3 * (1.0 - capacity);
    let asymptote = 0.1
        + 0.08 * off * off
        + 0.15 * capacity * capacity
        + 0.4 * (dropout - needed).powi(2)
        + 0.05 * (1.0 + decay / 0.001).log10();
    let rate = (0.35 + 0.08 * off - 0.02 * (width / 64.0).log2()).clamp(0.05, 0.6);
    Function::Curve { asymptote, rate }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branin_is_smallest_at_its_three_optima() {
        for (x, y) in [(-PI, 12.275), (PI, 2.275), (9.424_78, 2.475)] {
            assert!((branin(x, y) - BRANIN_OPTIMUM).abs() < 1e-6, "{x} {y}");
        }
        for x in -10..=20 {
            for y in 0..=30 {
                assert!(branin(f64::from(x) / 2.0, f64::from(y) / 2.0) > BRANIN_OPTIMUM);
            }
        }
    }

    #[test]
    fn a_good_configuration_is_better_than_the_others() {
        let asymptote = |lr, width, dropout, decay| match curve(lr, width, dropout, decay) {
            Function::Curve { asymptote, .. } => asymptote,
            Function::Branin { .. } => f64::NAN,
        };
        let good = asymptote(0.003, 1024.0, 0.3, 1e-6);
        assert!((good - 0.1).abs() < 1e-3);
        assert!(asymptote(0.3, 1024.0, 0.3, 1e-6) > good + 0.1);
        assert!(asymptote(0.003, 4.0, 0.3, 1e-6) > good + 0.1);
        assert!(asymptote(0.003, 1024.0, 0.9, 1e-6) > good + 0.1);
        assert!(asymptote(0.003, 1024.0, 0.3, 0.1) > good + 0.05);
    }
}
