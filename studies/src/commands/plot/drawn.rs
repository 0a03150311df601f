//! A plot of each kind, from the logs of the studies.

use std::path::PathBuf;
use std::sync::Arc;

use seqtune::study_file::did_you_mean;
use seqtune_core::{History, Objective, Proposer, StoreReader};
use seqtune_plot::decision::{expected, last_chosen};
use seqtune_plot::plots::{self, Along, CurvesOf, HistoryOptions, PlotError, Prediction, telling_parameters};
use seqtune_plot::spec::PlotSpec;
use seqtune_plot::{ImportanceError, PedAnova, Snapshot, Surrogate, along_names, compare, completed_under, importance};

use super::kind::Kind;
use super::{Arguments, Method};
use crate::error::CommandError;
use crate::places;

/// Curves that are drawn unless another number is asked for.
const CURVES: usize = 10;

/// Trials that are compared where none is named.
const COMPARED: usize = 3;

/// Trials of which it is asked what was expected: each takes as long as its decision did.
const ASKED: usize = 30;

/// Seed of forests: that of the command `importance`.
const SEED: u64 = 1;

pub(super) fn spec(arguments: &Arguments) -> Result<PlotSpec, CommandError> {
    let histories = histories(&arguments.studies)?;
    let Some(history) = histories.first() else { return Err(CommandError::Usage("no study is named".to_owned())) };
    let snapshot = Snapshot::of(history);
    let objective = match &arguments.metric {
        Some(name) => metric(&snapshot, name)?,
        None => history.spec.objective().clone(),
    };
    let (x, y) = (arguments.x.as_deref(), arguments.y.as_deref());
    let over_time = arguments.over_time;
    Ok(match arguments.kind {
        Kind::History => {
            plots::history(&snapshot, &objective, &HistoryOptions { by_time: over_time, ..HistoryOptions::default() })?
        }
        Kind::Curves => curves(&snapshot, &objective, arguments)?,
        Kind::Parallel => plots::parallel(&snapshot, &objective)?,
        Kind::Slice => {
            let [x] = parameters(&snapshot, &objective, [x])?;
            plots::slice(&snapshot, &objective, &x)?
        }
        Kind::Contour => {
            let [x, y] = parameters(&snapshot, &objective, [x, y])?;
            plots::contour(&snapshot, &objective, &x, &y)?
        }
        Kind::Rank => {
            let [x, y] = parameters(&snapshot, &objective, [x, y])?;
            plots::rank(&snapshot, &objective, &x, &y)?
        }
        Kind::Importance => measured(&snapshot, &objective, arguments.method)?,
        Kind::Dependence => dependence(&snapshot, &objective, x, y)?,
        Kind::Differences => differences(&snapshot, &arguments.trials)?,
        Kind::Expected => predictions(history, &snapshot)?,
        Kind::Durations => plots::durations(&snapshot)?,
        Kind::Timeline => plots::timeline(&snapshot)?,
        Kind::Pareto => {
            let [x, y] = two_metrics(&snapshot, [x, y])?;
            plots::pareto(&snapshot, &x, &y)?
        }
        Kind::Hypervolume => {
            let [x, y] = two_metrics(&snapshot, [x, y])?;
            plots::hypervolume(&snapshot, &x, &y)?
        }
        Kind::Best => {
            let all = beside(&histories, &arguments.studies, &objective)?;
            plots::best_lines(&all.iter().collect::<Vec<_>>(), &objective, over_time)?
        }
        Kind::Edf => {
            let all = beside(&histories, &arguments.studies, &objective)?;
            plots::edf(&all.iter().collect::<Vec<_>>(), &objective)?
        }
    })
}

fn histories(studies: &[PathBuf]) -> Result<Vec<History>, CommandError> {
    studies.iter().map(|study| Ok(StoreReader::open(&places::study(study)?)?.history()?)).collect()
}

/// As [`PlotError`] in other cases.
fn nothing(error: impl std::fmt::Display) -> CommandError {
    CommandError::Other(format!("nothing to draw: {error}"))
}

