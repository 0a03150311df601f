//! The plots of a study, each a pure function of it: what is asked becomes a [`PlotSpec`](crate::spec::PlotSpec).
//!
//! Where a trial's value counts, it is that of an [`Objective`]: the study's own, or any metric. Trials that were pruned
//! count with the value they had reached. What is best is drawn last, in front.

mod best_lines;
mod brushable;
mod confusion;
mod contour;
mod curves;
mod density;
mod dependence;
mod difference;
mod distribution;
mod durations;
mod grid;
mod history;
mod hypervolume;
mod importance;
mod parallel;
mod parameter;
mod pareto;
mod predictions;
mod rank;
mod scatter;
mod scores;
mod slice;
mod timeline;
mod values;

pub use best_lines::{Lack, best_lines, lack};
pub use brushable::{Brushable, brushable};
pub use confusion::{confusion, decisions};
pub use contour::contour;
pub use curves::{Along, BandKind, CurvesOf, curves};
pub use dependence::{dependence, dependence_on_two};
pub use difference::{differences, in_words};
pub use distribution::edf;
pub use durations::durations;
pub use grid::grid;
pub use history::{HistoryOptions, history};
pub use hypervolume::hypervolume;
pub use importance::{Importance, importance, importance_of};
pub use parallel::parallel;
pub(crate) use parameter::shown;
pub use parameter::telling_parameters;
pub use pareto::{pareto, pareto_front};
pub use predictions::{Prediction, predictions};
pub use rank::rank;
pub use scatter::{Named, scatter};
pub use scores::{AREAS_METHOD, Area, Areas, Scored, areas, auc, precision_recall, roc};
pub use slice::slice;
pub use timeline::{Lanes, timeline, timeline_of};

use seqtune_core::Objective;
use seqtune_plugin::Direction;

/// There is nothing to draw.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlotError {
    /// The study is empty.
    #[error("the study has no trials yet")]
    NoTrials,
    /// Trials that no worker trained: another program told what came of them.
    #[error("no worker has trained a trial of this study")]
    NoAttempts,
    /// The metric was never reported, or was never finite.
    #[error("no trial has a value of {0:?} yet")]
    NoValues(String),
    /// A parameter that no trial has.
    #[error("no trial with a value has the parameter {0:?}")]
    NoParameter(String),
    /// All trials are the same.
    #[error("no parameter has two values among the trials: there is nothing to compare")]
    NothingVaries,
    /// Nothing to compare with.
    #[error("no two of the configurations share a seed or folds: there are no pairs")]
    NoPairs,
    /// A confusion matrix that is empty, or not square.
    #[error("a confusion matrix needs a row and a column for each class, and a count above zero")]
    NoCounts,
    /// Scores of one class only.
    #[error("no subset has examples of both classes")]
    OneClass,
    /// Nothing has a place.
    #[error("no point has a place")]
    NoPoints,
}

/// Which way is better, for the label of an axis.
fn caption(objective: &Objective) -> String {
    match objective.direction {
        Direction::Minimize => format!("{} (less is better)", objective.metric),
        Direction::Maximize => format!("{} (more is better)", objective.metric),
    }
}

/// `1 trial`, `60 trials`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", crate::spec::thousands(number))
}

#[cfg(test)]
pub(crate) mod tests;
