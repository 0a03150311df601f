//! Points of a space: the values of the active parameters, and typed access to them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::value::Value;

/// A parameter that a family asked for is absent or of another kind.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ValueError {
    /// The point has no such parameter (it may be inactive).
    #[error("parameter `{0}` is not set")]
    Absent(String),
    /// The value is of another kind.
    #[error("parameter `{name}` is {value}, expected {expected}")]
    Kind {
        /// The parameter.
        name: String,
        /// Its value.
        value: Value,
        /// What the reader expected, with its article: "a whole number".
        expected: &'static str,
    },
}

/// A point of a search space: the values of the active parameters, and only those.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Params(pub BTreeMap<String, Value>);

impl Params {
    /// The value of a parameter, `None` where it is inactive.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Sets a value.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// The parameters by name, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// A number (an integer counts).
    pub fn float(&self, name: &str) -> Result<f64, ValueError> {
        let value = self.required(name)?;
        value.as_f64().ok_or_else(|| kind(name, value, "a number"))
    }

    /// A whole number.
    pub fn int(&self, name: &str) -> Result<i64, ValueError> {
        match self.required(name)? {
            Value::Int(value) => Ok(*value),
            other => Err(kind(name, other, "a whole number")),
        }
    }

    /// A whole number from 0.
    pub fn size(&self, name: &str) -> Result<usize, ValueError> {
        let value = self.required(name)?;
        self.int(name)?.try_into().map_err(|_| kind(name, value, "a whole number from 0"))
    }

    /// A choice by name.
    pub fn text(&self, name: &str) -> Result<&str, ValueError> {
        match self.required(name)? {
            Value::Text(value) => Ok(value),
            other => Err(kind(name, other, "a string")),
        }
    }

    /// `true` or `false`.
    pub fn bool(&self, name: &str) -> Result<bool, ValueError> {
        match self.required(name)? {
            Value::Bool(value) => Ok(*value),
            other => Err(kind(name, other, "true or false")),
        }
    }

    /// A list.
    pub fn list(&self, name: &str) -> Result<&[Value], ValueError> {
        let value = self.required(name)?;
        value.as_list().ok_or_else(|| kind(name, value, "a list"))
    }

    /// A list of whole numbers from 0, such as the widths of layers.
    pub fn sizes(&self, name: &str) -> Result<Vec<usize>, ValueError> {
        let size = |item: &Value| match item {
            Value::Int(number) => usize::try_from(*number).ok(),
            _ => None,
        };
        let sizes: Option<Vec<usize>> = self.list(name)?.iter().map(size).collect();
        sizes.ok_or_else(|| kind(name, &self.0[name], "a list of whole numbers from 0"))
    }

    /// A list of numbers (integers count).
    pub fn floats(&self, name: &str) -> Result<Vec<f64>, ValueError> {
        let floats: Option<Vec<f64>> = self.list(name)?.iter().map(Value::as_f64).collect();
        floats.ok_or_else(|| kind(name, &self.0[name], "a list of numbers"))
    }

    /// The canonical key of the configuration: 32 hexadecimal digits, equal exactly where all values are.
    ///
    /// It is the head of the SHA-256 of the canonical JSON, so it can be recomputed by anybody.
    pub fn key(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_else(|_| format!("{self:?}"));
        let digest = Sha256::digest(json.as_bytes());
        digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    fn required(&self, name: &str) -> Result<&Value, ValueError> {
        self.get(name).ok_or_else(|| ValueError::Absent(name.to_owned()))
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            write!(f, "{gap}{name}={value}")?;
        }
        Ok(())
    }
}

fn kind(name: &str, value: &Value, expected: &'static str) -> ValueError {
    ValueError::Kind { name: name.to_owned(), value: value.clone(), expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_the_kind_and_the_last_bit() {
        let json = r#"{"a":true,"b":3,"c":3.0,"d":"x","e":0.30000000000000004,"f":[64,32.0,[]]}"#;
        let params: Params = serde_json::from_str(json).unwrap();
        assert_eq!(params.get("b"), Some(&Value::Int(3)));
        assert_eq!(params.get("c"), Some(&Value::Float(3.0)));
        assert_eq!(serde_json::to_string(&params).unwrap(), json);
    }

    #[test]
    fn keys_tell_configurations_apart() {
        let mut a = Params::default();
        a.set("lr", 0.1);
        let mut b = a.clone();
        assert_eq!(a.key(), b.key());
        b.set("lr", 0.2);
        assert_ne!(a.key(), b.key());
        assert_eq!(a.key().len(), 32);
    }

    #[test]
    fn a_wrong_kind_is_named() {
        let mut params = Params::default();
        params.set("layers", 2.5);
        assert_eq!(params.int("layers").unwrap_err().to_string(), "parameter `layers` is 2.5, expected a whole number");
        assert_eq!(params.text("model").unwrap_err().to_string(), "parameter `model` is not set");
        params.set("widths", vec![Value::Int(64), Value::Int(32)]);
        assert_eq!(params.sizes("widths").unwrap(), [64, 32]);
        assert_eq!(params.floats("widths").unwrap(), [64.0, 32.0]);
        params.set("widths", vec![Value::Int(64), Value::Int(-1)]);
        let message = "parameter `widths` is [64, -1], expected a list of whole numbers from 0";
        assert_eq!(params.sizes("widths").unwrap_err().to_string(), message);
    }
}
