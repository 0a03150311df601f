//! Values of parameters, and points of a space.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The value of one parameter.
///
/// In TOML and JSON it is written as the plain boolean, number or string.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A finite number.
    Float(f64),
    /// A choice by name.
    Text(String),
}

impl Value {
    /// The value as a number: an integer or a float, `None` for the rest.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Int(value) => Some(*value as f64),
            Value::Float(value) => Some(*value),
            Value::Bool(_) | Value::Text(_) => None,
        }
    }

    /// Whether two values stand for the same choice: `1` and `1.0` do.
    pub fn same(&self, other: &Value) -> bool {
        match (self.as_f64(), other.as_f64()) {
            (Some(a), Some(b)) => a == b,
            _ => self == other,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(value) => write!(f, "{value}"),
            Value::Int(value) => write!(f, "{value}"),
            Value::Float(value) if *value != 0.0 && (value.abs() < 1e-4 || value.abs() >= 1e7) => {
                write!(f, "{value:e}")
            }
            Value::Float(value) => write!(f, "{value}"),
            Value::Text(value) => write!(f, "{value:?}"),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.to_owned())
    }
}

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
        let json = r#"{"a":true,"b":3,"c":3.0,"d":"x","e":0.30000000000000004}"#;
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
    }
}
