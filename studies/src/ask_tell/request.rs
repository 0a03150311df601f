//! What a client writes: the first line, and requests. Reading says all that the line alone can tell.

use std::path::PathBuf;

use seqtune_core::{PrunerSpec, SamplerSpec};
use seqtune_plugin::{Direction, FailureCause};
use seqtune_space::{Constraint, ParameterForm, Params, SearchSpace, Value as ParameterValue};
use serde_json::{Value, json};

use super::error::Malformed;
use super::fields::{Fields, choice, must_be, number, numbers, parse, shown, text, whole};
use crate::study_file::did_you_mean;

/// Trials that one request may ask for.
const MOST_AT_ONCE: u64 = 100_000;
/// More constraints than anybody measures.
const MOST_CONSTRAINTS: u64 = 1000;

/// The first line: the space, and how it is searched.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    /// What is searched.
    pub space: SearchSpace,
    /// One for each objective.
    pub directions: Vec<Direction>,
    /// How many constraint values come with a result.
    pub constraints: usize,
    /// How points are chosen, where a sampler is named.
    pub sampler: Option<SamplerSpec>,
    /// Which trials are stopped early.
    pub pruner: PrunerSpec,
    /// Seeds everything.
    pub seed: u64,
    /// How many trials there will be, for samplers that plan ahead.
    pub n_trials: Option<u64>,
    /// The study's directory, where it is kept.
    pub storage: Option<PathBuf>,
}

/// A request: every line but the first.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// So many points to try.
    Ask(u64),
    /// How a trial ended.
    Tell {
        /// The trial.
        id: u64,
        /// What came of it.
        outcome: Outcome,
    },
    /// A value on the way.
    Report {
        /// The trial.
        id: u64,
        /// From 1.
        step: u64,
        /// The objective's.
        value: f64,
    },
    /// Trials that were evaluated elsewhere.
    Add(Vec<(Params, Outcome)>),
    /// The best trials so far.
    Best,
}

/// What came of a trial.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It has values.
    Completed {
        /// One for each objective.
        values: Vec<f64>,
        /// One for each constraint; 0 or less is satisfied.
        constraints: Vec<f64>,
    },
    /// The client stopped it early.
    Pruned,
    /// It failed.
    Failed(FailureCause),
}

/// Causes that a client may tell. What ends a run of a study is none of them.
const CAUSES: [FailureCause; 6] = [
    FailureCause::BadParams,
    FailureCause::Diverged,
    FailureCause::OutOfMemory,
    FailureCause::Crashed,
    FailureCause::TimedOut,
    FailureCause::Interrupted,
];

