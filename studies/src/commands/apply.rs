//! `seqtune apply`: evaluates a trial on other data, predicts with it, or exports it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use seqtune::apply::{Found, Which, apply, checkpoint};
use seqtune::launch;
use seqtune_core::{StoreReader, Trial};
use seqtune_plugin::{Applied, Apply, MetricValue};
use serde::Serialize;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Align, Format, FormatArgument, Table, show_number, write_csv, write_json};
use crate::places;

/// Evaluate a trial on held-out data, predict with it, or export what it learned
///
/// The family's worker does it from one of the trial's checkpoints, which are kept of its best and its last step. The study
/// is only read, and may run meanwhile; its data must be what it was created with. What a family can do, and with which
/// splits, is its own: it says so where it cannot. -f json gives one object: trial, step, checkpoint, metrics with
/// value, sd (over parts such as folds) and parts, and files; csv a row for each metric or file.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune apply evaluate demo                     # the best trial on the split test\n\
\x20 seqtune apply evaluate demo 12 --split valid\n\
\x20 seqtune apply predict demo -o predictions.tsv\n\
\x20 seqtune apply export demo 12 --checkpoint last -o trial-12")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Measure a trial on a split of the data, by default one that the search never saw
    Evaluate {
        #[command(flatten)]
        of: Of,
        /// Which part of the data, as the family names it
        #[arg(long, value_name = "NAME", default_value = "test")]
        split: String,
    },
    /// Write a trial's predictions for the rows of the data
    Predict {
        #[command(flatten)]
        of: Of,
        /// Where to write; nothing may be there yet
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Write what the family exports of a trial: embeddings, filters, a model file
    Export {
        #[command(flatten)]
        of: Of,
        /// Where to write, a file or a directory as the family has it; nothing may be there yet
        #[arg(short, long, value_name = "PATH")]
        output: PathBuf,
    },
}

/// What is applied.
#[derive(clap::Args)]
struct Of {
    /// The study: its directory, or its name under results/
    #[arg(value_name = "DIR")]
    study: PathBuf,
    /// The trial [default: the best]
    #[arg(value_name = "TRIAL")]
    trial: Option<u64>,
    /// Which of its checkpoints [default: of the best step where the study's objective counts that, else of the last]
    #[arg(long, value_enum, value_name = "WHICH")]
    checkpoint: Option<Which>,
    /// A directory in which the paths of [data] are looked for, before those in SEQTUNE_DATA and the current one
    #[arg(long, value_name = "DIR")]
    data: Vec<PathBuf>,
    #[command(flatten)]
    format: FormatArgument,
}

/// The object of `-f json`.
#[derive(Serialize)]
struct Outcome<'a> {
    trial: u64,
    step: u64,
    checkpoint: &'a Path,
    metrics: BTreeMap<&'a str, Measured<'a>>,
    files: &'a [PathBuf],
}

#[derive(Serialize)]
struct Measured<'a> {
    value: Option<f64>,
    sd: Option<f64>,
    parts: &'a [Option<f64>],
}

/// A row of `-f csv` for a metric.
#[derive(Serialize)]
struct MetricRow<'a> {
    trial: u64,
    step: u64,
    metric: &'a str,
    value: Option<f64>,
    sd: Option<f64>,
    parts: usize,
}

/// A row of `-f csv` for a file.
#[derive(Serialize)]
struct FileRow<'a> {
    trial: u64,
    step: u64,
    file: &'a Path,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let (of, what) = match &arguments.what {
        What::Evaluate { of, split } => (of, Apply::Evaluate { split: split.clone() }),
        What::Predict { of, output } => (of, Apply::Predict { out: free(output)? }),
        What::Export { of, output } => (of, Apply::Export { out: free(output)? }),
    };
    let directory = places::study(&of.study)?;
    let history = StoreReader::open(&directory)?.history()?;
    let trial = match of.trial {
        Some(number) => history.trial(number).ok_or_else(|| places::no_trial(&directory, &history, number))?,
        None => history.best().ok_or_else(|| {
            let shown = directory.display();
            CommandError::Usage(format!("{shown} has no completed trial yet; name the trial to {}", what.name()))
        })?,
    };
    let found = checkpoint(&directory, &history, trial, of.checkpoint)?;
    let program = launch::find(&history.spec.family)?;
    let roots = places::data_roots(&of.data);
    let applied = apply(&program, &history.spec, roots, &places::cache(), &found, &what)?;
    show(out, of.format.format, &what, trial, &found, &applied)?;
    Ok(Exit::Done)
}

