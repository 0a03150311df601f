//! Following the log of one study from a thread of its own.
//!
//! The thread looks five times a second whether the log's files have changed (where they have, and once a second, it asks the log itself:
//! `PRAGMA data_version`, microseconds), reads the new events in one short statement, applies them to its own history and hands over a new
//! snapshot that shares what did not change. A long log is shown while it is read: what stands at its beginning is the study at an
//! earlier moment. Nothing is read, built or drawn while nothing changes. Whatever goes wrong with the file becomes a sentence, and the
//! last snapshot stays.

mod ahead;
mod file_mark;
mod follow;
mod log_tail;
mod once;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, unbounded};
use seqtune_core::Remarks;
use seqtune_plot::Snapshot;

pub(crate) use file_mark::FileMark;
use follow::Following;
pub use log_tail::LogTail;
use log_tail::LogWatch;
pub(crate) use once::Glance;

use crate::latest::Latest;

/// How often the log is looked at.
const POLL: Duration = Duration::from_millis(200);

/// What is known of a study now.
#[derive(Clone, Debug, Default)]
pub struct News {
    /// The study; `None` while it was never read.
    pub snapshot: Option<Arc<Snapshot>>,
    /// While a long log is read for the first time: how much of it is in the snapshot, 0 to 1.
    pub reading: Option<f32>,
    /// One sentence where the log cannot be read now. The snapshot is then the last good one.
    pub trouble: Option<String>,
    /// Whether a copy elsewhere could be read: the log was left while its study ran, and its folder must not be written, which
    /// SQLite would have to.
    pub needs_copy: bool,
    /// One sentence about something that happened to the file.
    pub notice: Option<String>,
    /// Whether a manager holds the study.
    pub managed: bool,
    /// Why the manager starts nothing new, where it was asked to pause.
    pub paused: Option<String>,
    /// The manager's last answer to a request, with the request's number.
    pub answer: Option<(u64, String)>,
    /// Notes and tags.
    pub remarks: Arc<Remarks>,
    /// The end of the log of the watched trial.
    pub log: Option<LogTail>,
}

enum Order {
    Reload,
    Watch(Option<u64>),
}

/// Follows one study. Dropping it ends the thread.
#[derive(Debug)]
pub struct Reader {
    directory: PathBuf,
    orders: Sender<Order>,
    news: Latest<News>,
}

impl Reader {
    /// Begins to follow a study's directory. `wake` is called from the thread whenever there is news.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(directory: &Path, wake: impl Fn() + Send + 'static) -> std::io::Result<Reader> {
        let (orders, inbox) = unbounded();
        let news = Latest::new();
        let (publish, study) = (news.clone(), directory.to_owned());
        std::thread::Builder::new().name("study reader".to_owned()).spawn(move || {
            let mut following = Following::new(&study);
            let mut log: Option<LogWatch> = None;
            loop {
                let changed = following.poll();
                let (tail, tail_changed) = log.as_mut().map(LogWatch::poll).unzip();
                if changed || tail_changed == Some(true) {
                    publish.put(News { log: tail, ..following.news() });
                    wake();
                }
                let wait = if following.is_reading() { Duration::ZERO } else { POLL };
                match inbox.recv_timeout(wait) {
                    Ok(Order::Reload) => following = Following::again(&study),
                    Ok(Order::Watch(trial)) => log = trial.map(|trial| LogWatch::new(&study, trial)),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        })?;
        Ok(Reader { directory: directory.to_owned(), orders, news })
    }

    /// The study's directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What is new since the last call.
    pub fn news(&self) -> Option<News> {
        self.news.take()
    }

    /// Reads the log anew from its beginning.
    pub fn reload(&self) {
        // A thread that has ended has nothing to reload.
        let _ = self.orders.send(Order::Reload);
    }

    /// Follows the log file of a trial too.
    pub fn watch(&self, trial: Option<u64>) {
        let _ = self.orders.send(Order::Watch(trial));
    }
}
