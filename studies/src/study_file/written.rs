//! The other way round: a study that is known only from its log, as a study file.

use std::fmt::Write as _;

use seqtune_core::{FamilyChoice, Objective, Order, Reduce, Settings, StudySpec};
use seqtune_plugin::Direction;
use seqtune_space::{ParameterForm, Params};
use serde_json::Value as Json;

use crate::inline;

/// A study as the text of a study file, complete: with all that the family added to the space, and every default written
/// out. `None` where there is no such file: another program evaluated the trials, or the data has a `null`, which TOML does
/// not know.
pub fn written(spec: &StudySpec, settings: &Settings) -> Option<String> {
    if spec.is_asked() {
        return None;
    }
    let mut file = File(String::new());
    file.key("name", &inline::text(&spec.name));
    match &spec.family {
        FamilyChoice::Name(name) => file.key("family", &inline::text(name)),
        FamilyChoice::Command { command } => {
            let words: Vec<String> = command.iter().map(|word| inline::text(word)).collect();
            file.key("family", &format!("{{ command = [{}] }}", words.join(", ")));
        }
    }
    file.key("seed", &spec.seed.to_string());
    match spec.order {
        Order::Fixed => file.key("window", &spec.window.to_string()),
        Order::Eager => file.key("order", "\"eager\""),
    }
    match spec.objectives.as_slice() {
        [one] => file.objective(one),
        several => several.iter().for_each(|objective| {
            file.table("[objective]");
            file.objective(objective);
        }),
    }
    for constraint in &spec.outcome_constraints {
        file.table("[outcome_constraint]");
        file.key("metric", &inline::text(&constraint.metric));
        file.number("at_most", constraint.at_most);
        file.number("at_least", constraint.at_least);
    }
    if !spec.data.is_empty() {
        file.table("data");
        file.keys(&spec.data, &[])?;
    }
    file.table("trial");
    let trial = &spec.trial;
    file.key("steps", &trial.steps.to_string());
    file.key("checkpoint_every", &trial.checkpoint_every.to_string());
    file.number("time_limit", trial.time_limit_secs);
    file.number("stall_limit", Some(trial.stall_limit_secs));
    file.key("retries", &trial.retries.to_string());
    for (name, part) in [
        ("budget", serde_json::to_value(&settings.budget)),
        ("sampler", serde_json::to_value(&spec.sampler)),
        ("pruner", serde_json::to_value(&spec.pruner)),
        ("replicates", serde_json::to_value(spec.replicates)),
        ("workers", serde_json::to_value(&settings.workers)),
    ] {
        if let Some(keys) = part.ok()?.as_object().filter(|keys| !keys.is_empty()) {
            file.table(name);
            file.keys(keys, &[Json::Null])?;
        }
    }
    file.table("space");
    for parameter in spec.space.parameters() {
        let form = ParameterForm::from(parameter.clone());
        file.key(&inline::key(&parameter.name), &inline::parameter(&form));
    }
    if !spec.space.constraints().is_empty() {
        let texts = spec.space.constraints().iter().map(|constraint| inline::text(constraint.text()));
        file.key("constraints", &format!("[{}]", texts.collect::<Vec<_>>().join(", ")));
    }
    for point in &spec.enqueue {
        file.point(point);
    }
    Some(file.0)
}

struct File(String);

impl File {
    fn key(&mut self, key: &str, value: &str) {
        // Writing into a String does not fail.
        let _ = writeln!(self.0, "{key} = {value}");
    }

    fn table(&mut self, name: &str) {
        let _ = writeln!(self.0, "\n[{name}]");
    }

    fn number(&mut self, key: &str, number: Option<f64>) {
        if let Some(number) = number {
            self.key(key, &format!("{number:?}"));
        }
    }

    fn objective(&mut self, objective: &Objective) {
        self.key("metric", &inline::text(&objective.metric));
        let direction = if objective.direction == Direction::Maximize { "\"maximize\"" } else { "\"minimize\"" };
        self.key("direction", direction);
        self.key("reduce", if objective.reduce == Reduce::Best { "\"best\"" } else { "\"last\"" });
    }

    /// The keys of a table, but those whose value is left out.
    fn keys(&mut self, keys: &serde_json::Map<String, Json>, left_out: &[Json]) -> Option<()> {
        for (key, value) in keys.iter().filter(|(_, value)| !left_out.contains(value)) {
            self.key(&inline::key(key), &json(value)?);
        }
        Some(())
    }

    fn point(&mut self, point: &Params) {
        self.table("[enqueue]");
        for (name, value) in point.iter() {
            self.key(&inline::key(name), &inline::value(value));
        }
    }
}

/// A value on one line; `None` where TOML has none such.
fn json(value: &Json) -> Option<String> {
    Some(match value {
        Json::Null => return None,
        Json::Bool(value) => value.to_string(),
        Json::Number(number) => match number.as_i64() {
            Some(number) => number.to_string(),
            None => format!("{:?}", number.as_f64()?),
        },
        Json::String(text) => inline::text(text),
        Json::Array(items) => format!("[{}]", items.iter().map(json).collect::<Option<Vec<_>>>()?.join(", ")),
        Json::Object(keys) => {
            let keys = keys.iter().map(|(key, value)| Some(format!("{} = {}", inline::key(key), json(value)?)));
            format!("{{ {} }}", keys.collect::<Option<Vec<_>>>()?.join(", "))
        }
    })
}