/// A place where nothing is yet, known before anything is spent; the worker gets its whole path.
fn free(output: &Path) -> Result<PathBuf, CommandError> {
    let whole = std::path::absolute(output).map_err(|source| CommandError::File { path: output.to_owned(), source })?;
    let is_empty = || std::fs::read_dir(&whole).is_ok_and(|mut entries| entries.next().is_none());
    if whole.exists() && !is_empty() {
        let shown = output.display();
        return Err(CommandError::Usage(format!("{shown} is there already; remove it, or choose another place")));
    }
    if let Some(parent) = whole.parent().filter(|parent| !parent.is_dir()) {
        let (parent, name) = (parent.display(), output.display());
        return Err(CommandError::Usage(format!("there is no directory {parent} to write {name} into")));
    }
    Ok(whole)
}

fn show(
    out: &mut dyn Write,
    format: Format,
    what: &Apply,
    trial: &Trial,
    found: &Found,
    applied: &Applied,
) -> Result<(), CommandError> {
    let (trial, step) = (trial.number, found.step);
    let metrics = || applied.metrics.iter().map(|(name, value)| (name.as_str(), value));
    match format {
        Format::Json => {
            let measured = |value: &'_ MetricValue| (value.value(), sd(value));
            let metrics = metrics().map(|(name, metric)| {
                let (value, sd) = measured(metric);
                (name, Measured { value, sd, parts: metric.parts() })
            });
            let (checkpoint, files) = (found.path.as_path(), applied.files.as_slice());
            write_json(out, [Outcome { trial, step, checkpoint, metrics: metrics.collect(), files }])?;
        }
        Format::Csv if matches!(what, Apply::Evaluate { .. }) => {
            write_csv(
                out,
                metrics().map(|(metric, value)| {
                    let (sd, parts) = (sd(value), value.parts().len());
                    MetricRow { trial, step, metric, value: value.value(), sd, parts }
                }),
            )?;
        }
        Format::Csv => write_csv(out, applied.files.iter().map(|file| FileRow { trial, step, file }))?,
        Format::Table => {
            let on = if let Apply::Evaluate { split } = what { format!(" on {split}") } else { String::new() };
            writeln!(out, "trial {trial}, checkpoint of step {step}{on}")?;
            if !applied.metrics.is_empty() {
                write!(out, "{}", table(metrics()))?;
            }
            for file in &applied.files {
                writeln!(out, "wrote {}", file.display())?;
            }
        }
    }
    Ok(())
}

fn table<'a>(metrics: impl Iterator<Item = (&'a str, &'a MetricValue)>) -> Table {
    let mut table =
        Table::new(&[("metric", Align::Left), ("value", Align::Right), ("sd", Align::Right), ("parts", Align::Right)]);
    for (name, value) in metrics {
        let parts = match value.parts().len() {
            0 => String::new(),
            count => count.to_string(),
        };
        let sd = sd(value).map(|sd| show_number(Some(sd))).unwrap_or_default();
        table.row([name.to_owned(), show_number(value.value()), sd, parts]);
    }
    table
}

/// Standard deviation of the parts, which are a sample of folds or seeds.
fn sd(value: &MetricValue) -> Option<f64> {
    let parts: Option<Vec<f64>> = value.parts().iter().copied().collect();
    let (parts, mean) = (parts?, value.value()?);
    let squares: f64 = parts.iter().map(|part| (part - mean) * (part - mean)).sum();
    (parts.len() > 1).then(|| (squares / (parts.len() - 1) as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_a_standard_deviation() {
        assert_eq!(sd(&MetricValue::mean_of(&[1.0, 3.0])), Some(2.0_f64.sqrt()));
        for without in [MetricValue::number(1.0), MetricValue::mean_of(&[1.0]), MetricValue::mean_of(&[1.0, f64::NAN])]
        {
            assert_eq!(sd(&without), None);
        }
    }

    #[test]
    fn a_place_is_free_where_nothing_is_lost() {
        let scratch = tempfile::tempdir().unwrap();
        let inside = scratch.path().join("file");
        assert_eq!(free(scratch.path()).unwrap(), scratch.path());
        assert_eq!(free(&inside).unwrap(), inside);
        std::fs::write(&inside, "kept").unwrap();
        assert!(free(&inside).unwrap_err().to_string().contains("is there already"));
        assert!(free(scratch.path()).is_err());
        assert!(free(&scratch.path().join("no/file")).unwrap_err().to_string().contains("there is no directory"));
    }
}
