//! What a sampler learns from the trials that a decision may see.

use seqtune_plugin::Direction;
use seqtune_space::Params;

use crate::history::{Trial, TrialEnd};
use crate::order::View;

/// One earlier trial, as a sampler sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Observation<'a> {
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

/// The trials that the view shows, in number order. Trials that failed for reasons that are not their point's (a crash, a
/// time limit, an interruption) teach nothing and are left out.
pub(super) fn observations<'a>(view: &View<'a>) -> Vec<Observation<'a>> {
    view.earlier()
        .filter_map(|trial| Some(Observation { params: &trial.params, outcome: outcome(view, trial)? }))
        .collect()
}

fn outcome(view: &View<'_>, trial: &Trial) -> Option<Outcome> {
    if !view.sees_end(trial) {
        return Some(Outcome::Pending);
    }
    let history = view.history();
    let loss = history.value(trial).map(|value| match history.spec.objective().direction {
        Direction::Minimize => value,
        Direction::Maximize => -value,
    });
    match (trial.end.as_ref()?, loss) {
        (TrialEnd::Completed, Some(loss)) => Some(Outcome::Completed { loss }),
        (TrialEnd::Pruned { .. }, Some(loss)) => Some(Outcome::Pruned { step: trial.step(), loss }),
        // Its number is not finite.
        (TrialEnd::Completed | TrialEnd::Pruned { .. }, None) => Some(Outcome::Failed),
        (TrialEnd::Failed { cause, .. }, _) => cause.is_of_the_point().then_some(Outcome::Failed),
    }
}
