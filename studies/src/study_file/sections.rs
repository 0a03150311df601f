//! The sections of a study file but `[space]`: each from its table to its part of the specification.

use std::path::Path;

use seqtune_core::bandit::Rule;
use seqtune_core::{ArmSampler, Budget, FamilyChoice, Reduce, ReplicateSpec, SamplerSpec, TrialSpec, WorkerSettings};
use seqtune_plugin::Direction;
use seqtune_space::Value;

use super::source::{Span, StudyFileError};
use super::table::{Field, Table};

/// How long a worker may be silent where the file does not say.
const STALL_LIMIT_SECS: f64 = 600.0;
const RETRIES: u32 = 2;
/// As large as whole numbers go.
pub(super) const ANY: u64 = i64::MAX as u64;

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) struct ObjectiveEntry {
    pub(super) metric: Placed<String>,
    pub(super) direction: Option<Direction>,
    pub(super) reduce: Reduce,
}

#[derive(Clone, Debug)]
pub(super) struct OutcomeConstraintEntry {
    pub(super) metric: Placed<String>,
    pub(super) at_most: Option<f64>,
    pub(super) at_least: Option<f64>,
}

/// One value of an enqueued point.
#[derive(Clone, Debug)]
pub(super) struct PointEntry {
    pub(super) name: Placed<String>,
    pub(super) value: Placed<Value>,
}

/// An enqueued point and where it begins.
#[derive(Clone, Debug)]
pub(super) struct PointTable {
    pub(super) place: Span,
    pub(super) entries: Vec<PointEntry>,
}

pub(super) fn name(field: &Field<'_>) -> Result<String, StudyFileError> {
    let name = field.text()?;
    let plain = |character: char| character.is_alphanumeric() || matches!(character, '-' | '_' | '.');
    if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        return Err(field.must_be("a name for a directory: letters, digits, `-`, `_` and `.`, not first a `.`"));
    }
    Ok(name)
}

pub(super) fn suggested_name(path: &Path) -> String {
    path.file_stem().map_or_else(|| "my-study".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

pub(super) fn family(field: &Field<'_>) -> Result<FamilyChoice, StudyFileError> {
    if !field.is_table() {
        let name = field.text()?;
        return if name.is_empty() { Err(field.must_be("the name of a family")) } else { Ok(FamilyChoice::Name(name)) };
    }
    let mut table = field.table("family")?;
    let command_field = table.require("command", "family = { command = [\"python3\", \"train.py\"] }")?;
    let command = command_field.texts()?;
    table.finish()?;
    if command.is_empty() {
        return Err(command_field.must_be("a program and its arguments, such as [\"python3\", \"train.py\"]"));
    }
    Ok(FamilyChoice::Command { command })
}

pub(super) type Data = serde_json::Map<String, serde_json::Value>;

pub(super) fn data(field: &Field<'_>) -> Result<(Data, Vec<(String, Span)>), StudyFileError> {
    let fields = field.table("[data]")?.take_all();
    let places = fields.iter().map(|field| (field.key().to_owned(), field.key_span())).collect();
    let values = fields.iter().map(|field| Ok((field.key().to_owned(), field.json()?))).collect::<Result<_, _>>()?;
    Ok((values, places))
}

pub(super) fn objectives(root: &mut Table<'_>) -> Result<Vec<ObjectiveEntry>, StudyFileError> {
    let Some(list) = root.take("objective") else {
        return Ok(vec![objective(root, "metric = \"valid/loss\"")?]);
    };
    for short in ["metric", "direction", "reduce"] {
        if let Some(field) = root.take(short) {
            return Err(field.wrong_key(format!("`{short}` stands beside [[objective]]; move it into that table")));
        }
    }
    let mut objectives = Vec::new();
    for mut table in list.tables()? {
        objectives.push(objective(&mut table, "metric = \"valid/loss\"")?);
        table.finish()?;
    }
    if objectives.is_empty() {
        return Err(list.must_be("a list of at least one table, written [[objective]]"));
    }
    Ok(objectives)
}

fn objective(table: &mut Table<'_>, example: &str) -> Result<ObjectiveEntry, StudyFileError> {
    let metric = table.require("metric", example)?;
    let directions = [("maximize", Direction::Maximize), ("minimize", Direction::Minimize)];
    let reductions = [("last", Reduce::Last), ("best", Reduce::Best)];
    Ok(ObjectiveEntry {
        metric: Placed { value: metric.text()?, span: metric.span() },
        direction: table.take("direction").map(|field| field.choice(&directions)).transpose()?,
        reduce: table.take("reduce").map(|field| field.choice(&reductions)).transpose()?.unwrap_or_default(),
    })
}

pub(super) fn outcome_constraints(list: &Field<'_>) -> Result<Vec<OutcomeConstraintEntry>, StudyFileError> {
    let constraint = |mut table: Table<'_>| {
        let metric = table.require("metric", "metric = \"valid/loss\"")?;
        let at_most = table.take("at_most").map(|field| field.finite()).transpose()?;
        let least = table.take("at_least");
        let at_least = least.as_ref().map(Field::finite).transpose()?;
        table.finish()?;
        match (at_most, least) {
            (Some(_), Some(field)) => {
                return Err(field.wrong_key(
                    "`at_least` stands beside `at_most`; give each bound a table [[outcome_constraint]] of its own",
                ));
            }
            (None, None) => return Err(metric.wrong_key("this constraint has no bound; add `at_most` or `at_least`")),
            _ => {}
        }
        Ok(OutcomeConstraintEntry { metric: Placed { value: metric.text()?, span: metric.span() }, at_most, at_least })
    };
    list.tables()?.into_iter().map(constraint).collect()
}

pub(super) fn trial(mut table: Table<'_>) -> Result<TrialSpec, StudyFileError> {
    let steps = table.require("steps", "steps = 10")?.whole(1..=ANY)?;
    let checkpoint_every = table.take("checkpoint_every").map(|field| field.whole(1..=ANY)).transpose()?;
    let trial = TrialSpec {
        steps,
        checkpoint_every: checkpoint_every.unwrap_or(1),
        time_limit_secs: table.take("time_limit").map(|field| field.seconds()).transpose()?,
        stall_limit_secs: table
            .take("stall_limit")
            .map(|field| field.seconds())
            .transpose()?
            .unwrap_or(STALL_LIMIT_SECS),
        retries: match table.take("retries") {
            Some(field) => u32::try_from(field.whole(0..=1000)?).unwrap_or(RETRIES),
            None => RETRIES,
        },
    };
    table.finish()?;
    Ok(trial)
}

pub(super) fn budget(mut table: Table<'_>) -> Result<Budget, StudyFileError> {
    let budget = Budget {
        trials: table.take("trials").map(|field| field.whole(1..=ANY)).transpose()?,
        hours: table.take("hours").map(|field| field.positive()).transpose()?,
        device_hours: table.take("device_hours").map(|field| field.positive()).transpose()?,
        patience: table.take("patience").map(|field| field.whole(1..=ANY)).transpose()?,
    };
    table.finish()?;
    Ok(budget)
}

/// A name, or a table with the sampler's options.
pub(super) fn sampler(field: &Field<'_>) -> Result<Placed<SamplerSpec>, StudyFileError> {
    let named = |kind: &Field<'_>| kind.choice(&SamplerSpec::NAMES.map(|name| (name, name)));
    let read = |kind: &Field<'_>, name: &str| {
        let tagged = serde_json::json!({ "type": name });
        serde_json::from_value(tagged).map_err(|error| kind.wrong(error.to_string()))
    };
    if !field.is_table() {
        return Ok(Placed { value: read(field, named(field)?)?, span: field.span() });
    }
    let mut table = field.table("[sampler]")?;
    let kind = table.require("type", "type = \"auto\"")?;
    let mut value = read(&kind, named(&kind)?)?;
    if let SamplerSpec::Bandit { arm, rule, inner, plain } = &mut value {
        *arm = table.take("arm").map(|field| field.text()).transpose()?;
        *rule = table.take("rule").map(|field| field.choice(&Rule::ALL)).transpose()?.unwrap_or_default();
        *inner = table.take("inner").map(|field| field.choice(&ArmSampler::ALL)).transpose()?.unwrap_or_default();
        *plain = table.take("plain").map(|field| field.boolean()).transpose()?.unwrap_or_default();
    }
    table.finish()?;
    Ok(Placed { value, span: kind.span() })
}

