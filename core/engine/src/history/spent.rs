//! What a study has spent of its budget: hours, device-hours, and trials without improvement.

use std::collections::BTreeMap;

use super::{History, Trial, TrialEnd};
use crate::domination::dominates;
use crate::event::Seen;
use crate::order::View;

impl History {
    /// Which part of the budget is spent, in words. Times count up to `now_us` while a manager is alive; without it, up
    /// to the last event. In fixed order patience looks only at what the next trial may see, so that the study ends at
    /// the same trial with any number of workers.
    pub fn budget_spent(&self, now_us: Option<i64>) -> Option<String> {
        let budget = &self.settings.budget;
        let started = self.trials.len() as u64;
        if let Some(trials) = budget.trials.filter(|trials| started >= *trials) {
            return Some(format!("all {trials} trials are done"));
        }
        if let Some(hours) = budget.hours.filter(|hours| self.hours(now_us) >= *hours) {
            return Some(format!("the budget of {hours} hours is spent"));
        }
        if let Some(hours) = budget.device_hours.filter(|hours| self.device_hours(now_us) >= *hours) {
            return Some(format!("the budget of {hours} device-hours is spent"));
        }
        let visible = match View::now(self, started).seen() {
            Seen::ResultsBelow(number) => number,
            Seen::Events(_) => started,
        };
        let patience = budget.patience.filter(|patience| self.without_improvement(visible) >= *patience);
        patience.map(|patience| format!("{patience} trials in a row brought no improvement"))
    }

    /// Hours that managers were alive, over all processes. A manager that was killed counts until its last event.
    pub fn hours(&self, now_us: Option<i64>) -> f64 {
        let now_us = self.now_or_later(now_us);
        let present = self.manager_since.map_or(0, |since| now_us - since);
        (self.managed_us + present) as f64 / 3.6e9
    }

    /// Hours in which devices were training, added up over the devices: workers that share a device share its hours, and
    /// lost work counts. Of a trial that runs now, the time up to `now_us` counts, or up to the last event.
    pub fn device_hours(&self, now_us: Option<i64>) -> f64 {
        let now_us = self.now_or_later(now_us);
        let mut busy: BTreeMap<&str, Vec<(i64, i64)>> = BTreeMap::new();
        for attempt in self.trials.iter().flat_map(|trial| &trial.attempts) {
            let end = attempt.end.as_ref().map_or(now_us, |(_, at, _)| *at);
            busy.entry(&attempt.device).or_default().push((attempt.started_us, end));
        }
        let mut total = 0;
        for spans in busy.values_mut() {
            spans.sort_unstable();
            let mut until = i64::MIN;
            for (start, end) in spans {
                total += (*end - until.max(*start)).max(0);
                until = until.max(*end);
            }
        }
        total as f64 / 3.6e9
    }

    /// Time that has come by the log at the least, where the system's clock was set back.
    fn now_or_later(&self, now_us: Option<i64>) -> i64 {
        now_us.map_or(self.last_us, |now_us| now_us.max(self.last_us))
    }

    /// Trials in number order since the best value last improved, counted over those below `number` and up to the
    /// first unfinished one: the figure does not depend on who finishes first. With several objectives the Pareto set has
    /// to improve; a trial that breaks an outcome constraint improves nothing.
    pub fn without_improvement(&self, number: u64) -> u64 {
        let one_objective = self.spec.objectives.len() == 1;
        let (mut least, mut front) = (None, Vec::new());
        let mut since = 0;
        for trial in self.trials.iter().take(number as usize).take_while(|trial| trial.end.is_some()) {
            let counts = trial.end == Some(TrialEnd::Completed) && self.is_feasible(trial);
            let improves =
                counts && if one_objective { self.is_less(trial, &mut least) } else { self.joins(trial, &mut front) };
            since = if improves { 0 } else { since + 1 };
        }
        since
    }

    /// Whether the loss of a trial is the least so far.
    fn is_less(&self, trial: &Trial, least: &mut Option<f64>) -> bool {
        let loss = self.loss(trial).filter(|loss| least.is_none_or(|least| *loss < least));
        *least = loss.or(*least);
        loss.is_some()
    }

    /// Whether the losses of a trial are new among those that nothing beats so far.
    fn joins(&self, trial: &Trial, front: &mut Vec<Vec<f64>>) -> bool {
        let Some(losses) = self.losses(trial) else { return false };
        if front.iter().any(|other| *other == losses || dominates(other, &losses)) {
            return false;
        }
        front.retain(|other| !dominates(&losses, other));
        front.push(losses);
        true
    }
}

#[cfg(test)]
mod tests {
    use crate::event::{AttemptEnd, Event, EventKind};
    use crate::testing;

    const HOUR: i64 = 3_600_000_000;

    #[test]
    fn workers_that_share_a_device_share_its_hours_and_what_a_killed_manager_left_counts_to_its_last_event() {
        let draft = testing::study("x = { type = 'float', low = 0, high = 1 }");
        let mut history = draft.history();
        let begin = history.last_us;
        let mut append = |at: i64, kind: EventKind| {
            history.apply(&Event { seq: history.seq + 1, at_us: begin + at, kind }).unwrap();
        };
        let manager = || EventKind::ManagerStarted { pid: 1, host: String::new(), build: String::new() };
        let started = |trial: u64, device: &str| EventKind::AttemptStarted {
            trial,
            attempt: 0,
            worker: trial,
            device: device.to_owned(),
            build: Default::default(),
            from_step: 0,
            elsewhere: Vec::new(),
        };
        let ended = |trial, cause| EventKind::AttemptEnded { trial, attempt: 0, cause, message: String::new() };
        let spec = draft.spec().clone();
        let trial = |number: u64| crate::Proposal {
            trial: number,
            params: spec.space.decode(&[0.5]).unwrap(),
            origin: crate::Origin::Sampler,
            space_version: 0,
            replicate: 0,
            seed: 1,
            seen: crate::Seen::ResultsBelow(0),
        };
        append(0, manager());
        for number in 0..4 {
            append(0, trial(number).into_event());
        }
        append(0, started(0, "cuda:0"));
        append(HOUR, started(1, "cuda:0"));
        append(2 * HOUR, ended(0, AttemptEnd::Completed));
        append(3 * HOUR, ended(1, AttemptEnd::Completed));
        append(3 * HOUR, started(2, "cuda:1"));
        append(4 * HOUR, started(3, "cuda:0"));
        // Killed; the next one comes a day later.
        append(28 * HOUR, manager());
        append(28 * HOUR, ended(2, AttemptEnd::Lost));
        append(28 * HOUR, ended(3, AttemptEnd::Lost));
        assert_eq!(history.device_hours(None), 3.0 + 1.0);
        assert_eq!(history.trials[2].seconds(begin + 28 * HOUR), 3600.0);
        assert_eq!(history.hours(None), 4.0);
    }
}
