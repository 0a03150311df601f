//! `seqtune families`: what can be trained here.

use std::io::Write;

use seqtune::launch;
use seqtune::study_file::{did_you_mean, in_words};
use seqtune_plugin::{Direction, FamilyInfo};
use serde::Serialize;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Align, Format, FormatArgument, Table, show_value, write_csv, write_json};

/// List the model families that are installed, or describe one
///
/// Asks every seqtune-worker program beside this one. With NAME: the parameters with their hard limits and defaults, the
/// metrics, and the keys of [data]. -f json prints the families as they describe themselves.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune families\n\
\x20 seqtune families tf")]
pub(crate) struct Arguments {
    /// Describe this one
    name: Option<String>,
    #[command(flatten)]
    format: FormatArgument,
}

#[derive(Serialize)]
struct FamilyRow {
    family: String,
    version: String,
    parameters: usize,
    summary: String,
}

#[derive(Serialize)]
struct ParameterRow {
    parameter: String,
    values: String,
    default: String,
    when: String,
    doc: String,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let families = match &arguments.name {
        Some(name) => vec![family(name)?],
        None => installed()?,
    };
    match (arguments.format.format, &arguments.name) {
        (Format::Json, _) => write_json(out, &families)?,
        (Format::Csv, Some(_)) => write_csv(out, families.iter().flat_map(parameters))?,
        (Format::Csv, None) => write_csv(out, families.iter().map(row))?,
        (Format::Table, Some(_)) => families.iter().try_for_each(|info| describe(out, info))?,
        (Format::Table, None) => {
            let columns = [
                ("family", Align::Left),
                ("version", Align::Right),
                ("parameters", Align::Right),
                ("what it is", Align::Left),
            ];
            let mut table = Table::new(&columns);
            for row in families.iter().map(row) {
                table.row([row.family, row.version, row.parameters.to_string(), row.summary]);
            }
            write!(out, "{table}\n`seqtune families NAME` describes one; `seqtune init NAME` writes a study file.\n")?;
        }
    }
    Ok(Exit::Done)
}

/// An installed family by name.
pub(crate) fn family(name: &str) -> Result<FamilyInfo, CommandError> {
    let mut installed = installed()?;
    if let Some(index) = installed.iter().position(|info| info.name == name) {
        return Ok(installed.swap_remove(index));
    }
    let hint = did_you_mean(name, "installed families", installed.iter().map(|info| info.name.as_str()));
    Err(CommandError::Usage(format!("there is no family {name:?} here; {hint}")))
}

/// All families of all worker programs; programs that do not answer are warned of.
fn installed() -> Result<Vec<FamilyInfo>, CommandError> {
    let mut families = Vec::new();
    let mut broken = None;
    for (_, infos) in launch::installed() {
        match infos {
            Ok(infos) => families.extend(infos),
            Err(error) => {
                say!("warning: {error}");
                broken = Some(error);
            }
        }
    }
    match (families.is_empty(), broken) {
        (false, _) => Ok(families),
        (true, Some(error)) => Err(error.into()),
        (true, None) => {
            let message = "no worker is installed beside this program; `seqtune doctor` says what to do";
            Err(launch::LaunchError::CannotStart { program: "seqtune-worker".to_owned(), message: message.to_owned() }
                .into())
        }
    }
}

fn row(info: &FamilyInfo) -> FamilyRow {
    FamilyRow {
        family: info.name.clone(),
        version: info.version.clone(),
        parameters: info.parameters.len(),
        summary: info.summary.clone(),
    }
}

fn parameters(info: &FamilyInfo) -> impl Iterator<Item = ParameterRow> + '_ {
    info.parameters.parameters().iter().map(|parameter| ParameterRow {
        parameter: parameter.name.clone(),
        values: parameter.domain.describe(),
        default: parameter.default.as_ref().map(show_value).unwrap_or_default(),
        when: in_words(&parameter.when),
        doc: parameter.doc.clone().unwrap_or_default(),
    })
}

fn describe(out: &mut dyn Write, info: &FamilyInfo) -> Result<(), CommandError> {
    writeln!(out, "{} {}: {} A step is one {}.\n", info.name, info.version, info.summary, info.step)?;
    let columns = ["parameter", "values", "default", "only when", "what it is"].map(|name| (name, Align::Left));
    let mut table = Table::new(&columns);
    for row in parameters(info) {
        table.row([row.parameter, row.values, row.default, row.when, row.doc]);
    }
    writeln!(out, "{table}")?;
    let mut table = Table::new(&["metric", "better", "unit", "what it is"].map(|name| (name, Align::Left)));
    for metric in &info.metrics {
        let better = if metric.direction == Direction::Maximize { "higher" } else { "lower" };
        table.row([metric.name.clone(), better.to_owned(), metric.unit.clone(), metric.doc.clone()]);
    }
    write!(out, "{table}")?;
    if !info.data.is_empty() {
        let mut table = Table::new(&["[data]", "what it is"].map(|name| (name, Align::Left)));
        for (key, doc) in &info.data {
            table.row([key.clone(), doc.clone()]);
        }
        write!(out, "\n{table}")?;
    }
    Ok(())
}
