//! Why a trial has its point and why it was stopped: what `seqtune explain` says, and the pictures behind it.
//!
//! The decision is made again from what it saw ([`Proposer::explain`]); what its model says elsewhere, along each parameter, is asked
//! of the very same model.

mod slices;
mod words;

use seqtune_core::{Explanation, History, Judge, Point, Proposer, SampleError, Trial, Verdict};
use serde::Serialize;

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
