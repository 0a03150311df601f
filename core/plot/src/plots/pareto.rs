//! What can be had of two metrics at once.

use std::collections::HashSet;

use seqtune_core::{Objective, TrialState};

use super::values::dot;
use super::{PlotError, caption, count};
use crate::row::TrialRow;
use crate::snapshot::Snapshot;
use crate::spec::{Align, Axis, Entry, Label, Layer, Line, Mark, PlotSpec, Role, Sample, Shape, thousands};

/// Most trials off the front that are drawn.
const MOST_DRAWN: usize = 4000;

/// A trial with its values under two objectives.
pub(super) type Both<'a> = (&'a TrialRow, [f64; 2]);

/// The completed trials by two metrics, and the front: those that no other one beats in one without losing in the other. Trials
/// that break an outcome constraint of the study cannot be on it.
///
/// # Errors
/// Where no completed trial has both.
pub fn pareto(snapshot: &Snapshot, x: &Objective, y: &Objective) -> Result<PlotSpec, PlotError> {
    if snapshot.trials.is_empty() {
        return Err(PlotError::NoTrials);
    }
    let all = with_both(snapshot, x, y);
    if all.is_empty() {
        return Err(PlotError::NoValues(format!("{} and {}", x.metric, y.metric)));
    }
    let (feasible, infeasible): (Vec<Both>, Vec<Both>) = all.iter().copied().partition(|(row, _)| row.is_feasible());
    let front = front(feasible.clone(), x, y);
    let on_it: HashSet<u64> = front.iter().map(|(row, _)| row.number).collect();

    let others: Vec<&Both> = feasible.iter().filter(|(row, _)| !on_it.contains(&row.number)).collect();
    let every = (others.len() + infeasible.len()).div_ceil(MOST_DRAWN).max(1);
    let mut notes = Vec::new();
    if every > 1 {
        let drawn = others.len().div_ceil(every) + infeasible.len().div_ceil(every) + front.len();
        notes.push(format!("{} of {} trials drawn, and all of the front", thousands(drawn), thousands(all.len())));
    }
    let broken = |trial: &TrialRow, at| Mark { shape: Shape::Cross, ..dot(trial.number, at, Role::Quiet) };
    let behind = infeasible.iter().step_by(every).map(|(trial, at)| broken(trial, *at));
    let behind = behind.chain(others.iter().step_by(every).map(|(trial, at)| dot(trial.number, *at, Role::Quiet)));
    let on_front = front.iter().map(|(trial, at)| Mark { size: 1.4, ..dot(trial.number, *at, Role::Series(0)) });
    // The step goes through what both neighbours still reach.
    let mut corners: Vec<[f64; 2]> = front.iter().map(|(_, at)| *at).collect();
    if x.direction.better(1.0, 0.0) {
        corners.reverse();
    }
    let label =
        |(trial, at): &Both| Label { at: *at, text: trial.number.to_string(), align: Align::Start, role: Role::Front };
    let layers = vec![
        Layer::Points(behind.collect()),
        Layer::Line(Line { stepped: true, ..Line::new(corners, Role::Series(0)) }),
        Layer::Points(on_front.collect()),
        Layer::Labels(front.iter().map(label).collect()),
    ];
    let entry = |label: String, shape, role| Entry { label, sample: Sample::Mark(shape, role) };
    let mut legend = vec![entry(format!("Pareto front ({})", front.len()), Shape::Disc, Role::Series(0))];
    if !others.is_empty() {
        legend.push(entry(format!("other completed trials ({})", thousands(others.len())), Shape::Disc, Role::Quiet));
    }
    if !infeasible.is_empty() {
        let label = format!("break a constraint ({})", thousands(infeasible.len()));
        legend.push(entry(label, Shape::Cross, Role::Quiet));
    }
    let axis = |objective: &Objective, at: usize| {
        let values: Vec<f64> = all.iter().map(|(_, both)| both[at]).collect();
        Axis { label: caption(objective), ..Axis::fitting("", &values) }
    };
    Ok(PlotSpec {
        title: format!("{} and {} in {}", x.metric, y.metric, snapshot.spec.name),
        reading: format!(
            "{} of {} are on the Pareto front of {} and {}.",
            thousands(front.len()),
            count(all.len(), "completed trial"),
            x.metric,
            y.metric
        ),
        x: axis(x, 0),
        y: axis(y, 1),
        layers,
        legend,
        scale: None,
        notes,
    })
}

/// The trials of the front that [`pareto`] draws with their two values, by the first one ascending.
pub fn pareto_front(snapshot: &Snapshot, x: &Objective, y: &Objective) -> Vec<(u64, [f64; 2])> {
    let feasible = with_both(snapshot, x, y).into_iter().filter(|(row, _)| row.is_feasible()).collect();
    front(feasible, x, y).into_iter().map(|(row, at)| (row.number, at)).collect()
}

/// The completed trials that have both values.
fn with_both<'a>(snapshot: &'a Snapshot, x: &Objective, y: &Objective) -> Vec<Both<'a>> {
    let completed = snapshot.trials.iter().filter(|row| row.state == TrialState::Completed);
    completed.filter_map(|row| Some((row.as_ref(), [row.value_under(x)?, row.value_under(y)?]))).collect()
}

/// The trials that nothing beats, by x ascending.
pub(super) fn front<'a>(mut all: Vec<Both<'a>>, x: &Objective, y: &Objective) -> Vec<Both<'a>> {
    let loss = |objective: &Objective, value: f64| if objective.direction.better(1.0, 0.0) { -value } else { value };
    let losses = |at: &[f64; 2]| [loss(x, at[0]), loss(y, at[1])];
    all.sort_by(|(a, at_a), (b, at_b)| {
        let ([ax, ay], [bx, by]) = (losses(at_a), losses(at_b));
        ax.total_cmp(&bx).then(ay.total_cmp(&by)).then(a.number.cmp(&b.number))
    });
    let mut front: Vec<Both> = Vec::new();
    for (trial, at) in all {
        let own = losses(&at);
        // The last of the front has the least y of all before. One that equals it is as good.
        if front.last().is_none_or(|(_, last)| own[1] < losses(last)[1] || own == losses(last)) {
            front.push((trial, at));
        }
    }
    front.sort_by(|(_, a), (_, b)| a[0].total_cmp(&b[0]));
    front
}
