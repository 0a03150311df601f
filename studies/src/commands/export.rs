//! `seqtune export`: trials or reports as a file for other programs.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use seqtune_core::{History, Remarks, StoreReader};
use seqtune_plugin::MetricValue;
use serde::Serialize;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{TrialRow, csv_of_trials, utc, write_json};
use crate::places;

/// Write all trials or all reports for other programs
///
/// A file is written beside its place and moved there when it is complete. Fields of trials: as in `seqtune trials`.
/// Fields of reports: trial, step, value, at, metrics; in csv metrics.NAME for each metric, its mean where
/// it has parts.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune export demo -o trials.csv\n\
\x20 seqtune export demo --what reports -f json | gzip > reports.json.gz")]
pub(crate) struct Arguments {
    /// The study: its directory, or its name under results/
    #[arg(value_name = "DIR")]
    study: PathBuf,
    /// What to write
    #[arg(long, value_enum, default_value_t)]
    what: What,
    /// How to write [default: by the ending of FILE, else csv]
    #[arg(short, long, value_enum)]
    format: Option<ExportFormat>,
    /// Where to write, in place of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum What {
    /// One row a trial
    #[default]
    Trials,
    /// One row a step of a trial
    Reports,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    /// An array with one object a line
    Json,
    /// With a heading
    Csv,
}

#[derive(Serialize)]
struct ReportRow {
    trial: u64,
    step: u64,
    value: Option<f64>,
    at: String,
    metrics: BTreeMap<String, MetricValue>,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let reader = StoreReader::open(&places::study(&arguments.study)?)?;
    let (history, remarks) = (reader.history()?, reader.remarks()?);
    let ending = arguments.output.as_deref().and_then(Path::extension).and_then(|ending| ending.to_str());
    let format = arguments.format.unwrap_or(match ending {
        Some("json") => ExportFormat::Json,
        _ => ExportFormat::Csv,
    });
    match &arguments.output {
        None => write(&history, &remarks, arguments.what, format, out)?,
        Some(path) => into_file(path, |file| write(&history, &remarks, arguments.what, format, file))?,
    }
    Ok(Exit::Done)
}

fn write(
    history: &History,
    remarks: &Remarks,
    what: What,
    format: ExportFormat,
    out: &mut dyn Write,
) -> Result<(), CommandError> {
    let trials = history.trials.iter().map(|trial| TrialRow::new(history, remarks, trial));
    let reports = history.trials.iter().flat_map(|trial| {
        trial.reports.iter().map(|point| ReportRow {
            trial: trial.number,
            step: point.step,
            value: point.value,
            at: utc(point.at_us),
            metrics: point.metrics.parse(),
        })
    });
    match (what, format) {
        (What::Trials, ExportFormat::Json) => write_json(out, trials),
        (What::Trials, ExportFormat::Csv) => csv_of_trials(out, history, trials),
        (What::Reports, ExportFormat::Json) => write_json(out, reports),
        (What::Reports, ExportFormat::Csv) => csv_of_reports(out, history, reports),
    }
}

fn csv_of_reports(
    out: &mut dyn Write,
    history: &History,
    rows: impl Iterator<Item = ReportRow>,
) -> Result<(), CommandError> {
    let metrics: Vec<&str> = history.spec.info.metrics.iter().map(|metric| metric.name.as_str()).collect();
    let number = |value: Option<f64>| value.map(|value| format!("{value:?}")).unwrap_or_default();
    let mut writer = csv::Writer::from_writer(out);
    let headings = ["trial", "step", "value", "at"].map(str::to_owned).into_iter();
    writer.write_record(headings.chain(metrics.iter().map(|name| format!("metrics.{name}"))))?;
    for row in rows {
        let fixed = [row.trial.to_string(), row.step.to_string(), number(row.value), row.at];
        let values = metrics.iter().map(|name| number(row.metrics.get(*name).and_then(MetricValue::value)));
        writer.write_record(fixed.into_iter().chain(values))?;
    }
    writer.flush()?;
    Ok(())
}

/// Writes a file as a whole: beside its place, to the disk, then renamed.
pub(crate) fn into_file(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let failed = |source| CommandError::File { path: path.to_owned(), source };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = path.with_file_name(format!(".{name}.{}.partial", std::process::id()));
    let written = File::create(&beside).map_err(failed).and_then(|file| {
        let mut writer = BufWriter::new(file);
        fill(&mut writer)?;
        writer.into_inner().map_err(|error| failed(error.into_error()))?.sync_all().map_err(failed)
    });
    let result = written.and_then(|()| std::fs::rename(&beside, path).map_err(failed));
    if result.is_err() {
        // What cannot be removed was never there, or is in the same trouble as the file itself.
        let _ = std::fs::remove_file(&beside);
    }
    result
}
