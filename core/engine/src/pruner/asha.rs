//! Successive halving, without waiting for anybody.

use super::rungs::{Rungs, Standing};
use super::{Pruner, Race, Verdict};
use crate::seed::seed_of;

/// Asynchronous successive halving (Li et al. 2020) in its stopping form: a trial that comes to a rung goes on where it is
/// among the best `1 / factor` of all that have come there, or where there are too few to tell.
#[derive(Clone, Copy, Debug)]
pub struct Asha {
    /// The first rung.
    pub min_step: u64,
    /// Steps of a whole trial; 0 where nobody knows.
    pub max_step: u64,
    /// From one rung to the next; of as many one goes on.
    pub factor: u64,
}

impl Pruner for Asha {
    fn decide(&self, race: &Race<'_>) -> Verdict {
        at_rungs(&Rungs::geometric(self.min_step, self.factor, horizon(self.max_step)), self.factor, race, |_| true)
    }
}

/// Hyperband (Li et al. 2018) over [`Asha`]: each trial belongs to a bracket, and competes with those of its bracket only.
/// Later brackets have a later first rung, for curves that cross. Which bracket a trial belongs to follows from its number
/// and the study's seed, so that each bracket gets about the same share of all steps.
#[derive(Clone, Copy, Debug)]
pub struct Hyperband {
    /// The first rung of the first bracket.
    pub min_step: u64,
    /// Steps of a whole trial.
    pub max_step: u64,
    /// From one rung to the next; of as many one goes on.
    pub factor: u64,
}

impl Hyperband {
    /// The bracket of a trial, and how many there are.
    pub fn bracket(&self, study_seed: u64, trial: u64) -> (u64, u64) {
        let Rungs(rungs) = Rungs::geometric(self.min_step, self.factor, self.max_step);
        let count = rungs.len() as u64 + 1;
        // Trials of bracket s cost about (count - s) / factor^(count - 1 - s) of a whole one each.
        let weight = |bracket: u64| {
            let left = count - 1 - bracket;
            (count as f64 * (self.factor as f64).powi(left as i32) / (left + 1) as f64).ceil()
        };
        let total: f64 = (0..count).map(weight).sum();
        let mut place = seed_of(study_seed, trial, "bracket") as f64 / (1u64 << 53) as f64 * total;
        let bracket = (0..count).find(|bracket| {
            place -= weight(*bracket);
            place < 0.0
        });
        (bracket.unwrap_or(count - 1), count)
    }
}

impl Pruner for Hyperband {
    fn decide(&self, race: &Race<'_>) -> Verdict {
        let seed = race.history().spec.seed;
        let bracket_of = |trial| self.bracket(seed, trial).0;
        let (own, brackets) = self.bracket(seed, race.own().trial().number);
        let first = (0..own).fold(self.min_step, |rung, _| rung.saturating_mul(self.factor));
        let rungs = Rungs::geometric(first, self.factor, horizon(self.max_step));
        let verdict = at_rungs(&rungs, self.factor, race, |trial| bracket_of(trial) == own);
        let reason = match verdict.reason.as_str() {
            "" => String::new(),
            reason => format!("bracket {} of {brackets}, {reason}", own + 1),
        };
        Verdict { reason, ..verdict }
    }
}

fn at_rungs(rungs: &Rungs, factor: u64, race: &Race<'_>, counts: impl Fn(u64) -> bool) -> Verdict {
    let Some(rung) = rungs.reached(race) else { return Verdict::go_on("") };
    let standing = Standing::at(rung, race, counts);
    Verdict { stop: !standing.goes_on(factor), reason: standing.words(rung, factor) }
}

/// Where the last rung must lie before.
fn horizon(max_step: u64) -> u64 {
    if max_step == 0 { u64::MAX } else { max_step }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rungs_lie_before_the_last_step() {
        assert_eq!(Rungs::geometric(1, 3, 27).0, [1, 3, 9]);
        assert_eq!(Rungs::geometric(2, 4, 33).0, [2, 8, 32]);
        assert_eq!(Rungs::geometric(5, 3, 5).0, [0; 0]);
        assert_eq!(Rungs::geometric(1, 3, 3).with(2).with(1).0, [1, 2]);
    }

    /// Every bracket gets about the same share of the steps, where each trial of it trains as long as halving lets it.
    #[test]
    fn brackets_share_the_steps() {
        let hyperband = Hyperband { min_step: 1, max_step: 81, factor: 3 };
        let mut steps = vec![0.0; 5];
        for trial in 0..20_000 {
            let (bracket, count) = hyperband.bracket(7, trial);
            assert_eq!(count, 5);
            let rungs = 4 - bracket;
            // One rung after the other, a third goes on to the next.
            let first = 3f64.powi(bracket as i32);
            let mean: f64 =
                first + (0..rungs).map(|k| 3f64.powi(-(k as i32 + 1)) * 2.0 * first * 3f64.powi(k as i32)).sum::<f64>();
            steps[bracket as usize] += mean;
        }
        let total: f64 = steps.iter().sum();
        assert!(steps.iter().all(|share| (0.15..0.25).contains(&(share / total))), "{steps:?}");
    }
}
