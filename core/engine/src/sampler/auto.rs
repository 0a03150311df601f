//! The default: whichever sampler is best for a history of this size.

use seqtune_space::{Params, SearchSpace};

use super::{Gp, Reason, SampleError, Sampler, Suggestion, Tpe};
use crate::order::View;

/// Results up to which every point is the Gaussian process's. It then still answers within a tenth of a second.
const MODELLED: usize = 1000;

/// Results up to which it has a part of the points, made from a part of the history.
const SHARED: usize = 3000;

/// Objectives of the largest study that is modelled: of more, weights lead to a few of the many directions, and trials are
/// compared by fronts and volumes instead.
const OBJECTIVES: usize = 3;

/// How often the other one has its turn in between.
const TURN: u64 = 4;

/// Starts evenly spread, goes on by a Gaussian process ([`Gp`]), and as its cost grows with the history leaves more and more to the
/// Parzen estimator ([`Tpe`]), to which studies of many objectives are left from the beginning. Small spaces are gone through point by point, the most promising first.
#[derive(Debug, Default)]
pub struct Auto {
    gp: Gp,
    tpe: Tpe,
}

impl Auto {
    /// Whose turn it is.
    fn chosen(&self, view: &View<'_>) -> &dyn Sampler {
        let results = view.finished().count();
        let few = view.history().spec.objectives.len() <= OBJECTIVES;
        let modelled = few && (results <= MODELLED || (results <= SHARED && !view.trial().is_multiple_of(TURN)));
        if modelled { &self.gp } else { &self.tpe }
    }
}

impl Sampler for Auto {
    fn suggest(&self, space: &SearchSpace, view: &View<'_>, seed: u64) -> Result<Suggestion, SampleError> {
        self.chosen(view).suggest(space, view, seed)
    }

    fn said_of(&self, space: &SearchSpace, view: &View<'_>, seed: u64, points: &[Params]) -> Vec<Option<Reason>> {
        self.chosen(view).said_of(space, view, seed, points)
    }
}
