//! What trials are worth in a plot, which of them are drawn, and what is said of the others.

use std::collections::HashMap;

use seqtune_core::{Objective, TrialState};

use super::{PlotError, count};
use crate::row::TrialRow;
use crate::snapshot::Snapshot;
use crate::spec::{Axis, Entry, Mark, Role, Sample, Scale, Shape, State, ValueScale, short, thousands};

/// Most trials that are all drawn one by one, and how many of the best are where there are more. More would hide each other, and
/// make a file that no program likes to open.
pub(super) const MOST_ALONE: usize = 2000;
pub(super) const DRAWN_ALONE: usize = 1000;

/// A trial with its value.
#[derive(Clone, Copy)]
pub(super) struct Valued<'a> {
    pub row: &'a TrialRow,
    pub value: f64,
}

/// Trials that are drawn one by one, from the worst to the best, and those that are drawn as a density.
pub(super) struct Parted<'a> {
    pub alone: Vec<Valued<'a>>,
    pub rest: Vec<Valued<'a>>,
    pub note: Option<String>,
}

/// The trials that have a value.
pub(super) struct Values<'a> {
    snapshot: &'a Snapshot,
    pub objective: &'a Objective,
    /// From the worst to the best; among equals the later one first.
    pub worst_first: Vec<Valued<'a>>,
}

/// The value that a scale ends at on the bad side, and how many are beyond. A few bad values must not take all of the room:
/// where the worst tenth lies far from the rest, the scale ends there.
pub(super) fn robust_worst(worst_first: &[f64]) -> (f64, usize) {
    let (worst, best) = (worst_first[0], worst_first[worst_first.len() - 1]);
    let at = worst_first.len() / 10;
    let tenth = worst_first[at];
    let is_far = at > 0 && (tenth - best).abs() < 0.5 * (worst - best).abs() && tenth != best;
    if is_far { (tenth, at) } else { (worst, 0) }
}