impl Opening {
    /// Reads a first line.
    ///
    /// # Errors
    /// [`Malformed`] with what would be right.
    pub fn read(line: &str) -> Result<Opening, Malformed> {
        let mut fields = Fields::of("the first line", parse(line)?)?;
        let space = fields.require("space", r#"[{"name": "x", "type": "float", "low": 0, "high": 1}]"#)?;
        let direction = fields.take("direction");
        let (count, alias) = (fields.take("outcome_constraints"), fields.take("constraints"));
        let sampler = fields.take("sampler");
        let pruner = fields.take("pruner");
        let seed = fields.take("seed");
        let n_trials = fields.take("n_trials");
        let storage = fields.take("storage");
        fields.finish()?;
        let constraints = match (count, alias) {
            (Some(_), Some(_)) => {
                let message = "`constraints` is another name of `outcome_constraints`; give one of the two";
                return Err(Malformed(message.to_owned()));
            }
            (Some(count), None) => whole("outcome_constraints", &count, 0)?,
            (None, Some(count)) => whole("constraints", &count, 0)?,
            (None, None) => 0,
        };
        if constraints > MOST_CONSTRAINTS {
            return Err(Malformed(format!("`outcome_constraints` is {constraints}; {MOST_CONSTRAINTS} is the most")));
        }
        Ok(Opening {
            space: read_space(space)?,
            directions: direction.map_or(Ok(vec![Direction::Minimize]), |value| directions(&value))?,
            constraints: constraints as usize,
            sampler: sampler.map_or(Ok(None), read_sampler)?,
            pruner: pruner.map_or(Ok(PrunerSpec::None), read_pruner)?,
            seed: seed.map_or(Ok(0), |value| read_seed(&value))?,
            n_trials: n_trials.map(|value| whole("n_trials", &value, 1)).transpose()?,
            storage: storage.map(|value| read_storage(&value)).transpose()?,
        })
    }
}

/// The sampler of this name, without options of its own.
///
/// # Errors
/// Where there is no such sampler.
pub fn sampler_named(name: &str) -> Result<Option<SamplerSpec>, Malformed> {
    read_sampler(Value::String(name.to_owned()))
}

impl Request {
    /// Reads a request.
    ///
    /// # Errors
    /// [`Malformed`] with what would be right.
    pub fn read(line: &str) -> Result<Request, Malformed> {
        const KINDS: [&str; 5] = ["ask", "tell", "report", "add", "best"];
        let Value::Object(object) = parse(line)? else {
            return Err(Malformed("a request is an object in braces, such as {\"ask\": 1}".to_owned()));
        };
        if object.len() > 1
            && let Some(unknown) = object.keys().find(|key| !KINDS.contains(&key.as_str()))
        {
            let hint = did_you_mean(unknown, "requests", KINDS);
            return Err(Malformed(format!("there is no request `{unknown}`, and a line holds one request; {hint}")));
        }
        let mut entries = object.into_iter();
        match (entries.next(), entries.next()) {
            (None, _) => Err(Malformed(format!("the request is empty; the requests are {}", KINDS.join(", ")))),
            (Some((first, _)), Some((second, _))) => {
                Err(Malformed(format!("a line holds one request, and this has `{first}` and `{second}`")))
            }
            (Some((kind, value)), None) => match kind.as_str() {
                "ask" => ask(&value),
                "tell" => tell(value),
                "report" => report(value),
                "add" => add(value),
                "best" if value == Value::Bool(true) => Ok(Request::Best),
                "best" => Err(must_be("best", &value, "true")),
                "space" => {
                    Err(Malformed("the space was given before; to search another, start another program".into()))
                }
                other => {
                    let hint = did_you_mean(other, "requests", KINDS);
                    Err(Malformed(format!("there is no request `{other}`; {hint}")))
                }
            },
        }
    }
}

fn ask(value: &Value) -> Result<Request, Malformed> {
    let count = whole("ask", value, 1)?;
    if count > MOST_AT_ONCE {
        return Err(must_be("ask", value, &format!("{MOST_AT_ONCE} at most")));
    }
    Ok(Request::Ask(count))
}

fn tell(value: Value) -> Result<Request, Malformed> {
    let mut fields = Fields::of("`tell`", value)?;
    let id = whole("id", &fields.require("id", "\"id\": 0")?, 0)?;
    let outcome = outcome(&mut fields)?;
    fields.finish()?;
    Ok(Request::Tell { id, outcome: outcome.read()? })
}

fn report(value: Value) -> Result<Request, Malformed> {
    let mut fields = Fields::of("`report`", value)?;
    let id = whole("id", &fields.require("id", "\"id\": 0")?, 0)?;
    let step = whole("step", &fields.require("step", "\"step\": 1")?, 1)?;
    let value = number("value", &fields.require("value", "\"value\": 0.5")?)?;
    fields.finish()?;
    Ok(Request::Report { id, step, value })
}

fn add(value: Value) -> Result<Request, Malformed> {
    let Value::Array(items) = value else {
        return Err(must_be("add", &value, "a list of trials, such as [{\"params\": {\"x\": 1}, \"value\": 0.4}]"));
    };
    let several = items.len() > 1;
    let trial = |(index, item): (usize, Value)| {
        let name = if several { format!("trial {} of `add`", index + 1) } else { "`add`".to_owned() };
        let mut fields = Fields::of(name, item)?;
        let params = params(fields.require("params", "\"params\": {\"x\": 1}")?)?;
        let outcome = outcome(&mut fields)?;
        fields.finish()?;
        Ok((params, outcome.read()?))
    };
    items.into_iter().enumerate().map(trial).collect::<Result<_, _>>().map(Request::Add)
}

/// The keys that say what came of a trial. They are taken before the keys too many are refused, and read after.
struct OutcomeKeys {
    owner: String,
    value: Option<Value>,
    values: Option<Value>,
    constraints: Option<Value>,
    state: Option<Value>,
    cause: Option<Value>,
}

fn outcome(fields: &mut Fields) -> Result<OutcomeKeys, Malformed> {
    Ok(OutcomeKeys {
        value: fields.take_even_null("value"),
        values: fields.take_even_null("values"),
        constraints: fields.take("constraints"),
        state: fields.take("state"),
        cause: fields.take("cause"),
        owner: fields.name().to_owned(),
    })
}

impl OutcomeKeys {
    fn read(self) -> Result<Outcome, Malformed> {
        #[derive(Clone, Copy, PartialEq)]
        enum State {
            Completed,
            Pruned,
            Failed,
        }
        let states = [("completed", State::Completed), ("pruned", State::Pruned), ("failed", State::Failed)];
        let state = self.state.map_or(Ok(State::Completed), |state| choice("state", &state, &states))?;
        let causes = CAUSES.map(|cause| (cause.name(), cause));
        let cause = self.cause.map(|cause| choice("cause", &cause, &causes)).transpose()?;
        if cause.is_some() && state != State::Failed {
            return Err(Malformed("`cause` goes with \"state\": \"failed\" alone".to_owned()));
        }
        if state == State::Completed {
            let values = match (self.value, self.values) {
                (Some(value), None) => vec![number("value", &value)?],
                (None, Some(values)) => numbers("values", &values)?,
                (Some(_), Some(_)) => {
                    return Err(Malformed("`value` stands beside `values`; give one of the two".to_owned()));
                }
                (None, None) => {
                    return Err(Malformed(format!("{} has no `value`; add for instance \"value\": 0.5", self.owner)));
                }
            };
            let constraints = self.constraints.map_or(Ok(Vec::new()), |value| numbers("constraints", &value))?;
            return Ok(Outcome::Completed { values, constraints });
        }
        // A null there is how some languages write that there is no value.
        let given = [("value", self.value), ("values", self.values), ("constraints", self.constraints)];
        if let Some((key, _)) = given.iter().find(|(_, value)| value.as_ref().is_some_and(|value| !value.is_null())) {
            let (state, hint) = match state {
                State::Pruned => ("pruned", "report it before"),
                State::Completed | State::Failed => ("failed", "leave it out"),
            };
            return Err(Malformed(format!("a trial that is {state} has no `{key}`; {hint}")));
        }
        Ok(match state {
            State::Pruned => Outcome::Pruned,
            State::Completed | State::Failed => Outcome::Failed(cause.unwrap_or(FailureCause::Diverged)),
        })
    }
}

/// A point as it was written; the space says whether it is one of its own.
fn params(value: Value) -> Result<Params, Malformed> {
    let Value::Object(object) = value else {
        return Err(must_be("params", &value, "an object with a value for each parameter"));
    };
    let entry = |(name, value): (String, Value)| {
        let read = parameter_value(&value)
            .ok_or_else(|| must_be(&name, &value, "a number, a string, true or false, or a list of these"))?;
        Ok((name, read))
    };
    object.into_iter().map(entry).collect::<Result<_, _>>().map(Params)
}

fn parameter_value(value: &Value) -> Option<ParameterValue> {
    Some(match value {
        Value::Bool(value) => ParameterValue::Bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => ParameterValue::Int(whole),
            None => ParameterValue::Float(number.as_f64().filter(|number| number.is_finite())?),
        },
        Value::String(text) => ParameterValue::Text(text.clone()),
        Value::Array(items) => ParameterValue::List(items.iter().map(parameter_value).collect::<Option<_>>()?),
        Value::Null | Value::Object(_) => return None,
    })
}

