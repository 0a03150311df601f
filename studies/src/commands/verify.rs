//! `seqtune verify`: every decision of a study, decided again.

use std::io::Write;
use std::path::PathBuf;

use seqtune_core::{EventKind, History, StoreError, StoreReader, Verified, verify};
use serde::Serialize;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, FormatArgument, write_csv, write_json};
use crate::places;

/// Replay every decision of a study and compare
///
/// Reads the whole log, checks its rules, and asks the sampler again for every trial, and the pruner for every report, from
/// what the log says they saw.
/// Exits with 1 at a difference. The promise holds for one build: a difference after an update names the build that
/// decided. Fields of -f json and csv, one row a difference: trial, logged, replayed.
#[derive(clap::Args)]
#[command(after_long_help = "Example:\n\
\x20 seqtune verify demo")]
pub(crate) struct Arguments {
    /// The study: its directory, or its name under results/
    #[arg(value_name = "DIR")]
    study: PathBuf,
    #[command(flatten)]
    format: FormatArgument,
}

#[derive(Serialize)]
struct DifferenceRow<'a> {
    trial: u64,
    logged: &'a str,
    replayed: &'a str,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let directory = places::study(&arguments.study)?;
    let events = StoreReader::open(&directory)?.events_after(0)?;
    let history = History::fold(&events)
        .map_err(|error| StoreError::Damaged { directory: directory.clone(), message: error.to_string() })?;
    let verified = verify(&history);
    let rows = verified.differences.iter().map(|difference| DifferenceRow {
        trial: difference.trial,
        logged: &difference.logged,
        replayed: &difference.replayed,
    });
    match (arguments.format.format, verified.differences.first()) {
        (Format::Json, _) => write_json(out, rows)?,
        (Format::Csv, _) => write_csv(out, rows)?,
        (Format::Table, None) => {
            let (events, decisions) = (events.len(), decisions(&verified));
            writeln!(out, "{}: {events} events in order, {decisions} replayed the same.", directory.display())?;
        }
        (Format::Table, Some(first)) => {
            let differ = verified.differences.len();
            writeln!(out, "{}: trial {} is decided differently now.", directory.display(), first.trial)?;
            writeln!(out, "  the log:  {}", first.logged)?;
            writeln!(out, "  now:      {}", first.replayed)?;
            writeln!(out, "{differ} differences in {}.", decisions(&verified))?;
            let builds: Vec<&str> = events
                .iter()
                .filter_map(|event| match &event.kind {
                    EventKind::StudyCreated { build, .. } | EventKind::ManagerStarted { build, .. } => {
                        Some(build.as_str())
                    }
                    _ => None,
                })
                .filter(|build| *build != seqtune::build())
                .collect();
            if let Some(build) = builds.first() {
                writeln!(out, "It was decided by {build}; this is {}.", seqtune::build())?;
            }
        }
    }
    Ok(if verified.differences.is_empty() { Exit::Done } else { Exit::Error })
}

fn decisions(verified: &Verified) -> String {
    match verified.verdicts {
        0 => format!("{} decisions", verified.suggestions),
        verdicts => format!("{} decisions and {verdicts} verdicts", verified.suggestions),
    }
}
