//! Which trials are listed, and in which order: what follows from the snapshot, the filter, the brushes and the sorting.

use std::fmt::Write as _;
use std::sync::Arc;

use seqtune_plot::{Snapshot, TrialRow};

use super::filter::{Beside, Filter};
use super::{Model, ranges, rows};
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

impl Model {
    /// Computes what depends on the snapshot, the filter, the brushes and the order.
    pub(super) fn refresh(&mut self) {
        let Some(snapshot) = self.snapshot().cloned() else {
            self.rows.clear();
            self.subject = None;
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
        let listed = self.keep(&snapshot, &filter);
        self.revision += 1;
        let directory = self.open.as_ref().map(|open| open.directory.clone()).unwrap_or_default();
        let subject = Subject::new(snapshot, listed, &directory, self.revision);
        self.rows = rows::sorted(&subject.listed, self.sort, &self.remarks(), self.now_us);
        self.subject = Some(subject);
    }

    /// Sorts the table anew.
    pub(super) fn resort(&mut self) {
        if let Some(subject) = &self.subject {
            self.rows = rows::sorted(&subject.listed, self.sort, &self.remarks(), self.now_us);
        }
    }

    fn keep(&mut self, snapshot: &Arc<Snapshot>, filter: &Filter) -> Arc<Snapshot> {
        if *filter == Filter::All(Vec::new()) && self.brushes.is_empty() {
            return Arc::clone(snapshot);
        }
        if filter.has_words() {
            self.texts.update(snapshot);
        }
        let remarks = self.remarks();
        let brushed = |row: &TrialRow| {
            self.brushes.iter().all(|(name, from, to)| {
                ranges::place(snapshot, row, name).is_some_and(|value| (*from..=*to).contains(&value))
            })
        };
        let keeps = |(index, row): (usize, &Arc<TrialRow>)| {
            let remark = remarks.of(row.number);
            let note = remark.and_then(|remark| remark.note.as_ref()).map(|note| note.text.as_str());
            let tags = remark.map(|remark| &remark.tags);
            let beside = Beside { note, tags, text: self.texts.of(index), now_us: self.now_us };
            brushed(row) && filter.keeps(row, &beside)
        };
        let kept: std::collections::HashSet<u64> = snapshot
            .trials
            .iter()
            .enumerate()
            .filter_map(|(index, row)| keeps((index, row)).then_some(row.number))
            .collect();
        Arc::new(snapshot.only(|row| kept.contains(&row.number)))
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
