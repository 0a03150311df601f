//! `seqtune status`: where a study stands.

use std::io::Write;
use std::path::{Path, PathBuf};

use seqtune::study_file::show_seconds;
use seqtune_core::{Event, EventKind, History, Proposer, Remarks, StoreError, StoreReader, TrialState};
use seqtune_plugin::Direction;
use serde::Serialize;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Align, Format, FormatArgument, Table, local, now_us, show_number, utc, write_csv, write_json};
use crate::places;
use crate::progress::way_on;

/// Show where a study stands; without DIR, all studies under results/
///
/// Works while the study runs, and on a copy of its directory. The fields of -f json and csv: study, directory, state
/// (running, paused, stopped or finished), reason, family, metric, direction, trials, budget_trials, completed, pruned, failed, running,
/// waiting, best_trial, best_value, hours, budget_hours, device_hours, budget_device_hours, created, last_event, note.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune status demo\n\
\x20 seqtune status -f json")]
pub(crate) struct Arguments {
    /// The study: its directory, or its name under results/
    #[arg(value_name = "DIR")]
    study: Option<PathBuf>,
    #[command(flatten)]
    format: FormatArgument,
}

/// A study as programs see it: the names of these fields are promised.
#[derive(Debug, Serialize)]
pub(super) struct StatusRow {
    pub(super) study: String,
    pub(super) directory: String,
    pub(super) state: &'static str,
    reason: Option<String>,
    family: String,
    metric: String,
    direction: Direction,
    trials: usize,
    budget_trials: Option<u64>,
    completed: usize,
    pruned: usize,
    failed: usize,
    running: usize,
    waiting: usize,
    best_trial: Option<u64>,
    best_value: Option<f64>,
    hours: f64,
    budget_hours: Option<f64>,
    device_hours: f64,
    budget_device_hours: Option<f64>,
    created: String,
    last_event: String,
    /// What somebody wrote about the study.
    note: Option<String>,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let directories = match &arguments.study {
        Some(study) => vec![places::study(study)?],
        None => places::studies(),
    };
    let mut rows = Vec::new();
    let mut last = None;
    for directory in &directories {
        let read = Read::of(directory)?;
        rows.push(row(directory, &read));
        last = Some(read);
    }
    match (arguments.format.format, &arguments.study, last) {
        (Format::Json, ..) => write_json(out, &rows)?,
        (Format::Csv, ..) => write_csv(out, &rows)?,
        (Format::Table, Some(_), Some(read)) => one(out, &rows[0], &read)?,
        (Format::Table, ..) if rows.is_empty() => {
            writeln!(out, "There is no study in {}/; start one with: seqtune run STUDY.toml", places::RESULTS)?;
        }
        (Format::Table, ..) => write!(out, "{}", all(&rows))?,
    }
    Ok(Exit::Done)
}

/// A study as it is at this moment.
pub(super) struct Read {
    pub(super) events: Vec<Event>,
    pub(super) history: History,
    pub(super) remarks: Remarks,
    pub(super) managed: bool,
}

impl Read {
    pub(super) fn of(directory: &Path) -> Result<Read, StoreError> {
        let reader = StoreReader::open(directory)?;
        // First of all: what a manager that leaves now writes last is read too.
        let managed = reader.is_managed();
        let events = reader.events_after(0)?;
        let history = History::fold(&events)
            .map_err(|error| StoreError::Damaged { directory: directory.to_owned(), message: error.to_string() })?;
        Ok(Read { events, history, remarks: reader.remarks()?, managed })
    }
}

pub(super) fn row(directory: &Path, read: &Read) -> StatusRow {
    let Read { events, history, remarks, managed } = read;
    let managed = *managed;
    let best = history.best();
    // A manager that was killed leaves no last word.
    let word = events.iter().rev().find_map(|event| match &event.kind {
        EventKind::ManagerStopped { reason } => Some(Some(reason.clone())),
        EventKind::ManagerStarted { .. } => Some(None),
        _ => None,
    });
    let reason = match word {
        // Of one that was killed nothing is paused any more.
        _ if managed => history.paused.as_ref().map(|paused| way_on(paused, directory)),
        Some(Some(reason)) => Some(reason),
        Some(None) => Some("the last run ended without a word: it was killed, or the machine went down".to_owned()),
        None => Some("it has not run yet".to_owned()),
    };
    let objective = history.spec.objective();
    StatusRow {
        study: history.spec.name.clone(),
        directory: directory.display().to_string(),
        state: match managed {
            true if history.paused.is_some() => "paused",
            true => "running",
            false if is_finished(history) => "finished",
            false => "stopped",
        },
        reason,
        family: history.spec.family.to_string(),
        metric: objective.metric.clone(),
        direction: objective.direction,
        trials: history.trials.len(),
        budget_trials: history.settings.budget.trials,
        completed: history.count(TrialState::Completed),
        pruned: history.count(TrialState::Pruned),
        failed: history.count(TrialState::Failed),
        // Without a manager nobody trains what was left.
        running: if managed { history.count(TrialState::Running) } else { 0 },
        waiting: history.count(TrialState::Waiting) + if managed { 0 } else { history.count(TrialState::Running) },
        best_trial: best.map(|trial| trial.number),
        best_value: best.and_then(|trial| history.value(trial)),
        hours: history.hours(managed.then(now_us)),
        budget_hours: history.settings.budget.hours,
        device_hours: history.device_hours(managed.then(now_us)),
        budget_device_hours: history.settings.budget.device_hours,
        created: utc(history.created_us),
        last_event: utc(history.last_us),
        note: remarks.study.as_ref().map(|note| note.text.clone()),
    }
}

