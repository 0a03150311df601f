//! The mean value over two parameters.

use seqtune_core::Objective;
use seqtune_space::{Domain, Scale as DomainScale};

use super::values::robust_worst;
use super::{PlotError, count};
use crate::along::{domain_along, value_along};
use crate::heat_map::{Axis as Side, heat_map};
use crate::snapshot::Snapshot;
use crate::spec::{Axis, HeatCell, Layer, PlotSpec, Scale, ValueScale, short};

/// The mean value of the ended trials in each cell of a grid over two parameters.
///
/// # Errors
/// Where no ended trial with a value has both parameters.
pub fn contour(snapshot: &Snapshot, objective: &Objective, x: &str, y: &str) -> Result<PlotSpec, PlotError> {
    if snapshot.trials.is_empty() {
        return Err(PlotError::NoTrials);
    }
    for name in [x, y] {
        if !snapshot.trials.iter().any(|row| value_along(&row.params, name).is_some()) {
            return Err(PlotError::NoParameter(name.to_owned()));
        }
    }
    let map = heat_map(snapshot, y, Some(x), |row| row.end.is_some().then(|| row.value_under(objective)).flatten());
    let filled: Vec<_> = map.cells.iter().flatten().flatten().collect();
    let mut means: Vec<f64> = filled.iter().map(|cell| cell.mean).collect();
    means.sort_by(f64::total_cmp);
    if !objective.direction.better(1.0, 0.0) {
        means.reverse();
    }
    let Some(best) = means.last().copied() else { return Err(PlotError::NoValues(objective.metric.clone())) };
    let (worst, beyond) = robust_worst(&means);
    let scale = ValueScale { label: objective.metric.clone(), worst, best, areas: true };
    let mut cells = Vec::new();
    for (row, of_row) in map.cells.iter().enumerate() {
        for (column, cell) in of_row.iter().enumerate() {
            let Some(cell) = cell else { continue };
            let label = match cell.trials {
                1 => short(cell.mean, 3),
                trials => format!("{} ({trials})", short(cell.mean, 3)),
            };
            let (x, y) = (extent(&map.columns, column), extent(&map.rows, row));
            cells.push(HeatCell { x, y, role: scale.role(cell.mean), label, trial: None });
        }
    }
    let trials: usize = filled.iter().map(|cell| cell.trials).sum();
    let place = cells.iter().position(|cell| cell.role == scale.role(best));
    let is_plain = |side: &Side| side.edges.is_none();
    let at_best = place.filter(|_| is_plain(&map.columns) && is_plain(&map.rows)).map(|at| {
        let column = (cells[at].x[0] + 0.5) as usize;
        let row = (cells[at].y[0] + 0.5) as usize;
        format!(" at {x} {} and {y} {}", map.columns.labels[column], map.rows.labels[row])
    });
    let mut notes = vec![format!("means over {}; in brackets how many where several", count(trials, "trial"))];
    if beyond > 0 {
        notes.push(format!("colours end at {}: {} are worse", short(worst, 3), count(beyond, "cell")));
    }
    Ok(PlotSpec {
        title: format!("Mean {} over {x} and {y} in {}", objective.metric, snapshot.spec.name),
        reading: format!(
            "{} over {x} and {y}; the best cell has a mean of {}{}.",
            count(trials, "trial"),
            short(best, 5),
            at_best.unwrap_or_default()
        ),
        x: axis(snapshot, &map.columns),
        y: axis(snapshot, &map.rows),
        layers: vec![Layer::Cells(cells)],
        legend: Vec::new(),
        scale: Some(scale),
        notes,
    })
}

/// A number in few digits, else the label as it is.
fn brief(label: &str) -> String {
    match label.parse::<f64>() {
        Ok(number) if number.is_finite() && label.len() > 6 => short(number, 3),
        _ => label.to_owned(),
    }
}

fn extent(side: &Side, at: usize) -> [f64; 2] {
    match &side.edges {
        Some(edges) => [edges[at], edges[at + 1]],
        None => [at as f64 - 0.5, at as f64 + 0.5],
    }
}

fn axis(snapshot: &Snapshot, side: &Side) -> Axis {
    let Some(edges) = &side.edges else {
        return Axis::names(&side.parameter, side.labels.iter().map(|label| brief(label)).collect());
    };
    let domain = domain_along(&snapshot.spec.space, &side.parameter);
    let is_log = matches!(domain.as_deref(), Some(Domain::Float { scale: DomainScale::Log, .. }));
    let scale = if is_log { Scale::Log } else { Scale::Linear { whole: false } };
    let (low, high) = (edges[0], edges[edges.len() - 1]);
    Axis { label: side.parameter.clone(), unit: None, scale, low, high, ticks: true }
}
