//! What a plugin implements: a family of models, and one trial of it in training.

use std::any::Any;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use seqtune_space::{Params, SearchSpace};
use serde::{Deserialize, Serialize};

use crate::error::FamilyError;
use crate::metric::{Direction, MetricValue};

/// A family of models: the one trait a plugin implements.
///
/// All randomness of a trial comes from [`Job::seed`] (weights, data order, dropout) and [`Job::study_seed`] (folds):
/// two sessions of one job report the same numbers, bit for bit on the CPU. [`crate::conformance`] checks it.
pub trait ModelFamily: Send + Sync {
    /// Name, version, parameters with hard limits and defaults, what a step is, metrics. Constant.
    fn info(&self) -> FamilyInfo;

    /// Reads or generates the data of a study and checks it. `cache` is a directory shared by studies, for what is
    /// expensive to make; entries are named by digest and written atomically.
    ///
    /// # Errors
    /// [`FamilyError::Data`] with the file and what is wrong with it.
    fn prepare(&self, data: &DataSpec, cache: &Path) -> Result<Prepared, FamilyError>;

    /// Starts a trial, or goes on from [`Job::checkpoint`].
    ///
    /// # Errors
    /// [`FamilyError::BadParams`] where the parameters cannot be built into a model.
    fn open(&self, prepared: &Prepared, job: &Job) -> Result<Box<dyn Session>, FamilyError>;

    /// Applies a finished trial: evaluates it on held-out data, predicts, or exports.
    ///
    /// # Errors
    /// [`FamilyError::Other`] where the family cannot do what is asked, which is the default.
    fn apply(&self, prepared: &Prepared, checkpoint: &Path, what: &Apply) -> Result<Applied, FamilyError> {
        let _ = (prepared, checkpoint);
        Err(FamilyError::Other(format!("the family {} cannot {}", self.info().name, what.name())))
    }
}

/// One trial in training.
pub trait Session: Send {
    /// Trains one step (usually an epoch), then validates.
    ///
    /// Long steps call [`StepContext::progress`] every second or so: it is the sign of life, and it is where an
    /// interruption arrives.
    ///
    /// # Errors
    /// [`FamilyError::Diverged`] where the loss is not finite; [`FamilyError::Interrupted`] as it came from the context.
    fn step(&mut self, context: &mut StepContext<'_>) -> Result<Report, FamilyError>;

    /// Writes everything that going on needs into an empty directory: weights, optimizer, counters.
    ///
    /// # Errors
    /// [`FamilyError::Other`] where a file cannot be written.
    fn save(&mut self, directory: &Path) -> Result<(), FamilyError>;
}

/// What a family is, as the study manager, the CLI and the viewer see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FamilyInfo {
    /// Short name, as in `family = "tf"`.
    pub name: String,
    /// Version of the family's numbers: raised whenever the same job would report different ones.
    pub version: String,
    /// One sentence.
    pub summary: String,
    /// What a step is: "epoch".
    pub step: String,
    /// Parameters with their hard limits and defaults. Spaces search within them.
    pub parameters: SearchSpace,
    /// What each report carries.
    pub metrics: Vec<MetricInfo>,
    /// Keys of the `[data]` table, each with one sentence.
    #[serde(default)]
    pub data: BTreeMap<String, String>,
}

impl FamilyInfo {
    /// A metric by name.
    pub fn metric(&self, name: &str) -> Option<&MetricInfo> {
        self.metrics.iter().find(|metric| metric.name == name)
    }
}

/// A metric that a family reports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricInfo {
    /// `split/name`, such as `valid/auc`.
    pub name: String,
    /// Which way is better.
    pub direction: Direction,
    /// Unit, empty where there is none.
    #[serde(default)]
    pub unit: String,
    /// One sentence.
    #[serde(default)]
    pub doc: String,
}

/// The `[data]` table of a study file, and where relative paths in it are looked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DataSpec {
    /// The table. It is part of the study and never changes.
    pub values: serde_json::Map<String, serde_json::Value>,
    /// Directories in which relative paths are looked for, in order. Not part of the study: data may move.
    #[serde(default)]
    pub roots: Vec<PathBuf>,
}

impl DataSpec {
    /// A typed form of the table. Declare it with `#[serde(deny_unknown_fields)]`.
    ///
    /// # Errors
    /// [`FamilyError::Data`] naming the key at fault.
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T, FamilyError> {
        serde_json::from_value(serde_json::Value::Object(self.values.clone()))
            .map_err(|error| FamilyError::Data(format!("[data]: {error}")))
    }

