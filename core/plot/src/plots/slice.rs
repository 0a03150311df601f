//! The value over one parameter.

use seqtune_core::Objective;

use super::parameter::{ParameterAxis, shown};
use super::values::{Parted, Valued, Values, state_legend, state_mark};
use super::{PlotError, density};
use crate::along::value_along;
use crate::snapshot::Snapshot;
use crate::spec::{Entry, Layer, Line, PlotSpec, Role, Sample, Scale, short};

/// The values of the trials over one parameter, or over the length or an item of a list, by state; over names with the median of
/// each.
///
/// # Errors
/// Where no trial with a value has the parameter.
pub fn slice(snapshot: &Snapshot, objective: &Objective, parameter: &str) -> Result<PlotSpec, PlotError> {
    let values = Values::of(snapshot, objective)?.filtered(|row| value_along(&row.params, parameter).is_some());
    let axis = ParameterAxis::of(snapshot, parameter, values.worst_first.iter().map(|one| one.row))?;
    let Parted { alone, rest, note } = values.parted();
    let mut notes: Vec<String> = note.into_iter().collect();
    let (up, note) = values.axis();
    notes.extend(note);
    let at = |one: &Valued| Some([axis.place_aside(one.row, 0.5)?, up.held(one.value)]);
    let mut legend = state_legend(values.worst_first.iter().map(|one| one.row));
    let mut layers: Vec<Layer> = density::points(&rest, &axis.axis, &up, at).into_iter().collect();
    legend.extend(layers.first().map(|_| density::entry()));
    layers.push(Layer::Points(alone.iter().filter_map(|one| Some(state_mark(one.row, at(one)?))).collect()));
    if let Scale::Categorical(names) = &axis.axis.scale {
        for at in 0..names.len() {
            let of_name = values.worst_first.iter().filter(|one| axis.place(one.row) == Some(at as f64));
            let own: Vec<f64> = of_name.map(|one| one.value).collect();
            // They are in the order of the values.
            if let Some(median) = own.get(own.len() / 2) {
                let points = vec![[at as f64 - 0.32, up.held(*median)], [at as f64 + 0.32, up.held(*median)]];
                layers.push(Layer::Line(Line { width: 1.4, ..Line::new(points, Role::Front) }));
            }
        }
        legend.push(Entry { label: "median".to_owned(), sample: Sample::Line { role: Role::Front, dashed: false } });
    }
    let reading = values.best().map_or_else(String::new, |best| {
        let own = value_along(&best.row.params, parameter).map_or_else(String::new, |value| shown(&value));
        format!(
            "{} over {parameter}; the best is trial {} with {} at {parameter} {own}.",
            objective.metric,
            best.row.number,
            short(best.value, 5)
        )
    });
    Ok(PlotSpec {
        title: format!("{} over {parameter} in {}", objective.metric, snapshot.spec.name),
        reading,
        x: axis.axis,
        y: up,
        layers,
        legend,
        scale: None,
        notes,
    })
}
