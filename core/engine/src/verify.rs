//! Replaying: every suggestion of a log is decided again and compared.

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
    for trial in &history.trials {
        let mut compare = |logged: String, replayed: String| {
            if logged != replayed {
                differences.push(Difference { trial: trial.number, logged, replayed });
            }
        };
        let expected = View::now(history, trial.number).seen();
        if matches!(trial.seen, crate::event::Seen::ResultsBelow(_)) {
            compare(format!("saw {:?}", trial.seen), format!("saw {expected:?}"));
        }
        compare(format!("key {}", trial.config_key), format!("key {}", trial.params.key()));
        let version = trial.space_version;
        compare(format!("space {version}"), format!("space {}", history.space_version(trial.number)));
        match proposer.propose_from(View::then(history, trial.number, trial.seen), version) {
            Ok(again) => compare(
                format!("{:?} {} seed {}", trial.origin, trial.params, trial.seed),
                format!("{:?} {} seed {}", again.origin, again.params, again.seed),
            ),
            Err(error) => compare(format!("{:?} {}", trial.origin, trial.params), error.to_string()),
        }
    }
    Verified { suggestions: history.trials.len() as u64, differences }
}
