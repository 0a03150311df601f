//! `seqtune trials`: the trials of a study as a table.

use std::cmp::Ordering;
use std::io::Write;
use std::path::PathBuf;

use clap::ValueEnum;
use seqtune::study_file::did_you_mean;
use seqtune_core::{History, StoreReader, Trial};
use seqtune_plugin::Direction;
use seqtune_space::Value;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, FormatArgument, TrialRow, csv_of_trials, table_of_trials, write_json};
use crate::places;

/// List the trials of a study
///
/// Best first; trials without a value come last. The fields of -f json, and the columns of csv with one params.NAME for
/// each parameter: trial, state, value, last_value, best_value, best_step, step, steps, origin, replicate, seed,
/// config_key, attempts, seconds, started, ended, message, note, tags, params. With several objectives also values, with
/// outcome constraints also violations (0 or less is satisfied); trials that break a constraint then come after those that do
/// not.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune trials demo --top 10\n\
\x20 seqtune trials demo --sort lr --state completed\n\
\x20 seqtune trials demo -f csv > trials.csv")]
pub(crate) struct Arguments {
    /// The study: its directory, or its name under results/
    #[arg(value_name = "DIR")]
    study: PathBuf,
    /// value, number, state, step, seconds, or the name of a parameter
    #[arg(long, value_name = "KEY", default_value = "value")]
    sort: String,
    /// Turn the order around
    #[arg(long)]
    reverse: bool,
    /// Only the first N
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// Only trials in this state; may be given several times
    #[arg(long, value_enum, value_name = "STATE")]
    state: Vec<State>,
    #[command(flatten)]
    format: FormatArgument,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum State {
    Running,
    Waiting,
    Completed,
    Pruned,
    Failed,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Waiting => "waiting",
            State::Completed => "completed",
            State::Pruned => "pruned",
            State::Failed => "failed",
        }
    }
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let reader = StoreReader::open(&places::study(&arguments.study)?)?;
    let (history, remarks) = (reader.history()?, reader.remarks()?);
    let wanted = |trial: &&Trial| {
        arguments.state.is_empty() || arguments.state.iter().any(|state| state.name() == trial.state().name())
    };
    let mut trials: Vec<&Trial> = history.trials.iter().filter(wanted).collect();
    sort(&mut trials, &arguments.sort, &history)?;
    if arguments.reverse {
        trials.reverse();
    }
    trials.truncate(arguments.top.unwrap_or(usize::MAX));
    let rows: Vec<TrialRow> = trials.iter().map(|trial| TrialRow::new(&history, &remarks, trial)).collect();
    match arguments.format.format {
        Format::Json => write_json(out, &rows)?,
        Format::Csv => csv_of_trials(out, &history, rows)?,
        Format::Table if rows.is_empty() => writeln!(out, "No trials.")?,
        Format::Table => write!(out, "{}", table_of_trials(&history, &rows))?,
    }
    Ok(Exit::Done)
}

fn sort(trials: &mut [&Trial], key: &str, history: &History) -> Result<(), CommandError> {
    match key {
        "number" => trials.sort_by_key(|trial| trial.number),
        "state" => trials.sort_by_key(|trial| trial.state()),
        "step" => trials.sort_by_key(|trial| std::cmp::Reverse(trial.step())),
        "seconds" => {
            trials.sort_by(|a, b| b.seconds(history.last_us).total_cmp(&a.seconds(history.last_us)));
        }
        "value" => {
            let maximize = history.spec.objective().direction == Direction::Maximize;
            trials.sort_by(|a, b| match (history.value(a), history.value(b)) {
                (Some(a), Some(b)) if maximize => b.total_cmp(&a),
                (Some(a), Some(b)) => a.total_cmp(&b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            });
            if !history.spec.outcome_constraints.is_empty() {
                trials.sort_by_cached_key(|trial| !history.is_feasible(trial));
            }
        }
        name if history.spec.info.parameters.get(name).is_some() || history.spec.space.get(name).is_some() => {
            trials.sort_by(|a, b| by_value(a.params.get(name), b.params.get(name)));
        }
        other => {
            let fixed = ["value", "number", "state", "step", "seconds"];
            let names = history.spec.space.parameters().iter().map(|parameter| parameter.name.as_str());
            let hint = did_you_mean(other, "keys", fixed.into_iter().chain(names));
            return Err(CommandError::Usage(format!("trials cannot be sorted by {other:?}; {hint}")));
        }
    }
    Ok(())
}

/// Numbers by size, words by letters, and what is not set last.
fn by_value(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => a.to_string().cmp(&b.to_string()),
        },
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}
