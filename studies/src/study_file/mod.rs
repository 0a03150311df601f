//! The study file: what a person writes in TOML, read with its places, and resolved to a complete specification.
//!
//! Reading happens in two steps. [`StudyFile::parse`] checks all that the file alone can tell: keys, types, ranges, the
//! parameters' own declarations. [`StudyFile::resolve`] adds what only the family knows: metrics, hard limits, defaults,
//! the identity of the data.
//!
//! ```
//! use std::path::Path;
//! use seqtune::study_file::StudyFile;
//!
//! let text = r#"
//! name = "demo"
//! family = "toy"
//! metric = "value"
//! [trial]
//! stepz = 5
//! [space]
//! x = { type = "float", low = -5, high = 10 }
//! "#;
//! let error = StudyFile::parse(Path::new("demo.toml"), text).unwrap_err();
//! assert_eq!(error.to_string(), "demo.toml:6:1: there is no key `stepz` in [trial]; did you mean `steps`?");
//! ```

mod duration;
mod nearest;
mod resolve;
mod source;
mod space;
mod table;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use seqtune_core::{Budget, FamilyChoice, Order, Reduce, SamplerSpec, TrialSpec, WorkerSettings};
use seqtune_plugin::{DataSpec, Direction};
use seqtune_space::{SearchSpace, Value};
use toml::Spanned;
use toml::de::DeTable;

pub use duration::show_seconds;
pub use nearest::{did_you_mean, nearest};
pub use resolve::Resolved;
pub use source::StudyFileError;
pub use space::in_words;

use source::{Source, Span};
use space::Entry;
use table::{Field, Table};

/// How long a worker may be silent where the file does not say.
const STALL_LIMIT_SECS: f64 = 600.0;
const RETRIES: u32 = 2;
/// As large as TOML's whole numbers go.
const ANY: u64 = i64::MAX as u64;

/// A study file whose own declarations are right.
#[derive(Clone, Debug)]
pub struct StudyFile {
    source: Source,
    name: String,
    family: Spanned<FamilyChoice>,
    data: serde_json::Map<String, serde_json::Value>,
    /// The table's own place, then those of its values by key.
    data_place: Span,
    data_places: Vec<(String, Span)>,
    objectives: Vec<ObjectiveEntry>,
    trial: TrialSpec,
    seed: u64,
    order: Order,
    window: Option<u64>,
    budget: Budget,
    sampler: SamplerSpec,
    workers: WorkerSettings,
    space: Vec<Entry>,
    enqueue: Vec<Vec<Point>>,
}

#[derive(Clone, Debug)]
struct ObjectiveEntry {
    metric: Spanned<String>,
    direction: Option<Direction>,
    reduce: Reduce,
}

/// One value of an enqueued point.
#[derive(Clone, Debug)]
struct Point {
    name: Spanned<String>,
    value: Spanned<Value>,
}

impl StudyFile {
    /// Reads a study file.
    ///
    /// # Errors
    /// [`StudyFileError::Unreadable`], and all errors of [`StudyFile::parse`].
    pub fn read(path: &Path) -> Result<StudyFile, StudyFileError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| StudyFileError::Unreadable { path: path.to_owned(), source })?;
        StudyFile::parse(path, &text)
    }

    /// Reads the text of a study file; `path` is for messages.
    ///
    /// # Errors
    /// [`StudyFileError::Wrong`] at the first thing that is wrong.
    pub fn parse(path: &Path, text: &str) -> Result<StudyFile, StudyFileError> {
        let source = Source::new(path, text.to_owned());
        let document = DeTable::parse(text).map_err(|error| {
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            source.wrong(error.span().unwrap_or(0..0), format!("this is not TOML: {message}"))
        })?;
        let mut root = Table::new(&source, "the study file", document.span(), document.get_ref());

        let name = name(&root.require("name", &format!("name = {:?}", suggested_name(path)))?)?;
        let family_field = root.require("family", "family = \"toy\"")?;
        let family = Spanned::new(family_field.span(), family(&family_field)?);
        let data_field = root.take("data");
        let data_place = data_field.as_ref().map_or(0..0, Field::key_span);
        let (data, data_places) = data_field.map(|field| data(&field)).transpose()?.unwrap_or_default();
        let objectives = objectives(&mut root)?;
        let trial = trial(root.require("trial", "[trial] with steps = 10")?.table("[trial]")?)?;
        let seed = root.take("seed").map(|field| field.whole(0..=ANY)).transpose()?.unwrap_or(0);
        let orders = [("fixed", Order::Fixed), ("eager", Order::Eager)];
        let order = root.take("order").map(|field| field.choice(&orders)).transpose()?.unwrap_or_default();
        let window = root.take("window").map(|field| field.whole(1..=ANY)).transpose()?;
        let budget = root.take("budget").map(|field| budget(field.table("[budget]")?)).transpose()?;
        let sampler = root.take("sampler").map(|field| sampler(field.table("[sampler]")?)).transpose()?;
        let workers = root.take("workers").map(|field| workers(field.table("[workers]")?)).transpose()?;
        let workers = workers.unwrap_or_default();
        let space_field = root.require("space", "[space] with lr = { type = \"float\", low = 1e-4, high = 0.1 }")?;
        let space = space::read(&space_field)?;
        let enqueue = root.take("enqueue").map(|field| enqueue(&field)).transpose()?.unwrap_or_default();
        root.finish()?;

        drop(document);
        let file = StudyFile {
            name,
            family,
            data,
            data_place,
            data_places,
            objectives,
            trial,
            seed,
            order,
            window,
            budget: budget.unwrap_or_default(),
            sampler: sampler.unwrap_or(SamplerSpec::Sobol),
            workers,
            space,
            enqueue,
            source,
        };
        file.own_space()?;
        Ok(file)
    }

    /// The study's name, which is fit to be a directory's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which program trains it.
    pub fn family(&self) -> &FamilyChoice {
        self.family.get_ref()
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    /// The `[data]` table; relative paths in it are looked for in these directories, then in that of the file.
    pub fn data(&self, roots: &[PathBuf]) -> DataSpec {
        let own = self.path().parent().filter(|parent| !parent.as_os_str().is_empty());
        let mut roots = roots.to_vec();
        roots.push(own.unwrap_or(Path::new(".")).to_owned());
        DataSpec { values: self.data.clone(), roots }
    }

    /// An error at the `family` key: no worker serves it.
    pub fn wrong_family(&self, message: &str) -> StudyFileError {
        self.source.wrong(self.family.span(), message)
    }

    /// An error at the `[data]` table: the family cannot use it. It stands at the key or the text value that the
    /// message names, if it does.
    pub fn wrong_data(&self, message: &str) -> StudyFileError {
        let words: Vec<&str> = message.split(|at: char| !(at.is_alphanumeric() || at == '_')).collect();
        let quoted = |key: &str| self.data.get(key).and_then(|value| value.as_str()).map(|text| format!("{text:?}"));
        let named = |key: &str| words.contains(&key) || quoted(key).is_some_and(|text| message.contains(&text));
        let place = self.data_places.iter().find(|(key, _)| named(key)).map(|(_, place)| place);
        self.source.wrong(place.unwrap_or(&self.data_place).clone(), message)
    }

    /// The space as the file alone declares it, without the family's conditions and defaults.
    ///
    /// # Errors
    /// Where it is no space; [`StudyFile::parse`] has checked that.
    pub fn own_space(&self) -> Result<SearchSpace, StudyFileError> {
        self.space_of(self.space.iter().map(|entry| entry.parameter.clone()).collect())
    }
}

