//! Replaying: every suggestion and every verdict of a log is decided again and compared.

use crate::event::{Origin, Seen};
use crate::history::{History, Trial, TrialEnd};
use crate::order::View;
use crate::propose::Proposer;
use crate::pruner::{Judge, PrunerSpec, Verdict};

/// What replaying a log showed.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// Suggestions replayed.
    pub suggestions: u64,
    /// Verdicts replayed.
    pub verdicts: u64,
    /// Decisions that came out differently, by trial; verdicts after the suggestion.
    pub differences: Vec<Difference>,
}

/// A decision that this build makes differently.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The trial.
    pub trial: u64,
    /// What the log says.
    pub logged: String,
    /// What the replay says.
    pub replayed: String,
}

/// Decides about every trial of the history again, from what its event says it saw: which point it has, and at each of its
/// reports whether it goes on.
pub fn verify(history: &History) -> Verified {
    let proposer = Proposer::new(&history.spec.sampler);
    let judge = Judge::new(history);
    let mut differences = Vec::new();
    let (mut suggestions, mut verdicts) = (0, 0);
    for trial in &history.trials {
        let mut compare = |logged: String, replayed: String| {
            if logged != replayed {
                differences.push(Difference { trial: trial.number, logged, replayed });
            }
        };
        let expected = View::now(history, trial.number).seen();
        if matches!(trial.seen, Seen::ResultsBelow(_)) {
            compare(format!("saw {:?}", trial.seen), format!("saw {expected:?}"));
        }
        compare(format!("key {}", trial.config_key), format!("key {}", trial.params.key()));
        let version = trial.space_version;
        compare(format!("space {version}"), format!("space {}", history.space_version(trial.number)));
        // Nobody here decided about these.
        if trial.origin == Origin::Added {
            continue;
        }
        suggestions += 1;
        match proposer.propose_from(View::then(history, trial.number, trial.seen), version) {
            Ok((again, _)) => compare(
                format!("{:?} {} replicate {} seed {}", trial.origin, trial.params, trial.replicate, trial.seed),
                format!("{:?} {} replicate {} seed {}", again.origin, again.params, again.replicate, again.seed),
            ),
            Err(error) => compare(format!("{:?} {}", trial.origin, trial.params), error.to_string()),
        }
        for (logged, replayed) in verdicts_of(history, &judge, trial) {
            verdicts += 1;
            compare(logged, replayed);
        }
    }
    Verified { suggestions, verdicts, differences }
}

/// For each report of a trial what the log says became of it, and what the replay says.
fn verdicts_of(history: &History, judge: &Judge, trial: &Trial) -> Vec<(String, String)> {
    if history.spec.pruner == PrunerSpec::None {
        return Vec::new();
    }
    let stopped = match &trial.end {
        Some(TrialEnd::Pruned { reason, seen }) => Some((reason, *seen)),
        _ => None,
    };
    let compared = |reports: usize| {
        let (verdict, seen) = judge.judge(history, trial.number, reports)?;
        let step = trial.reports[reports - 1].step;
        let is_last = reports == trial.reports.len();
        // The last report of a trial that still trains may have no verdict yet.
        if is_last && trial.end.is_none() {
            return None;
        }
        let words = |stop: bool, reason: &str, seen: Seen| {
            if stop {
                format!("stopped at step {step}, {reason}, saw {seen:?}")
            } else {
                format!("went on after step {step}")
            }
        };
        let logged = stopped.filter(|_| is_last);
        // Whoever evaluates trials elsewhere need not follow, and may stop a trial on its own account.
        if history.spec.is_asked() && logged.is_none_or(|(_, saw)| saw != seen) {
            return None;
        }
        let Verdict { stop, reason } = verdict;
        let logged =
            words(logged.is_some(), logged.map_or("", |(reason, _)| reason), logged.map_or(seen, |(_, saw)| saw));
        Some((logged, words(stop, &reason, seen)))
    };
    (1..=trial.reports.len()).filter_map(compared).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, EventKind};
    use crate::propose::Proposal;
    use crate::testing;

    /// Nobody here decided about a trial that was added, and what comes after it replays with it in view.
    #[test]
    fn what_was_added_is_not_decided_again() {
        let draft = testing::study("x = { type = 'float', low = 0, high = 1 }").sampler("tpe").trials(20);
        let mut history = draft.history();
        let apply = |history: &mut History, kind: EventKind| {
            history.apply(&Event { seq: history.seq + 1, at_us: 0, kind }).unwrap();
        };
        let proposer = Proposer::new(&history.spec.sampler);
        let proposed = proposer.propose(&history, 20).unwrap();
        let mut params = proposed.params.clone();
        params.set("x", 0.625);
        apply(&mut history, Proposal { params, origin: Origin::Added, ..proposed }.into_event());
        apply(&mut history, EventKind::Completed { trial: 20 });
        let next = proposer.propose(&history, 21).unwrap();
        apply(&mut history, next.into_event());
        assert_eq!(verify(&history), Verified { suggestions: 21, verdicts: 0, differences: Vec::new() });
    }

    /// A verdict that a log does not follow is found: a trial that was stopped and should not have been, and the other way around.
    #[test]
    fn a_verdict_that_was_not_followed_is_found() {
        let draft = testing::study("x = { type = 'float', low = 0, high = 1 }")
            .pruner(PrunerSpec::named("asha").unwrap())
            .curves(9, |params, step| params.float("x").unwrap() + 1.0 / step as f64)
            .trials(20);
        let events = draft.events();
        let found = verify(&draft.history());
        assert!(found.differences.is_empty(), "{:?}", found.differences);
        assert!(found.verdicts > 40, "{}", found.verdicts);
        // Each end in turn becomes the other one.
        let (mut missed, mut wrong) = (0, 0);
        for at in 0..events.len() {
            let mut events = events.clone();
            let kind = &mut events[at].kind;
            match kind {
                EventKind::Pruned { trial, .. } => {
                    *kind = EventKind::Completed { trial: *trial };
                    missed += 1;
                }
                EventKind::Completed { trial } => {
                    let seen = Seen::ResultsBelow(*trial);
                    *kind = EventKind::Pruned { trial: *trial, reason: "a slip".to_owned(), seen };
                    wrong += 1;
                }
                _ => continue,
            }
            let history = History::fold(&events).unwrap();
            assert!(!verify(&history).differences.is_empty());
        }
        assert!(missed > 5 && wrong > 3, "{missed} {wrong}");
    }
}
