//! Learning curves of the best trials.

use seqtune_core::{Objective, TrialState};

use super::values::{Valued, Values, dot};
use super::{PlotError, count};
use crate::curve::curve;
use crate::snapshot::Snapshot;
use crate::spec::{Axis, Entry, Layer, Line, PlotSpec, Role, Sample, short};
use crate::theme::SERIES;

/// Points that one curve is thinned to.
const MOST_POINTS: usize = 500;

/// Trials whose band over folds or seeds is drawn: more bands hide each other.
const BANDS: usize = 3;

/// One metric of the `top` best trials over their steps, with the band over folds of the very best, and of the running ones.
///
/// # Errors
/// Where no trial has a value of it.
pub fn curves(snapshot: &Snapshot, objective: &Objective, top: usize) -> Result<PlotSpec, PlotError> {
    let values = Values::of(snapshot, objective)?;
    let is_running = |one: &&Valued| one.row.state == TrialState::Running;
    let is_completed = |one: &&Valued| one.row.state == TrialState::Completed;
    let all = values.worst_first.iter().rev();
    let mut best: Vec<Valued> = all.clone().filter(is_completed).take(top).copied().collect();
    if best.is_empty() {
        best = all.clone().filter(|one| !is_running(one)).take(top).copied().collect();
    }
    let running: Vec<Valued> = all.filter(is_running).take(top).copied().collect();

    let mut layers = Vec::new();
    let (mut steps, mut numbers) = (Vec::new(), Vec::new());
    let mut draw = |one: &Valued, role: Role, band: bool, width: f64, dashed: bool| {
        let found = curve(one.row, &objective.metric, MOST_POINTS);
        steps.extend(found.points.iter().map(|[step, _]| *step));
        numbers.extend(found.points.iter().map(|[_, value]| *value));
        if band && !found.spread.is_empty() {
            numbers.extend(found.spread.iter().flat_map(|[_, low, high]| [*low, *high]));
            layers.push(Layer::Band { points: found.spread, role });
        }
        if let [[x, y]] = found.points[..] {
            layers.push(Layer::Points(vec![dot(one.row.number, [x, y], role)]));
        } else {
            layers.push(Layer::Line(Line {
                width,
                dashed,
                trial: Some(one.row.number),
                ..Line::new(found.points, role)
            }));
        }
    };
    for one in &running {
        draw(one, Role::Quiet, false, 0.8, true);
    }
    // The best of all has its band alone where many curves are drawn.
    let bands = if best.len() <= BANDS { BANDS } else { 1 };
    for (rank, one) in best.iter().enumerate().rev() {
        let role = if rank < SERIES { Role::Series(rank) } else { Role::Faint };
        draw(one, role, rank < bands, if rank == 0 { 1.4 } else { 1.0 }, false);
    }

    let colored = best.iter().take(SERIES).enumerate();
    let mut legend: Vec<Entry> = colored
        .map(|(rank, one)| Entry {
            label: format!("trial {} ({})", one.row.number, short(one.value, 4)),
            sample: Sample::Line { role: Role::Series(rank), dashed: false },
        })
        .collect();
    if best.len() > SERIES {
        let sample = Sample::Line { role: Role::Faint, dashed: false };
        legend.push(Entry { label: format!("the next {}", best.len() - SERIES), sample });
    }
    if !running.is_empty() {
        let sample = Sample::Line { role: Role::Quiet, dashed: true };
        legend.push(Entry { label: "running".to_owned(), sample });
    }
    let drawn = best.len() + running.len();
    let mut notes = Vec::new();
    if drawn < values.worst_first.len() {
        notes.push(format!(
            "{} of {} drawn: the best{}",
            crate::spec::thousands(drawn),
            count(values.worst_first.len(), "trial"),
            if running.is_empty() { "" } else { " and the running ones" }
        ));
    }
    if layers.iter().any(|layer| matches!(layer, Layer::Band { .. })) {
        notes.push("bands reach from the worst to the best fold or seed".to_owned());
    }
    let reading = best.first().map_or_else(String::new, |one| {
        format!(
            "{} over {} steps; trial {} is best with {}.",
            objective.metric,
            one.row.step,
            one.row.number,
            short(one.value, 5)
        )
    });
    Ok(PlotSpec {
        title: format!("Learning curves of {}", snapshot.spec.name),
        reading,
        x: Axis::counting(snapshot.spec.info.step.clone(), steps),
        y: Axis { label: super::caption(objective), ..Axis::fitting("", &numbers) },
        layers,
        legend,
        scale: None,
        notes,
    })
}
