//! What there is to say about a study, in words: how good it is, and what wants looking at.
//!
//! Each card is a heading and a sentence or two with the figures behind it. What is too early to say is not said. The checks are
//! those of Ax's analysis cards, on what a snapshot knows: nothing here asks the clock.

mod bounds;
mod failures;
mod parameters;
mod pruning;
mod values;
mod workers;

use serde::Serialize;

use crate::plots::count;
use crate::snapshot::Snapshot;

/// How a study stands in one respect.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Card {
    /// Whether it wants looking at.
    pub status: Status,
    /// A few words.
    pub title: String,
    /// One or two sentences with figures.
    pub sentence: String,
    /// Where to look.
    pub about: Option<About>,
}

/// Whether something wants looking at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Status {
    /// Something may be wrong.
    Warning,
    /// Something to know.
    Note,
    /// As it should be.
    Pass,
}

/// What a card points to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum About {
    /// A parameter.
    Parameter(String),
    /// A trial.
    Trial(u64),
    /// A plot.
    Plot(PlotKind),
}

/// A plot that a card is backed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum PlotKind {
    /// [`plots::history`](crate::plots::history).
    History,
    /// [`plots::curves`](crate::plots::curves).
    Curves,
    /// [`plots::importance`](crate::plots::importance).
    Importance,
    /// [`plots::pareto`](crate::plots::pareto).
    Pareto,
    /// [`plots::timeline`](crate::plots::timeline).
    Timeline,
}

/// The cards of a study: first the one of its best trial, then what may be wrong, what is good to know, and what is as it should
/// be. Of a part of a study ([`Snapshot::only`]) they are about those trials alone.
pub fn health(snapshot: &Snapshot) -> Vec<Card> {
    health_of(snapshot, snapshot)
}

/// As [`health`] of a part of a study; what is said of its workers is of the whole.
pub fn health_of(snapshot: &Snapshot, whole: &Snapshot) -> Vec<Card> {
    let Some(best) = values::best(snapshot) else {
        let sentence = match snapshot.trials.len() {
            0 => "The study has no trials yet.".to_owned(),
            trials => format!("Of {} none has completed with a value yet.", count(trials, "trial")),
        };
        let nothing = card(Status::Note, "Nothing to say yet", sentence, Some(About::Plot(PlotKind::Curves)));
        return std::iter::once(nothing).chain(failures::failures(snapshot)).collect();
    };
    let mut others: Vec<Card> = [
        values::too_few(snapshot),
        values::baseline(snapshot),
        values::standstill(snapshot),
        pruning::pruning(snapshot),
        failures::failures(snapshot),
        failures::differed(snapshot),
        workers::idle(whole),
        parameters::without_effect(snapshot),
    ]
    .into_iter()
    .flatten()
    .chain(bounds::bounds(snapshot))
    .collect();
    others.sort_by_key(|card| card.status);
    std::iter::once(best).chain(others).collect()
}

fn card(status: Status, title: impl Into<String>, sentence: String, about: Option<About>) -> Card {
    Card { status, title: title.into(), sentence, about }
}

/// `38 %`, from a share.
fn percent(share: f64) -> String {
    match share * 100.0 {
        part if part > 0.0 && part < 0.5 => "less than 1 %".to_owned(),
        part => format!("{} %", part.round()),
    }
}

#[cfg(test)]
mod tests;
