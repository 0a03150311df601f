//! What a verdict sees: the curve of its trial up to a report, and the curves of the others.

use seqtune_plugin::MetricValue;

use crate::event::Seen;
use crate::history::{History, Point, Trial, TrialEnd, loss_under};
use crate::order::View;
use crate::spec::{Objective, Reduce};

/// A trial at one of its reports, among the others as far as the study's order shows them.
///
/// Values are losses: less is better. A report without a finite value has an infinite loss, which is worse than any
/// other; this is what all pruners know of NaN.
#[derive(Clone, Copy, Debug)]
pub struct Race<'a> {
    view: View<'a>,
    own: Curve<'a>,
}

/// What is seen of one trial's reports.
#[derive(Clone, Copy, Debug)]
pub struct Curve<'a> {
    trial: &'a Trial,
    reports: &'a [Point],
    objective: &'a Objective,
}

impl<'a> Race<'a> {
    /// A trial at the first `reports` of its reports, as the study's order shows the others now; `None` where it has not as
    /// many, or none.
    pub fn now(history: &'a History, trial: u64, reports: usize) -> Option<Race<'a>> {
        let seen = match View::now(history, trial).seen() {
            seen @ Seen::ResultsBelow(_) => seen,
            // In eager order a verdict sees the log up to its report, and nothing that came in the same moment.
            Seen::Events(_) => Seen::Events(history.trial(trial)?.reports.get(reports.checked_sub(1)?)?.seq),
        };
        let trial = history.trial(trial)?;
        let own = trial.reports.get(..reports).filter(|reports| !reports.is_empty())?;
        let own = Curve { trial, reports: own, objective: history.spec.objective() };
        Some(Race { view: View::then(history, trial.number, seen), own })
    }

    /// The study.
    pub fn history(&self) -> &'a History {
        self.view.history()
    }

    /// What the verdict sees, for the log.
    pub fn seen(&self) -> Seen {
        self.view.seen()
    }

    /// The trial's own curve, up to the report that is decided about.
    pub fn own(&self) -> Curve<'a> {
        self.own
    }

    /// The step that is decided about.
    pub fn step(&self) -> u64 {
        self.own.step()
    }

    /// What the trial would be worth if it ended here.
    pub fn loss(&self) -> f64 {
        self.own.loss()
    }

    /// The curves of the others, in number order. One that ended and is known to break an outcome constraint is no rival.
    pub fn others(&self) -> impl Iterator<Item = Curve<'a>> {
        let race = *self;
        let history = race.history();
        let bounded = !history.spec.outcome_constraints.is_empty();
        let seen = move |trial: &'a Trial| {
            let reports = match race.view.seen() {
                Seen::ResultsBelow(number) if trial.number < number && trial.end.is_some() => &trial.reports[..],
                Seen::ResultsBelow(_) => &[],
                Seen::Events(seq) => &trial.reports[..trial.reports.partition_point(|point| point.seq <= seq)],
            };
            Curve { trial, reports, objective: race.own.objective }
        };
        let others = history.trials.iter().filter(move |trial| trial.number != race.own.trial.number);
        others.map(seen).filter(move |curve| {
            !(curve.reports.is_empty()
                || bounded && race.view.sees_end(curve.trial) && !history.is_feasible(curve.trial))
        })
    }

    /// The curves of those that trained all their steps.
    pub fn completed(&self) -> impl Iterator<Item = Curve<'a>> {
        let race = *self;
        self.others()
            .filter(move |curve| race.view.sees_end(curve.trial) && curve.trial.end == Some(TrialEnd::Completed))
    }

    /// The best of those that trained all their steps; the earlier one where two are equal.
    pub fn incumbent(&self) -> Option<Curve<'a>> {
        self.completed().reduce(|best, curve| if curve.loss() < best.loss() { curve } else { best })
    }
}

impl<'a> Curve<'a> {
    /// The trial.
    pub fn trial(&self) -> &'a Trial {
        self.trial
    }

    /// The last step that is seen.
    pub fn step(&self) -> u64 {
        self.reports.last().map_or(0, |point| point.step)
    }

    /// The step before the last that is seen; 0 where there is none.
    pub fn step_before(&self) -> u64 {
        self.reports.iter().rev().nth(1).map_or(0, |point| point.step)
    }

    /// The loss of each report by its step.
    pub fn losses(&self) -> impl Iterator<Item = (u64, f64)> + use<'a> {
        let direction = self.objective.direction;
        let loss = move |point: &Point| point.value.map_or(f64::INFINITY, |value| loss_under(direction, value));
        self.reports.iter().map(move |point| (point.step, loss(point)))
    }

    /// What the trial would be worth if it ended with the last report that is seen.
    pub fn loss(&self) -> f64 {
        self.until(self.reports.len())
    }

    /// What it would be worth if it ended at this step: with the first report at it or behind it. `None` where it did not
    /// come so far.
    pub fn loss_at(&self, step: u64) -> Option<f64> {
        let before = self.reports.partition_point(|point| point.step < step);
        (before < self.reports.len()).then(|| self.until(before + 1))
    }

    /// Losses of the parts (folds, seeds) of the objective at this step; none where it has no parts.
    pub fn parts_at(&self, step: u64) -> Vec<f64> {
        let found = self.reports.binary_search_by_key(&step, |point| point.step);
        let value = found.ok().and_then(|at| self.reports[at].metrics.parse().remove(&self.objective.metric));
        let loss = |part: Option<f64>| part.map_or(f64::INFINITY, |part| loss_under(self.objective.direction, part));
        match value {
            Some(MetricValue::Parts { parts, .. }) => parts.into_iter().map(loss).collect(),
            _ => Vec::new(),
        }
    }

    fn until(&self, reports: usize) -> f64 {
        let losses = self.losses().take(reports).map(|(_, loss)| loss);
        match self.objective.reduce {
            Reduce::Last => losses.last().unwrap_or(f64::INFINITY),
            Reduce::Best => losses.fold(f64::INFINITY, f64::min),
        }
    }
}
