//! `seqtune stop`: asks the run of a study to end.

use std::io::Write;
use std::path::PathBuf;

use seqtune_core::{RequestKind, Requests, StoreReader};

use super::BY;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::places;

/// Ask a running study to stop
///
/// Without --now the running trials end first and no new one starts. With --now they are left at once and go on from
/// their last checkpoint when the study does. Either way nothing is lost, and `seqtune resume` goes on.
#[derive(clap::Args)]
#[command(after_long_help = "Example:\n\
\x20 seqtune stop demo")]
pub(crate) struct Arguments {
    /// The study: its directory, or its name under results/
    #[arg(value_name = "DIR")]
    study: PathBuf,
    /// Leave the running trials at their last checkpoint
    #[arg(long)]
    now: bool,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let directory = places::study(&arguments.study)?;
    if !StoreReader::open(&directory)?.is_managed() {
        writeln!(out, "Nothing runs in {}; there is nothing to stop.", directory.display())?;
        return Ok(Exit::Done);
    }
    let kind = if arguments.now { RequestKind::StopNow } else { RequestKind::StopAfterRunning };
    Requests::open(&directory)?.add(BY, &kind)?;
    let what = if arguments.now {
        "its trials are left at their last checkpoint"
    } else {
        "its running trials end first (seqtune stop --now leaves them at their last checkpoint)"
    };
    writeln!(out, "The run in {} was asked to stop: {what}.", directory.display())?;
    writeln!(
        out,
        "See `seqtune status {}`; go on with `seqtune resume {}`.",
        directory.display(),
        directory.display()
    )?;
    Ok(Exit::Done)
}
