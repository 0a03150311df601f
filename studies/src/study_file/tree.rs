//! A study file as a tree with places: what TOML and JSON have in common. All that comes after reads this tree, so a key
//! means the same in both.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::source::{Source, Span, StudyFileError};
use crate::json::{self, Json};

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) span: Span,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// A TOML date, as it is written.
    Date(String),
    List(Vec<Node>),
    /// In the order of the file.
    Table(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Span,
    pub(super) value: Node,
}

/// Reads the text as what the file's name says: `.json` and `.jsonc` are JSON (with comments, where there are any), all
/// else is TOML.
pub(super) fn read(source: &Source) -> Result<Node, StudyFileError> {
    let extension = source.path().extension().map(|extension| extension.to_ascii_lowercase());
    match extension.as_ref().and_then(|extension| extension.to_str()) {
        Some("json" | "jsonc") => read_json(source),
        _ => read_toml(source),
    }
}

fn read_toml(source: &Source) -> Result<Node, StudyFileError> {
    let document = DeTable::parse(source.text()).map_err(|error| {
        let place = error.span().unwrap_or(0..0);
        match error.message() {
            "duplicate key" => {
                let key = source.text().get(place.clone()).unwrap_or_default();
                source.wrong(place.clone(), format!("the key `{key}` is given twice; remove one"))
            }
            message if message.contains("recurs") => {
                source.wrong(place, "keys or lists nest too deep here; a study file needs three levels or four")
            }
            message => {
                let message = message.lines().collect::<Vec<_>>().join(", ");
                source.wrong(place, format!("this is not TOML: {message}"))
            }
        }
    })?;
    let kind = Kind::Table(entries(source, document.get_ref())?);
    Ok(Node { span: document.span(), kind })
}

fn entries(source: &Source, table: &DeTable<'_>) -> Result<Vec<Entry>, StudyFileError> {
    let entry = |(key, value): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
        Ok(Entry { key: key.get_ref().to_string(), key_span: key.span(), value: from_toml(source, value)? })
    };
    table.iter().map(entry).collect()
}

fn from_toml(source: &Source, value: &Spanned<DeValue<'_>>) -> Result<Node, StudyFileError> {
    let span = value.span();
    let kind = match value.get_ref() {
        DeValue::Boolean(value) => Kind::Bool(*value),
        DeValue::String(text) => Kind::Text(text.to_string()),
        DeValue::Integer(number) => {
            let read = i64::from_str_radix(number.as_str(), number.radix());
            Kind::Int(read.map_err(|_| too_large(source, span.clone()))?)
        }
        DeValue::Float(number) => Kind::Float(number.as_str().parse().map_err(|_| too_large(source, span.clone()))?),
        DeValue::Datetime(date) => Kind::Date(date.to_string()),
        DeValue::Array(items) => {
            Kind::List(items.iter().map(|item| from_toml(source, item)).collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => Kind::Table(entries(source, table)?),
    };
    Ok(Node { span, kind })
}

fn read_json(source: &Source) -> Result<Node, StudyFileError> {
    let read = json::read(source.text()).map_err(|error| source.wrong(error.span, error.message))?;
    match read {
        Some(value @ Json { kind: json::Kind::Object(_), .. }) => from_json(source, value),
        _ => Err(source.wrong(0..0, "a study file in JSON is an object: {\"name\": \"my-study\", ...}")),
    }
}

fn from_json(source: &Source, Json { span, kind }: Json) -> Result<Node, StudyFileError> {
    let kind = match kind {
        json::Kind::Null => {
            return Err(source.wrong(span, "null says nothing; leave the key out, and it takes its default"));
        }
        json::Kind::Bool(value) => Kind::Bool(value),
        json::Kind::Int(number) => Kind::Int(number),
        json::Kind::Float(number) => Kind::Float(number),
        json::Kind::Text(text) => Kind::Text(text),
        json::Kind::List(items) => {
            Kind::List(items.into_iter().map(|item| from_json(source, item)).collect::<Result<_, _>>()?)
        }
        json::Kind::Object(members) => {
            let entry =
                |json::Member { key, key_span, value }| Ok(Entry { key, key_span, value: from_json(source, value)? });
            Kind::Table(members.into_iter().map(entry).collect::<Result<_, _>>()?)
        }
    };
    Ok(Node { span, kind })
}

fn too_large(source: &Source, span: Span) -> StudyFileError {
    let message = json::too_large(source.text().get(span.clone()).unwrap_or_default());
    source.wrong(span, message)
}
