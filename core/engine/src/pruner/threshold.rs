//! Stops what leaves given bounds.

use seqtune_plugin::Direction;

use super::{Pruner, Race, Verdict};

/// Stops a trial whose value is above one bound or below another, or not finite.
#[derive(Clone, Copy, Debug)]
pub struct Threshold {
    /// The largest value that goes on.
    pub at_most: Option<f64>,
    /// The smallest value that goes on.
    pub at_least: Option<f64>,
    /// The first step that is decided about.
    pub min_step: u64,
}

impl Pruner for Threshold {
    fn decide(&self, race: &Race<'_>) -> Verdict {
        let step = race.step();
        if step < self.min_step {
            return Verdict::go_on("");
        }
        let objective = race.history().spec.objective();
        let (metric, loss) = (&objective.metric, race.loss());
        if !loss.is_finite() {
            return Verdict::stop(format!("step {step}: {metric} is not finite"));
        }
        let value = if objective.direction == Direction::Maximize { -loss } else { loss };
        match (self.at_most.filter(|bound| value > *bound), self.at_least.filter(|bound| value < *bound)) {
            (Some(bound), _) => Verdict::stop(format!("step {step}: {metric} is above {bound}")),
            (_, Some(bound)) => Verdict::stop(format!("step {step}: {metric} is below {bound}")),
            _ => Verdict::go_on(format!("step {step}: {metric} is within its bounds")),
        }
    }
}
