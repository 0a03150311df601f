//! Counts and figures of a whole study.

use std::sync::Arc;

use seqtune_core::{History, TrialState};

use crate::row::TrialRow;

/// How many of the last ended trials the estimate of the time left looks at.
const RECENT: usize = 20;

/// Counts by state, the best value, and what the time left is computed from.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Number and value of the best completed trial.
    pub best: Option<(u64, f64)>,
    /// Trials that all their steps are done of.
    pub completed: usize,
    /// Trials that were stopped early.
    pub pruned: usize,
    /// Trials that failed for good.
    pub failed: usize,
    /// Trials that a worker trains.
    pub running: usize,
    /// Trials that were left unfinished.
    pub waiting: usize,
    /// Trials that the budget allows, where it limits them.
    pub budget: Option<u64>,
    /// Hours that managers were alive, up to the last event.
    pub hours: f64,
    workers: u64,
    /// Mean training time of the last ended trials, in seconds.
    mean_secs: Option<f64>,
    /// For each open trial: seconds that ended attempts took, and the start of the running one.
    open: Vec<(f64, Option<i64>)>,
}

impl Summary {
    /// The summary of a history.
    pub fn of(history: &History) -> Summary {
        let mut counts = [0; 5];
        let mut ended: Vec<(i64, f64)> = Vec::new();
        let mut open = Vec::new();
        for trial in &history.trials {
            let state = trial.state();
            counts[slot(state)] += 1;
            if let Some(at) = trial.ended_us {
                ended.push((at, trial.seconds(at)));
            } else {
                let running = trial.attempts.last().filter(|attempt| attempt.end.is_none());
                let now = running.map_or(history.last_us, |attempt| attempt.started_us);
                open.push((trial.seconds(now), running.map(|attempt| attempt.started_us)));
            }
        }
        if ended.len() > RECENT {
            let from = ended.len() - RECENT;
            ended.select_nth_unstable_by_key(from, |(at, _)| *at);
            ended.drain(..from);
        }
        let spent: f64 = ended.iter().map(|(_, secs)| secs).sum();
        Summary {
            best: history.best().and_then(|trial| Some((trial.number, history.value(trial)?))),
            completed: counts[slot(TrialState::Completed)],
            pruned: counts[slot(TrialState::Pruned)],
            failed: counts[slot(TrialState::Failed)],
            running: counts[slot(TrialState::Running)],
            waiting: counts[slot(TrialState::Waiting)],
            budget: history.settings.budget.trials,
            hours: history.hours(None),
            workers: history.settings.workers.count.max(1),
            mean_secs: (!ended.is_empty()).then(|| spent / ended.len() as f64),
            open,
        }
    }

    /// The summary of some of its trials, the best of which is known.
    pub(crate) fn part(&self, rows: &[Arc<TrialRow>], best: Option<(u64, f64)>) -> Summary {
        let count = |state: TrialState| rows.iter().filter(|row| row.state == state).count();
        Summary {
            best,
            completed: count(TrialState::Completed),
            pruned: count(TrialState::Pruned),
            failed: count(TrialState::Failed),
            running: count(TrialState::Running),
            waiting: count(TrialState::Waiting),
            budget: None,
            hours: self.hours,
            workers: self.workers,
            mean_secs: None,
            open: Vec::new(),
        }
    }

    /// Number of trials.
    pub fn trials(&self) -> usize {
        self.ended() + self.running + self.waiting
    }

    /// Number of trials that ended, whatever their end.
    pub fn ended(&self) -> usize {
        self.completed + self.pruned + self.failed
    }

    /// How many trials are in a state.
    pub fn count(&self, state: TrialState) -> usize {
        match state {
            TrialState::Running => self.running,
            TrialState::Waiting => self.waiting,
            TrialState::Completed => self.completed,
            TrialState::Pruned => self.pruned,
            TrialState::Failed => self.failed,
        }
    }

    /// Estimated seconds until the budget of trials is used up: what is left of the open trials and all of those not
    /// started, at the mean training time of the last 20 ended trials, shared by the workers. `None` before a trial
    /// has ended with some training, and where the budget does not count trials.
    pub fn seconds_left(&self, now_us: i64) -> Option<f64> {
        let mean = self.mean_secs.filter(|mean| *mean > 0.0)?;
        let to_start = self.budget?.saturating_sub(self.trials() as u64);
        let spent =
            |(secs, since): &(f64, Option<i64>)| secs + since.map_or(0, |since| (now_us - since).max(0)) as f64 / 1e6;
        let open: f64 = self.open.iter().map(|open| (mean - spent(open)).max(0.0)).sum();
        Some((open + mean * to_start as f64) / self.workers as f64)
    }
}

fn slot(state: TrialState) -> usize {
    match state {
        TrialState::Running => 0,
        TrialState::Waiting => 1,
        TrialState::Completed => 2,
        TrialState::Pruned => 3,
        TrialState::Failed => 4,
    }
}
