//! What every sampler promises, as a suite: points are valid, the same arguments give the same point, another seed
//! gives other points, nothing that a decision may not see changes it, results of any kind are survived, and to maximise is
//! to minimise the negative; all of it with one objective and with several.

use std::collections::BTreeSet;

use seqtune_plugin::{Direction, FailureCause};
use seqtune_space::{Domain, Params, SearchSpace};

use super::{StudyDraft, study};
use crate::event::{Event, EventKind, MetricsJson};
use crate::history::History;
use crate::order::View;
use crate::propose::{Proposer, propose};
use crate::sampler::SampleError;
use crate::spec::{Order, OutcomeConstraint};
use crate::verify::verify;

/// Spaces on which a sampler is tried.
const SPACES: [&str; 7] = [
    "x = { type = 'float', low = 0, high = 1 }",
    "lr = { type = 'float', low = 1e-5, high = 0.1, log = true }\nn = { type = 'int', low = 1, high = 100 }\n\
     o = { type = 'ordinal', values = [16, 32, 64] }\nb = { type = 'bool' }",
    "m = { type = 'categorical', choices = ['a', 'b', 'c'] }\n\
     k = { type = 'int', low = 1, high = 8, when = { m = 'a' } }\n\
     d = { type = 'float', low = 0, high = 0.5, step = 0.1, when = { m = ['b', 'c'] } }\n\
     e = { type = 'bool', when = { k = { at_least = 4 } } }",
    "only = { type = 'categorical', choices = ['one'] }",
    "heads = { type = 'int', low = 1, high = 8 }\ndim = { type = 'int', low = 8, high = 128, step = 8 }\n\
     drop = { type = 'float', low = 0, high = 0.5, prior = { center = 0.1 } }\nconstraints = ['dim % heads == 0']",
    "a = { type = 'int', low = 1, high = 10, log = true }\nb = { type = 'int', low = 1, high = 10, log = true }\n\
     c = { type = 'int', low = 1, high = 10, log = true }\nconstraints = ['a + b + c >= 29']",
    "filters = { type = 'list', len = { low = 1, high = 4 }, item = { type = 'int', low = 8, high = 64, log = true } }\n\
     widths = { type = 'list', len = 'filters', item = { type = 'ordinal', values = [3, 5, 7] }, rule = 'non_increasing' }\n\
     cell = { type = 'cat', choices = ['lstm', 'gru'], prior = { weights = [4, 1] } }",
];

/// Checks the sampler of this name.
///
/// # Panics
/// With the promise that it breaks.
pub fn check_sampler(name: &str) {
    let takes = |space: &SearchSpace| study(SPACES[0]).sampler(name).spec().sampler.takes(space);
    for (number, text) in SPACES.into_iter().enumerate() {
        if let Err(reason) = takes(&study(text).spec().space) {
            let refused = propose(&study(text).sampler(name).with(|spec| spec.seed = 3).history(), 1);
            assert_eq!(refused, Err(reason), "{name} refuses what it cannot search");
            continue;
        }
        let draft = study(text).sampler(name).trials(24).window(3);
        let history = draft.history();
        for trial in &history.trials {
            let checked = history.spec.space.check(trial.params.clone());
            assert_eq!(checked.as_ref(), Ok(&trial.params), "{name} makes valid points that satisfy the constraints");
        }
        assert_eq!(verify(&history).differences, [], "{name} decides the same again");
        // From the last to the first, each with nothing remembered.
        for trial in history.trials.iter().rev() {
            let view = View::then(&history, trial.number, trial.seen);
            let again = Proposer::new(&history.spec.sampler).propose_from(view, trial.space_version);
            assert_eq!(again.map(|(again, _)| again.params).as_ref(), Ok(&trial.params), "{name} needs no memory");
        }

        let other = study(text).sampler(name).trials(24).window(3).seed(2).history();
        if history.spec.space.cardinality() != Some(1) {
            let points = |history: &History| history.trials.iter().map(|t| t.params.clone()).collect::<Vec<_>>();
            assert_ne!(points(&history), points(&other), "{name} depends on the study's seed");
        }

        let count = history.trials.len() as u64;
        check_exhaustion(name, &history);

        // The results of trials inside the window must not matter: change them and decide again.
        let changed: Vec<Event> =
            draft.events().into_iter().map(|event| spoil(event, count.saturating_sub(2))).collect();
        let changed = History::fold(&changed).expect("the rules still hold");
        let next = |history: &History| propose(history, count).map(|proposal| proposal.params);
        assert_eq!(next(&changed), next(&history), "{name} looks at results inside the window");

        // A wider space, from here on: it changes what comes, and nothing that was.
        let mut wider = history.clone();
        let space = widened(&history.spec.space);
        let kind = EventKind::SpaceChanged { version: 1, from_trial: count, space, declared: None };
        wider.apply(&Event { seq: history.seq + 1, at_us: 0, kind }).expect("the rules hold");
        assert_eq!(verify(&wider).differences, [], "{name} replays the decisions of an older space");
        match propose(&wider, count) {
            Ok(proposal) => {
                assert_eq!(proposal.space_version, 1);
                assert!(wider.spec.space.check(proposal.params).is_ok(), "{name} makes points of the newest space");
            }
            Err(error) => assert!(matches!(error, SampleError::Exhausted { .. }), "{name}: {error}"),
        }

        check_survival(name, text);
        check_directions(name, text);
        // Of numbers in cells, of conditions, of one point, and of lists: the others say nothing new here.
        if [1, 2, 3, 6].contains(&number) {
            check_objectives(name, text);
        }
    }
    if takes(&study("x = { type = 'float', low = 0, high = 1 }").spec().space).is_ok() {
        check_independence(name);
    }
}