/// Whether no trial is left, and some part of the budget or the whole space is spent.
fn is_finished(history: &History) -> bool {
    history.trials.iter().all(|trial| trial.end.is_some())
        && (history.budget_spent(None).is_some() || Proposer::new(&history.spec.sampler).exhausted(history).is_some())
}

fn all(rows: &[StatusRow]) -> Table {
    let columns = [
        ("study", Align::Left),
        ("state", Align::Left),
        ("trials", Align::Right),
        ("failed", Align::Right),
        ("best", Align::Right),
        ("metric", Align::Left),
        ("directory", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for row in rows {
        table.row([
            row.study.clone(),
            row.state.to_owned(),
            of_budget(row),
            row.failed.to_string(),
            show_number(row.best_value),
            row.metric.clone(),
            row.directory.clone(),
        ]);
    }
    table
}

fn of_budget(row: &StatusRow) -> String {
    row.budget_trials.map_or_else(|| row.trials.to_string(), |budget| format!("{}/{budget}", row.trials))
}

fn one(out: &mut dyn Write, row: &StatusRow, Read { history, managed, .. }: &Read) -> Result<(), CommandError> {
    for (name, text) in in_words(row, history, local) {
        writeln!(out, "{name:<11} {text}")?;
    }
    for (index, line) in row.note.iter().flat_map(|note| note.lines()).enumerate() {
        writeln!(out, "{:<11} {line}", if index == 0 { "note" } else { "" })?;
    }
    for trial in history.trials.iter().filter(|trial| *managed && trial.state() == TrialState::Running) {
        let value = show_number(trial.last_value());
        let steps = history.spec.trial.steps;
        writeln!(out, "trial {:<5} step {}/{steps}, {} {value}", trial.number, trial.step(), row.metric)?;
    }
    Ok(())
}

/// A study in words, each line with its name.
pub(super) fn in_words(row: &StatusRow, history: &History, at: fn(i64) -> String) -> Vec<(&'static str, String)> {
    let state = match &row.reason {
        Some(reason) if reason.starts_with(row.state) => reason.clone(),
        Some(reason) => format!("{}: {reason}", row.state),
        None => row.state.to_owned(),
    };
    let way = if row.direction == Direction::Maximize { "highest" } else { "lowest" };
    let counts = [
        (row.completed, "completed"),
        (row.pruned, "pruned"),
        (row.failed, "failed"),
        (row.running, "running"),
        (row.waiting, "left unfinished"),
    ];
    let counts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}")).collect();
    let mut trials = of_budget(row);
    if !counts.is_empty() {
        trials.push_str(&format!(" ({})", counts.join(", ")));
    }
    let best = match (row.best_trial, row.best_value) {
        (Some(_), Some(_)) if history.spec.objectives.len() > 1 => match history.pareto().len() {
            1 => "1 trial that nothing beats, in the Pareto set".to_owned(),
            count => format!("{count} trials that nothing beats, in the Pareto set"),
        },
        (Some(trial), Some(value)) if !history.trial(trial).is_some_and(|trial| history.is_feasible(trial)) => {
            let value = show_number(Some(value));
            format!("{} {value} in trial {trial}, which breaks the outcome constraints least", row.metric)
        }
        (Some(trial), Some(value)) => format!("{} {} in trial {trial}", row.metric, show_number(Some(value))),
        _ => format!("none yet ({}, the {way} is best)", row.metric),
    };
    let span = |hours: f64, budget: Option<f64>| {
        let of = budget.map(|hours| format!(" of {}", show_seconds(hours * 3600.0))).unwrap_or_default();
        format!("{}{of}", show_seconds(hours * 3600.0))
    };
    let devices = row.budget_device_hours.map(|_| ("on devices", span(row.device_hours, row.budget_device_hours)));
    let lines = [
        ("study", row.study.clone()),
        ("directory", row.directory.clone()),
        ("state", state),
        ("family", row.family.clone()),
        ("trials", trials),
        ("best", best),
        ("time", span(row.hours, row.budget_hours)),
        ("created", at(history.created_us)),
        ("last event", at(history.last_us)),
    ];
    lines.into_iter().chain(devices).collect()
}
