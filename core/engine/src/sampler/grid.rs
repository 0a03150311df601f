//! Every point of a finite space once.

use rand::seq::SliceRandom;
use seqtune_space::SearchSpace;

use super::{Reason, SampleError, Sampler, Suggestion, untried};
use crate::order::View;
use crate::seed::rng_of;

/// Goes through all points of a finite space, in an order that the study's seed shuffles, so that any first part of it is
/// spread over the space. Points that were enqueued, or tried in an earlier version of the space, are left out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Grid;

impl Grid {
    /// Points of the largest space that it goes through.
    pub const POINTS: u64 = 10_000;

    /// Whether it can go through a space.
    pub fn takes(space: &SearchSpace) -> bool {
        space.cardinality().is_some_and(|points| points <= Grid::POINTS)
    }
}

impl Sampler for Grid {
    fn suggest(&self, space: &SearchSpace, view: &View<'_>, _seed: u64) -> Result<Suggestion, SampleError> {
        let mut points = space.points(Grid::POINTS).ok_or(SampleError::TooMany { limit: Grid::POINTS })?;
        points.shuffle(&mut rng_of(view.history().spec.seed, 0, "grid"));
        let mut left = untried(points, view)?;
        let reason = Reason::Grid { left: left.len() as u64 };
        Ok(Suggestion::new(left.swap_remove(0), reason))
    }
}
