//! What trials that were stopped early would have come to.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::super::observation::{Observation, Outcome, loss_of};
use super::super::scale::LARGEST;
use super::targets::{Aims, Losses};
use crate::history::{Trial, TrialEnd};
use crate::learning_curve::{self, CurveMemory, CurveModel};
use crate::order::View;

/// What completed trials did after a step, for trials that were stopped there.
pub(super) struct Curves<'a, 's> {
    view: View<'a>,
    aims: Aims<'s>,
    completed: Vec<(&'a Trial, Losses)>,
    /// Losses that were read from the metrics of a trial's report, by their numbers.
    read: RefCell<HashMap<(u64, usize), Option<Losses>>>,
    /// With one objective, the model of curves, where it holds on completed ones.
    model: Option<Arc<CurveModel>>,
}

impl<'a, 's> Curves<'a, 's> {
    pub(super) fn new(
        view: &View<'a>,
        observations: &[Observation<'a>],
        aims: Aims<'s>,
        taught: &CurveMemory,
    ) -> Curves<'a, 's> {
        let completed = observations.iter().filter_map(|one| match one.told.outcome {
            Outcome::Completed { .. } if one.trial.end == Some(TrialEnd::Completed) => {
                Some((one.trial, aims.of(one.told.losses())))
            }
            _ => None,
        });
        let completed: Vec<(&Trial, Losses)> = completed.collect();
        let is_pruned = |one: &Observation<'_>| matches!(one.told.outcome, Outcome::Pruned { .. });
        let model = (matches!(aims, Aims::One) && observations.iter().any(is_pruned)).then(|| {
            let trials: Vec<&Trial> = completed.iter().map(|(trial, _)| *trial).collect();
            let spec = &view.history().spec;
            let steps = trials.iter().map(|trial| trial.step()).max().unwrap_or(0);
            taught.model(spec, &trials, steps)
        });
        let model = model.filter(|model| model.is_trusted());
        Curves { view: *view, aims, completed, read: RefCell::default(), model }
    }

    /// The losses of one report.
    fn losses(&self, trial: &Trial, report: usize) -> Option<Losses> {
        if let Aims::One = self.aims {
            return Some([loss_of(&self.view, trial.reports[report].value?), 0.0]);
        }
        let read = || {
            let losses = self.view.history().losses_at(&trial.reports[report])?;
            Some(self.aims.of(&losses))
        };
        *self.read.borrow_mut().entry((trial.number, report)).or_insert_with(read)
    }

    /// The losses that are expected at the end where they are `losses` at `step`, and the standard deviations of that.
    pub(super) fn predict(&self, trial: &Trial, step: u64, losses: Losses) -> (Losses, Losses) {
        if let Some(model) = &self.model {
            let prediction = model.predict(&learning_curve::losses(&self.view.history().spec, trial));
            // Of curves that may run away the mean says little.
            let [low, median, high] = [0.16, 0.5, 0.84].map(|share| prediction.quantile(share));
            return ([median.clamp(-LARGEST, LARGEST), 0.0], [(0.5 * (high - low)).min(LARGEST), 0.0]);
        }
        let changes: Vec<Losses> = self
            .completed
            .iter()
            .filter_map(|(trial, last)| {
                let at = trial.reports.partition_point(|point| point.step <= step).checked_sub(1)?;
                let then = self.losses(trial, at)?;
                Some([last[0] - then[0], last[1] - then[1]])
            })
            .collect();
        let of =
            |which: usize| predicted(&changes.iter().map(|change| change[which]).collect::<Vec<_>>(), losses[which]);
        let (first, second) = (of(0), of(1));
        ([first.0, second.0], [first.1, second.1])
    }
}

/// A loss at the end and its standard deviation, by what others changed from there on.
fn predicted(changes: &[f64], loss: f64) -> (f64, f64) {
    let count = changes.len() as f64;
    if changes.len() < 3 {
        // Nothing is known of how losses go on: as far as they have been seen to go.
        let farthest = changes.iter().fold(0.0_f64, |most, change| most.max(change.abs()));
        return (loss, farthest.max(0.1 * loss.abs()));
    }
    let mean = changes.iter().sum::<f64>() / count;
    let variance = changes.iter().map(|change| (change - mean) * (change - mean)).sum::<f64>() / (count - 1.0);
    (loss + mean, (variance * (1.0 + 1.0 / count)).sqrt())
}
