//! `seqtune fsck`: looks a study over, and mends what can be mended without a loss.

use std::io::Write;
use std::path::{Path, PathBuf};

use seqtune::fsck::{self, Finding, State};

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, FormatArgument, write_csv, write_json};
use crate::places;

/// Check that a study is whole, and mend what can be
///
/// Looks at the file with SQLite's own check, at its indexes and triggers, at every event and the rules of the log, at
/// every checkpoint that should be there, and at what else lies in the directory. Each line is ok, note (harmless),
/// problem or mended; exits with 1 where a problem is left. Without an option nothing is changed, and the study may run.
/// Fields of -f json and csv: what, state, message.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune fsck demo\n\
\x20 seqtune fsck demo --repair\n\
\x20 seqtune fsck demo --rescue results/demo-rescued")]
pub(crate) struct Arguments {
    /// The study: its directory, or its name under results/
    #[arg(value_name = "DIR")]
    study: PathBuf,
    /// Remove checkpoints that nobody needs and what was never finished, put back missing indexes, triggers and views, and
    /// move what a killed run left into the file
    #[arg(long)]
    repair: bool,
    /// Copy the events up to the first damaged one into a new study, and leave this one as it is
    #[arg(long, value_name = "NEW", conflicts_with = "repair")]
    rescue: Option<PathBuf>,
    #[command(flatten)]
    format: FormatArgument,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let directory = places::study(&arguments.study)?;
    if let Some(new) = &arguments.rescue {
        return rescue(&directory, new, out);
    }
    let findings = if arguments.repair { fsck::repair(&directory)? } else { fsck::fsck(&directory)? };
    match arguments.format.format {
        Format::Json => write_json(out, &findings)?,
        Format::Csv => write_csv(out, &findings)?,
        Format::Table => {
            for Finding { what, state, message, .. } in &findings {
                writeln!(out, "{:<8} {what:<12} {message}", state.name())?;
            }
            writeln!(out, "{}", sentence(&directory, &findings))?;
        }
    }
    let is_well = findings.iter().all(|finding| finding.state != State::Problem);
    Ok(if is_well { Exit::Done } else { Exit::Error })
}

fn sentence(directory: &Path, findings: &[Finding]) -> String {
    let place = directory.display();
    let count = |state| findings.iter().filter(|finding| finding.state == state).count();
    let open = findings.iter().any(|finding| finding.can_be_mended() && finding.state != State::Mended);
    let mut text = match (count(State::Problem), count(State::Mended)) {
        (0, 0) => format!("{place} is whole."),
        (0, mended) => format!("{place} is whole; {mended} mended."),
        (1, 0) => format!("{place} has a problem."),
        (problems, 0) => format!("{place} has {problems} problems."),
        (problems, mended) => format!("{place}: {mended} mended, {problems} left."),
    };
    if open {
        text.push_str(&format!(" See to what can be mended: seqtune fsck {place} --repair"));
    }
    text
}

fn rescue(directory: &Path, new: &Path, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let events = fsck::rescue(directory, new)?;
    let (old, new) = (directory.display(), new.display());
    writeln!(out, "{new} has the first {events} events of {old}, which is as it was.")?;
    writeln!(
        out,
        "Trials go on from their checkpoints if you copy them too: cp -r {old}/checkpoints {old}/logs {new}"
    )?;
    Ok(Exit::Done)
}
