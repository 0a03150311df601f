//! What a file says, as a tree in which every value knows its line and mappings keep their order.
//!
//! JSON and YAML are read into the same tree; [`Keys`] then takes a mapping's keys one by one, so that what nobody asked
//! for is an error and not overlooked.

use crate::json::{self, Json};
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

/// A document in JSON.
pub(super) fn json(text: &str) -> Result<Node, Wrong> {
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let line_at = |at: usize| ends.partition_point(|end| *end < at) + 1;
    let read = json::read(text).map_err(|error| wrong(line_at(error.span.start), error.message))?;
    Ok(from_json(read.ok_or_else(|| wrong(1, "the file is empty"))?, &line_at))
}

fn from_json(Json { span, kind }: Json, line_at: &impl Fn(usize) -> usize) -> Node {
    let kind = match kind {
        json::Kind::Null => Kind::Null,
        json::Kind::Bool(value) => Kind::Bool(value),
        json::Kind::Int(number) => Kind::Int(number),
        json::Kind::Float(number) => Kind::Float(number),
        json::Kind::Text(text) => Kind::Text(text),
        json::Kind::List(items) => Kind::List(items.into_iter().map(|item| from_json(item, line_at)).collect()),
        json::Kind::Object(members) => {
            let entry = |json::Member { key, key_span, value }| {
                let line = line_at(key_span.start);
                Entry { key, line, value: from_json(value, line_at) }
            };
            Kind::Map(members.into_iter().map(entry).collect())
        }
    };
    Node { kind, line: line_at(span.start) }
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
