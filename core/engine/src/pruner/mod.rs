//! Pruners: which trials are stopped early.
//!
//! A verdict about a report is a function of what the study's order shows at it: in fixed order the trial's own curve and
//! those of the trials `window` and more before it, in eager order the log up to the report. So it can be made again at any
//! time, and [`verify`](crate::verify()) does. What stopped a trial stands in the log with its reason.
//!
//! All pruners treat a value that is not finite as worse than any other; decide about nothing before the steps and the
//! trials that they are told to wait for; and leave a trial alone that is as good as all others.
//!
//! ```
//! use seqtune_core::{PrunerSpec, pruner, testing};
//!
//! let mut history = testing::study("x = { type = 'float', low = 0, high = 1 }")
//!     .pruner(PrunerSpec::named("asha").unwrap())
//!     .curves(9, |params, step| params.float("x").unwrap() + 1.0 / step as f64)
//!     .trials(12)
//!     .history();
//! let stopped = history.trials.iter().find(|trial| trial.state() == seqtune_core::TrialState::Pruned).unwrap();
//! let verdict = pruner::judge(&history, stopped.number, stopped.reports.len()).unwrap();
//! assert!(verdict.stop && verdict.reason.starts_with("rung"), "{}", verdict.reason);
//! ```

mod asha;
mod curve;
mod patient;
mod percentile;
mod race;
mod rungs;
mod spec;
mod threshold;
mod wilcoxon;

pub use asha::{Asha, Hyperband};
pub use curve::CurvePruner;
pub use patient::Patient;
pub use percentile::Percentile;
pub use race::{Curve, Race};
pub use spec::PrunerSpec;
pub use threshold::Threshold;
pub use wilcoxon::Wilcoxon;

use crate::event::Seen;
use crate::history::History;

/// Whether a trial goes on, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is stopped.
    pub stop: bool,
    /// Why, in a few words; empty where there is nothing to say.
    pub reason: String,
}

impl Verdict {
    pub(crate) fn go_on(reason: impl Into<String>) -> Verdict {
        Verdict { stop: false, reason: reason.into() }
    }

    pub(crate) fn stop(reason: impl Into<String>) -> Verdict {
        Verdict { stop: true, reason: reason.into() }
    }
}

/// Decides whether a trial is stopped at a report.
pub trait Pruner: Send + Sync {
    /// About the last report of [`Race::own`]. The same race gives the same verdict.
    fn decide(&self, race: &Race<'_>) -> Verdict;
}

/// Every trial trains all its steps.
#[derive(Clone, Copy, Debug)]
struct Unpruned;

impl Pruner for Unpruned {
    fn decide(&self, _: &Race<'_>) -> Verdict {
        Verdict::go_on("")
    }
}

/// The pruner of a specification, for trials of so many steps.
pub fn pruner_of(spec: &PrunerSpec, steps: u64) -> Box<dyn Pruner> {
    match *spec {
        PrunerSpec::None => Box::new(Unpruned),
        PrunerSpec::Median { startup_trials, min_step, every } => {
            Box::new(Percentile { percentile: 50.0, startup_trials, min_step, every })
        }
        PrunerSpec::Percentile { percentile, startup_trials, min_step, every } => {
            Box::new(Percentile { percentile, startup_trials, min_step, every })
        }
        PrunerSpec::Threshold { at_most, at_least, min_step } => Box::new(Threshold { at_most, at_least, min_step }),
        PrunerSpec::Patient { patience, min_delta, ref inner } => {
            let inner = (**inner != PrunerSpec::None).then(|| pruner_of(inner, steps));
            Box::new(Patient { patience, min_delta, inner })
        }
        PrunerSpec::Asha { min_step, max_step, factor } => {
            Box::new(Asha { min_step, max_step: max_step.unwrap_or(steps), factor })
        }
        PrunerSpec::Hyperband { min_step, max_step, factor } => {
            Box::new(Hyperband { min_step, max_step: max_step.unwrap_or(steps), factor })
        }
        PrunerSpec::Wilcoxon { p, min_step } => Box::new(Wilcoxon { p, min_step }),
        PrunerSpec::Curve { chance, max_step, factor } => {
            Box::new(CurvePruner::new(chance, max_step.unwrap_or(steps), factor))
        }
    }
}

/// Decides about the reports of one study. Like [`Proposer`](crate::Proposer) it remembers what it worked out, and a new
/// one decides the same.
pub struct Judge {
    pruner: Box<dyn Pruner>,
}

impl Judge {
    /// For this study.
    pub fn new(history: &History) -> Judge {
        Judge { pruner: pruner_of(&history.spec.pruner, history.spec.trial.steps) }
    }

    /// Whether a trial goes on after the first `reports` of its reports, and what the verdict saw. After the last step of a
    /// trial there is nothing to decide. `None` where the trial has not so many reports.
    pub fn judge(&self, history: &History, trial: u64, reports: usize) -> Option<(Verdict, Seen)> {
        let race = Race::now(history, trial, reports)?;
        let verdict =
            if race.step() == history.spec.trial.steps { Verdict::go_on("") } else { self.pruner.decide(&race) };
        Some((verdict, race.seen()))
    }
}

/// [`Judge::judge`], for one decision.
pub fn judge(history: &History, trial: u64, reports: usize) -> Option<Verdict> {
    Judge::new(history).judge(history, trial, reports).map(|(verdict, _)| verdict)
}

/// "1st", "2nd", "13th".
fn ordinal(number: usize) -> String {
    let ending = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}