fn name(field: &Field<'_>) -> Result<String, StudyFileError> {
    let name = field.text()?;
    let plain = |character: char| character.is_alphanumeric() || matches!(character, '-' | '_' | '.');
    if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        return Err(field.must_be("a name for a directory: letters, digits, `-`, `_` and `.`, not first a `.`"));
    }
    Ok(name)
}

fn suggested_name(path: &Path) -> String {
    path.file_stem().map_or_else(|| "my-study".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

fn family(field: &Field<'_>) -> Result<FamilyChoice, StudyFileError> {
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

type Data = serde_json::Map<String, serde_json::Value>;

fn data(field: &Field<'_>) -> Result<(Data, Vec<(String, Span)>), StudyFileError> {
    let fields = field.table("[data]")?.take_all();
    let places = fields.iter().map(|field| (field.key().to_owned(), field.key_span())).collect();
    let values = fields.iter().map(|field| Ok((field.key().to_owned(), field.json()?))).collect::<Result<_, _>>()?;
    Ok((values, places))
}

fn objectives(root: &mut Table<'_>) -> Result<Vec<ObjectiveEntry>, StudyFileError> {
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
        metric: Spanned::new(metric.span(), metric.text()?),
        direction: table.take("direction").map(|field| field.choice(&directions)).transpose()?,
        reduce: table.take("reduce").map(|field| field.choice(&reductions)).transpose()?.unwrap_or_default(),
    })
}

fn trial(mut table: Table<'_>) -> Result<TrialSpec, StudyFileError> {
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

fn budget(mut table: Table<'_>) -> Result<Budget, StudyFileError> {
    let budget = Budget {
        trials: table.take("trials").map(|field| field.whole(1..=ANY)).transpose()?,
        hours: table.take("hours").map(|field| field.positive()).transpose()?,
        device_hours: None,
        patience: table.take("patience").map(|field| field.whole(1..=ANY)).transpose()?,
    };
    table.finish()?;
    Ok(budget)
}

fn sampler(mut table: Table<'_>) -> Result<SamplerSpec, StudyFileError> {
    let kind = table.require("type", "type = \"sobol\"")?;
    let tagged = serde_json::json!({ "type": kind.choice(&SamplerSpec::NAMES.map(|name| (name, name)))? });
    table.finish()?;
    serde_json::from_value(tagged).map_err(|error| kind.wrong(error.to_string()))
}

fn workers(mut table: Table<'_>) -> Result<WorkerSettings, StudyFileError> {
    let default = WorkerSettings::default();
    let workers = WorkerSettings {
        count: table.take("count").map(|field| field.whole(1..=1024)).transpose()?.unwrap_or(default.count),
        device: match table.take("device") {
            Some(field) => {
                let device = field.text()?;
                if !is_device(&device) {
                    return Err(field.must_be("\"auto\", \"cpu\", \"cuda\" or \"cuda:0\""));
                }
                device
            }
            None => default.device,
        },
    };
    table.finish()?;
    Ok(workers)
}

/// Whether this names a device: `auto`, `cpu`, `cuda`, `cuda:0`.
pub fn is_device(text: &str) -> bool {
    matches!(text, "auto" | "cpu" | "cuda")
        || text.strip_prefix("cuda:").is_some_and(|index| {
            !index.is_empty() && index.len() <= 4 && index.chars().all(|character| character.is_ascii_digit())
        })
}

fn enqueue(field: &Field<'_>) -> Result<Vec<Vec<Point>>, StudyFileError> {
    let read = |mut table: Table<'_>| {
        let point = |field: Field<'_>| {
            Ok(Point {
                name: Spanned::new(field.key_span(), field.key().to_owned()),
                value: Spanned::new(field.span(), field.value()?),
            })
        };
        table.take_all().into_iter().map(point).collect()
    };
    field.tables()?.into_iter().map(read).collect()
}
