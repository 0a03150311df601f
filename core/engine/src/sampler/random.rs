//! Independent uniform draws: the baseline of everything.

use rand::RngExt;
use seqtune_space::{Params, SearchSpace};

use super::{SampleError, Sampler};
use crate::order::View;
use crate::seed::rng_of;

/// Draws every parameter uniformly over its unit interval.
#[derive(Clone, Copy, Debug, Default)]
pub struct Random;

impl Sampler for Random {
    fn suggest(&self, space: &SearchSpace, _view: &View<'_>, seed: u64) -> Result<Params, SampleError> {
        let mut rng = rng_of(seed, 0, "random");
        // One draw a declared parameter, active or not: adding a condition does not shift the others.
        let unit: Vec<f64> = (0..space.len()).map(|_| rng.random()).collect();
        Ok(space.decode(&unit)?)
    }
}
