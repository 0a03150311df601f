//! The distribution of the values of one study or several.

use seqtune_core::Objective;

use super::values::Values;
use super::{PlotError, caption, count};
use crate::snapshot::Snapshot;
use crate::spec::{Axis, Entry, Layer, Line, PlotSpec, Role, Sample, Scale, short};

/// Corners that the line of one study is thinned to.
const MOST_CORNERS: usize = 2000;

/// The empirical distribution function of the values of completed trials: which part of them has this value or less. With
/// several studies, which of them finds good values more often.
///
/// # Errors
/// Where no completed trial of a study has a value.
pub fn edf(studies: &[&Snapshot], objective: &Objective) -> Result<PlotSpec, PlotError> {
    let mut lines = Vec::new();
    let mut all = Vec::new();
    for snapshot in studies {
        let values = Values::of(snapshot, objective)?.completed()?;
        let mut numbers = values.numbers();
        numbers.sort_by(f64::total_cmp);
        all.extend(numbers.iter().copied());
        lines.push((*snapshot, numbers));
    }
    if lines.is_empty() {
        return Err(PlotError::NoTrials);
    }
    let x = Axis { label: caption(objective), ..Axis::fitting("", &all) };
    let mut layers = Vec::new();
    let mut legend = Vec::new();
    for (index, (snapshot, numbers)) in lines.iter().enumerate() {
        let part = |at: usize| at as f64 / numbers.len() as f64;
        let every = numbers.len().div_ceil(MOST_CORNERS);
        let corners = numbers.iter().enumerate().step_by(every).map(|(at, value)| [*value, part(at + 1)]);
        let start = if x.scale == Scale::Log { x.low } else { x.low.min(numbers[0]) };
        let last = [x.high.max(numbers[numbers.len() - 1]), 1.0];
        let points = std::iter::once([start, 0.0]).chain(corners).chain([last]).collect();
        let role = Role::Series(index);
        layers.push(Layer::Line(Line { stepped: true, width: 1.3, ..Line::new(points, role) }));
        let label = format!("{} ({})", snapshot.spec.name, count(numbers.len(), "completed trial"));
        legend.push(Entry { label, sample: Sample::Line { role, dashed: false } });
    }
    let (first, numbers) = &lines[0];
    let title = if lines.len() == 1 {
        format!("Distribution of {} in {}", objective.metric, first.spec.name)
    } else {
        format!("Distribution of {}", objective.metric)
    };
    Ok(PlotSpec {
        title,
        reading: format!(
            "Half of the {} of {} have {} of {} or less.",
            count(numbers.len(), "completed trial"),
            first.spec.name,
            objective.metric,
            short(numbers[(numbers.len() - 1) / 2], 5)
        ),
        x,
        y: Axis { low: 0.0, high: 1.02, ..Axis::linear("part of the completed trials", []) },
        layers,
        legend,
        scale: None,
        notes: Vec::new(),
    })
}
