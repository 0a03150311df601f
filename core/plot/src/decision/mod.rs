//! Why a trial has its point and why it was stopped: what `seqtune explain` says, and the pictures behind it.
//!
//! The decision is made again from what it saw ([`Proposer::explain`]); what its model says elsewhere, along each parameter, is asked
//! of the very same model.

mod slices;
mod words;

use std::sync::Arc;

use seqtune_core::sampler::{Expected, Reason};
use seqtune_core::{
    Explanation, History, Judge, Origin, Point, Proposer, SampleError, Trial, TrialState, Verdict, Why,
};
use serde::Serialize;

use crate::row::TrialRow;
use crate::snapshot::Snapshot;

pub use slices::{Slice, SliceError, Slices, slices};
pub use words::{Account, account};

/// A decision made again, and what a pruner said of the trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Why the point.
    pub explanation: Explanation,
    /// What the pruner said; steps of which it had nothing to say are left out.
    pub verdicts: Vec<Judged>,
}

/// What a pruner said at a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// The step.
    pub step: u64,
    /// Whether the trial was stopped there.
    pub stop: bool,
    /// Why.
    pub reason: String,
}

/// Makes the decisions about a trial again.
///
/// # Errors
/// Where the sampler has nothing to suggest now, which another build than this must have seen otherwise.
pub fn decision(history: &History, proposer: &Proposer, judge: &Judge, trial: &Trial) -> Result<Decision, SampleError> {
    let explanation = proposer.explain(history, trial)?;
    let said = |(at, point): (usize, &Point)| {
        let (Verdict { stop, reason }, _) = judge.judge(history, trial.number, at + 1)?;
        (!reason.is_empty()).then_some(Judged { step: point.step, stop, reason })
    };
    let verdicts = trial.reports.iter().enumerate().filter_map(said).collect();
    Ok(Decision { explanation, verdicts })
}

/// The last trials that the sampler chose and that came to a value, the newest first: those of which it can be asked what was
/// expected of them.
pub fn last_chosen(snapshot: &Snapshot, most: usize) -> Vec<Arc<TrialRow>> {
    let counts = |row: &&Arc<TrialRow>| {
        row.origin == Origin::Sampler && row.state == TrialState::Completed && row.value.is_some()
    };
    snapshot.trials.iter().rev().filter(counts).take(most).cloned().collect()
}

/// What a decision expected of a metric; `None` where no model expected a value.
pub fn expected<'a>(why: &'a Why, metric: &str) -> Option<&'a Expected> {
    fn of(reason: &Reason) -> &[Expected] {
        match reason {
            Reason::Gp(reason) => &reason.expected,
            Reason::Bandit(bandit) => bandit.within.as_deref().map_or(&[], of),
            _ => &[],
        }
    }
    let Why::Sampler(reason) = why else { return None };
    of(reason).iter().find(|expected| expected.metric == metric)
}
