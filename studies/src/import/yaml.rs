//! YAML as the tree of [`super::document`].
//!
//! Plain words are read as PyYAML reads them (`yes` and `on` are true), since that is what the sweep has meant so far;
//! except that `1e-3` is a number: PyYAML wants it written `1.0e-3` and else takes it for text, which nobody means.
//!
//! Aliases are copied, but only up to a total that no sweep comes near: a few lines of them could else fill the memory.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::document::{Entry, Kind, Node, Wrong, add, wrong};

/// Nodes that all aliases together may make.
const MAX_COPIED: usize = 100_000;
/// How deep values may stand in each other. Whoever walks the tree is a recursive function.
const MAX_DEPTH: usize = 100;

/// A document, and the numbers in it that PyYAML would take for text.
pub(super) fn yaml(text: &str) -> Result<(Node, Vec<String>), Wrong> {
    let mut builder = Builder::default();
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) =
            event.map_err(|error| wrong(error.marker().line(), format!("this is not YAML: {}", error.info())))?;
        builder.take(event, span.start.line())?;
    }
    let root = builder.root.ok_or_else(|| wrong(1, "the file is empty"))?;
    Ok((root, builder.texts))
}

/// A list or mapping that is not closed yet.
struct Open {
    anchor: usize,
    line: usize,
    kind: OpenKind,
}

enum OpenKind {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        /// The key whose value comes next.
        key: Option<(String, usize)>,
        /// What `<<` names: taken over where the mapping does not say itself.
        merged: Vec<Node>,
    },
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, Node>,
    copied: usize,
    /// Numbers that PyYAML takes for text.
    texts: Vec<String>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), Wrong> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(wrong(line, "a second document begins here; keep one of them in the file"))
            }
            Event::DocumentStart(_) => Ok(()),
            Event::Scalar(text, style, anchor, tag) => {
                if style == ScalarStyle::Plain && self.awaits_key() {
                    return self.key(text.into_owned(), line);
                }
                let kind = self.scalar(&text, style, tag.as_deref(), line)?;
                self.add(Node { kind, line }, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(Open { anchor, line, kind: OpenKind::List(Vec::new()) }, tag.as_deref())
            }
            Event::MappingStart(anchor, tag) => {
                let kind = OpenKind::Map { entries: Vec::new(), key: None, merged: Vec::new() };
                self.open(Open { anchor, line, kind }, tag.as_deref())
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { anchor, line, kind }) = self.open.pop() else { return Ok(()) };
                let kind = match kind {
                    OpenKind::List(items) => Kind::List(items),
                    OpenKind::Map { entries, merged, .. } => Kind::Map(merge(entries, merged)),
                };
                self.add(Node { kind, line }, anchor)
            }
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor) else {
                    return Err(wrong(line, "an alias (`*name`) names what it stands in itself"));
                };
                let (count, depth) = size(node);
                self.copied += count;
                if self.copied > MAX_COPIED {
                    return Err(wrong(line, format!("the aliases (`*name`) stand for more than {MAX_COPIED} values")));
                }
                if self.open.len() + depth > MAX_DEPTH {
                    return Err(too_deep(line));
                }
                let node = node.clone();
                self.add(node, 0)
            }
        }
    }

    fn open(&mut self, open: Open, tag: Option<&Tag>) -> Result<(), Wrong> {
        if let Some(tag) = tag.filter(|tag| !(tag.is_yaml_core_schema() && matches!(&*tag.suffix, "seq" | "map"))) {
            return Err(unknown(tag, open.line));
        }
        if self.awaits_key() {
            return Err(wrong(open.line, "a key is a list or a mapping; it must be a word"));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep(open.line));
        }
        self.open.push(open);
        Ok(())
    }

    fn awaits_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { kind: OpenKind::Map { key: None, .. }, .. }))
    }

    fn key(&mut self, name: String, line: usize) -> Result<(), Wrong> {
        if let Some(Open { kind: OpenKind::Map { key, .. }, .. }) = self.open.last_mut() {
            *key = Some((name, line));
        }
        Ok(())
    }

    /// Puts a finished value where it belongs.
    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Wrong> {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => self.root = Some(node),
            Some(OpenKind::List(items)) => items.push(node),
            Some(OpenKind::Map { entries, key: slot, merged }) => match slot.take() {
                Some((key, line)) if key == "<<" => match node.kind {
                    Kind::Map(_) => merged.push(node),
                    Kind::List(items) if items.iter().all(Node::is_map) => merged.extend(items),
                    _ => return Err(wrong(line, "`<<` must name a mapping, or a list of them")),
                },
                Some((key, line)) => add(entries, key, line, node)?,
                None => match node.kind {
                    Kind::Text(key) => *slot = Some((key, node.line)),
                    _ => return Err(wrong(node.line, format!("a key is {}; it must be a word", node.shown()))),
                },
            },
        }
        Ok(())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, line: usize) -> Result<Kind, Wrong> {
        match tag {
            Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => return Ok(Kind::Text(text.to_owned())),
            Some(tag) if tag.is_yaml_core_schema() && matches!(&*tag.suffix, "int" | "float" | "bool" | "null") => {}
            Some(tag) => return Err(unknown(tag, line)),
            None if style != ScalarStyle::Plain => return Ok(Kind::Text(text.to_owned())),
            None => {}
        }
        let kind = plain(text).map_err(|message| wrong(line, message))?;
        let unsigned = text.split_once(['e', 'E']).is_some_and(|(_, exponent)| !exponent.starts_with(['-', '+']));
        let is_text_elsewhere = matches!(kind, Kind::Float(_)) && (!text.contains('.') || unsigned);
        if is_text_elsewhere && !self.texts.iter().any(|earlier| earlier == text) {
            self.texts.push(text.to_owned());
        }
        Ok(kind)
    }
}

