//! How a space is written: as a table of parameters (people do), or as a list (programs do).

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{SearchSpace, SpaceError};
use crate::constraint::Constraint;
use crate::form::ParameterForm;
use crate::value::Value;

/// Parameters by name, and constraints, in the order they are written.
#[derive(Default)]
pub(super) struct Written {
    parameters: Vec<(String, ParameterForm)>,
    constraints: Vec<String>,
}

impl TryFrom<Written> for SearchSpace {
    type Error = SpaceError;

    fn try_from(written: Written) -> Result<Self, SpaceError> {
        let build = |(name, form): (String, ParameterForm)| form.build(&name);
        let parameters = written.parameters.into_iter().map(build).collect::<Result<_, _>>()?;
        let parse = |text: String| Constraint::parse(&text).map_err(|error| SpaceError::Constraint { text, error });
        let constraints = written.constraints.into_iter().map(parse).collect::<Result<_, _>>()?;
        SearchSpace::with_constraints(parameters, constraints)
    }
}

impl From<SearchSpace> for Written {
    fn from(space: SearchSpace) -> Self {
        Written {
            parameters: space.parameters.into_iter().map(|p| (p.name.clone(), ParameterForm::from(p))).collect(),
            constraints: space.constraints.iter().map(|constraint| constraint.text().to_owned()).collect(),
        }
    }
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Line<'a> {
            constraint: &'a str,
        }
        let mut list = serializer.serialize_seq(Some(self.parameters.len() + self.constraints.len()))?;
        self.parameters.iter().try_for_each(|(_, form)| list.serialize_element(form))?;
        self.constraints.iter().try_for_each(|constraint| list.serialize_element(&Line { constraint }))?;
        list.end()
    }
}

// Told apart by hand: an untagged enum would swallow what is wrong with a parameter.
impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Written;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table or a list of parameters")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Written, A::Error> {
                let mut written = Written::default();
                while let Some(entry) = list.next_element()? {
                    match entry {
                        Listed::Parameter(form) => {
                            let name = form.name.clone().unwrap_or_default();
                            written.parameters.push((name, *form));
                        }
                        Listed::Constraint(text) => written.constraints.push(text),
                    }
                }
                Ok(written)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Written, A::Error> {
                let mut written = Written::default();
                while let Some(key) = table.next_key::<String>()? {
                    if key == "constraints" {
                        written.constraints = table.next_value()?;
                    } else {
                        let entry: Entry = table.next_value()?;
                        written.parameters.push((key, entry.0));
                    }
                }
                Ok(written)
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// An entry of the list: a parameter, or `{"constraint": "a <= b"}`.
enum Listed {
    Parameter(Box<ParameterForm>),
    Constraint(String),
}

impl<'de> Deserialize<'de> for Listed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = serde_json::Map::<String, serde_json::Value>::deserialize(deserializer)?;
        match map.get("constraint") {
            Some(serde_json::Value::String(text)) if map.len() == 1 => Ok(Listed::Constraint(text.clone())),
            Some(_) => Err(D::Error::custom("a constraint is written {\"constraint\": \"a <= b\"}")),
            None => {
                let form = ParameterForm::deserialize(serde_json::Value::Object(map)).map_err(D::Error::custom)?;
                Ok(Listed::Parameter(Box::new(form)))
            }
        }
    }
}

/// The value of a table: a form, or a bare value, which is fixed.
struct Entry(ParameterForm);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FormOrValue;

        impl<'de> Visitor<'de> for FormOrValue {
            type Value = Entry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a parameter, as { type = \"float\", low = 0, high = 1 }, or a fixed value")
            }

            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Entry, A::Error> {
                ParameterForm::deserialize(MapAccessDeserializer::new(table)).map(Entry)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Entry, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(|items| fixed(Value::List(items)))
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Entry, E> {
                Ok(fixed(Value::Bool(value)))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Entry, E> {
                Ok(fixed(Value::Int(value)))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Entry, E> {
                let value = i64::try_from(value).map_err(|_| E::custom(format!("{value} is too large")))?;
                Ok(fixed(Value::Int(value)))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Entry, E> {
                Ok(fixed(Value::Float(value)))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Entry, E> {
                Ok(fixed(Value::from(value)))
            }
        }

        deserializer.deserialize_any(FormOrValue)
    }
}

fn fixed(value: Value) -> Entry {
    Entry(ParameterForm::fixed(value))
}
