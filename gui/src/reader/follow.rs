//! The state of following one log: connected, at rest, or in trouble.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use seqtune_core::{Event, EventKind, History, HistoryError, StoreError, StoreReader};
use seqtune_plot::Snapshot;

use super::ahead::{Ahead, LONG, Next};
use super::{FileMark, News};

/// Polls between two questions to a log whose file looks as it did.
const ASK_EVERY: u32 = 5;

/// Polls between two looks at the study's lock.
const LOCK_EVERY: u32 = 5;

/// Polls between two tries to read a log that could not be read.
const RETRY_EVERY: u32 = 25;

/// One log that is followed.
pub(super) struct Following {
    directory: PathBuf,
    /// Open while a manager may write. At rest it is closed, so that the writer can leave WAL mode on a clean end, and
    /// only the file's size and time are looked at.
    connection: Option<StoreReader>,
    version: Option<i64>,
    mark: Option<FileMark>,
    history: Option<History>,
    /// A long log while it is being read.
    ahead: Option<Ahead>,
    /// Whether a part of the log may be shown while the rest is read: nothing else of the study is on the screen.
    shows_parts: bool,
    /// Whether the log ends with a manager that left in order.
    at_rest: bool,
    polls: u32,
    news: News,
    /// Whether the snapshot is one of this history.
    shown: bool,
    told: bool,
}

/// Why reading stopped.
enum Failure {
    Store(StoreError),
    Rules(HistoryError),
}

impl Following {
    pub(super) fn new(directory: &Path) -> Following {
        Following {
            directory: directory.to_owned(),
            connection: None,
            version: None,
            mark: None,
            history: None,
            ahead: None,
            shows_parts: true,
            at_rest: false,
            polls: 0,
            news: News::default(),
            shown: false,
            told: false,
        }
    }

    /// Follows the log from its beginning again. What is on the screen stays until all of it is read.
    pub(super) fn again(directory: &Path) -> Following {
        Following { shows_parts: false, ..Following::new(directory) }
    }

    pub(super) fn news(&self) -> News {
        self.news.clone()
    }

    /// Whether there is more to be read at once.
    pub(super) fn is_reading(&self) -> bool {
        self.ahead.is_some()
    }

    /// Looks at the log once. Whether there is news.
    pub(super) fn poll(&mut self) -> bool {
        let seq = self.news.snapshot.as_ref().map(|snapshot| snapshot.seq);
        let before = (self.news.trouble.clone(), self.news.notice.clone(), self.news.managed, self.news.reading);
        let remarks = Arc::clone(&self.news.remarks);
        match FileMark::of(&self.directory) {
            Some(mark) => self.look(mark),
            None => self.vanished(),
        }
        self.polls = self.polls.wrapping_add(1);
        let after = (&self.news.trouble, &self.news.notice, self.news.managed, self.news.reading);
        let same = seq == self.news.snapshot.as_ref().map(|snapshot| snapshot.seq)
            && (&before.0, &before.1, before.2, before.3) == after
            && Arc::ptr_eq(&remarks, &self.news.remarks);
        !same || !std::mem::replace(&mut self.told, true)
    }

    fn vanished(&mut self) {
        let what = match self.news.snapshot {
            Some(_) => "what was read last is shown",
            None => "open another folder",
        };
        self.connection = None;
        self.mark = None;
        // Whatever comes back under this name is read from its beginning.
        self.history = None;
        self.stop_reading();
        self.news.managed = false;
        self.news.trouble =
            Some(format!("The study in {} is gone: it was moved or deleted; {what}.", self.directory.display()));
        self.shown = false;
    }

    fn look(&mut self, mark: FileMark) {
        if self.mark.as_ref().is_some_and(|before| mark.replaces(before)) && self.history.is_some() {
            *self = Following {
                told: self.told,
                news: std::mem::take(&mut self.news),
                ..Following::again(&self.directory)
            };
            self.news.reading = None;
            self.news.remarks = Arc::default();
            self.news.notice = Some("The study's file was replaced by another one, which is shown now.".to_owned());
        }
        let unchanged = self.mark.as_ref() == Some(&mark);
        self.mark = Some(mark);
        let outcome = match &self.connection {
            // What went wrong may pass by itself: a lock, a file system that was away.
            None if unchanged && (self.news.trouble.is_none() || !self.polls.is_multiple_of(RETRY_EVERY)) => return,
            None => self.connect(),
            // Two commits within a tick of the file system's clock can look like one: now and then the log itself is asked.
            Some(_) if unchanged && self.ahead.is_none() && !self.polls.is_multiple_of(ASK_EVERY) => Ok(()),
            Some(_) => self.read(),
        };
        match outcome {
            Ok(()) => {
                self.news.trouble = None;
                self.news.needs_copy = false;
            }
            Err(failure) => {
                // Tried again when the file changes, and now and then.
                self.connection = None;
                self.stop_reading();
                self.news.managed = false;
                self.news.needs_copy = self.needs_copy(&failure);
                self.news.trouble = Some(self.sentence(failure));
                return;
            }
        }
        if self.at_rest && self.ahead.is_none() {
            self.connection = None;
            self.news.managed = false;
        } else if self.polls.is_multiple_of(LOCK_EVERY) || !self.told {
            self.news.managed = self.connection.as_ref().is_some_and(StoreReader::is_managed);
        }
    }

