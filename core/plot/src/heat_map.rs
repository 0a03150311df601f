//! The values of trials over one or two parameters.

use seqtune_space::{Domain, Value};

use crate::along::{domain_along, value_along};
use crate::row::TrialRow;
use crate::snapshot::Snapshot;

/// Ranges that a parameter with many values is cut into.
const BINS: usize = 8;

/// Values of a parameter that stand for themselves.
const MOST_VALUES: usize = 12;

/// The mean value of the trials in each cell of a grid over one or two parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    /// What the rows are.
    pub rows: Axis,
    /// What the columns are; one cell where there is only one parameter.
    pub columns: Axis,
    /// `[rows][columns]`; `None` where no trial with a value lies.
    pub cells: Vec<Vec<Option<Cell>>>,
}

/// One side of a [`HeatMap`].
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The parameter; empty for the one column of a single parameter.
    pub parameter: String,
    /// What each cell along it holds, in order: a value, or a range of them.
    pub labels: Vec<String>,
    /// Where the ranges of a real number begin and end: one more than there are cells. `None` for values.
    pub edges: Option<Vec<f64>>,
}

/// The trials of one cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Mean of their values.
    pub mean: f64,
    /// How many.
    pub trials: usize,
}

/// How the values of a parameter are told apart.
enum Grouping {
    One,
    Values(Vec<Value>),
    Ranges(Domain),
}

impl Grouping {
    fn of(snapshot: &Snapshot, parameter: &str) -> Grouping {
        let domain = domain_along(&snapshot.spec.space, parameter);
        let ranges = domain.as_deref().filter(|domain| matches!(domain, Domain::Float { .. } | Domain::Int { .. }));
        let mut values: Vec<Value> = Vec::new();
        for value in snapshot.trials.iter().filter_map(|row| value_along(&row.params, parameter)) {
            if !values.contains(&value) {
                values.push(value.into_owned());
            }
            if let Some(domain) = ranges.filter(|_| values.len() > MOST_VALUES) {
                return Grouping::Ranges(domain.clone());
            }
        }
        values.sort_by(|left, right| match (left.as_f64(), right.as_f64()) {
            (Some(left), Some(right)) => left.total_cmp(&right),
            _ => left.to_string().cmp(&right.to_string()),
        });
        Grouping::Values(values)
    }

    /// The place of a trial along the axis; `None` where it does not have the parameter.
    fn place(&self, parameter: &str, row: &TrialRow) -> Option<usize> {
        match self {
            Grouping::One => Some(0),
            Grouping::Values(values) => {
                let own = value_along(&row.params, parameter)?;
                values.iter().position(|value| *value == *own)
            }
            Grouping::Ranges(domain) => {
                let unit = domain.encode(&*value_along(&row.params, parameter)?)?;
                Some(((unit * BINS as f64) as usize).min(BINS - 1))
            }
        }
    }

