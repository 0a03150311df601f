//! Rewards of any size between two ends.

use super::Pulls;

/// The rewards of each arm, the smallest of all at `low` and the largest at `high`; where all are the same, in the middle.
/// Numbers that are not finite are left out.
pub(super) fn scaled(arms: &[Pulls], low: f64, high: f64) -> Vec<Vec<f64>> {
    let finite = || arms.iter().flat_map(|arm| &arm.rewards).copied().filter(|reward| reward.is_finite());
    let least = finite().fold(f64::INFINITY, f64::min);
    let most = finite().fold(f64::NEG_INFINITY, f64::max);
    // Halves, since rewards of the largest size may be further apart than a number can say.
    let range = 0.5 * most - 0.5 * least;
    let of = |reward: f64| {
        let share = if range > 0.0 { (0.5 * reward - 0.5 * least) / range } else { 0.5 };
        low + share * (high - low)
    };
    let of_arm = |arm: &Pulls| arm.rewards.iter().copied().filter(|reward| reward.is_finite()).map(of).collect();
    arms.iter().map(of_arm).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_numbers_are_scaled() {
        let arm = |rewards: &[f64]| Pulls { rewards: rewards.to_vec(), pending: 0 };
        assert_eq!(scaled(&[arm(&[3.0, 5.0]), arm(&[4.0])], 0.0, 1.0), [vec![0.0, 1.0], vec![0.5]]);
        assert_eq!(scaled(&[arm(&[-f64::MAX, f64::NAN]), arm(&[f64::MAX])], 0.0, 1.0), [vec![0.0], vec![1.0]]);
        assert_eq!(scaled(&[arm(&[2.0]), arm(&[])], 0.0, 1.0), [vec![0.5], vec![]]);
    }
}
