//! A bandit over families of points: which branch of the space the next trial is of, before where in it.
//!
//! The choices of one parameter are the arms. A rule of [`crate::bandit`] chooses one by the losses of its trials, and
//! another sampler searches within it, as if that branch were the whole space and its trials the whole history. So each
//! branch gets a model of its own, which is right where branches share little: another kind of model, another optimizer.
//!
//! With several objectives arms are compared by all losses as one (`scalar`), and each is searched for the Pareto set.

mod arms;

use seqtune_space::{Params, SearchSpace, Value};

use self::arms::{arm_parameter, pulls};
use super::exhausted::Left;
use super::observation::observations;
use super::reason::value_of;
use super::scalar::weighed;
use super::{Arm, BanditReason, Reason, SampleError, Sampler, Suggestion, sampler_of};
use crate::bandit::{Pulls, Rule};
use crate::order::View;
use crate::seed::rng_of;
use crate::spec::ArmSampler;

/// Chooses an arm, then a point within it. Where the arms are the points themselves, a pull is a replicate, and points are
/// tried again and again.
pub struct Bandit {
    arm: Option<String>,
    rule: Rule,
    inner: Box<dyn Sampler>,
    plain: bool,
}

impl Bandit {
    /// Points of the largest space whose points can be the arms.
    pub const POINTS: u64 = 64;

    /// Over the choices of the parameter `arm`, or else of the one on which most others hang; over the points themselves
    /// where it is `plain`.
    pub fn new(arm: Option<String>, rule: Rule, inner: ArmSampler, plain: bool) -> Bandit {
        Bandit { arm, rule, inner: sampler_of(&inner.whole()), plain }
    }

    /// Whether there are arms in a space, and each can be searched.
    ///
    /// # Errors
    /// [`SampleError::NoArms`], [`SampleError::TooMany`].
    pub fn takes(space: &SearchSpace, arm: Option<&str>, inner: ArmSampler, plain: bool) -> Result<(), SampleError> {
        if plain {
            return points(space).map(|_| ());
        }
        let (name, choices) = arm_parameter(space, arm)?;
        let parts = choices.iter().filter_map(|choice| space.restricted(name, choice));
        parts.into_iter().try_for_each(|part| inner.whole().takes(&part))
    }

    /// What such a bandit has left.
    pub(super) fn left(
        space: &SearchSpace,
        view: &View<'_>,
        arm: Option<&str>,
        inner: ArmSampler,
        plain: bool,
    ) -> Left {
        if plain {
            // Points are tried again and again.
            return if points(space).is_ok_and(|points| points.is_empty()) {
                Left::Nothing { points: 0 }
            } else {
                Left::Something
            };
        }
        let Ok((name, choices)) = arm_parameter(space, arm) else { return Left::Something };
        let of_arm = |choice| {
            let part = space.restricted(name, choice)?;
            Some(inner.whole().left(&part, &view.within(name, choice)))
        };
        let arms: Vec<Left> = choices.iter().filter_map(of_arm).collect();
        if arms.contains(&Left::Something) {
            return Left::Something;
        }
        let tried = arms.iter().map(|arm| if let Left::Nothing { points } = arm { *points } else { 0 }).sum();
        // Where nothing was tried it may be that no point satisfies the constraints, which is another error.
        match arms.contains(&Left::Perhaps) {
            true if tried > 0 => Left::Perhaps,
            true => Left::Something,
            false => Left::Nothing { points: tried },
        }
    }

    /// The next point where all points are arms.
    fn pull(&self, space: &SearchSpace, view: &View<'_>, seed: u64) -> Result<Suggestion, SampleError> {
        let mut points = points(space)?;
        if points.is_empty() {
            return Err(SampleError::Exhausted { points: 0 });
        }
        let keys: Vec<String> = points.iter().map(Params::key).collect();
        let of = |trial: &crate::history::Trial| keys.iter().position(|key| *key == trial.config_key);
        let pulls = pulls(points.len(), &weighed(&observations(view), seed), |one| of(one.trial));
        let chosen = self.rule.choose(&pulls, &mut rng_of(seed, 0, "bandit"));
        let arms = points.iter().zip(&pulls).map(|(point, pulls)| arm(view, point.to_string(), pulls)).collect();
        Ok(Suggestion::new(points.swap_remove(chosen), self.reason(None, chosen, arms, None)))
    }

