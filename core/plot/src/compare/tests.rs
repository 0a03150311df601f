//! Comparisons against numbers that were computed by hand.

use std::collections::BTreeMap;

use seqtune_core::testing::study;
use seqtune_core::{EventKind, History, MetricsJson, Reduce};
use seqtune_plugin::MetricValue;
use seqtune_space::Params;

use super::*;
use crate::configs;

const SPACE: &str = "lr = { type = 'float', low = 0, high = 1 }\n\
                     width = { type = 'int', low = 0, high = 64 }\n\
                     model = { type = 'categorical', choices = ['cnn', 'lstm'] }";

/// One completed trial: its point as JSON, its seed, and the parts of the metric `value` at each step; one part is a number.
type Made = (&'static str, u64, &'static [&'static [f64]]);

fn made(trials: &[Made]) -> Snapshot {
    let first = study(SPACE).events().remove(0);
    let (proposed, mut kinds) = (study(SPACE).trials(1).events().remove(1), Vec::new());
    for (trial, (point, seed, steps)) in (0..).zip(trials) {
        let EventKind::TrialStarted { origin, seen, .. } = &proposed.kind else { panic!("a start") };
        let params: Params = serde_json::from_str(point).unwrap();
        kinds.push(EventKind::TrialStarted {
            trial,
            config_key: params.key(),
            params,
            origin: *origin,
            space_version: 0,
            replicate: *seed,
            seed: *seed,
            seen: *seen,
        });
        for (step, parts) in (1..).zip(*steps) {
            let value = if let [one] = parts { MetricValue::number(*one) } else { MetricValue::mean_of(parts) };
            let number = value.value();
            let metrics = MetricsJson::new(&BTreeMap::from([("value".to_owned(), value)]));
            kinds.push(EventKind::Reported { trial, attempt: 0, step, value: number, metrics });
        }
        kinds.push(EventKind::Completed { trial });
    }
    let events = kinds.into_iter().zip(2..).map(|(kind, seq)| seqtune_core::Event { seq, at_us: first.at_us, kind });
    let events: Vec<_> = std::iter::once(first.clone()).chain(events).collect();
    Snapshot::of(&History::fold(&events).unwrap())
}

const A: &str = r#"{"lr": 0.1, "width": 8, "model": "cnn"}"#;
const B: &str = r#"{"lr": 0.3, "width": 0, "model": "lstm"}"#;

#[test]
fn trials_of_one_configuration_belong_together() {
    let snapshot = made(&[(A, 0, &[&[4.0]]), (B, 0, &[&[1.0]]), (A, 1, &[&[2.0]]), (A, 2, &[&[3.0]])]);
    let found = configs(&snapshot);
    assert_eq!(found.iter().map(|config| config.trials.clone()).collect::<Vec<_>>(), [vec![1], vec![0, 2, 3]]);
    let mean = found[1].value.unwrap();
    // Deviation 1, t(2) = 4.3027: half a width of 2.4842.
    assert_eq!((mean.mean, mean.n, mean.deviation), (3.0, 3, Some(1.0)));
    assert!((mean.half_width().unwrap() - 2.484_14).abs() < 1e-4, "{mean:?}");
    assert_eq!(found[0].value.map(|mean| (mean.mean, mean.interval)), Some((1.0, None)));
    assert_eq!((found[0].first(), found[1].first()), (1, 0));
}

#[test]
fn parameters_are_told_from_the_baseline() {
    let snapshot = made(&[(A, 0, &[&[4.0]]), (B, 0, &[&[1.0]]), (A, 1, &[&[2.0]])]);
    let found = compare(&snapshot, &[1, 0, 77], 0);
    assert_eq!((found.columns.len(), found.baseline), (2, 1));
    assert_eq!((found.columns[1].trial, found.columns[1].trials.clone()), (0, vec![0, 2]));
    let relations: Vec<(&str, Relation)> =
        found.parameters.iter().map(|row| (row.name.as_str(), row.cells[0].relation)).collect();
    let Relation::Times(times) = relations[0].1 else { panic!("{relations:?}") };
    assert!((times - 3.0).abs() < 1e-12);
    assert_eq!(relations[1..], [("width", Relation::Plus(-8.0)), ("model", Relation::Differs)]);
    assert!(found.parameters.iter().all(|row| row.differs && row.cells[1].relation == Relation::Equal));
    let same = compare(&snapshot, &[0, 2], 0);
    assert!(same.parameters.iter().all(|row| !row.differs));
    assert_eq!(same.columns[1].trials, [2], "two seeds of one configuration stand for themselves");
    assert!(compare(&snapshot, &[77], 77).columns.is_empty());
}

#[test]
fn seeds_make_pairs() {
    // Differences by seed: 1, 2, 3; seed 9 has no partner.
    let snapshot = made(&[
        (A, 0, &[&[10.0]]),
        (B, 0, &[&[11.0]]),
        (A, 1, &[&[20.0]]),
        (B, 1, &[&[22.0]]),
        (A, 2, &[&[30.0]]),
        (B, 2, &[&[33.0]]),
        (B, 9, &[&[90.0]]),
    ]);
    let found = compare(&snapshot, &[0, 1], 0);
    let cells = &found.metrics[0].cells;
    assert_eq!((cells[0].difference, cells[0].mean.map(|mean| mean.mean)), (None, Some(20.0)));
    let difference = cells[1].difference.unwrap();
    assert_eq!((difference.pairs, difference.mean.mean, difference.mean.n), (Pairs::Seeds, 2.0, 3));
    // t(2) / sqrt(3) = 2.4842: zero is within.
    assert!((difference.mean.half_width().unwrap() - 2.484_14).abs() < 1e-4);
    assert_eq!(difference.is_better, None);
    assert_eq!(difference.mean.values_to_tell(), Some(4), "t(3) / sqrt(4) = 1.59");
}

#[test]
fn folds_make_pairs_where_seeds_do_not() {
    // The best step of either is the first one; the folds differ by -1, -1.1, -0.9 there.
    let a: Made = (A, 0, &[&[5.0, 7.0, 9.0], &[9.0, 9.0, 9.0]]);
    let b: Made = (B, 0, &[&[4.0, 5.9, 8.1], &[8.0, 8.0, 8.0]]);
    let mut snapshot = made(&[a, b]);
    let last = compare(&snapshot, &[0, 1], 0).metrics[0].cells[1].difference.unwrap();
    assert_eq!((last.pairs, last.mean.mean, last.mean.deviation), (Pairs::Parts, -1.0, Some(0.0)));
    let mut spec = (*snapshot.spec).clone();
    spec.objectives[0].reduce = Reduce::Best;
    snapshot.spec = std::sync::Arc::new(spec);
    let best = compare(&snapshot, &[0, 1], 0).metrics[0].cells[1].difference.unwrap();
    assert!((best.mean.mean + 1.0).abs() < 1e-9 && (best.mean.deviation.unwrap() - 0.1).abs() < 1e-9, "{best:?}");
    // t(2) * 0.1 / sqrt(3) = 0.2484; less is better here.
    assert!((best.mean.half_width().unwrap() - 0.248_414).abs() < 1e-5);
    assert_eq!(best.is_better, Some(true));
}

#[test]
fn one_pair_has_no_interval() {
    let found = compare(&made(&[(A, 0, &[&[1.0]]), (B, 0, &[&[3.0]])]), &[0, 1], 0);
    let difference = found.metrics[0].cells[1].difference.unwrap();
    assert_eq!((difference.mean.mean, difference.mean.interval, difference.is_better), (2.0, None, None));
}
