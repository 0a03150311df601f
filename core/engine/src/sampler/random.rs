//! Independent uniform draws: the baseline of everything.

use rand::RngExt;
use seqtune_space::SearchSpace;

use super::{Reason, SampleError, Sampler, Suggestion, first_allowed};
use crate::order::View;
use crate::seed::rng_of;

/// Draws every parameter from its prior, which is uniform over its unit interval where none is declared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Random;

impl Sampler for Random {
    fn suggest(&self, space: &SearchSpace, _view: &View<'_>, seed: u64) -> Result<Suggestion, SampleError> {
        let mut rng = rng_of(seed, 0, "random");
        let params = first_allowed(space, seed, |_| {
            // One draw a dimension, active or not: adding a condition does not shift the others.
            let unit: Vec<f64> = space.dimensions().iter().map(|_| rng.random()).collect();
            space.decode_quantiles(&unit)
        })?;
        Ok(Suggestion::new(params, Reason::Random))
    }
}
