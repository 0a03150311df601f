//! Bandits: which of several arms to pull next, from the rewards of earlier pulls.
//!
//! An arm is whatever gives a reward when it is pulled: a branch of a search space, of which each pull tries another point,
//! or a finished configuration, of which each pull is another seed. Rewards are maximised, on any scale: the rules scale
//! them by what they have seen. A pull whose reward is not there yet counts as a pull, so that pulls that are made at once
//! spread.
//!
//! ```
//! use seqtune_core::bandit::{Pulls, Rule};
//! use seqtune_core::seed::rng_of;
//!
//! let arms = [
//!     Pulls { rewards: vec![0.71, 0.69], pending: 0 },
//!     Pulls { rewards: vec![0.93, 0.94], pending: 0 },
//!     Pulls { rewards: vec![0.50, 0.52], pending: 1 },
//! ];
//! assert_eq!(Rule::Ucb1Tuned.choose(&arms, &mut rng_of(1, 0, "a bandit")), 1);
//! ```

mod posterior;
mod scale;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use self::posterior::Posterior;
use self::scale::scaled;

/// Draws after which a leader that nothing else beats is taken to be sure.
const RESAMPLED: usize = 100;

/// How an arm is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Thompson sampling: the arm that is best in one draw from what is known of all means. For the most reward.
    #[default]
    Thompson,
    /// The largest upper confidence bound of the mean, with the arms' variances (Auer, Cesa-Bianchi and Fischer,
    /// "Finite-time analysis of the multiarmed bandit problem", Machine Learning 2002, figure 4).
    Ucb1Tuned,
    /// The largest bound of the best reward: for the arm that holds the best point, not the best mean (Balef, Vernade and
    /// Eggensperger, "Put CASH on bandits: a max K-armed problem for automated machine learning", 2025).
    MaxUcb,
    /// Half of the pulls for the arm of Thompson sampling, half for its strongest rival. To know the best arm soon (Russo,
    /// "Simple Bayesian algorithms for best-arm identification", COLT 2016).
    TopTwo,
}

impl Rule {
    /// All of them, by the names that a study file uses.
    pub const ALL: [(&'static str, Rule); 4] = [
        ("thompson", Rule::Thompson),
        ("ucb1_tuned", Rule::Ucb1Tuned),
        ("max_ucb", Rule::MaxUcb),
        ("top_two", Rule::TopTwo),
    ];

    /// The name that a study file uses.
    pub fn name(self) -> &'static str {
        Rule::ALL.iter().find(|(_, rule)| *rule == self).map_or("", |(name, _)| name)
    }

    /// The arm to pull next, by its index. Each arm is pulled once before any is pulled twice; ties go to the lower index.
    /// Of no arms it is 0.
    pub fn choose(self, arms: &[Pulls], rng: &mut ChaCha8Rng) -> usize {
        if let Some(new) = arms.iter().position(|arm| arm.count() == 0) {
            return new;
        }
        match self {
            Rule::Thompson => largest(&Posterior::new(arms).draw(rng)),
            Rule::TopTwo => top_two(&Posterior::new(arms), rng),
            Rule::Ucb1Tuned => largest(&ucb1_tuned(arms)),
            Rule::MaxUcb => largest(&max_ucb(arms)),
        }
    }
}

/// What is known of an arm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pulls {
    /// Rewards of its pulls, finite ones.
    pub rewards: Vec<f64>,
    /// Pulls whose reward is not there yet.
    pub pending: usize,
}

impl Pulls {
    /// How often it was pulled.
    pub fn count(&self) -> usize {
        self.rewards.len() + self.pending
    }
}

/// The index of the largest number, the lower one of equals.
fn largest(values: &[f64]) -> usize {
    (0..values.len()).fold(0, |best, k| if values[k] > values[best] { k } else { best })
}

fn top_two(posterior: &Posterior, rng: &mut ChaCha8Rng) -> usize {
    let mut draw = posterior.draw(rng);
    let leader = largest(&draw);
    if draw.len() < 2 || rng.random::<f64>() < 0.5 {
        return leader;
    }
    for _ in 0..RESAMPLED {
        draw = posterior.draw(rng);
        let other = largest(&draw);
        if other != leader {
            return other;
        }
    }
    draw[leader] = f64::NEG_INFINITY;
    largest(&draw)
}

/// The indices of UCB1-tuned. An arm whose pulls are all pending has the mean of all.
fn ucb1_tuned(arms: &[Pulls]) -> Vec<f64> {
    let rewards = scaled(arms, 0.0, 1.0);
    let middle = mean(&rewards.concat()).unwrap_or(0.5);
    let ln_total = libm::log(arms.iter().map(Pulls::count).sum::<usize>() as f64);
    let index = |(arm, rewards): (&Pulls, &Vec<f64>)| {
        let count = arm.count() as f64;
        let mean = mean(rewards).unwrap_or(middle);
        let squares = self::mean(&rewards.iter().map(|reward| reward * reward).collect::<Vec<_>>());
        let variance = squares.map_or(0.25, |squares| (squares - mean * mean).max(0.0));
        let bound = variance + (2.0 * ln_total / count).sqrt();
        mean + (ln_total / count * bound.min(0.25)).sqrt()
    };
    arms.iter().zip(&rewards).map(index).collect()
}

/// The indices of MaxUCB, `max + (0.5 ln t / n)²`, of rewards between 0.01 and 0.99. An arm whose pulls are all pending has the
/// mean of all.
fn max_ucb(arms: &[Pulls]) -> Vec<f64> {
    let rewards = scaled(arms, 0.01, 0.99);
    let middle = mean(&rewards.concat()).unwrap_or(0.5);
    let ln_total = libm::log(arms.iter().map(Pulls::count).sum::<usize>() as f64);
    let index = |(arm, rewards): (&Pulls, &Vec<f64>)| {
        let best = rewards.iter().copied().reduce(f64::max).unwrap_or(middle);
        let width = 0.5 * ln_total / arm.count() as f64;
        best + width * width
    };
    arms.iter().zip(&rewards).map(index).collect()
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests;
