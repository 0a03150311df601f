//! `seqtune note`: a text beside a trial or a study.

use std::io::Write;
use std::path::PathBuf;

use seqtune_core::{RequestKind, Requests};

use super::BY;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::places;

/// Write a note about a trial, or about the study
///
/// The note takes the place of the one before, and an empty one ('') removes it. Notes decide nothing; they can be written
/// while the study runs and while it rests. `seqtune status` shows that of the study, `seqtune trials`, `best` and `export`
/// those of trials.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune note demo 12 'the loss jumps at epoch 3'\n\
\x20 seqtune note demo 'first try with the new folds'\n\
\x20 seqtune note demo 12 ''                              # removes it")]
pub(crate) struct Arguments {
    /// The study: its directory, or its name under results/
    #[arg(value_name = "DIR")]
    study: PathBuf,
    /// The trial, if it is about one, and the text
    #[arg(value_name = "[TRIAL] TEXT", num_args = 1..=2, required = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let directory = places::study(&arguments.study)?;
    let (trial, text) = match arguments.words.as_slice() {
        [number, text] => {
            let trial: u64 = number.parse().map_err(|_| {
                CommandError::Usage(format!(
                    "{number:?} is no number of a trial; put a text of several words in quotes: seqtune note DIR 'the text'"
                ))
            })?;
            (Some(trial), text)
        }
        [number] if number.parse::<u64>().is_ok() => {
            return Err(CommandError::Usage(format!(
                "the note about trial {number} has no text; give one, or '' to remove the note that is there"
            )));
        }
        // The command line takes one or two.
        words => (None, &words[0]),
    };
    let text = text.trim().to_owned();
    let done = if text.is_empty() { "has no note any more" } else { "has a note" };
    Requests::open(&directory)?.add(BY, &RequestKind::Note { trial, text })?;
    match trial {
        Some(trial) => writeln!(out, "Trial {trial} of {} {done}.", directory.display())?,
        None => writeln!(out, "The study in {} {done}.", directory.display())?,
    }
    Ok(Exit::Done)
}
