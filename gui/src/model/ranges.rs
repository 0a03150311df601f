//! Ranges that were brushed: where a trial stands in them, and how they are written.

use seqtune_plot::{Snapshot, TrialRow, domain_along, value_along};
use seqtune_space::{Domain, Value};

use super::Model;
use crate::text;

/// The choices of a domain that has no numbers of its own, in their order.
fn choices(domain: &Domain) -> Option<Vec<Value>> {
    match domain {
        Domain::Categorical { choices } => Some(choices.clone()),
        Domain::Ordinal { values } => Some(values.clone()),
        Domain::Bool => Some(vec![Value::Bool(false), Value::Bool(true)]),
        Domain::Float { .. } | Domain::Int { .. } | Domain::List { .. } => None,
    }
}

/// Where a trial stands: the number of its parameter (of a list, its length or an item), the place of its choice, or its value of a
/// metric of that name.
pub(super) fn place(snapshot: &Snapshot, row: &TrialRow, name: &str) -> Option<f64> {
    let Some(domain) = domain_along(&snapshot.spec.space, name) else {
        return row.value_under(&snapshot.objective_of(name));
    };
    let value = value_along(&row.params, name)?;
    match &*domain {
        Domain::Categorical { choices: all } | Domain::Ordinal { values: all } => {
            all.iter().position(|choice| choice.same(&value)).map(|at| at as f64)
        }
        Domain::Bool => Some(f64::from(u8::from(*value == Value::Bool(true)))),
        Domain::Float { .. } | Domain::Int { .. } | Domain::List { .. } => value.as_f64(),
    }
}

impl Model {
    /// A range as one reads it: `lr 0.001 to 0.01`, `model cnn, lstm`.
    pub(crate) fn range_in_words(&self, name: &str, from: f64, to: f64) -> String {
        let domain = self.snapshot().and_then(|snapshot| domain_along(&snapshot.spec.space, name));
        let within = |(at, choice): (usize, &Value)| (from..=to).contains(&(at as f64)).then(|| text::value(choice));
        match domain.and_then(|domain| choices(&domain)) {
            Some(all) => {
                let kept: Vec<String> = all.iter().enumerate().filter_map(within).collect();
                format!("{name} {}", kept.join(", "))
            }
            None => {
                let (low, high) = (text::short_number(from), text::short_number(to));
                match (from.is_finite(), to.is_finite()) {
                    (true, true) => format!("{name} {low} to {high}"),
                    (true, false) => format!("{name} from {low}"),
                    (false, true) => format!("{name} up to {high}"),
                    (false, false) => format!("{name} of any size"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use seqtune_core::testing::study;

    use super::*;

    #[test]
    fn a_trial_stands_at_its_number_its_choice_or_its_value() {
        let space = "x = { type = 'float', low = 0, high = 1 }\nm = { type = 'categorical', choices = ['a', 'b'] }\n\
                     size = { type = 'ordinal', values = [16, 32] }\nreverse = { type = 'bool' }\n\
                     widths = { type = 'list', len = { low = 1, high = 2 }, item = { type = 'int', low = 1, high = 9 } }";
        let snapshot = Snapshot::of(&study(space).sampler("random").trials(12).history());
        for row in &snapshot.trials {
            let at = |name: &str| place(&snapshot, row, name);
            assert_eq!(at("x"), row.params.float("x").ok());
            assert_eq!(at("m"), Some(if row.params.text("m") == Ok("a") { 0.0 } else { 1.0 }));
            assert_eq!(at("size"), Some(if row.params.int("size") == Ok(16) { 0.0 } else { 1.0 }));
            assert_eq!(at("reverse"), Some(if row.params.bool("reverse") == Ok(true) { 1.0 } else { 0.0 }));
            let widths = row.params.get("widths").and_then(Value::as_list).unwrap();
            assert_eq!(at("len(widths)"), Some(widths.len() as f64));
            assert_eq!(at("widths[1]"), widths.get(1).and_then(Value::as_f64));
            assert_eq!((at("value"), at("absent")), (row.value, None));
        }
    }
}
