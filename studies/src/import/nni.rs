//! NNI's search space: `{"lr": {"_type": "loguniform", "_value": [1e-4, 0.1]}}`.
//!
//! A choice may hold spaces of its own, `{"_name": "conv", "kernel": {"_type": ..., "_value": ...}}`: it becomes a choice
//! of names, and what stands in them a parameter that exists only `when` its name is chosen. Such a parameter keeps its
//! own name where that is unique, and else is `layer.conv.kernel`.

use std::collections::HashMap;

use seqtune_space::{Condition, ParameterForm, Test, Value};

use super::document::{Entry, Keys, Kind, Node, Wrong, wrong};
use super::forms::{Range, choices, ints, printable};
use super::{Format, Imported};

const TYPES: [&str; 10] = [
    "choice",
    "randint",
    "uniform",
    "quniform",
    "loguniform",
    "qloguniform",
    "normal",
    "qnormal",
    "lognormal",
    "qlognormal",
];
const EXAMPLE: &str = r#"{"_type": "uniform", "_value": [0.1, 0.5]}"#;

pub(super) fn import(root: &Node) -> Result<Imported, Wrong> {
    let experiment = ["searchSpace", "searchSpaceFile", "trialCommand", "searchSpacePath"];
    if let Some(key) = experiment.into_iter().find(|key| root.get(key).is_some_and(|node| node.get("_type").is_none()))
    {
        let message = format!(
            "with its `{key}` this is the configuration of an NNI experiment; give the file with its search space, such \
             as {{\"lr\": {EXAMPLE}}}"
        );
        return Err(wrong(root.line, message));
    }
    if root.entries().is_empty() {
        let message =
            format!("the search space is {}; it must be an object such as {{\"lr\": {EXAMPLE}}}", root.shown());
        return Err(wrong(root.line, message));
    }
    let mut walk = Walk { imported: Imported::new(Format::Nni), uses: HashMap::new() };
    walk.count(root);
    walk.space(root, None)?;
    Ok(walk.imported)
}

struct Walk<'a> {
    imported: Imported,
    /// How many parameters have the same name, all levels together.
    uses: HashMap<&'a str, usize>,
}

/// The choice that a nested space belongs to: the parameter as it is named here, and its value.
#[derive(Clone)]
struct Above {
    parameter: String,
    value: Value,
}

impl<'a> Walk<'a> {
    fn count(&mut self, space: &'a Node) {
        for entry in space.entries().iter().filter(|entry| entry.key != "_name") {
            *self.uses.entry(&entry.key).or_default() += 1;
            if let Some(Kind::List(options)) = entry.value.get("_value").map(|node| &node.kind) {
                options.iter().for_each(|option| self.count(option));
            }
        }
    }

    fn space(&mut self, space: &'a Node, above: Option<&Above>) -> Result<(), Wrong> {
        let entries = space.entries().iter().filter(|entry| above.is_none() || entry.key != "_name");
        for entry in entries {
            let name = match above {
                Some(Above { parameter, value }) if self.uses.get(&*entry.key).is_some_and(|uses| *uses > 1) => {
                    let value = value_name(value);
                    format!("{parameter}.{value}.{}", entry.key)
                }
                _ => entry.key.clone(),
            };
            let what = format!("parameter `{}`", printable(&name));
            self.parameter(&name, entry, above).map_err(|error| error.of(&what))?;
            // As the space has it, which may be another than the file's.
            let parameter = self.imported.parameters.last().map_or(name, |(name, _)| name.clone());
            for (option, value) in options(entry).into_iter().filter(|(option, _)| option.is_map()) {
                self.space(option, Some(&Above { parameter: parameter.clone(), value }))?;
            }
        }
        Ok(())
    }

    fn parameter(&mut self, name: &str, entry: &Entry, above: Option<&Above>) -> Result<(), Wrong> {
        if !entry.value.is_map() {
            let message = format!("it is {}; it must be an object such as {EXAMPLE}", entry.value.shown());
            return Err(wrong(entry.line, message));
        }
        let mut keys = Keys::of(&entry.value);
        let kind = keys.require("_type", EXAMPLE)?.one_of(&TYPES)?;
        let values = keys.require("_value", EXAMPLE)?;
        keys.finish()?;
        let form = match kind {
            "choice" => self.choice(name, values)?,
            _ => self.numbers(kind, name, values)?,
        };
        let when = above.map(|above| (above.parameter.clone(), Test::Is(above.value.clone())));
        let form = ParameterForm { when: Condition(when.into_iter().collect()), ..form };
        self.imported.add(name, entry.line, form)
    }

