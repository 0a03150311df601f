//! Parameters that change nothing.

use super::{About, Card, PlotKind, Status, card, count};
use crate::plots::telling_parameters;
use crate::snapshot::Snapshot;

/// Trials without which no parameter is said to be without effect.
const FEWEST: usize = 50;

/// The share of the variance between groups of like values that counts as none.
const NONE: f64 = 0.005;

/// Parameters whose value tells nothing of how good a trial is.
pub(super) fn without_effect(snapshot: &Snapshot) -> Option<Card> {
    if snapshot.ranked.len() < FEWEST {
        return None;
    }
    let told = telling_parameters(snapshot, snapshot.spec.objective());
    let idle: Vec<&str> = told.iter().filter(|(_, share)| *share < NONE).map(|(name, _)| name.as_str()).collect();
    // Where none tells anything, it is noise that decides, or the trials differ too little.
    let (status, title, sentence) = match idle.len() {
        0 => return None,
        all if all == told.len() => (
            Status::Warning,
            "No parameter has an effect".to_owned(),
            format!(
                "Over {} the value does not depend on any parameter by itself: noise may be larger than all effects.",
                count(snapshot.ranked.len(), "completed trial")
            ),
        ),
        some => (
            Status::Note,
            format!("{} of {} without effect", some, count(told.len(), "parameter")),
            format!(
                "Nothing of the value in these trials is told by {} alone: a fixed value would make the space smaller. Effects \
                 together with other parameters are not seen here.",
                idle.join(", or ")
            ),
        ),
    };
    let about = match idle[..] {
        [one] => About::Parameter(one.to_owned()),
        _ => About::Plot(PlotKind::Importance),
    };
    Some(card(status, title, sentence, Some(about)))
}
