//! The search space: parameters in declaration order, forming a tree of conditions.

use std::fmt;

use indexmap::IndexMap;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::condition::{Condition, Test};
use crate::domain::Domain;
use crate::form::ParameterForm;
use crate::value::{Params, Value};

/// One parameter of a space.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name, unique in the space.
    pub name: String,
    /// Its values.
    pub domain: Domain,
    /// Its value in the default configuration, where one is declared.
    pub default: Option<Value>,
    /// When it exists.
    pub when: Condition,
    /// One line for people.
    pub doc: Option<String>,
}

/// A space that cannot be searched, or a point that is not in it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SpaceError {
    /// A parameter's declaration is wrong.
    #[error("parameter `{name}`: {message}")]
    Parameter {
        /// The parameter.
        name: String,
        /// What is wrong, continuing the sentence.
        message: String,
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
    /// A unit vector of another length than the space has parameters.
    #[error("the space has {expected} parameters, and the unit vector has {found} entries")]
    Length {
        /// Parameters of the space.
        expected: usize,
        /// Entries given.
        found: usize,
    },
}

/// Parameters in declaration order. Always a tree: a condition names only earlier parameters.
///
/// Written as a list of parameters with their names. Read as that, or as a table from name to parameter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Forms", into = "Vec<ParameterForm>")]
pub struct SearchSpace(Vec<Parameter>);

impl SearchSpace {
    /// Checks names and conditions. Errors name the parameter at fault.
    pub fn new(parameters: Vec<Parameter>) -> Result<SearchSpace, SpaceError> {
        for (index, parameter) in parameters.iter().enumerate() {
            let fail = |message: String| Err(SpaceError::Parameter { name: parameter.name.clone(), message });
            if parameter.name.is_empty() || parameter.name.contains(char::is_whitespace) {
                return fail("a name must not be empty or hold white space".to_owned());
            }
            if parameters[..index].iter().any(|earlier| earlier.name == parameter.name) {
                return fail("it is declared twice".to_owned());
            }
            for (parent, test) in &parameter.when.0 {
                let Some(earlier) = parameters[..index].iter().find(|earlier| earlier.name == *parent) else {
                    return fail(if parameters[index..].iter().any(|later| later.name == *parent) {
                        format!("its condition names `{parent}`, which must be declared before it")
                    } else {
                        format!("its condition names `{parent}`, and there is no such parameter")
                    });
                };
                let discrete =
                    matches!(earlier.domain, Domain::Categorical { .. } | Domain::Ordinal { .. } | Domain::Bool);
                let reachable = |value: &Value| earlier.domain.contains(&earlier.domain.conform(value.clone()));
                if let Some(value) = test.listed().iter().find(|value| discrete && !reachable(value)) {
                    return fail(format!(
                        "its condition asks `{parent}` to be {value}, and that is {}",
                        earlier.domain.describe()
                    ));
                }
                if matches!(test, Test::Range(bounds) if bounds.at_least.is_none() && bounds.at_most.is_none()) {
                    return fail(format!("its condition on `{parent}` needs at_least or at_most"));
                }
            }
        }
        Ok(SearchSpace(parameters))
    }

    /// The parameters in declaration order.
    pub fn parameters(&self) -> &[Parameter] {
        &self.0
    }

    /// A parameter by name.
    pub fn get(&self, name: &str) -> Option<&Parameter> {
        self.0.iter().find(|parameter| parameter.name == name)
    }

    /// How many parameters there are, active or not.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing to search.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The point at `unit`, one entry in `[0, 1)` per declared parameter; entries of inactive parameters are ignored.
    pub fn decode(&self, unit: &[f64]) -> Result<Params, SpaceError> {
        if unit.len() != self.len() {
            return Err(SpaceError::Length { expected: self.len(), found: unit.len() });
        }
        let mut params = Params::default();
        for (parameter, u) in self.0.iter().zip(unit) {
            if parameter.when.holds(&params) {
                params.set(&parameter.name, parameter.domain.decode(*u));
            }
        }
        Ok(params)
    }

    /// The unit vector of a point: one entry per declared parameter, `None` where it is inactive.
    pub fn encode(&self, params: &Params) -> Vec<Option<f64>> {
        self.0.iter().map(|p| params.get(&p.name).and_then(|value| p.domain.encode(value))).collect()
    }

