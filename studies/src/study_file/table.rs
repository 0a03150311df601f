//! Reading TOML tables with their places: each key is taken once and typed, and what is left over is an error.

use std::ops::RangeInclusive;

use seqtune_space::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::duration;
use super::nearest::{did_you_mean, nearest};
use super::source::{Source, Span, StudyFileError};

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
    value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Table<'a> {
    pub(super) fn new(source: &'a Source, name: impl Into<String>, span: Span, table: &'a DeTable<'a>) -> Table<'a> {
        let left = table
            .iter()
            .map(|(key, value)| Field { source, key: key.get_ref().to_string(), key_span: key.span(), value })
            .collect();
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
        self.value.span()
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
        match self.value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            _ => Err(self.must_be("a string in quotes")),
        }
    }

    pub(super) fn boolean(&self) -> Result<bool, StudyFileError> {
        self.value.get_ref().as_bool().ok_or_else(|| self.must_be("true or false"))
    }

    /// A whole number in a range.
    pub(super) fn whole(&self, range: RangeInclusive<u64>) -> Result<u64, StudyFileError> {
        match scalar(self.value.get_ref()) {
            Some(Value::Int(number)) if u64::try_from(number).is_ok_and(|number| range.contains(&number)) => {
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
        match scalar(self.value.get_ref()).and_then(|value| value.as_f64()) {
            Some(number) if number.is_finite() && number > 0.0 => Ok(number),
            _ => Err(self.must_be("a number above 0")),
        }
    }

    /// Seconds: `"5m"` or a number.
    pub(super) fn seconds(&self) -> Result<f64, StudyFileError> {
        let seconds = match self.value.get_ref() {
            DeValue::String(text) => duration::seconds(text),
            other => scalar(other).and_then(|value| value.as_f64()),
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
        let hint = did_you_mean(&text, "choices", choices.iter().map(|(name, _)| *name));
        Err(self.wrong(format!("`{}` is {text:?}; {hint}", self.key)))
    }

    /// A value of a parameter: a boolean, a finite number or a string.
    pub(super) fn value(&self) -> Result<Value, StudyFileError> {
        match scalar(self.value.get_ref()) {
            Some(Value::Float(number)) if !number.is_finite() => Err(self.must_be("a finite number")),
            Some(value) => Ok(value),
            None => Err(self.must_be("a number, a string, true or false")),
        }
    }

    /// A list of such values.
    pub(super) fn values(&self) -> Result<Vec<Value>, StudyFileError> {
        let Some(array) = self.value.get_ref().as_array() else {
            return Err(self.must_be("a list such as [\"a\", \"b\"] or [1, 2]"));
        };
        array.iter().map(|item| Field { value: item, ..self.clone() }).map(|item| item.value()).collect()
    }

    /// A list of strings.
    pub(super) fn texts(&self) -> Result<Vec<String>, StudyFileError> {
        let Some(array) = self.value.get_ref().as_array() else { return Err(self.must_be("a list of strings")) };
        array.iter().map(|item| Field { value: item, ..self.clone() }.text()).collect()
    }

    /// A table; `name` is how people find it.
    pub(super) fn table(&self, name: impl Into<String>) -> Result<Table<'a>, StudyFileError> {
        match self.value.get_ref() {
            DeValue::Table(table) => Ok(Table::new(self.source, name, self.place(), table)),
            _ => Err(self.must_be(&format!("a table, written [{}]", self.key))),
        }
    }

    /// A list of tables.
    pub(super) fn tables(&self) -> Result<Vec<Table<'a>>, StudyFileError> {
        let name = format!("[[{}]]", self.key);
        let expected = format!("a list of tables, written {name}");
        let Some(array) = self.value.get_ref().as_array() else { return Err(self.must_be(&expected)) };
        array
            .iter()
            .map(|item| match item.get_ref() {
                DeValue::Table(table) => Ok(Table::new(self.source, name.clone(), item.span(), table)),
                _ => Err(Field { value: item, ..self.clone() }.must_be(&expected)),
            })
            .collect()
    }

    pub(super) fn is_table(&self) -> bool {
        matches!(self.value.get_ref(), DeValue::Table(_))
    }

    pub(super) fn is_array(&self) -> bool {
        matches!(self.value.get_ref(), DeValue::Array(_))
    }

    /// The value as JSON, for tables whose keys the family knows.
    pub(super) fn json(&self) -> Result<serde_json::Value, StudyFileError> {
        Ok(match self.value.get_ref() {
            DeValue::Datetime(datetime) => datetime.to_string().into(),
            DeValue::Array(array) => {
                let items = array.iter().map(|item| Field { value: item, ..self.clone() }.json());
                serde_json::Value::Array(items.collect::<Result<_, _>>()?)
            }
            DeValue::Table(table) => {
                let mut fields = Table::new(self.source, self.key.clone(), self.span(), table);
                let entries = fields.take_all().into_iter().map(|field| Ok((field.key.clone(), field.json()?)));
                serde_json::Value::Object(entries.collect::<Result<_, _>>()?)
            }
            _ => match self.value()? {
                Value::Bool(value) => value.into(),
                Value::Int(value) => value.into(),
                Value::Float(value) => value.into(),
                Value::Text(value) => value.into(),
                Value::List(_) => return Err(self.must_be("a plain value")),
            },
        })
    }

    /// Where a table begins: its heading, or its key where it stands inline.
    fn place(&self) -> Span {
        if self.value.span().is_empty() { self.key_span() } else { self.value.span() }
    }

    /// The value as it stands in the file, or its kind where that is long.
    fn shown(&self) -> String {
        let kind = match self.value.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        match self.source.text().get(self.value.span()) {
            Some(text) if !self.is_table() && !text.is_empty() && text.len() <= 40 && !text.contains('\n') => {
                text.to_owned()
            }
            _ => kind.to_owned(),
        }
    }
}

fn scalar(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::Boolean(value) => Some(Value::Bool(*value)),
        DeValue::String(text) => Some(Value::Text(text.to_string())),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok().map(Value::Int),
        DeValue::Float(number) => number.as_str().parse().ok().map(Value::Float),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}
