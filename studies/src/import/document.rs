//! What a file says, as a tree in which every value knows its line and mappings keep their order.
//!
//! JSON and YAML are read into the same tree; [`Keys`] then takes a mapping's keys one by one, so that what nobody asked
//! for is an error and not overlooked.

use jsonc_parser::ast;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use crate::study_file::did_you_mean;

/// A value and the line that it begins on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) line: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key of a mapping with its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) line: usize,
    pub(super) value: Node,
}

/// What is wrong, and on which line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wrong {
    pub(super) line: usize,
    pub(super) message: String,
}

pub(super) fn wrong(line: usize, message: impl Into<String>) -> Wrong {
    Wrong { line, message: message.into() }
}

impl Wrong {
    /// The same, said of something with a name.
    pub(super) fn of(self, what: &str) -> Wrong {
        Wrong { message: format!("{what}: {}", self.message), ..self }
    }
}

/// JSON, in which comments and commas too many are forgiven.
pub(super) fn json(text: &str) -> Result<Node, Wrong> {
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
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options)
        .map_err(|error| wrong(error.line_display(), format!("this is not JSON: {}", lower(error.kind()))))?;
    let value = parsed.value.ok_or_else(|| wrong(1, "the file is empty"))?;
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    from_ast(&value, &|at| ends.partition_point(|end| *end < at) + 1)
}

fn lower(message: impl ToString) -> String {
    let message = message.to_string();
    let rest = message.chars().skip(1);
    message.chars().take(1).flat_map(char::to_lowercase).chain(rest).collect()
}

fn from_ast(value: &ast::Value<'_>, line_at: &impl Fn(usize) -> usize) -> Result<Node, Wrong> {
    let (start, kind) = match value {
        ast::Value::NullKeyword(null) => (null.range.start, Kind::Null),
        ast::Value::BooleanLit(literal) => (literal.range.start, Kind::Bool(literal.value)),
        ast::Value::StringLit(literal) => (literal.range.start, Kind::Text(literal.value.to_string())),
        ast::Value::NumberLit(literal) => {
            let whole = !literal.value.contains(['.', 'e', 'E']);
            let kind = if whole {
                literal.value.parse().ok().map(Kind::Int)
            } else {
                literal.value.parse().ok().filter(|number: &f64| number.is_finite()).map(Kind::Float)
            };
            let line = line_at(literal.range.start);
            (literal.range.start, kind.ok_or_else(|| wrong(line, format!("{} is too large a number", literal.value)))?)
        }
        ast::Value::Array(array) => {
            let items = array.elements.iter().map(|item| from_ast(item, line_at)).collect::<Result<_, _>>()?;
            (array.range.start, Kind::List(items))
        }
        ast::Value::Object(object) => {
            let mut entries: Vec<Entry> = Vec::with_capacity(object.properties.len());
            for property in &object.properties {
                let value = from_ast(&property.value, line_at)?;
                add(&mut entries, property.name.as_str().to_owned(), line_at(property.range.start), value)?;
            }
            (object.range.start, Kind::Map(entries))
        }
    };
    Ok(Node { kind, line: line_at(start) })
}

/// Adds a key; the same key twice is an error, since readers disagree about which of the two counts.
pub(super) fn add(entries: &mut Vec<Entry>, key: String, line: usize, value: Node) -> Result<(), Wrong> {
    if let Some(earlier) = entries.iter().find(|earlier| earlier.key == key) {
        return Err(wrong(line, format!("`{key}` is written twice, first on line {}; remove one", earlier.line)));
    }
    entries.push(Entry { key, line, value });
    Ok(())
}

