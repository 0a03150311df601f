//! The ranks of the trials over two parameters.

use seqtune_core::Objective;

use super::parameter::ParameterAxis;
use super::values::{Parted, Valued, Values, dot};
use super::{PlotError, count, density};
use crate::along::value_along;
use crate::snapshot::Snapshot;
use crate::spec::{Layer, PlotSpec, ValueScale};

/// The trials over two parameters, coloured by the rank of their value: where the good ones are, whatever the values.
///
/// # Errors
/// Where no trial with a value has both parameters.
pub fn rank(snapshot: &Snapshot, objective: &Objective, x: &str, y: &str) -> Result<PlotSpec, PlotError> {
    let has_both = |row: &crate::TrialRow| [x, y].iter().all(|name| value_along(&row.params, name).is_some());
    let values = Values::of(snapshot, objective)?.ended()?.filtered(has_both);
    let rows = || values.worst_first.iter().map(|one| one.row);
    let (across, up) = (ParameterAxis::of(snapshot, x, rows())?, ParameterAxis::of(snapshot, y, rows())?);
    let total = values.worst_first.len();
    let scale =
        ValueScale { label: "rank (1 is best)".to_owned(), worst: total.max(2) as f64, best: 1.0, areas: false };
    let Parted { alone, rest, note } = values.parted();
    let mut notes: Vec<String> = note.into_iter().collect();
    // The rank is that among all; of those drawn each knows its own by its number.
    let ranks: std::collections::HashMap<u64, usize> =
        values.worst_first.iter().rev().enumerate().map(|(rank, one)| (one.row.number, rank + 1)).collect();
    let at = |one: &Valued| Some([across.place_aside(one.row, 0.6)?, up.place_aside(one.row, 0.6)?]);
    let mark = |one: &Valued| {
        let role = scale.role(*ranks.get(&one.row.number)? as f64);
        Some(crate::spec::Mark { size: 1.3, ..dot(one.row.number, at(one)?, role) })
    };
    let mut layers: Vec<Layer> = density::points(&rest, &across.axis, &up.axis, at).into_iter().collect();
    let legend = layers.iter().map(|_| density::entry()).collect();
    layers.push(Layer::Points(alone.iter().filter_map(mark).collect()));
    notes.extend(values.pruned_note());
    let best = values.best().map_or(0, |best| best.row.number);
    Ok(PlotSpec {
        title: format!("Ranks by {} over {x} and {y} in {}", objective.metric, snapshot.spec.name),
        reading: format!("{} over {x} and {y} by rank; trial {best} is best.", count(total, "trial")),
        x: across.axis,
        y: up.axis,
        layers,
        legend,
        scale: Some(scale),
        notes,
    })
}
