//! Whether a sampler has nothing left to try, without what a suggestion costs: a model is not fitted to learn that points are left.

use seqtune_space::SearchSpace;

use super::{Bandit, EXACT, Grid, SMALL, SampleError, Sampler, tried, untried};
use crate::order::View;
use crate::spec::SamplerSpec;

/// What a sampler has left of a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// It has tried all of so many points.
    Nothing { points: u64 },
    /// It has a suggestion.
    Something,
    /// It has one, if it finds a point that satisfies the constraints.
    Perhaps,
}

impl SamplerSpec {
    /// The [`SampleError::Exhausted`] that the `sampler` of this name gives for these arguments, where it does. It is not asked, but
    /// where that is a bandit of which all arms are exhausted but those whose constraints may leave nothing.
    pub(crate) fn exhausted(
        &self,
        sampler: &dyn Sampler,
        space: &SearchSpace,
        view: &View<'_>,
        seed: u64,
    ) -> Option<SampleError> {
        match (self.left(space, view), self) {
            (Left::Nothing { points }, _) => Some(SampleError::Exhausted { points }),
            (Left::Perhaps, SamplerSpec::Bandit { .. }) => {
                sampler.suggest(space, view, seed).err().filter(|error| matches!(error, SampleError::Exhausted { .. }))
            }
            _ => None,
        }
    }

    pub(super) fn left(&self, space: &SearchSpace, view: &View<'_>) -> Left {
        match self {
            // They draw the same points again.
            SamplerSpec::Random | SamplerSpec::Sobol => drawable(space),
            SamplerSpec::Grid => left_of(space, view, Grid::POINTS),
            SamplerSpec::Auto | SamplerSpec::Tpe | SamplerSpec::Gp | SamplerSpec::CmaEs | SamplerSpec::Nsga2 => {
                left_of(space, view, EXACT)
            }
            SamplerSpec::Bandit { arm, inner, plain, .. } => Bandit::left(space, view, arm.as_deref(), *inner, *plain),
        }
    }
}

/// What is left of a space to a sampler that tries no point twice where there are at most `limit`.
fn left_of(space: &SearchSpace, view: &View<'_>, limit: u64) -> Left {
    let Some(all) = space.cardinality().filter(|points| *points <= limit) else { return drawable(space) };
    // So few trials cannot have had all points. How many of them constraints leave is only seen where they are gone through.
    if space.constraints().is_empty() && (tried(view).len() as u64) < all {
        return Left::Something;
    }
    match space.points(limit).map(|points| untried(points, view)) {
        Some(Err(SampleError::Exhausted { points })) => Left::Nothing { points },
        _ => Left::Something,
    }
}

/// Whether points can be drawn from a space, tried or not: of a small one all are known, and without constraints each draw is one.
fn drawable(space: &SearchSpace) -> Left {
    let is_sure = space.constraints().is_empty() || space.points(SMALL).is_some_and(|points| !points.is_empty());
    if is_sure { Left::Something } else { Left::Perhaps }
}
