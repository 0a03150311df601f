//! `seqtune best`: the best trials, and how to have them again.

use std::io::Write;
use std::path::{Path, PathBuf};

use seqtune_core::{History, StoreReader, Trial};

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, FormatArgument, TrialRow, csv_of_trials, show_number, write_json};
use crate::places;

/// Show the best trials, and how to reproduce them
///
/// Only completed trials count. The parameters are printed as TOML, complete as the family received them, ready for
/// [[enqueue]] or, as fixed values, for [space]. Fields of -f json and csv: as in `seqtune trials`.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune best demo\n\
\x20 seqtune best demo --top 3 -f json")]
pub(crate) struct Arguments {
    /// The study: its directory, or its name under results/
    #[arg(value_name = "DIR")]
    study: PathBuf,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 1)]
    top: usize,
    #[command(flatten)]
    format: FormatArgument,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let directory = places::study(&arguments.study)?;
    let history = StoreReader::open(&directory)?.history()?;
    let trials: Vec<&Trial> = history.ranked().into_iter().take(arguments.top).collect();
    let rows = trials.iter().map(|trial| TrialRow::new(&history, trial));
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
            for (index, trial) in trials.iter().enumerate() {
                if index > 0 {
                    writeln!(out)?;
                }
                show(out, &directory, &history, trial)?;
            }
        }
    }
    Ok(Exit::Done)
}

fn show(out: &mut dyn Write, directory: &Path, history: &History, trial: &Trial) -> Result<(), CommandError> {
    let objective = history.spec.objective();
    let reached = trial.best_point(objective.direction).map_or(0, |point| point.step);
    writeln!(out, "# trial {}: {} {}", trial.number, objective.metric, show_number(history.value(trial)))?;
    writeln!(out, "# best step {reached} of {}, seed {}", history.spec.trial.steps, trial.seed)?;
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
