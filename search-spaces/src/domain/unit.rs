//! The mapping between a domain and the unit interval.
//!
//! Discrete domains give every value a cell of equal width (on the log scale: of the width of its rounding interval), and
//! a value stands in the middle of its cell.

use super::{Domain, Scale};
use crate::value::Value;

impl Domain {
    /// The value at `u` in `[0, 1)`; values outside are clamped. Of a list it is the one whose length and items all lie
    /// at `u`: lists have several coordinates, and [`crate::SearchSpace::decode`] gives each its own.
    ///
    /// Continuous values are rounded to a millionth of the range (six digits on the log scale): below what any training
    /// run resolves, short enough to read and to type, and out of reach of differences between mathematics libraries.
    /// Grids are counted in whole steps from their low, so that no error adds up.
    pub fn decode(&self, u: f64) -> Value {
        let u = if u.is_nan() { 0.5 } else { u.clamp(0.0, 1.0) };
        match self {
            Domain::Float { low, high, scale: Scale::Log, .. } => {
                let value = (low.ln() + u * (high.ln() - low.ln())).exp();
                Value::Float(shortest(value, format!("{value:.5e}")).clamp(*low, *high))
            }
            Domain::Float { low, high, step: Some(step), .. } => {
                Value::Float(grid_value(*low, *high, *step, cell_of(u, grid_cells(*low, *high, *step))))
            }
            Domain::Float { low, high, .. } => {
                let value = low + u * (high - low);
                let decimals = (6.0 - (high - low).abs().max(f64::MIN_POSITIVE).log10().floor()).clamp(0.0, 17.0);
                Value::Float(shortest(value, format!("{value:.*}", decimals as usize)).clamp(*low, *high) + 0.0)
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
            Domain::List { .. } => self.list_at(u),
        }
    }

    /// Where a value lies in the unit interval: the middle of its cell for discrete domains. `None` where the value is
    /// of another kind or not one of the choices, and for lists, which have several coordinates. `decode(encode(v))` is
    /// `v` for every value that `decode` gives.
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

    /// The ends of the cells that discrete values take up in the unit interval, from 0 to 1, one more than values. `None`
    /// for continuous domains, for lists, and where there are more than `limit` values.
    pub(crate) fn cell_ends(&self, limit: u64) -> Option<Vec<f64>> {
        let cells = self.cardinality().filter(|cells| *cells <= limit)?;
        match self {
            Domain::List { .. } => None,
            Domain::Int { low, high, scale: Scale::Log, .. } => {
                let (from, to) = ((*low as f64 - 0.5).ln(), (*high as f64 + 0.5).ln());
                let inner = (*low..*high).map(|value| ((value as f64 + 0.5).ln() - from) / (to - from));
                Some([0.0].into_iter().chain(inner).chain([1.0]).collect())
            }
            _ => Some(even_ends(cells)),
        }
    }

    /// The grid's own number for what lies on it but for its last digits; `None` off the grid, or where there is none.
    pub(super) fn on_grid(&self, value: f64) -> Option<f64> {
        let Domain::Float { low, high, step: Some(step), .. } = self else { return None };
        let index = ((value - low) / step).round();
        let near = (low + index * step - value).abs() <= 1e-9 * step;
        let inside = index >= 0.0 && index < grid_cells(*low, *high, *step) as f64;
        (near && inside).then(|| grid_value(*low, *high, *step, index as u64))
    }
}

pub(super) fn grid_cells(low: f64, high: f64, step: f64) -> u64 {
    // A grid such as 0, 0.1 .. 0.3 must count 0.3 in, although 0.3 / 0.1 is just below 3.
    ((high - low) / step + 1e-9).floor() as u64 + 1
}

pub(super) fn grid_value(low: f64, high: f64, step: f64, index: u64) -> f64 {
    let value = low + index as f64 * step;
    shortest(value, format!("{value:.12e}")).clamp(low, high) + 0.0
}

/// The ends of `cells` cells of equal width.
pub(crate) fn even_ends(cells: u64) -> Vec<f64> {
    (0..=cells).map(|end| end as f64 / cells as f64).collect()
}

/// The cell of `u` among `cells` of equal width.
pub(super) fn cell_of(u: f64, cells: u64) -> u64 {
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
            Domain::Float { low: -0.4, high: 0.3, scale: Scale::Linear, step: Some(0.1) },
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
                assert_eq!(domain.conform(value.clone()), value, "{}", domain.describe());
                let again = domain.decode(domain.encode(&value).unwrap());
                assert_eq!(again, value, "{}", domain.describe());
            }
        }
    }

    #[test]
    fn every_discrete_value_is_reached() {
        for domain in domains() {
            let Some(values) = domain.values(100) else { continue };
            let mut seen: Vec<Value> = Vec::new();
            for index in 0..1000 {
                let value = domain.decode(f64::from(index) / 1000.0);
                if !seen.contains(&value) {
                    seen.push(value);
                }
            }
            assert_eq!(seen, values, "{}", domain.describe());
            assert_eq!(seen.len() as u64, domain.cardinality().unwrap(), "{}", domain.describe());
        }
    }
}
