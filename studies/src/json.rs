//! JSON with places: comments and commas too many are forgiven, as in files of settings; all else is as any program reads
//! it. Study files and the search spaces of other programs are read through it.

use std::ops::Range;

use jsonc_parser::{CollectOptions, ParseOptions, ast, parse_to_ast};

/// A value and where it stands, in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Json {
    pub(crate) span: Range<usize>,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Json>),
    /// In the order of the text, each key once.
    Object(Vec<Member>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) key: String,
    pub(crate) key_span: Range<usize>,
    pub(crate) value: Json,
}

/// What is wrong, in a sentence that says what would be right, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JsonError {
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
}

/// Reads a text; `None` where there is nothing in it.
pub(crate) fn read(text: &str) -> Result<Option<Json>, JsonError> {
    // The parser's other liberties would make files that no other program reads.
    let options = ParseOptions {
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
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options).map_err(|error| {
        let message = error.kind().to_string();
        let rest = message.chars().skip(1);
        let message: String = message.chars().take(1).flat_map(char::to_lowercase).chain(rest).collect();
        JsonError { span: span_of(error.range()), message: format!("this is not JSON: {message}") }
    })?;
    parsed.value.as_ref().map(value).transpose()
}

fn span_of(range: jsonc_parser::common::Range) -> Range<usize> {
    range.start..range.end
}

fn value(value: &ast::Value<'_>) -> Result<Json, JsonError> {
    let (range, kind) = match value {
        ast::Value::NullKeyword(literal) => (literal.range, Kind::Null),
        ast::Value::BooleanLit(literal) => (literal.range, Kind::Bool(literal.value)),
        ast::Value::StringLit(literal) => (literal.range, Kind::Text(literal.value.to_string())),
        ast::Value::NumberLit(literal) => (literal.range, number(literal)?),
        ast::Value::Array(array) => {
            let items = array.elements.iter().map(self::value).collect::<Result<_, _>>()?;
            (array.range, Kind::List(items))
        }
        ast::Value::Object(object) => (object.range, Kind::Object(members(object)?)),
    };
    Ok(Json { span: span_of(range), kind })
}

fn number(literal: &ast::NumberLit<'_>) -> Result<Kind, JsonError> {
    let whole = !literal.value.contains(['.', 'e', 'E']);
    let kind = if whole {
        literal.value.parse().ok().map(Kind::Int)
    } else {
        literal.value.parse().ok().filter(|number: &f64| number.is_finite()).map(Kind::Float)
    };
    kind.ok_or_else(|| JsonError { span: span_of(literal.range), message: too_large(literal.value) })
}

/// What is said of a number that 64 bits do not hold.
pub(crate) fn too_large(number: &str) -> String {
    format!("the number {number} is too large to be kept exactly; give a smaller one")
}

fn members(object: &ast::Object<'_>) -> Result<Vec<Member>, JsonError> {
    let mut members: Vec<Member> = Vec::with_capacity(object.properties.len());
    for property in &object.properties {
        let (key, range) = match &property.name {
            ast::ObjectPropName::String(name) => (name.value.to_string(), name.range),
            ast::ObjectPropName::Word(name) => (name.value.to_owned(), name.range),
        };
        let key_span = span_of(range);
        // Readers disagree about which of the two counts.
        if members.iter().any(|earlier| earlier.key == key) {
            return Err(JsonError { span: key_span, message: format!("the key `{key}` is given twice; remove one") });
        }
        members.push(Member { key, key_span, value: value(&property.value)? });
    }
    Ok(members)
}
