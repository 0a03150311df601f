//! `seqtune report`: a study as one page.

mod content;
mod page;
mod pictures;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use seqtune_core::StoreReader;

use super::export::into_file;
use super::status::Read;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::places;
use content::Report;

/// How often it is looked whether the run is still there.
const LOOK: Duration = Duration::from_millis(500);

/// Write a study as one page: plots, best trials, what made them, how to have them again
///
/// The page is one HTML file that needs no other: no script, no font, nothing from the network. It can be mailed, printed and
/// read without a mouse. -f json is the same as data, each plot with its marks.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune report demo -o report.html\n\
\x20 seqtune report demo -o report.html --watch 60   # while it runs; the page loads itself again\n\
\x20 seqtune report demo -f json > report.json")]
pub(crate) struct Arguments {
    /// The study: its directory, or its name under results/
    #[arg(value_name = "DIR")]
    study: PathBuf,
    /// Where to write, in place of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How to write [default: by the ending of FILE, else html]
    #[arg(short, long, value_enum)]
    format: Option<ReportFormat>,
    /// Write it again every so many seconds while the study runs, and once more when the run has ended
    #[arg(long, value_name = "SECONDS", requires = "output", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    watch: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    /// A page
    Html,
    /// An object
    Json,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let directory = places::study(&arguments.study)?;
    let ending = arguments.output.as_deref().and_then(Path::extension).and_then(|ending| ending.to_str());
    let format = arguments.format.unwrap_or(match ending {
        Some("json") => ReportFormat::Json,
        _ => ReportFormat::Html,
    });
    let Some(path) = &arguments.output else {
        write(&Read::of(&directory)?, &directory, format, None, out)?;
        return Ok(Exit::Done);
    };
    let mut said = false;
    loop {
        let read = Read::of(&directory)?;
        let again = arguments.watch.filter(|_| read.managed);
        into_file(path, |file| write(&read, &directory, format, again, file))?;
        let Some(seconds) = again else { return Ok(Exit::Done) };
        if !std::mem::replace(&mut said, true) {
            say!("{} is written, and again every {seconds} s while the study runs", path.display());
        }
        wait(&directory, Duration::from_secs(seconds))?;
    }
}

fn write(
    read: &Read,
    directory: &Path,
    format: ReportFormat,
    again: Option<u64>,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let report = Report::of(directory, read)?;
    match format {
        ReportFormat::Html => out.write_all(page::html(&report, again).as_bytes())?,
        ReportFormat::Json => {
            serde_json::to_writer(&mut *out, &report)?;
            writeln!(out)?;
        }
    }
    Ok(())
}

/// Until it is time to write again, or the run has ended.
fn wait(directory: &Path, time: Duration) -> Result<(), CommandError> {
    let until = Instant::now() + time;
    let reader = StoreReader::open(directory)?;
    while reader.is_managed() && Instant::now() < until {
        std::thread::sleep(LOOK.min(until.saturating_duration_since(Instant::now())));
    }
    Ok(())
}
