//! The search space: parameters in declaration order, forming a tree of conditions, and the constraints between them.

mod counting;
mod encoding;
mod neighbours;
mod restricted;
mod written;

use serde::{Deserialize, Serialize};

pub use encoding::{Dimension, Grain, Part};

use crate::condition::{Condition, Test};
use crate::constraint::{Constraint, ConstraintError, Held};
use crate::domain::{Domain, Length, MAX_LIST};
use crate::params::Params;
use crate::prior::Prior;
use crate::value::Value;

/// The most parameters that a space may hold: more than anybody searches, and few enough to be looked at one by one.
pub const MAX_PARAMETERS: usize = 1000;

/// Words that stand for something else where a space is written as a table.
pub const RESERVED: [&str; 2] = ["constraints", "extends"];

/// One parameter of a space.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name, unique in the space.
    pub name: String,
    /// Its values.
    pub domain: Domain,
    /// Its value in the default configuration, where one is declared.
    pub default: Option<Value>,
    /// Where good values are expected, where somebody has a guess.
    pub prior: Option<Prior>,
    /// When it exists.
    pub when: Condition,
    /// One line for people.
    pub doc: Option<String>,
    /// Where its range comes from, for people.
    pub source: Option<String>,
}

impl Parameter {
    /// A parameter that always exists, without a default.
    pub fn new(name: impl Into<String>, domain: Domain) -> Parameter {
        let when = Condition::default();
        Parameter { name: name.into(), domain, default: None, prior: None, when, doc: None, source: None }
    }

    /// Whether it exists at a point that has the earlier parameters: its condition holds, and where its length is
    /// another parameter's, that one exists.
    pub fn is_active(&self, params: &Params) -> bool {
        self.length_parent().is_none_or(|other| params.get(other).is_some()) && self.when.holds(params)
    }

    /// The parameter that says how long it is.
    fn length_parent(&self) -> Option<&str> {
        match &self.domain {
            Domain::List { len: Length::As(other), .. } => Some(other),
            _ => None,
        }
    }

    /// How long it is at a point where that is another parameter's to say.
    fn length_at(&self, params: &Params) -> Option<usize> {
        match params.get(self.length_parent()?)? {
            Value::Int(length) => usize::try_from(*length).ok(),
            Value::List(items) => Some(items.len()),
            _ => None,
        }
    }

    /// The default as it fits a point: a list whose length is another parameter's is cut, or its last item repeated.
    pub fn default_at(&self, params: &Params) -> Option<Value> {
        self.default.clone().map(|default| self.fitted(default, params))
    }

    fn fitted(&self, value: Value, params: &Params) -> Value {
        match (value, self.length_at(params)) {
            (Value::List(mut items), Some(length)) => {
                let last = match (items.last(), &self.domain) {
                    (Some(last), _) => last.clone(),
                    (None, Domain::List { item, .. }) => item.decode(0.5),
                    (None, _) => return Value::List(items),
                };
                items.resize(length, last);
                Value::List(items)
            }
            (value, _) => value,
        }
    }
}

/// A space that cannot be searched, or a point that is not in it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SpaceError {
    /// A parameter's declaration is wrong.
    #[error("parameter `{name}`: {message}")]
    Parameter {
        /// The parameter.
        name: String,
        /// What is wrong, continuing the sentence. Keys of the declaration stand in backticks.
        message: String,
    },
    /// A constraint is wrong.
    #[error("the constraint `{text}`: {error}")]
    Constraint {
        /// The constraint as written.
        text: String,
        /// What is wrong with it.
        error: ConstraintError,
    },
    /// A point names a parameter that the space does not have.
    #[error("there is no parameter `{name}`")]
    Unknown {
        /// The name as given.
        name: String,
    },
    /// A point lacks a parameter that is active there.
    #[error("parameter `{name}` is missing; it must be {expected}")]
    Missing {
        /// The parameter.
        name: String,
        /// Its domain in words.
        expected: String,
    },
    /// A point sets a parameter that is not active there.
    #[error("parameter `{name}` is set, but it exists only when {condition}")]
    Inactive {
        /// The parameter.
        name: String,
        /// Its condition in words.
        condition: String,
    },
    /// A value lies outside its domain.
    #[error("parameter `{name}` is {value}; it must be {expected}")]
    Outside {
        /// The parameter.
        name: String,
        /// The value as given.
        value: Value,
        /// Its domain in words.
        expected: String,
    },
    /// A point breaks a constraint.
    #[error("the point breaks the constraint `{text}` ({values}){reason}")]
    Broken {
        /// The constraint.
        text: String,
        /// The values that it looks at: "dim = 64, heads = 3".
        values: String,
        /// Why it has no value there, after a colon; empty where it is simply false.
        reason: String,
    },
    /// A unit vector of another length than the space has dimensions.
    #[error("the space has {expected} dimensions, and the unit vector has {found} entries")]
    Length {
        /// Dimensions of the space.
        expected: usize,
        /// Entries given.
        found: usize,
    },
}