/// The mapping's own keys, then those of what it merges in; the first that says a key counts.
fn merge(mut entries: Vec<Entry>, merged: Vec<Node>) -> Vec<Entry> {
    for node in merged {
        let Kind::Map(others) = node.kind else { continue };
        for other in others {
            if entries.iter().all(|entry| entry.key != other.key) {
                entries.push(other);
            }
        }
    }
    entries
}

/// How many nodes, and how deep.
fn size(node: &Node) -> (usize, usize) {
    let within = |(count, depth): (usize, usize), inner: &Node| {
        let (more, deep) = size(inner);
        (count + more, depth.max(deep))
    };
    let (count, depth) = match &node.kind {
        Kind::List(items) => items.iter().fold((0, 0), within),
        Kind::Map(entries) => entries.iter().map(|entry| &entry.value).fold((0, 0), within),
        _ => (0, 0),
    };
    (count + 1, depth + 1)
}

fn too_deep(line: usize) -> Wrong {
    wrong(line, format!("values stand more than {MAX_DEPTH} deep in each other"))
}

fn unknown(tag: &Tag, line: usize) -> Wrong {
    wrong(line, format!("the tag {tag} is not known here; write the plain value"))
}

/// A word without quotes.
fn plain(text: &str) -> Result<Kind, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Kind::Null),
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Ok(Kind::Bool(true)),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return Ok(Kind::Bool(false)),
        ".nan" | ".NaN" | ".NAN" => return Ok(Kind::Float(f64::NAN)),
        _ => {}
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Ok(Kind::Float(if sign.is_empty() { f64::INFINITY } else { f64::NEG_INFINITY }));
    }
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Ok(Kind::Text(text.to_owned()));
    }
    // 1_000 is a thousand.
    let digits = unsigned.replace('_', "");
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(rest) = digits.strip_prefix(prefix)
            && !rest.is_empty()
            && rest.chars().all(|c| c.is_digit(radix))
        {
            let number = i64::from_str_radix(&format!("{sign}{rest}"), radix);
            return number.map(Kind::Int).map_err(|_| too_large(text));
        }
    }
    if digits.chars().all(|c| c.is_ascii_digit()) {
        if digits.len() > 1 && digits.starts_with('0') {
            return Err(format!(
                "{text} is octal, decimal or text, depending on who reads it; write it without the leading 0, or in quotes"
            ));
        }
        return format!("{sign}{digits}").parse().map(Kind::Int).map_err(|_| too_large(text));
    }
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (digits.as_str(), None),
    };
    let some_digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    let is_number = mantissa.contains(|c: char| c.is_ascii_digit())
        && some_digits(&mantissa.replacen('.', "", 1))
        && exponent.is_none_or(some_digits);
    match format!("{sign}{digits}").parse::<f64>() {
        Ok(number) if is_number && number.is_finite() => Ok(Kind::Float(number)),
        Ok(_) if is_number => Err(too_large(text)),
        _ => Ok(Kind::Text(text.to_owned())),
    }
}

