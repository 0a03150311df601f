//! A study at one moment, in the form that tables and plots read.

use std::sync::Arc;

use rayon::prelude::*;
use seqtune_core::{History, Objective, Settings, StudySpec, Trial, TrialState};
use seqtune_plugin::Direction;

use crate::row::{TrialRow, objective_of};
use crate::series::Curves;
use crate::summary::Summary;

/// A study at one moment. Cheap to clone and to share between threads; nothing in it changes.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// What the study is.
    pub spec: Arc<StudySpec>,
    /// Its settings now.
    pub settings: Arc<Settings>,
    /// Its trials in number order: all of them, or after [`Snapshot::only`] some.
    pub trials: Vec<Arc<TrialRow>>,
    /// Names of the metrics that the family has or that were reported: the objectives first, then the alphabet.
    pub metrics: Vec<Arc<str>>,
    /// Numbers of the completed trials that have a value, best first, as [`History::ranked`] has them.
    pub ranked: Vec<u64>,
    /// Counts and figures of the whole.
    pub summary: Summary,
    /// Position of the last event in it.
    pub seq: u64,
    /// When that event was committed, in microseconds since 1970.
    pub last_us: i64,
}

impl Snapshot {
    /// The snapshot of a history.
    pub fn of(history: &History) -> Snapshot {
        Snapshot::build(history, None)
    }

    /// The snapshot of a history that has grown since this one. It equals [`Snapshot::of`], and shares with this one
    /// the trials that did not change: reports are parsed once.
    ///
    /// A history of another study gives wrong rows: begin anew with [`Snapshot::of`].
    #[must_use]
    pub fn next(&self, history: &History) -> Snapshot {
        Snapshot::build(history, Some(self))
    }

    fn build(history: &History, before: Option<&Snapshot>) -> Snapshot {
        let mut names: Vec<Arc<str>> = before.map_or_else(Vec::new, |before| before.metrics.clone());
        if before.is_none() {
            let objectives = history.spec.objectives.iter().map(|objective| &objective.metric);
            for name in objectives.chain(history.spec.info.metrics.iter().map(|metric| &metric.name)) {
                if !names.iter().any(|known| **known == **name) {
                    names.push(name.as_str().into());
                }
            }
        }
        let trials = rows(history, before, &mut names);
        let objectives = history.spec.objectives.len().min(names.len());
        names[objectives..].sort();
        let same_settings = before.filter(|before| *before.settings == history.settings);
        Snapshot {
            spec: Arc::clone(&history.spec),
            settings: same_settings
                .map_or_else(|| Arc::new(history.settings.clone()), |before| Arc::clone(&before.settings)),
            ranked: if trials.iter().all(|row| row.replicate == 0) {
                rank(&trials, history.spec.objective().direction)
            } else {
                history.ranked().into_iter().map(|trial| trial.number).collect()
            },
            summary: Summary::of(history),
            trials,
            metrics: names,
            seq: history.seq,
            last_us: history.last_us,
        }
    }

    /// The same study with only those trials: what a filter leaves. Plots and figures of it are of those trials alone; it
    /// shares them with this one. How long the study still takes is not known of a part: its summary has no budget.
    #[must_use]
    pub fn only(&self, keep: impl Fn(&TrialRow) -> bool) -> Snapshot {
        let trials: Vec<Arc<TrialRow>> = self.trials.iter().filter(|row| keep(row)).cloned().collect();
        let mut some = Snapshot {
            spec: Arc::clone(&self.spec),
            settings: Arc::clone(&self.settings),
            trials,
            metrics: self.metrics.clone(),
            ranked: Vec::new(),
            summary: self.summary.clone(),
            seq: self.seq,
            last_us: self.last_us,
        };
        some.ranked = self.ranked.iter().copied().filter(|number| some.trial(*number).is_some()).collect();
        let best = some.best().and_then(|row| Some((row.number, row.value?)));
        some.summary = self.summary.part(&some.trials, best);
        some
    }

    /// A trial by number.
    pub fn trial(&self, number: u64) -> Option<&TrialRow> {
        self.row(number).map(Arc::as_ref)
    }

    fn row(&self, number: u64) -> Option<&Arc<TrialRow>> {
        // Where all trials are there, the number is the place.
        let expected = usize::try_from(number).ok()?;
        if let Some(row) = self.trials.get(expected).filter(|row| row.number == number) {
            return Some(row);
        }
        self.trials.binary_search_by_key(&number, |row| row.number).ok().map(|at| &self.trials[at])
    }

    /// The best completed trial.
    pub fn best(&self) -> Option<&TrialRow> {
        self.trial(*self.ranked.first()?)
    }

    /// Numbers of the `count` best completed trials, best first.
    pub fn top(&self, count: usize) -> &[u64] {
        &self.ranked[..count.min(self.ranked.len())]
    }

    /// A metric as what trials are compared by: the study's own objective where it is one, else in the direction that the
    /// family declares, reduced as the first objective is.
    pub fn objective_of(&self, metric: &str) -> Objective {
        objective_of(&self.spec, metric)
    }

    /// The metric that plots begin with: that of the first objective.
    pub fn objective(&self) -> &str {
        &self.spec.objective().metric
    }

    /// Which way the first objective is better.
    pub fn direction(&self) -> Direction {
        self.spec.objective().direction
    }
}

/// Trials that one thread makes rows of at a time.
const TOGETHER: usize = 256;

/// The rows of a history's trials; those that did not change are the ones of before. Names that were met for the first time come
/// behind the known ones.
fn rows(history: &History, before: Option<&Snapshot>, names: &mut Vec<Arc<str>>) -> Vec<Arc<TrialRow>> {
    let row = |trial: &Trial, names: &mut Vec<Arc<str>>| match before.and_then(|before| before.row(trial.number)) {
        Some(row) if row.is_current(trial) => Arc::clone(row),
        old => {
            let curves = old.map_or_else(Curves::default, |row| row.curves.clone());
            Arc::new(TrialRow::of(history, trial, curves, names))
        }
    };
    let chunks = history.trials.par_chunks(TOGETHER).map(|trials| {
        let mut own = names.clone();
        let rows: Vec<Arc<TrialRow>> = trials.iter().map(|trial| row(trial, &mut own)).collect();
        (rows, own.split_off(names.len()))
    });
    let mut all = Vec::with_capacity(history.trials.len());
    for (rows, new) in chunks.collect::<Vec<_>>() {
        all.extend(rows);
        for name in new {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    all
}

/// As [`History::ranked`] without replicates, from rows whose values and violations are known already.
fn rank(trials: &[Arc<TrialRow>], direction: Direction) -> Vec<u64> {
    let completed = trials.iter().filter(|row| row.state == TrialState::Completed);
    let mut ranked: Vec<(f64, f64, u64)> =
        completed.filter_map(|row| Some((row.violation, row.value?, row.number))).collect();
    ranked.sort_by(|(broken_a, a, _), (broken_b, b, _)| {
        let by_value = match direction {
            Direction::Minimize => a.total_cmp(b),
            Direction::Maximize => b.total_cmp(a),
        };
        broken_a.total_cmp(broken_b).then(by_value)
    });
    ranked.into_iter().map(|(.., number)| number).collect()
}

#[cfg(test)]
mod tests;
