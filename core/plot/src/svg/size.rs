//! How large a picture is.

use std::fmt;
use std::str::FromStr;

/// A length on screen or paper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Length {
    /// Pixels of CSS, 96 to the inch.
    Px(f64),
    /// Millimetres.
    Mm(f64),
}

/// Width and height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// Left to right.
    pub width: Length,
    /// Top to bottom.
    pub height: Length,
}

/// A text is no length.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SizeError {
    /// It does not read as one.
    #[error("{0:?} is no length: write 180mm, 18cm, 7in, 720px or 720")]
    Form(String),
    /// Nothing can be drawn so small, or nobody draws so large.
    #[error("{0} is out of range: a picture is 120 to 10000 px (32 to 2640 mm) wide and high")]
    Range(String),
}

impl Length {
    /// The length in pixels of CSS.
    pub fn px(self) -> f64 {
        match self {
            Length::Px(px) => px,
            Length::Mm(mm) => mm * 96.0 / 25.4,
        }
    }
}

impl FromStr for Length {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Length, SizeError> {
        let trimmed = text.trim();
        let (digits, unit) = trimmed.split_at(trimmed.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(trimmed.len()));
        let number: f64 = digits.trim().parse().map_err(|_| SizeError::Form(text.to_owned()))?;
        let length = match unit {
            "" | "px" => Length::Px(number),
            "mm" => Length::Mm(number),
            "cm" => Length::Mm(number * 10.0),
            "in" => Length::Mm(number * 25.4),
            _ => return Err(SizeError::Form(text.to_owned())),
        };
        if (120.0..=10_000.0).contains(&length.px()) { Ok(length) } else { Err(SizeError::Range(text.to_owned())) }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Length::Px(px) => write!(f, "{px}"),
            Length::Mm(mm) => write!(f, "{mm}mm"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_units() {
        assert_eq!("180mm".parse(), Ok(Length::Mm(180.0)));
        assert_eq!("18 cm".parse(), Ok(Length::Mm(180.0)));
        assert_eq!("720".parse(), Ok(Length::Px(720.0)));
        assert!((Length::Mm(25.4).px() - 96.0).abs() < 1e-9);
        assert!(matches!("wide".parse::<Length>(), Err(SizeError::Form(_))));
        assert!(matches!("180furlong".parse::<Length>(), Err(SizeError::Form(_))));
        for text in ["2mm", "-50mm", "1e9", "nan"] {
            assert!(matches!(text.parse::<Length>(), Err(SizeError::Range(_) | SizeError::Form(_))), "{text}");
        }
    }
}
