//! How a study says which trials it stops early.

use serde::{Deserialize, Serialize};

/// Which trials are stopped early.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum PrunerSpec {
    /// Every trial trains all its steps.
    #[default]
    None,
    /// Stops what is worse than the median of completed trials at the same step.
    Median {
        /// Trials that must have completed before any is stopped.
        #[serde(default = "startup_trials")]
        startup_trials: u64,
        /// The first step that is decided about.
        #[serde(default = "one")]
        min_step: u64,
        /// Steps from one decision to the next.
        #[serde(default = "one")]
        every: u64,
    },
    /// Stops what is not among the best of completed trials at the same step.
    Percentile {
        /// How many of a hundred go on.
        percentile: f64,
        /// Trials that must have completed before any is stopped.
        #[serde(default = "startup_trials")]
        startup_trials: u64,
        /// The first step that is decided about.
        #[serde(default = "one")]
        min_step: u64,
        /// Steps from one decision to the next.
        #[serde(default = "one")]
        every: u64,
    },
    /// Stops what leaves given bounds. At least one is given.
    Threshold {
        /// The largest value that goes on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_most: Option<f64>,
        /// The smallest value that goes on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_least: Option<f64>,
        /// The first step that is decided about.
        #[serde(default = "one")]
        min_step: u64,
    },
    /// Stops what another pruner would stop, or any trial where none is given, only once it has not improved for some steps.
    Patient {
        /// Steps without improvement.
        patience: u64,
        /// What counts as an improvement: more than this.
        #[serde(default)]
        min_delta: f64,
        /// The other pruner.
        #[serde(default)]
        inner: Box<PrunerSpec>,
    },
    /// Asynchronous successive halving: at each rung only the best go on.
    Asha {
        /// The first rung.
        #[serde(default = "one")]
        min_step: u64,
        /// Steps of a whole trial; the study's own where it has them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_step: Option<u64>,
        /// From one rung to the next; of as many one goes on.
        #[serde(default = "factor")]
        factor: u64,
    },
    /// Successive halving from several first rungs, one for each bracket of trials.
    Hyperband {
        /// The first rung of the first bracket.
        #[serde(default = "one")]
        min_step: u64,
        /// Steps of a whole trial; the study's own where it has them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_step: Option<u64>,
        /// From one rung to the next; of as many one goes on.
        #[serde(default = "factor")]
        factor: u64,
    },
    /// Stops what is worse than the best trial in most parts (folds, seeds) of the metric, by a signed-rank test.
    Wilcoxon {
        /// How likely such parts may be where the trial is as good as the best one.
        #[serde(default = "significance")]
        p: f64,
        /// The first step that is decided about.
        #[serde(default = "one")]
        min_step: u64,
    },
    /// Stops at a rung what is not among the best and, as curves of completed trials go, has next to no chance to become the best.
    Curve {
        /// The chance below which a trial is stopped.
        #[serde(default = "chance")]
        chance: f64,
        /// Steps of a whole trial; the study's own where it has them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_step: Option<u64>,
        /// From one rung to the next; of as many one goes on in any case.
        #[serde(default = "factor")]
        factor: u64,
    },
}

