//! Expressions as words with their places.

use std::ops::Range;

use super::ConstraintError;

/// A word of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Text(String),
    Name(String),
    /// An operator, a bracket, a comma or a word of the language.
    Sign(&'static str),
    End,
}

/// Longer ones first: `<=` is not `<` and `=`.
const SIGNS: [&str; 20] =
    ["**", "//", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",", "=", "&"];
const WORDS: [&str; 6] = ["and", "or", "not", "in", "true", "false"];

pub(super) fn tokens(text: &str) -> Result<Vec<(Token, Range<usize>)>, ConstraintError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (token, length) = match first {
            '0'..='9' | '.' => number(text, at)?,
            '\'' | '"' | '`' => quoted(text, at, first)?,
            _ if first.is_alphabetic() || first == '_' => {
                let rest = &text[at..];
                let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
                let word = &rest[..length];
                // Python's own spelling, which many will write.
                let lower = if matches!(word, "True" | "False") { word.to_lowercase() } else { word.to_owned() };
                let sign = WORDS.iter().find(|known| **known == lower);
                (sign.map_or_else(|| Token::Name(word.to_owned()), |sign| Token::Sign(sign)), length)
            }
            _ => sign(text, at, first)?,
        };
        tokens.push((token, at..at + length));
        at += length;
    }
    tokens.push((Token::End, text.len()..text.len()));
    Ok(tokens)
}

fn number(text: &str, at: usize) -> Result<(Token, usize), ConstraintError> {
    let bytes = &text.as_bytes()[at..];
    let mut length = 0;
    while let Some(byte) = bytes.get(length) {
        let exponent_sign = matches!(byte, b'+' | b'-') && matches!(bytes[length - 1], b'e' | b'E');
        if !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_') || exponent_sign) {
            break;
        }
        length += 1;
    }
    let word = &text[at..at + length];
    match word.replace('_', "").parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((Token::Number(number), length)),
        _ => Err(ConstraintError::new(format!("{word:?} is not a number"), at..at + length)),
    }
}

fn quoted(text: &str, at: usize, quote: char) -> Result<(Token, usize), ConstraintError> {
    let inside = &text[at + 1..];
    let Some(length) = inside.find(quote) else {
        return Err(ConstraintError::new(format!("a {quote} is opened and never closed"), at..text.len()));
    };
    let word = inside[..length].to_owned();
    Ok((if quote == '`' { Token::Name(word) } else { Token::Text(word) }, length + 2))
}

fn sign(text: &str, at: usize, first: char) -> Result<(Token, usize), ConstraintError> {
    let sign = SIGNS.iter().find(|sign| text[at..].starts_with(**sign));
    let place = at..at + first.len_utf8();
    match sign {
        Some(&"=") => Err(ConstraintError::new("`=` does not compare; did you mean `==`?", place)),
        Some(&"&") => Err(ConstraintError::new("`&` is written `and`", place)),
        Some(sign) => Ok((Token::Sign(sign), sign.len())),
        None if first == '|' => Err(ConstraintError::new("`|` is written `or`", place)),
        None if first == '!' => Err(ConstraintError::new("`!` is written `not`", place)),
        None if first == '^' => Err(ConstraintError::new("a power is written `**`", place)),
        None => Err(ConstraintError::new(format!("{first:?} is no part of an expression"), place)),
    }
}