/// Parameters in declaration order, and constraints between them. Always a tree: a condition names only earlier
/// parameters.
///
/// Written as a list of parameters with their names, then constraints as `{"constraint": "a <= b"}`. Read as that, or as
/// a table from name to parameter with the constraints under the key `constraints`; a bare value there is fixed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "written::Written", into = "written::Written")]
pub struct SearchSpace {
    parameters: Vec<Parameter>,
    constraints: Vec<Constraint>,
    /// Follows from the parameters.
    dimensions: Vec<Dimension>,
}

impl SearchSpace {
    /// A space without constraints.
    ///
    /// # Errors
    /// [`SpaceError::Parameter`] where a name, a condition or a length is wrong.
    pub fn new(parameters: Vec<Parameter>) -> Result<SearchSpace, SpaceError> {
        SearchSpace::with_constraints(parameters, Vec::new())
    }

    /// A space with constraints.
    ///
    /// # Errors
    /// [`SpaceError::Parameter`] or [`SpaceError::Constraint`] with what is wrong.
    pub fn with_constraints(
        parameters: Vec<Parameter>,
        constraints: Vec<Constraint>,
    ) -> Result<SearchSpace, SpaceError> {
        if let Some(beyond) = parameters.get(MAX_PARAMETERS) {
            let message = format!("it is one too many; a space may hold {MAX_PARAMETERS} parameters");
            return Err(SpaceError::Parameter { name: beyond.name.clone(), message });
        }
        for (index, parameter) in parameters.iter().enumerate() {
            check_declaration(parameter, &parameters[..index], &parameters[index..])
                .map_err(|message| SpaceError::Parameter { name: parameter.name.clone(), message })?;
        }
        for constraint in &constraints {
            constraint
                .check(&parameters)
                .map_err(|error| SpaceError::Constraint { text: constraint.text().to_owned(), error })?;
        }
        let dimensions = encoding::dimensions(&parameters);
        Ok(SearchSpace { parameters, constraints, dimensions })
    }

    /// The parameters in declaration order.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The constraints in declaration order.
    pub fn constraints(&self) -> &[Constraint] {
        &self.constraints
    }

