//! What was expected of trials, and what came out.

use seqtune_core::Objective;
use seqtune_core::sampler::Expected;

use super::values::dot;
use super::{PlotError, count};
use crate::row::TrialRow;
use crate::spec::{Axis, Entry, Layer, Line, PlotSpec, Role, Sample, Shape, short};

/// What a model expected of a trial before it was trained, and its outcome.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The trial.
    pub trial: u64,
    /// What was expected.
    pub expected: f64,
    /// The interval that it was expected within, where the model gave one.
    pub interval: Option<[f64; 2]>,
    /// What came out.
    pub outcome: f64,
}

impl Prediction {
    /// What a decision expected of a trial, and its value; `None` where it has none yet.
    pub fn of(row: &TrialRow, expected: &Expected) -> Option<Prediction> {
        let interval = [expected.from.min(expected.to), expected.from.max(expected.to)];
        Some(Prediction { trial: row.number, expected: expected.median, interval: Some(interval), outcome: row.value? })
    }

    /// Whether the outcome lies in the interval; `None` without one.
    pub fn is_held(&self) -> Option<bool> {
        self.interval.map(|[low, high]| (low..=high).contains(&self.outcome))
    }
}

/// The outcomes over what was expected, with the intervals of the expectations. Points on the diagonal came out as expected.
///
/// # Errors
/// Where there is no pair of finite numbers.
pub fn predictions(title: &str, objective: &Objective, all: &[Prediction]) -> Result<PlotSpec, PlotError> {
    let known: Vec<&Prediction> =
        all.iter().filter(|one| one.expected.is_finite() && one.outcome.is_finite()).collect();
    if known.is_empty() {
        return Err(PlotError::NoValues(objective.metric.clone()));
    }
    let axis = Axis::linear("", known.iter().flat_map(|one| [one.expected, one.outcome]));
    let ends = [axis.low, axis.high];
    let diagonal = Line { dashed: true, ..Line::new(ends.map(|end| [end, end]).into(), Role::Quiet) };
    let mut layers = vec![Layer::Line(diagonal)];
    let mut held = (0, 0);
    for one in &known {
        let Some([low, high]) = one.interval.filter(|[low, high]| low.is_finite() && high.is_finite()) else {
            continue;
        };
        held = (held.0 + usize::from(one.is_held() == Some(true)), held.1 + 1);
        let bar = Line::new(vec![[low, one.outcome], [high, one.outcome]], Role::Faint);
        layers.push(Layer::Line(Line { width: 0.7, trial: Some(one.trial), ..bar }));
    }
    layers.push(Layer::Points(
        known.iter().map(|one| dot(one.trial, [one.expected, one.outcome], Role::Series(0))).collect(),
    ));
    let mark = Sample::Mark(Shape::Disc, Role::Series(0));
    let mut legend = vec![
        Entry { label: format!("trials ({})", known.len()), sample: mark },
        Entry { label: "as expected".to_owned(), sample: Sample::Line { role: Role::Quiet, dashed: true } },
    ];
    if held.1 > 0 {
        legend.push(Entry {
            label: format!("intervals: {} of {} hold the outcome", held.0, held.1),
            sample: Sample::Line { role: Role::Faint, dashed: false },
        });
    }
    let explained = r2(&known).map_or_else(String::new, |r2| format!("; R2 is {}", short(r2, 2)));
    Ok(PlotSpec {
        title: title.to_owned(),
        reading: format!("{}, expected and outcome{explained}.", count(known.len(), "trial")),
        x: Axis { label: format!("expected {}", objective.metric), ..axis.clone() },
        y: Axis { label: format!("outcome of {}", objective.metric), ..axis },
        layers,
        legend,
        scale: None,
        notes: Vec::new(),
    })
}

/// How much of the variance of the outcomes was expected; below 0 their mean would have been the better expectation.
fn r2(all: &[&Prediction]) -> Option<f64> {
    let mean = all.iter().map(|one| one.outcome).sum::<f64>() / all.len() as f64;
    let total: f64 = all.iter().map(|one| (one.outcome - mean).powi(2)).sum();
    let left: f64 = all.iter().map(|one| (one.outcome - one.expected).powi(2)).sum();
    (total > 0.0).then(|| 1.0 - left / total)
}

#[cfg(test)]
mod tests {
    use seqtune_core::Reduce;
    use seqtune_plugin::Direction;

    use super::*;

    #[test]
    fn intervals_and_r2_are_as_by_hand() {
        let one = |trial, expected, interval, outcome| Prediction { trial, expected, interval, outcome };
        let all = [
            one(0, 1.0, Some([0.0, 2.0]), 1.0),
            one(1, 2.0, Some([1.9, 2.1]), 3.0),
            one(2, 2.0, None, 2.0),
            one(3, f64::NAN, None, 2.0),
        ];
        let objective = Objective { metric: "auc".to_owned(), direction: Direction::Maximize, reduce: Reduce::Last };
        let spec = predictions("GP", &objective, &all).unwrap();
        // Outcomes 1, 3, 2 vary by 2 in sum of squares, of which 1 is left.
        assert_eq!(spec.reading, "3 trials, expected and outcome; R2 is 0.5.");
        assert_eq!(spec.legend[2].label, "intervals: 1 of 2 hold the outcome");
        assert_eq!(spec.x.low, spec.y.low);
        assert!(predictions("GP", &objective, &all[3..]).is_err());
    }
}
