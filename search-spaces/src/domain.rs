//! Domains: the set of values of one parameter, and its mapping to the unit interval.

use crate::value::Value;

/// How a numeric domain is spread over the unit interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equally likely.
    Linear,
    /// Equal ratios are equally likely; only for positive ranges.
    Log,
}

/// The values of one parameter. Bounds are closed.
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// Real numbers `low..=high`; with a step, `low + k * step` for whole k.
    Float {
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
        /// Spread over the unit interval.
        scale: Scale,
        /// Grid, counted from `low`; linear scale only.
        step: Option<f64>,
    },
    /// Whole numbers `low..=high`; with a step above 1, `low + k * step`.
    Int {
        /// Smallest value.
        low: i64,
        /// Largest value.
        high: i64,
        /// Spread over the unit interval.
        scale: Scale,
        /// Grid, counted from `low`; 1 on the log scale.
        step: i64,
    },
    /// Choices without an order.
    Categorical {
        /// At least one, all different.
        choices: Vec<Value>,
    },
    /// Choices in an order, equally spaced.
    Ordinal {
        /// At least one, all different.
        values: Vec<Value>,
    },
    /// `false` or `true`.
    Bool,
}

impl Domain {
    /// Whether the domain holds exactly this value (kinds included: `2.0` is not an integer).
    pub fn contains(&self, value: &Value) -> bool {
        match (self, value) {
            (Domain::Float { low, high, step, .. }, Value::Float(value)) => {
                *low <= *value
                    && *value <= *high
                    && step.is_none_or(|step| {
                        let index = ((value - low) / step).round();
                        (low + index * step - value).abs() <= 1e-9 * step
                    })
            }
            (Domain::Int { low, high, step, .. }, Value::Int(value)) => {
                low <= value && value <= high && (value - low) % step == 0
            }
            (Domain::Categorical { choices: values } | Domain::Ordinal { values }, value) => values.contains(value),
            (Domain::Bool, Value::Bool(_)) => true,
            _ => false,
        }
    }

    /// The value in this domain's own kind: `1` becomes `1.0` in a float domain, `1.0` becomes `1` in an integer
    /// domain. What cannot be converted comes back as it is and will fail [`Domain::contains`].
    pub fn conform(&self, value: Value) -> Value {
        match (self, &value) {
            (Domain::Float { .. }, Value::Int(number)) => Value::Float(*number as f64),
            (Domain::Int { .. }, Value::Float(number)) if number.fract() == 0.0 && number.abs() < 9e15 => {
                Value::Int(*number as i64)
            }
            (Domain::Categorical { choices: values } | Domain::Ordinal { values }, _) => {
                values.iter().find(|choice| choice.same(&value)).cloned().unwrap_or(value)
            }
            _ => value,
        }
    }

    /// How many values there are; `None` where they are too many to count.
    pub fn cardinality(&self) -> Option<u64> {
        match self {
            Domain::Float { low, high, step, .. } => match step {
                Some(step) => Some(grid_cells(*low, *high, *step)),
                None if low == high => Some(1),
                None => None,
            },
            Domain::Int { low, high, step, .. } => Some(high.abs_diff(*low) / step.unsigned_abs() + 1),
            Domain::Categorical { choices: values } | Domain::Ordinal { values } => Some(values.len() as u64),
            Domain::Bool => Some(2),
        }
    }

    /// The value at `u` in `[0, 1)`; values outside are clamped.
    ///
    /// Discrete domains give every value a cell of equal width (on the log scale: of the width of its rounding
    /// interval). Continuous values are rounded to a millionth of the range (six digits on the log scale): below what
    /// any training run resolves, short enough to read and to type, and out of reach of differences between
    /// mathematics libraries.
    pub fn decode(&self, u: f64) -> Value {
        let u = if u.is_nan() { 0.5 } else { u.clamp(0.0, 1.0) };
        match self {
            Domain::Float { low, high, scale: Scale::Log, .. } => {
                let value = (low.ln() + u * (high.ln() - low.ln())).exp();
                Value::Float(shortest(value, format!("{value:.5e}")).clamp(*low, *high))
            }
            Domain::Float { low, high, step: Some(step), .. } => {
                let cell = cell_of(u, grid_cells(*low, *high, *step));
                let value = low + cell as f64 * step;
                Value::Float(shortest(value, format!("{value:.12e}")).clamp(*low, *high))
            }
            Domain::Float { low, high, .. } => {
                let value = low + u * (high - low);
                let decimals = (6.0 - (high - low).abs().max(f64::MIN_POSITIVE).log10().floor()).clamp(0.0, 17.0);
                Value::Float(shortest(value, format!("{value:.*}", decimals as usize)).clamp(*low, *high))
            }
            Domain::Int { low, high, scale: Scale::Log, .. } => {
                let (from, to) = ((*low as f64 - 0.5).ln(), (*high as f64 + 0.5).ln());
                let value = (from + u * (to - from)).exp().round();
                Value::Int((value as i64).clamp(*low, *high))
            }
            Domain::Int { low, step, .. } => {
                let cells = self.cardinality().unwrap_or(1);
                Value::Int(low + cell_of(u, cells) as i64 * step)
            }
            Domain::Categorical { choices: values } | Domain::Ordinal { values } => {
                values[cell_of(u, values.len() as u64) as usize].clone()
            }
            Domain::Bool => Value::Bool(u >= 0.5),
        }
    }