    /// A parameter by name.
    pub fn get(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// How many parameters there are, active or not.
    pub fn len(&self) -> usize {
        self.parameters.len()
    }

    /// Whether there is nothing to search.
    pub fn is_empty(&self) -> bool {
        self.parameters.is_empty()
    }

    /// Checks that a point has exactly the active parameters, each within its domain, and satisfies the constraints;
    /// numbers take the kind of their domain.
    pub fn check(&self, mut params: Params) -> Result<Params, SpaceError> {
        let mut checked = Params::default();
        for parameter in &self.parameters {
            let given = params.0.remove(&parameter.name);
            match (given, parameter.is_active(&checked)) {
                (Some(value), true) => {
                    let value = parameter.domain.conform(value);
                    let length = parameter.length_at(&checked);
                    let fits = length.is_none_or(|length| value.as_list().is_some_and(|items| items.len() == length));
                    if !fits || !parameter.domain.contains(&value) {
                        let expected = match length {
                            Some(length) => format!("{} ({length})", parameter.domain.describe()),
                            None => parameter.domain.describe(),
                        };
                        return Err(SpaceError::Outside { name: parameter.name.clone(), value, expected });
                    }
                    checked.set(&parameter.name, value);
                }
                (None, true) => {
                    return Err(SpaceError::Missing {
                        name: parameter.name.clone(),
                        expected: parameter.domain.describe(),
                    });
                }
                (Some(_), false) => {
                    let condition = match parameter.length_parent() {
                        Some(other) if checked.get(other).is_none() => format!("`{other}` does"),
                        _ => parameter.when.in_words(),
                    };
                    return Err(SpaceError::Inactive { name: parameter.name.clone(), condition });
                }
                (None, false) => {}
            }
        }
        match params.0.into_keys().next() {
            Some(name) => Err(SpaceError::Unknown { name }),
            None => self.allows(&checked).map(|()| checked),
        }
    }

    /// Whether a point of the parameters' domains satisfies the constraints.
    ///
    /// # Errors
    /// [`SpaceError::Broken`] with the first that it breaks.
    pub fn allows(&self, params: &Params) -> Result<(), SpaceError> {
        for constraint in &self.constraints {
            let reason = match constraint.held(params) {
                Held::Yes => continue,
                Held::No => String::new(),
                Held::Unknown(reason) => format!(": {reason}"),
            };
            let (text, values) = (constraint.text().to_owned(), constraint.values(params));
            return Err(SpaceError::Broken { text, values, reason });
        }
        Ok(())
    }

    /// The default configuration: declared defaults of the parameters that are active there. `None` where an active
    /// parameter declares none, or the defaults break a constraint.
    pub fn defaults(&self) -> Option<Params> {
        self.complete(&Params::default()).ok()
    }

    /// The given values with the defaults of the other active parameters.
    ///
    /// # Errors
    /// A name or value that the space does not have, an active parameter that is neither given nor has a default, or a
    /// constraint that the point breaks.
    pub fn complete(&self, given: &Params) -> Result<Params, SpaceError> {
        let mut params = Params::default();
        for parameter in &self.parameters {
            let value = match given.get(&parameter.name) {
                Some(value) => Some(value.clone()),
                None if parameter.is_active(&params) => parameter.default_at(&params),
                None => None,
            };
            if let Some(value) = value {
                params.set(&parameter.name, parameter.domain.conform(value));
            }
        }
        for (name, value) in given.iter().filter(|(name, _)| self.get(name).is_none()) {
            params.set(name, value.clone());
        }
        self.check(params)
    }
}

impl SearchSpace {
    /// The part of the space that its constraints look at: the parameters that they name, and those on which these
    /// hang. Random points satisfy the constraints here as often as in the whole space.
    pub fn constrained_part(&self) -> SearchSpace {
        let mut named: Vec<&str> = self.constraints.iter().flat_map(Constraint::names).map(String::as_str).collect();
        // A parent stands before its children, so one pass from the end finds all of them.
        for parameter in self.parameters.iter().rev().filter(|p| !p.when.is_empty() || p.length_parent().is_some()) {
            if named.contains(&parameter.name.as_str()) {
                named.extend(parameter.when.0.keys().map(String::as_str).chain(parameter.length_parent()));
            }
        }
        let kept = self.parameters.iter().filter(|parameter| named.contains(&parameter.name.as_str()));
        let parameters: Vec<Parameter> = kept.cloned().collect();
        let dimensions = encoding::dimensions(&parameters);
        SearchSpace { parameters, constraints: self.constraints.clone(), dimensions }
    }
}

fn check_declaration(parameter: &Parameter, before: &[Parameter], after: &[Parameter]) -> Result<(), String> {
    let name = &parameter.name;
    if name.is_empty() || name.contains(char::is_whitespace) || name.contains('`') {
        return Err("a name must not be empty or hold white space or backticks".to_owned());
    }
    if RESERVED.contains(&name.as_str()) {
        return Err(format!("`{name}` is a word of the space itself; give the parameter another name"));
    }
    if before.iter().any(|earlier| earlier.name == *name) {
        return Err("it is declared twice".to_owned());
    }
    let earlier = |other: &str, what: &str| {
        before.iter().find(|earlier| earlier.name == other).ok_or_else(|| {
            if after.iter().any(|later| later.name == other) {
                format!("its {what} names `{other}`, which must be declared before it")
            } else {
                format!("its {what} names `{other}`, and there is no such parameter")
            }
        })
    };
    for (parent, test) in &parameter.when.0 {
        let declared = &earlier(parent, "condition")?.domain;
        if matches!(declared, Domain::List { .. }) {
            return Err(format!("its condition names the list `{parent}`, and conditions test single values"));
        }
        let reachable = |value: &Value| declared.contains(&declared.conform(value.clone()));
        if let Some(value) = test.listed().iter().find(|value| !reachable(value)) {
            return Err(format!(
                "its condition asks `{parent}` to be {value}, and it can only be {}",
                declared.describe()
            ));
        }
        if matches!(test, Test::Range(bounds) if bounds.at_least.is_none() && bounds.at_most.is_none()) {
            return Err(format!("its condition on `{parent}` needs at_least or at_most"));
        }
        if !test.can_pass(declared) {
            let words = Condition([(parent.clone(), test.clone())].into()).in_words();
            return Err(format!("it exists only when {words}, and it can only be {}", declared.describe()));
        }
    }
    if let Domain::List { len: Length::As(other), .. } = &parameter.domain {
        earlier(other, "`len`")?;
        match longest(parameter, before) {
            None => {
                return Err(format!("its `len` names `{other}`, which is neither a list nor a whole number from 0"));
            }
            Some(length) if length > MAX_LIST => {
                return Err(format!(
                    "its `len` names `{other}`, which goes up to {length}; a list may hold at most {MAX_LIST} items"
                ));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// How many items a list may hold at most, where `before` are the parameters that its length may be that of.
fn longest(parameter: &Parameter, before: &[Parameter]) -> Option<u64> {
    let Domain::List { len, .. } = &parameter.domain else { return None };
    let other = match len {
        Length::Between { high, .. } => return Some(*high),
        Length::As(other) => before.iter().find(|earlier| earlier.name == *other)?,
    };
    match &other.domain {
        Domain::Int { low, high, .. } if *low >= 0 => u64::try_from(*high).ok(),
        Domain::List { .. } => longest(other, before),
        Domain::Categorical { choices: values } | Domain::Ordinal { values } => {
            let length = |value: &Value| match value {
                Value::Int(number) => u64::try_from(*number).ok(),
                Value::List(items) => Some(items.len() as u64),
                _ => None,
            };
            values.iter().map(length).try_fold(0, |most, length| Some(length?.max(most)))
        }
        _ => None,
    }
}
