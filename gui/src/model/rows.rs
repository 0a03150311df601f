//! The columns of the table, and its order.

use std::cmp::Ordering;

use seqtune_core::{Reduce, Remarks};
use seqtune_plot::{Snapshot, TrialRow};
use seqtune_plugin::Direction;
use seqtune_space::Value;

use crate::text;

/// A column of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Column {
    /// The trial's number.
    Number,
    /// Where it stands.
    State,
    /// Its value under the first objective.
    #[default]
    Value,
    /// Beside the value: the best step where the value is the last, the last where it is the best.
    Other,
    /// Step of the last report.
    Step,
    /// Time that workers trained it.
    Duration,
    /// How often it was trained.
    Attempts,
    /// Tags and the beginning of the note.
    Remarks,
    /// A parameter, by its place in the space.
    Parameter(usize),
}

/// How the table is sorted: numbers up, values best first, unless reversed. What is missing comes last either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    /// By which column.
    pub column: Column,
    /// Against its usual order.
    pub reversed: bool,
}

impl Column {
    /// The columns of a study, in their order.
    pub fn all(snapshot: &Snapshot, remarks: &Remarks) -> Vec<Column> {
        let mut columns = vec![Column::Number, Column::State, Column::Value, Column::Other];
        columns.extend([Column::Step, Column::Duration, Column::Attempts]);
        columns.extend((!remarks.trials.is_empty()).then_some(Column::Remarks));
        columns.extend((0..snapshot.spec.space.len()).map(Column::Parameter));
        columns
    }

    /// The title of the column.
    pub fn title(self, snapshot: &Snapshot) -> &str {
        match self {
            Column::Number => "Trial",
            Column::State => "State",
            Column::Value => "Value",
            Column::Other if snapshot.spec.objective().reduce == Reduce::Last => "Best",
            Column::Other => "Last",
            Column::Step => "Step",
            Column::Duration => "Time",
            Column::Attempts => "Tries",
            Column::Remarks => "Notes",
            Column::Parameter(index) => snapshot.spec.space.parameters().get(index).map_or("", |found| &found.name),
        }
    }

    /// What a cell of this column says; a dash where there is nothing.
    pub fn cell(self, snapshot: &Snapshot, row: &TrialRow, remarks: &Remarks, now_us: i64) -> String {
        match self {
            Column::Number => row.number.to_string(),
            Column::State => row.state.name().to_owned(),
            Column::Value => text::number_or_dash(row.value),
            Column::Other => text::number_or_dash(self.other(snapshot, row)),
            Column::Step => format!("{} of {}", row.step, snapshot.spec.trial.steps),
            Column::Duration if row.attempts.is_empty() => "-".to_owned(),
            Column::Duration => text::span(row.seconds(now_us)),
            Column::Attempts => row.attempts.len().to_string(),
            Column::Remarks => remarked(remarks, row.number),
            Column::Parameter(_) => {
                self.parameter(snapshot, row).map_or_else(|| "-".to_owned(), |value| text::value(&value))
            }
        }
    }

    fn other(self, snapshot: &Snapshot, row: &TrialRow) -> Option<f64> {
        match snapshot.spec.objective().reduce {
            Reduce::Last => row.best.map(|best| best.value),
            Reduce::Best => row.last,
        }
    }

    fn parameter(self, snapshot: &Snapshot, row: &TrialRow) -> Option<Value> {
        let Column::Parameter(index) = self else { return None };
        row.params.get(&snapshot.spec.space.parameters().get(index)?.name).cloned()
    }

