//! How long trials took, and what of that went into pruned and failed ones.

use super::{PlotError, count};
use crate::snapshot::Snapshot;
use crate::spec::{Axis, Entry, HeatCell, Layer, PlotSpec, Role, Sample, Scale, State, short, span, thousands};

/// Ranges of time that trials are counted in.
const BINS: usize = 30;

/// How many ended trials were trained for how long, by state, one upon the other. The legend says what each state cost.
///
/// # Errors
/// Where no ended trial was trained by a worker.
pub fn durations(snapshot: &Snapshot) -> Result<PlotSpec, PlotError> {
    let ended = snapshot.trials.iter().filter(|row| row.end.is_some() && !row.attempts.is_empty());
    let all: Vec<(State, f64)> = ended.map(|row| (State::from(row.state), row.seconds(snapshot.last_us))).collect();
    if all.is_empty() {
        return Err(if snapshot.trials.is_empty() { PlotError::NoTrials } else { PlotError::NoAttempts });
    }
    let total: f64 = all.iter().map(|(_, seconds)| seconds).sum();
    let (unit, unit_name) = span(all.iter().map(|(_, seconds)| *seconds).fold(0.0, f64::max));
    let times: Vec<f64> = all.iter().map(|(_, seconds)| seconds / unit).collect();
    let x = Axis::fitting("time trained", &times).unit(unit_name);
    let bin = |time: f64| x.place(time).map_or(0, |place| ((place * BINS as f64) as usize).min(BINS - 1));
    let edge = |at: usize| {
        let part = at as f64 / BINS as f64;
        match x.scale {
            Scale::Log => x.low * (x.high / x.low).powf(part),
            Scale::Linear { .. } | Scale::Categorical(_) => x.low + (x.high - x.low) * part,
        }
    };
    let mut heights = [0_usize; BINS];
    let (mut cells, mut legend, mut costs) = (Vec::new(), Vec::new(), Vec::new());
    for state in State::ALL {
        let own: Vec<f64> = all.iter().filter(|(one, _)| *one == state).map(|(_, seconds)| *seconds).collect();
        if own.is_empty() {
            continue;
        }
        let mut counts = [0_usize; BINS];
        own.iter().for_each(|seconds| counts[bin(seconds / unit)] += 1);
        for (at, number) in counts.into_iter().enumerate().filter(|(_, number)| *number > 0) {
            let y = [heights[at] as f64, (heights[at] + number) as f64];
            heights[at] += number;
            let role = Role::State(state);
            cells.push(HeatCell { x: [edge(at), edge(at + 1)], y, role, label: String::new(), trial: None });
        }
        let spent: f64 = own.iter().sum();
        let (long, long_name) = span(spent);
        let cost = format!("{} {long_name}", short(spent / long, 3));
        let share = short(spent / total.max(f64::MIN_POSITIVE) * 100.0, 2);
        let label = format!("{} ({}): {cost}, {share} %", state.name(), thousands(own.len()));
        legend.push(Entry { label, sample: Sample::Area(Role::State(state)) });
        costs.push(format!("{share} % of it in {} trials", state.name()));
    }
    let (long, long_name) = span(total);
    Ok(PlotSpec {
        title: format!("Durations in {}", snapshot.spec.name),
        reading: format!(
            "{} in {} {long_name} of training, {}.",
            count(all.len(), "ended trial"),
            short(total / long, 3),
            costs.join(", ")
        ),
        y: Axis { low: 0.0, ..Axis::counting("trials", [0.0, heights.into_iter().max().unwrap_or(0) as f64]) },
        x,
        layers: vec![Layer::Cells(cells)],
        legend,
        scale: None,
        notes: Vec::new(),
    })
}