    fn connect(&mut self) -> Result<(), Failure> {
        self.connection = Some(StoreReader::open(&self.directory).map_err(Failure::Store)?);
        self.version = None;
        self.read()
    }

    fn read(&mut self) -> Result<(), Failure> {
        let Some(connection) = &self.connection else { return Ok(()) };
        if self.ahead.is_some() {
            return self.read_on();
        }
        let version = connection.data_version().map_err(Failure::Store)?;
        if self.version == Some(version) {
            return Ok(());
        }
        let seq = self.history.as_ref().map_or(0, |history| history.seq);
        let last = connection.last_seq().map_err(Failure::Store)?;
        if last > seq + LONG {
            self.ahead = Some(Ahead::start(&self.directory, seq, last).map_err(Failure::Store)?);
            return self.read_on();
        }
        let events = connection.events_after(seq).map_err(Failure::Store)?;
        self.version = Some(version);
        let mut remarks = (*self.news.remarks).clone();
        if connection.follow_remarks(&mut remarks).map_err(Failure::Store)? {
            self.news.remarks = Arc::new(remarks);
        }
        // A rule that breaks in the middle still leaves what came before it.
        let applied = self.apply(&events);
        self.show();
        applied.map_err(Failure::Rules)
    }

    /// Folds what was read ahead, until it is time to show it or all is there. What came in meanwhile is read at the next look.
    fn read_on(&mut self) -> Result<(), Failure> {
        let begin = Instant::now();
        let mut outcome = Ok(());
        while let Some(ahead) = self.ahead.as_mut().filter(|_| outcome.is_ok()) {
            match ahead.next(begin) {
                Ok(Next::Page(events)) => outcome = self.apply(&events).map_err(Failure::Rules),
                Ok(Next::Show) if self.shows_parts => break,
                Ok(Next::Show) => {}
                Ok(Next::End) => self.ahead = None,
                Err(error) => outcome = Err(Failure::Store(error)),
            }
        }
        let share = |ahead: &Ahead| ahead.share(self.history.as_ref().map_or(0, |history| history.seq));
        self.news.reading = self.ahead.as_ref().filter(|_| outcome.is_ok()).map(share);
        self.show();
        outcome
    }

    fn stop_reading(&mut self) {
        self.ahead = None;
        self.news.reading = None;
    }

    /// Makes the snapshot of what was read.
    fn show(&mut self) {
        let Some(history) = &self.history else { return };
        let next = match &self.news.snapshot {
            Some(snapshot) if snapshot.seq == history.seq && self.shown => return,
            Some(snapshot) if self.shown => snapshot.next(history),
            // The snapshot of a file that was replaced has nothing to share.
            _ => Snapshot::of(history),
        };
        self.shown = true;
        self.news.snapshot = Some(Arc::new(next));
        self.news.paused = history.paused.clone();
        self.news.answer = history.answered.last_key_value().map(|(id, text)| (*id, text.clone()));
    }

    fn apply(&mut self, events: &[Event]) -> Result<(), HistoryError> {
        let mut rest = events;
        if self.history.is_none()
            && let Some((first, others)) = events.split_first()
        {
            self.history = Some(History::new(first)?);
            rest = others;
        }
        if let Some(history) = &mut self.history {
            rest.iter().try_for_each(|event| history.apply(event))?;
        }
        if let Some(last) = events.last() {
            self.at_rest = matches!(last.kind, EventKind::ManagerStopped { .. });
        }
        Ok(())
    }

    fn needs_copy(&self, failure: &Failure) -> bool {
        let is_refused = |source: &std::io::Error| source.kind() == std::io::ErrorKind::PermissionDenied;
        let has_wal = || crate::place::log_of(&self.directory).with_extension("db-wal").exists();
        matches!(failure, Failure::Store(StoreError::Io { source, .. }) if is_refused(source)) && has_wal()
    }

    fn sentence(&self, failure: Failure) -> String {
        if self.news.needs_copy {
            let directory = self.directory.display();
            return format!(
                "The study in {directory} was left while it ran, and its folder is read-only here: a copy can be opened."
            );
        }
        let text = match failure {
            Failure::Store(error) => error.to_string(),
            Failure::Rules(error) => {
                format!("the log in {} cannot be read to its end: {error}", self.directory.display())
            }
        };
        crate::text::sentence(&text)
    }
}