impl Node {
    /// The entries of a mapping; none of anything else.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(self.kind, Kind::Map(_))
    }

    /// The value of a mapping's key.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A finite number.
    pub(super) fn as_number(&self) -> Option<f64> {
        match self.kind {
            Kind::Int(number) => Some(number as f64),
            Kind::Float(number) => Some(number).filter(|number| number.is_finite()),
            _ => None,
        }
    }

    /// A whole number, also where it is written `3.0`.
    pub(super) fn as_whole(&self) -> Option<i64> {
        match self.kind {
            Kind::Int(number) => Some(number),
            Kind::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => Some(number as i64),
            _ => None,
        }
    }

    /// Compact JSON.
    pub(super) fn json(&self) -> String {
        let quoted = |text: &String| serde_json::Value::from(text.as_str()).to_string();
        match &self.kind {
            Kind::Null => "null".to_owned(),
            Kind::Bool(value) => value.to_string(),
            Kind::Int(number) => number.to_string(),
            Kind::Float(number) => format!("{number:?}"),
            Kind::Text(text) => quoted(text),
            Kind::List(items) => format!("[{}]", items.iter().map(Node::json).collect::<Vec<_>>().join(", ")),
            Kind::Map(entries) => {
                let entry = |entry: &Entry| format!("{}: {}", quoted(&entry.key), entry.value.json());
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// For messages: the value, or what it is where that would be long.
    pub(super) fn shown(&self) -> String {
        let text = match &self.kind {
            Kind::Map(entries) if entries.is_empty() => return "an empty mapping".to_owned(),
            Kind::Map(_) => return "a mapping".to_owned(),
            Kind::List(items) if items.is_empty() => return "an empty list".to_owned(),
            _ => self.json(),
        };
        match self.kind {
            Kind::List(_) if text.len() > 60 => "a list".to_owned(),
            Kind::Text(_) if text.len() > 60 => "a long text".to_owned(),
            _ => text,
        }
    }
}

impl Entry {
    fn must_be(&self, expected: &str) -> Wrong {
        wrong(self.line, format!("its `{}` is {}; it must be {expected}", self.key, self.value.shown()))
    }

    pub(super) fn number(&self) -> Result<f64, Wrong> {
        self.value.as_number().ok_or_else(|| self.must_be("a number"))
    }

    pub(super) fn whole(&self) -> Result<i64, Wrong> {
        self.value.as_whole().ok_or_else(|| self.must_be("a whole number"))
    }

    pub(super) fn boolean(&self) -> Result<bool, Wrong> {
        match self.value.kind {
            Kind::Bool(value) => Ok(value),
            _ => Err(self.must_be("true or false")),
        }
    }

    pub(super) fn text(&self) -> Result<&str, Wrong> {
        self.value.as_text().ok_or_else(|| self.must_be("a text"))
    }

    pub(super) fn list(&self) -> Result<&[Node], Wrong> {
        match &self.value.kind {
            Kind::List(items) if !items.is_empty() => Ok(items),
            _ => Err(self.must_be("a list of at least one value")),
        }
    }

    pub(super) fn map(&self) -> Result<&[Entry], Wrong> {
        match &self.value.kind {
            Kind::Map(entries) if !entries.is_empty() => Ok(entries),
            _ => Err(self.must_be("a mapping of at least one key")),
        }
    }

    /// One of some words.
    pub(super) fn one_of<'k>(&self, known: &[&'k str]) -> Result<&'k str, Wrong> {
        let text = self.text()?;
        known.iter().find(|word| **word == text).copied().ok_or_else(|| {
            let hint = did_you_mean(text, "choices", known.iter().copied());
            wrong(self.line, format!("its `{}` is {text:?}; {hint}", self.key))
        })
    }
}

/// The keys of a mapping, taken one by one.
pub(super) struct Keys<'a> {
    line: usize,
    left: Vec<&'a Entry>,
    asked: Vec<&'static str>,
}

impl<'a> Keys<'a> {
    pub(super) fn of(node: &'a Node) -> Keys<'a> {
        Keys { line: node.line, left: node.entries().iter().collect(), asked: Vec::new() }
    }

    pub(super) fn take(&mut self, key: &'static str) -> Option<&'a Entry> {
        self.asked.push(key);
        let index = self.left.iter().position(|entry| entry.key == key)?;
        Some(self.left.remove(index))
    }

    /// Takes a key that must be there; `example` is how it could be written.
    pub(super) fn require(&mut self, key: &'static str, example: &str) -> Result<&'a Entry, Wrong> {
        let line = self.line;
        self.take(key).ok_or_else(|| wrong(line, format!("its `{key}` is missing; give for instance {example}")))
    }

    /// Takes a number, where it is given.
    pub(super) fn number(&mut self, key: &'static str) -> Result<Option<f64>, Wrong> {
        self.take(key).map(Entry::number).transpose()
    }

    /// What was not taken.
    pub(super) fn rest(self) -> Vec<&'a Entry> {
        self.left
    }

    /// Refuses what was not taken.
    pub(super) fn finish(self) -> Result<(), Wrong> {
        let Some(entry) = self.left.first() else { return Ok(()) };
        let hint = did_you_mean(&entry.key, "keys", self.asked.iter().copied());
        Err(wrong(entry.line, format!("it has a key `{}` that does not go with the rest; {hint}", entry.key)))
    }
}