    /// Checks that a point has exactly the active parameters, each within its domain; numbers take the kind of their
    /// domain.
    pub fn check(&self, mut params: Params) -> Result<Params, SpaceError> {
        let mut checked = Params::default();
        for parameter in &self.0 {
            let given = params.0.remove(&parameter.name);
            match (given, parameter.when.holds(&checked)) {
                (Some(value), true) => {
                    let value = parameter.domain.conform(value);
                    if !parameter.domain.contains(&value) {
                        return Err(SpaceError::Outside {
                            name: parameter.name.clone(),
                            value,
                            expected: parameter.domain.describe(),
                        });
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
                    let condition = serde_json::to_string(&parameter.when).unwrap_or_default();
                    return Err(SpaceError::Inactive { name: parameter.name.clone(), condition });
                }
                (None, false) => {}
            }
        }
        match params.0.into_keys().next() {
            Some(name) => Err(SpaceError::Unknown { name }),
            None => Ok(checked),
        }
    }

    /// The default configuration: declared defaults of the parameters that are active there. `None` where an active
    /// parameter declares none.
    pub fn defaults(&self) -> Option<Params> {
        self.complete(&Params::default()).ok()
    }

    /// The given values with the defaults of the other active parameters.
    ///
    /// # Errors
    /// A name or value that the space does not have, or an active parameter that is neither given nor has a default.
    pub fn complete(&self, given: &Params) -> Result<Params, SpaceError> {
        let mut params = Params::default();
        for parameter in self.0.iter() {
            match given.get(&parameter.name).or(parameter.default.as_ref()) {
                Some(value) if given.get(&parameter.name).is_some() || parameter.when.holds(&params) => {
                    params.set(&parameter.name, parameter.domain.conform(value.clone()));
                }
                _ => {}
            }
        }
        for (name, value) in given.iter().filter(|(name, _)| self.get(name).is_none()) {
            params.set(name, value.clone());
        }
        self.check(params)
    }

    /// How many points there are; `None` where a parameter is continuous or the count passes 2^63.
    pub fn cardinality(&self) -> Option<u64> {
        // The tree is walked by values of discrete parents only; each distinct set of active parameters is counted once.
        fn count(rest: &[Parameter], params: &mut Params, parents: &[&str], budget: &mut u32) -> Option<u64> {
            let Some((parameter, rest)) = rest.split_first() else { return Some(1) };
            if !parameter.when.holds(params) {
                return count(rest, params, parents, budget);
            }
            let cells = parameter.domain.cardinality()?;
            if !parents.contains(&parameter.name.as_str()) {
                return count(rest, params, parents, budget)?.checked_mul(cells);
            }
            let mut total: u64 = 0;
            for cell in 0..cells {
                *budget = budget.checked_sub(1)?;
                params.set(&parameter.name, parameter.domain.decode((cell as f64 + 0.5) / cells as f64));
                total = total.checked_add(count(rest, params, parents, budget)?)?;
            }
            params.0.remove(&parameter.name);
            Some(total)
        }
        let parents: Vec<&str> = self.0.iter().flat_map(|p| p.when.0.keys()).map(String::as_str).collect();
        count(&self.0, &mut Params::default(), &parents, &mut 1_000_000)
    }
}

impl TryFrom<IndexMap<String, ParameterForm>> for SearchSpace {
    type Error = SpaceError;

    fn try_from(forms: IndexMap<String, ParameterForm>) -> Result<Self, SpaceError> {
        let parameters = forms.into_iter().map(|(name, form)| form.build(&name)).collect::<Result<_, _>>()?;
        SearchSpace::new(parameters)
    }
}

/// Either way of writing a space. Told apart by hand: an untagged enum would swallow what is wrong with a parameter.
enum Forms {
    List(Vec<ParameterForm>),
    Table(IndexMap<String, ParameterForm>),
}

impl<'de> Deserialize<'de> for Forms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Forms;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table or a list of parameters")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Forms, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Forms::List)
            }

            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Forms, A::Error> {
                IndexMap::deserialize(MapAccessDeserializer::new(table)).map(Forms::Table)
            }
        }

        deserializer.deserialize_any(Either)
    }
}

impl TryFrom<Forms> for SearchSpace {
    type Error = SpaceError;

    fn try_from(forms: Forms) -> Result<Self, SpaceError> {
        let list = match forms {
            Forms::Table(table) => return SearchSpace::try_from(table),
            Forms::List(list) => list,
        };
        let build = |form: ParameterForm| {
            let name = form.name.clone().unwrap_or_default();
            form.build(&name)
        };
        SearchSpace::new(list.into_iter().map(build).collect::<Result<_, _>>()?)
    }
}

impl From<SearchSpace> for Vec<ParameterForm> {
    fn from(space: SearchSpace) -> Self {
        space.0.into_iter().map(ParameterForm::from).collect()
    }
}
