//! Optuna's distributions as JSON: `{"lr": {"name": "FloatDistribution", "attributes": {...}}}`.
//!
//! A distribution is an object, or a string with the JSON that `optuna.distributions.distribution_to_json` returns, and
//! also in the short form `{"type": "float", "low": 0, "high": 1}` that Optuna reads. They stand in an object by name,
//! in a list `[{"name": ..., "distribution": ...}]`, or in an object with what else is known of the study:
//! `{"distributions": ..., "direction": "maximize", "n_trials": 100}`.

use seqtune_plugin::Direction;
use seqtune_space::ParameterForm;

use super::document::{Entry, Keys, Kind, Node, Wrong, json, wrong};
use super::forms::{Range, choices, digits, ints, near, printable};
use super::{Format, Imported};
use crate::study_file::did_you_mean;

/// The distributions that Optuna writes, the last five no more.
const CLASSES: [&str; 8] = [
    "FloatDistribution",
    "IntDistribution",
    "CategoricalDistribution",
    "UniformDistribution",
    "LogUniformDistribution",
    "DiscreteUniformDistribution",
    "IntUniformDistribution",
    "IntLogUniformDistribution",
];
const EXAMPLE: &str = r#"{"name": "FloatDistribution", "attributes": {"low": 1e-5, "high": 0.1, "log": true}}"#;

/// Whether it looks like a distribution.
pub(super) fn is_distribution(node: &Node) -> bool {
    let short = |kind: &str| matches!(kind, "float" | "int" | "categorical");
    node.get("attributes").is_some()
        || node.get("type").and_then(Node::as_text).is_some_and(short)
        || node.as_text().is_some_and(|text| text.starts_with('{') && text.contains("Distribution"))
}

/// Whether a file looks like an export of distributions.
pub(super) fn is_export(root: &Node) -> bool {
    match &root.kind {
        Kind::Map(entries) => {
            entries.iter().any(|entry| is_distribution(&entry.value)) || root.get("distributions").is_some()
        }
        Kind::List(items) => items.iter().any(|item| item.get("distribution").is_some()),
        _ => false,
    }
}

pub(super) fn import(root: &Node) -> Result<Imported, Wrong> {
    let mut imported = Imported::new(Format::Optuna);
    match root.get("distributions").filter(|node| !is_distribution(node)) {
        Some(distributions) => {
            study(root, &mut imported)?;
            parameters(distributions, &mut imported)?;
        }
        None => parameters(root, &mut imported)?,
    }
    if imported.parameters.len() > 1 {
        imported.note(
            "Optuna's file does not say which parameters exist only with certain values of others: add `when = { ... }` \
             to those.",
        );
    }
    Ok(imported)
}

/// What else is known of the study.
fn study(root: &Node, imported: &mut Imported) -> Result<(), Wrong> {
    let mut keys = Keys::of(root);
    for read_or_plain in ["distributions", "study_name"] {
        keys.take(read_or_plain);
    }
    let directions = [keys.take("directions"), keys.take("direction")];
    if let Some(entry) = directions.into_iter().flatten().next() {
        let first = first(entry, "directions", imported);
        imported.direction = Some(direction(first, entry)?);
    }
    let metrics = [keys.take("metric_names"), keys.take("metric")];
    if let Some(entry) = metrics.into_iter().flatten().next() {
        let name = first(entry, "metrics", imported).as_text();
        let expected =
            || wrong(entry.line, format!("its `{}` is {}; it must be a name", entry.key, entry.value.shown()));
        imported.metric = Some(name.ok_or_else(expected)?.to_owned());
    }
    if let Some(entry) = keys.take("n_trials").filter(|entry| entry.value.kind != Kind::Null) {
        let trials = u64::try_from(entry.whole()?).ok().filter(|trials| *trials > 0);
        imported.trials = Some(trials.ok_or_else(|| wrong(entry.line, "its `n_trials` must be a number from 1"))?);
    }
    for entry in keys.rest() {
        imported.note(format!("`{}` is not carried over.", entry.key));
    }
    Ok(())
}

/// The value, or the first of a list of them.
fn first<'a>(entry: &'a Entry, what: &str, imported: &mut Imported) -> &'a Node {
    let Kind::List(items) = &entry.value.kind else { return &entry.value };
    let Some(first) = items.first() else { return &entry.value };
    if items.len() > 1 {
        let shown = items.iter().map(Node::shown).collect::<Vec<_>>().join(", ");
        imported.note(format!(
            "Of its {what} {shown} only the first is optimised: a study has one objective to search by."
        ));
    }
    first
}

fn direction(node: &Node, entry: &Entry) -> Result<Direction, Wrong> {
    let text = match &node.kind {
        // As `StudyDirection` counts.
        Kind::Int(1) => "minimize".to_owned(),
        Kind::Int(2) => "maximize".to_owned(),
        _ => node.as_text().unwrap_or_default().to_lowercase(),
    };
    match text.rsplit('.').next() {
        Some("minimize") => Ok(Direction::Minimize),
        Some("maximize") => Ok(Direction::Maximize),
        _ => {
            Err(wrong(entry.line, format!("a direction is {}; it must be \"minimize\" or \"maximize\"", node.shown())))
        }
    }
}

