//! The metrics of one trial as columns: one list of steps, and one list of values for each metric.

use std::sync::Arc;

use seqtune_core::Point;
use seqtune_plugin::MetricValue;

/// All metrics of one trial over its steps. What is not finite, or absent at a step, is NaN.
#[derive(Clone, Debug, Default)]
pub struct Curves {
    steps: Vec<f64>,
    metrics: Vec<Metric>,
}

#[derive(Clone, Debug)]
struct Metric {
    name: Arc<str>,
    /// As long as the steps, or shorter where the last steps do not have this metric.
    values: Vec<f64>,
    /// As long as the values where the metric ever came in parts.
    spread: Option<Spread>,
}

/// Smallest and largest part of a metric at each step, NaN where it has no parts.
#[derive(Clone, Debug, Default)]
pub struct Spread {
    /// Smallest part.
    pub low: Vec<f64>,
    /// Largest part.
    pub high: Vec<f64>,
}

impl Curves {
    /// Appends reports, in step order. Names are taken from `names` where they are there, and added where not: equal
    /// names of many trials share one allocation.
    pub fn extend(&mut self, reports: &[Point], names: &mut Vec<Arc<str>>) {
        for report in reports {
            let index = self.steps.len();
            self.steps.push(report.step as f64);
            for (name, value) in report.metrics.parse() {
                self.metric(&name, names).push(index, &value);
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

    /// The values of a metric, step by step; it may be shorter than the steps. Empty where the trial does not have it.
    pub fn values(&self, metric: &str) -> &[f64] {
        self.find(metric).map_or(&[], |found| &found.values)
    }

    /// The spread of a metric's parts, `None` where it never had parts.
    pub fn spread(&self, metric: &str) -> Option<&Spread> {
        self.find(metric)?.spread.as_ref()
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

    fn metric(&mut self, name: &str, names: &mut Vec<Arc<str>>) -> &mut Metric {
        let found = self.metrics.iter().position(|metric| &*metric.name == name);
        let index = found.unwrap_or_else(|| {
            let name = names.iter().find(|known| &***known == name).cloned().unwrap_or_else(|| {
                let new: Arc<str> = name.into();
                names.push(Arc::clone(&new));
                new
            });
            self.metrics.push(Metric { name, values: Vec::new(), spread: None });
            self.metrics.len() - 1
        });
        &mut self.metrics[index]
    }
}

impl Metric {
    fn push(&mut self, index: usize, value: &MetricValue) {
        self.values.resize(index, f64::NAN);
        self.values.push(value.value().unwrap_or(f64::NAN));
        let parts: Vec<f64> = value.parts().iter().flatten().copied().collect();
        if self.spread.is_none() && parts.len() < 2 {
            return;
        }
        let spread = self.spread.get_or_insert_default();
        let (mut low, mut high) = (f64::NAN, f64::NAN);
        if parts.len() > 1 {
            low = parts.iter().copied().fold(f64::INFINITY, f64::min);
            high = parts.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        }
        spread.low.resize(index, f64::NAN);
        spread.high.resize(index, f64::NAN);
        spread.low.push(low);
        spread.high.push(high);
    }
}
