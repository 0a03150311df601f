//! Domains: the set of values of one parameter.
//!
//! This file says what a domain is and what it holds. Its other faces have files of their own: the mapping to the unit
//! interval (`unit.rs`), lists (`list.rs`), and the values of finite domains (`finite.rs`).

mod finite;
mod list;
mod unit;

pub(crate) use unit::even_ends;

use crate::value::Value;

/// The longest list that a space may hold. Each item takes a coordinate of the unit cube.
pub const MAX_LIST: u64 = 64;

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
    /// Choices without an order. One alone is a fixed value.
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
    /// Several values of one domain, such as the widths of layers.
    List {
        /// How many.
        len: Length,
        /// Values of each item; no list.
        item: Box<Domain>,
        /// What holds between the items.
        rule: Option<Rule>,
    },
}

/// How long a list is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Length {
    /// Any length within closed bounds; a length of its own to search where they differ.
    Between {
        /// Fewest items; may be 0.
        low: u64,
        /// Most items, at most [`MAX_LIST`].
        high: u64,
    },
    /// As many items as an earlier list has, or as an earlier whole number says. The list exists only where that
    /// parameter does.
    As(String),
}

/// What holds between the items of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// No item is above the one before it.
    NonIncreasing,
    /// No item is below the one before it.
    NonDecreasing,
    /// All items are the same.
    Constant,
}

impl Rule {
    /// All of them, by the names that a study file uses.
    pub const ALL: [(&'static str, Rule); 3] = [
        ("non_increasing", Rule::NonIncreasing),
        ("non_decreasing", Rule::NonDecreasing),
        ("constant", Rule::Constant),
    ];

    /// Its name in a study file.
    pub fn name(self) -> &'static str {
        Rule::ALL.iter().find(|(_, rule)| *rule == self).map_or("", |(name, _)| name)
    }
}

impl Domain {
    /// The domain of a fixed value.
    pub fn fixed(value: impl Into<Value>) -> Domain {
        Domain::Categorical { choices: vec![value.into()] }
    }

    /// Whether the domain holds exactly this value (kinds included: `2.0` is not an integer). Of a list whose length is
    /// another parameter's, the length is not looked at; [`crate::SearchSpace::check`] does.
    pub fn contains(&self, value: &Value) -> bool {
        match (self, value) {
            (Domain::Float { low, high, step: None, .. }, Value::Float(value)) => *low <= *value && *value <= *high,
            (Domain::Float { .. }, Value::Float(value)) => self.on_grid(*value) == Some(*value),
            (Domain::Int { low, high, step, .. }, Value::Int(value)) => {
                low <= value && value <= high && (value - low) % step == 0
            }
            (Domain::Categorical { choices: values } | Domain::Ordinal { values }, value) => values.contains(value),
            (Domain::Bool, Value::Bool(_)) => true,
            (Domain::List { len, item, rule }, Value::List(items)) => {
                let fits = match len {
                    Length::Between { low, high } => (*low..=*high).contains(&(items.len() as u64)),
                    Length::As(_) => items.len() as u64 <= MAX_LIST,
                };
                fits && items.iter().all(|value| item.contains(value)) && item.keeps(*rule, items)
            }
            _ => false,
        }
    }

    /// The value in this domain's own kind: `1` becomes `1.0` in a float domain, `1.0` becomes `1` in an integer
    /// domain, and what lies on a grid but for its last digits becomes the grid's own number. What cannot be converted
    /// comes back as it is and will fail [`Domain::contains`].
    pub fn conform(&self, value: Value) -> Value {
        match (self, value) {
            (Domain::Float { .. }, value @ (Value::Int(_) | Value::Float(_))) => {
                let number = value.as_f64().unwrap_or_default();
                // There is one zero: -0.0 is 0.0.
                Value::Float(self.on_grid(number).unwrap_or(number) + 0.0)
            }
            (Domain::Int { .. }, Value::Float(number)) if number.fract() == 0.0 && number.abs() < 9e15 => {
                Value::Int(number as i64)
            }
            (Domain::Categorical { choices: values } | Domain::Ordinal { values }, value) => {
                values.iter().find(|choice| choice.same(&value)).cloned().unwrap_or(value)
            }
            (Domain::List { item, .. }, Value::List(items)) => {
                Value::List(items.into_iter().map(|value| item.conform(value)).collect())
            }
            (_, value) => value,
        }
    }