    fn axis(&self, parameter: &str) -> Axis {
        let labels = match self {
            Grouping::One => vec![String::new()],
            Grouping::Values(values) => values.iter().map(shown).collect(),
            Grouping::Ranges(domain) => {
                let edge = |at: usize| short(&domain.decode(at as f64 / BINS as f64));
                (0..BINS).map(|bin| format!("{} to {}", edge(bin), edge(bin + 1))).collect()
            }
        };
        let edges = match self {
            Grouping::Ranges(domain @ Domain::Float { .. }) => {
                (0..=BINS).map(|at| domain.decode(at as f64 / BINS as f64).as_f64()).collect()
            }
            _ => None,
        };
        Axis { parameter: parameter.to_owned(), labels, edges }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The edge of a range, in three digits.
fn short(value: &Value) -> String {
    match value.as_f64() {
        Some(number) if number != 0.0 && number.fract() != 0.0 => {
            let digits = (2.0 - number.abs().log10().floor()).clamp(0.0, 12.0) as usize;
            let text = format!("{number:.digits$}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => value.to_string(),
    }
}

/// The values of the trials over `rows` and, where given, `columns`. A trial counts where `value` gives one and it has the
/// parameters. Numbers with more than 12 values among the trials are cut into 8 ranges, even on the parameter's own scale.
pub fn heat_map(
    snapshot: &Snapshot,
    rows: &str,
    columns: Option<&str>,
    value: impl Fn(&TrialRow) -> Option<f64>,
) -> HeatMap {
    let by_row = Grouping::of(snapshot, rows);
    let by_column = columns.map_or(Grouping::One, |parameter| Grouping::of(snapshot, parameter));
    let (rows_axis, columns_axis) = (by_row.axis(rows), by_column.axis(columns.unwrap_or_default()));
    let mut sums = vec![vec![(0.0, 0_usize); columns_axis.labels.len()]; rows_axis.labels.len()];
    for trial in &snapshot.trials {
        let place = by_row.place(rows, trial).zip(by_column.place(columns.unwrap_or_default(), trial));
        if let (Some((row, column)), Some(value)) = (place, value(trial)) {
            let cell = &mut sums[row][column];
            *cell = (cell.0 + value, cell.1 + 1);
        }
    }
    let cell = |(sum, trials): (f64, usize)| (trials > 0).then(|| Cell { mean: sum / trials as f64, trials });
    let cells = sums.into_iter().map(|row| row.into_iter().map(cell).collect()).collect();
    HeatMap { rows: rows_axis, columns: columns_axis, cells }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_has_a_cell_for_each_pair() {
        let history = seqtune_core::testing::study(
            "a = { type = 'ordinal', values = [1, 2] }\nb = { type = 'categorical', choices = ['x', 'y', 'z'] }",
        )
        .trials(6)
        .history();
        let map = heat_map(&Snapshot::of(&history), "a", Some("b"), |trial| Some(trial.number as f64));
        assert_eq!(map.rows.labels, ["1", "2"]);
        assert!(map.columns.labels.iter().all(|label| ["x", "y", "z"].contains(&label.as_str())));
        let cells: Vec<Cell> = map.cells.iter().flatten().flatten().copied().collect();
        assert_eq!(cells.iter().map(|cell| cell.trials).sum::<usize>(), 6);
        let total: f64 = cells.iter().map(|cell| cell.mean * cell.trials as f64).sum();
        assert!((total - 15.0).abs() < 1e-9);
    }

    #[test]
    fn many_numbers_are_cut_into_ranges_of_their_own_scale() {
        let history = seqtune_core::testing::study("lr = { type = 'float', low = 1e-4, high = 1.0, log = true }")
            .trials(60)
            .history();
        let map = heat_map(&Snapshot::of(&history), "lr", None, |_| Some(1.0));
        assert_eq!(map.columns.labels, [""]);
        assert_eq!(map.rows.labels[0], "0.0001 to 0.000316");
        assert_eq!(map.rows.labels[7], "0.316 to 1");
        assert_eq!(map.rows.edges.as_deref().and_then(<[f64]>::last), Some(&1.0));
        let trials: usize = map.cells.iter().flatten().flatten().map(|cell| cell.trials).sum();
        assert_eq!(trials, 60);
    }

    #[test]
    fn a_trial_without_the_parameter_or_a_value_is_in_no_cell() {
        let history = seqtune_core::testing::study(
            "m = { type = 'categorical', choices = ['p', 'q'] }\nd = { type = 'bool', when = { m = 'p' } }",
        )
        .trials(12)
        .history();
        let with = history.trials.iter().filter(|trial| trial.params.get("d").is_some()).count();
        let map = heat_map(&Snapshot::of(&history), "d", None, |_| Some(0.0));
        assert_eq!(map.cells.iter().flatten().flatten().map(|cell| cell.trials).sum::<usize>(), with);
        let none = heat_map(&Snapshot::of(&history), "m", Some("d"), |_| None);
        assert!(none.cells.iter().flatten().all(Option::is_none));
    }
}
