//! The generations of a study, gone through once: a distribution, and the trials that led to it.

use rand::RngExt;
use seqtune_space::{Grain, SearchSpace};

use super::super::SampleError;
use super::super::observation::{Observation, Outcome, Told, observations};
use super::super::scalar::weighed;
use super::super::standing;
use super::state::State;
use crate::event::Origin;
use crate::order::View;
use crate::seed::{rng_of, seed_of};

/// Values along a coordinate beyond which it counts as continuous.
const CELLS: u64 = 256;

/// The distribution after some generations, and all that it follows from.
#[derive(Debug)]
pub(super) struct Replay {
    space: SearchSpace,
    /// The study's seed.
    seed: u64,
    /// The trials of the generations.
    known: Vec<Known>,
    state: State,
}

/// What a trial taught. Its point follows from its number: a sampler belongs to one study.
#[derive(Debug)]
struct Known {
    trial: u64,
    config_key: String,
    told: Told,
}

impl Known {
    fn of(one: &Observation<'_>) -> Known {
        Known { trial: one.trial.number, config_key: one.trial.config_key.clone(), told: one.told.clone() }
    }

    fn is(&self, one: &Observation<'_>) -> bool {
        self.trial == one.trial.number && self.told == one.told && self.config_key == one.trial.config_key
    }
}

/// The trials that are cut into generations.
pub(super) fn told<'a>(view: &View<'a>) -> Vec<Observation<'a>> {
    let counts = |one: &Observation<'_>| one.trial.origin == Origin::Sampler && one.told.outcome != Outcome::Pending;
    observations(view).into_iter().filter(counts).collect()
}

/// What the coordinates are.
pub(super) fn grains(space: &SearchSpace) -> Vec<Grain> {
    space.dimensions().iter().map(|dimension| space.grain(dimension, CELLS)).collect()
}

impl Replay {
    /// Before the first generation.
    pub(super) fn new(space: &SearchSpace, view: &View<'_>) -> Result<Replay, SampleError> {
        let grains = grains(space);
        // As declared priors say, where there are any.
        let middle = space.decode_quantiles(&vec![0.5; grains.len()])?;
        let middle: Vec<f64> = space.encode(&middle).into_iter().map(|at| at.unwrap_or(0.5)).collect();
        let population = 4 + (3.0 * libm::log(grains.len().max(1) as f64)) as usize;
        let state = State::new(&grains, &middle, population);
        Ok(Replay { space: space.clone(), seed: view.history().spec.seed, known: Vec::new(), state })
    }

    /// How many trials it has been told.
    pub(super) fn trials(&self) -> usize {
        self.known.len()
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// Whether these trials begin with those that it was told.
    pub(super) fn leads_to(&self, space: &SearchSpace, view: &View<'_>, told: &[Observation<'_>]) -> bool {
        self.seed == view.history().spec.seed
            && self.known.len() <= told.len()
            && self.known.iter().zip(told).all(|(known, one)| known.is(one))
            && self.space == *space
    }

    /// Adapts to the generations that are complete and new.
    pub(super) fn go_on(&mut self, told: &[Observation<'_>]) {
        let Some(mut left) = told.get(self.known.len()..) else { return };
        let grains = grains(&self.space);
        while let Some((generation, rest)) = left.split_at_checked(self.state.population) {
            left = rest;
            let number = generation.last().map_or(0, |one| one.trial.number);
            let mut rng = rng_of(self.seed, number, "cmaes generation");
            let ranked = ranked(&self.space, generation, seed_of(self.seed, number, "cmaes weights"));
            self.state.adapt(&grains, &ranked, &mut rng);
            if self.state.has_converged() {
                let around: Vec<f64> = grains.iter().map(|_| rng.random()).collect();
                self.state = State::new(&grains, &around, 2 * self.state.population);
            }
            self.known.extend(generation.iter().map(Known::of));
        }
    }
}

/// The points of a generation, the best first; with several objectives under the weights of this seed.
fn ranked(space: &SearchSpace, generation: &[Observation<'_>], seed: u64) -> Vec<Vec<Option<f64>>> {
    let generation = weighed(generation, seed);
    let generation: Vec<&Observation<'_>> = generation.iter().collect();
    let groups = standing::groups(&generation);
    groups.into_iter().flatten().map(|at| space.encode(generation[at].params)).collect()
}
