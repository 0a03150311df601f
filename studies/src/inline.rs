//! Parameters and values as TOML text on one line, as people write them in a study file.
//!
//! ```
//! use seqtune::inline::parameter;
//! use seqtune_space::ParameterForm;
//!
//! let form: ParameterForm = serde_json::from_str(r#"{"type": "int", "low": 8, "high": 512, "log": true}"#)?;
//! assert_eq!(parameter(&form), r#"{ type = "int", low = 8, high = 512, log = true }"#);
//! # Ok::<(), serde_json::Error>(())
//! ```

use seqtune_space::{Bounds, Condition, Confidence, LengthForm, ParameterForm, Prior, Test, Value};

/// A declaration, `{ type = "float", low = 0.1, high = 1.0 }`, without its name, doc and source.
pub fn parameter(form: &ParameterForm) -> String {
    let mut keys = vec![format!("type = {}", text(&form.kind))];
    let mut add = |key: &str, written: Option<String>| keys.extend(written.map(|written| format!("{key} = {written}")));
    add("low", form.low.as_ref().map(value));
    add("high", form.high.as_ref().map(value));
    add("log", form.log.then(|| "true".to_owned()));
    add("step", form.step.as_ref().map(value));
    add("choices", form.choices.as_deref().map(list));
    add("values", form.values.as_deref().map(list));
    add(
        "len",
        form.len.as_ref().map(|len| match len {
            LengthForm::Exactly(length) => length.to_string(),
            LengthForm::Between { low, high } => format!("{{ low = {low}, high = {high} }}"),
            LengthForm::As(other) => text(other),
        }),
    );
    add("item", form.item.as_deref().map(parameter));
    add("rule", form.rule.as_deref().map(text));
    add("default", form.default.as_ref().map(value));
    add(
        "prior",
        form.prior.as_ref().map(|prior| match prior {
            Prior::Center { center, confidence } if *confidence == Confidence::default() => {
                format!("{{ center = {} }}", value(center))
            }
            Prior::Center { center, confidence } => {
                let confidence = serde_json::to_string(confidence).unwrap_or_default();
                format!("{{ center = {}, confidence = {confidence} }}", value(center))
            }
            Prior::Weights { weights } => {
                let weights: Vec<Value> = weights.iter().copied().map(Value::Float).collect();
                format!("{{ weights = {} }}", list(&weights))
            }
        }),
    );
    add("when", (!form.when.is_empty()).then(|| condition(&form.when)));
    format!("{{ {} }}", keys.join(", "))
}

/// A value.
pub fn value(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => format!("{value:?}"),
        Value::Text(value) => text(value),
        Value::List(items) => list(items),
    }
}

/// A string in quotes, on one line whatever it holds: also fit to be a key.
pub fn text(text: &str) -> String {
    if text.contains(['"', '\\']) && !text.contains(|c: char| c == '\'' || c.is_control()) {
        return format!("'{text}'");
    }
    let escaped = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

/// A key: bare where TOML allows it.
pub fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { text(name) }
}

fn list(items: &[Value]) -> String {
    format!("[{}]", items.iter().map(value).collect::<Vec<_>>().join(", "))
}

fn condition(condition: &Condition) -> String {
    let test = |(parent, test): (&String, &Test)| {
        let written = match test {
            Test::Is(one) => value(one),
            Test::OneOf(values) => list(values),
            Test::Range(Bounds { at_least, at_most }) => {
                let low = at_least.map(|low| format!("at_least = {}", bound(low)));
                let high = at_most.map(|high| format!("at_most = {}", bound(high)));
                format!("{{ {} }}", low.into_iter().chain(high).collect::<Vec<_>>().join(", "))
            }
        };
        format!("{} = {written}", key(parent))
    };
    format!("{{ {} }}", condition.0.iter().map(test).collect::<Vec<_>>().join(", "))
}

/// Bounds are doubles; most stand for whole numbers.
fn bound(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 { format!("{number:.0}") } else { format!("{number:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_stays_on_one_line_whatever_it_holds() {
        assert_eq!(text("a\n\"b\"\\\u{7f}"), r#""a\n\"b\"\\\u007F""#);
        for odd in ["\n", "\r\n\t", "'''\n\"\"\"", "\u{0}\u{1b}\u{7f}\u{85}", "it's \"so\"", "'", "\\", "\\'"] {
            let written = text(odd);
            assert!(!written.contains('\n'), "{written}");
            let read: toml::Table = toml::from_str(&format!("{written} = {written}")).unwrap();
            assert_eq!(read[odd].as_str(), Some(odd));
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let table = r#"
            a = { type = "float", low = 1e-5, high = 0.1, log = true, default = 0.001, prior = { center = 0.01, confidence = "high" } }
            m = { type = "categorical", choices = ["x y", "\"q\"", "z"], prior = { weights = [1.0, 2.0, 1.0] } }
            w = { type = "list", len = { low = 0, high = 3 }, item = { type = "ordinal", values = [3, 5] }, rule = "non_increasing", default = [5, 3], when = { m = ["z", "x y"] } }
            o = { type = "int", low = 0, high = 8, prior = { center = 4 } }
            d = { type = "list", len = "w", item = { type = "int", low = 0, high = 8, step = 2 } }
            b = { type = "bool", when = { a = { at_least = 0.5 }, m = "z" } }
        "#;
        let forms: indexmap::IndexMap<String, ParameterForm> = toml::from_str(table).unwrap();
        let lines: Vec<String> = forms.iter().map(|(name, form)| format!("{name} = {}", parameter(form))).collect();
        let expected: Vec<&str> = table.trim().lines().map(str::trim).collect();
        let literal = |line: &String| line.replace(r#"'"q"'"#, r#""\"q\"""#);
        assert_eq!(lines.iter().map(literal).collect::<Vec<_>>(), expected);
        let again: indexmap::IndexMap<String, ParameterForm> = toml::from_str(&lines.join("\n")).unwrap();
        assert_eq!(again, forms);
    }
}
