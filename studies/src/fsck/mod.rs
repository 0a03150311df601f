//! Looking a study over: its log, the checkpoints that the log names, and what else lies in its directory; and mending what
//! can be mended without a loss.

mod checkpoints;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use seqtune_core::{Inspection, Store, StoreError, StoreReader};
use serde::Serialize;

/// What stands behind something that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// All is well.
    Ok,
    /// Worth knowing, and harmless.
    Note,
    /// Something is lost, or would be.
    Problem,
    /// It was a note or a problem, and is none any more.
    Mended,
}

impl State {
    /// The state as it stands in tables.
    pub fn name(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Note => "note",
            State::Problem => "problem",
            State::Mended => "mended",
        }
    }
}

/// Something that was found.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// Of what.
    pub what: &'static str,
    /// How it is.
    pub state: State,
    /// In one sentence, with what becomes of it.
    pub message: String,
    #[serde(skip)]
    mend: Option<Mend>,
}

/// What can be done without a loss.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mend {
    /// Remove a directory or a file that nobody needs.
    Remove(PathBuf),
    /// Put back the parts of the schema that hold no data.
    Schema,
    /// Open the log and close it in order.
    Close,
}

impl Finding {
    fn new(what: &'static str, state: State, message: impl Into<String>) -> Finding {
        Finding { what, state, message: message.into(), mend: None }
    }

    fn ok(what: &'static str, message: impl Into<String>) -> Finding {
        Finding::new(what, State::Ok, message)
    }

    fn note(what: &'static str, message: impl Into<String>) -> Finding {
        Finding::new(what, State::Note, message)
    }

    fn problem(what: &'static str, message: impl Into<String>) -> Finding {
        Finding::new(what, State::Problem, message)
    }

    fn with(self, mend: Mend) -> Finding {
        Finding { mend: Some(mend), ..self }
    }

    /// Whether [`repair`] can see to it.
    pub fn can_be_mended(&self) -> bool {
        self.mend.is_some()
    }
}

/// Looks a study over and changes nothing. It may be in use; then what comes and goes is not looked at.
///
/// # Errors
/// Where there is no study, or a newer one. Damage is no error but a finding.
pub fn fsck(directory: &Path) -> Result<Vec<Finding>, StoreError> {
    examine(directory, Hold::Nobody)
}

/// Looks a study over and mends what can be mended without a loss. The study is held meanwhile. Nothing is touched where
/// the log is damaged: what belongs to it cannot be told then.
///
/// # Errors
/// As [`fsck`]; [`StoreError::Locked`] where another process holds the study.
pub fn repair(directory: &Path) -> Result<Vec<Finding>, StoreError> {
    let mut store = match Store::open(directory) {
        Err(StoreError::Damaged { .. }) => return fsck(directory),
        store => store?,
    };
    let mut findings = examine(directory, Hold::Us)?;
    for finding in &mut findings {
        let done = match &finding.mend {
            Some(Mend::Remove(path)) => remove(path).map(|()| "removed".to_owned()).map_err(|error| error.to_string()),
            Some(Mend::Schema) => match store.mend_schema() {
                Ok(_) => Ok("put back".to_owned()),
                Err(error) => Err(error.to_string()),
            },
            Some(Mend::Close) | None => continue,
        };
        finding.is_done(done);
    }
    let closed = store.close().map_err(|error| error.to_string());
    for finding in &mut findings {
        if finding.mend == Some(Mend::Close) {
            finding.is_done(closed.clone().map(|()| "moved into the file".to_owned()));
        }
    }
    Ok(findings)
}

impl Finding {
    fn is_done(&mut self, done: Result<String, String>) {
        match done {
            Ok(done) => {
                self.state = State::Mended;
                self.message.push_str(&format!("; {done}"));
            }
            Err(error) => self.message.push_str(&format!("; that failed: {error}")),
        }
    }
}

/// Copies the events up to the first one that is damaged into a new study, with the requests, notes and tags that can be
/// read, and gives how many events there are.
///
/// # Errors
/// Where not even the first event can be read, or the new study cannot be created.
pub fn rescue(directory: &Path, new: &Path) -> Result<u64, StoreError> {
    let reader = StoreReader::open(directory)?;
    let Inspection { events, fault, history, .. } = reader.inspect()?;
    let Some(history) = history else {
        let message = fault.unwrap_or_default();
        return Err(StoreError::Damaged { directory: directory.to_owned(), message });
    };
    let mut store = Store::restore(new, &events)?;
    store.copy_requests(&reader)?;
    store.close()?;
    Ok(history.seq)
}

/// Who holds the study while it is looked over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    /// Nobody, or some other process: that is looked at first.
    Nobody,
    /// This process.
    Us,
}

