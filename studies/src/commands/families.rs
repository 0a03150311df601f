//! `seqtune families`: what can be trained here.

use std::io::Write;

use seqtune::launch;
use seqtune::study_file::did_you_mean;
use seqtune_plugin::{Direction, FamilyInfo};
use seqtune_space::ready::{self, ReadySpace};
use serde::Serialize;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Align, Format, FormatArgument, Table, show_value, write_csv, write_json};

/// List the model families that are installed, or describe one
///
/// Asks every seqtune-worker program beside this one. With the NAME of a family: the parameters with their hard limits
/// and defaults, the metrics, the keys of [data], and the ready spaces that a study can start from with
/// extends = "SPACE", each parameter with its range, default and the source of the range. With the NAME of a ready space:
/// that space. -f json prints the families as they describe themselves.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune families\n\
\x20 seqtune families tf\n\
\x20 seqtune families tf-cnn")]
pub(crate) struct Arguments {
    /// Describe this family, or this ready space
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
    if let Some(space) = arguments.name.as_deref().and_then(ready::space)
        && ready::declaration(space.name).is_none()
    {
        return show_ready(out, space, arguments.format.format);
    }
    let families = match &arguments.name {
        Some(name) => match family(name) {
            // What may be installed later can be looked at now.
            Err(error) if ready::spaces().iter().any(|space| space.family == *name) => {
                say!("warning: {error}");
                return match arguments.format.format {
                    Format::Table => spaces_of(out, name).map(|()| Exit::Done),
                    // For programs there is no half an answer.
                    Format::Json | Format::Csv => Err(error),
                };
            }
            found => vec![found?],
        },
        None => installed()?,
    };
    match (arguments.format.format, &arguments.name) {
        (Format::Json, _) => write_json(out, &families)?,
        (Format::Csv, Some(_)) => write_csv(out, families.iter().flat_map(parameters))?,
        (Format::Csv, None) => write_csv(out, families.iter().map(row))?,
        (Format::Table, Some(name)) => {
            families.iter().try_for_each(|info| describe(out, info))?;
            spaces_of(out, name)?;
        }
        (Format::Table, None) => {
            let columns = [
                ("family", Align::Left),
                ("version", Align::Right),
                ("parameters", Align::Right),
                ("what it is", Align::Left),
                ("ready spaces", Align::Left),
            ];
            let mut table = Table::new(&columns);
            for row in families.iter().map(row) {
                let spaces = ready::spaces().iter().filter(|space| space.family == row.family);
                let spaces = spaces.map(|space| space.name).collect::<Vec<_>>().join(", ");
                table.row([row.family, row.version, row.parameters.to_string(), row.summary, spaces]);
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
        values: parameter.domain.describe_with_scale(),
        default: parameter.default.as_ref().map(show_value).unwrap_or_default(),
        when: parameter.when.in_words(),
        doc: parameter.doc.clone().unwrap_or_default(),
    })
}

#[derive(Serialize)]
struct ReadyRow {
    parameter: String,
    values: String,
    default: String,
    when: String,
    source: String,
}

/// The rows of a ready space; what it fixes has no source.
fn ready_rows(space: &ReadySpace) -> impl Iterator<Item = ReadyRow> + '_ {
    space.space.parameters().iter().map(|parameter| ReadyRow {
        parameter: parameter.name.clone(),
        values: match parameter.domain.cardinality() {
            Some(1) => "fixed".to_owned(),
            _ => parameter.domain.describe_with_scale(),
        },
        default: parameter.default.as_ref().map(show_value).unwrap_or_default(),
        when: parameter.when.in_words(),
        source: parameter.source.clone().unwrap_or_default(),
    })
}

fn show_ready(out: &mut dyn Write, space: &ReadySpace, format: Format) -> Result<Exit, CommandError> {
    match format {
        Format::Json => write_json(out, ready_rows(space))?,
        Format::Csv => write_csv(out, ready_rows(space))?,
        Format::Table => {
            let ReadySpace { name, family, summary, .. } = space;
            writeln!(out, "{name}: {summary} A space of the family {family}; in a study file:\n")?;
            writeln!(out, "[space]\nextends = {name:?}     # and below it, what is to be otherwise\n")?;
            write!(out, "{}", ready_table(space))?;
            for constraint in space.space.constraints() {
                writeln!(out, "constraint  {}", constraint.text())?;
            }
        }
    }
    Ok(Exit::Done)
}

fn ready_table(space: &ReadySpace) -> Table {
    let columns = ["parameter", "values", "default", "only when", "source of the range"];
    let mut table = Table::new(&columns.map(|name| (name, Align::Left)));
    for row in ready_rows(space) {
        table.row([row.parameter, row.values, row.default, row.when, row.source]);
    }
    table
}

/// The ready spaces of a family, each in full.
fn spaces_of(out: &mut dyn Write, family: &str) -> Result<(), CommandError> {
    for space in ready::spaces().iter().filter(|space| space.family == family) {
        writeln!(out, "\nready space {}: {}  (extends = {:?})\n", space.name, space.summary, space.name)?;
        write!(out, "{}", ready_table(space))?;
        for constraint in space.space.constraints() {
            writeln!(out, "constraint  {}", constraint.text())?;
        }
    }
    Ok(())
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
    for constraint in info.parameters.constraints() {
        writeln!(out, "constraint  {}", constraint.text())?;
    }
    Ok(())
}
