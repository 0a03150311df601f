//! Notes and tags: what people write beside a study. Rows of the request table that nobody answers, newest first to count.

use std::collections::{BTreeMap, BTreeSet};

use super::request::{self, REMARKS, Request, RequestKind};
use super::{StoreError, StoreReader};

/// The notes and tags of a study, as far as they were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// The note about the study itself.
    pub study: Option<Note>,
    /// Those about trials. A trial without any is absent.
    pub trials: BTreeMap<u64, Remark>,
    /// The last row that was read.
    last: u64,
}

/// What is written beside a trial.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remark {
    /// The newest note.
    pub note: Option<Note>,
    /// Its tags, by letters.
    pub tags: BTreeSet<String>,
}

/// A text that somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Not empty.
    pub text: String,
    /// Who wrote it: "command line", "viewer".
    pub by: String,
    /// When, in microseconds since 1970.
    pub at_us: i64,
}

impl Remarks {
    /// What is written beside a trial.
    pub fn of(&self, trial: u64) -> Option<&Remark> {
        self.trials.get(&trial)
    }

    fn apply(&mut self, request: Request) {
        let Request { at_us, by, kind, .. } = request;
        match kind {
            Some(RequestKind::Note { trial, text }) => {
                let note = (!text.is_empty()).then_some(Note { text, by, at_us });
                match trial {
                    None => self.study = note,
                    Some(trial) => self.change(trial, |remark| remark.note = note),
                }
            }
            Some(RequestKind::Tag { trial, tag, on }) => self.change(trial, |remark| {
                let _ = if on { remark.tags.insert(tag) } else { remark.tags.remove(&tag) };
            }),
            // Written by something else.
            _ => {}
        }
    }

    fn change(&mut self, trial: u64, change: impl FnOnce(&mut Remark)) {
        let remark = self.trials.entry(trial).or_default();
        change(remark);
        if *remark == Remark::default() {
            self.trials.remove(&trial);
        }
    }
}

impl StoreReader {
    /// All notes and tags.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn remarks(&self) -> Result<Remarks, StoreError> {
        let mut remarks = Remarks::default();
        self.follow_remarks(&mut remarks)?;
        Ok(remarks)
    }

    /// Folds in what was written since these were read, and says whether anything was. Reads the new rows only: made to be
    /// called whenever [`data_version`](StoreReader::data_version) changes.
    ///
    /// # Errors
    /// Where the file cannot be read; what came before the failure is folded in.
    pub fn follow_remarks(&self, remarks: &mut Remarks) -> Result<bool, StoreError> {
        let fail = |error| StoreError::of(&self.directory, error);
        let text =
            format!("SELECT id, at_us, by, kind, body FROM request WHERE id > ? AND kind IN {REMARKS} ORDER BY id");
        let mut statement = self.connection.prepare_cached(&text).map_err(fail)?;
        let mut rows = statement.query([remarks.last]).map_err(fail)?;
        let mut any = false;
        while let Some(row) = rows.next().map_err(fail)? {
            let request = request::decode(row).map_err(fail)?;
            remarks.last = request.id;
            remarks.apply(request);
            any = true;
        }
        Ok(any)
    }
}
