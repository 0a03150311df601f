//! `seqtune table`: the values of the trials over one or two parameters.

use std::io::Write;
use std::path::PathBuf;

use clap::ValueEnum;
use seqtune::study_file::did_you_mean;
use seqtune_core::{History, Objective, StoreReader};
use seqtune_plot::{Cell, HeatMap, Snapshot, along_names, heat_map};
use seqtune_space::SearchSpace;
use serde::Serialize;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Align, Format, FormatArgument, Table, show_number, write_csv, write_json};
use crate::places;

/// Show the values of the trials over one or two parameters
///
/// A cell is the mean over the trials that fall into it, with their number in brackets where they are several. Numbers with
/// many values are cut into ranges. A list is told apart as a whole, or by its length, `len(widths)`, or an item, `widths[0]`.
/// csv and -f json have a line for each cell with trials: row, column, mean, trials.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune table demo model\n\
\x20 seqtune table demo lr dropout --reduce last\n\
\x20 seqtune table demo model rc --metric valid/ap -f csv")]
pub(crate) struct Arguments {
    /// The study: its directory, or its name under results/
    #[arg(value_name = "DIR")]
    study: PathBuf,
    /// The parameter whose values are the rows
    #[arg(value_name = "ROWS")]
    rows: String,
    /// The parameter whose values are the columns
    #[arg(value_name = "COLUMNS")]
    columns: Option<String>,
    /// A metric of the reports [default: that of the study's first objective]
    #[arg(long, value_name = "NAME")]
    metric: Option<String>,
    /// Which step of a trial counts [default: as in the study]
    #[arg(long, value_enum)]
    reduce: Option<Reduce>,
    #[command(flatten)]
    format: FormatArgument,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Reduce {
    Last,
    Best,
}

/// A cell as it is written for programs.
#[derive(Serialize)]
struct CellRow<'a> {
    row: &'a str,
    column: &'a str,
    mean: f64,
    trials: usize,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let history = StoreReader::open(&places::study(&arguments.study)?)?.history()?;
    for parameter in std::iter::once(&arguments.rows).chain(&arguments.columns) {
        check_parameter(&history, parameter)?;
    }
    let objective = objective(&history, arguments)?;
    let snapshot = Snapshot::of(&history);
    let map = heat_map(&snapshot, &arguments.rows, arguments.columns.as_deref(), |row| row.value_under(&objective));
    match arguments.format.format {
        Format::Table => write!(out, "{}", drawn(&map, &objective))?,
        Format::Csv => write_csv(out, cells(&map))?,
        Format::Json => write_json(out, cells(&map))?,
    }
    Ok(Exit::Done)
}

fn check_parameter(history: &History, parameter: &str) -> Result<(), CommandError> {
    let searched = along_names(&history.spec.space);
    let has = |space: &SearchSpace| space.get(parameter).is_some();
    if has(&history.spec.space) || has(&history.spec.info.parameters) || searched.iter().any(|name| name == parameter) {
        return Ok(());
    }
    let hint = did_you_mean(parameter, "parameters", searched.iter().map(String::as_str));
    Err(CommandError::Usage(format!("there is no parameter {parameter:?}; {hint}")))
}

/// What a trial is worth here.
fn objective(history: &History, arguments: &Arguments) -> Result<Objective, CommandError> {
    let mut objective = history.spec.objective().clone();
    if let Some(name) = &arguments.metric {
        let Some(metric) = history.spec.info.metric(name) else {
            let names = history.spec.info.metrics.iter().map(|metric| metric.name.as_str());
            let hint = did_you_mean(name, "metrics", names);
            return Err(CommandError::Usage(format!("there is no metric {name:?}; {hint}")));
        };
        objective = Objective { metric: metric.name.clone(), direction: metric.direction, reduce: objective.reduce };
    }
    match arguments.reduce {
        Some(Reduce::Last) => objective.reduce = seqtune_core::Reduce::Last,
        Some(Reduce::Best) => objective.reduce = seqtune_core::Reduce::Best,
        None => {}
    }
    Ok(objective)
}

fn cells(map: &HeatMap) -> impl Iterator<Item = CellRow<'_>> {
    map.rows.labels.iter().zip(&map.cells).flat_map(|(row, cells)| {
        map.columns
            .labels
            .iter()
            .zip(cells)
            .filter_map(move |(column, cell)| cell.map(|Cell { mean, trials }| CellRow { row, column, mean, trials }))
    })
}

fn drawn(map: &HeatMap, objective: &Objective) -> Table {
    let corner = match map.columns.parameter.as_str() {
        "" => map.rows.parameter.clone(),
        columns => format!("{} \\ {columns}", map.rows.parameter),
    };
    let mut heads = vec![(corner.as_str(), Align::Left)];
    match map.columns.parameter.as_str() {
        "" => heads.push((&objective.metric, Align::Right)),
        _ => heads.extend(map.columns.labels.iter().map(|label| (label.as_str(), Align::Right))),
    }
    let mut table = Table::new(&heads);
    for (label, cells) in map.rows.labels.iter().zip(&map.cells) {
        table.row(std::iter::once(label.clone()).chain(cells.iter().map(|cell| match cell {
            None => "-".to_owned(),
            Some(Cell { mean, trials: 1 }) => show_number(Some(*mean)),
            Some(Cell { mean, trials }) => format!("{} ({trials})", show_number(Some(*mean))),
        })));
    }
    table
}
