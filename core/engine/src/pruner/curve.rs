//! Stops what curves say will not become the best.

use std::sync::{Arc, Mutex, PoisonError};

use super::race::Curve;
use super::rungs::{Rungs, Standing};
use super::{Pruner, Race, Verdict};
use crate::learning_curve::CurveModel;

/// At a rung, stops a trial that is not among the best `1 / factor` there and whose curve, as those of completed trials go,
/// has less than a given chance to end better than the best one. While too few trials have completed for that, or where the
/// model of curves does not hold on those that have, the rank alone decides.
pub struct CurvePruner {
    chance: f64,
    max_step: u64,
    rungs: Rungs,
    factor: u64,
    /// What completed trials taught, by how many they were: as the log grows, none of them goes.
    taught: Mutex<Option<(usize, Arc<CurveModel>)>>,
}

/// How many times the first rung the last step is, at most; a rung at the first step comes before it.
const SPAN: u64 = 27;

impl CurvePruner {
    /// For trials of so many steps.
    pub fn new(chance: f64, max_step: u64, factor: u64) -> CurvePruner {
        // The first step tells more than one would think (Egele et al. 2024: one epoch is often all you need).
        let rungs = Rungs::geometric((max_step / SPAN).max(1), factor, max_step).with(1);
        CurvePruner { chance, max_step, rungs, factor, taught: Mutex::default() }
    }

    fn model(&self, race: &Race<'_>) -> Arc<CurveModel> {
        let completed: Vec<Curve<'_>> = race.completed().collect();
        let mut taught = self.taught.lock().unwrap_or_else(PoisonError::into_inner);
        match &*taught {
            Some((count, model)) if *count == completed.len() => Arc::clone(model),
            _ => {
                let curves: Vec<Vec<(u64, f64)>> = completed.iter().map(finite).collect();
                let reduce = race.history().spec.objective().reduce;
                let model = Arc::new(CurveModel::learn(&curves, self.max_step, reduce));
                *taught = Some((completed.len(), Arc::clone(&model)));
                model
            }
        }
    }
}

/// The finite losses of a curve.
fn finite(curve: &Curve<'_>) -> Vec<(u64, f64)> {
    curve.losses().filter(|(_, loss)| loss.is_finite()).collect()
}

impl Pruner for CurvePruner {
    fn decide(&self, race: &Race<'_>) -> Verdict {
        let Some(rung) = self.rungs.reached(race) else { return Verdict::go_on("") };
        let standing = Standing::at(rung, race, |_| true);
        let words = standing.words(rung, self.factor);
        if standing.goes_on(self.factor) {
            return Verdict::go_on(words);
        }
        let (loss, incumbent) = (race.loss(), race.incumbent());
        let Some(best) = incumbent.filter(|best| loss.is_finite() && best.loss().is_finite()) else {
            return Verdict::stop(words);
        };
        let number = best.trial().number;
        if loss < best.loss() {
            return Verdict::go_on(format!("{words}; better than trial {number}, the best, is now"));
        }
        let model = self.model(race);
        if !model.is_trusted() {
            return Verdict::stop(format!("{words}; too little is known of curves to tell its end"));
        }
        let chance = model.predict(&finite(&race.own())).probability_below(best.loss());
        let said = format!("{words}; it becomes better than trial {number}, the best, with probability {chance:.3}");
        if chance < self.chance { Verdict::stop(said) } else { Verdict::go_on(said) }
    }
}
