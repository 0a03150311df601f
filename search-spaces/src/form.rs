//! How a parameter is written in TOML and JSON.

use serde::{Deserialize, Serialize};

use crate::condition::Condition;
use crate::domain::{Domain, Length, MAX_LIST, Rule, Scale};
use crate::prior::Prior;
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
/// | `list` | `len` (a number, `{ low, high }`, or the name of an earlier list or whole number), `item` (a form); `rule` |
///
/// Every type takes `default`, `prior`, `when`, `doc` and `source`. Parameters are written as a table of these (people
/// do), or as a list in which each has its `name` (programs do: JSON objects have no order).
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
    /// How long a list is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub len: Option<LengthForm>,
    /// Values of a list's items: a type and its keys, nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Box<ParameterForm>>,
    /// What holds between a list's items: `non_increasing`, `non_decreasing`, `constant`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Value of the default configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// Where good values are expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior: Option<Prior>,
    /// When the parameter exists.
    #[serde(default, skip_serializing_if = "Condition::is_empty")]
    pub when: Condition,
    /// One line for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// Where the range comes from, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// How the length of a list is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LengthForm {
    /// Always so many items.
    Exactly(u64),
    /// Within closed bounds.
    Between {
        /// Fewest items.
        low: u64,
        /// Most items.
        high: u64,
    },
    /// As many as this earlier list has, or as this earlier whole number says.
    As(String),
}

/// Names of the types.
pub const TYPES: [&str; 6] = ["float", "int", "categorical", "ordinal", "bool", "list"];

impl ParameterForm {
    /// The form of a fixed value: a choice of one.
    pub fn fixed(value: Value) -> ParameterForm {
        ParameterForm {
            kind: "categorical".to_owned(),
            choices: Some(vec![value.clone()]),
            default: Some(value),
            ..ParameterForm::default()
        }
    }

    /// Checks the form on its own; what depends on other parameters is checked by [`crate::SearchSpace::new`].
    ///
    /// # Errors
    /// [`SpaceError::Parameter`] with the key at fault in backticks.
    pub fn build(self, name: &str) -> Result<Parameter, SpaceError> {
        self.parameter(name).map_err(|message| SpaceError::Parameter { name: name.to_owned(), message })
    }

    fn parameter(self, name: &str) -> Result<Parameter, String> {
        let domain = self.domain()?;
        let default = self.default.map(|value| domain.conform(value));
        if let Some(value) = default.as_ref().filter(|value| !domain.contains(value)) {
            return Err(format!("its `default` {value} is not {}", domain.describe()));
        }
        let prior = self.prior.map(|prior| prior.fitted(&domain)).transpose()?;
        let (when, doc, source) = (self.when, self.doc, self.source);
        Ok(Parameter { name: name.to_owned(), domain, default, prior, when, doc, source })
    }

    fn domain(&self) -> Result<Domain, String> {
        let scale = if self.log { Scale::Log } else { Scale::Linear };
        let allowed: &[&str] = match self.kind.as_str() {
            "float" | "int" => &["low", "high", "log", "step"],
            "categorical" | "cat" => &["choices"],
            "ordinal" => &["values"],
            "bool" => &[],
            "list" => &["len", "item", "rule"],
            other => return Err(format!("its `type` {other:?} is not known; the types are {}", TYPES.join(", "))),
        };
        let given = [
            ("low", self.low.is_some()),
            ("high", self.high.is_some()),
            ("log", self.log),
            ("step", self.step.is_some()),
            ("choices", self.choices.is_some()),
            ("values", self.values.is_some()),
            ("len", self.len.is_some()),
            ("item", self.item.is_some()),
            ("rule", self.rule.is_some()),
        ];
        if let Some((key, _)) = given.iter().find(|(key, set)| *set && !allowed.contains(key)) {
            let takes = if allowed.is_empty() { "nothing else".to_owned() } else { allowed.join(", ") };
            return Err(format!("`{key}` does not go with type {:?}, which takes {takes}", self.kind));
        }
        match self.kind.as_str() {
            "float" => {
                let low = number(self.low.as_ref(), "low")?;
                let high = number(self.high.as_ref(), "high")?;
                if low > high {
                    return Err(format!("its `low` {low} is above its `high` {high}; swap them"));
                }
                if !(high - low).is_finite() {
                    return Err(format!(
                        "its `low` {low:e} and its `high` {high:e} are too far apart to be told apart between"
                    ));
                }
                if self.log && low <= 0.0 {
                    return Err(format!("a `log` scale needs a `low` above 0, and it is {low}"));
                }
                let step = self.step.as_ref().map(|step| number(Some(step), "step")).transpose()?;
                match step {
                    Some(_) if self.log => {
                        Err("its `step` does not go with a log scale; leave one of them out".to_owned())
                    }
                    Some(step) if step <= 0.0 || (high - low) / step > 1e9 => {
                        Err(format!("its `step` {step} must be above 0 and give at most a billion values"))
                    }
                    step => Ok(Domain::Float { low, high, scale, step }),
                }
            }
            "int" => {
                let low = whole(self.low.as_ref(), "low")?;
                let high = whole(self.high.as_ref(), "high")?;
                if low > high {
                    return Err(format!("its `low` {low} is above its `high` {high}; swap them"));
                }
                if self.log && low < 1 {
                    return Err(format!("a `log` scale needs a `low` from 1, and it is {low}"));
                }
                let step = self.step.as_ref().map(|step| whole(Some(step), "step")).transpose()?.unwrap_or(1);
                match step {
                    ..=0 => Err(format!("its `step` {step} must be at least 1")),
                    2.. if self.log => Err("its `step` does not go with a log scale; leave one of them out".to_owned()),
                    _ => Ok(Domain::Int { low, high, scale, step }),
                }
            }
            "categorical" | "cat" => Ok(Domain::Categorical { choices: list(self.choices.as_deref(), "choices")? }),
            "ordinal" => Ok(Domain::Ordinal { values: list(self.values.as_deref(), "values")? }),
            "list" => self.list(),
            _ => Ok(Domain::Bool),
        }
    }

