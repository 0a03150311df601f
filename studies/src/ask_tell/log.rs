//! What has happened: the history, and where the study is kept, its log. Nothing is answered that is not in both.

use std::time::{SystemTime, UNIX_EPOCH};

use seqtune_core::{Event, EventKind, History, HistoryError, Settings, Store, StoreError, StudySpec};

use super::error::AskTellError;

/// A history that grows, and its log on disk where there is one.
pub(super) struct Log {
    history: History,
    store: Option<Store>,
    /// Folded in, and not in the log yet.
    staged: Vec<EventKind>,
}

impl Log {
    /// A study that is kept in memory alone.
    pub(super) fn in_memory(spec: StudySpec, settings: Settings) -> Result<Log, HistoryError> {
        let created = EventKind::StudyCreated { spec: Box::new(spec), settings, build: crate::build() };
        let history = History::new(&Event { seq: 1, at_us: now_us(), kind: created })?;
        Ok(Log { history, store: None, staged: Vec::new() })
    }

    /// A study on disk.
    pub(super) fn on_disk(store: Store) -> Result<Log, StoreError> {
        let history = read_back(&store)?;
        Ok(Log { history, store: Some(store), staged: Vec::new() })
    }

    pub(super) fn history(&self) -> &History {
        &self.history
    }

    pub(super) fn is_on_disk(&self) -> bool {
        self.store.is_some()
    }

    /// Folds an event in; [`Log::commit`] makes it last.
    pub(super) fn stage(&mut self, kind: EventKind) -> Result<(), HistoryError> {
        let event = Event { seq: self.history.seq + 1, at_us: now_us(), kind };
        self.history.apply(&event)?;
        if self.store.is_some() {
            self.staged.push(event.kind);
        }
        Ok(())
    }

    /// Writes what was staged in one transaction. Where that fails, none of it has happened.
    ///
    /// # Errors
    /// [`AskTellError::Store`], or [`AskTellError::Lost`] where what is in the log cannot be read either.
    pub(super) fn commit(&mut self) -> Result<(), AskTellError> {
        let staged = std::mem::take(&mut self.staged);
        let Some(store) = self.store.as_mut() else { return Ok(()) };
        let Err(error) = store.append(staged) else { return Ok(()) };
        self.history = read_back(store).map_err(AskTellError::Lost)?;
        Err(error.into())
    }

    /// Notes that the client has left, and closes the file.
    pub(super) fn close(mut self) -> Result<(), StoreError> {
        let Some(mut store) = self.store.take() else { return Ok(()) };
        store.append([EventKind::ManagerStopped { reason: "the program that asks has left".to_owned() }])?;
        store.close()
    }
}

fn read_back(store: &Store) -> Result<History, StoreError> {
    let events = store.events_after(0)?;
    History::fold(&events)
        .map_err(|error| StoreError::Damaged { directory: store.directory().to_owned(), message: error.to_string() })
}

fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64)
}
