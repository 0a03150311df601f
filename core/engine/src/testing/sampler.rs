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

/// Trials of most studies here: beyond what samplers take to start up, and further where generations must pass.
const TRIALS: u64 = 24;
const FEW: u64 = 17;

/// Every so many decisions are made again where results are of some kind; elsewhere all are.
const EVERY: usize = 5;

/// Checks the sampler of this name with one objective.
///
/// # Panics
/// With the promise that it breaks.
pub fn check_sampler(name: &str) {
    for text in chosen(name, &[0, 1, 2, 3, 4, 5, 6]) {
        if let Some(reason) = refusal(name, text) {
            let refused = propose(&study(text).sampler(name).with(|spec| spec.seed = 3).history(), 1);
            assert_eq!(refused, Err(reason), "{name} refuses what it cannot search");
            continue;
        }
        let draft = study(text).sampler(name).trials(TRIALS).window(3);
        let events = draft.events();
        let history = folded(&events);
        check_decisions(name, &history, 1, "");
        check_exhaustion(name, &history);
        check_resumption(name, &draft, &events);
        check_window(name, &events);

        let other = study(text).sampler(name).trials(TRIALS).window(3).seed(2).history();
        if history.spec.space.cardinality() != Some(1) {
            assert_ne!(points(&history), points(&other), "{name} depends on the study's seed");
        }

        // A wider space, from here on: it changes what comes, and nothing that was.
        let count = history.trials.len() as u64;
        let mut wider = history;
        let kind = EventKind::SpaceChanged {
            version: 1,
            from_trial: count,
            space: widened(&wider.spec.space),
            declared: None,
        };
        wider.apply(&Event { seq: wider.seq + 1, at_us: 0, kind }).expect("the rules hold");
        assert_eq!(verify(&wider).differences, [], "{name} decides the same again, also about an older space");
        match propose(&wider, count) {
            Ok(proposal) => {
                assert_eq!(proposal.space_version, 1);
                assert!(wider.spec.space.check(proposal.params).is_ok(), "{name} makes points of the newest space");
            }
            Err(error) => assert!(matches!(error, SampleError::Exhausted { .. }), "{name}: {error}"),
        }

        check_survival(name, text);
        check_directions(name, text);
    }
    if refusal(name, SPACES[0]).is_none() {
        check_independence(name);
    }
    check_early_stops(name);
}

