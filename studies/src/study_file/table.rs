//! Reading tables with their places: each key is taken once and typed, and what is left over is an error.

use std::ops::RangeInclusive;

use seqtune_space::Value;

use super::duration;
use super::nearest::{did_you_mean, nearest};
use super::source::{Source, Span, StudyFileError};
use super::tree::{Entry, Kind, Node};

/// A table whose keys are taken one by one.
pub(super) struct Table<'a> {
    source: &'a Source,
    /// As people find it: "[trial]", "the study file".
    name: String,
    span: Span,
    left: Vec<Field<'a>>,
    asked: Vec<&'static str>,
}

/// One key with its value.
#[derive(Clone)]
pub(super) struct Field<'a> {
    source: &'a Source,
    key: String,
    key_span: Span,
    value: &'a Node,
}

impl<'a> Table<'a> {
    pub(super) fn new(source: &'a Source, name: impl Into<String>, span: Span, entries: &'a [Entry]) -> Table<'a> {
        let field = |Entry { key, key_span, value }: &'a Entry| Field {
            source,
            key: key.clone(),
            key_span: key_span.clone(),
            value,
        };
        let left = entries.iter().map(field).collect();
        Table { source, name: name.into(), span, left, asked: Vec::new() }
    }

    /// Takes a key, where it is given.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Field<'a>> {
        self.asked.push(key);
        let index = self.left.iter().position(|field| field.key == key)?;
        Some(self.left.remove(index))
    }

    /// Takes a key that must be there; `example` is how it could be written.
    pub(super) fn require(&mut self, key: &'static str, example: &str) -> Result<Field<'a>, StudyFileError> {
        if let Some(field) = self.take(key) {
            return Ok(field);
        }
        // A key that is there under nearly this name is the mistake, not its absence.
        if let Some(near) = nearest(key, self.left.iter().map(|field| field.key.as_str()))
            && let Some(field) = self.left.iter().find(|field| field.key == near)
        {
            let message = format!("there is no key `{near}` in {}; did you mean `{key}`?", self.name);
            return Err(field.wrong_key(message));
        }
        let place = self.span.start..self.span.start;
        Err(self.source.wrong(place, format!("{} has no `{key}`; add for instance: {example}", self.name)))
    }

    /// Where it begins.
    pub(super) fn place(&self) -> Span {
        self.span.clone()
    }

    /// All keys, in the order of the file.
    pub(super) fn take_all(&mut self) -> Vec<Field<'a>> {
        std::mem::take(&mut self.left)
    }

    /// Refuses what was not taken.
    pub(super) fn finish(self) -> Result<(), StudyFileError> {
        let Some(field) = self.left.first() else { return Ok(()) };
        let hint = did_you_mean(&field.key, "keys", self.asked.iter().copied());
        Err(field.wrong_key(format!("there is no key `{}` in {}; {hint}", field.key, self.name)))
    }
}

impl<'a> Field<'a> {
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn key_span(&self) -> Span {
        self.key_span.clone()
    }

    pub(super) fn span(&self) -> Span {
        self.value.span.clone()
    }

    /// An error at the value.
    pub(super) fn wrong(&self, message: impl Into<String>) -> StudyFileError {
        self.source.wrong(self.span(), message)
    }

    /// An error at the key.
    pub(super) fn wrong_key(&self, message: impl Into<String>) -> StudyFileError {
        self.source.wrong(self.key_span(), message)
    }

    /// An error at the value: what it must be.
    pub(super) fn must_be(&self, expected: &str) -> StudyFileError {
        self.wrong(format!("`{}` is {}; it must be {expected}", self.key, self.shown()))
    }

    pub(super) fn text(&self) -> Result<String, StudyFileError> {
        match &self.value.kind {
            Kind::Text(text) => Ok(text.clone()),
            _ => Err(self.must_be("a string in quotes")),
        }
    }

    pub(super) fn boolean(&self) -> Result<bool, StudyFileError> {
        match self.value.kind {
            Kind::Bool(value) => Ok(value),
            _ => Err(self.must_be("true or false")),
        }
    }

    /// A whole number in a range.
    pub(super) fn whole(&self, range: RangeInclusive<u64>) -> Result<u64, StudyFileError> {
        match self.value.kind {
            Kind::Int(number) if u64::try_from(number).is_ok_and(|number| range.contains(&number)) => {
                Ok(number.unsigned_abs())
            }
            _ if *range.end() >= i64::MAX as u64 => {
                Err(self.must_be(&format!("a whole number from {}", range.start())))
            }
            _ => Err(self.must_be(&format!("a whole number from {} to {}", range.start(), range.end()))),
        }
    }

    /// A finite number above 0.
    pub(super) fn positive(&self) -> Result<f64, StudyFileError> {
        match self.number() {
            Some(number) if number.is_finite() && number > 0.0 => Ok(number),
            _ => Err(self.must_be("a number above 0")),
        }
    }

    /// A finite number.
    pub(super) fn finite(&self) -> Result<f64, StudyFileError> {
        self.number().filter(|number| number.is_finite()).ok_or_else(|| self.must_be("a finite number"))
    }

    /// Seconds: `"5m"` or a number.
    pub(super) fn seconds(&self) -> Result<f64, StudyFileError> {
        let seconds = match &self.value.kind {
            Kind::Text(text) => duration::seconds(text),
            _ => self.number(),
        };
        seconds
            .filter(|seconds| seconds.is_finite() && *seconds > 0.0)
            .ok_or_else(|| self.must_be("a time such as \"90s\", \"5m\" or \"2h\", or a number of seconds above 0"))
    }

