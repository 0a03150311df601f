//! Whether workers stand still.

use std::collections::BTreeMap;

use seqtune_core::Order;

use super::{About, Card, PlotKind, Status, card, count};
use crate::snapshot::Snapshot;
use crate::spec::{short, span};

/// Seconds after which a worker counts as idle.
const LONG: f64 = 600.0;

/// Workers that have had nothing to do for ten minutes, at the last event of a study that runs and has trials left to start.
pub(super) fn idle(snapshot: &Snapshot) -> Option<Card> {
    let used_up = snapshot.settings.budget.trials.is_some_and(|budget| snapshot.trials.len() as u64 >= budget);
    // When each worker was last at work.
    let mut last: BTreeMap<u64, i64> = BTreeMap::new();
    let mut is_running = false;
    for attempt in snapshot.trials.iter().flat_map(|row| &row.attempts) {
        let until = attempt.end.as_ref().map_or(i64::MAX, |(_, at, _)| *at);
        is_running |= attempt.end.is_none();
        let known = last.entry(attempt.worker).or_insert(until);
        *known = until.max(*known);
    }
    let workers = snapshot.settings.workers.count;
    let seconds = |at: i64| (snapshot.last_us - at).max(0) as f64 / 1e6;
    let idle: Vec<(u64, f64)> = last
        .into_iter()
        .filter(|(worker, at)| *worker < workers && *at != i64::MAX && seconds(*at) > LONG)
        .map(|(worker, at)| (worker, seconds(at)))
        .collect();
    let longest = idle.iter().map(|(_, seconds)| *seconds).fold(0.0, f64::max);
    if idle.is_empty() || used_up || !is_running {
        return None;
    }
    let names: Vec<String> = idle.iter().map(|(worker, _)| worker.to_string()).collect();
    let (unit, unit_name) = span(longest);
    let why = match snapshot.spec.order {
        Order::Fixed => format!(
            " In fixed order no trial starts before the one {} places earlier has ended: a slow one holds the others up.",
            snapshot.spec.window
        ),
        Order::Eager => String::new(),
    };
    let sentence = format!(
        "{} {} no trial for up to {} {unit_name}.{why}",
        if idle.len() == 1 { format!("Worker {}", names[0]) } else { format!("Workers {}", names.join(", ")) },
        if idle.len() == 1 { "has had" } else { "have had" },
        short(longest / unit, 2)
    );
    let title = format!("{} of {} idle", idle.len(), count(workers as usize, "worker"));
    Some(card(Status::Warning, title, sentence, Some(About::Plot(PlotKind::Timeline))))
}
