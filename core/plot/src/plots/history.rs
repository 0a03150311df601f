//! The values of the trials in number order, and the best so far.

use seqtune_core::{Objective, TrialState};

use super::values::{MOST_DRAWN, Values, state_legend, state_mark};
use super::{PlotError, count};
use crate::progress::best_line;
use crate::snapshot::Snapshot;
use crate::spec::{Axis, Entry, Layer, Line, PlotSpec, Role, Sample, short};

/// The values of the trials in number order, by state, and the best so far of the completed ones that keep the outcome
/// constraints.
///
/// # Errors
/// Where no trial has a value.
pub fn history(snapshot: &Snapshot, objective: &Objective) -> Result<PlotSpec, PlotError> {
    let values = Values::of(snapshot, objective)?;
    let (drawn, mut notes) = values.drawn(MOST_DRAWN);
    let without = snapshot.trials.len() - values.worst_first.len();
    if without > 0 {
        notes.push(format!("{} without a value", count(without, "trial")));
    }
    let (axis, note) = values.axis();
    notes.extend(note);
    let mut by_number: Vec<(u64, f64)> = values
        .worst_first
        .iter()
        .filter(|one| one.row.state == TrialState::Completed && one.row.is_feasible())
        .map(|one| (one.row.number, one.value))
        .collect();
    by_number.sort_by_key(|(number, _)| *number);
    let last = snapshot.trials.last().map(|row| row.number);
    let mut best = best_line(by_number.into_iter(), last, objective.direction);
    best.iter_mut().for_each(|[_, value]| *value = axis.held(*value));

    let mut legend = state_legend(values.worst_first.iter().map(|one| one.row));
    let mut layers = Vec::new();
    if !best.is_empty() {
        layers.push(Layer::Line(Line { width: 1.2, ..Line::new(best, Role::Front) }));
        legend
            .push(Entry { label: "best so far".to_owned(), sample: Sample::Line { role: Role::Front, dashed: false } });
    }
    layers.push(Layer::Points(
        drawn.iter().map(|one| state_mark(one.row, one.row.number as f64, axis.held(one.value))).collect(),
    ));
    let reading = values.best().map_or_else(String::new, |best| {
        format!(
            "{}; the best is trial {} with {} {}.",
            count(snapshot.trials.len(), "trial"),
            best.row.number,
            objective.metric,
            short(best.value, 5)
        )
    });
    let numbers = [0.0, last.unwrap_or(0) as f64];
    Ok(PlotSpec {
        title: format!("History of {}", snapshot.spec.name),
        reading,
        x: Axis::counting("trial", numbers),
        y: axis,
        layers,
        legend,
        scale: None,
        notes,
    })
}