/// Checks that what is exhausted was tried once and whole, in the history of a study that asked for 24 trials.
fn check_exhaustion(name: &str, history: &History) {
    let count = history.trials.len();
    let keys: BTreeSet<&str> = history.trials.iter().map(|trial| trial.config_key.as_str()).collect();
    match propose(history, count as u64) {
        Err(SampleError::Exhausted { points }) => {
            assert_eq!((keys.len() as u64, keys.len()), (points, count), "{name} tries every point once");
        }
        Err(error) => panic!("{name}: {error}"),
        Ok(_) => assert_eq!(count, 24, "{name} goes on"),
    }
}

/// Checks that a sampler survives trials that fail, are stopped early, or end with no number, and goes on making valid
/// points, also where nothing else ever happened.
fn check_survival(name: &str, space: &str) {
    let draft = || study(space).sampler(name).trials(24).window(3);
    let kinds = [
        draft().objective(|_| f64::NAN),
        draft().objective(|_| f64::INFINITY),
        draft().objective(|_| f64::MAX),
        draft().objective(|params| if params.key().as_str() < "8" { -f64::MAX } else { f64::MAX }),
        draft().objective(|_| 1.0),
        draft().failing(FailureCause::Diverged, |_| true),
        draft().failing(FailureCause::Crashed, |_| true),
        draft().failing(FailureCause::OutOfMemory, |params| params.key().as_str() < "8"),
        draft().pruning(|_| true),
        draft().pruning(|params| params.key().as_str() < "8"),
    ];
    for (kind, draft) in kinds.into_iter().enumerate() {
        let history = draft.history();
        for trial in &history.trials {
            let checked = history.spec.space.check(trial.params.clone());
            assert_eq!(checked.as_ref(), Ok(&trial.params), "{name} makes valid points after results of kind {kind}");
        }
        assert_eq!(verify(&history).differences, [], "{name} decides the same again after results of kind {kind}");
    }
}

/// Checks that parameters with equal domains get values of their own, however many there are.
fn check_independence(name: &str) {
    let space: String = (0..60).map(|n| format!("x{n} = {{ type = 'float', low = 0, high = 1 }}\n")).collect();
    let history = study(&space).sampler(name).trials(24).history();
    let values = |n: usize| -> Vec<f64> {
        let name = format!("x{n}");
        history.trials.iter().filter_map(|trial| trial.params.float(&name).ok()).collect()
    };
    let all: Vec<Vec<f64>> = (0..60).map(values).collect();
    for (n, one) in all.iter().enumerate() {
        assert_eq!(one.len(), 24);
        assert!(all[..n].iter().all(|other| other != one), "{name} gives x{n} values of its own");
    }
}

/// The same losses, once minimised and once as gains that are maximised, lead to the same points.
fn check_directions(name: &str, space: &str) {
    fn loss(params: &Params) -> f64 {
        // Some number between 0 and 1 that depends on the point alone.
        u32::from_str_radix(&params.key()[..8], 16).map_or(0.0, |number| f64::from(number) / f64::from(u32::MAX))
    }
    let points = |draft: StudyDraft| -> Vec<Params> {
        draft.sampler(name).trials(24).history().trials.into_iter().map(|trial| trial.params).collect()
    };
    let gains =
        study(space).objective(|params| -loss(params)).with(|spec| spec.objectives[0].direction = Direction::Maximize);
    assert_eq!(points(study(space).objective(loss)), points(gains), "{name} maximises as it minimises");
}

/// Two numbers between 0 and 1 that depend on the point alone.
fn two(params: &Params) -> Vec<f64> {
    let (key, most) = (params.key(), f64::from(u32::MAX));
    let number = |digits: &str| u32::from_str_radix(digits, 16).map_or(0.0, |number| f64::from(number) / most);
    vec![number(&key[..8]), number(&key[8..16])]
}

