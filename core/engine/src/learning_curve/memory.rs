//! What curves taught, kept for the next decision.

use std::sync::{Arc, Mutex, PoisonError};

use super::{CURVES, CurveModel};
use crate::history::{Trial, loss_under};
use crate::spec::StudySpec;

/// The model of a study's completed trials. It is learned again when a fifth more have completed than were there the last time, so
/// that it is a function of what a decision sees, and rarely costs anything.
#[derive(Debug, Default)]
pub(crate) struct CurveMemory(Mutex<Option<(Vec<u64>, Arc<CurveModel>)>>);

impl CurveMemory {
    /// Of these completed trials, in number order, for trials of so many steps.
    pub(crate) fn model(&self, spec: &StudySpec, completed: &[&Trial], steps: u64) -> Arc<CurveModel> {
        let known = &completed[..scheduled(completed.len())];
        let few = known.len().min(CURVES);
        // The newest is among them.
        let chosen: Vec<&Trial> = (1..=few).map(|k| known[k * known.len() / few - 1]).collect();
        let numbers: Vec<u64> = chosen.iter().map(|trial| trial.number).collect();
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*memory {
            Some((learned, model)) if *learned == numbers => Arc::clone(model),
            _ => {
                let curves: Vec<Vec<(u64, f64)>> = chosen.iter().map(|trial| losses(spec, trial)).collect();
                let model = Arc::new(CurveModel::learn(&curves, steps, spec.objective().reduce));
                *memory = Some((numbers, Arc::clone(&model)));
                model
            }
        }
    }
}

/// The finite losses of a trial by step.
pub(crate) fn losses(spec: &StudySpec, trial: &Trial) -> Vec<(u64, f64)> {
    let direction = spec.objective().direction;
    let finite = trial.reports.iter().filter_map(|point| Some((point.step, point.value?)));
    finite.map(|(step, value)| (step, loss_under(direction, value))).collect()
}

/// How many of so many trials are learned from.
fn scheduled(count: usize) -> usize {
    let mut learned = 0;
    loop {
        let next = learned + 1 + learned / 5;
        if next > count {
            return learned;
        }
        learned = next;
    }
}

#[cfg(test)]
mod tests {
    use super::scheduled;

    #[test]
    fn what_is_learned_from_grows_by_a_fifth() {
        let counts: Vec<usize> = (0..14).map(scheduled).collect();
        assert_eq!(counts, [0, 1, 2, 3, 4, 5, 5, 7, 7, 9, 9, 11, 11, 11]);
        assert!((5..10_000).all(|count| scheduled(count) as f64 > 0.8 * count as f64 - 1.0));
    }
}