/// Keys of a parameter, as in [`ParameterForm`].
const PARAMETER_KEYS: [&str; 16] = [
    "name", "type", "low", "high", "log", "step", "choices", "values", "len", "item", "rule", "default", "prior",
    "when", "doc", "source",
];

fn read_space(value: Value) -> Result<SearchSpace, Malformed> {
    let Value::Array(entries) = value else {
        return Err(must_be("space", &value, "a list of parameters, each with its \"name\""));
    };
    let (mut parameters, mut constraints) = (Vec::new(), Vec::new());
    for (index, entry) in entries.into_iter().enumerate() {
        let name = entry.get("name").and_then(Value::as_str).map(str::to_owned);
        let called = name
            .as_ref()
            .map_or_else(|| format!("entry {} of the space", index + 1), |name| format!("parameter `{name}`"));
        let Value::Object(form) = entry else {
            return Err(Malformed(format!("{called} is {}; it must be an object in braces", shown(&entry))));
        };
        if let Some(text) = form.get("constraint").filter(|_| form.len() == 1) {
            let text = self::text("constraint", text)?;
            let parsed =
                Constraint::parse(text).map_err(|error| Malformed(format!("the constraint `{text}`: {error}")))?;
            constraints.push(parsed);
            continue;
        }
        let Some(name) = name else {
            return Err(Malformed(format!("{called} has no `name`; add for instance \"name\": \"x\"")));
        };
        if let Some(key) = form.keys().find(|key| !PARAMETER_KEYS.contains(&key.as_str())) {
            return Err(Malformed(format!(
                "there is no key `{key}` in {called}; {}",
                did_you_mean(key, "keys", PARAMETER_KEYS)
            )));
        }
        if !form.contains_key("type") {
            return Err(Malformed(format!(
                "{called} has no `type`; the types are {}",
                seqtune_space::TYPES.join(", ")
            )));
        }
        let form: ParameterForm = serde_json::from_value(Value::Object(form))
            .map_err(|error| Malformed(format!("{called}: {}", plainly(&error))))?;
        parameters.push(form.build(&name).map_err(|error| Malformed(error.to_string()))?);
    }
    if parameters.is_empty() {
        return Err(Malformed("the space is empty; give at least one parameter".to_owned()));
    }
    SearchSpace::with_constraints(parameters, constraints).map_err(|error| Malformed(error.to_string()))
}