    /// A choice of plain values, or of the names of spaces.
    fn choice(&mut self, name: &str, values: &Entry) -> Result<ParameterForm, Wrong> {
        let list = values.list()?;
        let mut plain = Vec::with_capacity(list.len());
        for option in list {
            let named = if option.is_map() { option.get("_name") } else { Some(option) };
            let Some(named) = named else {
                return Err(wrong(option.line, "one of its choices is an object without a `_name`; give it one"));
            };
            let is_name = matches!(named.kind, Kind::Text(_) | Kind::Int(_) | Kind::Float(_) | Kind::Bool(_));
            if option.is_map() && !is_name {
                let message = format!("the `_name` of one of its choices is {}; it must be a text", named.shown());
                return Err(wrong(named.line, message));
            }
            if list.iter().any(Node::is_map) && plain.iter().any(|earlier: &Node| earlier.kind == named.kind) {
                return Err(wrong(named.line, format!("two of its choices are named {}; rename one", named.shown())));
            }
            plain.push(named.clone());
        }
        choices(&plain, None, name, &mut self.imported).map_err(|message| wrong(values.line, message))
    }

    fn numbers(&mut self, kind: &str, name: &str, values: &Entry) -> Result<ParameterForm, Wrong> {
        let line = values.line;
        let wanted = match kind {
            "randint" => "[lower, upper]",
            "uniform" | "loguniform" => "[low, high]",
            "quniform" | "qloguniform" => "[low, high, q]",
            "normal" | "lognormal" => "[mu, sigma]",
            _ => "[mu, sigma, q]",
        };
        let list = values.list()?;
        let numbers: Option<Vec<f64>> = list.iter().map(Node::as_number).collect();
        let numbers = numbers.filter(|numbers| numbers.len() == wanted.split(',').count());
        let Some(numbers) = numbers else {
            let message = format!("its `_value` is {}; for {kind} it must be {wanted}", values.value.shown());
            return Err(wrong(line, message));
        };
        let (first, second, third) = (numbers[0], numbers[1], numbers.get(2).copied());
        let form = match kind {
            // Its upper bound is not in it.
            "randint" => match (list[0].as_whole(), list[1].as_whole()) {
                (Some(lower), Some(upper)) if lower < upper => ints(lower, upper - 1, false),
                (Some(lower), Some(upper)) => {
                    Err(format!("no whole number lies from {lower} up to but without {upper}; raise the upper bound"))
                }
                _ => Err("the bounds of a randint must be whole numbers".to_owned()),
            },
            "uniform" | "quniform" => Range::even(first, second).by(third).form(name, &mut self.imported),
            "loguniform" | "qloguniform" => Range::log(first, second).by(third).form(name, &mut self.imported),
            _ if second <= 0.0 => Err(format!("its sigma is {second}; it must be above 0")),
            _ => {
                let bell = Range::bell(first, second, kind.contains("log"), name, &mut self.imported);
                bell.by(third).form(name, &mut self.imported)
            }
        };
        form.map_err(|message| wrong(line, message))
    }
}

/// The options of a choice that are spaces, with the values that their names are.
fn options(entry: &Entry) -> Vec<(&Node, Value)> {
    let Some(Kind::List(options)) = entry.value.get("_value").map(|node| &node.kind) else { return Vec::new() };
    let value = |option: &Node| match &option.get("_name")?.kind {
        Kind::Text(text) => Some(Value::Text(text.clone())),
        Kind::Int(number) => Some(Value::Int(*number)),
        Kind::Float(number) => Some(Value::Float(*number)),
        Kind::Bool(value) => Some(Value::Bool(*value)),
        _ => None,
    };
    options.iter().filter_map(|option| Some((option, value(option)?))).collect()
}

fn value_name(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => other.to_string(),
    }
}
