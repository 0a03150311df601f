//! How much of what two objectives could be is dominated, over the trials.

use seqtune_core::{Objective, TrialState};

use super::{PlotError, count};
use crate::best_line::best_line;
use crate::row::TrialRow;
use crate::snapshot::Snapshot;
use crate::spec::{Axis, Layer, Line, Mark, PlotSpec, Role, short};

use super::values::dot;

/// The reference point lies beyond the worst values by this share of their range.
const BEYOND: f64 = 0.1;

/// The share of the area between the best values of both objectives and a reference point that completed trials dominate, by
/// number. Trials that break an outcome constraint dominate nothing.
///
/// # Errors
/// Where no completed trial that keeps the constraints has both.
pub fn hypervolume(snapshot: &Snapshot, x: &Objective, y: &Objective) -> Result<PlotSpec, PlotError> {
    if snapshot.trials.is_empty() {
        return Err(PlotError::NoTrials);
    }
    let loss = |objective: &Objective, value: f64| if objective.direction.better(1.0, 0.0) { -value } else { value };
    let good = snapshot.trials.iter().filter(|row| row.state == TrialState::Completed && row.is_feasible());
    let losses = |row: &TrialRow| Some([loss(x, row.value_under(x)?), loss(y, row.value_under(y)?)]);
    let all: Vec<(u64, [f64; 2])> = good.filter_map(|row| Some((row.number, losses(row)?))).collect();
    if all.is_empty() {
        return Err(PlotError::NoValues(format!("{} and {}", x.metric, y.metric)));
    }
    let ends = [0, 1].map(|at| {
        let of = || all.iter().map(|(_, losses)| losses[at]);
        let (least, most) = (of().fold(f64::INFINITY, f64::min), of().fold(f64::NEG_INFINITY, f64::max));
        let range = if most > least { most - least } else { most.abs().max(1.0) };
        (least, most + BEYOND * range)
    });
    let whole: f64 = ends.iter().map(|(least, reference)| reference - least).product();
    let reference = ends.map(|(_, reference)| reference);
    let mut front: Vec<[f64; 2]> = Vec::new();
    let mut grown: Vec<(f64, f64)> = Vec::new();
    let mut marks: Vec<Mark> = Vec::new();
    for (number, losses) in all {
        if front.iter().any(|known| known[0] <= losses[0] && known[1] <= losses[1]) {
            continue;
        }
        front.retain(|known| known[0] < losses[0] || known[1] < losses[1]);
        let at = front.partition_point(|known| known[0] < losses[0]);
        front.insert(at, losses);
        let share = area(&front, reference) / whole;
        grown.push((number as f64, share));
        marks.push(dot(number, [number as f64, share], Role::Series(0)));
    }
    let last = snapshot.trials.last().map_or(0.0, |row| row.number as f64);
    let improved = marks.len();
    let (at, reached) = grown.last().copied().unwrap_or((0.0, 0.0));
    let line = best_line(grown.into_iter(), Some(last), seqtune_plugin::Direction::Maximize);
    let shown = |objective: &Objective, loss: f64| {
        format!("{} {}", objective.metric, short(if objective.direction.better(1.0, 0.0) { -loss } else { loss }, 4))
    };
    Ok(PlotSpec {
        title: format!("Dominated volume of {} and {} in {}", x.metric, y.metric, snapshot.spec.name),
        reading: format!(
            "{} made the front better, the last of them trial {at}; {} % of the area is dominated.",
            count(improved, "trial"),
            short(reached * 100.0, 3)
        ),
        x: Axis::counting("trial", [0.0, last]),
        y: Axis { low: 0.0, high: 1.02, ..Axis::linear("share of the area that is dominated", []) },
        layers: vec![Layer::Line(Line { width: 1.3, ..Line::new(line, Role::Series(0)) }), Layer::Points(marks)],
        legend: Vec::new(),
        scale: None,
        notes: vec![format!(
            "of the area between the best of either and {}, {}",
            shown(x, reference[0]),
            shown(y, reference[1])
        )],
    })
}

/// The area between a front, by its first loss, and the reference point.
fn area(front: &[[f64; 2]], reference: [f64; 2]) -> f64 {
    let mut above = reference[1];
    let strip = |[x, y]: &[f64; 2]| {
        let height = above - y;
        above = *y;
        (reference[0] - x) * height
    };
    front.iter().map(strip).sum()
}

#[cfg(test)]
mod tests {
    use super::area;

    #[test]
    fn an_area_is_the_sum_of_its_strips() {
        assert_eq!(area(&[[1.0, 3.0], [2.0, 1.0]], [4.0, 4.0]), 3.0 + 4.0);
        assert_eq!(area(&[], [1.0, 1.0]), 0.0);
    }
}
