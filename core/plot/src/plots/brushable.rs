//! Parallel coordinates to brush: what is listed in front of what is not.

use std::collections::HashSet;

use seqtune_core::Objective;

use super::parallel::{ABSENT, parallel};
use super::parameter::ParameterAxis;
use super::values::{Parted, Valued, Values};
use super::{PlotError, density};
use crate::snapshot::Snapshot;
use crate::spec::{Axis, Density, Layer, Line, PlotSpec, Role, Scale};

/// Parallel coordinates with the axes that a range can be drawn on.
#[derive(Clone, Debug, PartialEq)]
pub struct Brushable {
    /// The picture; the n-th axis stands at x = n, and its values go from y = 0 to y = 1.
    pub spec: PlotSpec,
    /// The axes from left to right, each with its parameter's name, the last one with the metric's.
    pub axes: Vec<Axis>,
    parameters: Vec<ParameterAxis>,
}

/// The picture of [`parallel`], to be brushed.
///
/// # Errors
/// As [`parallel`].
pub fn brushable(snapshot: &Snapshot, objective: &Objective) -> Result<Brushable, PlotError> {
    let spec = parallel(snapshot, objective)?;
    let values = Values::of(snapshot, objective)?.ended()?;
    let (Scale::Categorical(names), Some(scale)) = (&spec.x.scale, &spec.scale) else {
        return Err(PlotError::NothingVaries);
    };
    let rows = || values.worst_first.iter().map(|one| one.row);
    let axis = |name: &String| ParameterAxis::of(snapshot, name, rows());
    let parameters: Vec<ParameterAxis> = names[..names.len() - 1].iter().map(axis).collect::<Result<_, _>>()?;
    let value_axis = Axis::linear(objective.metric.clone(), [scale.worst, scale.best]);
    let named = parameters.iter().map(|one| Axis { label: one.name.clone(), ..one.axis.clone() });
    let axes = named.chain([value_axis]).collect();
    Ok(Brushable { spec, axes, parameters })
}

impl Brushable {
    /// The picture with these trials in front, in the axes and colours of all; the others are faint, behind them. So nothing moves
    /// while one brushes. It has no trial in front where none of these has a value.
    pub fn with_front(&self, listed: &Snapshot, objective: &Objective) -> PlotSpec {
        let (Some(scale), Some(value_axis)) = (&self.spec.scale, self.axes.last()) else {
            return self.spec.clone();
        };
        let axes = &self.parameters;
        let through = |one: &Valued| -> Vec<[f64; 2]> {
            let at = |(index, axis): (usize, &ParameterAxis)| {
                let place = axis.place_aside(one.row, 0.3).and_then(|at| axis.axis.place(at));
                [index as f64, place.unwrap_or(ABSENT)]
            };
            let end = [axes.len() as f64, value_axis.place(one.value).unwrap_or(0.0).clamp(0.0, 1.0)];
            axes.iter().enumerate().map(at).chain([end]).collect()
        };
        let line = |one: &Valued| {
            let line = Line::new(through(one), scale.role(one.value));
            Layer::Line(Line { width: 0.9, trial: Some(one.row.number), ..line })
        };
        let (front, note) = match Values::of(listed, objective).and_then(Values::ended) {
            Ok(values) => {
                let Parted { alone, rest, note } = values.parted();
                let mut front = density::lines(&rest.iter().map(through).collect::<Vec<_>>(), &self.spec.y);
                front.extend(alone.iter().map(line));
                (front, note)
            }
            Err(_) => (Vec::new(), None),
        };
        let numbers: HashSet<u64> = listed.trials.iter().map(|row| row.number).collect();
        let notes = note.into_iter().map(|note| format!("of those listed {note}"));
        PlotSpec {
            layers: layered(&self.spec.layers, front, &numbers),
            notes: self.spec.notes.iter().cloned().chain(notes).collect(),
            ..self.spec.clone()
        }
    }
}

/// The trials that are not listed, faint; then those that are; then all that is no trial.
fn layered(all: &[Layer], front: Vec<Layer>, listed: &HashSet<u64>) -> Vec<Layer> {
    let mut behind = Vec::new();
    let mut rest = Vec::new();
    for layer in all {
        match layer {
            Layer::Line(Line { trial: Some(trial), .. }) if listed.contains(trial) => {}
            // What is not listed is not to be hit either.
            Layer::Line(line) if line.trial.is_some() => {
                behind.push(Layer::Line(Line { role: Role::Faint, width: 0.6, trial: None, ..line.clone() }));
            }
            Layer::Density(density) => behind.push(Layer::Density(Density { role: Role::Faint, ..density.clone() })),
            other => rest.push(other.clone()),
        }
    }
    behind.into_iter().chain(front).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use seqtune_core::testing::study;

    use super::*;

    #[test]
    fn what_is_not_listed_stands_back_and_nothing_moves() {
        let space = "x = { type = 'float', low = 0, high = 1 }\nm = { type = 'categorical', choices = ['a', 'b'] }";
        let whole = Snapshot::of(&study(space).sampler("random").trials(20).history());
        let objective = whole.spec.objective();
        let all = brushable(&whole, objective).unwrap();
        assert_eq!(all.spec, parallel(&whole, objective).unwrap());
        assert_eq!(all.axes.iter().map(|axis| axis.label.as_str()).collect::<Vec<_>>(), ["x", "m", "value"]);
        let some = all.with_front(&whole.only(|row| row.number < 5), objective);
        assert_eq!((&some.x, &some.scale), (&all.spec.x, &all.spec.scale));
        let lines = |spec: &PlotSpec, faint: bool| {
            let is_it = |layer: &&Layer| matches!(layer, Layer::Line(line) if (line.role == Role::Faint) == faint);
            spec.layers.iter().filter(is_it).count()
        };
        assert_eq!((lines(&some, true), lines(&some, false)), (15, 5));
        assert_eq!(lines(&all.with_front(&whole.only(|_| false), objective), false), 0);
    }
}
