//! Events: what happened, in the past tense. The log holds nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use seqtune_plugin::{FailureCause, MetricValue};
use seqtune_space::{Params, SearchSpace};
use serde::{Deserialize, Serialize};

use crate::spec::{Settings, StudySpec};

/// One row of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Position in the log, from 1, without gaps.
    pub seq: u64,
    /// When it was committed, in microseconds since 1970. For people: no decision depends on it.
    pub at_us: i64,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// The first event of every log.
    StudyCreated {
        /// What the study is.
        spec: Box<StudySpec>,
        /// Its first settings.
        settings: Settings,
        /// Program that created it.
        build: String,
    },
    /// A manager took the study.
    ManagerStarted {
        /// Its process.
        pid: u32,
        /// Its machine.
        host: String,
        /// Its program.
        build: String,
    },
    /// A manager left the study. After a kill there is none.
    ManagerStopped {
        /// Why, in a few words.
        reason: String,
    },
    /// A trial exists from here on.
    TrialStarted {
        /// Its number: 0, 1, 2, ...
        trial: u64,
        /// Its point.
        params: Params,
        /// Key of its configuration.
        config_key: String,
        /// Where the point came from.
        origin: Origin,
        /// Version of the space that it was decided in: 0 is that of the specification.
        #[serde(default, skip_serializing_if = "is_first")]
        space_version: u64,
        /// Which repetition of the configuration.
        #[serde(default)]
        replicate: u64,
        /// Seed of the training.
        seed: u64,
        /// What the decision saw.
        seen: Seen,
    },
    /// A worker began to train.
    AttemptStarted {
        /// The trial.
        trial: u64,
        /// From 0.
        attempt: u32,
        /// Which worker, from 0.
        worker: u64,
        /// Where it trains.
        device: String,
        /// Versions and machine of the worker.
        #[serde(default)]
        build: BTreeMap<String, String>,
        /// Step of the checkpoint it goes on from, 0 for the beginning.
        from_step: u64,
        /// Where it goes on from a checkpoint of another machine or build: what differs. Numbers may then differ in their
        /// last digits from those of an unbroken run.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        elsewhere: Vec<String>,
    },
    /// A worker stopped training this trial.
    AttemptEnded {
        /// The trial.
        trial: u64,
        /// Which attempt.
        attempt: u32,
        /// How.
        cause: AttemptEnd,
        /// One sentence where something went wrong.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        message: String,
    },
    /// One step's metrics.
    Reported {
        /// The trial.
        trial: u64,
        /// Which attempt.
        attempt: u32,
        /// From 1.
        step: u64,
        /// First objective; `None` where it is not finite.
        value: Option<f64>,
        /// All metrics.
        metrics: MetricsJson,
    },
    /// A step was reported again with other numbers. The first report stands.
    ReportDiffered {
        /// The trial.
        trial: u64,
        /// Which attempt.
        attempt: u32,
        /// The step.
        step: u64,
        /// First objective.
        value: Option<f64>,
        /// All metrics.
        metrics: MetricsJson,
    },
    /// A checkpoint lies on disk.
    Checkpointed {
        /// The trial.
        trial: u64,
        /// Which attempt.
        attempt: u32,
        /// The step it was saved at.
        step: u64,
        /// Its directory, relative to the study's.
        path: String,
        /// [`seqtune_plugin::directory_digest`] of it.
        sha256: String,
    },
    /// The trial trained all its steps.
    Completed {
        /// The trial.
        trial: u64,
    },
    /// The trial was stopped early.
    Pruned {
        /// The trial.
        trial: u64,
        /// Why.
        reason: String,
        /// What the decision saw.
        seen: Seen,
    },
    /// The trial failed for good.
    Failed {
        /// The trial.
        trial: u64,
        /// Why.
        cause: FailureCause,
        /// One sentence.
        message: String,
    },
    /// A point waits to be tried.
    Enqueued {
        /// The point.
        params: Params,
        /// The first trial that may take it.
        from_trial: u64,
        /// The request that asked for it; absent where the study file lists it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<u64>,
        /// Whether it was tried before and is to be tried with another seed.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        again: bool,
    },
    /// The space became wider.
    SpaceChanged {
        /// Counted from 1: the version of the specification is 0.
        version: u64,
        /// The first trial that is decided in it.
        from_trial: u64,
        /// The whole space.
        space: SearchSpace,
        /// What the family declares from here on, where that has become wider too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        declared: Option<SearchSpace>,
    },
    /// Budget or workers changed.
    SettingsChanged {
        /// All settings from here on.
        settings: Settings,
        /// The first trial that may notice.
        from_trial: u64,
    },
    /// A request was carried out or refused.
    RequestAnswered {
        /// Of the request.
        id: u64,
        /// The first trial that may notice.
        from_trial: u64,
        /// What was done.
        answer: String,
        /// Whether the manager starts nothing new from here on (`true`), or again does (`false`). A build that does not know
        /// it passes over it: the pause of a manager ends with the manager.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pause: Option<bool>,
    },
}

fn is_first(version: &u64) -> bool {
    *version == 0
}

/// Where a point came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The default configuration.
    Default,
    /// Somebody asked for it.
    Enqueued,
    /// The sampler chose it.
    Sampler,
    /// It was among the leading ones, and measured again with another seed.
    Replicate,
    /// It was tried elsewhere, and came with its result. Samplers learn from it, and nobody decided about it here.
    Added,
}

/// What part of the log a decision saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// Fixed order: the results of trials below this number, and the parameters of the rest.
    ResultsBelow(u64),
    /// Eager order: exactly the events up to this one.
    Events(u64),
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptEnd {
    /// All steps are done.
    Completed,
    /// The study stopped it.
    Pruned,
    /// See the failure.
    Failed(FailureCause),
    /// The manager disappeared (killed, power lost) while it ran.
    Lost,
}

/// The metrics of a report as JSON text, parsed only when asked for: most readers want the first objective only.
/// The history shares the text with the event.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricsJson(Arc<str>);

impl MetricsJson {
    /// The canonical text of these metrics.
    pub fn new(metrics: &BTreeMap<String, MetricValue>) -> MetricsJson {
        // A map of strings to plain numbers always has a JSON form.
        MetricsJson(serde_json::to_string(metrics).unwrap_or_default().into())
    }

    pub(crate) fn from_text(text: &str) -> MetricsJson {
        MetricsJson(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The metrics. Text that was damaged outside seqtune gives none.
    pub fn parse(&self) -> BTreeMap<String, MetricValue> {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

impl Serialize for MetricsJson {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.parse().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for MetricsJson {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::<String, MetricValue>::deserialize(deserializer).map(|metrics| MetricsJson::new(&metrics))
    }
}
