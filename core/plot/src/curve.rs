//! Learning curves: one metric of one trial over its steps.

use crate::row::TrialRow;

/// One metric of one trial over its steps. Steps without a finite value are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// `[step, value]`, in step order.
    pub points: Vec<[f64; 2]>,
    /// `[step, smallest part, largest part]` where the metric comes in parts (folds, seeds), in step order.
    pub spread: Vec<[f64; 3]>,
}

/// One metric of one trial, thinned to about `limit` points: of each stretch of steps the smallest and the largest
/// value stay, and so do the first and the last point. Spikes survive.
pub fn curve(row: &TrialRow, metric: &str, limit: usize) -> Curve {
    let curves = &row.curves;
    let both = curves.steps().iter().zip(curves.values(metric));
    let points: Vec<[f64; 2]> =
        both.filter(|(_, value)| value.is_finite()).map(|(step, value)| [*step, *value]).collect();
    let spread = curves.spread(metric).map_or_else(Vec::new, |spread| {
        let bounds = spread.low.iter().zip(&spread.high);
        let all = curves.steps().iter().zip(bounds).map(|(step, (low, high))| [*step, *low, *high]);
        all.filter(|[_, low, high]| low.is_finite() && high.is_finite()).collect()
    });
    Curve { points: thin(points, limit), spread: thin_spread(spread, limit) }
}

/// Of each of `limit / 2` equal stretches the smallest and the largest value, in their order.
pub(crate) fn thin(points: Vec<[f64; 2]>, limit: usize) -> Vec<[f64; 2]> {
    let limit = limit.max(4);
    if points.len() <= limit {
        return points;
    }
    let inner = &points[1..points.len() - 1];
    let stretch = inner.len().div_ceil((limit - 2) / 2);
    let mut kept = vec![points[0]];
    for part in inner.chunks(stretch) {
        let by_value = |(_, a): &(usize, &[f64; 2]), (_, b): &(usize, &[f64; 2])| a[1].total_cmp(&b[1]);
        let low = part.iter().enumerate().min_by(by_value).map(|(index, _)| index);
        let high = part.iter().enumerate().max_by(by_value).map(|(index, _)| index);
        let (Some(low), Some(high)) = (low, high) else { continue };
        kept.push(part[low.min(high)]);
        if low != high {
            kept.push(part[low.max(high)]);
        }
    }
    kept.push(points[points.len() - 1]);
    kept
}

/// Stretches become one band each: the smallest low and the largest high.
pub(crate) fn thin_spread(spread: Vec<[f64; 3]>, limit: usize) -> Vec<[f64; 3]> {
    let limit = limit.max(4);
    if spread.len() <= limit {
        return spread;
    }
    let widest = |part: &[[f64; 3]]| {
        let low = part.iter().map(|[_, low, _]| *low).fold(f64::INFINITY, f64::min);
        let high = part.iter().map(|[_, _, high]| *high).fold(f64::NEG_INFINITY, f64::max);
        [part[part.len() / 2][0], low, high]
    };
    spread.chunks(spread.len().div_ceil(limit)).map(widest).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use seqtune_core::testing::study;
    use seqtune_core::{EventKind, History, MetricsJson};
    use seqtune_plugin::MetricValue;

    use super::*;
    use crate::Snapshot;

    fn trial_of(steps: &[BTreeMap<String, MetricValue>]) -> std::sync::Arc<TrialRow> {
        let mut events = study("x = { type = 'bool' }").trials(1).events();
        let (end, report) = (events.pop().unwrap(), events.pop().unwrap());
        for (index, metrics) in steps.iter().enumerate() {
            let mut event = report.clone();
            event.seq += index as u64;
            event.kind = EventKind::Reported {
                trial: 0,
                attempt: 0,
                step: index as u64 + 1,
                value: metrics.get("value").and_then(MetricValue::value),
                metrics: MetricsJson::new(metrics),
            };
            events.push(event);
        }
        events.push(seqtune_core::Event { seq: report.seq + steps.len() as u64, ..end });
        Snapshot::of(&History::fold(&events).unwrap()).trials[0].clone()
    }

    #[test]
    fn a_curve_leaves_out_what_is_not_there() {
        let number = |value: f64| MetricValue::number(value);
        let row = trial_of(&[
            BTreeMap::from([("value".to_owned(), number(2.0))]),
            BTreeMap::from([("value".to_owned(), number(f64::NAN)), ("late".to_owned(), number(5.0))]),
            BTreeMap::from([("value".to_owned(), number(1.0))]),
        ]);
        assert_eq!(curve(&row, "value", 100).points, [[1.0, 2.0], [3.0, 1.0]]);
        assert_eq!(curve(&row, "late", 100).points, [[2.0, 5.0]]);
        assert_eq!(curve(&row, "absent", 100), Curve::default());
        assert_eq!(row.curves.last_values(), [("late", 5.0), ("value", 1.0)]);
    }

    #[test]
    fn parts_become_a_band() {
        let row = trial_of(&[
            BTreeMap::from([("value".to_owned(), MetricValue::number(2.0))]),
            BTreeMap::from([("value".to_owned(), MetricValue::mean_of(&[1.0, 3.0, 2.0]))]),
        ]);
        assert_eq!(curve(&row, "value", 100).spread, [[2.0, 1.0, 3.0]]);
    }

    proptest! {
        #[test]
        fn thinning_keeps_ends_order_and_extremes(values in prop::collection::vec(-1e3..1e3f64, 1..400), limit in 4..100usize) {
            let points: Vec<[f64; 2]> = values.iter().enumerate().map(|(i, v)| [i as f64, *v]).collect();
            let thinned = thin(points.clone(), limit);
            prop_assert!(thinned.len() <= limit.max(4) + 2);
            prop_assert_eq!(thinned.first(), points.first());
            prop_assert_eq!(thinned.last(), points.last());
            prop_assert!(thinned.is_sorted_by(|a, b| a[0] < b[0]));
            let low = |points: &[[f64; 2]]| points.iter().map(|p| p[1]).fold(f64::INFINITY, f64::min);
            prop_assert_eq!(low(&thinned), low(&points));
        }
    }
}
