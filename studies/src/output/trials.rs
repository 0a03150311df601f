//! Trials as rows.

use std::collections::BTreeSet;
use std::io::Write;

use seqtune_core::{History, Origin, Remarks, Trial, TrialEnd};
use seqtune_space::{Params, SearchSpace, Value};
use serde::Serialize;
use serde_json::Map;

use super::{Align, Table, show_number, show_value, utc};
use crate::error::CommandError;

/// A trial as programs see it: the names of these fields are promised.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TrialRow {
    pub(crate) trial: u64,
    pub(crate) state: &'static str,
    /// Under the study's first objective.
    pub(crate) value: Option<f64>,
    pub(crate) last_value: Option<f64>,
    pub(crate) best_value: Option<f64>,
    pub(crate) best_step: Option<u64>,
    pub(crate) step: u64,
    pub(crate) steps: u64,
    pub(crate) origin: Origin,
    pub(crate) replicate: u64,
    pub(crate) seed: u64,
    pub(crate) config_key: String,
    pub(crate) attempts: usize,
    pub(crate) seconds: f64,
    pub(crate) started: String,
    pub(crate) ended: Option<String>,
    /// Why it was pruned or failed.
    pub(crate) message: Option<String>,
    /// What somebody wrote about it.
    pub(crate) note: Option<String>,
    pub(crate) tags: BTreeSet<String>,
    pub(crate) params: Params,
    /// Under each objective, by its metric; only where a study has several.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) values: Numbers,
    /// By how much each outcome constraint is broken, 0 or less where it is satisfied; only where a study has any.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) violations: Numbers,
}

/// Numbers by name, `null` where there is none.
pub(crate) type Numbers = Map<String, serde_json::Value>;

impl TrialRow {
    pub(crate) fn new(history: &History, remarks: &Remarks, trial: &Trial) -> TrialRow {
        let remark = remarks.of(trial.number);
        let best = trial.best_point(history.spec.objective().direction);
        let message = match &trial.end {
            Some(TrialEnd::Failed { cause, message }) => Some(format!("{}: {message}", cause.name())),
            Some(TrialEnd::Pruned { reason, .. }) => Some(reason.clone()),
            Some(TrialEnd::Completed) | None => None,
        };
        TrialRow {
            trial: trial.number,
            state: trial.state().name(),
            value: history.value(trial),
            last_value: trial.last_value(),
            best_value: best.and_then(|point| point.value),
            best_step: best.map(|point| point.step),
            step: trial.step(),
            // Where another program evaluates, the study does not know how many there will be.
            steps: history.spec.trial.steps.max(trial.step()),
            origin: trial.origin,
            replicate: trial.replicate,
            seed: trial.seed,
            config_key: trial.config_key.clone(),
            attempts: trial.attempts.len(),
            seconds: trial.seconds(history.last_us),
            started: utc(trial.started_us),
            ended: trial.ended_us.map(utc),
            message,
            note: remark.and_then(|remark| remark.note.as_ref()).map(|note| note.text.clone()),
            tags: remark.map(|remark| remark.tags.clone()).unwrap_or_default(),
            params: trial.params.clone(),
            values: match history.spec.objectives.len() {
                1 => Map::new(),
                _ => numbers(objective_names(history), history.values(trial)),
            },
            violations: numbers(constraint_names(history), history.violations(trial)),
        }
    }
}

