//! Numbers as plots write them.

/// A number in at most `digits` significant digits, without zeros at its end: `0.954`, `12`, `3.1e-5`.
pub fn short(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".to_owned() } else { "-".to_owned() };
    }
    let digits = digits.clamp(1, 17);
    // Rounding may reach the next power of ten: the exponent is that of the rounded number.
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        without_zeros(&format!("{value:.decimals$}")).to_owned()
    } else {
        format!("{}e{exponent}", without_zeros(mantissa))
    }
}

fn without_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// A count with its thousands apart: `46 012`.
pub fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(digit);
    }
    out
}

/// A unit of time in which `seconds` is a number that is easily read: its length in seconds, and its name.
pub fn span(seconds: f64) -> (f64, &'static str) {
    match seconds {
        s if s < 300.0 => (1.0, "s"),
        s if s < 3.0 * 3600.0 => (60.0, "min"),
        s if s < 4.0 * 86_400.0 => (3600.0, "h"),
        _ => (86_400.0, "d"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let shown = [0.954_587, 12.0, 0.000_031, 1e9, 0.999_96, -2.5, 123_456.0].map(|value| short(value, 3));
        assert_eq!(shown, ["0.955", "12", "3.1e-5", "1e9", "1", "-2.5", "123456"]);
        assert_eq!([short(0.0, 3), short(f64::NAN, 3)], ["0", "-"]);
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(
            [0, 999, 1000, 46_012, 1_234_567].map(thousands),
            ["0", "999", "1\u{a0}000", "46\u{a0}012", "1\u{a0}234\u{a0}567"]
        );
    }

    #[test]
    fn a_day_is_counted_in_hours() {
        assert_eq!([span(20.0), span(1200.0), span(86_400.0)], [(1.0, "s"), (60.0, "min"), (3600.0, "h")]);
    }
}