pub(super) fn replicates(mut table: Table<'_>) -> Result<ReplicateSpec, StudyFileError> {
    let default = ReplicateSpec::default();
    let share = table.take("share");
    let replicates = ReplicateSpec {
        seeds: table.take("seeds").map(|field| field.whole(2..=1000)).transpose()?.unwrap_or(default.seeds),
        share: match &share {
            Some(field) => match field.positive()? {
                share if share < 1.0 => share,
                _ => return Err(field.must_be("a share of the trials: a number between 0 and 1")),
            },
            None => default.share,
        },
    };
    table.finish()?;
    Ok(replicates)
}

pub(super) fn workers(mut table: Table<'_>) -> Result<WorkerSettings, StudyFileError> {
    let default = WorkerSettings::default();
    let workers = WorkerSettings {
        count: table.take("count").map(|field| field.whole(1..=1024)).transpose()?.unwrap_or(default.count),
        device: match table.take("device") {
            Some(field) => {
                let device = field.text()?;
                if !is_device(&device) {
                    return Err(
                        field.must_be("\"auto\", \"cpu\", \"cuda\", \"cuda:0\", or several such as \"cuda:0,cuda:1\"")
                    );
                }
                device
            }
            None => default.device,
        },
    };
    table.finish()?;
    Ok(workers)
}

/// Whether this names devices: `auto`, `cpu`, `cuda`, `cuda:0`, or several of them with commas between.
pub fn is_device(text: &str) -> bool {
    let is_one = |word: &str| {
        matches!(word, "auto" | "cpu" | "cuda")
            || word.strip_prefix("cuda:").is_some_and(|index| {
                !index.is_empty() && index.len() <= 4 && index.chars().all(|character| character.is_ascii_digit())
            })
    };
    text.split(',').all(|word| is_one(word.trim()))
}

pub(super) fn enqueue(field: &Field<'_>) -> Result<Vec<PointTable>, StudyFileError> {
    let read = |mut table: Table<'_>| {
        let entry = |field: Field<'_>| {
            Ok(PointEntry {
                name: Placed { value: field.key().to_owned(), span: field.key_span() },
                value: Placed { value: field.value()?, span: field.span() },
            })
        };
        let place = table.place();
        let entries = table.take_all().into_iter().map(entry).collect::<Result<_, _>>()?;
        Ok(PointTable { place, entries })
    };
    field.tables()?.into_iter().map(read).collect()
}