/// The studies as they stand beside each other. Those of one name are told apart by where they are.
fn beside(histories: &[History], places: &[PathBuf], objective: &Objective) -> Result<Vec<Snapshot>, CommandError> {
    let is_alone = |name: &str| histories.iter().filter(|other| other.spec.name == name).count() == 1;
    let one = |(history, place): (&History, &PathBuf)| {
        let mut snapshot = Snapshot::of(history);
        if histories.len() > 1
            && let Err(lack) = plots::lack(&snapshot, objective)
        {
            let said = format!("{} cannot be drawn: {lack}", place.display());
            return Err(match lack {
                plots::Lack::Values(_) => CommandError::Other(said),
                plots::Lack::Metric(_) | plots::Lack::Direction(_) => CommandError::Usage(said),
            });
        }
        if !is_alone(&history.spec.name) {
            Arc::make_mut(&mut snapshot.spec).name = place.display().to_string();
        }
        Ok(snapshot)
    };
    histories.iter().zip(places).map(one).collect()
}

fn curves(snapshot: &Snapshot, objective: &Objective, arguments: &Arguments) -> Result<PlotSpec, CommandError> {
    known(snapshot, &arguments.trials)?;
    let top = arguments.top.map_or(CURVES, usize::from);
    let usual = CurvesOf::new(&objective.metric, top);
    let of = CurvesOf {
        pins: &arguments.trials,
        band: arguments.band.map_or(usual.band, Into::into),
        by: if arguments.over_time { Along::Seconds } else { Along::Steps },
        grouped: arguments.grouped,
        ..usual
    };
    Ok(plots::curves(snapshot, &of)?)
}

fn measured(snapshot: &Snapshot, objective: &Objective, method: Option<Method>) -> Result<PlotSpec, CommandError> {
    let method = match method {
        None | Some(Method::Fanova) => seqtune_plot::Method::Fanova,
        Some(Method::PedAnova) => seqtune_plot::Method::PedAnova(PedAnova::new(objective.direction)),
    };
    let trials = completed_under(snapshot, objective);
    let answer = importance(&snapshot.spec.space, &trials, method, SEED).map_err(nothing)?;
    Ok(plots::importance_of(snapshot, objective, method, &answer)?)
}

/// Of one parameter, or of two where `y` is given.
fn dependence(
    snapshot: &Snapshot,
    objective: &Objective,
    x: Option<&str>,
    y: Option<&str>,
) -> Result<PlotSpec, CommandError> {
    let forest = || Surrogate::fit(&snapshot.spec.space, &completed_under(snapshot, objective), SEED);
    if y.is_none() {
        let [x] = parameters(snapshot, objective, [x])?;
        let found = forest().and_then(|forest| forest.dependence(&x)).map_err(unanswered)?;
        return Ok(plots::dependence(snapshot, objective, &x, &found)?);
    }
    let pair = parameters(snapshot, objective, [x, y])?;
    let pair = pair.each_ref().map(String::as_str);
    let found = forest().and_then(|forest| forest.dependence_on_two(pair)).map_err(unanswered)?;
    Ok(plots::dependence_on_two(snapshot, objective, pair, &found)?)
}

fn unanswered(error: ImportanceError) -> CommandError {
    match error {
        ImportanceError::Unknown { .. } => CommandError::Usage(error.to_string()),
        error => nothing(error),
    }
}

fn differences(snapshot: &Snapshot, named: &[u64]) -> Result<PlotSpec, CommandError> {
    known(snapshot, named)?;
    let trials = if named.is_empty() { snapshot.top(COMPARED) } else { named };
    let [baseline, _, ..] = trials else {
        return Err(match named.is_empty() {
            true => nothing("there are no two completed trials to compare"),
            false => CommandError::Usage("a difference is between two trials: name them with --trials N,N".to_owned()),
        });
    };
    Ok(plots::differences(&compare(snapshot, trials, *baseline))?)
}

fn predictions(history: &History, snapshot: &Snapshot) -> Result<PlotSpec, CommandError> {
    let objective = history.spec.objective();
    let proposer = Proposer::new(&history.spec.sampler);
    let mut points = Vec::new();
    for row in last_chosen(snapshot, ASKED) {
        let Some(trial) = history.trial(row.number) else { continue };
        let explained = proposer.explain(history, trial).map_err(|error| {
            CommandError::Other(format!("trial {} cannot be decided again by this build: {error}", row.number))
        })?;
        points.extend(expected(&explained.why, &objective.metric).and_then(|expected| Prediction::of(&row, expected)));
    }
    if points.is_empty() {
        let reason = "no model expected values of the last trials: a Gaussian process does, once it has enough results";
        return Err(nothing(reason));
    }
    let title = format!("Expected and come in {}", history.spec.name);
    Ok(plots::predictions(&title, objective, &points)?)
}

