//! The studies of a folder, looked at again every few seconds from a thread of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crossbeam_channel::{RecvTimeoutError, Sender, unbounded};
use seqtune_core::{History, StoreReader, Trial};
use seqtune_plot::Summary;

use crate::latest::Latest;
use crate::place::{Place, log_of};
use crate::reader::FileMark;

/// How often the folder is looked at.
const SCAN: Duration = Duration::from_secs(3);

/// How long the list waits before it reads logs.
const HEAD_START: Duration = Duration::from_millis(800);

/// One study of the list.
#[derive(Clone, Debug)]
pub struct StudyEntry {
    /// Its directory.
    pub directory: PathBuf,
    /// Its name; that of the directory where the log cannot be read.
    pub name: String,
    /// Its figures, or one sentence why there are none.
    pub summary: Result<Summary, String>,
    /// Whether its log can be opened.
    pub readable: bool,
    /// Whether a manager holds it.
    pub managed: bool,
    /// When its log was last written.
    pub changed: Option<SystemTime>,
}

/// The studies of a folder.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The studies, by name.
    pub studies: Vec<StudyEntry>,
    /// One sentence where the folder cannot be read.
    pub trouble: Option<String>,
}

impl Listing {
    /// What a study is called here. A name need not be the only one of its kind; the directory is.
    pub fn name(&self, entry: &StudyEntry) -> String {
        let is_shared = self.studies.iter().filter(|other| other.name == entry.name).count() > 1;
        match entry.directory.file_name().filter(|_| is_shared) {
            Some(directory) => format!("{} ({})", entry.name, directory.to_string_lossy()),
            None => entry.name.clone(),
        }
    }
}

/// Lists the studies of a place. Dropping it ends the thread.
#[derive(Debug)]
pub struct FolderWatch {
    orders: Sender<()>,
    listing: Latest<Listing>,
}

impl FolderWatch {
    /// Begins to list. `wake` is called from the thread whenever the list has changed.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(place: Place, wake: impl Fn() + Send + 'static) -> std::io::Result<FolderWatch> {
        let (orders, inbox) = unbounded();
        let listing = Latest::new();
        let publish = listing.clone();
        std::thread::Builder::new().name("folder".to_owned()).spawn(move || {
            let mut known = Known::default();
            // The names are there at once, so that a study is opened; its reader then has the disk and the processor for itself.
            if let Some(listing) = known.names(&place) {
                publish.put(listing);
                wake();
                if let Err(RecvTimeoutError::Disconnected) = inbox.recv_timeout(HEAD_START) {
                    return;
                }
            }
            loop {
                if let Some(listing) = known.scan(&place) {
                    publish.put(listing);
                    wake();
                }
                match inbox.recv_timeout(SCAN) {
                    Ok(()) => known = Known::default(),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        })?;
        Ok(FolderWatch { orders, listing })
    }

    /// The list, where it has changed since the last call.
    pub fn listing(&self) -> Option<Listing> {
        self.listing.take()
    }

    /// Reads everything anew.
    pub fn reload(&self) {
        // A thread that has ended has nothing to reload.
        let _ = self.orders.send(());
    }
}

/// What was read so far, so that a log is read again only from where it has grown.
#[derive(Default)]
struct Known {
    studies: BTreeMap<PathBuf, KnownStudy>,
    trouble: Option<String>,
    scanned: bool,
}

struct KnownStudy {
    mark: Option<FileMark>,
    history: Option<History>,
    entry: StudyEntry,
}

impl Known {
    /// The studies without their figures. `None` where there is none, or the folder cannot be read: the first look says why.
    fn names(&self, place: &Place) -> Option<Listing> {
        let directories = directories(place).ok().filter(|found| !found.is_empty())?;
        let study = |directory: &PathBuf| {
            let mut known = KnownStudy::new(directory);
            known.entry.changed = changed(directory);
            let reader = StoreReader::open(directory);
            known.entry.readable = reader.is_ok();
            known.entry.managed = reader.is_ok_and(|reader| reader.is_managed());
            known.entry
        };
        Some(Listing { studies: directories.iter().map(study).collect(), trouble: None })
    }

