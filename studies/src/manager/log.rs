//! The log with its history: what is appended is folded in and shown.

use std::path::Path;
use std::time::{Duration, Instant};

use seqtune_core::{AttemptEnd, EventKind, History, Request, Store, StoreError};

use super::{ManagerError, Observer, TrialProgress};

/// The study as the run holds it.
pub(super) struct Log<'a> {
    store: Store,
    history: History,
    observer: &'a mut dyn Observer,
    /// What the last commit took.
    commit_time: Duration,
}

impl<'a> Log<'a> {
    /// Reads the history, and notes that a manager has taken the study. Attempts that a killed manager left open end
    /// as lost: they cost the trial nothing.
    pub(super) fn open(store: Store, observer: &'a mut dyn Observer) -> Result<Log<'a>, ManagerError> {
        let history = store.history()?;
        let mut log = Log { store, history, observer, commit_time: Duration::ZERO };
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let mut kinds = vec![EventKind::ManagerStarted { pid: std::process::id(), host, build: crate::build() }];
        for trial in &log.history.trials {
            let open = trial.attempts.iter().enumerate().filter(|(_, attempt)| attempt.end.is_none());
            kinds.extend(open.map(|(attempt, _)| EventKind::AttemptEnded {
                trial: trial.number,
                attempt: attempt as u32,
                cause: AttemptEnd::Lost,
                message: String::new(),
            }));
        }
        log.append(kinds)?;
        Ok(log)
    }

    pub(super) fn history(&self) -> &History {
        &self.history
    }

    /// The newest request when this manager took the study.
    pub(super) fn last_request(&self) -> u64 {
        self.store.last_request()
    }

    pub(super) fn directory(&self) -> &Path {
        self.store.directory()
    }

    /// Appends in one transaction, then folds in.
    pub(super) fn append(&mut self, kinds: Vec<EventKind>) -> Result<(), ManagerError> {
        let begin = Instant::now();
        let events = self.store.append(kinds)?;
        if !events.is_empty() {
            self.commit_time = begin.elapsed();
        }
        for event in events {
            self.history.apply(&event)?;
            self.observer.event(&self.history, &event);
        }
        Ok(())
    }

    /// What the last commit took.
    pub(super) fn commit_time(&self) -> Duration {
        self.commit_time
    }

    pub(super) fn open_requests(&self) -> Result<Vec<Request>, StoreError> {
        self.store.open_requests()
    }

    pub(super) fn progress(&mut self, progress: TrialProgress) {
        self.observer.progress(&self.history, progress);
    }

    pub(super) fn tick(&mut self) {
        self.store.rest();
        self.observer.tick(&self.history);
    }

    pub(super) fn warn(&mut self, message: &str) {
        self.observer.warn(message);
    }

    /// Notes that the manager leaves, and closes the log.
    pub(super) fn close(mut self, reason: &str) -> Result<(), ManagerError> {
        self.append(vec![EventKind::ManagerStopped { reason: reason.to_owned() }])?;
        Ok(self.store.close()?)
    }
}