    /// What rows are sorted by; `None` comes last.
    fn key(self, snapshot: &Snapshot, row: &TrialRow, remarks: &Remarks, now_us: i64) -> Option<Key> {
        let sign = if snapshot.direction() == Direction::Maximize { -1.0 } else { 1.0 };
        Some(match self {
            Column::Number => Key::Number(row.number as f64),
            Column::State => Key::Number(f64::from(row.state as u8)),
            Column::Value => Key::Number(sign * row.value?),
            Column::Other => Key::Number(sign * self.other(snapshot, row)?),
            Column::Step => Key::Number(row.step as f64),
            Column::Duration => Key::Number(row.seconds(now_us)),
            Column::Attempts => Key::Number(row.attempts.len() as f64),
            Column::Remarks => Key::Text(remarks.of(row.number).map(|_| remarked(remarks, row.number))?),
            Column::Parameter(_) => match self.parameter(snapshot, row)? {
                Value::Bool(value) => Key::Number(f64::from(u8::from(value))),
                Value::Int(value) => Key::Number(value as f64),
                Value::Float(value) => Key::Number(value),
                Value::Text(value) => Key::Text(value),
                // Lists by how long they are and then by what they sum up to: the larger model comes later.
                Value::List(items) => Key::Pair(items.len() as f64, items.iter().filter_map(Value::as_f64).sum()),
            },
        })
    }
}

enum Key {
    Number(f64),
    Pair(f64, f64),
    Text(String),
}

impl Key {
    fn order(&self, other: &Key) -> Ordering {
        match (self, other) {
            (Key::Number(a), Key::Number(b)) => a.total_cmp(b),
            (Key::Pair(a, x), Key::Pair(b, y)) => a.total_cmp(b).then(x.total_cmp(y)),
            (Key::Text(a), Key::Text(b)) => a.cmp(b),
            (Key::Number(_), _) | (_, Key::Text(_)) => Ordering::Less,
            (_, Key::Number(_)) | (Key::Text(_), _) => Ordering::Greater,
        }
    }
}

/// `#good #long: the loss jumps`.
fn remarked(remarks: &Remarks, trial: u64) -> String {
    let Some(remark) = remarks.of(trial) else { return String::new() };
    let tags: Vec<String> = remark.tags.iter().map(|tag| format!("#{tag}")).collect();
    let note = remark.note.as_ref().map(|note| note.text.lines().next().unwrap_or_default().to_owned());
    tags.into_iter().chain(note).collect::<Vec<_>>().join(" ")
}

/// Numbers of the trials, sorted.
pub(super) fn sorted(snapshot: &Snapshot, sort: Sort, remarks: &Remarks, now_us: i64) -> Vec<u64> {
    let mut keyed: Vec<(Option<Key>, u64)> =
        snapshot.trials.iter().map(|row| (sort.column.key(snapshot, row, remarks, now_us), row.number)).collect();
    keyed.sort_by(|(a, _), (b, _)| match (a, b) {
        (Some(a), Some(b)) if sort.reversed => b.order(a),
        (Some(a), Some(b)) => a.order(b),
        (a, b) => a.is_none().cmp(&b.is_none()),
    });
    keyed.into_iter().map(|(_, number)| number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use seqtune_core::testing::study;

    fn snapshot() -> Snapshot {
        let space = "Width = { type = 'int', low = 1, high = 9 }\nmodel = { type = 'categorical', choices = ['CNN', 'lstm'] }\n\
                     depth = { type = 'int', low = 1, high = 4, when = { model = 'CNN' } }";
        Snapshot::of(&study(space).sampler("random").trials(12).history())
    }

    #[test]
    fn values_are_sorted_best_first_and_reversed() {
        let snapshot = snapshot();
        let rows = sorted(&snapshot, Sort::default(), &Remarks::default(), 0);
        assert_eq!(rows, snapshot.ranked);
        let reversed = sorted(&snapshot, Sort { reversed: true, ..Sort::default() }, &Remarks::default(), 0);
        assert_eq!(reversed.first(), rows.last());
    }

    #[test]
    fn what_is_not_set_comes_last_in_both_orders() {
        let snapshot = snapshot();
        let depth = Column::Parameter(2);
        let set = snapshot.trials.iter().filter(|row| row.params.get("depth").is_some()).count();
        assert!(set > 0 && set < 12);
        for reversed in [false, true] {
            let rows = sorted(&snapshot, Sort { column: depth, reversed }, &Remarks::default(), 0);
            let is_set = |number: &u64| snapshot.trial(*number).unwrap().params.get("depth").is_some();
            assert!(rows[..set].iter().all(is_set) && !rows[set..].iter().any(is_set));
        }
    }
}