impl TrialRow {
    /// Its tags in one text.
    fn tags(&self) -> String {
        self.tags.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

fn objective_names(history: &History) -> impl Iterator<Item = String> {
    history.spec.objectives.iter().map(|objective| objective.metric.clone())
}

fn constraint_names(history: &History) -> impl Iterator<Item = String> {
    history.spec.outcome_constraints.iter().map(ToString::to_string)
}

fn numbers(names: impl Iterator<Item = String>, values: Option<Vec<f64>>) -> Numbers {
    names.enumerate().map(|(index, name)| (name, values.as_ref().map(|values| values[index]).into())).collect()
}

/// Columns of a table for the objectives beside the first one and for the violations of the constraints.
fn numbers_shown(history: &History, row: &TrialRow) -> Vec<(String, String)> {
    let shown = |numbers: &Numbers, name: String| {
        let number = numbers.get(&name).and_then(serde_json::Value::as_f64);
        (name, show_number(number))
    };
    let others = objective_names(history).skip(1).map(|name| shown(&row.values, name));
    let violations = constraint_names(history).map(|name| shown(&row.violations, name));
    others.chain(violations.map(|(name, number)| (format!("over {name}"), number))).collect()
}

/// A column of words, by its heading.
type Words = (&'static str, fn(&TrialRow) -> Option<String>);

/// The columns at the end of a table.
const WORDS: [Words; 3] = [
    ("message", |row| row.message.clone()),
    ("tags", |row| (!row.tags.is_empty()).then(|| row.tags())),
    ("note", |row| row.note.clone()),
];

/// A table of trials. What the space fixes is left out, and so are columns in which nothing stands.
pub(crate) fn table_of_trials(history: &History, rows: &[TrialRow]) -> Table {
    let metric = history.spec.objective().metric.as_str();
    let numbers: Vec<Vec<(String, String)>> = rows.iter().map(|row| numbers_shown(history, row)).collect();
    let mut columns = vec![("trial", Align::Right), ("state", Align::Left), (metric, Align::Right)];
    columns.extend(numbers.iter().take(1).flatten().map(|(name, _)| (name.as_str(), Align::Right)));
    columns.extend([("step", Align::Right), ("seconds", Align::Right), ("parameters", Align::Left)]);
    let mut words = Vec::new();
    for (name, word) in WORDS {
        if rows.iter().any(|row| word(row).is_some()) {
            columns.push((name, Align::Left));
            words.push(word);
        }
    }
    let mut table = Table::new(&columns);
    for (row, numbers) in rows.iter().zip(&numbers) {
        let mut cells = vec![row.trial.to_string(), row.state.to_owned(), show_number(row.value)];
        cells.extend(numbers.iter().map(|(_, number)| number.clone()));
        cells.extend([
            format!("{}/{}", row.step, row.steps),
            format!("{:.1}", row.seconds),
            searched(&history.spec.space, &row.params),
        ]);
        cells.extend(words.iter().map(|word| word(row).unwrap_or_default()));
        table.row(cells);
    }
    table
}

/// The parameters that the space varies, in the order of the space: `model=cnn lr=0.01`.
fn searched(space: &SearchSpace, params: &Params) -> String {
    let varies = |name: &str| space.get(name).is_none_or(|parameter| parameter.domain.cardinality() != Some(1));
    let in_order = space.parameters().iter().filter_map(|p| params.get(&p.name).map(|value| (p.name.as_str(), value)));
    let others = params.iter().filter(|(name, _)| space.get(name).is_none());
    let shown = in_order.chain(others).filter(|(name, _)| varies(name));
    shown.map(|(name, value)| format!("{name}={}", show_value(value))).collect::<Vec<_>>().join(" ")
}

/// Trials as CSV: the fields of [`TrialRow`], `values.METRIC` for each of several objectives, `violations.CONSTRAINT` for
/// each outcome constraint, and `params.NAME` for each parameter.
pub(crate) fn csv_of_trials(
    out: &mut dyn Write,
    history: &History,
    rows: impl IntoIterator<Item = TrialRow>,
) -> Result<(), CommandError> {
    let mut names: Vec<&str> = history.spec.space.parameters().iter().map(|p| p.name.as_str()).collect();
    for trial in &history.trials {
        for (name, _) in trial.params.iter() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let fields = [
        "trial",
        "state",
        "value",
        "last_value",
        "best_value",
        "best_step",
        "step",
        "steps",
        "origin",
        "replicate",
        "seed",
        "config_key",
        "attempts",
        "seconds",
        "started",
        "ended",
        "message",
        "note",
        "tags",
    ];
    let objectives = objective_names(history).map(|name| format!("values.{name}"));
    let objectives = objectives.filter(|_| history.spec.objectives.len() > 1);
    let constraints = constraint_names(history).map(|name| format!("violations.{name}"));
    let fixed = fields.iter().map(|field| (*field).to_owned());
    let parameters = names.iter().map(|name| format!("params.{name}"));
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(fixed.chain(objectives).chain(constraints).chain(parameters))?;
    for row in rows {
        let json = serde_json::to_value(&row)?;
        let cell = |value: &serde_json::Value| match value {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Array(words) => {
                words.iter().filter_map(|word| word.as_str()).collect::<Vec<_>>().join(" ")
            }
            other => other.to_string(),
        };
        let numbers = |numbers: &Numbers, name: String| numbers.get(&name).map(cell);
        let objectives = objective_names(history).filter_map(|name| numbers(&row.values, name));
        let constraints = constraint_names(history).filter_map(|name| numbers(&row.violations, name));
        let parameters = names.iter().map(|name| row.params.get(name).map(full).unwrap_or_default());
        let fixed = fields.iter().map(|field| cell(&json[*field]));
        writer.write_record(fixed.chain(objectives).chain(constraints).chain(parameters))?;
    }
    writer.flush()?;
    Ok(())
}

/// A value with all its digits.
fn full(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Float(number) => format!("{number:?}"),
        other => other.to_string(),
    }
}
