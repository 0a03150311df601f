//! What a study is: the resolved specification, frozen when it is created, and the settings that may change.

use seqtune_plugin::{Direction, FamilyInfo};
use seqtune_space::{Params, SearchSpace};
use serde::{Deserialize, Serialize};

use crate::bandit::Rule;
use crate::pruner::PrunerSpec;

/// Everything a decision may depend on. Written into the log once, complete: defaults filled in, the space copied in,
/// the data known by its digest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudySpec {
    /// Name of the study.
    pub name: String,
    /// Which program trains it.
    pub family: FamilyChoice,
    /// The family as it described itself.
    pub info: FamilyInfo,
    /// The `[data]` table.
    pub data: serde_json::Map<String, serde_json::Value>,
    /// Identity of the data.
    pub data_digest: String,
    /// What is optimised; the first objective is the one that reports are sorted by.
    pub objectives: Vec<Objective>,
    /// What a trial's metrics must satisfy to count as good.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outcome_constraints: Vec<OutcomeConstraint>,
    /// What one trial is.
    pub trial: TrialSpec,
    /// Seeds everything.
    pub seed: u64,
    /// What a decision may see.
    pub order: Order,
    /// Fixed order: how many trials may be under way at once.
    pub window: u64,
    /// What is searched. In a [`History`](crate::History) it is the newest version of the space.
    pub space: SearchSpace,
    /// How points are chosen.
    pub sampler: SamplerSpec,
    /// Which trials are stopped early.
    #[serde(default)]
    pub pruner: PrunerSpec,
    /// Whether leading configurations are measured again during the search, and how often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicates: Option<ReplicateSpec>,
    /// Points to try first, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enqueue: Vec<Params>,
}

impl StudySpec {
    /// Whether another program asks for the trials, evaluates them, and tells; it also decides whether to follow a verdict.
    pub fn is_asked(&self) -> bool {
        self.family == FamilyChoice::Name(ASK_TELL.to_owned())
    }

    /// The first objective.
    pub fn objective(&self) -> &Objective {
        &self.objectives[0]
    }

    /// All parameters of a point as the family receives them: the searched ones, and the defaults of the rest.
    ///
    /// # Errors
    /// Where the point breaks the family's hard limits.
    pub fn complete(&self, params: &Params) -> Result<Params, seqtune_space::SpaceError> {
        self.info.parameters.complete(params)
    }
}

/// The name that stands in place of a family where another program evaluates the trials.
pub const ASK_TELL: &str = "ask-tell";

/// How the worker of a family is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FamilyChoice {
    /// A family of this project, by name.
    Name(String),
    /// A program that speaks the worker protocol.
    Command {
        /// Program and arguments.
        command: Vec<String>,
    },
}

impl std::fmt::Display for FamilyChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FamilyChoice::Name(name) => write!(f, "{name}"),
            FamilyChoice::Command { command } => write!(f, "{}", command.join(" ")),
        }
    }
}

/// One objective: a metric, which way is better, and how a trial's steps become one value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objective {
    /// Metric of the family, on a validation split.
    pub metric: String,
    /// Which way is better.
    pub direction: Direction,
    /// How the steps of a trial become one value.
    #[serde(default)]
    pub reduce: Reduce,
}

/// How the steps of a trial become one value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reduce {
    /// The last step's.
    #[default]
    Last,
    /// The best step's.
    Best,
}

/// What a metric must satisfy: a bound that is measured, where a constraint of the space is known beforehand. One of the
/// two bounds is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutcomeConstraint {
    /// Metric of the family.
    pub metric: String,
    /// The largest value that satisfies it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// The smallest value that satisfies it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
}

impl std::fmt::Display for OutcomeConstraint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (word, bound) = match (self.at_most, self.at_least) {
            (None, Some(bound)) => ("at least", bound),
            (bound, _) => ("at most", bound.unwrap_or(f64::INFINITY)),
        };
        write!(f, "{} {word} {bound}", self.metric)
    }
}

impl OutcomeConstraint {
    /// By how much a value of the metric breaks the bound; satisfied where it is 0 or less.
    pub fn violation(&self, value: f64) -> f64 {
        match (self.at_most, self.at_least) {
            (Some(high), _) => value - high,
            (None, Some(low)) => low - value,
            // A history refuses to begin with such a one.
            (None, None) => f64::NEG_INFINITY,
        }
    }
}

/// What one trial is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialSpec {
    /// Steps of a complete trial; 0 where nobody knows, and whoever trains it says when it is done.
    pub steps: u64,
    /// Save at every multiple of this many steps, and at the last.
    pub checkpoint_every: u64,
    /// Wall-clock limit of one attempt, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_limit_secs: Option<f64>,
    /// How long a worker may be silent, in seconds.
    pub stall_limit_secs: f64,
    /// How many crashes of one trial are retried.
    pub retries: u32,
}

