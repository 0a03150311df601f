//! Reading a long log ahead: a thread reads its events page by page while another folds those that are there.

use std::path::Path;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use seqtune_core::{Event, StoreError, StoreReader};

/// A log with more new events than this is read ahead.
pub(super) const LONG: u64 = 20_000;

/// Events of a page: a few milliseconds of reading.
const PAGE: u32 = 4096;

/// Pages that wait to be folded, at most.
const WAITING: usize = 16;

/// How long is read before what is there is shown for the first time; the next time it is three times as long.
const FIRST: Duration = Duration::from_millis(100);

/// A log that is being read. Dropping it ends the thread.
#[derive(Debug)]
pub(super) struct Ahead {
    pages: Receiver<Result<Vec<Event>, StoreError>>,
    from: u64,
    to: u64,
    patience: Duration,
}

/// What comes next of a log.
#[derive(Debug)]
pub(super) enum Next {
    /// Events, in order.
    Page(Vec<Event>),
    /// Time to show what is there.
    Show,
    /// All was read that was there at the beginning.
    End,
}

impl Ahead {
    /// Begins to read the events `from..=to` of a log, without the first.
    ///
    /// # Errors
    /// Where the log cannot be opened, or the system gives no thread.
    pub(super) fn start(directory: &Path, from: u64, to: u64) -> Result<Ahead, StoreError> {
        let log = StoreReader::open(directory)?;
        let (sender, pages) = bounded(WAITING);
        let read = move || {
            let mut seq = from;
            while seq < to {
                let page = log.some_events_after(seq, PAGE);
                let last = page.as_ref().ok().and_then(|events| events.last()).map(|event| event.seq);
                // Nobody waits any more, or there is nothing more to come.
                if sender.send(page).is_err() || last.is_none() {
                    return;
                }
                seq = last.unwrap_or(to);
            }
        };
        let started = std::thread::Builder::new().name("log pages".to_owned()).spawn(read);
        started.map_err(|source| StoreError::Io { path: directory.to_owned(), source })?;
        Ok(Ahead { pages, from, to, patience: FIRST })
    }

    /// What comes next. After `begin` it says now and then that it is time to show what is there.
    pub(super) fn next(&mut self, begin: Instant) -> Result<Next, StoreError> {
        let until = begin + self.patience;
        let next =
            if Instant::now() < until { self.pages.recv_deadline(until) } else { Err(RecvTimeoutError::Timeout) };
        match next {
            Ok(page) => page.map(Next::Page),
            Err(RecvTimeoutError::Disconnected) => Ok(Next::End),
            Err(RecvTimeoutError::Timeout) => {
                self.patience *= 3;
                Ok(Next::Show)
            }
        }
    }

    /// How much of it is read, 0 to 1.
    pub(super) fn share(&self, seq: u64) -> f32 {
        (seq.saturating_sub(self.from) as f32 / (self.to - self.from).max(1) as f32).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use seqtune_core::testing::study;
    use seqtune_core::{Settings, Store};
    use seqtune_plot::Snapshot;

    use super::super::follow::Following;
    use super::*;

    /// A log with more events than are read at once.
    fn long(folder: &Path) -> (PathBuf, Store, u64) {
        let draft = study("x = { type = 'float', low = 0, high = 1 }").sampler("random").trials(LONG / 2);
        let directory = folder.join("long");
        let mut store = Store::create(&directory, draft.spec(), &Settings::default(), "test").unwrap();
        store.append(draft.events().into_iter().skip(1).map(|event| event.kind)).unwrap();
        let last = StoreReader::open(&directory).unwrap().last_seq().unwrap();
        assert!(last > LONG);
        (directory, store, last)
    }

    #[test]
    fn all_events_come_in_order_and_what_is_there_is_shown_in_time() {
        let folder = tempfile::tempdir().unwrap();
        let (directory, _store, last) = long(folder.path());
        let mut ahead = Ahead::start(&directory, 0, last).unwrap();
        let long_ago = Instant::now().checked_sub(FIRST).unwrap();
        assert!(matches!(ahead.next(long_ago), Ok(Next::Show)));
        let mut seq = 0;
        loop {
            match ahead.next(Instant::now()).unwrap() {
                Next::Page(events) => {
                    events.iter().for_each(|event| {
                        assert_eq!(event.seq, seq + 1);
                        seq = event.seq;
                    });
                    assert!((0.0..=1.0).contains(&ahead.share(seq)));
                }
                Next::Show => {}
                Next::End => break,
            }
        }
        assert_eq!((seq, ahead.share(seq)), (last, 1.0));
    }

    #[test]
    fn a_long_log_is_shown_while_it_is_read_and_whole_in_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let (directory, _store, last) = long(folder.path());
        let whole = Snapshot::of(&StoreReader::open(&directory).unwrap().history().unwrap());
        for mut following in [Following::new(&directory), Following::again(&directory)] {
            let mut seq = 0;
            loop {
                following.poll();
                let news = following.news();
                assert_eq!(news.reading.is_some(), following.is_reading());
                let snapshot = news.snapshot.unwrap();
                assert!(snapshot.seq >= seq);
                seq = snapshot.seq;
                if !following.is_reading() {
                    assert_eq!((snapshot.seq, &snapshot.ranked), (last, &whole.ranked));
                    assert_eq!(snapshot.trials.len(), whole.trials.len());
                    break;
                }
            }
        }
    }

    #[test]
    fn a_log_that_breaks_its_rules_is_shown_up_to_there() {
        let folder = tempfile::tempdir().unwrap();
        let (directory, store, last) = long(folder.path());
        store.close().unwrap();
        let log = rusqlite::Connection::open(directory.join("study.db")).unwrap();
        log.execute_batch(
            "DROP TRIGGER event_is_never_deleted; DELETE FROM event WHERE kind = 'trial_started' AND trial = 4000",
        )
        .unwrap();
        drop(log);
        let mut following = Following::new(&directory);
        while following.poll() && following.is_reading() {}
        let news = following.news();
        assert_eq!(news.reading, None);
        let (trouble, snapshot) = (news.trouble.unwrap(), news.snapshot.unwrap());
        assert!(trouble.contains("cannot be read to its end"), "{trouble}");
        assert!(snapshot.trials.len() == 4000 && snapshot.seq < last);
    }
}
