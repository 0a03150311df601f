//! Stops what curves say will not become the best.

use super::rungs::{Rungs, Standing};
use super::{Pruner, Race, Verdict};
use crate::history::Trial;
use crate::learning_curve::CurveMemory;

/// At a rung, stops a trial that is not among the best `1 / factor` there and whose curve, as those of completed trials go,
/// has less than a given chance to end better than the best one. While too few trials have completed for that, or where the
/// model of curves does not hold on those that have, the rank alone decides.
pub struct CurvePruner {
    chance: f64,
    max_step: u64,
    rungs: Rungs,
    factor: u64,
    taught: CurveMemory,
}

/// How many times the first rung the last step is, at most; a rung at the first step comes before it.
const SPAN: u64 = 27;

impl CurvePruner {
    /// For trials of so many steps.
    pub fn new(chance: f64, max_step: u64, factor: u64) -> CurvePruner {
        // The first step tells more than one would think (Egele et al. 2024: one epoch is often all you need).
        let rungs = Rungs::geometric((max_step / SPAN).max(1), factor, max_step).with(1);
        CurvePruner { chance, max_step, rungs, factor, taught: CurveMemory::default() }
    }
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
        let spec = &race.history().spec;
        let completed: Vec<&Trial> = race.completed().map(|curve| curve.trial()).collect();
        let model = self.taught.model(spec, &completed, self.max_step);
        if !model.is_trusted() {
            return Verdict::stop(format!("{words}; too little is known of curves to tell its end"));
        }
        let begun: Vec<(u64, f64)> = race.own().losses().filter(|(_, loss)| loss.is_finite()).collect();
        let chance = model.predict(&begun).probability_below(best.loss());
        let said = format!("{words}; it becomes better than trial {number}, the best, with probability {chance:.3}");
        if chance < self.chance { Verdict::stop(said) } else { Verdict::go_on(said) }
    }
}
