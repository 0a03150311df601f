//! Where the time of a study went: which workers and devices trained how long, what of it brought nothing, and what of the budget
//! is left.

use std::collections::{BTreeMap, BTreeSet};

use seqtune_core::{Attempt, TrialState};

use crate::row::TrialRow;
use crate::snapshot::Snapshot;

/// Where the time went. A running attempt counts up to the last event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resources {
    /// Seconds that workers trained, lost work included.
    pub seconds: f64,
    /// Hours in which devices trained: workers that share one share its hours.
    pub device_hours: f64,
    /// Each worker, by number.
    pub workers: Vec<WorkerUse>,
    /// Each device, by name.
    pub devices: Vec<DeviceUse>,
    /// Each state that a trial has, in the order of legends.
    pub states: Vec<StateUse>,
    /// Work that was done again, or for nothing, because an attempt ended early.
    pub lost: Lost,
}

/// One worker.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkerUse {
    /// Its number.
    pub worker: u64,
    /// What it trained on, by name.
    pub devices: Vec<String>,
    /// Attempts that it made.
    pub attempts: usize,
    /// Seconds that it trained.
    pub seconds: f64,
    /// The share of the time that managers were alive in which it did not train; none where no manager ran.
    pub idle: Option<f64>,
}

/// One device.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceUse {
    /// Its name.
    pub device: String,
    /// Attempts on it.
    pub attempts: usize,
    /// Seconds of training, of all workers on it together.
    pub seconds: f64,
    /// Seconds in which somebody trained on it.
    pub busy: f64,
}

/// The trials of one state.
#[derive(Clone, Debug, PartialEq)]
pub struct StateUse {
    /// The state.
    pub state: TrialState,
    /// How many.
    pub trials: usize,
    /// Seconds that workers trained them.
    pub seconds: f64,
    /// Median of those seconds.
    pub median: f64,
    /// Share of all training.
    pub share: f64,
}

/// Lost work.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lost {
    /// Attempts after which the trial went on in another one.
    pub attempts: usize,
    /// Steps that were reported and had to be trained again.
    pub steps: u64,
    /// Seconds since the checkpoint from which the next attempt went on.
    pub seconds: f64,
}

/// Where the time of the trials went.
pub fn resources(snapshot: &Snapshot) -> Resources {
    let mut found = Resources::default();
    let mut workers: BTreeMap<u64, (BTreeSet<&str>, usize, f64)> = BTreeMap::new();
    let mut devices: BTreeMap<&str, Vec<(i64, i64)>> = BTreeMap::new();
    let end = |attempt: &Attempt| attempt.end.as_ref().map_or(snapshot.last_us, |(_, at, _)| *at);
    for row in &snapshot.trials {
        for attempt in &row.attempts {
            let (from, to) = (attempt.started_us, end(attempt).max(attempt.started_us));
            let seconds = seconds(to - from);
            let (on, attempts, spent) = workers.entry(attempt.worker).or_default();
            on.insert(&attempt.device);
            *attempts += 1;
            *spent += seconds;
            devices.entry(&attempt.device).or_default().push((from, to));
            found.seconds += seconds;
        }
        found.lost.add(row);
    }
    let alive = snapshot.summary.hours * 3600.0;
    let idle = |spent: f64| (alive > 0.0).then(|| (1.0 - spent / alive).clamp(0.0, 1.0));
    found.workers = workers
        .into_iter()
        .map(|(worker, (on, attempts, spent))| {
            let devices = on.into_iter().map(str::to_owned).collect();
            WorkerUse { worker, devices, attempts, seconds: spent, idle: idle(spent) }
        })
        .collect();
    for (device, mut spans) in devices {
        spans.sort_unstable();
        let (mut busy, mut until) = (0, i64::MIN);
        for (from, to) in &spans {
            busy += (*to - until.max(*from)).max(0);
            until = until.max(*to);
        }
        let trained: i64 = spans.iter().map(|(from, to)| to - from).sum();
        let (attempts, busy) = (spans.len(), seconds(busy));
        found.device_hours += busy / 3600.0;
        found.devices.push(DeviceUse { device: device.to_owned(), attempts, seconds: seconds(trained), busy });
    }
    found.states = states(snapshot, found.seconds);
    found
}

fn states(snapshot: &Snapshot, all: f64) -> Vec<StateUse> {
    let order =
        [TrialState::Completed, TrialState::Pruned, TrialState::Failed, TrialState::Running, TrialState::Waiting];
    let of = |state: TrialState| {
        let mut spent: Vec<f64> = snapshot
            .trials
            .iter()
            .filter(|row| row.state == state)
            .map(|row| if row.attempts.is_empty() { 0.0 } else { row.seconds(snapshot.last_us) })
            .collect();
        spent.sort_by(f64::total_cmp);
        let median = spent.get(spent.len() / 2).copied()?;
        let seconds: f64 = spent.iter().sum();
        let share = if all > 0.0 { seconds / all } else { 0.0 };
        Some(StateUse { state, trials: spent.len(), seconds, median, share })
    };
    order.into_iter().filter_map(of).collect()
}

