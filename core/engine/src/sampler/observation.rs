//! What a sampler learns from the trials that a decision may see.

use seqtune_space::Params;

use crate::history::{Trial, TrialEnd, loss_under};
use crate::order::View;

/// One earlier trial, as a sampler sees it.
#[derive(Clone, Debug)]
pub(super) struct Observation<'a> {
    pub(super) trial: &'a Trial,
    pub(super) params: &'a Params,
    pub(super) told: Told,
}

/// What a trial says of its point.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Told {
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
    let of = |trial: &'a Trial| Some(Observation { trial, params: &trial.params, told: Told::by(view, trial)? });
    view.earlier().filter_map(of).collect()
}

impl Told {
    /// By this trial of the view; `None` where it teaches nothing.
    pub(super) fn by(view: &View<'_>, trial: &Trial) -> Option<Told> {
        if !view.sees_end(trial) {
            return Some(Outcome::Pending.into());
        }
        let end = trial.end.as_ref()?;
        if let TrialEnd::Failed { cause, .. } = end {
            return cause.is_of_the_point().then(|| Outcome::Failed.into());
        }
        let history = view.history();
        // Metrics are text in the history: with one objective they are not read.
        let losses = if history.spec.objectives.len() == 1 { Some(Vec::new()) } else { history.losses(trial) };
        let loss = history.value(trial).map(|value| loss_of(view, value));
        let (Some(losses), Some(loss)) = (losses, loss) else { return Some(Outcome::Failed.into()) };
        let outcome = match end {
            TrialEnd::Pruned { .. } => Outcome::Pruned { step: trial.step(), loss },
            _ => Outcome::Completed { loss },
        };
        Some(Told { outcome, losses, violation: history.violation(trial) })
    }

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

impl Told {
    /// Becomes the mean of `count` completed trials, the last of which is another one.
    pub(super) fn take_in(&mut self, other: &Told, count: f64) {
        if let (Outcome::Completed { loss: mean }, Outcome::Completed { loss }) = (&mut self.outcome, other.outcome) {
            *mean += (loss - *mean) / count;
        }
        for (mean, loss) in self.losses.iter_mut().zip(&other.losses) {
            *mean += (loss - *mean) / count;
        }
        // What is not known of one is not known of the mean.
        let known = self.violation.is_finite() && other.violation.is_finite();
        self.violation =
            if known { self.violation + (other.violation - self.violation) / count } else { f64::INFINITY };
    }
}

impl From<Outcome> for Told {
    fn from(outcome: Outcome) -> Told {
        Told { outcome, losses: Vec::new(), violation: 0.0 }
    }
}

impl AsRef<Told> for Told {
    fn as_ref(&self) -> &Told {
        self
    }
}

impl AsRef<Told> for Observation<'_> {
    fn as_ref(&self) -> &Told {
        &self.told
    }
}

/// A value of the study's first objective as a loss.
pub(super) fn loss_of(view: &View<'_>, value: f64) -> f64 {
    loss_under(view.history().spec.objective().direction, value)
}
