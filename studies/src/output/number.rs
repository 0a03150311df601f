//! Numbers for people: six digits say more than anybody compares.

use seqtune_space::Value;

/// A metric's value; `-` where there is none.
pub(crate) fn show_number(value: Option<f64>) -> String {
    let Some(value) = value else { return "-".to_owned() };
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor();
    if (-4.0..7.0).contains(&magnitude) {
        let decimals = (5.0 - magnitude).clamp(0.0, 9.0) as usize;
        let text = format!("{value:.decimals$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    } else {
        format!("{value:.5e}")
    }
}

/// A parameter's value.
pub(crate) fn show_value(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_are_shown() {
        for (value, expected) in [
            (0.912_345_678, "0.912346"),
            (0.5, "0.5"),
            (12.0, "12"),
            (0.000_123_456_78, "0.000123457"),
            (123_456.78, "123457"),
            (1.25e-9, "1.25000e-9"),
            (-3.5, "-3.5"),
            (0.0, "0"),
        ] {
            assert_eq!(show_number(Some(value)), expected);
        }
        assert_eq!(show_number(None), "-");
    }
}
