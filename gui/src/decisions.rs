//! The history of the open study, for what snapshots do not hold: decisions made again, and what the budget has spent.
//!
//! It is read from the log where it is first asked for, and kept: later questions read only what came since. Jobs of the slow lane
//! ask it; the window never waits for it.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use seqtune_core::{Event, Explanation, History, Judge, Proposer, StoreReader, Trial};
use seqtune_plot::Snapshot;
use seqtune_plot::decision::{Decision, Slices, decision, slices};

use crate::text;
use crate::workshop::Subject;

/// The history of the study that was asked about last.
#[derive(Clone, Default)]
pub struct Decisions(Arc<Mutex<Option<Kept>>>);

impl std::fmt::Debug for Decisions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decisions").finish_non_exhaustive()
    }
}

/// A history, and what decides in it.
pub(crate) struct Kept {
    directory: PathBuf,
    pub(crate) history: History,
    pub(crate) proposer: Proposer,
    judge: Judge,
    /// Explanations that were made: what is in the log never changes.
    explained: HashMap<u64, Result<Explanation, String>>,
    /// What the models of the last decisions said along the parameters: a long time's work, which new events do not change.
    sliced: VecDeque<(u64, String, Result<Arc<Slices>, String>)>,
}

impl Decisions {
    /// Asks the history of a study as far as its snapshot goes.
    ///
    /// # Errors
    /// A sentence, where the log cannot be read.
    pub(crate) fn ask<T>(&self, subject: &Subject, question: impl FnOnce(&mut Kept) -> T) -> Result<T, String> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |kept: &Kept| {
            kept.directory == *subject.directory
                && kept.history.seq <= subject.whole.seq
                && kept.history.spec == subject.whole.spec
        };
        let known = match kept.take().filter(fits) {
            Some(known) => known.grown(&subject.whole),
            None => Kept::read(&subject.directory, &subject.whole),
        };
        Ok(question(kept.insert(known?)))
    }
}

impl Kept {
    fn read(directory: &Path, snapshot: &Snapshot) -> Result<Kept, String> {
        let events = events(directory, 0, snapshot.seq)?;
        let history = History::fold(&events).map_err(|error| text::sentence(&error.to_string()))?;
        let (proposer, judge) = (Proposer::new(&history.spec.sampler), Judge::new(&history));
        Ok(Kept {
            directory: directory.to_owned(),
            history,
            proposer,
            judge,
            explained: HashMap::new(),
            sliced: VecDeque::new(),
        })
    }

    fn grown(mut self, snapshot: &Snapshot) -> Result<Kept, String> {
        if self.history.seq < snapshot.seq {
            let new = events(&self.directory, self.history.seq, snapshot.seq)?;
            let mut applied = new.iter().map(|event| self.history.apply(event));
            applied.find_map(Result::err).map_or(Ok(()), |error| Err(text::sentence(&error.to_string())))?;
        }
        Ok(self)
    }

    /// A trial of it.
    pub(crate) fn trial(&self, number: u64) -> Result<&Trial, String> {
        self.history.trial(number).ok_or_else(|| format!("There is no trial {number} in the log."))
    }

    /// Why a trial has its point.
    pub(crate) fn explanation(&mut self, number: u64) -> Result<&Explanation, String> {
        let (history, proposer) = (&self.history, &self.proposer);
        let made = self.explained.entry(number).or_insert_with(|| {
            let trial = history.trial(number).ok_or_else(|| format!("There is no trial {number} in the log."))?;
            proposer.explain(history, trial).map_err(|error| cannot(number, &error))
        });
        made.as_ref().map_err(Clone::clone)
    }

    /// That, and what the pruner said of it.
    pub(crate) fn decision(&mut self, number: u64) -> Result<Decision, String> {
        let trial = self.trial(number)?;
        let made =
            decision(&self.history, &self.proposer, &self.judge, trial).map_err(|error| cannot(number, &error))?;
        self.explained.insert(number, Ok(made.explanation.clone()));
        Ok(made)
    }
}

impl Kept {
    /// What the model that chose a trial's point says along each parameter, of a metric where it has several.
    pub(crate) fn slices(&mut self, number: u64, metric: &str) -> Result<Arc<Slices>, String> {
        const KEPT: usize = 8;
        if let Some((.., made)) = self.sliced.iter().find(|(of, by, _)| *of == number && *by == metric) {
            return made.clone();
        }
        let made = slices(&self.history, &self.proposer, self.trial(number)?, Some(metric));
        let made = made.map(Arc::new).map_err(|error| text::sentence(&error.to_string()));
        self.sliced.push_back((number, metric.to_owned(), made.clone()));
        if self.sliced.len() > KEPT {
            self.sliced.pop_front();
        }
        made
    }
}

fn cannot(number: u64, error: &dyn std::fmt::Display) -> String {
    format!("Trial {number} cannot be decided again by this build: {error}.")
}

/// The events after one, up to another one.
fn events(directory: &Path, after: u64, until: u64) -> Result<Vec<Event>, String> {
    let read = || StoreReader::open(directory)?.events_after(after);
    let mut events = read().map_err(|error| text::sentence(&error.to_string()))?;
    events.retain(|event| event.seq <= until);
    Ok(events)
}
