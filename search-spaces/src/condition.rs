//! Conditions: when a parameter exists.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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

    /// The values that a categorical parent must have, where the test lists them.
    pub(crate) fn listed(&self) -> &[Value] {
        match self {
            Test::Is(value) => std::slice::from_ref(value),
            Test::OneOf(values) => values,
            Test::Range(_) => &[],
        }
    }
}
