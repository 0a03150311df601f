//! The text of a Python program that trains trials of what was imported, its training still to be filled in.

use std::collections::BTreeSet;

use seqtune_plugin::Direction;
use seqtune_space::{Condition, Domain, ParameterForm, Prior, Test, Value};

use super::Imported;
use super::skeleton::{Target, file_name, metric_of, shown};

/// The program. It needs `seqtune_worker.py` beside it, and runs as it is: its numbers are made up, and say so.
pub fn worker(imported: &Imported, target: Target<'_>) -> String {
    let metric = text(metric_of(imported));
    let maximize = imported.direction == Some(Direction::Maximize);
    let (direction, made) = if maximize { ("maximize", "1 - chance / step") } else { ("minimize", "chance / step") };
    let mut kinds = BTreeSet::from(["Family", "Metric", "serve"]);
    let mut parameters = String::new();
    for (name, form) in &imported.parameters {
        let (kind, arguments) = declaration(form);
        kinds.insert(kind);
        parameters
            .push_str(&format!("                {kind}({}),\n", [vec![text(name)], arguments].concat().join(", ")));
    }
    let kinds = kinds.into_iter().collect::<Vec<_>>().join(", ");
    let (source, file, name) =
        (docstring(&file_name(target.source)), docstring(&shown(target.file)), text(target.name));
    let summary = text(&format!("What was searched in {}.", file_name(target.source)));
    format!(
        r#""""Trains the trials of a study; the parameters are those of {source}.

It needs Python 3.10 and, beside it, seqtune_worker.py, which was written with it. Put your
training into `train`; until then the numbers are made up, so that the study can be tried:

    seqtune run {file}
"""

import random

from seqtune_worker import {kinds}


def train(job):
    """One trial. Each round of the loop is a step, mostly an epoch, and reports once."""
    params = job.params  # by name, those that exist in this trial
    # Your model goes here: made from `params`, its random numbers from job.seed.
    for step in job.steps():
        # Your training goes here, with job.progress() after each update, and your number in place of this one.
        value = made_up(params, job.seed, step)
        yield {{{metric}: value}}


def made_up(params, seed, step):
    """NOT A RESULT: a number that depends on the parameters, the seed and the step alone. Remove it."""
    chance = random.Random(f"{{sorted(params.items())}} {{seed}}").random()
    return {made}


if __name__ == "__main__":
    serve(
        Family(
            name={name},
            version="1",  # raise it when the same parameters and seed would give other numbers
            summary={summary},
            step="epoch",
            # Hard limits with defaults: a study searches within them.
            parameters=[
{parameters}            ],
            metrics=[Metric({metric}, "{direction}")],
            train=train,
        )
    )
"#
    )
}

/// The helper's name for a parameter's kind, and the arguments after its name.
fn declaration(form: &ParameterForm) -> (&'static str, Vec<String>) {
    let range = || [&form.low, &form.high].into_iter().flatten().map(python).collect::<Vec<_>>();
    let (kind, mut arguments) = match form.kind.as_str() {
        "float" => ("Float", range()),
        "int" => ("Int", range()),
        "bool" => ("Bool", Vec::new()),
        _ => ("Categorical", vec![list(form.choices.as_deref().unwrap_or_default())]),
    };
    if form.log {
        arguments.push("log=True".to_owned());
    }
    arguments.extend(form.step.as_ref().map(|step| format!("step={}", python(step))));
    arguments.extend(default(form).map(|value| format!("default={}", python(&value))));
    if !form.when.is_empty() {
        arguments.push(format!("when={}", condition(&form.when)));
    }
    (kind, arguments)
}

/// The default that is declared or expected, else the middle of a range, or the first of the choices.
fn default(form: &ParameterForm) -> Option<Value> {
    let domain = form.clone().build("parameter").ok()?.domain;
    let expected = match &form.prior {
        Some(Prior::Center { center, .. }) => Some(domain.conform(center.clone())),
        _ => None,
    };
    let known = form.default.clone().or(expected);
    known.or_else(|| match &domain {
        Domain::Categorical { choices } => choices.first().cloned(),
        Domain::Bool => Some(Value::Bool(false)),
        domain => Some(domain.decode(0.5)),
    })
}

fn condition(condition: &Condition) -> String {
    let test = |(parent, test): (&String, &Test)| {
        let wanted = match test {
            Test::Is(value) => python(value),
            Test::OneOf(values) => list(values),
            Test::Range(bounds) => {
                let low = bounds.at_least.map(|low| format!("\"at_least\": {low:?}"));
                let high = bounds.at_most.map(|high| format!("\"at_most\": {high:?}"));
                format!("{{{}}}", low.into_iter().chain(high).collect::<Vec<_>>().join(", "))
            }
        };
        format!("{}: {wanted}", text(parent))
    };
    format!("{{{}}}", condition.0.iter().map(test).collect::<Vec<_>>().join(", "))
}

/// A value as Python writes it.
fn python(value: &Value) -> String {
    match value {
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Text(value) => text(value),
        Value::List(items) => list(items),
    }
}

fn list(values: &[Value]) -> String {
    format!("[{}]", values.iter().map(python).collect::<Vec<_>>().join(", "))
}

/// A string of JSON is one of Python: the escapes that JSON has mean the same there.
fn text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Text within a docstring: nothing in it may end or escape it.
fn docstring(text: &str) -> String {
    text.replace('\\', "/").replace('"', "'")
}