    fn reason(&self, parameter: Option<&str>, chosen: usize, arms: Vec<Arm>, within: Option<Reason>) -> Reason {
        Reason::Bandit(BanditReason {
            rule: self.rule.name(),
            parameter: parameter.map(str::to_owned),
            chosen: chosen as u64,
            arms,
            within: within.map(Box::new),
        })
    }
}

/// What is known of an arm, as values of the study's objective; with several, whose losses are weighed, without values.
fn arm(view: &View<'_>, name: String, pulls: &Pulls) -> Arm {
    let rewards: &[f64] = if view.history().spec.objectives.len() == 1 { &pulls.rewards } else { &[] };
    let value = |reward: f64| value_of(view, 0, -reward);
    Arm {
        name,
        trials: pulls.count() as u64,
        mean: (!rewards.is_empty()).then(|| value(rewards.iter().sum::<f64>() / rewards.len() as f64)),
        best: rewards.iter().copied().reduce(f64::max).map(value),
    }
}

impl Sampler for Bandit {
    fn suggest(&self, space: &SearchSpace, view: &View<'_>, seed: u64) -> Result<Suggestion, SampleError> {
        if self.plain {
            return self.pull(space, view, seed);
        }
        let (name, choices) = arm_parameter(space, self.arm.as_deref())?;
        let of = |params: &Params| choices.iter().position(|choice| params.get(name) == Some(choice));
        let mut pulls = pulls(choices.len(), &weighed(&observations(view), seed), |one| of(one.params));
        let arms = |pulls: &[Pulls]| -> Vec<Arm> {
            choices.iter().zip(pulls).map(|(choice, pulls)| arm(view, choice.to_string(), pulls)).collect()
        };
        let known = arms(&pulls);
        let mut open: Vec<(usize, &Value)> = choices.iter().enumerate().collect();
        let mut rng = rng_of(seed, 0, "bandit");
        // Where all arms have nothing left, so has the space; of an arm that no point satisfies there is nothing to try.
        let (mut tried, mut infeasible) = (0, None);
        while !open.is_empty() {
            let chosen = self.rule.choose(&pulls, &mut rng);
            let (number, choice) = open.remove(chosen);
            pulls.remove(chosen);
            let Some(part) = space.restricted(name, choice) else { continue };
            match self.inner.suggest(&part, &view.within(name, choice), seed) {
                Err(SampleError::Exhausted { points }) => tried += points,
                Err(error @ SampleError::Infeasible { .. }) => infeasible = Some(error),
                suggested => {
                    return suggested.map(|Suggestion { params, reason }| {
                        Suggestion::new(params, self.reason(Some(name), number, known, Some(reason)))
                    });
                }
            }
        }
        Err(infeasible.filter(|_| tried == 0).unwrap_or(SampleError::Exhausted { points: tried }))
    }

    /// Of each point what the sampler says that searches its arm.
    fn said_of(&self, space: &SearchSpace, view: &View<'_>, seed: u64, points: &[Params]) -> Vec<Option<Reason>> {
        let mut said = vec![None; points.len()];
        let arms = if self.plain { None } else { arm_parameter(space, self.arm.as_deref()).ok() };
        let Some((name, choices)) = arms else { return said };
        for choice in choices {
            let own: Vec<usize> = (0..points.len()).filter(|at| points[*at].get(name) == Some(choice)).collect();
            let Some(part) = space.restricted(name, choice).filter(|_| !own.is_empty()) else { continue };
            let of_arm: Vec<Params> = own.iter().map(|at| points[*at].clone()).collect();
            let within = self.inner.said_of(&part, &view.within(name, choice), seed, &of_arm);
            own.into_iter().zip(within).for_each(|(at, within)| said[at] = within);
        }
        said
    }
}

/// The points of a small space.
fn points(space: &SearchSpace) -> Result<Vec<Params>, SampleError> {
    space.points(Bandit::POINTS).ok_or(SampleError::TooMany { limit: Bandit::POINTS })
}

#[cfg(test)]
mod tests;
