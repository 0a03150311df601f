//! Replaying: every suggestion of a log is decided again and compared.

use crate::event::{Origin, Seen};
use crate::history::History;
use crate::order::View;
use crate::propose::Proposer;

/// What replaying a log showed.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// Suggestions replayed.
    pub suggestions: u64,
    /// Those that came out differently, by trial.
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

/// Decides about every trial of the history again, from what its event says it saw.
pub fn verify(history: &History) -> Verified {
    let proposer = Proposer::new(&history.spec.sampler);
    let mut differences = Vec::new();
    let mut suggestions = 0;
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
    }
    Verified { suggestions, differences }
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
        assert_eq!(verify(&history), Verified { suggestions: 21, differences: Vec::new() });
    }
}
