//! What can be had of two metrics at once.

use std::collections::{HashMap, HashSet};

use seqtune_core::{Objective, TrialState};

use super::values::{DRAWN_ALONE, MOST_ALONE, dot, together_note};
use super::{PlotError, caption, count, density};
use crate::row::TrialRow;
use crate::snapshot::Snapshot;
use crate::spec::{Align, Axis, Entry, Label, Layer, Line, Mark, PlotSpec, Role, Sample, Shape, thousands};

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

    let others: Vec<Both> = feasible.iter().filter(|(row, _)| !on_it.contains(&row.number)).copied().collect();
    let axis = |objective: &Objective, at: usize| {
        let values: Vec<f64> = all.iter().map(|(_, both)| both[at]).collect();
        Axis { label: caption(objective), ..Axis::fitting("", &values) }
    };
    let (across, up) = (axis(x, 0), axis(y, 1));
    let (mut notes, mut rest) = (Vec::new(), Vec::new());
    let mut behind: Vec<Both> = infeasible.iter().copied().chain(worst_first(others.clone(), x, y)).collect();
    if behind.len() > MOST_ALONE {
        let alone = behind.split_off(behind.len() - DRAWN_ALONE);
        rest = std::mem::replace(&mut behind, alone);
        notes.push(together_note(behind.len() + front.len(), all.len()));
    }
    let mark = |(row, at): &Both| {
        let shape = if row.is_feasible() { Shape::Disc } else { Shape::Cross };
        Mark { shape, ..dot(row.number, *at, Role::Quiet) }
    };
    let on_front = front.iter().map(|(trial, at)| Mark { size: 1.4, ..dot(trial.number, *at, Role::Series(0)) });
    // The step goes through what both neighbours still reach.
    let mut corners: Vec<[f64; 2]> = front.iter().map(|(_, at)| *at).collect();
    if x.direction.better(1.0, 0.0) {
        corners.reverse();
    }
    let label =
        |(trial, at): &Both| Label { at: *at, text: trial.number.to_string(), align: Align::Start, role: Role::Front };
    let together = density::points(&rest, &across, &up, |(_, at)| Some(*at));
    let mut layers: Vec<Layer> = together.into_iter().collect();
    let crowd = layers.first().map(|_| density::entry());
    layers.extend([
        Layer::Points(behind.iter().map(mark).collect()),
        Layer::Line(Line { stepped: true, ..Line::new(corners, Role::Series(0)) }),
        Layer::Points(on_front.collect()),
        Layer::Labels(front.iter().map(label).collect()),
    ]);
    let entry = |label: String, shape, role| Entry { label, sample: Sample::Mark(shape, role) };
    let mut legend = vec![entry(format!("Pareto front ({})", front.len()), Shape::Disc, Role::Series(0))];
    if !others.is_empty() {
        legend.push(entry(format!("other completed trials ({})", thousands(others.len())), Shape::Disc, Role::Quiet));
    }
    if !infeasible.is_empty() {
        let label = format!("break a constraint ({})", thousands(infeasible.len()));
        legend.push(entry(label, Shape::Cross, Role::Quiet));
    }
    legend.extend(crowd);
    Ok(PlotSpec {
        title: format!("{} and {} in {}", x.metric, y.metric, snapshot.spec.name),
        reading: format!(
            "{} of {} are on the Pareto front of {} and {}.",
            thousands(front.len()),
            count(all.len(), "completed trial"),
            x.metric,
            y.metric
        ),
        x: across,
        y: up,
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

/// By the sum of the ranks under both objectives, the worst first.
fn worst_first<'a>(mut all: Vec<Both<'a>>, x: &Objective, y: &Objective) -> Vec<Both<'a>> {
    let mut ranks: HashMap<u64, usize> = HashMap::new();
    for (objective, at) in [(x, 0), (y, 1)] {
        all.sort_by(|(_, a), (_, b)| {
            let order = a[at].total_cmp(&b[at]);
            if objective.direction.better(1.0, 0.0) { order } else { order.reverse() }
        });
        for (rank, (row, _)) in all.iter().enumerate() {
            *ranks.entry(row.number).or_default() += rank;
        }
    }
    all.sort_by_key(|(row, _)| ranks[&row.number]);
    all
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
