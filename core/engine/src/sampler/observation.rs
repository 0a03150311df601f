//! What a sampler learns from the trials that a decision may see.

use seqtune_plugin::Direction;
use seqtune_space::Params;

use crate::history::{Trial, TrialEnd};
use crate::order::View;

/// One earlier trial, as a sampler sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Observation<'a> {
    pub(super) trial: &'a Trial,
    pub(super) params: &'a Params,
    pub(super) outcome: Outcome,
}

/// What came of it. Losses are minimised, whichever way the study's objective goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Outcome {
    /// All steps are done.
    Completed { loss: f64 },
    /// Stopped early, with this loss at this step.
    Pruned { step: u64, loss: f64 },
    /// By the point's own fault: it diverged, did not fit into memory, or could not be built.
    Failed,
    /// Its end is not seen yet.
    Pending,
}

impl Outcome {
    /// Whether it says how good the point is.
    pub(super) fn has_loss(self) -> bool {
        matches!(self, Outcome::Completed { .. } | Outcome::Pruned { .. })
    }
}

/// The trials that the view shows, in number order. Trials that failed for reasons that are not their point's (a crash, a
/// time limit, an interruption) teach nothing and are left out.
pub(super) fn observations<'a>(view: &View<'a>) -> Vec<Observation<'a>> {
    view.earlier()
        .filter_map(|trial| Some(Observation { trial, params: &trial.params, outcome: outcome(view, trial)? }))
        .collect()
}

fn outcome(view: &View<'_>, trial: &Trial) -> Option<Outcome> {
    if !view.sees_end(trial) {
        return Some(Outcome::Pending);
    }
    let loss = view.history().value(trial).map(|value| loss_of(view, value));
    match (trial.end.as_ref()?, loss) {
        (TrialEnd::Completed, Some(loss)) => Some(Outcome::Completed { loss }),
        (TrialEnd::Pruned { .. }, Some(loss)) => Some(Outcome::Pruned { step: trial.step(), loss }),
        // Its number is not finite.
        (TrialEnd::Completed | TrialEnd::Pruned { .. }, None) => Some(Outcome::Failed),
        (TrialEnd::Failed { cause, .. }, _) => cause.is_of_the_point().then_some(Outcome::Failed),
    }
}

/// A value of the study's objective as a loss.
pub(super) fn loss_of(view: &View<'_>, value: f64) -> f64 {
    match view.history().spec.objective().direction {
        Direction::Minimize => value,
        Direction::Maximize => -value,
    }
}
