//! Stops what is worse than others were at the same step.

use super::{Pruner, Race, Verdict};

/// Stops a trial whose value is worse than a percentile of the completed trials' values at the same step (the median stopping
/// rule of Golovin et al. 2017 where that is 50).
#[derive(Clone, Copy, Debug)]
pub struct Percentile {
    /// How many of a hundred go on.
    pub percentile: f64,
    /// Trials that must have completed before any is stopped.
    pub startup_trials: u64,
    /// The first step that is decided about.
    pub min_step: u64,
    /// Steps from one decision to the next.
    pub every: u64,
}

impl Pruner for Percentile {
    fn decide(&self, race: &Race<'_>) -> Verdict {
        let step = race.step();
        if step < self.min_step || !(step - self.min_step).is_multiple_of(self.every) {
            return Verdict::go_on("");
        }
        let completed = race.completed().count() as u64;
        let mut losses: Vec<f64> = race.completed().filter_map(|curve| curve.loss_at(step)).collect();
        if completed < self.startup_trials || losses.is_empty() {
            return Verdict::go_on(format!("step {step}: {completed} completed trials, too few to compare with"));
        }
        losses.sort_by(f64::total_cmp);
        let bound = quantile(&losses, self.percentile / 100.0);
        let worse = losses.partition_point(|loss| *loss < race.loss());
        let of = losses.len();
        let name = if self.percentile == 50.0 { "median".to_owned() } else { format!("best {} %", self.percentile) };
        if race.loss() > bound {
            Verdict::stop(format!("step {step}: worse than the {name} of {of} completed trials ({worse} were better)"))
        } else {
            Verdict::go_on(format!("step {step}: not worse than the {name} of {of} completed trials"))
        }
    }
}

/// A quantile of sorted losses, between two of them in proportion; of which infinite ones are never mixed with others.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    if low == high || high.is_infinite() {
        return if place.fract() > 0.0 || low == high { high } else { low };
    }
    low + (high - low) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn a_quantile_lies_between_its_neighbours() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.5), 2.0);
        assert_eq!(quantile(&[1.0, 2.0], 0.5), 1.5);
        assert_eq!(quantile(&[3.0], 0.9), 3.0);
        assert_eq!(quantile(&[1.0, f64::INFINITY], 0.25), f64::INFINITY);
        assert_eq!(quantile(&[1.0, f64::INFINITY], 0.0), 1.0);
    }
}
