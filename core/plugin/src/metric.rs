//! Metrics: a number of a step, with its parts where it is a mean over folds or seeds.

use serde::{Deserialize, Serialize};

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Smaller is better.
    Minimize,
    /// Larger is better.
    Maximize,
}

impl Direction {
    /// Whether `a` is strictly better than `b`.
    pub fn better(self, a: f64, b: f64) -> bool {
        match self {
            Direction::Minimize => a < b,
            Direction::Maximize => a > b,
        }
    }
}

/// The value of a metric at a step. What is not finite, or not defined there, is `None` (JSON `null`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum MetricValue {
    /// One number.
    Number(Option<f64>),
    /// A mean over parts (folds, seeds), in their order.
    Parts {
        /// Mean of the parts; `None` where any part is.
        mean: Option<f64>,
        /// One value a fold or seed.
        parts: Vec<Option<f64>>,
    },
}

impl MetricValue {
    /// A single number; NaN and infinities become `None`.
    pub fn number(value: f64) -> MetricValue {
        MetricValue::Number(finite(value))
    }

    /// A mean over parts; undefined where any part is.
    pub fn mean_of(parts: &[f64]) -> MetricValue {
        let parts: Vec<Option<f64>> = parts.iter().map(|part| finite(*part)).collect();
        let total: Option<f64> = parts.iter().copied().sum();
        let mean = total.filter(|_| !parts.is_empty()).map(|total| total / parts.len() as f64);
        MetricValue::Parts { mean: mean.and_then(finite), parts }
    }

    /// The number, or the mean.
    pub fn value(&self) -> Option<f64> {
        match self {
            MetricValue::Number(value) => *value,
            MetricValue::Parts { mean, .. } => *mean,
        }
    }

    /// The parts, empty for a single number.
    pub fn parts(&self) -> &[Option<f64>] {
        match self {
            MetricValue::Number(_) => &[],
            MetricValue::Parts { parts, .. } => parts,
        }
    }
}

fn finite(value: f64) -> Option<f64> {
    Some(value).filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_plain() {
        let json = |value: &MetricValue| serde_json::to_string(value).unwrap();
        assert_eq!(json(&MetricValue::number(0.5)), "0.5");
        assert_eq!(json(&MetricValue::number(f64::NAN)), "null");
        assert_eq!(json(&MetricValue::mean_of(&[0.5, 0.25])), r#"{"mean":0.375,"parts":[0.5,0.25]}"#);
        assert_eq!(json(&MetricValue::mean_of(&[0.5, f64::INFINITY])), r#"{"mean":null,"parts":[0.5,null]}"#);
        for text in ["0.5", "null", r#"{"mean":0.375,"parts":[0.5,0.25]}"#] {
            assert_eq!(json(&serde_json::from_str(text).unwrap()), text);
        }
    }
}