/// What the decision about trial n may see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// The results of trials `<= n - window`, and the parameters of those after: the table of trials does not depend
    /// on how many workers there are or who finishes first.
    #[default]
    Fixed,
    /// All that is committed.
    Eager,
}

/// How points are chosen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum SamplerSpec {
    /// Whichever of the others is best for a history of its size: a Gaussian process, later a Parzen estimator.
    #[default]
    Auto,
    /// Independent uniform draws.
    Random,
    /// A scrambled Sobol sequence: fills the space evenly.
    Sobol,
    /// All points of a finite space, one after the other.
    Grid,
    /// A tree-structured Parzen estimator: learns where good trials lie.
    Tpe,
    /// A Gaussian process: learns how good each point is, and how sure that is.
    Gp,
    /// An evolution strategy: moves a distribution to where good trials lie, and shapes it as they lie.
    CmaEs,
    /// A genetic algorithm: breeds trials from good ones, of several objectives above all.
    Nsga2,
    /// A bandit over the choices of one parameter, with a search of its own within each choice.
    Bandit {
        /// The parameter whose choices are the arms; by default the one on which most others hang.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arm: Option<String>,
        /// How an arm is chosen.
        #[serde(default)]
        rule: Rule,
        /// The sampler within each arm.
        #[serde(default)]
        inner: ArmSampler,
        /// The arms are the points of a small space instead, and their pulls are replicates: the same point with other
        /// seeds.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        plain: bool,
    },
}

/// The sampler within each arm of a bandit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArmSampler {
    /// [`SamplerSpec::Auto`].
    #[default]
    Auto,
    /// [`SamplerSpec::Random`].
    Random,
    /// [`SamplerSpec::Sobol`].
    Sobol,
    /// [`SamplerSpec::Grid`].
    Grid,
    /// [`SamplerSpec::Tpe`].
    Tpe,
    /// [`SamplerSpec::Gp`].
    Gp,
    /// [`SamplerSpec::CmaEs`].
    CmaEs,
    /// [`SamplerSpec::Nsga2`].
    Nsga2,
}

impl ArmSampler {
    /// All of them, by the names that a study file uses.
    pub const ALL: [(&'static str, ArmSampler); 8] = [
        ("auto", ArmSampler::Auto),
        ("random", ArmSampler::Random),
        ("sobol", ArmSampler::Sobol),
        ("grid", ArmSampler::Grid),
        ("tpe", ArmSampler::Tpe),
        ("gp", ArmSampler::Gp),
        ("cmaes", ArmSampler::CmaEs),
        ("nsga2", ArmSampler::Nsga2),
    ];

    /// The sampler for a whole space.
    pub(crate) fn whole(self) -> SamplerSpec {
        match self {
            ArmSampler::Auto => SamplerSpec::Auto,
            ArmSampler::Random => SamplerSpec::Random,
            ArmSampler::Sobol => SamplerSpec::Sobol,
            ArmSampler::Grid => SamplerSpec::Grid,
            ArmSampler::Tpe => SamplerSpec::Tpe,
            ArmSampler::Gp => SamplerSpec::Gp,
            ArmSampler::CmaEs => SamplerSpec::CmaEs,
            ArmSampler::Nsga2 => SamplerSpec::Nsga2,
        }
    }
}

impl SamplerSpec {
    /// Names that a study file may use.
    pub const NAMES: [&'static str; 9] = ["auto", "random", "sobol", "grid", "tpe", "gp", "cmaes", "nsga2", "bandit"];

    /// Whether it tries the same point again on purpose, as another replicate.
    pub fn repeats(&self) -> bool {
        matches!(self, SamplerSpec::Bandit { plain: true, .. })
    }
}

/// Extra seeds for leading configurations during the search: while the leader is less likely than not to be the best of the
/// leading five, the likeliest of them is trained again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplicateSpec {
    /// Seeds of one configuration at most, the first included.
    pub seeds: u64,
    /// The share of all trials that are extra seeds, at most.
    pub share: f64,
}

impl Default for ReplicateSpec {
    fn default() -> Self {
        ReplicateSpec { seeds: 3, share: 0.125 }
    }
}

/// What may change while the study lives. Each change is an event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// When the study ends.
    pub budget: Budget,
    /// How it is trained.
    pub workers: WorkerSettings,
}

/// The budget of the study, over all processes and restarts. What is absent does not limit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Trials started, whatever their end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trials: Option<u64>,
    /// Hours a manager was alive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<f64>,
    /// Hours in which devices were training, added up over the devices; several workers on one device share it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_hours: Option<f64>,
    /// Finished trials in number order without improvement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<u64>,
}

/// How trials are trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerSettings {
    /// Workers at once.
    #[serde(default = "one")]
    pub count: u64,
    /// `auto`, `cpu`, `cuda` (all GPUs), `cuda:0`, or several with commas between, which workers take in turn.
    #[serde(default = "auto")]
    pub device: String,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        WorkerSettings { count: one(), device: auto() }
    }
}

fn one() -> u64 {
    1
}

fn auto() -> String {
    "auto".to_owned()
}