impl<'a> Values<'a> {
    pub fn of(snapshot: &'a Snapshot, objective: &'a Objective) -> Result<Values<'a>, PlotError> {
        if snapshot.trials.is_empty() {
            return Err(PlotError::NoTrials);
        }
        // The study's own value stands in the row.
        let is_own = *objective == *snapshot.spec.objective();
        let value = |row: &TrialRow| if is_own { row.value } else { row.value_under(objective) };
        let valued = |row: &'a TrialRow| Some(Valued { row, value: value(row)? });
        let mut worst_first: Vec<Valued> = snapshot.trials.iter().filter_map(|row| valued(row)).collect();
        if worst_first.is_empty() {
            return Err(PlotError::NoValues(objective.metric.clone()));
        }
        worst_first.sort_by(|a, b| {
            let by_value = a.value.total_cmp(&b.value);
            let worse = if objective.direction.better(1.0, 0.0) { by_value } else { by_value.reverse() };
            worse.then(b.row.number.cmp(&a.row.number))
        });
        Ok(Values { snapshot, objective, worst_first })
    }

    /// Only those that ended with a value: completed and pruned.
    pub fn ended(self) -> Result<Values<'a>, PlotError> {
        self.only(|state| matches!(state, TrialState::Completed | TrialState::Pruned))
    }

    /// Only those that are completed.
    pub fn completed(self) -> Result<Values<'a>, PlotError> {
        self.only(|state| state == TrialState::Completed)
    }

    fn only(mut self, keep: impl Fn(TrialState) -> bool) -> Result<Values<'a>, PlotError> {
        self.worst_first.retain(|one| keep(one.row.state));
        if self.worst_first.is_empty() { Err(PlotError::NoValues(self.objective.metric.clone())) } else { Ok(self) }
    }

    /// Only those for which this holds.
    pub fn filtered(mut self, keep: impl Fn(&TrialRow) -> bool) -> Values<'a> {
        self.worst_first.retain(|one| keep(one.row));
        self
    }

    /// The best trial: of the completed ones where there are such, and of those that break the outcome constraints least.
    /// Under the study's own objective it is the one that the study ranks first.
    pub fn best(&self) -> Option<Valued<'a>> {
        let completed = |one: &&Valued| one.row.state == TrialState::Completed;
        let by_violation = |a: &&Valued, b: &&Valued| a.row.violation.total_cmp(&b.row.violation);
        if *self.objective == *self.snapshot.spec.objective() {
            // Mostly it is the first one.
            let first = self.snapshot.ranked.first();
            if let Some(first) = self.worst_first.iter().rev().find(|one| Some(&one.row.number) == first) {
                return Some(*first);
            }
            let among: HashMap<u64, &Valued> = self.worst_first.iter().map(|one| (one.row.number, one)).collect();
            if let Some(first) = self.snapshot.ranked.iter().find_map(|number| among.get(number)) {
                return Some(**first);
            }
        }
        // Of equals `min_by` takes the first.
        let all = self.worst_first.iter().rev();
        all.clone().filter(completed).min_by(by_violation).or_else(|| all.min_by(by_violation)).copied()
    }

    /// From the best on: those that break the outcome constraints least, and of these by value.
    pub fn best_first(&self) -> Vec<Valued<'a>> {
        let mut all: Vec<Valued> = self.worst_first.iter().rev().copied().collect();
        all.sort_by(|a, b| a.row.violation.total_cmp(&b.row.violation));
        all
    }

    pub fn numbers(&self) -> Vec<f64> {
        self.worst_first.iter().map(|one| one.value).collect()
    }

    /// Which of them are drawn one by one, and which together.
    pub fn parted(&self) -> Parted<'a> {
        self.parted_at(MOST_ALONE, DRAWN_ALONE)
    }

    /// All alone up to a limit; beyond it the so many best ones, and those that are not done.
    pub fn parted_at(&self, limit: usize, best: usize) -> Parted<'a> {
        let all = &self.worst_first;
        if all.len() <= limit {
            return Parted { alone: all.clone(), rest: Vec::new(), note: None };
        }
        let (others, front) = all.split_at(all.len() - best.min(all.len()));
        let (open, rest): (Vec<Valued>, Vec<Valued>) = others.iter().partition(|one| one.row.end.is_none());
        let alone: Vec<Valued> = open.into_iter().chain(front.iter().copied()).collect();
        let note = together_note(alone.len(), all.len());
        Parted { alone, rest, note: Some(note) }
    }

    /// The value that colours and axes end at on the bad side, and what is said of those beyond.
    fn worst_shown(&self) -> (f64, Option<String>) {
        let numbers = self.numbers();
        let (shown, beyond) = robust_worst(&numbers);
        let side = if numbers[0] < shown { "below" } else { "above" };
        let note = || {
            let (edge, worst) = (short(shown, 4), short(numbers[0], 4));
            format!("{} {side} {edge} at the edge, the worst with {worst}", count(beyond, "trial"))
        };
        (shown, (beyond > 0).then(note))
    }

    /// The colours of the values, and what is said of them.
    pub fn scale(&self, areas: bool) -> (ValueScale, Option<String>) {
        let (worst, note) = self.worst_shown();
        let best = self.worst_first[self.worst_first.len() - 1].value;
        (ValueScale { label: self.objective.metric.clone(), worst, best, areas }, note)
    }

    /// The so many best of them.
    pub fn best_part(&self, number: usize) -> Values<'a> {
        let from = self.worst_first.len().saturating_sub(number);
        Values { worst_first: self.worst_first[from..].to_vec(), ..*self }
    }

    /// As [`Values::axis`], on a log axis or on none where that is said.
    pub fn axis_as(&self, log: Option<bool>) -> (Axis, Option<String>) {
        let caption = super::caption(self.objective);
        match log {
            None => self.axis(),
            Some(false) => self.linear_axis(),
            Some(true) => {
                let beyond = self.worst_first.iter().filter(|one| one.value <= 0.0).count();
                let note = format!("{} of zero or less, which has no place on a log axis", count(beyond, "value"));
                (Axis::log(caption, self.numbers()), (beyond > 0).then_some(note))
            }
        }
    }

    /// The axis of the values, and what is said of those that it holds at its edge.
    pub fn axis(&self) -> (Axis, Option<String>) {
        let full = Axis::fitting(super::caption(self.objective), &self.numbers());
        if full.scale == Scale::Log { (full, None) } else { self.linear_axis() }
    }

    fn linear_axis(&self) -> (Axis, Option<String>) {
        let numbers = self.numbers();
        let (worst, note) = self.worst_shown();
        let shown =
            numbers.into_iter().filter(|value| note.is_none() || !self.objective.direction.better(worst, *value));
        (Axis::linear(super::caption(self.objective), shown), note)
    }

    /// What is said where pruned trials are among them.
    pub fn pruned_note(&self) -> Option<String> {
        let pruned = self.worst_first.iter().filter(|one| one.row.state == TrialState::Pruned).count();
        (pruned > 0).then(|| format!("{} with the value reached when pruned", count(pruned, "trial")))
    }
}

/// What is said where only some are drawn one by one.
pub(super) fn together_note(alone: usize, all: usize) -> String {
    format!("{} of {} trials drawn one by one, the best; the rest as density", thousands(alone), thousands(all))
}

/// A point in the colour and shape of its trial's state.
pub(super) fn state_mark(row: &TrialRow, [x, y]: [f64; 2]) -> Mark {
    let state = State::from(row.state);
    Mark { x, y, shape: state.shape(), role: Role::State(state), size: 1.0, trial: Some(row.number) }
}

/// A plain point of a trial.
pub(super) fn dot(trial: u64, [x, y]: [f64; 2], role: Role) -> Mark {
    Mark { x, y, shape: Shape::Disc, role, size: 1.0, trial: Some(trial) }
}

/// The states of these trials as entries of a legend, with their counts.
pub(super) fn state_legend<'a>(rows: impl Iterator<Item = &'a TrialRow> + Clone) -> Vec<Entry> {
    let entry = |state: State| {
        let number = rows.clone().filter(|row| State::from(row.state) == state).count();
        let label = format!("{} ({})", state.name(), thousands(number));
        (number > 0).then(|| Entry { label, sample: Sample::Mark(state.shape(), Role::State(state)) })
    };
    State::ALL.into_iter().filter_map(entry).collect()
}
