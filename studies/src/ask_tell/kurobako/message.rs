//! The messages of kurobako's protocol for external solvers, as in `kurobako_core` 0.1 (`epi::solver::SolverMessage`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// From kurobako.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum FromKurobako {
    CreateSolverCast {
        solver_id: u64,
        random_seed: u64,
        /// Read apart: a problem that cannot be read has to be answered for at the first call.
        problem: serde_json::Value,
    },
    DropSolverCast {
        solver_id: u64,
    },
    AskCall {
        solver_id: u64,
        next_trial_id: u64,
    },
    TellCall {
        solver_id: u64,
        trial: EvaluatedTrial,
    },
}

/// To kurobako.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum ToKurobako {
    SolverSpecCast { spec: SolverSpec },
    AskReply { trial: NextTrial, next_trial_id: u64 },
    TellReply,
    ErrorReply { kind: ErrorKind, message: String },
}

#[derive(Debug, Serialize)]
pub(super) struct SolverSpec {
    pub(super) name: String,
    pub(super) attrs: BTreeMap<&'static str, String>,
    pub(super) capabilities: [&'static str; 8],
}

/// All there are: kurobako asks for none that it does not know.
pub(super) const CAPABILITIES: [&str; 8] = [
    "UNIFORM_CONTINUOUS",
    "UNIFORM_DISCRETE",
    "LOG_UNIFORM_CONTINUOUS",
    "LOG_UNIFORM_DISCRETE",
    "CATEGORICAL",
    "CONDITIONAL",
    "MULTI_OBJECTIVE",
    "CONCURRENT",
];

#[derive(Debug, Serialize)]
pub(super) struct NextTrial {
    pub(super) id: u64,
    /// In the order of the variables; `null`, which kurobako reads as NaN, where one does not exist.
    pub(super) params: Vec<Option<f64>>,
    /// Up to which step it is to be evaluated.
    pub(super) next_step: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct EvaluatedTrial {
    pub(super) id: u64,
    /// Empty where the parameters cannot be evaluated.
    pub(super) values: Vec<Option<f64>>,
    pub(super) current_step: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum ErrorKind {
    InvalidInput,
    Incapable,
    Other,
}

#[derive(Debug, Deserialize)]
pub(super) struct ProblemSpec {
    pub(super) params_domain: Vec<Variable>,
    pub(super) values_domain: Vec<serde::de::IgnoredAny>,
    pub(super) steps: Steps,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Steps {
    Max(u64),
    Listed(Vec<u64>),
}

impl Steps {
    /// The step at which a trial is complete.
    pub(super) fn last(&self) -> u64 {
        match self {
            Steps::Max(last) => *last,
            Steps::Listed(steps) => steps.last().copied().unwrap_or(1),
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) range: Range,
    pub(super) distribution: Distribution,
    #[serde(default)]
    pub(super) constraint: Option<Constraint>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Distribution {
    Uniform,
    LogUniform,
}

/// `low` is included, `high` is not; a bound that is missing is infinite.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Range {
    Continuous { low: Option<f64>, high: Option<f64> },
    Discrete { low: i64, high: i64 },
    Categorical { choices: Vec<String> },
}

/// When a variable exists: kurobako writes an object, its Python package the script alone.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Constraint {
    Script { lua_script: String },
    Bare(String),
}

impl Constraint {
    pub(super) fn script(&self) -> &str {
        match self {
            Constraint::Script { lua_script } => lua_script,
            Constraint::Bare(script) => script,
        }
    }
}