    /// Where a value lies in the unit interval: the middle of its cell for discrete domains. `None` where the value
    /// is of another kind or not one of the choices. `decode(encode(v))` is `v` for every value that `decode` gives.
    pub fn encode(&self, value: &Value) -> Option<f64> {
        let span = |from: f64, to: f64, at: f64| if to > from { (at - from) / (to - from) } else { 0.5 };
        match (self, value) {
            (Domain::Float { low, high, scale: Scale::Log, .. }, Value::Float(value)) => {
                Some(span(low.ln(), high.ln(), value.ln()).clamp(0.0, 1.0))
            }
            (Domain::Float { low, high, step: Some(step), .. }, Value::Float(value)) => {
                let cells = grid_cells(*low, *high, *step) as f64;
                Some(((((value - low) / step).round() + 0.5) / cells).clamp(0.0, 1.0))
            }
            (Domain::Float { low, high, .. }, Value::Float(value)) => Some(span(*low, *high, *value).clamp(0.0, 1.0)),
            (Domain::Int { low, high, scale: Scale::Log, .. }, Value::Int(value)) => {
                let (from, to) = ((*low as f64 - 0.5).ln(), (*high as f64 + 0.5).ln());
                Some(span(from, to, (*value as f64).ln()).clamp(0.0, 1.0))
            }
            (Domain::Int { low, step, .. }, Value::Int(value)) => {
                let cells = self.cardinality()? as f64;
                Some(((((value - low) / step) as f64 + 0.5) / cells).clamp(0.0, 1.0))
            }
            (Domain::Categorical { choices: values } | Domain::Ordinal { values }, value) => {
                let index = values.iter().position(|choice| choice == value)?;
                Some((index as f64 + 0.5) / values.len() as f64)
            }
            (Domain::Bool, Value::Bool(value)) => Some(if *value { 0.75 } else { 0.25 }),
            _ => None,
        }
    }

    /// The domain in words, as it stands in messages: "a number from 0.0001 to 0.1".
    pub fn describe(&self) -> String {
        let list = |values: &[Value]| values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
        match self {
            Domain::Float { low, high, step, .. } => {
                let grid = step.map(|step| format!(" in steps of {step}")).unwrap_or_default();
                format!("a number from {} to {}{grid}", Value::Float(*low), Value::Float(*high))
            }
            Domain::Int { low, high, step, .. } => {
                let grid = if *step == 1 { String::new() } else { format!(" in steps of {step}") };
                format!("a whole number from {low} to {high}{grid}")
            }
            Domain::Categorical { choices } => format!("one of {}", list(choices)),
            Domain::Ordinal { values } => format!("one of {} (in this order)", list(values)),
            Domain::Bool => "true or false".to_owned(),
        }
    }
}

fn grid_cells(low: f64, high: f64, step: f64) -> u64 {
    // A grid such as 0, 0.1 .. 0.3 must count 0.3 in, although 0.3 / 0.1 is just below 3.
    ((high - low) / step + 1e-9).floor() as u64 + 1
}

fn cell_of(u: f64, cells: u64) -> u64 {
    ((u * cells as f64) as u64).min(cells.saturating_sub(1))
}

fn shortest(value: f64, rounded: String) -> f64 {
    rounded.parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domains() -> Vec<Domain> {
        vec![
            Domain::Float { low: 1e-5, high: 0.1, scale: Scale::Log, step: None },
            Domain::Float { low: -3.0, high: 12.5, scale: Scale::Linear, step: None },
            Domain::Float { low: 0.0, high: 0.3, scale: Scale::Linear, step: Some(0.1) },
            Domain::Int { low: 1, high: 1000, scale: Scale::Log, step: 1 },
            Domain::Int { low: 4, high: 24, scale: Scale::Linear, step: 4 },
            Domain::Categorical { choices: vec!["a".into(), 2_i64.into(), true.into()] },
            Domain::Ordinal { values: vec![16_i64.into(), 64_i64.into(), 256_i64.into()] },
            Domain::Bool,
        ]
    }

    #[test]
    fn every_decoded_value_is_in_the_domain_and_comes_back() {
        for domain in domains() {
            for index in 0..=1000 {
                let value = domain.decode(f64::from(index) / 1000.0);
                assert!(domain.contains(&value), "{value} is not {}", domain.describe());
                let again = domain.decode(domain.encode(&value).unwrap());
                assert_eq!(again, value, "{}", domain.describe());
            }
        }
    }

    #[test]
    fn every_discrete_value_is_reached() {
        for domain in domains() {
            let Some(cardinality) = domain.cardinality().filter(|cells| *cells <= 100) else { continue };
            let mut seen: Vec<Value> = Vec::new();
            for index in 0..1000 {
                let value = domain.decode(f64::from(index) / 1000.0);
                if !seen.contains(&value) {
                    seen.push(value);
                }
            }
            assert_eq!(seen.len() as u64, cardinality, "{}", domain.describe());
        }
    }

    #[test]
    fn numbers_take_the_kind_of_their_domain() {
        let domains = domains();
        assert_eq!(domains[1].conform(Value::Int(2)), Value::Float(2.0));
        assert_eq!(domains[3].conform(Value::Float(7.0)), Value::Int(7));
        assert_eq!(domains[3].conform(Value::Float(7.5)), Value::Float(7.5));
        assert_eq!(domains[5].conform(Value::Float(2.0)), Value::Int(2));
    }
}
