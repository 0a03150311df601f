//! Metrics: a number of a step, with its parts where it is a mean over folds or seeds.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

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
#[derive(Clone, Debug, PartialEq, Serialize)]
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

/// By hand: a log holds very many of them, and serde's untagged enums read everything twice.
impl<'de> Deserialize<'de> for MetricValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MetricValue, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = MetricValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, null, or a mean with its parts")
    }

    fn visit_f64<E>(self, value: f64) -> Result<MetricValue, E> {
        Ok(MetricValue::Number(Some(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<MetricValue, E> {
        Ok(MetricValue::Number(Some(value as f64)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<MetricValue, E> {
        Ok(MetricValue::Number(Some(value as f64)))
    }

    fn visit_unit<E>(self) -> Result<MetricValue, E> {
        Ok(MetricValue::Number(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<MetricValue, A::Error> {
        #[derive(Deserialize)]
        struct Parts {
            mean: Option<f64>,
            parts: Vec<Option<f64>>,
        }
        let Parts { mean, parts } = Parts::deserialize(MapAccessDeserializer::new(map))?;
        Ok(MetricValue::Parts { mean, parts })
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

    #[test]
    fn any_number_is_read_and_what_is_none_is_refused() {
        let read = |text: &str| serde_json::from_str::<MetricValue>(text);
        assert_eq!(read("3").unwrap(), MetricValue::number(3.0));
        assert_eq!(read("-3").unwrap(), MetricValue::number(-3.0));
        assert_eq!(
            read(r#"{"parts":[1,null]}"#).unwrap(),
            MetricValue::Parts { mean: None, parts: vec![Some(1.0), None] }
        );
        assert_eq!(serde_json::from_value::<MetricValue>(serde_json::Value::Null).unwrap(), MetricValue::Number(None));
        for text in [r#""0.5""#, "true", "[0.5]", "{}", r#"{"mean":0.5}"#] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read("true").unwrap_err().to_string().contains("a number, null, or a mean with its parts"));
    }
}
