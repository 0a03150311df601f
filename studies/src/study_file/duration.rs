//! Durations as people write them: `"90s"`, `"5m"`, `"1h30m"`, or a plain number of seconds.

/// Seconds of a duration in words; `None` where it is none.
pub(super) fn seconds(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !(character.is_ascii_digit() || character == '.'))?;
        let (number, tail) = rest.split_at(digits);
        let tail = tail.trim_start();
        let letters = tail.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let unit = match unit {
            "ms" => 0.001,
            "s" | "sec" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3600.0,
            "d" => 86400.0,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * unit;
        rest = tail.trim_start();
    }
    Some(total)
}

/// A duration for people: `1 h 5 min`, `12.1 s`.
pub fn show_seconds(seconds: f64) -> String {
    let whole = seconds.round().max(0.0) as u64;
    let two = |large: u64, unit: &str, small: u64, part: &str| match small {
        0 => format!("{large} {unit}"),
        small => format!("{large} {unit} {small} {part}"),
    };
    match seconds {
        _ if seconds < 59.95 => format!("{seconds:.1} s"),
        _ if whole < 3600 => two(whole / 60, "min", whole % 60, "s"),
        _ if whole < 86400 => two(whole / 3600, "h", whole % 3600 / 60, "min"),
        _ => two(whole / 86400, "d", whole % 86400 / 3600, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, expected) in
            [("90s", 90.0), ("5m", 300.0), ("2h", 7200.0), ("1h30m", 5400.0), ("1.5 h", 5400.0), ("2 min", 120.0)]
        {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for text in ["", "5", "m", "5 parsecs", "1h 30", "-5m", "1..5h"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn durations_are_shown() {
        assert_eq!(show_seconds(12.14), "12.1 s");
        assert_eq!(show_seconds(59.96), "1 min");
        assert_eq!(show_seconds(3900.0), "1 h 5 min");
        assert_eq!(show_seconds(90000.0), "1 d 1 h");
    }
}
