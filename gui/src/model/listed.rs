//! Which trials are listed, and in which order: what follows from the snapshot, the filter, the brushes and the sorting.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use seqtune_core::Remarks;
use seqtune_plot::{Snapshot, TrialRow};

use super::filter::{Beside, Filter};
use super::{Model, Sort, ranges, rows};
use crate::text;
use crate::workshop::Subject;

/// The texts that words are looked for in, kept for rows that did not change: writing them takes longer than looking.
#[derive(Debug, Default)]
pub(super) struct Texts(Vec<(Arc<TrialRow>, String)>);

impl Texts {
    fn update(&mut self, snapshot: &Snapshot) {
        self.0.truncate(snapshot.trials.len());
        for (index, row) in snapshot.trials.iter().enumerate() {
            match self.0.get_mut(index) {
                Some((known, _)) if Arc::ptr_eq(known, row) => {}
                Some(other) => *other = (Arc::clone(row), describe(row)),
                None => self.0.push((Arc::clone(row), describe(row))),
            }
        }
    }

    fn of(&self, index: usize) -> &str {
        self.0.get(index).map_or("", |(_, text)| text)
    }
}

/// A study with more trials than this is listed on another thread: it would hold up the window.
const AT_ONCE: usize = 20_000;

/// The question which trials are listed and in which order, with all that the answer depends on.
#[derive(Debug)]
pub struct Question {
    /// Counts up from question to question.
    pub revision: u64,
    snapshot: Arc<Snapshot>,
    directory: PathBuf,
    remarks: Arc<Remarks>,
    filter: Filter,
    brushes: Vec<(String, f64, f64)>,
    sort: Sort,
    now_us: i64,
    texts: Arc<Mutex<Texts>>,
}

/// The answer.
#[derive(Debug)]
pub struct Listed {
    subject: Subject,
    rows: Vec<u64>,
}

impl Question {
    /// Looks through all trials.
    pub fn answer(&self) -> Listed {
        let subject = Subject::new(Arc::clone(&self.snapshot), self.keep(), &self.directory, self.revision);
        let rows = rows::sorted(&subject.listed, self.sort, &self.remarks, self.now_us);
        Listed { subject, rows }
    }

    fn keep(&self) -> Arc<Snapshot> {
        if self.filter == Filter::All(Vec::new()) && self.brushes.is_empty() {
            return Arc::clone(&self.snapshot);
        }
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if self.filter.has_words() {
            texts.update(&self.snapshot);
        }
        let brushed = |row: &TrialRow| {
            self.brushes.iter().all(|(name, from, to)| {
                ranges::place(&self.snapshot, row, name).is_some_and(|value| (*from..=*to).contains(&value))
            })
        };
        let keeps = |(index, row): (usize, &Arc<TrialRow>)| {
            let remark = self.remarks.of(row.number);
            let note = remark.and_then(|remark| remark.note.as_ref()).map(|note| note.text.as_str());
            let tags = remark.map(|remark| &remark.tags);
            let beside = Beside { note, tags, text: texts.of(index), now_us: self.now_us };
            brushed(row) && self.filter.keeps(row, &beside)
        };
        let rows = self.snapshot.trials.iter().enumerate();
        let kept: HashSet<u64> = rows.filter_map(|(at, row)| keeps((at, row)).then_some(row.number)).collect();
        Arc::new(self.snapshot.only(|row| kept.contains(&row.number)))
    }
}

