//! Conditions: when a parameter exists.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::Domain;
use crate::params::Params;
use crate::value::Value;

/// All named parents must be active and pass their test; their order says nothing. Empty: always true.
///
/// ```
/// use seqtune_space::{Condition, Params};
///
/// let when: Condition = serde_json::from_str(r#"{"model": ["lstm", "gru"], "layers": {"at_least": 2}}"#)?;
/// let mut params = Params::default();
/// params.set("model", "lstm");
/// assert!(!when.holds(&params), "layers is not set");
/// params.set("layers", 2);
/// assert!(when.holds(&params));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Condition(pub BTreeMap<String, Test>);

/// What the value of a parent must be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Test {
    /// One of these values. Read first: a list of values is no value of a parent.
    OneOf(Vec<Value>),
    /// Exactly this value.
    Is(Value),
    /// A number within closed bounds.
    Range(Bounds),
}

/// Closed numeric bounds of a condition; at least one of the two is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// Smallest value that passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// Largest value that passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
}

impl Condition {
    /// Whether the condition holds at a point that has the earlier parameters.
    pub fn holds(&self, params: &Params) -> bool {
        self.0.iter().all(|(parent, test)| params.get(parent).is_some_and(|value| test.passes(value)))
    }

    /// The condition in words: `` `model` is "lstm" or "gru" and `layers` is at least 2 ``.
    pub fn in_words(&self) -> String {
        let list = |values: &[Value]| values.iter().map(Value::to_string).collect::<Vec<_>>().join(" or ");
        let test = |(parent, test): (&String, &Test)| match test {
            Test::Is(value) => format!("`{parent}` is {value}"),
            Test::OneOf(values) => format!("`{parent}` is {}", list(values)),
            Test::Range(Bounds { at_least: Some(low), at_most: Some(high) }) => {
                format!("`{parent}` is from {low} to {high}")
            }
            Test::Range(Bounds { at_least: Some(low), .. }) => format!("`{parent}` is at least {low}"),
            Test::Range(Bounds { at_most, .. }) => {
                format!("`{parent}` is at most {}", at_most.unwrap_or(f64::INFINITY))
            }
        };
        self.0.iter().map(test).collect::<Vec<_>>().join(" and ")
    }

    /// Whether the parameter always exists.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Test {
    /// Whether a parent's value passes.
    pub fn passes(&self, value: &Value) -> bool {
        match self {
            Test::Is(wanted) => wanted.same(value),
            Test::OneOf(wanted) => wanted.iter().any(|one| one.same(value)),
            Test::Range(bounds) => value.as_f64().is_some_and(|number| {
                bounds.at_least.is_none_or(|low| low <= number) && bounds.at_most.is_none_or(|high| number <= high)
            }),
        }
    }

    /// Whether some value of a parent's domain passes.
    pub fn can_pass(&self, domain: &Domain) -> bool {
        let bounds = match (self, domain) {
            (Test::Range(bounds), Domain::Float { low, high, .. }) => Some((bounds, *low, *high)),
            (Test::Range(bounds), Domain::Int { low, high, .. }) => Some((bounds, *low as f64, *high as f64)),
            _ => None,
        };
        match (bounds, domain) {
            (Some((bounds, low, high)), _) => {
                bounds.at_least.unwrap_or(low).max(low) <= bounds.at_most.unwrap_or(high).min(high)
            }
            (None, Domain::Categorical { choices: values } | Domain::Ordinal { values }) => {
                values.iter().any(|value| self.passes(value))
            }
            (None, Domain::Bool) => [true, false].into_iter().any(|value| self.passes(&Value::Bool(value))),
            (None, _) => self.listed().iter().any(|value| domain.contains(&domain.conform(value.clone()))),
        }
    }

    /// The test that passes where both do; `None` where that is nowhere.
    pub fn and(&self, other: &Test) -> Option<Test> {
        let larger = |a: Option<f64>, b: Option<f64>| a.into_iter().chain(b).reduce(f64::max);
        let smaller = |a: Option<f64>, b: Option<f64>| a.into_iter().chain(b).reduce(f64::min);
        let (listed, filter) = match (self, other) {
            (Test::Range(a), Test::Range(b)) => {
                let both = Bounds { at_least: larger(a.at_least, b.at_least), at_most: smaller(a.at_most, b.at_most) };
                let empty = matches!(both, Bounds { at_least: Some(low), at_most: Some(high) } if low > high);
                return (!empty).then_some(Test::Range(both));
            }
            (Test::Range(_), listed) => (listed, self),
            (listed, filter) => (listed, filter),
        };
        let passing: Vec<Value> = listed.listed().iter().filter(|value| filter.passes(value)).cloned().collect();
        match passing.as_slice() {
            [] => None,
            [only] => Some(Test::Is(only.clone())),
            _ => Some(Test::OneOf(passing)),
        }
    }

    /// The values that a categorical parent must have, where the test lists them.
    pub(crate) fn listed(&self) -> &[Value] {
        match self {
            Test::Is(value) => std::slice::from_ref(value),
            Test::OneOf(values) => values,
            Test::Range(_) => &[],
        }
    }
}
