//! Reading a log once: for a look at a study beside the open one.

use std::path::Path;
use std::sync::Arc;

use seqtune_core::{History, StoreReader};
use seqtune_plot::Snapshot;

use super::FileMark;
use crate::text;

/// A study that was read, with what is needed to read on from there.
#[derive(Debug)]
pub(crate) struct Glance {
    mark: Option<FileMark>,
    history: History,
    pub snapshot: Arc<Snapshot>,
}

impl Glance {
    /// Reads a study; where it was read before and is still that file, only what was written since.
    ///
    /// # Errors
    /// One sentence why it cannot be read.
    pub(crate) fn at(directory: &Path, before: Option<&Glance>) -> Result<Glance, String> {
        let sentence = |error: &dyn std::fmt::Display| text::sentence(&error.to_string());
        let mark = FileMark::of(directory);
        let is_same = |before: &&Glance| {
            let both = mark.as_ref().zip(before.mark.as_ref());
            both.is_some_and(|(now, before)| !now.replaces(before))
        };
        let before = before.filter(is_same);
        let reader = StoreReader::open(directory).map_err(|error| sentence(&error))?;
        let mut history = before.map(|before| before.history.clone());
        let seq = history.as_ref().map_or(0, |history| history.seq);
        for event in &reader.events_after(seq).map_err(|error| sentence(&error))? {
            match &mut history {
                Some(history) => history.apply(event).map_err(|error| sentence(&error))?,
                None => history = Some(History::new(event).map_err(|error| sentence(&error))?),
            }
        }
        let Some(history) = history else { return Err("The log is empty.".to_owned()) };
        let snapshot = match before {
            Some(before) => before.snapshot.next(&history),
            None => Snapshot::of(&history),
        };
        Ok(Glance { mark, history, snapshot: Arc::new(snapshot) })
    }
}

#[cfg(test)]
mod tests {
    use seqtune_core::testing::study;
    use seqtune_core::{EventKind, Settings, Store};

    use super::*;

    #[test]
    fn a_study_is_read_and_read_on() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("demo");
        assert!(Glance::at(&directory, None).is_err_and(|sentence| sentence.ends_with('.')));
        let draft = study("x = { type = 'float', low = 0, high = 1 }").trials(5);
        let kinds: Vec<EventKind> = draft.events().into_iter().skip(1).map(|event| event.kind).collect();
        let mut store = Store::create(&directory, draft.spec(), &Settings::default(), "test").unwrap();
        let (first, rest) = kinds.split_at(kinds.len() / 2);
        store.append(first.to_vec()).unwrap();
        let before = Glance::at(&directory, None).unwrap();
        assert!(before.snapshot.trials.len() < 5);
        store.append(rest.to_vec()).unwrap();
        let after = Glance::at(&directory, Some(&before)).unwrap();
        assert_eq!(after.snapshot.trials.len(), 5);
        assert!(Arc::ptr_eq(&after.snapshot.trials[0], &before.snapshot.trials[0]), "the first trial is shared");
    }
}
