//! What one round of listening brings.

use seqtune_core::{EventKind, History};
use seqtune_plugin::FailureCause;

use super::assignment::Assignment;

/// What one round of listening adds to the log, and what is done once it is there.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) kinds: Vec<EventKind>,
    pub(super) places: Vec<usize>,
    /// Reports that wait for an answer: from which worker, on which attempt, and whether the step is new to the log.
    pub(super) reports: Vec<(usize, Assignment, bool)>,
    pub(super) released: Vec<usize>,
    /// Trials whose checkpoints changed.
    pub(super) trials: Vec<u64>,
    /// Why no trial at all can be trained.
    pub(super) unusable: Option<String>,
}

impl Batch {
    pub(super) fn add(&mut self, place: usize, trial: u64, kinds: Vec<EventKind>) {
        let files = |kind: &EventKind| !matches!(kind, EventKind::Reported { .. } | EventKind::ReportDiffered { .. });
        if kinds.iter().any(files) {
            self.trials.push(trial);
        }
        self.places.push(place);
        self.kinds.extend(kinds);
    }

    /// A report that means these events.
    pub(super) fn reported(&mut self, place: usize, assignment: Assignment, kinds: &[EventKind]) {
        let is_new = kinds.iter().any(|kind| matches!(kind, EventKind::Reported { .. }));
        self.reports.push((place, assignment, is_new));
    }

    pub(super) fn failed(
        &mut self,
        history: &History,
        place: usize,
        assignment: &Assignment,
        cause: FailureCause,
        message: &str,
    ) {
        self.add(place, assignment.trial, assignment.failed(history, cause, message, true));
    }
}
