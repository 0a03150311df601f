//! When a variable exists. kurobako says it in Lua; read here are comparisons of an earlier variable with a value, joined
//! by `and`, `or` and `not`, as far as they come down to one test for each variable. That is what a condition of a space is.

use std::collections::BTreeMap;

use seqtune_space::{Bounds, Condition, Domain, Test, Value};

/// An earlier variable: its name in the script, the parameter that it is, and what values it has.
pub(super) struct Earlier<'a> {
    pub(super) name: &'a str,
    pub(super) parameter: &'a str,
    pub(super) domain: &'a Domain,
}

/// Reads a script.
///
/// # Errors
/// What of it cannot be read, in words.
pub(super) fn read(script: &str, earlier: &[Earlier<'_>]) -> Result<Condition, String> {
    let mut tokens = tokens(script)?;
    if tokens.first() == Some(&Token::Word("return".to_owned())) {
        tokens.remove(0);
    }
    tokens.reverse();
    let mut reader = Reader { tokens, earlier, depth: 0 };
    let tests = reader.any()?;
    match reader.tokens.last() {
        None => Ok(Condition(tests)),
        Some(token) => Err(format!("{token} where it should end")),
    }
}

type Tests = BTreeMap<String, Test>;

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Number(f64),
    Sign(&'static str),
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Token::Word(word) => write!(f, "`{word}`"),
            Token::Text(text) => write!(f, "{text:?}"),
            Token::Number(number) => write!(f, "{number}"),
            Token::Sign(sign) => write!(f, "`{sign}`"),
        }
    }
}

fn tokens(script: &str) -> Result<Vec<Token>, String> {
    const SIGNS: [&str; 8] = ["==", "~=", "<=", ">=", "<", ">", "(", ")"];
    let mut tokens = Vec::new();
    let mut rest = script.trim_start();
    while let Some(first) = rest.chars().next() {
        let split = |end: usize| (rest[..end].to_owned(), &rest[end..]);
        let next = if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            tokens.push(Token::Sign(sign));
            &rest[sign.len()..]
        } else if first == '"' || first == '\'' {
            let inner = &rest[1..];
            let end = inner.find(first).ok_or("a string without an end")?;
            if inner[..end].contains('\\') {
                return Err("a string with an escape".to_owned());
            }
            tokens.push(Token::Text(inner[..end].to_owned()));
            &inner[end + 1..]
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            let (word, after) = split(end);
            tokens.push(Token::Word(word));
            after
        } else {
            // A minus is part of its number: nothing is calculated here.
            let number = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
            let (digits, after) = split(rest.find(|c: char| !number(c)).unwrap_or(rest.len()));
            let read = digits.parse().ok().filter(|number: &f64| number.is_finite());
            tokens.push(Token::Number(read.ok_or_else(|| format!("`{first}`"))?));
            after
        };
        rest = next.trim_start();
    }
    Ok(tokens)
}

struct Reader<'a> {
    /// The next one is last.
    tokens: Vec<Token>,
    earlier: &'a [Earlier<'a>],
    depth: u32,
}

impl Reader<'_> {
    fn any(&mut self) -> Result<Tests, String> {
        let mut tests = self.all()?;
        while self.take_word("or") {
            tests = either(tests, self.all()?)?;
        }
        Ok(tests)
    }

    fn all(&mut self) -> Result<Tests, String> {
        let mut tests = self.one()?;
        while self.take_word("and") {
            for (name, test) in self.one()? {
                let both = match tests.get(&name) {
                    Some(other) => other.and(&test).ok_or_else(|| format!("what is never true of `{name}`"))?,
                    None => test,
                };
                tests.insert(name, both);
            }
        }
        Ok(tests)
    }

    fn one(&mut self) -> Result<Tests, String> {
        self.depth += 1;
        if self.depth > 64 {
            return Err("parentheses that nest too deep".to_owned());
        }
        let tests = if self.take_word("not") {
            let inner = self.one()?;
            self.negated(inner)?
        } else if self.tokens.last() == Some(&Token::Sign("(")) {
            self.tokens.pop();
            let inner = self.any()?;
            match self.tokens.pop() {
                Some(Token::Sign(")")) => inner,
                _ => return Err("a parenthesis without an end".to_owned()),
            }
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(tests)
    }

    fn comparison(&mut self) -> Result<Tests, String> {
        let three = (self.tokens.pop(), self.tokens.pop(), self.tokens.pop());
        let (name, sign, value) = match three {
            (Some(Token::Word(name)), Some(Token::Sign(sign)), Some(value)) => (name, sign, value),
            (Some(value), Some(Token::Sign(sign)), Some(Token::Word(name))) => (name, turned(sign), value),
            (first, ..) => {
                return Err(
                    first.map_or("nothing".to_owned(), |token| format!("{token} where a comparison should begin"))
                );
            }
        };
        let earlier = self.earlier.iter().find(|earlier| earlier.name == name);
        let Earlier { parameter, domain, .. } =
            earlier.ok_or_else(|| format!("`{name}`, which is no earlier variable"))?;
        let test = match (&value, domain) {
            (Token::Text(text), Domain::Categorical { .. }) => {
                let is = Test::Is(Value::Text(text.clone()));
                match sign {
                    "==" => is,
                    "~=" => complement(&is, domain)?,
                    _ => return Err(format!("`{sign}` between texts")),
                }
            }
            (Token::Number(number), Domain::Int { .. } | Domain::Float { .. }) => compare(sign, *number, domain)?,
            _ => return Err(format!("`{name}` compared with {value}")),
        };
        Ok(Tests::from([((*parameter).to_owned(), test)]))
    }

    fn negated(&self, tests: Tests) -> Result<Tests, String> {
        let mut entries = tests.into_iter();
        match (entries.next(), entries.next()) {
            (Some((name, test)), None) => {
                let earlier = self.earlier.iter().find(|earlier| earlier.parameter == name);
                let domain = earlier.map(|earlier| earlier.domain).ok_or("`not` of nothing")?;
                let test = complement(&test, domain)?;
                Ok(Tests::from([(name, test)]))
            }
            _ => Err("`not` of several variables".to_owned()),
        }
    }

    fn take_word(&mut self, word: &str) -> bool {
        let next = matches!(self.tokens.last(), Some(Token::Word(found)) if found == word);
        if next {
            self.tokens.pop();
        }
        next
    }
}

