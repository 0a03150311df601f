//! How important parameters are, by whatever measure.

use seqtune_core::Objective;

use super::{PlotError, count};
use crate::importance::{Method, ParameterImportance};
use crate::snapshot::Snapshot;
use crate::spec::{Axis, Bar, Layer, PlotSpec, Role, short, thousands};
use crate::surrogate::r2_in_words;

/// Most bars that are drawn.
const MOST_BARS: usize = 30;

/// The importance of one parameter, or of several together.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// Of what.
    pub name: String,
    /// The estimate.
    pub mean: f64,
    /// Where it surely begins; the mean where that is not known.
    pub low: f64,
    /// Where it surely ends.
    pub high: f64,
}

impl From<&ParameterImportance> for Importance {
    fn from(one: &ParameterImportance) -> Importance {
        Importance { name: one.name.clone(), mean: one.mean, low: one.low, high: one.high }
    }
}

/// The bars of an answer of [`importance`](crate::importance()) that rests on completed trials; how many, and what its forest is
/// worth, stands among the notes.
///
/// # Errors
/// Where nothing varies.
pub fn importance_of(
    snapshot: &Snapshot,
    objective: &Objective,
    method: Method,
    answer: &crate::Importance,
) -> Result<PlotSpec, PlotError> {
    let bars: Vec<Importance> = answer.parameters.iter().map(Importance::from).collect();
    let measure = match method {
        Method::Fanova => "share of the variance, by fANOVA",
        Method::PedAnova(_) => "share of the divergence, by PED-ANOVA",
    };
    let title = format!("Importance for {} in {}", objective.metric, snapshot.spec.name);
    let mut spec = importance(&title, measure, &bars)?;
    let fit = answer.r2.map_or_else(String::new, |r2| format!(", R2 {r2:.2}: {}", r2_in_words(r2)));
    spec.notes.push(format!("{}{fit}", count(answer.trials, "completed trial")));
    Ok(spec)
}

/// Bars from the most important on, with their intervals. `title` names measure and study.
///
/// # Errors
/// Where nothing varies.
pub fn importance(title: &str, measure: &str, all: &[Importance]) -> Result<PlotSpec, PlotError> {
    let mut sorted: Vec<&Importance> = all.iter().filter(|one| one.mean.is_finite()).collect();
    sorted.sort_by(|a, b| b.mean.total_cmp(&a.mean));
    let Some(first) = sorted.first().copied() else { return Err(PlotError::NothingVaries) };
    let drawn = &sorted[..sorted.len().min(MOST_BARS)];
    let bar = |(at, one): (usize, &&Importance)| Bar {
        at: (drawn.len() - 1 - at) as f64,
        thickness: 0.7,
        from: 0.0,
        to: one.mean,
        error: (one.low.is_finite() && one.high.is_finite() && one.low < one.high).then_some([one.low, one.high]),
        role: Role::Series(0),
        trial: None,
    };
    let bars = drawn.iter().enumerate().map(bar).collect();
    let ends = drawn.iter().flat_map(|one| [one.mean, one.low, one.high]);
    let x = Axis::linear(measure, ends.chain([0.0]));
    let notes = if drawn.len() < sorted.len() {
        vec![format!("{} of {} drawn", thousands(drawn.len()), count(sorted.len(), "parameter"))]
    } else {
        Vec::new()
    };
    Ok(PlotSpec {
        title: title.to_owned(),
        reading: format!(
            "{} is the most important of {} with {}.",
            first.name,
            count(sorted.len(), "parameter"),
            short(first.mean, 3)
        ),
        x: Axis { low: x.low.min(0.0).max(if ends_at_zero(drawn) { 0.0 } else { x.low }), ..x },
        y: Axis::names("", drawn.iter().rev().map(|one| one.name.clone()).collect()),
        layers: vec![Layer::Bars { bars, horizontal: true }],
        legend: Vec::new(),
        scale: None,
        notes,
    })
}

/// Whether nothing is below zero: then the axis begins there.
fn ends_at_zero(drawn: &[&Importance]) -> bool {
    drawn.iter().all(|one| one.mean >= 0.0 && (one.low >= 0.0 || one.low.is_nan()))
}
