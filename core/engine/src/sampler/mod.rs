//! Samplers: each a pure function of the space, a view of the history, and a seed.

mod random;
mod sobol;

use seqtune_space::{Params, SearchSpace, SpaceError};

pub use random::Random;
pub use sobol::Sobol;

use crate::order::View;
use crate::spec::SamplerSpec;

/// Chooses the next point.
///
/// A sampler may keep caches, never state: the same arguments give the same point, in any process.
/// [`crate::testing::check_sampler`] checks what every sampler promises.
pub trait Sampler: Send + Sync {
    /// A valid point of the space for the trial that the view is about.
    ///
    /// # Errors
    /// Where there is nothing (left) to suggest.
    fn suggest(&self, space: &SearchSpace, view: &View<'_>, seed: u64) -> Result<Params, SampleError>;
}

/// Why there is no suggestion.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SampleError {
    /// A bug of the sampler: its point is not in the space.
    #[error("the sampler made an invalid point: {0}")]
    Invalid(#[from] SpaceError),
}

/// The sampler that a study names.
pub fn sampler_of(spec: &SamplerSpec) -> Box<dyn Sampler> {
    match spec {
        SamplerSpec::Random => Box::new(Random),
        SamplerSpec::Sobol => Box::new(Sobol),
    }
}
