//! A sweep of Weights & Biases: YAML, or the same as JSON.
//!
//! ```yaml
//! program: train.py
//! method: bayes
//! metric: {name: val_loss, goal: minimize}
//! parameters:
//!   lr: {distribution: log_uniform_values, min: 1.0e-5, max: 0.1}
//!   optimizer: {values: [adam, sgd]}
//! ```

mod parameter;

use seqtune_core::{Grid, SamplerSpec};
use seqtune_plugin::Direction;

use super::document::{Entry, Keys, Node, Wrong, wrong};
use super::forms::printable;
use super::{Format, Imported};

/// Keys that say something of the sweep's place at W&B, and nothing of what is searched.
const ELSEWHERE: [&str; 9] =
    ["apiVersion", "kind", "entity", "project", "name", "description", "controller", "settings", "prior_runs"];

pub(super) fn import(root: &Node) -> Result<Imported, Wrong> {
    if !root.is_map() {
        return Err(wrong(root.line, format!("the sweep is {}; it must be a mapping with `parameters`", root.shown())));
    }
    let mut imported = Imported::new(Format::Wandb);
    let mut keys = Keys::of(root);
    for key in ELSEWHERE {
        keys.take(key);
    }
    let parameters = keys.require("parameters", "parameters: {lr: {min: 0.001, max: 0.1}}").map_err(sweep)?;
    parameters.map().map_err(sweep)?;
    let known = ["bayes", "random", "grid", "custom", "ax"];
    let method = keys.take("method").map(|method| method.one_of(&known)).transpose().map_err(sweep)?;
    if let Some(metric) = keys.take("metric") {
        self::metric(metric, &mut imported).map_err(|error| error.of("`metric`"))?;
    }
    if let Some(entry) = keys.take("run_cap") {
        let trials = u64::try_from(entry.whole().map_err(sweep)?).ok().filter(|trials| *trials > 0);
        imported.trials =
            Some(trials.ok_or_else(|| sweep(wrong(entry.line, "its `run_cap` must be a number from 1")))?);
    }
    if let Some(entry) = keys.take("early_terminate") {
        let kind = entry.value.get("type").and_then(Node::as_text).unwrap_or("some");
        imported.note(format!("`early_terminate` ({kind}) is not carried over: every trial trains all its steps."));
    }
    let program = keys.take("program").map(Entry::text).transpose().map_err(sweep)?;
    let command = keys.take("command");
    imported.command = match command {
        Some(entry) => self::command(entry.list().map_err(sweep)?, program, &mut imported),
        None => program.map(python),
    };
    for entry in keys.rest() {
        imported.note(format!("`{}` is not carried over.", entry.key));
    }
    self::parameters(&parameters.value, "", &mut imported)?;
    let grid = imported.space().is_ok_and(|space| Grid::takes(&space));
    match method {
        Some("random") => imported.sampler = SamplerSpec::Random,
        Some("bayes" | "ax") => imported.sampler = SamplerSpec::Auto,
        Some("grid") if grid => imported.sampler = SamplerSpec::Grid,
        Some("grid") => imported.note(format!(
            "`method: grid` is not carried over: the space has more than {} points, or no end of them.",
            Grid::POINTS
        )),
        Some(other) => {
            let samplers = SamplerSpec::NAMES.join(", ");
            imported.note(format!("`method: {other}` is not carried over: the samplers here are {samplers}."));
        }
        None => {}
    }
    Ok(imported)
}

fn sweep(error: Wrong) -> Wrong {
    error.of("the sweep")
}

fn metric(entry: &Entry, imported: &mut Imported) -> Result<(), Wrong> {
    entry.map()?;
    let mut keys = Keys::of(&entry.value);
    imported.metric = Some(keys.require("name", "name: val_loss")?.text()?.to_owned());
    imported.direction = Some(match keys.take("goal") {
        Some(goal) if goal.one_of(&["minimize", "maximize"])? == "maximize" => Direction::Maximize,
        _ => Direction::Minimize,
    });
    for key in ["target", "impute", "impute_while_running"] {
        if keys.take(key).is_some() {
            imported.note(format!("`metric.{key}` is not carried over."));
        }
    }
    keys.finish()
}

/// A program as W&B starts it.
fn python(program: &str) -> Vec<String> {
    if program.ends_with(".py") { vec!["python3".to_owned(), program.to_owned()] } else { vec![program.to_owned()] }
}

/// The command without the parameters that W&B puts into it for each run: a study sends them by its protocol.
fn command(parts: &[Node], program: Option<&str>, imported: &mut Imported) -> Option<Vec<String>> {
    let mut command = Vec::new();
    let mut parts = parts.iter().peekable();
    while let Some(part) = parts.next() {
        let word = part.as_text().map_or_else(|| part.json(), str::to_owned);
        // Only `env` understands variables that are set before a program.
        let sets = |next: &&Node| next.as_text().is_some_and(|text| text.contains('=') && !text.starts_with('-'));
        match (word.as_str(), program) {
            ("${env}" | "/usr/bin/env" | "env", _) if parts.peek().is_some_and(sets) => command.push("env".to_owned()),
            ("${env}" | "/usr/bin/env" | "env", _) => {}
            ("${interpreter}", _) => command.push("python3".to_owned()),
            ("${program}", Some(program)) => command.push(program.to_owned()),
            (args, _) if args.starts_with("${args") && args.ends_with('}') => {}
            (other, _) => {
                if other.contains("${") {
                    imported
                        .note(format!("`{other}` in the command is filled in by W&B alone: write what it stands for."));
                }
                command.push(word);
            }
        }
    }
    (!command.is_empty()).then_some(command)
}

/// Parameters, those nested in others with their names joined by a point.
fn parameters(node: &Node, above: &str, imported: &mut Imported) -> Result<(), Wrong> {
    for entry in node.entries() {
        let name = format!("{above}{}", entry.key);
        let what = format!("parameter `{}`", printable(&name));
        let inner = entry.value.get("parameters");
        match inner {
            Some(inner) if inner.is_map() && entry.value.entries().len() == 1 => {
                parameters(inner, &format!("{name}."), imported)?;
            }
            _ => parameter::form(&name, entry, imported)
                .and_then(|form| imported.add(&name, entry.line, form))
                .map_err(|error| error.of(&what))?,
        }
    }
    Ok(())
}