fn examine(directory: &Path, hold: Hold) -> Result<Vec<Finding>, StoreError> {
    let reader = match StoreReader::open(directory) {
        Err(StoreError::Damaged { message, .. }) => return Ok(vec![damaged(directory, &message), space(directory)]),
        reader => reader?,
    };
    let holder = if hold == Hold::Us { None } else { reader.holder() };
    let mut findings = vec![match &holder {
        Some(holder) => {
            Finding::note("lock", format!("{holder} holds the study: what comes and goes is not looked at"))
        }
        None => Finding::ok("lock", "no other process holds the study"),
    }];
    if holder.is_none() {
        findings.extend(left_beside(directory, hold));
    }
    let inspection = match reader.inspect() {
        Err(StoreError::Damaged { message, .. }) => {
            findings.extend([damaged(directory, &message), space(directory)]);
            return Ok(findings);
        }
        inspection => inspection?,
    };
    findings.extend(log(directory, &inspection));
    match &inspection.history {
        Some(history) if inspection.fault.is_none() => {
            findings.extend(checkpoints::look(directory, history, holder.is_some()));
        }
        _ => findings.push(Finding::note("checkpoints", "not looked at: the log does not say which there should be")),
    }
    if findings.iter().any(|finding| finding.state == State::Problem && ["file", "events"].contains(&finding.what)) {
        findings.iter_mut().for_each(|finding| finding.mend = None);
    }
    findings.push(space(directory));
    Ok(findings)
}

/// What the log says of itself.
fn log(directory: &Path, inspection: &Inspection) -> Vec<Finding> {
    let mut findings: Vec<Finding> = inspection.damage.iter().map(|line| damaged(directory, line)).collect();
    if findings.is_empty() {
        findings.push(Finding::ok("file", format!("whole, of format {}", inspection.format)));
    }
    for fault in &inspection.schema {
        let how = if fault.is_changed { "was changed by another program" } else { "is missing" };
        let problem = |rest: &str| Finding::problem("schema", format!("{} {how}{rest}", fault.part));
        findings.push(match fault.can_be_mended {
            true => problem("").with(Mend::Schema),
            false => problem(&rescue_hint(directory)),
        });
    }
    if inspection.schema.is_empty() {
        findings.push(Finding::ok("schema", "tables, indexes, triggers and views are as they should be"));
    }
    let count = inspection.events.len();
    findings.push(match &inspection.fault {
        None => Finding::ok("events", format!("{count} without a gap, by the rules of the log")),
        Some(fault) => {
            Finding::problem("events", format!("{count} are right, and then {fault}{}", rescue_hint(directory)))
        }
    });
    findings
}

fn damaged(directory: &Path, message: &str) -> Finding {
    Finding::problem("file", format!("damaged: {message}{}", rescue_hint(directory)))
}

fn rescue_hint(directory: &Path) -> String {
    let place = directory.display();
    format!("; seqtune fsck {place} --rescue NEW copies what is right before it, and sqlite3's .recover may find more")
}

/// What a writer that was killed left beside the file.
fn left_beside(directory: &Path, hold: Hold) -> Vec<Finding> {
    let size = |name: &str| directory.join(name).metadata().map_or(0, |data| data.len());
    let (wal, journal) = (size("study.db-wal"), size("study.db-journal"));
    let mut findings = Vec::new();
    // Our own holding the study begins one.
    if wal > 0 && hold == Hold::Nobody || wal > 32 {
        let message = format!(
            "study.db-wal of {} is beside the file: the last run was killed, or a reader stayed longer. It is part of the \
             log; the next run moves it into the file",
            bytes(wal)
        );
        findings.push(Finding::note("wal", message).with(Mend::Close));
    }
    if journal > 0 {
        let message = format!("study.db-journal of {} is played back by whoever opens the study next", bytes(journal));
        findings.push(Finding::note("journal", message).with(Mend::Close));
    }
    findings
}

fn space(directory: &Path) -> Finding {
    match rustix::fs::statvfs(directory) {
        Ok(stat) => {
            let free = stat.f_bavail.saturating_mul(stat.f_frsize);
            let finding = if free < (1 << 30) { Finding::note } else { Finding::ok };
            finding("space", format!("{} are free on the disk", bytes(free)))
        }
        Err(error) => Finding::note("space", format!("it cannot be told how much of the disk is free: {error}")),
    }
}

fn bytes(count: u64) -> String {
    match count as f64 {
        count if count < 1e6 => format!("{:.1} kB", count / 1e3),
        count if count < 1e9 => format!("{:.1} MB", count / 1e6),
        count => format!("{:.1} GB", count / 1e9),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}
