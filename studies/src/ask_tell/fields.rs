//! JSON objects key by key: each known key is taken once, a key too many is an error with the nearest known one.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::error::Malformed;
use crate::study_file::did_you_mean;

/// The JSON of a line. A key that is given twice is an error: readers disagree about which of the two counts.
pub(super) fn parse(line: &str) -> Result<Value, Malformed> {
    serde_json::from_str::<Strict>(line).map(|strict| strict.0).map_err(|error| {
        let said = error.to_string();
        // A line has no lines; and what stands twice needs no place.
        let (reason, _) = said.split_once(" at line ").unwrap_or((&said, ""));
        if error.is_data() {
            return Malformed(reason.to_owned());
        }
        let words = ["NaN", "Infinity"];
        let hint = if error.is_syntax() && words.iter().any(|word| line.contains(word)) {
            "; NaN and infinities are not JSON: tell such a trial as \"state\": \"failed\""
        } else {
            ""
        };
        Malformed(format!("the line is not JSON: {reason} at column {}{hint}", error.column()))
    })
}

/// An object of a request, of which some keys have been taken.
pub(super) struct Fields {
    /// How people call it.
    name: String,
    left: Map<String, Value>,
    asked: Vec<&'static str>,
}

impl Fields {
    /// The keys of a value that must be an object.
    pub(super) fn of(name: impl Into<String>, value: Value) -> Result<Fields, Malformed> {
        let name = name.into();
        match value {
            Value::Object(left) => Ok(Fields { name, left, asked: Vec::new() }),
            other => Err(Malformed(format!("{name} is {}; it must be an object in braces", shown(&other)))),
        }
    }

    /// How people call the object.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The value of a key; `null` counts as absent.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Value> {
        self.take_even_null(key).filter(|value| !value.is_null())
    }

    /// The value of a key, for keys of which `null` is no value.
    pub(super) fn take_even_null(&mut self, key: &'static str) -> Option<Value> {
        self.asked.push(key);
        self.left.remove(key)
    }

    /// The value of a key that must be there; `example` shows how it is written.
    pub(super) fn require(&mut self, key: &'static str, example: &str) -> Result<Value, Malformed> {
        self.take_even_null(key).ok_or_else(|| {
            // A slip is more likely than an omission.
            match self.unknown() {
                Some(unknown) if unknown.0.contains(&format!("`{key}`?")) => unknown,
                _ => Malformed(format!("{} has no `{key}`; add for instance {example}", self.name)),
            }
        })
    }

    /// Refuses what was not taken.
    pub(super) fn finish(self) -> Result<(), Malformed> {
        self.unknown().map_or(Ok(()), Err)
    }

    fn unknown(&self) -> Option<Malformed> {
        let key = self.left.keys().next()?;
        let hint = did_you_mean(key, "keys", self.asked.iter().copied());
        Some(Malformed(format!("there is no key `{key}` in {}; {hint}", self.name)))
    }
}

/// A whole number from `least` on.
pub(super) fn whole(key: &str, value: &Value, least: u64) -> Result<u64, Malformed> {
    value
        .as_u64()
        .filter(|number| *number >= least)
        .ok_or_else(|| must_be(key, value, &format!("a whole number from {least}")))
}

/// A finite number.
pub(super) fn number(key: &str, value: &Value) -> Result<f64, Malformed> {
    value.as_f64().filter(|number| number.is_finite()).ok_or_else(|| {
        let hint = if value.is_number() { "" } else { "; tell a result that is none as \"state\": \"failed\"" };
        must_be(key, value, &format!("a finite number{hint}"))
    })
}

/// A list of finite numbers.
pub(super) fn numbers(key: &str, value: &Value) -> Result<Vec<f64>, Malformed> {
    let list = value.as_array().ok_or_else(|| must_be(key, value, "a list of numbers"))?;
    list.iter().map(|item| number(key, item)).collect()
}

/// A string.
pub(super) fn text<'a>(key: &str, value: &'a Value) -> Result<&'a str, Malformed> {
    value.as_str().ok_or_else(|| must_be(key, value, "a string"))
}

/// One of these words.
pub(super) fn choice<T: Copy>(key: &str, value: &Value, choices: &[(&'static str, T)]) -> Result<T, Malformed> {
    let word = text(key, value)?;
    choices.iter().find(|(name, _)| *name == word).map(|(_, chosen)| *chosen).ok_or_else(|| {
        let hint = did_you_mean(word, "choices", choices.iter().map(|(name, _)| *name));
        Malformed(format!("`{key}` is {word:?}; {hint}"))
    })
}

pub(super) fn must_be(key: &str, value: &Value, expected: &str) -> Malformed {
    Malformed(format!("`{key}` is {}; it must be {expected}", shown(value)))
}

/// A value as it was written, or its kind where that is long.
pub(super) fn shown(value: &Value) -> String {
    let written = value.to_string();
    let kind = match value {
        _ if written.chars().count() <= 40 => return written,
        Value::String(_) => "a long string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
        Value::Null | Value::Bool(_) | Value::Number(_) => "a long number",
    };
    kind.to_owned()
}

/// A value none of whose objects has a key twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Strict, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = list.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, Strict(value))) = object.next_entry::<String, Strict>()? {
            if map.contains_key(&key) {
                return Err(A::Error::custom(format!("the key `{key}` is given twice; remove one")));
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}
