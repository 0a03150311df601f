//! Rules on simulated arms.

use rand_distr::{Distribution, Normal};

use super::*;
use crate::seed::rng_of;

/// Pulls of arms with these means and deviations, one after the other.
fn simulate(rule: Rule, arms: &[(f64, f64)], pulls: usize, seed: u64) -> Vec<Pulls> {
    let mut seen = vec![Pulls::default(); arms.len()];
    let mut rng = rng_of(seed, 0, "a simulated bandit");
    for _ in 0..pulls {
        let arm = rule.choose(&seen, &mut rng);
        let (mean, deviation) = arms[arm];
        seen[arm].rewards.push(Normal::new(mean, deviation).unwrap().sample(&mut rng));
    }
    seen
}

/// Four arms half a deviation apart: uniform pulls give each a quarter.
#[test]
fn every_rule_finds_the_best_mean() {
    let arms = [(0.0, 1.0), (0.5, 1.0), (2.0, 1.0), (-1.0, 1.0)];
    for (name, rule) in Rule::ALL {
        let runs: Vec<Vec<Pulls>> = (0..20).map(|seed| simulate(rule, &arms, 100, seed)).collect();
        let share: f64 = runs.iter().map(|seen| seen[2].count() as f64 / 100.0).sum::<f64>() / 20.0;
        // Top-two gives the best arm half of the pulls on purpose.
        let expected = if rule == Rule::TopTwo { 0.4 } else { 0.5 };
        assert!(share > expected, "{name} gives the best arm {share} of the pulls");
        let most = |seen: &&Vec<Pulls>| seen.iter().all(|arm| arm.count() <= seen[2].count());
        let found = runs.iter().filter(most).count();
        // By chance it would be 5, and 11 or more in one of a hundred times.
        assert!(found >= 14, "{name} pulls the best arm most often in {found} of 20 runs");
    }
}

/// The arm of the best point is not that of the best mean.
#[test]
fn max_ucb_pulls_the_arm_of_the_best_point_and_the_others_that_of_the_best_mean() {
    let arms = [(0.5, 0.1), (0.0, 1.0)];
    let wide = |rule| (0..20).map(|seed| simulate(rule, &arms, 60, seed)[1].count()).sum::<usize>() as f64 / 1200.0;
    let (max, mean) = (wide(Rule::MaxUcb), wide(Rule::Thompson));
    assert!(max > 0.6, "{max} of the pulls are for the arm of high variance");
    assert!(mean < 0.4, "{mean} of the pulls are for the arm of the lower mean");
}

#[test]
fn pulls_that_are_made_at_once_spread() {
    let arm = |rewards: &[f64]| Pulls { rewards: rewards.to_vec(), pending: 0 };
    for (name, rule) in Rule::ALL {
        let mut arms = vec![Pulls::default(); 4];
        let mut rng = rng_of(3, 0, "test");
        for expected in 0..4 {
            let chosen = rule.choose(&arms, &mut rng);
            assert_eq!(chosen, expected, "{name} pulls each arm once first");
            arms[chosen].pending += 1;
        }
        // Alike but for noise: not all of twelve go to one arm.
        let mut arms = vec![arm(&[0.4, 0.7]), arm(&[0.5, 0.6]), arm(&[0.45, 0.66])];
        for _ in 0..12 {
            let chosen = rule.choose(&arms, &mut rng);
            arms[chosen].pending += 1;
        }
        assert!(arms.iter().all(|arm| arm.pending < 12), "{name}: {arms:?}");
    }
}

#[test]
fn odd_rewards_are_survived() {
    let arm = |rewards: &[f64]| Pulls { rewards: rewards.to_vec(), pending: 1 };
    let kinds = [
        vec![arm(&[]), arm(&[])],
        vec![arm(&[1.0]), arm(&[1.0, 1.0])],
        vec![arm(&[f64::MAX, -f64::MAX]), arm(&[-f64::MAX])],
        vec![arm(&[f64::NAN]), arm(&[f64::INFINITY])],
        vec![arm(&[2.0; 9])],
    ];
    for (_, rule) in Rule::ALL {
        for arms in &kinds {
            assert!(rule.choose(arms, &mut rng_of(1, 0, "test")) < arms.len());
        }
        assert_eq!(rule.choose(&[], &mut rng_of(1, 0, "test")), 0);
    }
}
