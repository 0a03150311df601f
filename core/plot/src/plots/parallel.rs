//! Parallel coordinates: each trial a line through the values of its parameters.

use seqtune_core::Objective;

use super::parameter::{ParameterAxis, telling_parameters};
use super::values::{Parted, Valued, Values};
use super::{PlotError, count, density};
use crate::along::along_names;
use crate::snapshot::Snapshot;
use crate::spec::{Align, Axis, Label, Layer, Line, PlotSpec, Role, Rule, Scale, short};

/// Most parameters side by side.
const MOST_AXES: usize = 10;

/// Where the lines of trials run that do not have a parameter, below all values.
pub(super) const ABSENT: f64 = -0.12;

/// The ended trials as lines through their parameters to their value, coloured by it. A list has an axis for its length and one for
/// each item. Where there are more than ten, those that tell most about the value.
///
/// # Errors
/// Where no ended trial has a value, or all have the same parameters.
pub fn parallel(snapshot: &Snapshot, objective: &Objective) -> Result<PlotSpec, PlotError> {
    let values = Values::of(snapshot, objective)?.ended()?;
    let telling = telling_parameters(snapshot, objective);
    let chosen: Vec<&str> = telling.iter().take(MOST_AXES).map(|(name, _)| name.as_str()).collect();
    let in_order = along_names(&snapshot.spec.space).into_iter().filter(|name| chosen.contains(&name.as_str()));
    let rows = || values.worst_first.iter().map(|one| one.row);
    let axes: Vec<ParameterAxis> =
        in_order.map(|name| ParameterAxis::of(snapshot, &name, rows())).collect::<Result<_, _>>()?;
    if axes.is_empty() {
        return Err(PlotError::NothingVaries);
    }
    let Parted { alone, rest, note } = values.parted();
    let mut notes: Vec<String> = note.into_iter().collect();
    let (scale, colour_notes) = values.scale(false);
    notes.extend(colour_notes);
    if telling.len() > axes.len() {
        let total = count(telling.len(), "parameter");
        notes.push(format!("{} of {total} drawn, those that tell most", axes.len()));
    }
    let value_axis = Axis::linear("", [scale.worst, scale.best]);
    let last = axes.len() as f64;
    let through = |one: &Valued| -> Vec<[f64; 2]> {
        let at = |(index, axis): (usize, &ParameterAxis)| {
            let place = axis.place_aside(one.row, 0.3).and_then(|at| axis.axis.place(at));
            [index as f64, place.unwrap_or(ABSENT)]
        };
        let end = value_axis.place(one.value).unwrap_or(0.0).clamp(0.0, 1.0);
        axes.iter().enumerate().map(at).chain([[last, end]]).collect()
    };
    let line = |one: &Valued| {
        let line = Line::new(through(one), scale.role(one.value));
        Layer::Line(Line { width: 0.8, trial: Some(one.row.number), ..line })
    };
    let rule = |at: usize| Layer::Rule(Rule { at: at as f64, vertical: true, role: Role::Quiet, label: String::new() });
    let lacks = |axis: &ParameterAxis| values.worst_first.iter().any(|one| axis.place(one.row).is_none());
    let mut labels = Vec::new();
    for (index, axis) in axes.iter().enumerate() {
        labels.extend(axis_labels(&axis.axis, index as f64));
        if lacks(axis) {
            labels.push(label(index as f64, ABSENT, "unset".to_owned(), Role::Quiet));
        }
    }
    labels.extend(axis_labels(&value_axis, last));
    let low = if axes.iter().any(lacks) { ABSENT - 0.06 } else { -0.03 };
    let y = Axis { low, high: 1.03, ticks: false, ..Axis::linear("", []) };
    let behind = density::lines(&rest.iter().map(through).collect::<Vec<_>>(), &y);
    let legend = behind.first().map(|_| density::entry()).into_iter().collect();
    let layers = behind
        .into_iter()
        .chain(alone.iter().map(line))
        .chain((0..=axes.len()).map(rule))
        .chain([Layer::Labels(labels)])
        .collect();
    let names = axes.iter().map(|axis| axis.name.clone()).chain([objective.metric.clone()]).collect();
    notes.extend(values.pruned_note());
    let best = values
        .best()
        .map_or_else(String::new, |best| format!("; trial {} is best with {}", best.row.number, short(best.value, 5)));
    Ok(PlotSpec {
        title: format!("Parameters of {} by {}", snapshot.spec.name, objective.metric),
        reading: format!(
            "{} as lines through {}{best}.",
            count(values.worst_first.len(), "trial"),
            count(axes.len(), "parameter")
        ),
        x: Axis { low: -0.15, high: last + 0.35, ..Axis::names("", names) },
        y,
        layers,
        legend,
        scale: Some(scale),
        notes,
    })
}

fn label(x: f64, y: f64, text: String, role: Role) -> Label {
    Label { at: [x, y], text, align: Align::Start, role }
}

/// The values along one of the axes: names all, of numbers a few ticks.
fn axis_labels(axis: &Axis, x: f64) -> Vec<Label> {
    let wanted = if matches!(axis.scale, Scale::Log) { 4 } else { 5 };
    let ticks = axis.tick_marks(wanted).into_iter().filter(|tick| !tick.label.is_empty());
    ticks.filter_map(|tick| Some(label(x, axis.place(tick.at)?, tick.label, Role::Front))).collect()
}