/// The spaces for a sampler. One that leaves each decision to others, which are checked themselves, has nothing of its own to show in
/// more than two: in one with conditions, and in one with constraints and priors.
fn chosen(name: &str, spaces: &'static [usize]) -> impl Iterator<Item = &'static str> {
    let delegates = name == "auto";
    spaces.iter().filter(move |number| !delegates || [2, 4].contains(*number)).map(|number| SPACES[*number])
}

/// Why a sampler cannot search a space.
fn refusal(name: &str, space: &str) -> Option<SampleError> {
    let draft = study(space).sampler(name);
    draft.spec().sampler.takes(&draft.spec().space).err()
}

fn folded(events: &[Event]) -> History {
    History::fold(events).expect("the rules hold")
}

fn points(history: &History) -> Vec<&Params> {
    history.trials.iter().map(|trial| &trial.params).collect()
}

/// Checks that all points are valid, and makes every so many decisions again, from the last one to the first, each with nothing
/// remembered. `what` says which study this is.
fn check_decisions(name: &str, history: &History, every: usize, what: &str) {
    for trial in &history.trials {
        let checked = history.spec.space.check(trial.params.clone());
        assert_eq!(checked.as_ref(), Ok(&trial.params), "{name} makes valid points that keep constraints{what}");
    }
    for trial in history.trials.iter().rev().step_by(every) {
        let view = View::then(history, trial.number, trial.seen);
        let again = Proposer::new(&history.spec.sampler).propose_from(view, trial.space_version);
        let again = again.map(|(again, _)| again.params);
        assert_eq!(again.as_ref(), Ok(&trial.params), "{name} needs no memory for trial {}{what}", trial.number);
    }
}

/// Checks that a study that another process took up in the middle has the trials of the unbroken one.
fn check_resumption(name: &str, draft: &StudyDraft, unbroken: &[Event]) {
    let trials = folded(unbroken).trials.len() as u64;
    let middle = unbroken
        .iter()
        .position(|event| matches!(&event.kind, EventKind::TrialStarted { trial, .. } if *trial == trials.div_ceil(2)));
    if let Some(middle) = middle {
        let resumed = draft.resumed(unbroken[..middle].to_vec());
        assert_eq!(resumed, unbroken, "{name} goes on as if nothing had been between");
    }
}

/// Checks that the results of trials inside the window of 3 do not matter: they are changed, and the next decision is made again.
fn check_window(name: &str, events: &[Event]) {
    let history = folded(events);
    let count = history.trials.len() as u64;
    let changed: Vec<Event> = events.iter().map(|event| spoil(event.clone(), count.saturating_sub(2))).collect();
    let next = |history: &History| propose(history, count).map(|proposal| proposal.params);
    assert_eq!(next(&folded(&changed)), next(&history), "{name} looks at results inside the window");
}

/// Checks that what is exhausted was tried once and whole, in the history of a study that asked for [`TRIALS`].
fn check_exhaustion(name: &str, history: &History) {
    let count = history.trials.len();
    let keys: BTreeSet<&str> = history.trials.iter().map(|trial| trial.config_key.as_str()).collect();
    match propose(history, count as u64) {
        Err(SampleError::Exhausted { points }) => {
            assert_eq!((keys.len() as u64, keys.len()), (points, count), "{name} tries every point once");
        }
        Err(error) => panic!("{name}: {error}"),
        Ok(_) => assert_eq!(count as u64, TRIALS, "{name} goes on"),
    }
}

/// Checks that a sampler survives trials that fail, are stopped early, or end with no number, and goes on making valid
/// points, also where nothing else ever happened.
fn check_survival(name: &str, space: &str) {
    fn is_first_half(params: &Params) -> bool {
        params.key().as_str() < "8"
    }
    let draft = || study(space).sampler(name).trials(FEW).window(3);
    let kinds = [
        draft().objective(|params| if is_first_half(params) { f64::NAN } else { f64::INFINITY }),
        draft().objective(|_| f64::MAX),
        draft().objective(|params| if is_first_half(params) { -f64::MAX } else { f64::MAX }),
        draft().objective(|_| 1.0).with(|spec| spec.order = Order::Eager),
        draft().failing(FailureCause::Diverged, |_| true),
        draft().failing(FailureCause::Crashed, |_| true),
        draft().failing(FailureCause::OutOfMemory, is_first_half),
        draft().pruning(|_| true),
        draft().pruning(is_first_half).with(|spec| spec.order = Order::Eager),
    ];
    for (kind, draft) in kinds.into_iter().enumerate() {
        check_decisions(name, &draft.history(), EVERY, &format!(" after results of kind {kind}"));
    }
}

/// Checks that what was stopped early never counts as a value of 0: where all values are large, and the worst are those of the
/// trials that are stopped, it draws nothing to itself. To be sure that it would, these trials are once completed with 0.
fn check_early_stops(name: &str) {
    const SPACE: &str =
        "m = { type = 'categorical', choices = ['a', 'b', 'c'] }\nk = { type = 'int', low = 0, high = 39 }";
    fn is_stopped(params: &Params) -> bool {
        params.text("m").is_ok_and(|choice| choice == "a")
    }
    fn large(params: &Params) -> f64 {
        let off = params.int("k").map_or(0.0, |k| (k - 20) as f64);
        1000.0 + off * off + if is_stopped(params) { 1000.0 } else { 0.0 }
    }
    let late = |draft: StudyDraft| -> Vec<bool> {
        let history = draft.sampler(name).trials(36).history();
        history.trials[16..].iter().map(|trial| is_stopped(&trial.params)).collect()
    };
    let completed = late(study(SPACE).objective(large));
    let nothing = late(study(SPACE).objective(|params| if is_stopped(params) { 0.0 } else { large(params) }));
    // A sampler that learns nothing has the same trials whatever comes of them.
    if completed == nothing {
        return;
    }
    let stopped = late(study(SPACE).objective(large).pruning(is_stopped));
    let count = |which: &[bool]| which.iter().filter(|is| **is).count();
    let (stopped, nothing) = (count(&stopped), count(&nothing));
    assert!(
        stopped < nothing,
        "{name} takes what was stopped early for good: {stopped} of 20 trials, and {nothing} where they are best"
    );
}

/// Checks that parameters with equal domains get values of their own, however many there are.
fn check_independence(name: &str) {
    let space: String = (0..60).map(|n| format!("x{n} = {{ type = 'float', low = 0, high = 1 }}\n")).collect();
    let history = study(&space).sampler(name).trials(TRIALS).history();
    let values = |n: usize| -> Vec<f64> {
        let name = format!("x{n}");
        history.trials.iter().filter_map(|trial| trial.params.float(&name).ok()).collect()
    };
    let all: Vec<Vec<f64>> = (0..60).map(values).collect();
    for (n, one) in all.iter().enumerate() {
        assert_eq!(one.len() as u64, TRIALS);
        assert!(all[..n].iter().all(|other| other != one), "{name} gives x{n} values of its own");
    }
}

/// The same losses, once minimised and once as gains that are maximised, lead to the same points, also where some of the trials fail
/// or are stopped early.
fn check_directions(name: &str, space: &str) {
    fn loss(params: &Params) -> f64 {
        two(params)[0]
    }
    let study = || {
        let draft = study(space).sampler(name).trials(TRIALS).objective(loss);
        draft.pruning(|params| two(params)[1] < 0.2).failing(FailureCause::Diverged, |params| two(params)[1] > 0.9)
    };
    let gains =
        study().objective(|params| -loss(params)).with(|spec| spec.objectives[0].direction = Direction::Maximize);
    assert_eq!(points(&study().history()), points(&gains.history()), "{name} maximises as it minimises");
}

/// Two numbers between 0 and 1 that depend on the point alone.
fn two(params: &Params) -> Vec<f64> {
    let (key, most) = (params.key(), f64::from(u32::MAX));
    let number = |digits: &str| u32::from_str_radix(digits, 16).map_or(0.0, |number| f64::from(number) / most);
    vec![number(&key[..8]), number(&key[8..16])]
}

/// Checks the sampler of this name with several objectives: points are valid, decisions can be made again and need no memory,
/// results inside the window do not matter, losses that are not finite, failures, early stops and outcome constraints are survived,
/// and each objective is maximised as it is minimised.
///
/// # Panics
/// With the promise that it breaks.
pub fn check_sampler_with_objectives(name: &str) {
    // Of numbers in cells, of conditions, of one point, and of lists: the others say nothing new here.
    for text in chosen(name, &[1, 2, 3, 6]) {
        if refusal(name, text).is_none() {
            check_objectives(name, text);
        }
    }
}

fn check_objectives(name: &str, space: &str) {
    use Direction::{Maximize, Minimize};
    let draft = |directions: &[Direction], values: fn(&Params) -> Vec<f64>| {
        study(space).sampler(name).objectives(directions, values).trials(FEW).window(3)
    };
    let bound = OutcomeConstraint { metric: "value_2".to_owned(), at_most: Some(0.5), at_least: None };
    let kinds = [
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
        check_decisions(name, &draft.history(), EVERY, &format!(" for objectives of kind {kind}"));
    }

    let draft = |directions: &[Direction], values| draft(directions, values).trials(TRIALS);
    let usual = draft(&[Minimize; 2], two);
    let events = usual.events();
    let history = folded(&events);
    check_decisions(name, &history, 1, " for two objectives");
    check_exhaustion(name, &history);
    check_resumption(name, &usual, &events);
    check_window(name, &events);

    let turned = [
        draft(&[Maximize, Minimize], |params| vec![-two(params)[0], two(params)[1]]),
        draft(&[Minimize, Maximize], |params| vec![two(params)[0], -two(params)[1]]),
    ];
    for draft in turned {
        assert_eq!(points(&draft.history()), points(&history), "{name} maximises each objective as it minimises");
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
    use crate::spec::SamplerSpec;

    /// A test for each sampler, with one objective and with several, so that a failure names it and they run side by side.
    macro_rules! promises_of {
        ($($name:ident),*) => {
            const TESTED: &[&str] = &[$(stringify!($name)),*];

            mod with_one_objective {
                $(#[test]
                fn $name() {
                    super::super::check_sampler(stringify!($name));
                })*
            }

            mod with_several_objectives {
                $(#[test]
                fn $name() {
                    super::super::check_sampler_with_objectives(stringify!($name));
                })*
            }
        };
    }

    promises_of!(auto, random, sobol, grid, tpe, gp, cmaes, nsga2, bandit);

    #[test]
    fn every_sampler_has_its_tests() {
        assert_eq!(TESTED, SamplerSpec::NAMES);
    }
}
