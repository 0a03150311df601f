//! `seqtune pause`: lets a run wait.

use std::io::Write;
use std::path::{Path, PathBuf};

use seqtune_core::{RequestKind, Requests, StoreReader};

use super::BY;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::places;

/// Let a running study wait: nothing new starts
///
/// Running trials go on to their end, and no new trial and no new attempt starts until `seqtune go-on`. The study stays in
/// the hands of its run, which answers requests; its workers keep their memory. What is decided does not
/// change: the trials are those of a study that was never paused. A pause ends with its run. The budget's hours
/// count on, its device_hours only while something trains; `seqtune stop` ends the run, and with it the hours.
#[derive(clap::Args)]
#[command(after_long_help = "Example:\n\
\x20 seqtune pause demo")]
pub(crate) struct Arguments {
    /// The study: its directory, or its name under results/
    #[arg(value_name = "DIR")]
    study: PathBuf,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let directory = places::study(&arguments.study)?;
    let shown = directory.display();
    if !ask(&directory, &RequestKind::Pause)? {
        writeln!(out, "Nothing runs in {shown}; there is nothing to pause.")?;
        return Ok(Exit::Done);
    }
    writeln!(out, "The run in {shown} was asked to pause: its running trials end, and nothing new starts.")?;
    writeln!(out, "See `seqtune status {shown}`; go on with `seqtune go-on {shown}`.")?;
    Ok(Exit::Done)
}

/// Asks something of a study's run, if there is one.
pub(super) fn ask(directory: &Path, kind: &RequestKind) -> Result<bool, CommandError> {
    let managed = StoreReader::open(directory)?.is_managed();
    if managed {
        Requests::open(directory)?.add(BY, kind)?;
    }
    Ok(managed)
}