impl Model {
    /// Computes what depends on the snapshot, the filter, the brushes and the order; of a large study it asks for it.
    pub(super) fn refresh(&mut self) {
        self.revision += 1;
        let Some(snapshot) = self.snapshot().cloned() else {
            self.rows.clear();
            self.subject = None;
            self.question = None;
            return;
        };
        let gone = |number: &u64| snapshot.trial(*number).is_none();
        self.selected = self.selected.filter(|number| !gone(number));
        self.hovered = self.hovered.filter(|number| !gone(number));
        self.pins.retain(|number| !gone(number));
        self.baseline = self.baseline.filter(|number| self.pins.contains(number));

        let filter = match Filter::parse(&self.filter, &snapshot) {
            Ok(filter) => {
                self.filter_error = None;
                self.good_filter.clone_from(&self.filter);
                filter
            }
            // Half an expression leaves the whole one before it in force.
            Err(error) => {
                self.filter_error = Some(error);
                Filter::parse(&self.good_filter, &snapshot).unwrap_or(Filter::All(Vec::new()))
            }
        };
        let is_large = snapshot.trials.len() > AT_ONCE;
        let question = Question {
            revision: self.revision,
            snapshot,
            directory: self.open.as_ref().map(|open| open.directory.clone()).unwrap_or_default(),
            remarks: self.remarks(),
            filter,
            brushes: self.brushes.clone(),
            sort: self.sort,
            now_us: self.now_us,
            texts: Arc::clone(&self.texts),
        };
        if is_large {
            self.question = Some(Arc::new(question));
        } else {
            self.set_listed(&question.answer());
        }
    }

    /// Which trials are listed, where that is still to be found out. The trials of before are listed meanwhile.
    pub fn question(&self) -> Option<&Arc<Question>> {
        self.question.as_ref()
    }

    /// Takes over the answer to the newest question; that to another one is passed over.
    pub fn set_listed(&mut self, listed: &Listed) {
        if listed.subject.revision == self.revision {
            self.question = None;
            self.rows.clone_from(&listed.rows);
            self.subject = Some(listed.subject.clone());
        }
    }

    /// Sorts the table anew.
    pub(super) fn resort(&mut self) {
        match &self.subject {
            Some(subject) if subject.listed.trials.len() <= AT_ONCE && self.question.is_none() => {
                self.rows = rows::sorted(&subject.listed, self.sort, &self.remarks(), self.now_us);
            }
            _ => self.refresh(),
        }
    }
}

/// The text that words are looked for in: `#12 pruned model=cnn lr=0.001`, in small letters.
fn describe(row: &TrialRow) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(text, "#{} {}", row.number, row.state.name());
    for (name, value) in row.params.iter() {
        let _ = write!(text, " {name}={}", text::value(value));
    }
    if text.chars().any(char::is_uppercase) { text.to_lowercase() } else { text }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use seqtune_core::testing::study;

    use super::*;
    use crate::model::{Action, OpenStudy};
    use crate::reader::News;

    fn open(trials: u64) -> Model {
        let space = "x = { type = 'float', low = 0, high = 1 }";
        let snapshot = Snapshot::of(&study(space).sampler("random").trials(trials).history());
        let mut model = Model::new(0);
        model.open = Some(OpenStudy { directory: PathBuf::from("demo"), news: News::default() });
        model.set_news(Path::new("demo"), News { snapshot: Some(Arc::new(snapshot)), ..News::default() });
        model
    }

    #[test]
    fn a_large_study_is_listed_elsewhere_and_only_the_newest_answer_counts() {
        let mut model = open(AT_ONCE as u64 + 1);
        let first = Arc::clone(model.question().unwrap());
        assert!(model.subject().is_none() && model.rows.is_empty());
        model.set_listed(&first.answer());
        assert!(model.rows.len() > AT_ONCE && model.question().is_none());

        model.apply(Action::Filter("trial<10".to_owned()));
        let old = Arc::clone(model.question().unwrap());
        assert!(model.rows.len() > AT_ONCE, "the trials of before stay meanwhile");
        model.apply(Action::Filter("trial<5".to_owned()));
        model.set_listed(&old.answer());
        assert!(model.question().is_some() && model.rows.len() > AT_ONCE);
        let new = Arc::clone(model.question().unwrap());
        model.set_listed(&new.answer());
        assert_eq!((model.rows.len(), model.question().is_none()), (5, true));

        model.apply(Action::SortBy(crate::model::Column::Number));
        assert_eq!(model.rows, [0, 1, 2, 3, 4], "few listed trials are sorted at once");
    }

    #[test]
    fn a_small_study_is_listed_at_once() {
        let mut model = open(20);
        model.apply(Action::Filter("trial<10".to_owned()));
        assert_eq!((model.rows.len(), model.question().is_none()), (10, true));
    }
}