    /// The existing file or directory that a path of the table means: itself where absolute, else the first hit among
    /// the roots.
    ///
    /// # Errors
    /// [`FamilyError::Data`] listing where it was looked for.
    pub fn resolve(&self, path: &str) -> Result<PathBuf, FamilyError> {
        let tried: Vec<PathBuf> = if Path::new(path).is_absolute() {
            vec![PathBuf::from(path)]
        } else {
            self.roots.iter().map(|root| root.join(path)).collect()
        };
        if let Some(found) = tried.iter().find(|candidate| candidate.exists()) {
            return Ok(found.clone());
        }
        let list = tried.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        Err(FamilyError::Data(if tried.is_empty() {
            format!("data {path:?} not found: no data directory is known; give one with --data DIR or SEQTUNE_DATA")
        } else {
            format!("data {path:?} not found; looked at {list}; give its place with --data DIR or SEQTUNE_DATA")
        }))
    }
}

/// Data ready to train on.
#[derive(Clone)]
pub struct Prepared {
    /// Identity of the data: hash of the contents, or of (generator, version, arguments, seed).
    pub digest: String,
    /// What people want to know: rows, positives, lengths.
    pub summary: BTreeMap<String, serde_json::Value>,
    /// The family's own form of the data, shared by all its sessions.
    pub content: Arc<dyn Any + Send + Sync>,
}

impl Prepared {
    /// The content in the family's own type.
    ///
    /// # Errors
    /// [`FamilyError::Other`] where it was prepared by another family, which is a bug of the caller.
    pub fn content<T: Any + Send + Sync>(&self) -> Result<&T, FamilyError> {
        self.content
            .downcast_ref()
            .ok_or_else(|| FamilyError::Other("the data was prepared by another family".to_owned()))
    }
}

/// One attempt at one trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Number of the trial, for messages only: nothing may depend on it.
    pub trial: u64,
    /// Which attempt this is, from 0; for messages and for families that misbehave on purpose.
    pub attempt: u32,
    /// The point.
    pub params: Params,
    /// Seeds weights, data order and dropout.
    pub seed: u64,
    /// Seeds what all trials of the study share: folds.
    pub study_seed: u64,
    /// `auto`, `cpu`, `cuda:0`.
    pub device: String,
    /// Steps of the whole trial, for schedules that need to know.
    pub steps: u64,
    /// Directory that [`Session::save`] filled, to go on from.
    pub checkpoint: Option<PathBuf>,
}

/// The metrics of one step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// By name; every metric of [`FamilyInfo::metrics`] is there.
    pub metrics: BTreeMap<String, MetricValue>,
}

impl Report {
    /// Adds a single number.
    pub fn number(&mut self, name: &str, value: f64) {
        self.metrics.insert(name.to_owned(), MetricValue::number(value));
    }

    /// Adds a mean over folds or seeds.
    pub fn parts(&mut self, name: &str, parts: &[f64]) {
        self.metrics.insert(name.to_owned(), MetricValue::mean_of(parts));
    }
}

/// The way back from a step: progress out, interruption in.
pub struct StepContext<'a> {
    progress: &'a mut dyn FnMut(u64, u64) -> Result<(), FamilyError>,
    noise: Option<Noise<'a>>,
}

/// Writes bytes to the other side as they are.
type Noise<'a> = &'a mut dyn FnMut(&[u8]);

impl<'a> StepContext<'a> {
    /// A context that calls `progress(update, of)`; its error ends the step.
    pub fn new(progress: &'a mut dyn FnMut(u64, u64) -> Result<(), FamilyError>) -> StepContext<'a> {
        StepContext { progress, noise: None }
    }

    pub(crate) fn with_noise(mut self, noise: Noise<'a>) -> StepContext<'a> {
        self.noise = Some(noise);
        self
    }

    /// Writes bytes between the messages of the protocol, which breaks it. Only for families that test the other side.
    #[doc(hidden)]
    pub fn break_protocol(&mut self, bytes: &[u8]) {
        if let Some(noise) = &mut self.noise {
            noise(bytes);
        }
    }

    /// Says that `update` of the step's `of` updates are done. Cheap: call it after every update.
    ///
    /// # Errors
    /// [`FamilyError::Interrupted`]: leave the step at once and pass the error on.
    pub fn progress(&mut self, update: u64, of: u64) -> Result<(), FamilyError> {
        (self.progress)(update, of)
    }
}

/// What to do with a finished trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "lowercase")]
pub enum Apply {
    /// Metrics on a split that the search never saw.
    Evaluate {
        /// Name of the split, such as `test`.
        split: String,
    },
    /// Predictions for the rows of the data, as a file.
    Predict {
        /// Where to write.
        out: PathBuf,
    },
    /// What a family exports: embeddings, filters, a model file.
    Export {
        /// Where to write.
        out: PathBuf,
    },
}

impl Apply {
    /// What is asked, as a verb.
    pub fn name(&self) -> &'static str {
        match self {
            Apply::Evaluate { .. } => "evaluate",
            Apply::Predict { .. } => "predict",
            Apply::Export { .. } => "export",
        }
    }
}

/// What applying a finished trial gave.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Applied {
    /// Metrics, for an evaluation.
    #[serde(default)]
    pub metrics: BTreeMap<String, MetricValue>,
    /// Files written.
    #[serde(default)]
    pub files: Vec<PathBuf>,
}