    /// One of these words.
    pub(super) fn choice<T: Copy>(&self, choices: &[(&'static str, T)]) -> Result<T, StudyFileError> {
        let text = self.text()?;
        if let Some((_, chosen)) = choices.iter().find(|(name, _)| *name == text) {
            return Ok(*chosen);
        }
        if let [(only, _)] = choices {
            return Err(self.must_be(&format!("{only:?}, the only one there is")));
        }
        let hint = did_you_mean(&text, "choices", choices.iter().map(|(name, _)| *name));
        Err(self.wrong(format!("`{}` is {text:?}; {hint}", self.key)))
    }

    /// A value of a parameter: a boolean, a finite number, a string, or a list of these.
    pub(super) fn value(&self) -> Result<Value, StudyFileError> {
        Ok(match &self.value.kind {
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Int(number) => Value::Int(*number),
            Kind::Float(number) if number.is_finite() => Value::Float(*number),
            Kind::Float(_) => return Err(self.must_be("a finite number")),
            Kind::Text(text) => Value::Text(text.clone()),
            Kind::List(_) => Value::List(self.values()?),
            Kind::Date(_) | Kind::Table(_) => {
                return Err(self.must_be("a number, a string, true or false, or a list of these"));
            }
        })
    }

    /// A list of such values.
    pub(super) fn values(&self) -> Result<Vec<Value>, StudyFileError> {
        self.items("a list such as [\"a\", \"b\"] or [1, 2]")?.iter().map(Field::value).collect()
    }

    /// A list of strings.
    pub(super) fn texts(&self) -> Result<Vec<String>, StudyFileError> {
        self.items("a list of strings")?.iter().map(Field::text).collect()
    }

    /// The items of a list, each with its place.
    pub(super) fn items(&self, expected: &str) -> Result<Vec<Field<'a>>, StudyFileError> {
        let Kind::List(items) = &self.value.kind else { return Err(self.must_be(expected)) };
        Ok(items.iter().map(|item| Field { value: item, ..self.clone() }).collect())
    }

    /// A table; `name` is how people find it.
    pub(super) fn table(&self, name: impl Into<String>) -> Result<Table<'a>, StudyFileError> {
        match &self.value.kind {
            Kind::Table(table) => Ok(Table::new(self.source, name, self.place(), table)),
            _ if self.key == "when" || self.key == "item" => Err(self.must_be("a table in braces, { key = value }")),
            _ => Err(self.must_be(&format!("a table, written [{}]", self.key))),
        }
    }

    /// A list of tables.
    pub(super) fn tables(&self) -> Result<Vec<Table<'a>>, StudyFileError> {
        let name = format!("[[{}]]", self.key);
        let expected = format!("a list of tables, written {name}");
        let table = |item: Field<'a>| match &item.value.kind {
            Kind::Table(table) => Ok(Table::new(item.source, name.clone(), item.span(), table)),
            _ => Err(item.must_be(&expected)),
        };
        self.items(&expected)?.into_iter().map(table).collect()
    }

    pub(super) fn is_table(&self) -> bool {
        matches!(self.value.kind, Kind::Table(_))
    }

    /// The value as JSON, for tables whose keys the family knows.
    pub(super) fn json(&self) -> Result<serde_json::Value, StudyFileError> {
        Ok(match &self.value.kind {
            Kind::Bool(value) => (*value).into(),
            Kind::Int(number) => (*number).into(),
            Kind::Float(number) if number.is_finite() => (*number).into(),
            Kind::Float(_) => return Err(self.must_be("a finite number")),
            Kind::Text(text) | Kind::Date(text) => text.clone().into(),
            Kind::List(_) => {
                let items = self.items("a list")?;
                serde_json::Value::Array(items.iter().map(Field::json).collect::<Result<_, _>>()?)
            }
            Kind::Table(table) => {
                let mut fields = Table::new(self.source, self.key.clone(), self.span(), table);
                let entries = fields.take_all().into_iter().map(|field| Ok((field.key.clone(), field.json()?)));
                serde_json::Value::Object(entries.collect::<Result<_, _>>()?)
            }
        })
    }

    fn number(&self) -> Option<f64> {
        match self.value.kind {
            Kind::Int(number) => Some(number as f64),
            Kind::Float(number) => Some(number),
            _ => None,
        }
    }

    /// Where a table begins: its heading, or its key where it stands inline.
    fn place(&self) -> Span {
        if self.value.span.is_empty() { self.key_span() } else { self.value.span.clone() }
    }

    /// The value as it stands in the file, or its kind where that is long.
    fn shown(&self) -> String {
        let kind = match self.value.kind {
            Kind::Text(_) => "a string",
            Kind::Int(_) | Kind::Float(_) => "a number",
            Kind::Bool(_) => "true or false",
            Kind::Date(_) => "a date",
            Kind::List(_) => "a list",
            Kind::Table(_) => "a table",
        };
        match self.source.text().get(self.value.span.clone()) {
            Some(text) if !self.is_table() && !text.is_empty() && text.len() <= 40 && !text.contains('\n') => {
                text.to_owned()
            }
            _ => kind.to_owned(),
        }
    }
}
