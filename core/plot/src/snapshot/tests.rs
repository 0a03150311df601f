//! A snapshot that follows the log must equal one made at once.

use std::collections::BTreeMap;

use seqtune_core::testing::study;
use seqtune_core::{AttemptEnd, Event, EventKind, MetricsJson, OutcomeConstraint, ReplicateSpec};
use seqtune_plugin::{Direction, FailureCause, MetricValue};
use seqtune_space::{Params, Value};

use super::*;
use crate::plots;
use crate::spec::{Layer, Role};

/// A log with every kind of end, retries, parts, and a metric that comes late.
fn log() -> Vec<Event> {
    let starts = study("x = { type = 'float', low = 0, high = 1 }").trials(5).events();
    let created = starts[0].clone();
    let mut kinds = Vec::new();
    for start in starts.into_iter().filter(|event| matches!(event.kind, EventKind::TrialStarted { .. })) {
        let EventKind::TrialStarted { trial, .. } = start.kind else { continue };
        kinds.push(start.kind);
        kinds.push(attempt(trial, 0));
        for step in 1..=3u64 {
            let mut metrics =
                BTreeMap::from([("value".to_owned(), MetricValue::mean_of(&[step as f64, trial as f64]))]);
            if step == 3 {
                metrics.insert(format!("late/{trial}"), MetricValue::number(0.5));
            }
            let value = metrics["value"].value();
            let metrics = MetricsJson::new(&metrics);
            kinds.push(EventKind::Reported { trial, attempt: 0, step, value, metrics });
        }
        let end = |cause| EventKind::AttemptEnded { trial, attempt: 0, cause, message: String::new() };
        match trial {
            0 | 1 => kinds.extend([end(AttemptEnd::Completed), EventKind::Completed { trial }]),
            2 => {
                let cause = FailureCause::Crashed;
                let message = "the worker ended".to_owned();
                kinds.extend([end(AttemptEnd::Failed(cause)), EventKind::Failed { trial, cause, message }]);
            }
            3 => kinds.extend([end(AttemptEnd::Lost), attempt(trial, 1)]),
            _ => {}
        }
    }
    let events = kinds.into_iter().zip(2..).map(|(kind, seq)| Event {
        seq,
        at_us: created.at_us + 1_000_000 * seq as i64,
        kind,
    });
    std::iter::once(created.clone()).chain(events).collect()
}

fn attempt(trial: u64, attempt: u32) -> EventKind {
    let device = "cpu".to_owned();
    EventKind::AttemptStarted {
        trial,
        attempt,
        worker: 0,
        device,
        build: BTreeMap::new(),
        from_step: 0,
        elsewhere: Vec::new(),
    }
}

#[test]
fn following_the_log_gives_the_same_as_reading_it_at_once() {
    let events = log();
    let mut history = History::new(&events[0]).unwrap();
    let mut following = Snapshot::of(&history);
    for event in &events[1..] {
        history.apply(event).unwrap();
        following = following.next(&history);
        assert_eq!(format!("{following:?}"), format!("{:?}", Snapshot::of(&history)), "after event {}", event.seq);
    }
    assert_eq!(following.summary.completed, 2);
    assert_eq!((following.summary.failed, following.summary.running, following.summary.waiting), (1, 2, 0));
    assert_eq!(&*following.metrics[0], "value");
    assert!(following.metrics.len() == 6 && following.metrics[1..].is_sorted());
    assert_eq!(following.ranked, history.ranked().iter().map(|trial| trial.number).collect::<Vec<_>>());
}

#[test]
fn what_did_not_change_is_shared() {
    let events = log();
    let before = Snapshot::of(&History::fold(&events[..events.len() - 1]).unwrap());
    let after = before.next(&History::fold(&events).unwrap());
    let shared = before.trials.iter().zip(&after.trials).filter(|(a, b)| Arc::ptr_eq(a, b)).count();
    assert_eq!(shared, 4, "only the last trial got a report");
}

#[test]
fn the_time_left_shrinks_and_needs_a_budget() {
    let mut events = log();
    let history = History::fold(&events).unwrap();
    let summary = Summary::of(&history);
    assert_eq!(summary.budget, Some(5));
    let now = summary.seconds_left(history.last_us).unwrap();
    assert!(now > 0.0 && summary.seconds_left(history.last_us + 1_000_000).unwrap() < now);
    if let EventKind::StudyCreated { settings, .. } = &mut events[0].kind {
        settings.budget.trials = None;
    }
    assert_eq!(Summary::of(&History::fold(&events).unwrap()).seconds_left(0), None);
}

fn number(params: &Params, name: &str) -> f64 {
    params.get(name).and_then(Value::as_f64).unwrap_or(0.0)
}

#[test]
fn a_part_has_only_those_trials() {
    let events = log();
    let history = History::fold(&events).unwrap();
    let whole = Snapshot::of(&history);
    let part = whole.only(|row| row.number != 0 && row.number != 3);
    assert_eq!(part.trials.iter().map(|row| row.number).collect::<Vec<_>>(), [1, 2, 4]);
    assert!(part.trial(0).is_none() && part.trial(3).is_none() && part.trial(9).is_none());
    assert_eq!(part.trial(4).map(|row| row.number), Some(4));
    assert_eq!(part.ranked, whole.ranked.iter().copied().filter(|number| *number != 0).collect::<Vec<_>>());
    assert_eq!((part.summary.completed, part.summary.failed, part.summary.trials()), (1, 1, 3));
    assert_eq!(part.summary.best, Some((1, part.trial(1).unwrap().value.unwrap())));
    assert_eq!(part.summary.seconds_left(part.last_us), None);
    assert_eq!(format!("{:?}", part.next(&history)), format!("{whole:?}"), "it still follows the log");
}

#[test]
fn the_order_is_that_of_the_history() {
    fn both(params: &Params) -> Vec<f64> {
        vec![number(params, "x"), 1.0 - number(params, "x")]
    }
    let numbers = |history: &History| history.ranked().iter().map(|trial| trial.number).collect::<Vec<_>>();
    let draft = || study("x = { type = 'float', low = 0, high = 1 }").trials(40);
    let bound = OutcomeConstraint { metric: "value_2".to_owned(), at_most: Some(0.6), at_least: None };
    let constrained = draft().objectives(&[Direction::Minimize; 2], both).with(|spec| {
        spec.outcome_constraints = vec![bound];
    });
    let history = constrained.history();
    let snapshot = Snapshot::of(&history);
    assert_eq!(snapshot.ranked, numbers(&history));
    assert!(snapshot.best().unwrap().value.unwrap() >= 0.4);
    let plot = plots::history(&snapshot, history.spec.objective(), &plots::HistoryOptions::default()).unwrap();
    let line = plot.layers.iter().find_map(|layer| match layer {
        Layer::Line(line) if line.role == Role::Front => Some(&line.points),
        _ => None,
    });
    let line = line.unwrap();
    assert_eq!(line.last().map(|[_, value]| *value), snapshot.best().unwrap().value);
    assert!(line.iter().all(|[_, value]| *value >= 0.4), "what breaks a bound is not the best: {line:?}");

    let repeated = draft().objective(|params| number(params, "x")).noise(0.3).with(|spec| {
        spec.replicates = Some(ReplicateSpec { seeds: 4, share: 0.5 });
    });
    let history = repeated.history();
    let snapshot = Snapshot::of(&history);
    assert!(snapshot.trials.iter().any(|row| row.replicate > 0));
    assert_eq!(snapshot.ranked, numbers(&history));
}
