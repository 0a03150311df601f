//! Whether a run gets nowhere because its trials fail.

use std::collections::BTreeMap;

use super::{History, Trial, TrialEnd};

/// Trials at the beginning of a run that are not all to fail.
const FIRST: usize = 5;

/// Later, of so many trials in a row
const LAST: usize = 10;

/// not as many as this are to fail.
const MOST: usize = 8;

impl History {
    /// Why the present run is better ended: nearly all of its trials fail, in words. The first five, or eight of the last ten.
    /// Whoever starts the study again wants it to try on, so only trials that ended under the present manager count.
    pub fn mostly_failing(&self) -> Option<String> {
        let ended = |trial: &&Trial| trial.ended_seq.is_some_and(|seq| seq > self.manager_seq);
        let mut ended: Vec<&Trial> = self.trials.iter().filter(ended).collect();
        ended.sort_by_key(|trial| trial.ended_seq);
        let last = &ended[ended.len().saturating_sub(LAST)..];
        let failures: Vec<_> = last
            .iter()
            .filter_map(|trial| match &trial.end {
                Some(TrialEnd::Failed { cause, message }) => Some((trial.number, *cause, message)),
                _ => None,
            })
            .collect();
        let too_many = failures.len() >= MOST || (last.len() >= FIRST && failures.len() == last.len());
        let (number, _, message) = failures.last().filter(|_| too_many)?;
        let mut causes: BTreeMap<&str, usize> = BTreeMap::new();
        failures.iter().for_each(|(_, cause, _)| *causes.entry(cause.name()).or_default() += 1);
        let causes: Vec<String> = causes.iter().map(|(cause, count)| format!("{cause} {count}")).collect();
        let (failed, of) = (failures.len(), last.len());
        Some(format!(
            "{failed} of the last {of} trials failed ({}); the last one, trial {number}: {message}",
            causes.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use seqtune_plugin::FailureCause;

    use crate::event::{Event, EventKind};
    use crate::testing;

    #[test]
    fn a_run_that_fails_again_and_again_is_found_and_the_next_run_begins_anew() {
        let of = |failing: fn(&seqtune_space::Params) -> bool, trials| {
            let space = "x = { type = 'float', low = 0, high = 1 }";
            testing::study(space).failing(FailureCause::Crashed, failing).trials(trials).history()
        };
        assert_eq!(of(|_| true, 4).mostly_failing(), None);
        assert_eq!(of(|params| params.float("x").unwrap() > 0.5, 40).mostly_failing(), None);
        let mut history = of(|_| true, 5);
        let message = history.mostly_failing().unwrap();
        assert_eq!(message, "5 of the last 5 trials failed (crashed 5); the last one, trial 4: it fails here");
        assert!(of(|params| params.key().as_str() < "f0", 40).mostly_failing().is_some());
        let kind = EventKind::ManagerStarted { pid: 1, host: String::new(), build: String::new() };
        history.apply(&Event { seq: history.seq + 1, at_us: 0, kind }).unwrap();
        assert_eq!(history.mostly_failing(), None);
    }
}
