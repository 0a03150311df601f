//! Studies that a bandit searches.

use std::collections::BTreeMap;

use super::*;
use crate::history::History;
use crate::seed::seed_of;
use crate::spec::SamplerSpec;
use crate::testing::{StudyDraft, study};
use crate::verify::verify;

const SPACE: &str = "m = { type = 'categorical', choices = ['a', 'b', 'c', 'd'] }\n\
                     x = { type = 'float', low = 0, high = 1, when = { m = ['a', 'b', 'c'] } }\n\
                     y = { type = 'float', low = 0, high = 1, when = { m = 'd' } }";

fn drafted(space: &str, rule: Rule, inner: ArmSampler, plain: bool) -> StudyDraft {
    study(space).with(|spec| spec.sampler = SamplerSpec::Bandit { arm: None, rule, inner, plain })
}

fn counts(history: &History) -> BTreeMap<&str, usize> {
    history.trials.iter().fold(BTreeMap::new(), |mut counts, trial| {
        *counts.entry(trial.params.text("m").unwrap()).or_default() += 1;
        counts
    })
}

#[test]
fn it_goes_to_the_branch_of_the_good_points_and_learns_there() {
    for rule in [Rule::Thompson, Rule::MaxUcb] {
        let history = drafted(SPACE, rule, ArmSampler::Tpe, false)
            .objective(|params| match params.float("y") {
                Ok(y) => (y - 0.3).abs(),
                Err(_) => 0.5 + params.float("x").unwrap(),
            })
            .trials(60)
            .history();
        assert!(counts(&history)["d"] >= 30, "{rule:?}: {:?}", counts(&history));
        let late = history.trials.iter().filter_map(|trial| trial.params.float("y").ok()).skip(20);
        let (near, all) = late.fold((0, 0), |(near, all), y| (near + usize::from((y - 0.3).abs() < 0.2), all + 1));
        assert!(near * 3 > all * 2, "{rule:?}: {near} of {all} are near the best");
    }
}

/// What the inner sampler suggests in a branch does not depend on trials of other branches.
#[test]
fn a_branch_learns_from_its_own_trials() {
    let history = drafted(SPACE, Rule::Thompson, ArmSampler::Random, false).trials(20).history();
    let view = View::now(&history, 20);
    let (name, choices) = arm_parameter(&history.spec.space, None).unwrap();
    let within: usize = choices.iter().map(|choice| view.within(name, choice).earlier().count()).sum();
    assert_eq!(within, 20);
    let value = &choices[1];
    assert!(view.within(name, value).earlier().all(|trial| trial.params.get(name) == Some(value)));
}

/// Two arms of one point each and one of three: all are tried, and then there is no more.
#[test]
fn an_exhausted_arm_gives_way() {
    let text = "m = { type = 'categorical', choices = ['a', 'b', 'c'] }\n\
                k = { type = 'int', low = 1, high = 3, when = { m = 'b' } }";
    for rule in [Rule::Thompson, Rule::Ucb1Tuned, Rule::MaxUcb, Rule::TopTwo] {
        let history = drafted(text, rule, ArmSampler::Tpe, false).trials(9).history();
        assert_eq!(history.trials.len(), 5, "{rule:?}");
        let next = crate::propose(&history, 5);
        assert_eq!(next.unwrap_err(), SampleError::Exhausted { points: 5 });
    }
}

/// The arms are the points, and a pull is the next replicate, with its seed.
#[test]
fn plain_arms_are_pulled_again_with_other_seeds() {
    let text = "m = { type = 'categorical', choices = ['a', 'b', 'c'] }";
    for rule in [Rule::Thompson, Rule::Ucb1Tuned, Rule::MaxUcb, Rule::TopTwo] {
        let history = drafted(text, rule, ArmSampler::Auto, true)
            .window(3)
            .objective(|params| if params.text("m").unwrap() == "b" { 0.0 } else { 1.0 })
            .trials(30)
            .history();
        assert_eq!(history.trials.len(), 30);
        let mut times: BTreeMap<&str, u64> = BTreeMap::new();
        for trial in &history.trials {
            let before = times.entry(trial.params.text("m").unwrap()).or_default();
            assert_eq!((trial.replicate, trial.seed), (*before, seed_of(1, *before, "train")));
            *before += 1;
        }
        assert!(times["b"] >= 14, "{rule:?}: {times:?}");
        assert_eq!(verify(&history).differences, []);
        let mut other = history.clone();
        other.trials[20].replicate += 1;
        assert_eq!(verify(&other).differences.len(), 1, "a replicate is compared");
    }
}

#[test]
fn what_has_no_arms_is_refused() {
    let takes = |text: &str, plain| drafted(text, Rule::Thompson, ArmSampler::Auto, plain).spec().clone();
    let of = |text: &str, plain| {
        let spec = takes(text, plain);
        spec.sampler.takes(&spec.space)
    };
    let float = "x = { type = 'float', low = 0, high = 1 }";
    assert!(matches!(of(float, false), Err(SampleError::NoArms(_))));
    assert_eq!(of(float, true), Err(SampleError::TooMany { limit: 64 }));
    assert_eq!(of("x = { type = 'int', low = 1, high = 64 }", true), Ok(()));
    assert_eq!(of(SPACE, false), Ok(()));
    let spec = drafted(SPACE, Rule::Thompson, ArmSampler::Grid, false).spec().clone();
    assert!(matches!(spec.sampler.takes(&spec.space), Err(SampleError::TooMany { .. })), "a grid in each arm");
}