fn parameters(node: &Node, imported: &mut Imported) -> Result<(), Wrong> {
    match &node.kind {
        Kind::Map(entries) if !entries.is_empty() => {
            entries.iter().try_for_each(|entry| parameter(&entry.key, entry.line, &entry.value, imported))
        }
        Kind::List(items) if !items.is_empty() => items.iter().try_for_each(|item| {
            let mut keys = Keys::of(item);
            let name = keys.require("name", "\"name\": \"lr\"").and_then(Entry::text);
            let distribution = keys.require("distribution", EXAMPLE);
            let (name, distribution) =
                name.and_then(|name| Ok((name, distribution?))).map_err(|error| error.of("an item of the list"))?;
            parameter(name, item.line, &distribution.value, imported)
        }),
        _ => Err(wrong(
            node.line,
            format!("the distributions are {}; they must be an object such as {{\"lr\": {EXAMPLE}}}", node.shown()),
        )),
    }
}

fn parameter(name: &str, line: usize, node: &Node, imported: &mut Imported) -> Result<(), Wrong> {
    let what = format!("parameter `{}`", printable(name));
    let form = match node.as_text() {
        // The string is a document of its own, and stands on one line of this one.
        Some(text) => json(text)
            .and_then(|inner| distribution(name, &inner, imported))
            .map_err(|error| Wrong { line: node.line, ..error }),
        None => distribution(name, node, imported),
    };
    form.and_then(|form| imported.add(name, line, form)).map_err(|error| error.of(&what))
}

fn distribution(name: &str, node: &Node, imported: &mut Imported) -> Result<ParameterForm, Wrong> {
    if !node.is_map() {
        return Err(wrong(node.line, format!("it is {}; it must be a distribution such as {EXAMPLE}", node.shown())));
    }
    let mut keys = Keys::of(node);
    if let Some(kind) = keys.take("type") {
        let class = match kind.one_of(&["float", "int", "categorical"])? {
            "float" => "FloatDistribution",
            "int" => "IntDistribution",
            _ => "CategoricalDistribution",
        };
        return attributes(class, keys, name, imported);
    }
    let class = keys.require("name", "\"name\": \"FloatDistribution\"")?;
    let text = class.text()?;
    let Some(known) = CLASSES.iter().find(|known| **known == text) else {
        let hint = did_you_mean(text, "distributions", CLASSES);
        return Err(wrong(class.line, format!("Optuna has no distribution {text:?}; {hint}")));
    };
    let inner = keys.require("attributes", "\"attributes\": {\"low\": 0, \"high\": 1}")?;
    inner.map()?;
    keys.finish()?;
    attributes(known, Keys::of(&inner.value), name, imported)
}

fn attributes(class: &str, mut keys: Keys<'_>, name: &str, imported: &mut Imported) -> Result<ParameterForm, Wrong> {
    if class == "CategoricalDistribution" {
        let entry = keys.require("choices", "\"choices\": [\"adam\", \"sgd\"]")?;
        let form = choices(entry.list()?, None, name, imported).map_err(|message| wrong(entry.line, message))?;
        return keys.finish().map(|()| form);
    }
    let low = keys.require("low", "\"low\": 0")?;
    let high = keys.require("high", "\"high\": 1")?;
    let given = |entry: Option<&'_ Entry>| entry.filter(|entry| entry.value.kind != Kind::Null).cloned();
    let log = given(keys.take("log")).as_ref().map(Entry::boolean).transpose()?.unwrap_or(class.contains("Log"));
    let step = match class {
        "DiscreteUniformDistribution" => Some(keys.require("q", "\"q\": 0.1")?.clone()),
        _ => given(keys.take("step")),
    };
    keys.finish()?;
    let form = if class.starts_with("Int") {
        let step = step.as_ref().map(Entry::whole).transpose()?.unwrap_or(1);
        whole(low.whole()?, high.whole()?, log, step, name, imported)
    } else {
        real(low.number()?, high.number()?, log, step.as_ref().map(Entry::number).transpose()?, name, imported)
    };
    form.map_err(|message| wrong(low.line, message))
}

fn whole(
    low: i64,
    high: i64,
    log: bool,
    step: i64,
    name: &str,
    imported: &mut Imported,
) -> Result<ParameterForm, String> {
    if log && step > 1 {
        imported.note(format!("`{name}`: a log scale has no steps here, so that of {step} is dropped."));
    }
    let step = if log { step.min(1) } else { step };
    let over = if step > 0 && low <= high { (i128::from(high) - i128::from(low)) % i128::from(step) } else { 0 };
    // Optuna lowers a bound that is on no step.
    let form = ints(low, high - over as i64, log)?;
    Ok(ParameterForm { step: (step != 1).then_some(step.into()), ..form })
}

fn real(
    low: f64,
    high: f64,
    log: bool,
    step: Option<f64>,
    name: &str,
    imported: &mut Imported,
) -> Result<ParameterForm, String> {
    let on_step = |step: f64| digits(low + near((high - low) / step).floor() * step, 15);
    let high = match step {
        Some(step) if !log && step > 0.0 && low <= high => on_step(step),
        _ => high,
    };
    let form = Range { log, ..Range::even(low, high) }.form(name, imported)?;
    Ok(ParameterForm { step: step.map(Into::into), ..form })
}
