//! Finite domains: how many values there are, which they are, and which are next to one another.

use super::unit::{grid_cells, grid_value};
use super::{Domain, Length, Rule, Scale};
use crate::value::Value;

/// Numbers with so many values or fewer have all others as neighbours.
const FEW: u64 = 16;

/// Neighbours of a continuous value lie this far away, as shares of the range.
const STEPS: [f64; 3] = [0.01, 0.05, 0.2];

impl Domain {
    /// How many values there are; `None` where they are too many to count, or where a list's length is another
    /// parameter's.
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
            Domain::List { len: Length::Between { low, high }, .. } => {
                (*low..=*high).try_fold(0_u64, |total, length| total.checked_add(self.lists_of(length)?))
            }
            Domain::List { len: Length::As(_), .. } => None,
        }
    }

    /// All values in order, where there are at most `limit`.
    pub fn values(&self, limit: u64) -> Option<Vec<Value>> {
        let cells = self.cardinality().filter(|cells| *cells <= limit)?;
        Some(match self {
            Domain::Float { low, high, step: Some(step), .. } => {
                (0..cells).map(|index| Value::Float(grid_value(*low, *high, *step, index))).collect()
            }
            Domain::Float { low, .. } => vec![Value::Float(*low)],
            Domain::Int { low, step, .. } => (0..cells as i64).map(|index| Value::Int(low + index * step)).collect(),
            Domain::Categorical { choices: values } | Domain::Ordinal { values } => values.clone(),
            Domain::Bool => vec![Value::Bool(false), Value::Bool(true)],
            Domain::List { len: Length::Between { low, high }, .. } => {
                (*low..=*high).flat_map(|length| self.lists(length, limit)).collect()
            }
            Domain::List { len: Length::As(_), .. } => return None,
        })
    }

    /// All lists of a length, in lexicographic order; empty where the item's values are more than `limit`.
    pub(crate) fn lists(&self, length: u64, limit: u64) -> Vec<Value> {
        let Domain::List { item, rule, .. } = self else { return Vec::new() };
        if length == 0 {
            return vec![Value::List(Vec::new())];
        }
        let Some(values) = item.values(limit) else { return Vec::new() };
        let mut lists: Vec<Vec<usize>> = vec![Vec::new()];
        for _ in 0..length {
            let longer = |list: &Vec<usize>| {
                let range = match (rule, list.last()) {
                    (None, _) | (_, None) => 0..values.len(),
                    (Some(Rule::NonIncreasing), Some(last)) => 0..last + 1,
                    (Some(Rule::NonDecreasing), Some(last)) => *last..values.len(),
                    (Some(Rule::Constant), Some(last)) => *last..last + 1,
                };
                let list = list.clone();
                range.map(move |next| [list.as_slice(), &[next]].concat()).collect::<Vec<_>>()
            };
            lists = lists.iter().flat_map(longer).collect();
        }
        let list = |indices: Vec<usize>| Value::List(indices.into_iter().map(|index| values[index].clone()).collect());
        lists.into_iter().map(list).collect()
    }

    /// Values next to a value, for local search, nearest first where there is an order: all others of a categorical
    /// domain or of one with few values; one and two steps and a tenth of the range away on a larger grid; 1, 5 and 20 %
    /// of the range away on a continuous one (of the logarithm, on the log scale).
    pub fn neighbours(&self, value: &Value) -> Vec<Value> {
        if let (Domain::List { .. }, Some(items)) = (self, value.as_list()) {
            return self.list_neighbours(items);
        }
        let Some(at) = self.encode(value) else { return Vec::new() };
        let mut near: Vec<Value> = match self {
            Domain::Categorical { choices } => choices.clone(),
            Domain::Bool => vec![Value::Bool(false), Value::Bool(true)],
            _ => match (self, self.cardinality()) {
                (_, Some(cells)) if cells <= FEW => {
                    let mut values = self.values(FEW).unwrap_or_default();
                    let distance = |value: &Value| self.encode(value).map_or(1.0, |there| (there - at).abs());
                    values.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
                    values
                }
                (Domain::Int { low, high, scale: Scale::Log, .. }, _) => {
                    let Value::Int(value) = value else { return Vec::new() };
                    let tenth = (value / 10).max(3);
                    let around = [value - 1, value + 1, value - 2, value + 2, value - tenth, value + tenth];
                    around.into_iter().filter(|near| (low..=high).contains(&near)).map(Value::Int).collect()
                }
                (_, Some(cells)) => {
                    let cell = |share: f64| [at - share, at + share];
                    let step = 1.0 / cells as f64;
                    let shares = [step, 2.0 * step, (0.1_f64).max(3.0 * step)];
                    let inside = |u: &f64| (0.0..=1.0).contains(u);
                    shares.into_iter().flat_map(cell).filter(inside).map(|u| self.decode(u)).collect()
                }
                (_, None) => {
                    STEPS.into_iter().flat_map(|step| [at - step, at + step]).map(|u| self.decode(u)).collect()
                }
            },
        };
        let mut seen = vec![value.clone()];
        near.retain(|value| {
            let new = !seen.contains(value);
            if new {
                seen.push(value.clone());
            }
            new
        });
        near
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_other_values_of_the_domain() {
        let domains = [
            Domain::Float { low: 1e-5, high: 0.1, scale: Scale::Log, step: None },
            Domain::Float { low: 0.0, high: 1.0, scale: Scale::Linear, step: Some(0.01) },
            Domain::Int { low: 1, high: 1000, scale: Scale::Log, step: 1 },
            Domain::Int { low: 0, high: 400, scale: Scale::Linear, step: 4 },
            Domain::Int { low: 1, high: 5, scale: Scale::Linear, step: 1 },
            Domain::Categorical { choices: vec!["a".into(), "b".into(), "c".into()] },
            Domain::Ordinal { values: vec![16.into(), 64.into(), 256.into()] },
            Domain::Bool,
            super::super::tests::widths(Some(Rule::NonIncreasing)),
            super::super::tests::widths(Some(Rule::Constant)),
        ];
        for domain in domains {
            for index in 0..20 {
                let value = domain.decode(f64::from(index) / 19.0);
                let near = domain.neighbours(&value);
                assert!(!near.is_empty(), "{value} of {} has none", domain.describe());
                assert!(near.iter().all(|near| domain.contains(near) && *near != value), "{value}: {near:?}");
            }
        }
    }

    #[test]
    fn small_steps_come_first() {
        let width = Domain::Int { low: 0, high: 400, scale: Scale::Linear, step: 4 };
        let near = width.neighbours(&Value::Int(200));
        assert_eq!(near[..4], [196, 204, 192, 208].map(Value::Int));
        assert_eq!(width.neighbours(&Value::Int(0))[0], Value::Int(4));
    }
}