    fn list(&self) -> Result<Domain, String> {
        let len = match self.len.clone().ok_or("its `len` is missing, such as 3, { low = 1, high = 4 } or \"depth\"")? {
            LengthForm::Exactly(length) => Length::Between { low: length, high: length },
            LengthForm::Between { low, high } => Length::Between { low, high },
            LengthForm::As(name) => Length::As(name),
        };
        if let Length::Between { low, high } = &len {
            if low > high {
                return Err(format!("its `len` has its low {low} above its high {high}; swap them"));
            }
            if *high == 0 || *high > MAX_LIST {
                return Err(format!("its `len` goes up to {high}; a list may hold 1 to {MAX_LIST} items"));
            }
        }
        let form =
            self.item.as_deref().ok_or("its `item` is missing, such as { type = \"int\", low = 8, high = 512 }")?;
        let plain = ParameterForm { kind: form.kind.clone(), ..ParameterForm::default() };
        let own = ParameterForm {
            low: None,
            high: None,
            log: false,
            step: None,
            choices: None,
            values: None,
            len: None,
            item: None,
            rule: None,
            ..form.clone()
        };
        if own != plain {
            return Err("its `item` takes a type and its range; default, prior, when and doc are the list's".to_owned());
        }
        let item = match form.domain() {
            Ok(Domain::List { .. }) => return Err("its `item` is a list; lists of lists are not searched".to_owned()),
            Ok(domain) => domain,
            Err(message) => return Err(format!("its `item`: {message}")),
        };
        let rules = Rule::ALL.map(|(name, _)| name).join(", ");
        let rule = match &self.rule {
            None => None,
            Some(name) => match Rule::ALL.iter().find(|(known, _)| known == name) {
                Some((_, rule)) => Some(*rule),
                None => return Err(format!("its `rule` {name:?} is not known; the rules are {rules}")),
            },
        };
        let ordered = matches!(item, Domain::Float { .. } | Domain::Int { .. } | Domain::Ordinal { .. });
        if !ordered && matches!(rule, Some(Rule::NonIncreasing | Rule::NonDecreasing)) {
            return Err("its `rule` needs items in an order: float, int or ordinal".to_owned());
        }
        Ok(Domain::List { len, item: Box::new(item), rule })
    }
}

impl From<Parameter> for ParameterForm {
    fn from(parameter: Parameter) -> Self {
        ParameterForm {
            name: Some(parameter.name),
            default: parameter.default,
            prior: parameter.prior,
            when: parameter.when,
            doc: parameter.doc,
            source: parameter.source,
            ..ParameterForm::from(parameter.domain)
        }
    }
}

impl From<Domain> for ParameterForm {
    fn from(domain: Domain) -> Self {
        let of = |kind: &str| ParameterForm { kind: kind.to_owned(), ..ParameterForm::default() };
        match domain {
            Domain::Float { low, high, scale, step } => ParameterForm {
                low: Some(low.into()),
                high: Some(high.into()),
                log: scale == Scale::Log,
                step: step.map(Value::Float),
                ..of("float")
            },
            Domain::Int { low, high, scale, step } => ParameterForm {
                low: Some(low.into()),
                high: Some(high.into()),
                log: scale == Scale::Log,
                step: (step != 1).then_some(Value::Int(step)),
                ..of("int")
            },
            Domain::Categorical { choices } => ParameterForm { choices: Some(choices), ..of("categorical") },
            Domain::Ordinal { values } => ParameterForm { values: Some(values), ..of("ordinal") },
            Domain::Bool => of("bool"),
            Domain::List { len, item, rule } => ParameterForm {
                len: Some(match len {
                    Length::Between { low, high } if low == high => LengthForm::Exactly(low),
                    Length::Between { low, high } => LengthForm::Between { low, high },
                    Length::As(name) => LengthForm::As(name),
                }),
                item: Some(Box::new(ParameterForm::from(*item))),
                rule: rule.map(|rule| rule.name().to_owned()),
                ..of("list")
            },
        }
    }
}

fn number(value: Option<&Value>, key: &str) -> Result<f64, String> {
    let value = value.ok_or_else(|| format!("its `{key}` is missing; give a number"))?;
    match value.as_f64() {
        Some(number) if number.is_finite() => Ok(number),
        _ => Err(format!("its `{key}` is {value}; it must be a finite number")),
    }
}

fn whole(value: Option<&Value>, key: &str) -> Result<i64, String> {
    match value.ok_or_else(|| format!("its `{key}` is missing; give a whole number"))? {
        // Beyond 2^53 a float cannot tell whole numbers apart, and no hyperparameter is that large.
        Value::Int(number) if number.unsigned_abs() <= 1 << 53 => Ok(*number),
        other => Err(format!("its `{key}` is {other}; it must be a whole number")),
    }
}

fn list(values: Option<&[Value]>, key: &str) -> Result<Vec<Value>, String> {
    let values = values.ok_or_else(|| format!("its `{key}` are missing, such as [\"a\", \"b\"]"))?;
    if values.is_empty() {
        return Err(format!("its `{key}` are empty; give at least one"));
    }
    for (index, value) in values.iter().enumerate() {
        if !value.is_finite() {
            return Err(format!("its `{key}` hold {value}; they must be finite"));
        }
        if values[..index].iter().any(|earlier| earlier.same(value)) {
            return Err(format!("its `{key}` list {value} twice; remove one"));
        }
    }
    Ok(values.to_vec())
}
