//! How much each parameter matters.

mod fanova;
mod ped_anova;
#[cfg(test)]
mod tests;

use seqtune_core::{Objective, TrialState};
use seqtune_plugin::Direction;
use seqtune_space::{Params, SearchSpace};

use crate::snapshot::Snapshot;
use crate::surrogate::Surrogate;

/// How importance is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// fANOVA: how much of the variance of the value over the space is due to the parameter alone, and to pairs of parameters.
    Fanova,
    /// PED-ANOVA: how differently the parameter is distributed among the best trials.
    PedAnova(PedAnova),
}

/// What [`Method::PedAnova`] compares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PedAnova {
    /// Which way values are better.
    pub direction: Direction,
    /// The share of the trials that counts as the best.
    pub best: f64,
    /// The share of the trials, again the best, that these are compared with: 1 for all.
    pub among: f64,
}

impl PedAnova {
    /// The best tenth against all, as in Optuna.
    pub fn new(direction: Direction) -> PedAnova {
        PedAnova { direction, best: 0.1, among: 1.0 }
    }
}

/// How much the parameters of a study matter.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// The parameters with more than one value, the most important one first. A list counts as several: `len(widths)`, and
    /// `widths[0]` and so on.
    pub parameters: Vec<ParameterImportance>,
    /// The pairs of parameters whose interaction matters most, at most ten; none from PED-ANOVA.
    pub pairs: Vec<PairImportance>,
    /// The parameters that too few trials have for an answer.
    pub left_out: Vec<LeftOut>,
    /// How many trials this rests on.
    pub trials: usize,
    /// Out-of-bag R2 of the forest over all trials ([`Surrogate::r2`]): near 0 or below, the answer means nothing. `None` from
    /// PED-ANOVA, and where all values are the same.
    pub r2: Option<f64>,
}

/// How much one parameter matters.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterImportance {
    /// Its name.
    pub name: String,
    /// Its share, from 0 to 1.
    pub mean: f64,
    /// The share is above it with 97.5 %: over the trees of fANOVA, over bootstrap samples of the trials for PED-ANOVA.
    pub low: f64,
    /// The share is below it with 97.5 %.
    pub high: f64,
    /// How many trials have it.
    pub trials: usize,
    /// Out-of-bag R2 of the forest that its share comes from: over the trials that have it.
    pub r2: Option<f64>,
}

/// How much two parameters matter together, beyond what each does alone.
#[derive(Clone, Debug, PartialEq)]
pub struct PairImportance {
    /// Their names.
    pub names: [String; 2],
    /// The share of their interaction, from 0 to 1.
    pub mean: f64,
    /// As for one parameter.
    pub low: f64,
    /// As for one parameter.
    pub high: f64,
    /// How many trials have both.
    pub trials: usize,
}

/// A parameter of which nothing can be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name.
    pub name: String,
    /// How many trials have it.
    pub trials: usize,
}

/// There is no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ImportanceError {
    /// Too few trials.
    #[error("importance needs at least {needed} trials with a value, and there are {trials}")]
    TooFew {
        /// Trials with a finite value.
        trials: usize,
        /// Fewest that will do.
        needed: usize,
    },
    /// Too few trials of a parameter with a condition, or of two that exist together.
    #[error(
        "only {trials} trials have the parameter {name:?}, and an answer needs at least {needed} in which it exists"
    )]
    TooFewOf {
        /// The parameter.
        name: String,
        /// Trials that have it.
        trials: usize,
        /// Fewest that will do.
        needed: usize,
    },
    /// All parameters are fixed.
    #[error("the space has no parameter with more than one value")]
    NothingVaries,
    /// There is no such parameter, or it is fixed.
    #[error("there is no parameter {name:?} with more than one value")]
    Unknown {
        /// The name as given.
        name: String,
    },
    /// The shares of [`PedAnova`] are no shares.
    #[error(
        "the best share of the trials, {best}, must be above 0 and below the share it is compared with, {among}, which is at most 1"
    )]
    Shares {
        /// As given.
        best: f64,
        /// As given.
        among: f64,
    },
}

