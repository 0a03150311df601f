//! A study file as a tree with places: what TOML and JSON have in common. All that comes after reads this tree, so a key
//! means the same in both.

use jsonc_parser::ast;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::source::{Source, Span, StudyFileError};

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
    // What is JSON to any program, and what people are used to in files of settings; the parser's other liberties would
    // make files that no other program reads.
    let liberties = jsonc_parser::ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let parsed = jsonc_parser::parse_to_ast(source.text(), &Default::default(), &liberties).map_err(|error| {
        let range = error.range();
        source.wrong(range.start..range.end, format!("this is not JSON: {}", lower_case(&error.kind().to_string())))
    })?;
    match parsed.value {
        Some(value @ ast::Value::Object(_)) => from_json(source, &value),
        _ => Err(source.wrong(0..0, "a study file in JSON is an object: {\"name\": \"my-study\", ...}")),
    }
}

fn from_json(source: &Source, value: &ast::Value<'_>) -> Result<Node, StudyFileError> {
    let span_of = |range: &jsonc_parser::common::Range| range.start..range.end;
    let (span, kind) = match value {
        ast::Value::BooleanLit(literal) => (span_of(&literal.range), Kind::Bool(literal.value)),
        ast::Value::StringLit(literal) => (span_of(&literal.range), Kind::Text(literal.value.to_string())),
        ast::Value::NumberLit(literal) => {
            let span = span_of(&literal.range);
            let whole = !literal.value.contains(['.', 'e', 'E']);
            let kind = if whole {
                literal.value.parse().ok().map(Kind::Int)
            } else {
                literal.value.parse().ok().filter(|number: &f64| number.is_finite()).map(Kind::Float)
            };
            (span.clone(), kind.ok_or_else(|| too_large(source, span))?)
        }
        ast::Value::NullKeyword(literal) => {
            let message = "null says nothing; leave the key out, and it takes its default";
            return Err(source.wrong(span_of(&literal.range), message));
        }
        ast::Value::Array(array) => {
            let items = array.elements.iter().map(|item| from_json(source, item)).collect::<Result<_, _>>()?;
            (span_of(&array.range), Kind::List(items))
        }
        ast::Value::Object(object) => {
            let mut entries: Vec<Entry> = Vec::new();
            for property in &object.properties {
                let (key, range) = match &property.name {
                    ast::ObjectPropName::String(name) => (name.value.to_string(), &name.range),
                    ast::ObjectPropName::Word(name) => (name.value.to_owned(), &name.range),
                };
                if entries.iter().any(|earlier| earlier.key == key) {
                    return Err(source.wrong(span_of(range), format!("the key `{key}` is given twice; remove one")));
                }
                let value = from_json(source, &property.value)?;
                entries.push(Entry { key, key_span: span_of(range), value });
            }
            (span_of(&object.range), Kind::Table(entries))
        }
    };
    Ok(Node { span, kind })
}

fn too_large(source: &Source, span: Span) -> StudyFileError {
    let number = source.text().get(span.clone()).unwrap_or_default();
    source.wrong(span, format!("the number {number} is too large to be kept exactly; give a smaller one"))
}

fn lower_case(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}
