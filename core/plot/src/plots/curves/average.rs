//! A curve of one trial, or the mean of several, with its band.

use std::collections::BTreeMap;

use super::{Along, BandKind, CurvesOf};
use crate::curve::{thin, thin_spread};
use crate::row::TrialRow;
use crate::statistics::{Mean, student};

/// Points that one curve is thinned to.
const MOST_POINTS: usize = 500;

/// One curve: its points, and its band where it has one.
pub(super) struct Drawn {
    pub points: Vec<[f64; 2]>,
    pub band: Vec<[f64; 3]>,
}

/// The curve of a trial with the band of its folds, or the mean of several with the band of these.
pub(super) fn drawn(rows: &[&TrialRow], of: &CurvesOf<'_>) -> Drawn {
    let (points, band) = match rows {
        [row] if of.grouped => (single(row, of).0, Vec::new()),
        [row] => single(row, of),
        _ => several(rows, of),
    };
    Drawn { points: thin(points, MOST_POINTS), band: thin_spread(band, MOST_POINTS) }
}

fn place(row: &TrialRow, at: usize, by: Along) -> f64 {
    match by {
        Along::Steps => row.curves.steps()[at],
        Along::Seconds => row.seconds_until(row.curves.times_us()[at]),
    }
}

fn single(row: &TrialRow, of: &CurvesOf<'_>) -> (Vec<[f64; 2]>, Vec<[f64; 3]>) {
    let values = row.curves.values(of.metric);
    let finite = || values.iter().enumerate().filter(|(_, value)| value.is_finite());
    let points = finite().map(|(at, value)| [place(row, at, of.by), *value]).collect();
    let Some(spread) = row.curves.spread(of.metric) else { return (points, Vec::new()) };
    let bounds = |(at, value): (usize, &f64)| {
        let (deviation, parts) = (*spread.deviation.get(at)?, usize::from(*spread.parts.get(at)?));
        let [low, high] = match of.band {
            BandKind::None => return None,
            BandKind::MinMax => [spread.low[at], spread.high[at]],
            BandKind::Deviation => [value - deviation, value + deviation],
            BandKind::Confidence => {
                let half = student(parts.saturating_sub(1)) * deviation / (parts as f64).sqrt();
                [value - half, value + half]
            }
        };
        (low.is_finite() && high.is_finite()).then(|| [place(row, at, of.by), low, high])
    };
    let band = finite().filter_map(bounds).collect();
    (points, band)
}

fn several(rows: &[&TrialRow], of: &CurvesOf<'_>) -> (Vec<[f64; 2]>, Vec<[f64; 3]>) {
    // By step, so that what is averaged belongs together; a step is a whole number.
    let mut steps: BTreeMap<u64, Vec<[f64; 2]>> = BTreeMap::new();
    for row in rows {
        let values = row.curves.values(of.metric).iter().zip(row.curves.steps()).enumerate();
        for (at, (value, step)) in values.filter(|(_, (value, _))| value.is_finite()) {
            steps.entry(*step as u64).or_default().push([place(row, at, of.by), *value]);
        }
    }
    let (mut points, mut band) = (Vec::with_capacity(steps.len()), Vec::new());
    for own in steps.into_values() {
        let values: Vec<f64> = own.iter().map(|[_, value]| *value).collect();
        let x = own.iter().map(|[x, _]| x).sum::<f64>() / own.len() as f64;
        let Some(mean) = Mean::of(&values) else { continue };
        points.push([x, mean.mean]);
        let bounds = match (of.band, mean.deviation, mean.interval) {
            (BandKind::MinMax, Some(_), _) => {
                let low = values.iter().copied().fold(f64::INFINITY, f64::min);
                Some([low, values.iter().copied().fold(f64::NEG_INFINITY, f64::max)])
            }
            (BandKind::Deviation, Some(deviation), _) => Some([mean.mean - deviation, mean.mean + deviation]),
            (BandKind::Confidence, _, interval) => interval,
            _ => None,
        };
        band.extend(bounds.map(|[low, high]| [x, low, high]));
    }
    (points, band)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use seqtune_core::testing::study;
    use seqtune_core::{EventKind, History, MetricsJson};
    use seqtune_plugin::MetricValue;

    use super::*;
    use crate::Snapshot;

    /// Folds 1, 2, 3: deviation 1, and an interval of 4.3027 / sqrt(3) to either side.
    #[test]
    fn bands_of_folds_are_as_by_hand() {
        let mut events = study("x = { type = 'bool' }").trials(1).events();
        for event in &mut events {
            if let EventKind::Reported { metrics, .. } = &mut event.kind {
                *metrics =
                    MetricsJson::new(&BTreeMap::from([("f".to_owned(), MetricValue::mean_of(&[1.0, 2.0, 3.0]))]));
            }
        }
        let snapshot = Snapshot::of(&History::fold(&events).unwrap());
        let band = |band| drawn(&[&snapshot.trials[0]], &CurvesOf { band, ..CurvesOf::new("f", 1) }).band;
        assert_eq!(band(BandKind::None), Vec::<[f64; 3]>::new());
        assert_eq!(band(BandKind::MinMax), [[1.0, 1.0, 3.0]]);
        assert_eq!(band(BandKind::Deviation), [[1.0, 1.0, 3.0]]);
        let [[_, low, high]] = band(BandKind::Confidence)[..] else { panic!("one step") };
        assert!((low + 0.484_14).abs() < 1e-4 && (high - 4.484_14).abs() < 1e-4, "{low} {high}");
    }
}
