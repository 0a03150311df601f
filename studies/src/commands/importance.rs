//! `seqtune importance`: how much each parameter matters.

use std::io::Write;
use std::path::PathBuf;

use clap::ValueEnum;
use seqtune::study_file::did_you_mean;
use seqtune_core::{History, Objective, StoreReader, Trial, TrialState};
use seqtune_plot::{Importance, ImportanceError, PedAnova, importance};
use seqtune_space::Params;
use serde::Serialize;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Align, Format, FormatArgument, Table, write_csv, write_json};
use crate::places;

/// Show how much each parameter matters
///
/// fanova: the share of the variance of the value, over the whole space, that is due to the parameter alone, or to a pair of
/// parameters together. A parameter that exists only under a condition is measured where it exists, over the trials that have
/// it. ped-anova: the share of the parameter in what tells the best tenth of the trials from all. The completed trials count.
/// In brackets, where 95 % of the trees, or of bootstrap samples of the trials, lie.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune importance demo\n\
\x20 seqtune importance demo --method ped-anova --best 0.2\n\
\x20 seqtune importance demo --metric valid/ap --pruned -f csv")]
pub(crate) struct Arguments {
    /// The study: its directory, or its name under results/
    #[arg(value_name = "DIR")]
    study: PathBuf,
    /// How importance is measured
    #[arg(long, value_enum, default_value_t)]
    method: Method,
    /// For ped-anova: the share of the trials that counts as the best
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    best: f64,
    /// A metric of the reports [default: that of the study's first objective]
    #[arg(long, value_name = "NAME")]
    metric: Option<String>,
    /// Count trials that were stopped early too, by the values that they reached
    #[arg(long)]
    pruned: bool,
    /// Seed of the forest or of the bootstrap samples
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    format: FormatArgument,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Method {
    #[default]
    Fanova,
    PedAnova,
}

/// A parameter or a pair as it is written for programs.
#[derive(Serialize)]
struct ImportanceRow<'a> {
    parameter: &'a str,
    /// The other one of a pair.
    with: Option<&'a str>,
    /// None where too few trials have it.
    importance: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    trials: usize,
    r2: Option<f64>,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let history = StoreReader::open(&places::study(&arguments.study)?)?.history()?;
    let objective = objective(&history, arguments.metric.as_deref())?;
    let trials = trials(&history, &objective, arguments);
    let method = match arguments.method {
        Method::Fanova => seqtune_plot::Method::Fanova,
        Method::PedAnova => {
            let usual = PedAnova::new(objective.direction);
            seqtune_plot::Method::PedAnova(PedAnova { best: arguments.best, ..usual })
        }
    };
    let answer = importance(&history.spec.space, &trials, method, arguments.seed).map_err(refused)?;
    match arguments.format.format {
        Format::Table => drawn(&answer, &objective, out)?,
        Format::Csv => write_csv(out, rows(&answer))?,
        Format::Json => write_json(out, rows(&answer))?,
    }
    Ok(Exit::Done)
}

fn refused(error: ImportanceError) -> CommandError {
    match error {
        ImportanceError::Shares { .. } => CommandError::Usage(error.to_string()),
        error => CommandError::Other(error.to_string()),
    }
}

/// What a trial is worth here.
fn objective(history: &History, metric: Option<&str>) -> Result<Objective, CommandError> {
    let objective = history.spec.objective().clone();
    let Some(name) = metric else { return Ok(objective) };
    let Some(metric) = history.spec.info.metric(name) else {
        let names = history.spec.info.metrics.iter().map(|metric| metric.name.as_str());
        let hint = did_you_mean(name, "metrics", names);
        return Err(CommandError::Usage(format!("there is no metric {name:?}; {hint}")));
    };
    Ok(Objective { metric: metric.name.clone(), direction: metric.direction, reduce: objective.reduce })
}

fn trials<'a>(history: &'a History, objective: &Objective, arguments: &Arguments) -> Vec<(&'a Params, f64)> {
    let counts = |trial: &&Trial| match trial.state() {
        TrialState::Completed => true,
        TrialState::Pruned => arguments.pruned,
        _ => false,
    };
    let value = |trial: &Trial| match arguments.metric {
        None => history.value(trial),
        Some(_) => trial.value_under(objective),
    };
    let trials = history.trials.iter().filter(counts);
    trials.filter_map(|trial| Some((&trial.params, value(trial)?))).collect()
}

fn rows(answer: &Importance) -> impl Iterator<Item = ImportanceRow<'_>> {
    let parameters = answer.parameters.iter().map(|one| ImportanceRow {
        parameter: &one.name,
        with: None,
        importance: Some(one.mean),
        low: Some(one.low),
        high: Some(one.high),
        trials: one.trials,
        r2: one.r2,
    });
    let pairs = answer.pairs.iter().map(|pair| ImportanceRow {
        parameter: &pair.names[0],
        with: Some(&pair.names[1]),
        importance: Some(pair.mean),
        low: Some(pair.low),
        high: Some(pair.high),
        trials: pair.trials,
        r2: None,
    });
    let unknown = answer.left_out.iter().map(|one| ImportanceRow {
        parameter: &one.name,
        with: None,
        importance: None,
        low: None,
        high: None,
        trials: one.trials,
        r2: None,
    });
    parameters.chain(unknown).chain(pairs)
}

fn drawn(answer: &Importance, objective: &Objective, out: &mut dyn Write) -> Result<(), CommandError> {
    let columns = [
        ("parameter", Align::Left),
        ("importance", Align::Right),
        ("95 %", Align::Left),
        ("trials", Align::Right),
        ("R2", Align::Right),
    ];
    let mut table = Table::new(&columns);
    let number = |number: Option<f64>| number.map_or_else(|| "-".to_owned(), |number| format!("{number:.3}"));
    for row in rows(answer).filter(|row| row.importance.is_some()) {
        let name = match row.with {
            None => row.parameter.to_owned(),
            Some(other) => format!("{} × {other}", row.parameter),
        };
        let interval = row.low.zip(row.high).map(|(low, high)| format!("[{low:.3}, {high:.3}]"));
        table.row([name, number(row.importance), interval.unwrap_or_default(), row.trials.to_string(), number(row.r2)]);
    }
    write!(out, "{table}")?;
    if !answer.left_out.is_empty() {
        let left_out = answer.left_out.iter().map(|one| format!("{} ({})", one.name, one.trials));
        writeln!(out, "\nToo few trials have: {}.", left_out.collect::<Vec<_>>().join(", "))?;
    }
    let metric = &objective.metric;
    match answer.r2 {
        Some(r2) if r2 < 0.3 => writeln!(
            out,
            "\nThe forest explains little of {metric} over {} trials (out-of-bag R2 {r2:.2}): do not rely on this.",
            answer.trials
        )?,
        Some(r2) => {
            writeln!(out, "\nOver {} trials, by a forest of out-of-bag R2 {r2:.2} for {metric}.", answer.trials)?;
        }
        None => writeln!(out, "\nOver {} trials, for {metric}.", answer.trials)?,
    }
    Ok(())
}
