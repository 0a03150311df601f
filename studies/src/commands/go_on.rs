//! `seqtune go-on`: ends a pause.

use std::io::Write;
use std::path::PathBuf;

use seqtune_core::RequestKind;

use super::pause::ask;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::places;

/// Let a paused study go on
///
/// Ends what `seqtune pause` began. A study whose run has ended goes on with `seqtune resume`.
#[derive(clap::Args)]
#[command(after_long_help = "Example:\n\
\x20 seqtune go-on demo")]
pub(crate) struct Arguments {
    /// The study: its directory, or its name under results/
    #[arg(value_name = "DIR")]
    study: PathBuf,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let directory = places::study(&arguments.study)?;
    let shown = directory.display();
    if ask(&directory, &RequestKind::GoOn)? {
        writeln!(out, "The run in {shown} was asked to go on.")?;
    } else {
        writeln!(out, "Nothing runs in {shown}; the study goes on with `seqtune resume {shown}`.")?;
    }
    Ok(Exit::Done)
}
