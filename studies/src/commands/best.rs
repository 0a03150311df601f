//! `seqtune best`: the best trials, and how to have them again.

use std::io::Write;
use std::path::{Path, PathBuf};

use seqtune_core::{History, Remarks, StoreReader, Trial};

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, FormatArgument, TrialRow, csv_of_trials, show_number, table_of_trials, write_json};
use crate::places;

/// Show the best trials, and how to reproduce them
///
/// Only completed trials count, and those that satisfy the study's outcome constraints come first. A configuration that was
/// trained with several seeds counts with their mean. With several objectives
/// the Pareto set is shown: the trials that no other one beats in one objective without losing in another; --top ranks by
/// the first objective instead. The parameters are printed as TOML, complete as the family received them, ready for
/// [[enqueue]] or, as fixed values, for [space]. Fields of -f json and csv: as in `seqtune trials`.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune best demo\n\
\x20 seqtune best demo --top 3 -f json")]
pub(crate) struct Arguments {
    /// The study: its directory, or its name under results/
    #[arg(value_name = "DIR")]
    study: PathBuf,
    /// How many, best first [default: 1, or with several objectives the Pareto set]
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    #[command(flatten)]
    format: FormatArgument,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let directory = places::study(&arguments.study)?;
    let reader = StoreReader::open(&directory)?;
    let (history, remarks) = (reader.history()?, reader.remarks()?);
    let trials: Vec<&Trial> = match arguments.top {
        Some(top) => history.ranked().into_iter().take(top).collect(),
        None => history.pareto(),
    };
    let rows = trials.iter().map(|trial| TrialRow::new(&history, &remarks, trial));
    match arguments.format.format {
        Format::Json => write_json(out, rows)?,
        Format::Csv => csv_of_trials(out, &history, rows)?,
        Format::Table if trials.is_empty() => {
            writeln!(
                out,
                "No trial is completed yet; `seqtune status {}` says where they stand.",
                directory.display()
            )?;
        }
        Format::Table => {
            if history.spec.objectives.len() > 1 && arguments.top.is_none() {
                pareto(out, &history, &rows.collect::<Vec<_>>())?;
            }
            for (index, trial) in trials.iter().enumerate() {
                if index > 0 {
                    writeln!(out)?;
                }
                show(out, &directory, &history, &remarks, trial)?;
            }
        }
    }
    Ok(Exit::Done)
}

/// The set as a table, in comments: what comes after it stays TOML.
fn pareto(out: &mut dyn Write, history: &History, rows: &[TrialRow]) -> Result<(), CommandError> {
    let count = rows.len();
    let trials = if count == 1 { "trial" } else { "trials" };
    let feasible = |row: &TrialRow| history.trial(row.trial).is_some_and(|trial| history.is_feasible(trial));
    if rows.iter().all(feasible) {
        writeln!(out, "# the Pareto set: {count} {trials} that nothing beats")?;
    } else {
        writeln!(out, "# none satisfies the outcome constraints; {count} {trials} of those that break them least")?;
    }
    for line in table_of_trials(history, rows).to_string().lines() {
        writeln!(out, "# {line}")?;
    }
    Ok(writeln!(out)?)
}

fn show(
    out: &mut dyn Write,
    directory: &Path,
    history: &History,
    remarks: &Remarks,
    trial: &Trial,
) -> Result<(), CommandError> {
    let objective = history.spec.objective();
    let reached = trial.best_point(objective.direction).map_or(0, |point| point.step);
    let values = history.values(trial).unwrap_or_default();
    let objectives = history.spec.objectives.iter().zip(values);
    let objectives = objectives.map(|(one, value)| format!("{} {}", one.metric, show_number(Some(value))));
    writeln!(out, "# trial {}: {}", trial.number, objectives.collect::<Vec<_>>().join(", "))?;
    let violations = history.violations(trial).unwrap_or_default();
    for (constraint, violation) in history.spec.outcome_constraints.iter().zip(violations) {
        if violation > 0.0 {
            writeln!(out, "# it breaks {constraint} by {}", show_number(Some(violation)))?;
        }
    }
    let seeds = history.seeds(trial);
    if seeds.len() > 1 && history.spec.objectives.len() == 1 {
        let values: Vec<f64> = seeds.iter().filter_map(|seed| history.value(seed)).collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let error = (squares / (count - 1.0) / count).sqrt();
        let numbers: Vec<String> = seeds.iter().map(|seed| seed.number.to_string()).collect();
        let (mean, error) = (show_number(Some(mean)), show_number(Some(error)));
        writeln!(out, "# mean of {count} seeds: {mean} ± {error} (standard error; trials {})", numbers.join(", "))?;
    }
    let steps = history.spec.trial.steps.max(trial.step());
    writeln!(out, "# best step {reached} of {steps}, seed {}", trial.seed)?;
    if let Some(remark) = remarks.of(trial.number) {
        if !remark.tags.is_empty() {
            writeln!(out, "# tags: {}", remark.tags.iter().map(String::as_str).collect::<Vec<_>>().join(" "))?;
        }
        for line in remark.note.iter().flat_map(|note| note.text.lines()) {
            writeln!(out, "# note: {line}")?;
        }
    }
    for checkpoint in &trial.checkpoints {
        let place = directory.join(&checkpoint.path);
        if place.is_dir() {
            writeln!(out, "# checkpoint of step {}: {}", checkpoint.step, place.display())?;
        }
    }
    // Where the family has become stricter since, the point itself is what there is.
    let params = history.spec.complete(&trial.params).unwrap_or_else(|_| trial.params.clone());
    let text = toml::to_string(&params).map_err(|error| CommandError::Other(error.to_string()))?;
    write!(out, "[[enqueue]]\n{text}")?;
    Ok(())
}