fn too_large(text: &str) -> String {
    format!("{text} is too large a number")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        yaml(text).map(|(node, _)| node.json()).map_err(|wrong| format!("{}: {}", wrong.line, wrong.message))
    }

    #[test]
    fn plain_words_are_read_as_the_sweep_has_meant_them() {
        for (text, expected) in [
            ("[yes, Off, true, 'yes']", r#"[true, false, true, "yes"]"#),
            ("a:\nb: [~, null, '']", r#"{"a": null, "b": [null, null, ""]}"#),
            ("[1, -2, +3, 1_000, 0x1F, 0b11, 0o17]", "[1, -2, 3, 1000, 31, 3, 15]"),
            ("[1.0, .5, -2., 1.0e-5, 1e-5, 2E+3, 1_0.5]", "[1.0, 0.5, -2.0, 1e-5, 1e-5, 2000.0, 10.5]"),
            (
                "[1e, e5, 1.2.3, 1-2, 0xg, adam, 12:30, 1_]",
                r#"["1e", "e5", "1.2.3", "1-2", "0xg", "adam", "12:30", 1]"#,
            ),
            ("!!str 1", r#""1""#),
            ("a: {b: 1, 2: c}\n\"d\": |\n  text\n", r#"{"a": {"b": 1, "2": "c"}, "d": "text\n"}"#),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(yaml("[1e-5, 1.0e-5, 1e-5, 3, 1.0e5]").unwrap().1, ["1e-5", "1.0e5"]);
    }

    #[test]
    fn anchors_and_merges_are_followed() {
        let text = "base: &b {min: 0, max: 1}\nlr: *b\nwd:\n  <<: *b\n  max: 2\nx: {<<: [*b, {q: 3}]}\n";
        let expected = r#"{"base": {"min": 0, "max": 1}, "lr": {"min": 0, "max": 1}, "wd": {"max": 2, "min": 0}, "x": {"min": 0, "max": 1, "q": 3}}"#;
        assert_eq!(read(text).as_deref(), Ok(expected));
    }

    #[test]
    fn what_is_no_tree_is_refused_with_its_line() {
        let laughs: String = std::iter::once("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned())
            .chain((1..10).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "))))
            .collect();
        let deep = (1..40).fold("a0: &a0 [[[[[[1]]]]]]\n".to_owned(), |text, n| {
            text + &format!("a{n}: &a{n} [[[[[[*a{}]]]]]]\n", n - 1)
        });
        for (text, expected) in [
            ("", "1: the file is empty"),
            ("a: 1\nb: 2\na: 3\n", "3: `a` is written twice, first on line 1; remove one"),
            ("a: 1\n---\nb: 2\n", "2: a second document begins here; keep one of them in the file"),
            ("a: &x [*x]\n", "1: an alias (`*name`) names what it stands in itself"),
            (
                "a: !!python/tuple [1]\n",
                "1: the tag tag:yaml.org,2002:!python/tuple is not known here; write the plain value",
            ),
            ("[a]: 1\n", "1: a key is a list or a mapping; it must be a word"),
            (
                "a: 010\n",
                "1: 010 is octal, decimal or text, depending on who reads it; write it without the leading 0, or in quotes",
            ),
            ("a: 99999999999999999999\n", "1: 99999999999999999999 is too large a number"),
            ("a: 1e999\n", "1: 1e999 is too large a number"),
            ("a:\n  <<: 3\n", "2: `<<` must name a mapping, or a list of them"),
            (&"[".repeat(200), "1: values stand more than 100 deep in each other"),
            (&laughs, "6: the aliases (`*name`) stand for more than 100000 values"),
            (&deep, "17: values stand more than 100 deep in each other"),
        ] {
            assert_eq!(read(text).as_ref().map_err(String::as_str), Err(expected), "{text}");
        }
        for text in ["a: *nothing\n", "a: [1, 2\nb: 3\n", "a: b: c\n", "a:\n\tb: 1\n", "a: \"x\n"] {
            let error = read(text).unwrap_err();
            assert!(error.contains("this is not YAML: "), "{error}");
        }
    }
}
