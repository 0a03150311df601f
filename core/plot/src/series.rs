//! The metrics of one trial as columns: one list of steps, and one list of values for each metric.

use std::sync::Arc;

use seqtune_core::{Point, Reduce};
use seqtune_plugin::{Direction, MetricValue};

use crate::statistics::Mean;

/// All metrics of one trial over its steps. What is not finite, or absent at a step, is NaN.
#[derive(Clone, Debug, Default)]
pub struct Curves {
    steps: Vec<f64>,
    times_us: Vec<i64>,
    metrics: Vec<Metric>,
}

#[derive(Clone, Debug)]
struct Metric {
    name: Arc<str>,
    direction: Direction,
    /// As long as the steps, or shorter where the last steps do not have this metric.
    values: Vec<f64>,
    /// As long as the values where the metric ever came in parts.
    spread: Option<Spread>,
    parts: Parts,
}

/// The parts of a metric at the last step and at the best one. Those of all steps would be most of a study's size.
#[derive(Clone, Debug, Default)]
struct Parts {
    /// Of the last step; empty where it has none.
    last: Box<[f64]>,
    /// Of the best step, where that is not the last one.
    best: Option<Box<[f64]>>,
    /// The metric at the best step.
    best_value: Option<f64>,
}

/// How the parts of a metric lie around their mean at each step, NaN where it has no parts.
#[derive(Clone, Debug, Default)]
pub struct Spread {
    /// Smallest part.
    pub low: Vec<f64>,
    /// Largest part.
    pub high: Vec<f64>,
    /// Standard deviation of the parts, as of a sample.
    pub deviation: Vec<f64>,
    /// Number of parts, 0 where there are none.
    pub parts: Vec<u16>,
}

impl Curves {
    /// Appends reports, in step order. Names are taken from `names` where they are there, and added where not: equal
    /// names of many trials share one allocation. `direction` says which way a metric is better.
    pub(crate) fn extend(
        &mut self,
        reports: &[Point],
        names: &mut Vec<Arc<str>>,
        direction: impl Fn(&str) -> Direction,
    ) {
        for report in reports {
            let index = self.steps.len();
            self.steps.push(report.step as f64);
            self.times_us.push(report.at_us);
            for (name, value) in report.metrics.parse() {
                self.metric(&name, names, &direction).push(index, &value);
            }
        }
    }

    /// Number of reports.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there is no report.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The steps, in order.
    pub fn steps(&self) -> &[f64] {
        &self.steps
    }

    /// When each step was reported, in microseconds since 1970.
    pub fn times_us(&self) -> &[i64] {
        &self.times_us
    }

    /// The values of a metric, step by step; it may be shorter than the steps. Empty where the trial does not have it.
    pub fn values(&self, metric: &str) -> &[f64] {
        self.find(metric).map_or(&[], |found| &found.values)
    }

    /// The spread of a metric's parts, `None` where it never had parts.
    pub fn spread(&self, metric: &str) -> Option<&Spread> {
        self.find(metric)?.spread.as_ref()
    }

    /// The parts (folds, seeds) of a metric, in their order, at its last step or its best one; NaN where one is not finite.
    /// Empty where it has none there.
    pub fn parts(&self, metric: &str, reduce: Reduce) -> &[f64] {
        let Some(metric) = self.find(metric) else { return &[] };
        match reduce {
            Reduce::Last if metric.values.len() < self.steps.len() => &[],
            Reduce::Last => &metric.parts.last,
            Reduce::Best => metric.parts.best.as_ref().unwrap_or(&metric.parts.last),
        }
    }

    /// Names and last finite values of the metrics, in alphabetical order.
    pub fn last_values(&self) -> Vec<(&str, f64)> {
        let last = |values: &[f64]| values.iter().rev().copied().find(|value| value.is_finite());
        let mut all: Vec<(&str, f64)> =
            self.metrics.iter().filter_map(|metric| Some((&*metric.name, last(&metric.values)?))).collect();
        all.sort_by_key(|(name, _)| *name);
        all
    }

    fn find(&self, metric: &str) -> Option<&Metric> {
        self.metrics.iter().find(|found| &*found.name == metric)
    }

    fn metric(&mut self, name: &str, names: &mut Vec<Arc<str>>, direction: &impl Fn(&str) -> Direction) -> &mut Metric {
        let found = self.metrics.iter().position(|metric| &*metric.name == name);
        let index = found.unwrap_or_else(|| {
            let name = names.iter().find(|known| &***known == name).cloned().unwrap_or_else(|| {
                let new: Arc<str> = name.into();
                names.push(Arc::clone(&new));
                new
            });
            let direction = direction(&name);
            self.metrics.push(Metric { name, direction, values: Vec::new(), spread: None, parts: Parts::default() });
            self.metrics.len() - 1
        });
        &mut self.metrics[index]
    }
}

impl Metric {
    fn push(&mut self, index: usize, value: &MetricValue) {
        self.values.resize(index, f64::NAN);
        self.values.push(value.value().unwrap_or(f64::NAN));
        self.parts.push(value, self.direction);
        let parts: Vec<f64> = value.parts().iter().flatten().copied().collect();
        if self.spread.is_none() && parts.len() < 2 {
            return;
        }
        self.spread.get_or_insert_default().push(index, &parts);
    }
}

impl Spread {
    fn push(&mut self, index: usize, parts: &[f64]) {
        let (mut low, mut high, mut deviation, mut number) = (f64::NAN, f64::NAN, f64::NAN, 0);
        if let Some(of_all) = Mean::of(parts).filter(|_| parts.len() > 1) {
            low = parts.iter().copied().fold(f64::INFINITY, f64::min);
            high = parts.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            deviation = of_all.deviation.unwrap_or(f64::NAN);
            number = parts.len().min(usize::from(u16::MAX)) as u16;
        }
        for (column, own) in [(&mut self.low, low), (&mut self.high, high), (&mut self.deviation, deviation)] {
            column.resize(index, f64::NAN);
            column.push(own);
        }
        self.parts.resize(index, 0);
        self.parts.push(number);
    }
}

impl Parts {
    fn push(&mut self, value: &MetricValue, direction: Direction) {
        if value.parts().is_empty() && self.last.is_empty() && self.best.is_none() {
            return;
        }
        let own = value.parts().iter().map(|part| part.unwrap_or(f64::NAN)).collect();
        let before = std::mem::replace(&mut self.last, own);
        let is_better =
            |value: &f64| self.best_value.is_none_or(|best| direction.better(*value, best)) && !self.last.is_empty();
        if let Some(value) = value.value().filter(is_better) {
            (self.best_value, self.best) = (Some(value), None);
        } else if self.best.is_none() {
            self.best = Some(before);
        }
    }
}
