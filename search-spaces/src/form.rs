//! How a parameter is written in TOML and JSON.

use serde::{Deserialize, Serialize};

use crate::condition::Condition;
use crate::domain::{Domain, Scale};
use crate::space::{Parameter, SpaceError};
use crate::value::Value;

/// A parameter as it is written: `{ type = "float", low = 1e-4, high = 0.1, log = true }`.
///
/// | `type` | keys |
/// |---|---|
/// | `float` | `low`, `high`; `log`; `step` |
/// | `int` | `low`, `high`; `log`; `step` |
/// | `categorical` (or `cat`) | `choices` |
/// | `ordinal` | `values` |
/// | `bool` | |
///
/// Every type takes `default`, `when` and `doc`. Parameters are written as a table of these (people do), or as a list
/// in which each has its `name` (programs do: JSON objects have no order).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterForm {
    /// Its name, where parameters are written as a list; in a table it is the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The kind of domain.
    #[serde(rename = "type")]
    pub kind: String,
    /// Smallest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<Value>,
    /// Largest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<Value>,
    /// Spread evenly in the logarithm.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub log: bool,
    /// Grid, counted from `low`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Value>,
    /// Choices without an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choices: Option<Vec<Value>>,
    /// Choices in an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Value>>,
    /// Value of the default configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// When the parameter exists.
    #[serde(default, skip_serializing_if = "Condition::is_empty")]
    pub when: Condition,
    /// One line for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

impl ParameterForm {
    /// Checks the form on its own; what depends on other parameters is checked by [`crate::SearchSpace::new`].
    pub fn build(self, name: &str) -> Result<Parameter, SpaceError> {
        let domain = self.domain().map_err(|message| SpaceError::Parameter { name: name.to_owned(), message })?;
        let default = self.default.map(|value| domain.conform(value));
        if let Some(value) = default.as_ref().filter(|value| !domain.contains(value)) {
            return Err(SpaceError::Parameter {
                name: name.to_owned(),
                message: format!("its default {value} is not {}", domain.describe()),
            });
        }
        Ok(Parameter { name: name.to_owned(), domain, default, when: self.when, doc: self.doc })
    }

    fn domain(&self) -> Result<Domain, String> {
        let scale = if self.log { Scale::Log } else { Scale::Linear };
        let allowed: &[&str] = match self.kind.as_str() {
            "float" | "int" => &["low", "high", "log", "step"],
            "categorical" | "cat" => &["choices"],
            "ordinal" => &["values"],
            "bool" => &[],
            other => {
                return Err(format!(
                    "its type {other:?} is not known; the types are float, int, categorical, ordinal and bool"
                ));
            }
        };
        let given = [
            ("low", self.low.is_some()),
            ("high", self.high.is_some()),
            ("log", self.log),
            ("step", self.step.is_some()),
            ("choices", self.choices.is_some()),
            ("values", self.values.is_some()),
        ];
        if let Some((key, _)) = given.iter().find(|(key, set)| *set && !allowed.contains(key)) {
            return Err(format!("`{key}` does not go with type {:?}", self.kind));
        }
        match self.kind.as_str() {
            "float" => {
                let low = number(self.low.as_ref(), "low")?;
                let high = number(self.high.as_ref(), "high")?;
                if low > high {
                    return Err(format!("its low {low} is above its high {high}"));
                }
                if self.log && low <= 0.0 {
                    return Err(format!("a log scale needs low above 0, and low is {low}"));
                }
                let step = self.step.as_ref().map(|step| number(Some(step), "step")).transpose()?;
                match step {
                    Some(_) if self.log => Err("`step` does not go with `log`".to_owned()),
                    Some(step) if step <= 0.0 || (high - low) / step > 1e9 => {
                        Err(format!("its step {step} must be above 0 and give at most a billion values"))
                    }
                    step => Ok(Domain::Float { low, high, scale, step }),
                }
            }
            "int" => {
                let low = whole(self.low.as_ref(), "low")?;
                let high = whole(self.high.as_ref(), "high")?;
                if low > high {
                    return Err(format!("its low {low} is above its high {high}"));
                }
                if self.log && low < 1 {
                    return Err(format!("a log scale needs low from 1, and low is {low}"));
                }
                let step = self.step.as_ref().map(|step| whole(Some(step), "step")).transpose()?.unwrap_or(1);
                match step {
                    ..=0 => Err(format!("its step {step} must be at least 1")),
                    2.. if self.log => Err("`step` does not go with `log`".to_owned()),
                    _ => Ok(Domain::Int { low, high, scale, step }),
                }
            }
            "categorical" | "cat" => Ok(Domain::Categorical { choices: list(self.choices.as_deref(), "choices")? }),
            "ordinal" => Ok(Domain::Ordinal { values: list(self.values.as_deref(), "values")? }),
            _ => Ok(Domain::Bool),
        }
    }
}

impl From<Parameter> for ParameterForm {
    fn from(parameter: Parameter) -> Self {
        let mut form = ParameterForm {
            name: Some(parameter.name),
            default: parameter.default,
            when: parameter.when,
            doc: parameter.doc,
            ..ParameterForm::default()
        };
        match parameter.domain {
            Domain::Float { low, high, scale, step } => {
                form.kind = "float".to_owned();
                form.low = Some(low.into());
                form.high = Some(high.into());
                form.log = scale == Scale::Log;
                form.step = step.map(Value::Float);
            }
            Domain::Int { low, high, scale, step } => {
                form.kind = "int".to_owned();
                form.low = Some(low.into());
                form.high = Some(high.into());
                form.log = scale == Scale::Log;
                form.step = (step != 1).then_some(Value::Int(step));
            }
            Domain::Categorical { choices } => {
                form.kind = "categorical".to_owned();
                form.choices = Some(choices);
            }
            Domain::Ordinal { values } => {
                form.kind = "ordinal".to_owned();
                form.values = Some(values);
            }
            Domain::Bool => form.kind = "bool".to_owned(),
        }
        form
    }
}

fn number(value: Option<&Value>, key: &str) -> Result<f64, String> {
    let value = value.ok_or_else(|| format!("`{key}` is missing"))?;
    match value.as_f64() {
        Some(number) if number.is_finite() => Ok(number),
        _ => Err(format!("`{key}` is {value}, expected a finite number")),
    }
}

fn whole(value: Option<&Value>, key: &str) -> Result<i64, String> {
    match value.ok_or_else(|| format!("`{key}` is missing"))? {
        // Beyond 2^53 a float cannot tell whole numbers apart, and no hyperparameter is that large.
        Value::Int(number) if number.unsigned_abs() <= 1 << 53 => Ok(*number),
        other => Err(format!("`{key}` is {other}, expected a whole number")),
    }
}

fn list(values: Option<&[Value]>, key: &str) -> Result<Vec<Value>, String> {
    let values = values.ok_or_else(|| format!("`{key}` is missing"))?;
    if values.is_empty() {
        return Err(format!("`{key}` is empty"));
    }
    for (index, value) in values.iter().enumerate() {
        if matches!(value, Value::Float(number) if !number.is_finite()) {
            return Err(format!("`{key}` holds {value}, expected finite numbers"));
        }
        if values[..index].iter().any(|earlier| earlier.same(value)) {
            return Err(format!("`{key}` lists {value} twice"));
        }
    }
    Ok(values.to_vec())
}