/// What serde says of a parameter, without the names of our types.
fn plainly(error: &serde_json::Error) -> String {
    let said = error.to_string();
    if said.contains("untagged enum") {
        return "one of its keys has a value of the wrong kind; `seqtune ask-tell --help` shows how each is written"
            .to_owned();
    }
    said
}

fn directions(value: &Value) -> Result<Vec<Direction>, Malformed> {
    let one = |value: &Value| {
        choice("direction", value, &[("minimize", Direction::Minimize), ("maximize", Direction::Maximize)])
    };
    match value {
        Value::Array(list) if list.is_empty() => Err(must_be("direction", value, "one direction or more")),
        Value::Array(list) => list.iter().map(one).collect(),
        one_alone => Ok(vec![one(one_alone)?]),
    }
}

/// The name or the `type` of something, and all of it as an object.
fn tagged(key: &'static str, value: Value) -> Result<(String, Value), Malformed> {
    let name = match &value {
        Value::String(name) => name.clone(),
        Value::Object(object) => match object.get("type") {
            Some(name) => text("type", name)?.to_owned(),
            None => return Err(Malformed(format!("`{key}` has no `type`; add for instance \"type\": \"tpe\""))),
        },
        other => return Err(must_be(key, other, "a name, or an object with a `type`")),
    };
    Ok((name, if value.is_string() { json!({ "type": value }) } else { value }))
}

/// Reads a specification whose kinds are told apart by `type`.
fn specification<T: serde::de::DeserializeOwned>(key: &str, value: &Value) -> Result<T, Malformed> {
    let read = |value: &Value| serde_json::from_value::<T>(value.clone());
    let made = read(value).map_err(|error| Malformed(format!("`{key}`: {error}")))?;
    // A kind without options takes any; whether this is one shows with a key that nobody has.
    let mut with_another = value.clone();
    with_another["\u{0}"] = Value::Null;
    if read(&with_another).is_ok()
        && let Some(option) = value.as_object().and_then(|keys| keys.keys().find(|key| *key != "type"))
    {
        let name = value["type"].as_str().unwrap_or_default();
        return Err(Malformed(format!("there is no key `{option}` in `{key}`; {name} takes no options")));
    }
    Ok(made)
}

fn read_sampler(value: Value) -> Result<Option<SamplerSpec>, Malformed> {
    let (name, value) = tagged("sampler", value)?;
    if !SamplerSpec::NAMES.contains(&name.as_str()) {
        let hint = did_you_mean(&name, "samplers", SamplerSpec::NAMES.iter().copied());
        return Err(Malformed(format!("there is no sampler {name:?}; {hint}")));
    }
    specification("sampler", &value).map(Some)
}

fn read_pruner(value: Value) -> Result<PrunerSpec, Malformed> {
    let (name, value) = tagged("pruner", value)?;
    if !PrunerSpec::NAMES.contains(&name.as_str()) {
        let hint = did_you_mean(&name, "pruners", PrunerSpec::NAMES.iter().copied());
        return Err(Malformed(format!("there is no pruner {name:?}; {hint}")));
    }
    let pruner: PrunerSpec = specification("pruner", &value)?;
    pruner.check().map_err(|(key, expected)| Malformed(format!("`{key}` of `pruner` must be {expected}")))?;
    Ok(pruner)
}

fn read_seed(value: &Value) -> Result<u64, Malformed> {
    // The bits of a negative one: any integer is as good as another.
    let bits = value.as_u64().or_else(|| value.as_i64().map(|number| number as u64));
    bits.ok_or_else(|| must_be("seed", value, "a whole number"))
}

fn read_storage(value: &Value) -> Result<PathBuf, Malformed> {
    let path = text("storage", value)?;
    if path.is_empty() { Err(must_be("storage", value, "the directory of a study")) } else { Ok(PathBuf::from(path)) }
}