/// The sign with its sides changed.
fn turned(sign: &'static str) -> &'static str {
    match sign {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        same => same,
    }
}

fn compare(sign: &str, number: f64, domain: &Domain) -> Result<Test, String> {
    let whole = matches!(domain, Domain::Int { .. });
    let at_least = |low: f64| Test::Range(Bounds { at_least: Some(low), at_most: None });
    let at_most = |high: f64| Test::Range(Bounds { at_least: None, at_most: Some(high) });
    Ok(match sign {
        "==" => Test::Is(domain.conform(Value::Float(number))),
        ">=" => at_least(number),
        "<=" => at_most(number),
        // Bounds are closed.
        ">" => at_least(if whole { number.floor() + 1.0 } else { number.next_up() }),
        "<" => at_most(if whole { number.ceil() - 1.0 } else { number.next_down() }),
        other => return Err(format!("`{other}` between numbers")),
    })
}

/// The choices that do not pass.
fn complement(test: &Test, domain: &Domain) -> Result<Test, String> {
    match domain {
        Domain::Categorical { choices } => {
            Ok(Test::OneOf(choices.iter().filter(|choice| !test.passes(choice)).cloned().collect()))
        }
        _ => Err("`not` of a number".to_owned()),
    }
}

/// One of the two, where that is one test of one variable.
fn either(a: Tests, b: Tests) -> Result<Tests, String> {
    if a == b {
        return Ok(a);
    }
    let listed = |test: Test| match test {
        Test::Is(value) => Ok(vec![value]),
        Test::OneOf(values) => Ok(values),
        Test::Range(_) => Err("`or` between ranges".to_owned()),
    };
    let (mut a, mut b) = (a.into_iter(), b.into_iter());
    match (a.next(), a.next(), b.next(), b.next()) {
        (Some((name, first)), None, Some((other, second)), None) if name == other => {
            let mut values = listed(first)?;
            for value in listed(second)? {
                if !values.contains(&value) {
                    values.push(value);
                }
            }
            Ok(Tests::from([(name, Test::OneOf(values))]))
        }
        _ => Err("`or` between different variables".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use seqtune_space::Scale;

    use super::*;

    proptest::proptest! {
        #[test]
        fn any_script_is_read_or_refused(script in "[a-z0-9 ()=~<>'\"._-]{0,40}", other in "\\PC{0,20}") {
            let _ = condition(&script);
            let _ = condition(&other);
            let _ = condition(&format!("{}kind == 'a'", "not ".repeat(script.len())));
        }
    }

    fn condition(script: &str) -> Result<String, String> {
        let kind = Domain::Categorical { choices: vec!["a".into(), "b".into(), "c".into()] };
        let count = Domain::Int { low: 1, high: 8, scale: Scale::Linear, step: 1 };
        let rate = Domain::Float { low: 0.0, high: 1.0, scale: Scale::Linear, step: None };
        let earlier = [("kind", "p0", &kind), ("count", "p1", &count), ("rate", "p2", &rate)];
        let earlier = earlier.map(|(name, parameter, domain)| Earlier { name, parameter, domain });
        read(script, &earlier).map(|condition| serde_json::to_string(&condition).unwrap())
    }

    #[test]
    fn comparisons_become_tests() {
        for (script, expected) in [
            (r#"kind == "a""#, r#"{"p0":"a"}"#),
            (r#"return (kind == 'a') or kind == "c""#, r#"{"p0":["a","c"]}"#),
            (r#"kind ~= "a""#, r#"{"p0":["b","c"]}"#),
            (r#"not (kind == "a" or kind == "b")"#, r#"{"p0":["c"]}"#),
            ("count > 2", r#"{"p1":{"at_least":3.0}}"#),
            ("4 > count and 2 <= count", r#"{"p1":{"at_least":2.0,"at_most":3.0}}"#),
            (r#"count == 2 and kind == "b""#, r#"{"p0":"b","p1":2}"#),
            ("rate <= 5e-1", r#"{"p2":{"at_most":0.5}}"#),
        ] {
            assert_eq!(condition(script).as_deref(), Ok(expected), "{script}");
        }
    }

    #[test]
    fn all_else_is_named() {
        for (script, expected) in [
            ("", "nothing"),
            ("kind", "`kind` where a comparison should begin"),
            ("count + rate < 2", "`+`"),
            (r#"kind == "a" or count == 2"#, "`or` between different variables"),
            ("count < 2 or count > 4", "`or` between ranges"),
            (r#"kind == "a" and kind == "b""#, "what is never true of `p0`"),
            (r#"other == "a""#, "`other`, which is no earlier variable"),
            (r#"kind == "a"#, "a string without an end"),
            (r#"(kind == "a""#, "a parenthesis without an end"),
            (r#"kind == "a" kind"#, "`kind` where it should end"),
            ("kind < 3", "`kind` compared with 3"),
            ("f(kind) == 3", "`f`, which is no earlier variable"),
        ] {
            assert_eq!(condition(script).unwrap_err(), expected, "{script}");
        }
        assert!(condition(&"(".repeat(10_000)).is_err());
    }
}
