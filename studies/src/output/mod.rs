//! What goes to standard output: tables for people, JSON and CSV for programs.

mod files;
mod number;
mod table;
mod time;
mod trials;

use std::io::Write;

use clap::ValueEnum;
use serde::Serialize;

use crate::error::CommandError;

pub(crate) use files::{helper_beside, write_new};
pub(crate) use number::{show_number, show_value};
pub(crate) use table::{Align, Table};
pub(crate) use time::{local, now_us, utc, utc_to_the_second};
pub(crate) use trials::{TrialRow, csv_of_trials, table_of_trials};

/// Form of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people; times are local
    #[default]
    Table,
    /// An array with one object a line; times are UTC
    Json,
    /// With a heading; full precision; times are UTC
    Csv,
}

/// `-f` for commands that list.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct FormatArgument {
    /// How to write
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Writes a JSON array, one element a line, as the rows come.
pub(crate) fn write_json(
    out: &mut dyn Write,
    rows: impl IntoIterator<Item = impl Serialize>,
) -> Result<(), CommandError> {
    write!(out, "[")?;
    for (index, row) in rows.into_iter().enumerate() {
        writeln!(out, "{}", if index == 0 { "" } else { "," })?;
        serde_json::to_writer(&mut *out, &row)?;
    }
    writeln!(out, "\n]")?;
    Ok(())
}

/// Writes flat rows as CSV, with the names of their fields as heading.
pub(crate) fn write_csv(
    out: &mut dyn Write,
    rows: impl IntoIterator<Item = impl Serialize>,
) -> Result<(), CommandError> {
    let mut writer = csv::Writer::from_writer(out);
    for row in rows {
        writer.serialize(row)?;
    }
    writer.flush()?;
    Ok(())
}
