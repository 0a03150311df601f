//! `seqtune replicate`: asks for more seeds of a configuration.

use std::io::Write;
use std::path::PathBuf;

use seqtune_core::{RequestKind, Requests, StoreReader};

use super::BY;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::places;

/// Ask for more seeds of a trial's configuration
///
/// A trial's value is one draw: with other seeds it comes out a little different. The study trains the configuration again,
/// with seeds that are the same for all configurations, before it tries anything new; they are trials like all others and
/// count against the budget. A study that runs takes them up at once, any other when it goes on. `seqtune best` shows
/// the mean and its standard error, and ranks by the mean. [replicates] in the study file does this by itself for the leaders.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune replicate demo                    # one more seed of the best\n\
\x20 seqtune replicate demo 12 31 --seeds 4    # four more of each of two")]
pub(crate) struct Arguments {
    /// The study: its directory, or its name under results/
    #[arg(value_name = "DIR")]
    study: PathBuf,
    /// Trials of the configurations [default: the best]
    #[arg(value_name = "TRIAL")]
    trials: Vec<u64>,
    /// How many seeds more
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=100))]
    seeds: u64,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let directory = places::study(&arguments.study)?;
    let reader = StoreReader::open(&directory)?;
    let history = reader.history()?;
    let shown = directory.display();
    let trials = if arguments.trials.is_empty() {
        let best = history.best().ok_or_else(|| {
            CommandError::Usage(format!("{shown} has no completed trial yet; name the trial to train again"))
        })?;
        vec![best.number]
    } else {
        arguments.trials.clone()
    };
    // All of them are known before any is asked for.
    if let Some(number) = trials.iter().find(|number| history.trial(**number).is_none()) {
        return Err(places::no_trial(&directory, &history, *number));
    }
    let requests = Requests::open(&directory)?;
    for trial in &trials {
        requests.add(BY, &RequestKind::Replicate { trial: *trial, seeds: arguments.seeds })?;
    }
    let more = arguments.seeds * trials.len() as u64;
    let (what, numbers) = match trials.as_slice() {
        [one] => ("the configuration of trial", one.to_string()),
        several => ("each configuration of trials", several.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")),
    };
    let plural = if arguments.seeds == 1 { "seed" } else { "seeds" };
    writeln!(out, "Asked for {} more {plural} of {what} {numbers}.", arguments.seeds)?;
    let left = history.settings.budget.trials.map(|trials| trials.saturating_sub(history.trials.len() as u64));
    if let Some(left) = left.filter(|left| *left < more) {
        writeln!(
            out,
            "The budget leaves {left} trials and this takes {more}: raise trials under [budget] in the study file to {}.",
            history.trials.len() as u64 + more
        )?;
    }
    if !reader.is_managed() {
        writeln!(out, "Nothing runs in {shown}; they are trained first when it goes on: `seqtune resume {shown}`.")?;
    }
    Ok(Exit::Done)
}