/// The same promises with several objectives: points are valid, decisions can be made again and need no memory, results inside
/// the window do not matter, losses that are not finite, failures, early stops and outcome constraints are survived, and each
/// objective is maximised as it is minimised.
fn check_objectives(name: &str, space: &str) {
    use Direction::{Maximize, Minimize};
    let draft = |directions: &[Direction], values: fn(&Params) -> Vec<f64>| {
        study(space).sampler(name).objectives(directions, values).trials(24).window(3)
    };
    let bound = OutcomeConstraint { metric: "value_2".to_owned(), at_most: Some(0.5), at_least: None };
    let kinds = [
        draft(&[Minimize; 2], two),
        draft(&[Minimize; 2], two).with(|spec| spec.order = Order::Eager),
        draft(&[Minimize; 2], |params| if params.key().as_str() < "8" { vec![0.0, f64::NAN] } else { two(params) })
            .failing(FailureCause::Diverged, |params| params.key().as_str() > "d"),
        draft(&[Minimize; 2], two).pruning(|params| params.key().as_str() < "8"),
        draft(&[Minimize; 2], |params| two(params).into_iter().map(|loss| (loss - 0.5) * f64::MAX).collect()),
        draft(&[Minimize; 2], |_| vec![1.0, 1.0]),
        draft(&[Minimize, Maximize], two).with(|spec| spec.outcome_constraints = vec![bound.clone()]),
        draft(&[Minimize; 3], |params| [two(params), vec![1.0 - two(params)[0]]].concat())
            .pruning(|params| params.key().as_str() > "d"),
        draft(&[Minimize; 5], |params| [two(params), two(params), vec![1.0 - two(params)[1]]].concat())
            .with(|spec| spec.outcome_constraints = vec![bound.clone()]),
    ];
    for (kind, draft) in kinds.into_iter().enumerate() {
        let history = draft.history();
        for trial in &history.trials {
            let checked = history.spec.space.check(trial.params.clone());
            assert_eq!(checked.as_ref(), Ok(&trial.params), "{name} makes valid points for objectives of kind {kind}");
            let view = View::then(&history, trial.number, trial.seen);
            let again = Proposer::new(&history.spec.sampler).propose_from(view, trial.space_version);
            let again = again.map(|again| again.0.params);
            assert_eq!(again.as_ref(), Ok(&trial.params), "{name} needs no memory for objectives of kind {kind}");
        }
        assert_eq!(verify(&history).differences, [], "{name} decides the same again for objectives of kind {kind}");
    }

    let draft = |directions: &[Direction], values| draft(directions, values).window(1);
    let history = draft(&[Minimize; 2], two).window(3).history();
    let count = history.trials.len() as u64;
    check_exhaustion(name, &history);
    let events = draft(&[Minimize; 2], two).window(3).events();
    let changed: Vec<Event> = events.into_iter().map(|event| spoil(event, count.saturating_sub(2))).collect();
    let changed = History::fold(&changed).expect("the rules still hold");
    let next = |history: &History| propose(history, count).map(|proposal| proposal.params);
    assert_eq!(next(&changed), next(&history), "{name} looks at results inside the window");

    let points =
        |draft: StudyDraft| -> Vec<Params> { draft.history().trials.into_iter().map(|trial| trial.params).collect() };
    let expected = points(draft(&[Minimize; 2], two));
    let turned = [
        draft(&[Maximize, Minimize], |params| vec![-two(params)[0], two(params)[1]]),
        draft(&[Minimize, Maximize], |params| vec![two(params)[0], -two(params)[1]]),
        draft(&[Maximize; 2], |params| vec![-two(params)[0], -two(params)[1]]),
    ];
    for draft in turned {
        assert_eq!(points(draft), expected, "{name} maximises each objective as it minimises");
    }
}

/// The space with a choice more in each categorical parameter.
fn widened(space: &SearchSpace) -> SearchSpace {
    let mut parameters = space.parameters().to_vec();
    for parameter in &mut parameters {
        if let Domain::Categorical { choices } = &mut parameter.domain {
            choices.push("another".into());
            parameter.prior = None;
        }
    }
    SearchSpace::with_constraints(parameters, space.constraints().to_vec()).expect("it is still a space")
}

/// Another result for trials from `first` on.
fn spoil(mut event: Event, first: u64) -> Event {
    if let EventKind::Reported { trial, value, metrics, .. } = &mut event.kind
        && *trial >= first
    {
        *value = Some(-1e6);
        let bad = |name: &str| (name.to_owned(), seqtune_plugin::MetricValue::number(-1e6));
        *metrics = MetricsJson::new(&[bad("value"), bad("value_2")].into());
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::SamplerSpec;

    #[test]
    fn every_sampler_keeps_its_promises() {
        for name in SamplerSpec::NAMES {
            check_sampler(name);
        }
    }
}