    /// Looks once. `None` where nothing has changed.
    fn scan(&mut self, place: &Place) -> Option<Listing> {
        let (directories, trouble) = match directories(place) {
            Ok(directories) => (directories, None),
            Err(error) => (Vec::new(), Some(format!("Cannot read {}: {error}.", place.path().display()))),
        };
        let mut changed = !std::mem::replace(&mut self.scanned, true) || trouble != self.trouble;
        let count = self.studies.len();
        self.studies.retain(|directory, _| directories.contains(directory));
        changed |= self.studies.len() != count;
        for directory in directories {
            let known = self.studies.entry(directory.clone()).or_insert_with(|| KnownStudy::new(&directory));
            changed |= known.look();
        }
        self.trouble = trouble;
        let studies = || self.studies.values().map(|known| known.entry.clone()).collect();
        changed.then(|| Listing { studies: studies(), trouble: self.trouble.clone() })
    }
}

impl KnownStudy {
    fn new(directory: &Path) -> KnownStudy {
        let name = directory.file_name().unwrap_or(directory.as_os_str()).to_string_lossy().into_owned();
        let summary = Err("not read yet".to_owned());
        let entry = StudyEntry {
            directory: directory.to_owned(),
            name,
            summary,
            readable: false,
            managed: false,
            changed: None,
        };
        KnownStudy { mark: None, history: None, entry }
    }

    /// Whether anything has changed.
    fn look(&mut self) -> bool {
        let mark = FileMark::of(&self.entry.directory);
        if mark == self.mark {
            // Nothing new; but the manager may be gone without a word.
            let was_managed = self.entry.managed;
            self.entry.managed = was_managed && StoreReader::manages(&self.entry.directory);
            return was_managed != self.entry.managed;
        }
        let replaced = mark.as_ref().zip(self.mark.as_ref()).is_some_and(|(now, before)| now.replaces(before));
        if replaced {
            self.history = None;
        }
        let changed = mark != self.mark;
        self.mark = mark;
        let was_managed = self.entry.managed;
        let read = self.read();
        self.entry.readable = read.is_ok();
        if let Err(sentence) = read {
            self.entry.managed = false;
            self.entry.summary = Err(sentence);
        }
        self.entry.changed = self::changed(&self.entry.directory);
        changed || was_managed != self.entry.managed
    }

    fn read(&mut self) -> Result<(), String> {
        let reader = StoreReader::open(&self.entry.directory).map_err(|error| error.to_string())?;
        self.entry.managed = reader.is_managed();
        let seq = self.history.as_ref().map_or(0, |history| history.seq);
        let events = reader.events_after(seq).map_err(|error| error.to_string())?;
        for event in &events {
            match &mut self.history {
                Some(history) => history.apply(event).map_err(|error| error.to_string())?,
                None => self.history = Some(History::new(event).map_err(|error| error.to_string())?),
            }
        }
        let Some(history) = &mut self.history else { return Err("the log is empty".to_owned()) };
        let direction = history.spec.objective().direction;
        history.trials.iter_mut().filter(|trial| trial.end.is_some()).for_each(|trial| trim(trial, direction));
        self.entry.name.clone_from(&history.spec.name);
        self.entry.summary = Ok(Summary::of(history));
        Ok(())
    }
}

/// When a study's log was last written.
fn changed(directory: &Path) -> Option<SystemTime> {
    let log = log_of(directory);
    let times = [log.clone(), log.with_extension("db-wal")].into_iter().filter_map(|path| path.metadata().ok());
    times.filter_map(|data| data.modified().ok()).max()
}

/// Of a trial that has ended the list needs its best and its last report only.
fn trim(trial: &mut Trial, direction: seqtune_plugin::Direction) {
    if trial.reports.len() > 2 {
        let (best, last) = (trial.best_point(direction).map(|point| point.step), trial.step());
        trial.reports.retain(|point| Some(point.step) == best || point.step == last);
        trial.reports.shrink_to_fit();
    }
}

fn directories(place: &Place) -> std::io::Result<Vec<PathBuf>> {
    let folder = match place {
        Place::Study(directory) => return Ok(vec![directory.clone()]),
        Place::Folder(folder) => folder,
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let directory = entry?.path();
        if log_of(&directory).exists() {
            found.push(directory);
        }
    }
    found.sort();
    Ok(found)
}
