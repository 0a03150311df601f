//! Why a sampler chose a point: the numbers that decided.
//!
//! They are by-products of the decision, so they cost next to nothing, and since a decision can be replayed they need not be
//! kept: `seqtune explain` decides again and shows them.

use seqtune_plugin::Direction;
use seqtune_space::{Params, Value};
use serde::Serialize;

use crate::order::View;

/// A point, and why this one.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// The point.
    pub params: Params,
    /// Why this one.
    pub reason: Reason,
}

impl Suggestion {
    pub(super) fn new(params: Params, reason: Reason) -> Suggestion {
        Suggestion { params, reason }
    }
}

/// Why a sampler chose a point. Values are the study's, in its direction, not losses.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Reason {
    /// A draw that depends on no result.
    Random,
    /// A point that depends on no result, of a sequence that fills the space evenly.
    Sobol {
        /// Its place in the sequence, from 0.
        place: u64,
    },
    /// The next of all points, in shuffled order.
    Grid {
        /// Points that were left, this one included.
        left: u64,
    },
    /// The sampler has a model, and had too few results for it.
    StartUp {
        /// Trials with a result.
        results: u64,
        /// How many it waits for.
        needed: u64,
        /// What it took instead.
        instead: Box<Reason>,
    },
    /// The sampler found no point by its model that was new and kept the constraints.
    NothingNew {
        /// What it took instead.
        instead: Box<Reason>,
    },
    /// A Gaussian process.
    Gp(GpReason),
    /// A tree-structured Parzen estimator.
    Tpe(TpeReason),
    /// An evolution strategy: a draw from its distribution.
    #[serde(rename = "cmaes")]
    CmaEs {
        /// Generations since the last restart.
        generation: u64,
        /// Points of a generation.
        population: u64,
        /// How wide the distribution is, in widths of the space.
        step_size: f64,
    },
    /// A genetic algorithm: a child of two trials.
    Nsga2 {
        /// Generations before this one.
        generation: u64,
        /// Trials that could be parents.
        population: u64,
        /// Numbers of the parents, the same one twice where the child is a mutation.
        parents: [u64; 2],
    },
    /// A bandit.
    Bandit(BanditReason),
}

/// What a Gaussian process said of the point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GpReason {
    /// Points that it learned from.
    pub points: u64,
    /// Points under way, whose results it drew.
    pub pending: u64,
    /// What it expected of each objective there, without the noise of measurement; of three or more objectives what it expected of
    /// their losses as one; none where it looked for a point that
    /// keeps the constraints, and for nothing else.
    pub expected: Vec<Expected>,
    /// Logarithm of the improvement that it expected, or with two objectives of the dominated volume, on its own scale, where the measured values have deviation 1. Of points
    /// that must keep something it includes the logarithm of the probability.
    pub ln_improvement: f64,
    /// The probability that the point can be trained and keeps the outcome constraints; none where nothing speaks
    /// against it.
    pub feasible: Option<f64>,
    /// Points that were left in a finite space, all of which were compared.
    pub compared: Option<u64>,
    /// A choice that had its turn, because nothing had become better for a while and it was tried least.
    pub turn: Option<Turn>,
}

/// What a model expected of one objective.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Expected {
    /// The objective's metric.
    pub metric: String,
    /// The value that it expected: half of its belief is on either side.
    pub median: f64,
    /// Where 68 % of its belief was, from the better end to the worse one.
    pub from: f64,
    /// The other end.
    pub to: f64,
    /// The value that it took the best point so far to have; none where the point is to improve a set.
    pub best: Option<f64>,
}

/// A choice that had its turn.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Turn {
    /// The parameter.
    pub parameter: String,
    /// The choice; none where the point turned out not to have the parameter.
    pub choice: Option<Value>,
}

/// What a Parzen estimator said of the point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TpeReason {
    /// Trials that count as good.
    pub good: u64,
    /// The others.
    pub others: u64,
    /// Logarithm of the density of the good ones there.
    pub ln_good: f64,
    /// Logarithm of the density of the others there.
    pub ln_others: f64,
    /// Candidates that were compared.
    pub compared: u64,
}

/// What a bandit knew when it chose an arm.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BanditReason {
    /// The rule.
    pub rule: &'static str,
    /// The parameter whose choices are the arms; none where the arms are points.
    pub parameter: Option<String>,
    /// Which of the arms it chose.
    pub chosen: u64,
    /// What it knew of each.
    pub arms: Vec<Arm>,
    /// Why this point of the arm; none where the arms are points.
    pub within: Option<Box<Reason>>,
}

/// What a bandit knew of one arm.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Arm {
    /// The choice, or the point.
    pub name: String,
    /// Trials in it, those under way included.
    pub trials: u64,
    /// The mean of their values.
    pub mean: Option<f64>,
    /// The best of their values.
    pub best: Option<f64>,
}

/// A loss as a value of the study's objective of this number.
pub(super) fn value_of(view: &View<'_>, objective: usize, loss: f64) -> f64 {
    match view.history().spec.objectives[objective].direction {
        Direction::Minimize => loss,
        // Not -0.
        Direction::Maximize => 0.0 - loss,
    }
}