/// Refuses a trial that the study does not have.
fn known(snapshot: &Snapshot, trials: &[u64]) -> Result<(), CommandError> {
    match trials.iter().find(|number| snapshot.trial(**number).is_none()) {
        Some(number) => Err(CommandError::Usage(format!("{} has no trial {number}", snapshot.spec.name))),
        None => Ok(()),
    }
}

/// A metric as what trials are compared by.
fn metric(snapshot: &Snapshot, name: &str) -> Result<Objective, CommandError> {
    let is_known = snapshot.spec.info.metric(name).is_some()
        || snapshot.spec.objectives.iter().any(|objective| objective.metric == name);
    if !is_known {
        let names = snapshot.spec.info.metrics.iter().map(|metric| metric.name.as_str());
        let hint = did_you_mean(name, "metrics", names);
        return Err(CommandError::Usage(format!("there is no metric {name:?}; {hint}")));
    }
    Ok(snapshot.objective_of(name))
}

/// The metrics that are asked for; for those that are not, the objectives.
fn two_metrics(snapshot: &Snapshot, named: [Option<&str>; 2]) -> Result<[Objective; 2], CommandError> {
    let objectives = &snapshot.spec.objectives;
    let one = |at: usize| match (named[at], objectives.get(at)) {
        (Some(name), _) => metric(snapshot, name),
        (None, Some(objective)) => Ok(objective.clone()),
        (None, None) => Err(CommandError::Usage(format!(
            "a study with one objective has no second axis of its own: name a metric with --y; {}",
            did_you_mean("", "metrics", snapshot.spec.info.metrics.iter().map(|metric| metric.name.as_str()))
        ))),
    };
    Ok([one(0)?, one(1)?])
}

/// The parameters that are asked for, or of lists their lengths and items; for those that are not, the ones that tell most.
fn parameters<const N: usize>(
    snapshot: &Snapshot,
    objective: &Objective,
    named: [Option<&str>; N],
) -> Result<[String; N], CommandError> {
    let searched = along_names(&snapshot.spec.space);
    let declared = along_names(&snapshot.spec.info.parameters);
    for (at, name) in named.into_iter().enumerate().filter_map(|(at, name)| Some((at, name?))) {
        if !searched.iter().chain(&declared).any(|known| known == name) {
            let parts = parts_of(name, searched.iter().chain(&declared));
            return Err(CommandError::Usage(match parts.as_slice() {
                [] => {
                    let hint = did_you_mean(name, "parameters", searched.iter().map(String::as_str));
                    format!("there is no parameter {name:?}; {hint}")
                }
                [one] => format!("{name} is a list: name {one}"),
                [one, other, ..] => format!("{name} is a list: name {one}, {other}, or another item"),
            }));
        }
        if named[..at].contains(&Some(name)) {
            return Err(CommandError::Usage(format!("--x and --y both name {name:?}: give two parameters")));
        }
    }
    let telling = telling_parameters(snapshot, objective);
    let mut left = telling.iter().map(|(name, _)| name).filter(|name| !named.contains(&Some(name.as_str())));
    let mut chosen = Vec::with_capacity(N);
    for name in named {
        match name {
            Some(name) => chosen.push(name.to_owned()),
            None => {
                let reason = if snapshot.trials.is_empty() { PlotError::NoTrials } else { PlotError::NothingVaries };
                chosen.push(left.next().ok_or(reason)?.clone());
            }
        }
    }
    chosen.try_into().map_err(|_| PlotError::NothingVaries.into())
}

/// The length and the items of a list, by their names.
fn parts_of<'a>(list: &str, names: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    let (length, item) = (format!("len({list})"), format!("{list}["));
    names.map(String::as_str).filter(|name| *name == length || name.starts_with(&item)).collect()
}
