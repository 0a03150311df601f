//! The protocol between the study and a worker, version 1: one JSON object a line, at most [`MAX_LINE_BYTES`].
//!
//! Unknown fields are ignored, unknown types refused. A worker trains one trial at a time and is kept for many.
//!
//! ```text
//! < {"type":"ready","protocol":1,"can":["prepare","checkpoint"],"info":{...}}
//! > {"type":"prepare","data":{...},"cache":"..."}
//! < {"type":"prepared","digest":"...","summary":{...}}
//! > {"type":"run","trial":7,"attempt":0,"params":{"lr":0.001},"seed":1,"study_seed":9,"device":"cpu","steps":50,
//!    "checkpoint":{"every":5,"dir":"...","from":null}}
//! < {"type":"progress","trial":7,"update":120,"of":900}
//! < {"type":"report","trial":7,"step":1,"metrics":{"valid/loss":0.5},"checkpoint":null}
//! > {"type":"verdict","trial":7,"verdict":"continue"}
//! < {"type":"completed","trial":7}
//! ```
//!
//! The worker saves before it reports, so that a report and its checkpoint enter the log together. The verdict is sent
//! only after the commit: what a worker believes is in the log. End of input means quit.

use std::collections::BTreeMap;
use std::path::PathBuf;

use seqtune_space::Params;
use serde::{Deserialize, Serialize};

use crate::error::FailureCause;
use crate::family::{Applied, Apply, DataSpec, FamilyInfo};
use crate::metric::MetricValue;

mod line;

pub use line::{LineError, LineReader, write_line};

/// The version this crate speaks.
pub const PROTOCOL_VERSION: u32 = 1;

/// The longest line either side may send.
pub const MAX_LINE_BYTES: usize = 16 << 20;

/// From the study to the worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToWorker {
    /// Read or generate the data; answered by `prepared` or `failed`. Must come before the first `run`.
    Prepare {
        /// The `[data]` table and where to look for it.
        data: DataSpec,
        /// Directory shared by studies for what is expensive to make.
        cache: PathBuf,
    },
    /// Train one trial; answered by reports and one end.
    Run(Run),
    /// The answer to a report.
    Verdict {
        /// The trial that reported.
        trial: u64,
        /// Whether it goes on.
        verdict: Verdict,
        /// Why it stops.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Leave the unfinished step; the last checkpoint stands. Answered by `failed` with cause `interrupted`.
    Interrupt,
    /// Apply a finished trial; answered by `applied` or `failed`.
    Apply {
        /// What to do.
        #[serde(flatten)]
        what: Apply,
        /// Its checkpoint directory.
        checkpoint: PathBuf,
    },
}

/// One attempt at one trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Number of the trial.
    pub trial: u64,
    /// Attempt, from 0.
    #[serde(default)]
    pub attempt: u32,
    /// The point.
    pub params: Params,
    /// Seeds the training.
    pub seed: u64,
    /// Seeds the folds.
    pub study_seed: u64,
    /// `auto`, `cpu`, `cuda:0`.
    pub device: String,
    /// Steps of the whole trial.
    pub steps: u64,
    /// When and where to save; absent where the trial keeps nothing.
    #[serde(default)]
    pub checkpoint: Option<CheckpointPlan>,
}

/// When and where a worker saves, and what it goes on from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckpointPlan {
    /// Save at every multiple of this many steps, and at the last step.
    pub every: u64,
    /// Directory of the trial's checkpoints.
    pub dir: PathBuf,
    /// Where to go on from.
    #[serde(default)]
    pub from: Option<ResumeFrom>,
}

/// A checkpoint to go on from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResumeFrom {
    /// Its directory.
    pub path: PathBuf,
    /// The step it was saved at; training goes on with the next.
    pub step: u64,
}

/// Whether a trial goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Train the next step.
    Continue,
    /// Stop here.
    Stop,
}

/// From the worker to the study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromWorker {
    /// The first line.
    Ready {
        /// [`PROTOCOL_VERSION`] of the worker.
        protocol: u32,
        /// What it can do: `prepare`, `checkpoint`, `apply`.
        can: Vec<String>,
        /// The family it serves.
        info: Box<FamilyInfo>,
        /// Build and machine, for the log: library versions, device.
        #[serde(default)]
        build: BTreeMap<String, String>,
    },
    /// The data is ready.
    Prepared {
        /// Identity of the data.
        digest: String,
        /// What people want to know of it.
        summary: BTreeMap<String, serde_json::Value>,
    },
    /// A sign of life.
    Progress {
        /// The trial.
        trial: u64,
        /// Updates done in this step.
        update: u64,
        /// Updates of the step.
        of: u64,
    },
    /// One step is done; the worker waits for the verdict.
    Report(StepReport),
    /// All steps are done.
    Completed {
        /// The trial.
        trial: u64,
    },
    /// The trial, or a request without a trial, failed. The worker stays usable.
    Failed {
        /// The trial, where there is one.
        #[serde(default)]
        trial: Option<u64>,
        /// Why.
        cause: FailureCause,
        /// One sentence.
        message: String,
    },
    /// A file that belongs to the trial.
    Artifact {
        /// The trial.
        trial: u64,
        /// What it is: `embedding`, `confusion`.
        kind: String,
        /// Where it lies.
        path: PathBuf,
    },
    /// The answer to `apply`.
    Applied(Applied),
}

/// One step's metrics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// The trial.
    pub trial: u64,
    /// The step, from 1.
    pub step: u64,
    /// By name. Not finite is `null`.
    pub metrics: BTreeMap<String, MetricValue>,
    /// The checkpoint saved at this step.
    #[serde(default)]
    pub checkpoint: Option<Saved>,
}

/// A checkpoint that lies on disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// Its directory.
    pub path: PathBuf,
    /// [`crate::directory_digest`] of it.
    pub sha256: String,
}