impl Lost {
    /// What a trial lost between its attempts.
    fn add(&mut self, row: &TrialRow) {
        for pair in row.attempts.windows(2) {
            let (before, after) = (&pair[0], &pair[1]);
            let Some((_, ended, _)) = before.end else { continue };
            self.attempts += 1;
            let steps = row.curves.steps();
            let times = row.curves.times_us();
            // A step that was reported twice has the time of its first report.
            let reported = times.iter().take_while(|at| **at <= ended).count();
            let reached = reported.checked_sub(1).map_or(0, |last| steps[last] as u64);
            self.steps += reached.saturating_sub(after.from_step);
            let saved = steps[..reported].iter().rposition(|step| *step as u64 <= after.from_step);
            let kept_until = saved.map_or(before.started_us, |at| times[at].max(before.started_us));
            self.seconds += seconds((ended - kept_until).max(0));
        }
    }
}

fn seconds(us: i64) -> f64 {
    us as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use seqtune_core::testing::study;
    use seqtune_core::{AttemptEnd, Event, EventKind, History, MetricsJson};

    use super::*;

    const SECOND: i64 = 1_000_000;

    fn append(history: &mut History, at: i64, kind: EventKind) {
        let at_us = 1_800_000_000_000_000 + at * SECOND;
        history.apply(&Event { seq: history.seq + 1, at_us, kind }).unwrap();
    }

    fn started(trial: u64, attempt: u32, worker: u64, device: &str, from_step: u64) -> EventKind {
        let (build, elsewhere) = (BTreeMap::new(), Vec::new());
        EventKind::AttemptStarted { trial, attempt, worker, device: device.to_owned(), build, from_step, elsewhere }
    }

    fn ended(trial: u64, attempt: u32, cause: AttemptEnd) -> EventKind {
        EventKind::AttemptEnded { trial, attempt, cause, message: String::new() }
    }

    fn report(trial: u64, attempt: u32, step: u64) -> EventKind {
        let metrics = MetricsJson::new(&BTreeMap::new());
        EventKind::Reported { trial, attempt, step, value: Some(1.0), metrics }
    }

    #[test]
    fn workers_share_a_device_and_what_came_after_a_checkpoint_is_lost() {
        let draft = study("x = { type = 'float', low = 0, high = 1 }").curves(4, |_, _| 1.0);
        let mut history = draft.history();
        append(&mut history, 0, EventKind::ManagerStarted { pid: 1, host: String::new(), build: String::new() });
        for trial in 0..2 {
            let event = seqtune_core::propose(&history, trial).unwrap().into_event();
            append(&mut history, 0, event);
        }
        append(&mut history, 0, started(0, 0, 0, "cuda:0", 0));
        append(&mut history, 10, started(1, 0, 1, "cuda:0", 0));
        for step in 1..4 {
            append(&mut history, 10 * step as i64 + 5, report(0, 0, step));
        }
        append(&mut history, 40, ended(0, 0, AttemptEnd::Failed(seqtune_plugin::FailureCause::Crashed)));
        append(&mut history, 50, started(0, 1, 0, "cpu", 1));
        append(&mut history, 100, ended(1, 0, AttemptEnd::Completed));
        let found = resources(&Snapshot::of(&history));
        assert_eq!(found.lost, Lost { attempts: 1, steps: 2, seconds: 25.0 });
        let busy: Vec<(&str, f64, f64)> =
            found.devices.iter().map(|one| (one.device.as_str(), one.seconds, one.busy)).collect();
        assert_eq!(busy, [("cpu", 50.0, 50.0), ("cuda:0", 130.0, 100.0)]);
        assert!((found.device_hours - history.device_hours(None)).abs() < 1e-12);
        let idle: Vec<Option<f64>> = found.workers.iter().map(|worker| worker.idle).collect();
        assert_eq!(idle.len(), 2);
        assert!((idle[0].unwrap() - 0.1).abs() < 1e-9 && (idle[1].unwrap() - 0.1).abs() < 1e-9, "{idle:?}");
        assert_eq!(found.workers[0].devices, ["cpu", "cuda:0"]);
        assert_eq!(found.states.iter().map(|state| state.trials).sum::<usize>(), 2);
        assert!((found.states.iter().map(|state| state.share).sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn trials_that_no_worker_trained_took_nothing() {
        let found = resources(&Snapshot::of(&study("x = { type = 'bool' }").trials(2).history()));
        assert_eq!((found.seconds, found.device_hours, found.workers.len()), (0.0, 0.0, 0));
        assert!(found.states.iter().all(|state| state.seconds == 0.0 && state.share == 0.0));
    }
}
