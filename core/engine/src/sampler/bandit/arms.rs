//! Which parameter's choices are the arms, and what the trials say of each.

use seqtune_space::{Domain, Parameter, SearchSpace, Value};

use super::super::SampleError;
use super::super::observation::{Observation, Outcome};
use crate::bandit::Pulls;

/// The parameter whose choices are the arms, and these: the one of this name, or else of those that always exist the one on
/// which most others hang, the first of equals. A parameter that does not always exist has no arm for the rest of the
/// space.
pub(super) fn arm_parameter<'a>(
    space: &'a SearchSpace,
    name: Option<&str>,
) -> Result<(&'a str, &'a [Value]), SampleError> {
    let no_arms = |message: String| Err(SampleError::NoArms(message));
    if let Some(name) = name {
        let Some(parameter) = space.get(name) else {
            return no_arms(format!("there is no parameter `{name}`"));
        };
        let Domain::Categorical { choices } = &parameter.domain else {
            return no_arms(format!("`{name}` is {}, and must be categorical", parameter.domain.describe()));
        };
        if !parameter.when.is_empty() {
            return no_arms(format!("`{name}` exists only when {}, and must always", parameter.when.in_words()));
        }
        return Ok((&parameter.name, choices));
    }
    let children = |parent: &Parameter| {
        space.parameters().iter().filter(|parameter| parameter.when.0.contains_key(&parent.name)).count()
    };
    let mut best: Option<(usize, &Parameter, &[Value])> = None;
    for parameter in space.parameters().iter().filter(|parameter| parameter.when.is_empty()) {
        let Domain::Categorical { choices } = &parameter.domain else { continue };
        let children = children(parameter);
        if best.is_none_or(|(most, ..)| children > most) {
            best = Some((children, parameter, choices));
        }
    }
    match best {
        Some((_, parameter, choices)) => Ok((&parameter.name, choices)),
        None => no_arms("the space has no categorical parameter that always exists".to_owned()),
    }
}

/// The pulls of so many arms; `arm` says which a trial is of.
///
/// A reward is a loss turned around. A pruned trial counts as no better than the worst that completed in its arm, and one
/// that failed by its point's own fault as the worst of all.
pub(super) fn pulls<'a>(
    count: usize,
    observations: &[Observation<'a>],
    arm: impl Fn(&Observation<'a>) -> Option<usize>,
) -> Vec<Pulls> {
    let mut pulls = vec![Pulls::default(); count];
    let (mut pruned, mut failed) = (Vec::new(), Vec::new());
    for one in observations {
        let Some(arm) = arm(one) else { continue };
        match one.told.outcome {
            Outcome::Completed { loss } => pulls[arm].rewards.push(-loss),
            Outcome::Pruned { loss, .. } => pruned.push((arm, -loss)),
            Outcome::Failed => failed.push(arm),
            Outcome::Pending => pulls[arm].pending += 1,
        }
    }
    let worst: Vec<f64> = pulls.iter().map(|arm| arm.rewards.iter().copied().fold(f64::INFINITY, f64::min)).collect();
    for (arm, reward) in pruned {
        pulls[arm].rewards.push(reward.min(worst[arm]));
    }
    // Where nothing else is known all of them are alike.
    let worst = pulls.iter().flat_map(|arm| &arm.rewards).copied().reduce(f64::min).unwrap_or_default();
    failed.into_iter().for_each(|arm| pulls[arm].rewards.push(worst));
    pulls
}

#[cfg(test)]
mod tests {
    use super::super::super::observation::observations;
    use super::*;
    use crate::order::View;
    use crate::testing::study;

    #[test]
    fn the_parameter_on_which_most_hang_has_the_arms() {
        let text = "c = { type = 'categorical', choices = ['x', 'y'] }\n\
                    m = { type = 'categorical', choices = ['a', 'b'] }\n\
                    k = { type = 'int', low = 1, high = 3, when = { m = 'a' } }\n\
                    s = { type = 'categorical', choices = [1, 2], when = { m = 'b' } }";
        let space: SearchSpace = toml::from_str(text).unwrap();
        let arm = |name| arm_parameter(&space, name).map(|(name, choices)| (name, choices.len()));
        assert_eq!(arm(None), Ok(("m", 2)));
        assert_eq!(arm(Some("c")), Ok(("c", 2)));
        let refused = |name| arm(Some(name)).unwrap_err().to_string();
        assert_eq!(refused("s"), "the sampler bandit has no arms: `s` exists only when `m` is \"b\", and must always");
        assert!(refused("k").contains("must be categorical"));
        assert!(refused("z").contains("there is no parameter `z`"));
    }

    #[test]
    fn what_was_pruned_is_no_better_than_what_completed_and_what_failed_is_the_worst() {
        let history = study("x = { type = 'int', low = 0, high = 7 }")
            .sampler("grid")
            .objective(|params| params.int("x").unwrap() as f64)
            .pruning(|params| params.int("x").unwrap() < 3)
            .failing(seqtune_plugin::FailureCause::Diverged, |params| params.int("x").unwrap() == 7)
            .trials(8)
            .history();
        let view = View::now(&history, 8);
        let pulls = pulls(2, &observations(&view), |one| Some((one.params.int("x").unwrap() % 2) as usize));
        let sorted = |arm: &Pulls| {
            let mut rewards = arm.rewards.clone();
            rewards.sort_by(f64::total_cmp);
            rewards
        };
        assert_eq!(sorted(&pulls[0]), [-6.0, -6.0, -6.0, -4.0]);
        assert_eq!(sorted(&pulls[1]), [-6.0, -5.0, -5.0, -3.0]);
    }
}