impl PrunerSpec {
    /// Names that a study file may use.
    pub const NAMES: [&'static str; 9] =
        ["none", "median", "percentile", "threshold", "patient", "asha", "hyperband", "wilcoxon", "curve"];

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            PrunerSpec::None => "none",
            PrunerSpec::Median { .. } => "median",
            PrunerSpec::Percentile { .. } => "percentile",
            PrunerSpec::Threshold { .. } => "threshold",
            PrunerSpec::Patient { .. } => "patient",
            PrunerSpec::Asha { .. } => "asha",
            PrunerSpec::Hyperband { .. } => "hyperband",
            PrunerSpec::Wilcoxon { .. } => "wilcoxon",
            PrunerSpec::Curve { .. } => "curve",
        }
    }

    /// The pruner with its usual options, by its name; `None` where there is no such pruner, or one of its options has no
    /// usual value.
    pub fn named(name: &str) -> Option<PrunerSpec> {
        serde_json::from_value(serde_json::json!({ "type": name })).ok()
    }

    /// Steps of a whole trial, where the pruner says so itself.
    pub fn max_step(&self) -> Option<u64> {
        match self {
            PrunerSpec::Asha { max_step, .. }
            | PrunerSpec::Hyperband { max_step, .. }
            | PrunerSpec::Curve { max_step, .. } => *max_step,
            PrunerSpec::Patient { inner, .. } => inner.max_step(),
            _ => None,
        }
    }

    /// Whether it cannot do without knowing the steps of a whole trial.
    pub fn needs_max_step(&self) -> bool {
        match self {
            PrunerSpec::Hyperband { .. } | PrunerSpec::Curve { .. } => true,
            PrunerSpec::Patient { inner, .. } => inner.needs_max_step(),
            _ => false,
        }
    }

    /// Checks that its numbers make sense.
    ///
    /// # Errors
    /// The first option that does not, and what it must be.
    pub fn check(&self) -> Result<(), (&'static str, &'static str)> {
        let step = |step: u64| if step == 0 { Err(("min_step", "at least 1: steps count from 1")) } else { Ok(()) };
        let rungs = |min_step: u64, max_step: Option<u64>, factor: u64| {
            step(min_step)?;
            match (max_step, factor) {
                (_, 0..=1) => Err(("factor", "at least 2")),
                (Some(max), _) if max <= min_step => Err(("max_step", "above the first rung")),
                _ => Ok(()),
            }
        };
        match self {
            PrunerSpec::None => Ok(()),
            PrunerSpec::Percentile { percentile, .. } if !(*percentile > 0.0 && *percentile < 100.0) => {
                Err(("percentile", "a number between 0 and 100"))
            }
            PrunerSpec::Median { min_step, every, .. } | PrunerSpec::Percentile { min_step, every, .. } => {
                if *every == 0 { Err(("every", "at least 1")) } else { step(*min_step) }
            }
            PrunerSpec::Threshold { at_most, at_least, min_step } => match (at_most, at_least) {
                (None, None) => Err(("at_most", "given, or `at_least`: a threshold has at least one bound")),
                (Some(high), Some(low)) if low >= high => Err(("at_least", "below `at_most`")),
                _ => step(*min_step),
            },
            PrunerSpec::Patient { patience: 0, .. } => Err(("patience", "at least 1")),
            PrunerSpec::Patient { min_delta, .. } if min_delta.is_nan() || *min_delta < 0.0 => {
                Err(("min_delta", "0 or more"))
            }
            PrunerSpec::Patient { inner, .. } if matches!(**inner, PrunerSpec::Patient { .. }) => {
                Err(("inner", "another kind of pruner"))
            }
            PrunerSpec::Patient { inner, .. } => inner.check(),
            PrunerSpec::Asha { min_step, max_step, factor } | PrunerSpec::Hyperband { min_step, max_step, factor } => {
                rungs(*min_step, *max_step, *factor)
            }
            PrunerSpec::Wilcoxon { p, min_step } => {
                if *p > 0.0 && *p < 0.5 {
                    step(*min_step)
                } else {
                    Err(("p", "a number between 0 and 0.5"))
                }
            }
            PrunerSpec::Curve { chance, .. } if !(*chance > 0.0 && *chance < 1.0) => {
                Err(("chance", "a number between 0 and 1"))
            }
            PrunerSpec::Curve { max_step, factor, .. } => rungs(1, *max_step, *factor),
        }
    }
}

fn one() -> u64 {
    1
}

fn startup_trials() -> u64 {
    5
}

fn factor() -> u64 {
    3
}

fn significance() -> f64 {
    0.1
}

fn chance() -> f64 {
    0.05
}
