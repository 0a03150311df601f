//! `seqtune check`: reads a study file and says what would happen.

use std::io::Write;
use std::path::PathBuf;

use seqtune::launch::{LaunchError, Opened};
use seqtune::study_file::{Resolved, StudyFile, in_words, show_seconds};
use seqtune_core::{Order, Reduce};
use seqtune_plugin::Direction;
use seqtune_space::SearchSpace;

use super::run::ask_worker;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Align, Table, show_value};
use crate::places;

/// Check a study file, and show the study it makes
///
/// Reads the file, asks the family's worker to prepare the data, and prints the complete study, the size of its space,
/// and warnings. Nothing is trained or written into results/. Without an installed worker it checks what the file alone
/// can tell.
#[derive(clap::Args)]
#[command(after_long_help = "Example:\n\
\x20 seqtune check studies/demo.toml")]
pub(crate) struct Arguments {
    /// The study file
    #[arg(value_name = "STUDY.toml")]
    file: PathBuf,
    /// A directory in which the paths of [data] are looked for, before those in SEQTUNE_DATA and the current one
    #[arg(long, value_name = "DIR")]
    data: Vec<PathBuf>,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let file = StudyFile::read(&arguments.file)?;
    match ask_worker(&file, &file.data(&places::data_roots(&arguments.data))) {
        Ok((_, opened)) => {
            let resolved = file.resolve(&opened)?;
            show(out, &resolved, &opened)?;
        }
        Err(CommandError::Launch(
            error @ (LaunchError::Unknown { .. } | LaunchError::CannotStart { .. } | LaunchError::Protocol { .. }),
        )) => {
            let space = file.own_space()?;
            writeln!(out, "{}: the file itself is right. Its space:\n", file.path().display())?;
            write!(out, "{}\n{}\n", table(&space), size(&space))?;
            say!("warning: {error}");
            say!(
                "warning: not checked, since that is for the worker to tell: the metric, the limits and defaults of \
                 the parameters, and the data"
            );
        }
        Err(error) => return Err(error),
    }
    Ok(Exit::Done)
}

fn show(out: &mut dyn Write, resolved: &Resolved, opened: &Opened) -> Result<(), CommandError> {
    let (spec, settings) = (&resolved.spec, &resolved.settings);
    let objective = |objective: &seqtune_core::Objective| {
        let way = if objective.direction == Direction::Maximize { "maximize" } else { "minimize" };
        let of = if objective.reduce == Reduce::Best { "the best step's" } else { "the last step's" };
        format!("{way} {of} {}", objective.metric)
    };
    let summary = opened.summary.iter().map(|(key, value)| format!("{key} {value}")).collect::<Vec<_>>().join(", ");
    let digest: String = spec.data_digest.chars().take(16).collect();
    let trial = &spec.trial;
    let mut limits = format!("checkpoint every {}", trial.checkpoint_every);
    if let Some(limit) = trial.time_limit_secs {
        limits.push_str(&format!(", at most {}", show_seconds(limit)));
    }
    limits.push_str(&format!(", silent at most {}, {} retries", show_seconds(trial.stall_limit_secs), trial.retries));
    let budget = &settings.budget;
    let budget = [
        budget.trials.map(|trials| format!("{trials} trials")),
        budget.hours.map(|hours| show_seconds(hours * 3600.0)),
        budget.patience.map(|patience| format!("{patience} trials without improvement")),
    ];
    let budget: Vec<String> = budget.into_iter().flatten().collect();
    let order = match spec.order {
        Order::Fixed => format!("fixed, window {}", spec.window),
        Order::Eager => "eager".to_owned(),
    };
    let sampler = serde_json::to_value(&spec.sampler)?;
    let sampler = sampler["type"].as_str().unwrap_or_default().to_owned();
    let lines = [
        ("study", spec.name.clone()),
        ("directory", places::directory_of(&spec.name).display().to_string()),
        ("family", format!("{} {}: {}", spec.info.name, spec.info.version, spec.info.summary)),
        ("data", format!("digest {digest}{}{summary}", if summary.is_empty() { "" } else { "; " })),
        ("objective", spec.objectives.iter().map(objective).collect::<Vec<_>>().join("; ")),
        ("trial", format!("{} steps{}; {limits}", trial.steps, of(&spec.info.step))),
        ("budget", if budget.is_empty() { "none".to_owned() } else { budget.join(", ") }),
        ("sampler", format!("{sampler}; seed {}; order {order}", spec.seed)),
        ("workers", format!("{} on {}", settings.workers.count, settings.workers.device)),
        ("enqueued", spec.enqueue.len().to_string()),
    ];
    for (name, text) in lines {
        writeln!(out, "{name:<10} {text}")?;
    }
    write!(out, "\n{}\n{}\n", table(&spec.space), size(&spec.space))?;
    for warning in &resolved.warnings {
        writeln!(out, "warning: {warning}")?;
    }
    let (count, window) = (settings.workers.count, spec.window);
    if spec.order == Order::Fixed && count > window {
        writeln!(
            out,
            "warning: {count} workers share a window of {window}: the others idle; raise window or use order = \"eager\""
        )?;
    }
    Ok(())
}

/// What a step is, where the word itself does not say it.
fn of(step: &str) -> String {
    if step == "step" { String::new() } else { format!(" of one {step}") }
}

fn table(space: &SearchSpace) -> Table {
    let mut table = Table::new(&["parameter", "values", "default", "only when"].map(|name| (name, Align::Left)));
    for parameter in space.parameters() {
        let log = matches!(
            parameter.domain,
            seqtune_space::Domain::Float { scale: seqtune_space::Scale::Log, .. }
                | seqtune_space::Domain::Int { scale: seqtune_space::Scale::Log, .. }
        );
        let values = match parameter.domain.cardinality() {
            Some(1) => "fixed".to_owned(),
            _ if log => format!("{}, log scale", parameter.domain.describe()),
            _ => parameter.domain.describe(),
        };
        table.row([
            parameter.name.clone(),
            values,
            parameter.default.as_ref().map(show_value).unwrap_or_default(),
            in_words(&parameter.when),
        ]);
    }
    table
}

fn size(space: &SearchSpace) -> String {
    let searched = space.parameters().iter().filter(|parameter| parameter.domain.cardinality() != Some(1)).count();
    let fixed = space.len() - searched;
    let points = match space.cardinality() {
        Some(1) => "1 point".to_owned(),
        Some(points) => format!("{points} points"),
        None => "continuous".to_owned(),
    };
    format!("{searched} parameters searched, {fixed} fixed; size of the space: {points}")
}
