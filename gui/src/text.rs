//! Numbers, times and values as people read them.

use seqtune_plugin::FailureCause;
use seqtune_space::{Params, Value};

/// A number with about five significant digits: `0.94671`, `12.346`, `3.1e-5`.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if !(1e-3..1e6).contains(&size) {
        format!("{value:.3e}")
    } else if value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        let whole_digits = size.log10().floor() as i32 + 1;
        let decimals = (5 - whole_digits).clamp(0, 6) as usize;
        format!("{value:.decimals$}")
    }
}

/// [`number`] without zeros at its end: `0.01`.
pub(crate) fn short_number(value: f64) -> String {
    let text = number(value);
    let (digits, exponent) = text.split_at(text.find('e').unwrap_or(text.len()));
    if !digits.contains('.') {
        return text;
    }
    format!("{}{exponent}", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// A number, or a dash where there is none.
pub(crate) fn number_or_dash(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), number)
}

/// A parameter's value; choices without their quotes.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::Float(value) => short_number(*value),
        Value::Text(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A span of time: `0.4 s`, `12 s`, `3 m 12 s`, `5 h 3 m`, `2 d 4 h`.
pub(crate) fn span(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0..10 => format!("{:.1} s", seconds.max(0.0)),
        10..60 => format!("{whole} s"),
        60..3600 => format!("{} m {} s", whole / 60, whole % 60),
        3600..86_400 => format!("{} h {} m", whole / 3600, whole % 3600 / 60),
        _ => format!("{} d {} h", whole / 86_400, whole % 86_400 / 3600),
    }
}

/// A size of files: `812 bytes`, `3.1 MB`.
pub(crate) fn bytes(size: u64) -> String {
    let (mut value, mut unit) = (size as f64, "bytes");
    for next in ["kB", "MB", "GB", "TB"] {
        if value < 1000.0 {
            break;
        }
        (value, unit) = (value / 1000.0, next);
    }
    if unit == "bytes" { format!("{size} bytes") } else { format!("{value:.1} {unit}") }
}

/// Parameters as lines of a study file: `lr = 0.01`.
pub(crate) fn params_toml(params: &Params) -> String {
    let line = |(name, value): (&str, &Value)| match value {
        Value::Text(text) => format!("{name} = {text:?}\n"),
        other => format!("{name} = {other}\n"),
    };
    params.iter().map(line).collect()
}

/// An error as a sentence: a capital at its beginning, a full stop at its end.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

/// `1 trial`, `2 trials`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// A failure's cause in words.
pub(crate) fn cause(cause: FailureCause) -> &'static str {
    match cause {
        FailureCause::BadParams => "the parameters cannot be built",
        FailureCause::Diverged => "the training diverged",
        FailureCause::OutOfMemory => "out of memory",
        FailureCause::Crashed => "the worker crashed",
        FailureCause::NoSpace => "disk full",
        FailureCause::Unusable => "nothing could be trained",
        FailureCause::TimedOut => "out of time",
        FailureCause::Interrupted => "interrupted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_five_digits() {
        let shown: Vec<String> =
            [0.946_712, 12.345_67, 123_456.7, 0.0, -3.0, 64.0, 3.1e-5, 2.5e9].into_iter().map(number).collect();
        assert_eq!(shown, ["0.94671", "12.346", "123457", "0", "-3", "64", "3.100e-5", "2.500e9"]);
    }

    #[test]
    fn short_numbers_have_no_zeros_at_the_end() {
        let shown: Vec<String> = [0.01, 100.0, 2.5e9, 1e-5, 0.5].into_iter().map(short_number).collect();
        assert_eq!(shown, ["0.01", "100", "2.5e9", "1e-5", "0.5"]);
    }

    #[test]
    fn sizes_use_thousands() {
        assert_eq!([812, 1000, 3_140_000].map(bytes), ["812 bytes", "1.0 kB", "3.1 MB"]);
    }

    #[test]
    fn spans_use_two_units() {
        let shown: Vec<String> = [0.42, 9.96, 59.0, 192.0, 18_180.0, 187_200.0].into_iter().map(span).collect();
        assert_eq!(shown, ["0.4 s", "10 s", "59 s", "3 m 12 s", "5 h 3 m", "2 d 4 h"]);
    }
}
