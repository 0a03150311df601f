//! When each worker trained which trial.

use std::collections::BTreeSet;

use seqtune_core::TrialState;

use super::{PlotError, count};
use crate::snapshot::Snapshot;
use crate::spec::{Axis, Entry, HeatCell, Layer, PlotSpec, Role, Sample, State, short, span, thousands};

/// Most attempts that are drawn.
const MOST_DRAWN: usize = 4000;

/// What a line of a timeline is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lanes {
    /// A worker, whatever it trains on.
    #[default]
    Workers,
    /// A worker on a device: those of one device together.
    Devices,
}

/// The attempts by worker over the time since the first one began, coloured by the state of the trial. Attempts that were cut
/// short, and went on in another, stand back.
///
/// # Errors
/// Where no trial was ever started by a worker.
pub fn timeline(snapshot: &Snapshot) -> Result<PlotSpec, PlotError> {
    timeline_of(snapshot, Lanes::Workers)
}

/// [`timeline`], with these lines.
///
/// # Errors
/// As [`timeline`].
pub fn timeline_of(snapshot: &Snapshot, lanes: Lanes) -> Result<PlotSpec, PlotError> {
    let lane = |attempt: &seqtune_core::Attempt| match lanes {
        Lanes::Workers => (String::new(), attempt.worker),
        Lanes::Devices => (attempt.device.clone(), attempt.worker),
    };
    let attempts = || snapshot.trials.iter().flat_map(|row| row.attempts.iter().map(move |attempt| (row, attempt)));
    let Some(begin) = attempts().map(|(_, attempt)| attempt.started_us).min() else {
        return Err(if snapshot.trials.is_empty() { PlotError::NoTrials } else { PlotError::NoAttempts });
    };
    let end_of = |attempt: &seqtune_core::Attempt| attempt.end.as_ref().map_or(snapshot.last_us, |(_, at, _)| *at);
    let seconds = |at_us: i64| (at_us - begin).max(0) as f64 / 1e6;
    let end = attempts().map(|(_, attempt)| seconds(end_of(attempt))).fold(0.0, f64::max);
    let (unit, unit_name) = span(end);
    let numbers: BTreeSet<u64> = attempts().map(|(_, attempt)| attempt.worker).collect();
    let lines: BTreeSet<(String, u64)> = attempts().map(|(_, attempt)| lane(attempt)).collect();
    // The first one is above.
    let lines: Vec<(String, u64)> = lines.into_iter().rev().collect();

    let total = attempts().count();
    let every = total.div_ceil(MOST_DRAWN);
    let mut cells = Vec::new();
    let mut cut_short = 0;
    let mut busy = 0.0;
    for (row, attempt) in attempts() {
        busy += seconds(end_of(attempt)) - seconds(attempt.started_us);
        let is_last = row.attempts.last().is_some_and(|last| last.started_us == attempt.started_us);
        let is_cut = !is_last || row.state == TrialState::Waiting;
        cut_short += usize::from(is_cut);
        let role = if is_cut { Role::Faint } else { Role::State(State::from(row.state)) };
        let at = lines.iter().position(|line| *line == lane(attempt)).unwrap_or(0) as f64;
        let x = [seconds(attempt.started_us) / unit, seconds(end_of(attempt)) / unit];
        cells.push(HeatCell {
            x,
            y: [at - 0.4, at + 0.4],
            role,
            label: row.number.to_string(),
            trial: Some(row.number),
        });
    }
    let mut notes = Vec::new();
    if every > 1 {
        cells = cells.into_iter().step_by(every).collect();
        notes.push(format!("{} of {} attempts drawn", thousands(cells.len()), thousands(total)));
    }
    let area = |label: String, role: Role| Entry { label, sample: Sample::Area(role) };
    let mut legend: Vec<Entry> = State::ALL
        .into_iter()
        .filter(|state| *state != State::Waiting)
        .filter_map(|state| {
            let number = snapshot.trials.iter().filter(|row| State::from(row.state) == state).count();
            let label = format!("{} ({})", state.name(), thousands(number));
            (number > 0).then(|| area(label, Role::State(state)))
        })
        .collect();
    if cut_short > 0 {
        legend.push(area(format!("cut short ({})", thousands(cut_short)), Role::Faint));
    }
    let name = |(device, worker): &(String, u64)| match lanes {
        Lanes::Workers => format!("worker {worker}"),
        Lanes::Devices => format!("{device}, {worker}"),
    };
    let names = lines.iter().map(name).collect();
    let share = busy / (end * numbers.len() as f64);
    let busy = if share.is_finite() {
        format!("; they were busy for {} % of it", short(share * 100.0, 2))
    } else {
        String::new()
    };
    Ok(PlotSpec {
        title: format!("Timeline of {}", snapshot.spec.name),
        reading: format!(
            "{} by {} in {} {unit_name}{busy}.",
            count(snapshot.trials.len(), "trial"),
            count(numbers.len(), "worker"),
            short(end / unit, 3)
        ),
        x: Axis::linear("time since the first trial began", [0.0, end / unit]).unit(unit_name),
        y: Axis::names("", names),
        layers: vec![Layer::Cells(cells)],
        legend,
        scale: None,
        notes,
    })
}