/// How much each parameter matters to the values of these trials. Which trials, and which value of each, is for the caller to
/// choose; [`completed`] is the usual choice. Trials of one configuration with several seeds count as they are. Values that are
/// not finite are left out. The same seed gives the same answer, with any number of threads.
///
/// **fANOVA** (Hutter, Hoos, Leyton-Brown 2014) asks a random forest ([`Surrogate`]) for the variance of its mean over all
/// other parameters, divided by its whole variance: of each tree exactly, then the mean over the trees. A parameter with a
/// condition is measured **in the part of the space where it exists, by a forest over the trials that have it**
/// ([`ParameterImportance::trials`]): its share is of the variance there, not comparable to the share of a parameter that always
/// exists, and shares of different parts do not add up. Pairs are measured where both exist. The space is all of the unit cube:
/// what constraints leave out, or the order of a sorted list, is counted too. Trials of a sampler that has settled say little of
/// the rest of the space, and extreme values of a few trials make up most of a variance: look at R2.
///
/// **PED-ANOVA** (Watanabe, Bansal, Hutter 2023) compares the distribution of each parameter among the best trials with that
/// among all: Pearson's divergence of the two densities in closed form, as a share of the sum over the parameters. It needs no
/// forest and tells what leads to good values, where fANOVA tells what changes values anywhere. Of a parameter with a condition
/// it compares the trials that have it, weighed as in the conditional PED-ANOVA of Optuna 5. Interactions it does not see.
///
/// # Errors
/// [`ImportanceError`].
///
/// ```
/// use seqtune_plot::{Method, Snapshot, completed, importance};
///
/// let space = "x = { type = 'float', low = 0, high = 1 }\ny = { type = 'float', low = 0, high = 1 }";
/// let study = seqtune_core::testing::study(space).objective(|params| params.float("x").unwrap_or(0.0));
/// let snapshot = Snapshot::of(&study.trials(50).history());
///
/// let answer = importance(&snapshot.spec.space, &completed(&snapshot), Method::Fanova, 1)?;
/// assert_eq!(answer.parameters[0].name, "x");
/// assert!(answer.parameters[0].mean > 0.9 && answer.r2 > Some(0.9));
/// # Ok::<(), seqtune_plot::ImportanceError>(())
/// ```
pub fn importance(
    space: &SearchSpace,
    trials: &[(&Params, f64)],
    method: Method,
    seed: u64,
) -> Result<Importance, ImportanceError> {
    match method {
        Method::Fanova => Ok(Surrogate::fit(space, trials, seed)?.importance()),
        Method::PedAnova(question) => ped_anova::importance(space, trials, question, seed),
    }
}

/// The points and values of the completed trials.
pub fn completed(snapshot: &Snapshot) -> Vec<(&Params, f64)> {
    let completed = snapshot.trials.iter().filter(|row| row.state == TrialState::Completed);
    completed.filter_map(|row| Some((&row.params, row.value?))).collect()
}

/// As [`completed`], with the values under an objective that need not be the study's own.
pub fn completed_under<'a>(snapshot: &'a Snapshot, objective: &Objective) -> Vec<(&'a Params, f64)> {
    let completed = snapshot.trials.iter().filter(|row| row.state == TrialState::Completed);
    completed.filter_map(|row| Some((&row.params, row.value_under(objective)?))).collect()
}

/// Where a share of sorted numbers lies below, between neighbours in proportion.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let at = share * last as f64;
    let below = (at as usize).min(last);
    sorted[below] + (sorted[(below + 1).min(last)] - sorted[below]) * at.fract()
}

/// A share with the interval in which 95 % of its repetitions lie; 0 where there are none.
#[derive(Clone, Copy, Debug, Default)]
struct Interval {
    mean: f64,
    low: f64,
    high: f64,
}

impl Interval {
    fn of(mut repetitions: Vec<f64>) -> Interval {
        if repetitions.is_empty() {
            return Interval::default();
        }
        let mean = repetitions.iter().sum::<f64>() / repetitions.len() as f64;
        repetitions.sort_by(f64::total_cmp);
        Interval { mean, low: quantile(&repetitions, 0.025), high: quantile(&repetitions, 0.975) }
    }
}

/// The most important one first; where two are equal, in the order of the space.
fn ranked(mut parameters: Vec<ParameterImportance>) -> Vec<ParameterImportance> {
    parameters.sort_by(|a, b| b.mean.total_cmp(&a.mean));
    parameters
}
