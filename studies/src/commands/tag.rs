//! `seqtune tag`: words beside a trial.

use std::io::Write;
use std::path::PathBuf;

use seqtune_core::{RequestKind, Requests, StoreReader};

use super::BY;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::places;

/// Give tags to a trial, or take them away
///
/// A tag is one word. Tags decide nothing; they can be given while the study runs and while it rests. `seqtune trials`,
/// `best` and `export` show them.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune tag demo 12 look-at-this paper   # gives two\n\
\x20 seqtune tag demo 12 -paper               # takes one away\n\
\x20 seqtune tag demo 12                      # shows those it has")]
pub(crate) struct Arguments {
    /// The study: its directory, or its name under results/
    #[arg(value_name = "DIR")]
    study: PathBuf,
    /// The trial
    trial: u64,
    /// TAG or +TAG to give one, -TAG to take one away
    #[arg(value_name = "[+-]TAG", allow_hyphen_values = true)]
    tags: Vec<String>,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let directory = places::study(&arguments.study)?;
    let trial = arguments.trial;
    let reader = StoreReader::open(&directory)?;
    if arguments.tags.is_empty() {
        let history = reader.history()?;
        history.trial(trial).ok_or_else(|| places::no_trial(&directory, &history, trial))?;
    } else {
        let kinds: Vec<RequestKind> = arguments.tags.iter().map(|tag| change(trial, tag)).collect();
        let requests = Requests::open(&directory)?;
        // All of them are looked at before any is written.
        kinds.iter().try_for_each(|kind| requests.check(kind))?;
        for kind in &kinds {
            requests.add(BY, kind)?;
        }
    }
    let remarks = reader.remarks()?;
    let tags: Vec<&str> = remarks.of(trial).into_iter().flat_map(|remark| &remark.tags).map(String::as_str).collect();
    let shown = if tags.is_empty() { "none".to_owned() } else { tags.join(" ") };
    writeln!(out, "Tags of trial {trial} of {}: {shown}", directory.display())?;
    Ok(Exit::Done)
}

fn change(trial: u64, written: &str) -> RequestKind {
    let (tag, on) = match written.strip_prefix('-') {
        Some(tag) => (tag, false),
        None => (written.strip_prefix('+').unwrap_or(written), true),
    };
    RequestKind::Tag { trial, tag: tag.to_owned(), on }
}
