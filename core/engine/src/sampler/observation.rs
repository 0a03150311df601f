//! What a sampler learns from the trials that a decision may see.

use seqtune_plugin::Direction;
use seqtune_space::Params;

use crate::history::{Trial, TrialEnd};
use crate::order::View;

/// One earlier trial, as a sampler sees it.
#[derive(Clone, Debug)]
pub(super) struct Observation<'a> {
    pub(super) trial: &'a Trial,
    pub(super) params: &'a Params,
    pub(super) outcome: Outcome,
    /// The losses of all objectives, where there are several and the trial has a loss.
    pub(super) losses: Vec<f64>,
    /// By how much a trial that has a loss breaks all outcome constraints together: 0 where it is known to satisfy them,
    /// infinite where that is not known.
    pub(super) violation: f64,
}

/// What came of it. Losses are minimised, whichever way the study's objectives go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Outcome {
    /// All steps are done. The loss is that of the first objective.
    Completed { loss: f64 },
    /// Stopped early, with this loss at this step.
    Pruned { step: u64, loss: f64 },
    /// By the point's own fault: it diverged, did not fit into memory, or could not be built; or one of its losses is not
    /// finite.
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
    view.earlier().filter_map(|trial| observed(view, trial)).collect()
}

fn observed<'a>(view: &View<'a>, trial: &'a Trial) -> Option<Observation<'a>> {
    let of = |outcome| Observation { trial, params: &trial.params, outcome, losses: Vec::new(), violation: 0.0 };
    if !view.sees_end(trial) {
        return Some(of(Outcome::Pending));
    }
    let end = trial.end.as_ref()?;
    if let TrialEnd::Failed { cause, .. } = end {
        return cause.is_of_the_point().then(|| of(Outcome::Failed));
    }
    let history = view.history();
    // Metrics are text in the history: with one objective they are not read.
    let losses = if history.spec.objectives.len() == 1 { Some(Vec::new()) } else { history.losses(trial) };
    let loss = history.value(trial).map(|value| loss_of(view, value));
    let (Some(losses), Some(loss)) = (losses, loss) else { return Some(of(Outcome::Failed)) };
    let outcome = match end {
        TrialEnd::Pruned { .. } => Outcome::Pruned { step: trial.step(), loss },
        _ => Outcome::Completed { loss },
    };
    Some(Observation { losses, violation: history.violation(trial), ..of(outcome) })
}

impl Observation<'_> {
    /// The losses of all objectives; none where the trial has no loss.
    pub(super) fn losses(&self) -> &[f64] {
        match &self.outcome {
            Outcome::Completed { loss } | Outcome::Pruned { loss, .. } if self.losses.is_empty() => {
                std::slice::from_ref(loss)
            }
            _ => &self.losses,
        }
    }
}

/// A value of the study's first objective as a loss.
pub(super) fn loss_of(view: &View<'_>, value: f64) -> f64 {
    loss_under(view.history().spec.objective().direction, value)
}

/// A value as a loss, where this direction is the better one.
pub(super) fn loss_under(direction: Direction, value: f64) -> f64 {
    match direction {
        Direction::Minimize => value,
        Direction::Maximize => -value,
    }
}