    /// The domain in words with its scale: "a number from 0.0001 to 0.1, log scale".
    pub fn describe_with_scale(&self) -> String {
        let of_numbers = match self {
            Domain::List { item, .. } => item,
            domain => domain,
        };
        let log = matches!(of_numbers, Domain::Float { scale: Scale::Log, .. } | Domain::Int { scale: Scale::Log, .. });
        format!("{}{}", self.describe(), if log { ", log scale" } else { "" })
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
            Domain::Categorical { choices } => match choices.as_slice() {
                [only] => only.to_string(),
                _ => format!("one of {}", list(choices)),
            },
            Domain::Ordinal { values } => format!("one of {} (in this order)", list(values)),
            Domain::Bool => "true or false".to_owned(),
            Domain::List { len, item, rule } => {
                let items = |count: u64| if count == 1 { "item" } else { "items" };
                let length = match len {
                    Length::Between { low, high } if low == high => format!("a list of {low} {}", items(*low)),
                    Length::Between { low, high } => format!("a list of {low} to {high} items"),
                    Length::As(other) => format!("a list as long as `{other}`"),
                };
                let rule = match rule {
                    None => "",
                    Some(Rule::NonIncreasing) => ", none above the one before it",
                    Some(Rule::NonDecreasing) => ", none below the one before it",
                    Some(Rule::Constant) => ", all the same",
                };
                format!("{length}, each {}{rule}", item.describe())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn widths(rule: Option<Rule>) -> Domain {
        let item = Domain::Int { low: 8, high: 512, scale: Scale::Log, step: 1 };
        Domain::List { len: Length::Between { low: 1, high: 4 }, item: Box::new(item), rule }
    }

    fn ints(items: &[i64]) -> Value {
        Value::List(items.iter().map(|item| Value::Int(*item)).collect())
    }

    #[test]
    fn numbers_take_the_kind_of_their_domain() {
        let float = Domain::Float { low: -3.0, high: 12.5, scale: Scale::Linear, step: None };
        let int = Domain::Int { low: 1, high: 1000, scale: Scale::Log, step: 1 };
        let choices = Domain::Categorical { choices: vec!["a".into(), 2_i64.into(), true.into()] };
        assert_eq!(float.conform(Value::Int(2)), Value::Float(2.0));
        assert_eq!(float.conform(Value::Float(-0.0)).to_string(), "0");
        assert_eq!(int.conform(Value::Float(7.0)), Value::Int(7));
        assert_eq!(int.conform(Value::Float(7.5)), Value::Float(7.5));
        assert_eq!(choices.conform(Value::Float(2.0)), Value::Int(2));
        let list = Value::List(vec![Value::Float(64.0), Value::Int(32)]);
        assert_eq!(widths(None).conform(list), ints(&[64, 32]));
    }

    #[test]
    fn a_grid_has_one_number_for_each_of_its_steps() {
        let grid = Domain::Float { low: 0.0, high: 0.5, scale: Scale::Linear, step: Some(0.1) };
        // Three times 0.1 is 0.30000000000000004: the same step, and the same configuration.
        let written = grid.conform(Value::Float(0.3));
        assert_eq!(grid.conform(Value::Float(0.1 * 3.0)), written);
        assert_eq!(grid.decode(0.55), written);
        assert!(grid.contains(&written));
        assert!(!grid.contains(&Value::Float(0.35)) && !grid.contains(&Value::Float(0.6)));
        assert_eq!(grid.conform(Value::Float(0.35)), Value::Float(0.35), "it is on no step, and stays what it is");
    }

    #[test]
    fn lists_are_checked_by_length_items_and_rule() {
        for (rule, list, holds) in [
            (None, &[8, 512, 8][..], true),
            (None, &[], false),
            (None, &[8, 8, 8, 8, 8], false),
            (None, &[7], false),
            (Some(Rule::NonIncreasing), &[64, 64, 8], true),
            (Some(Rule::NonIncreasing), &[64, 65], false),
            (Some(Rule::NonDecreasing), &[64, 65], true),
            (Some(Rule::NonDecreasing), &[64, 63], false),
            (Some(Rule::Constant), &[64, 64], true),
            (Some(Rule::Constant), &[64, 63], false),
        ] {
            assert_eq!(widths(rule).contains(&ints(list)), holds, "{rule:?} {list:?}");
        }
        assert!(!widths(None).contains(&Value::Int(8)));
        assert_eq!(
            widths(Some(Rule::NonIncreasing)).describe(),
            "a list of 1 to 4 items, each a whole number from 8 to 512, none above the one before it"
        );
    }
}
