//! The default: whichever sampler is best for a history of this size.

use seqtune_space::SearchSpace;

use super::{Gp, SampleError, Sampler, Suggestion, Tpe};
use crate::order::View;

/// Results up to which every point is the Gaussian process's. It then still answers within a tenth of a second.
const MODELLED: usize = 1000;

/// Results up to which it has a part of the points, made from a part of the history.
const SHARED: usize = 3000;

/// How often the other one has its turn in between.
const TURN: u64 = 4;

/// Starts evenly spread, goes on by a Gaussian process ([`Gp`]), and as its cost grows with the history leaves more and more to the
/// Parzen estimator ([`Tpe`]). Small spaces are gone through point by point, the most promising first.
#[derive(Debug, Default)]
pub struct Auto {
    gp: Gp,
    tpe: Tpe,
}

impl Sampler for Auto {
    fn suggest(&self, space: &SearchSpace, view: &View<'_>, seed: u64) -> Result<Suggestion, SampleError> {
        let results = view.finished().count();
        let modelled = results <= MODELLED || (results <= SHARED && !view.trial().is_multiple_of(TURN));
        let chosen: &dyn Sampler = if modelled { &self.gp } else { &self.tpe };
        chosen.suggest(space, view, seed)
    }
}
