//! The values of the trials in number order, and the best so far.

use seqtune_core::TrialState;
use seqtune_plugin::Direction;

use crate::snapshot::Snapshot;

/// One trial in the history plot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HistoryPoint {
    /// Its number.
    pub trial: u64,
    /// Its value so far.
    pub value: f64,
    /// Where it stands.
    pub state: TrialState,
}

/// The trials that have a value, in number order.
pub fn history_points(snapshot: &Snapshot) -> Vec<HistoryPoint> {
    let point = |row: &crate::TrialRow| Some(HistoryPoint { trial: row.number, value: row.value?, state: row.state });
    snapshot.trials.iter().filter_map(|row| point(row)).collect()
}

/// The best value of completed trials that keep the outcome constraints, up to each number, as corners `[trial, value]` of a step line. It begins at the
/// first completed trial and ends at the last trial. Empty before the first.
pub fn best_so_far(snapshot: &Snapshot) -> Vec<[f64; 2]> {
    let completed = snapshot.trials.iter().filter(|row| row.state == TrialState::Completed && row.is_feasible());
    let values = completed.filter_map(|row| Some((row.number as f64, row.value?)));
    best_line(values, snapshot.trials.last().map(|row| row.number as f64), snapshot.direction())
}

/// The best of these values up to each place, as corners of a step line that ends at `last`.
pub(crate) fn best_line(
    values: impl Iterator<Item = (f64, f64)>,
    last: Option<f64>,
    direction: Direction,
) -> Vec<[f64; 2]> {
    let mut corners: Vec<[f64; 2]> = Vec::new();
    for (at, value) in values {
        match corners.last() {
            Some([_, best]) if !direction.better(value, *best) => {}
            Some([_, best]) => {
                let best = *best;
                corners.extend([[at, best], [at, value]]);
            }
            None => corners.push([at, value]),
        }
    }
    if let (Some([at, best]), Some(last)) = (corners.last().copied(), last)
        && at < last
    {
        corners.push([last, best]);
    }
    corners
}

#[cfg(test)]
mod tests {
    use super::*;
    use seqtune_core::testing::study;
    use seqtune_core::{EventKind, History, MetricsJson};
    use seqtune_plugin::{FailureCause, MetricValue};

    /// A study whose trials have these values; `None` fails.
    fn with_values(values: &[Option<f64>]) -> Snapshot {
        let mut events = study("x = { type = 'float', low = 0, high = 1 }").trials(values.len() as u64).events();
        for event in &mut events {
            match &mut event.kind {
                EventKind::Reported { trial, value, metrics, .. } => {
                    *value = values[*trial as usize];
                    *metrics = MetricsJson::new(&[("value".to_owned(), MetricValue::Number(*value))].into());
                }
                EventKind::Completed { trial } if values[*trial as usize].is_none() => {
                    let cause = FailureCause::Diverged;
                    event.kind = EventKind::Failed { trial: *trial, cause, message: "loss is NaN".to_owned() };
                }
                _ => {}
            }
        }
        Snapshot::of(&History::fold(&events).unwrap())
    }

    #[test]
    fn the_best_so_far_is_a_step_line() {
        let snapshot = with_values(&[None, Some(3.0), Some(4.0), Some(1.0), Some(2.0), None]);
        assert_eq!(best_so_far(&snapshot), [[1.0, 3.0], [3.0, 3.0], [3.0, 1.0], [5.0, 1.0]]);
        assert_eq!(history_points(&snapshot).len(), 4, "trials without a value have no point");
        assert_eq!(snapshot.top(2), [3, 4]);
    }

    #[test]
    fn a_study_without_values_has_no_line() {
        for values in [&[][..], &[None, None]] {
            let snapshot = with_values(values);
            assert!(best_so_far(&snapshot).is_empty());
            assert!(history_points(&snapshot).is_empty());
            assert!(snapshot.best().is_none());
        }
    }

    #[test]
    fn one_trial_is_one_point() {
        assert_eq!(best_so_far(&with_values(&[Some(2.0)])), [[0.0, 2.0]]);
    }
}
