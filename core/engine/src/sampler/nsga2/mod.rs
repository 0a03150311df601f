//! A genetic algorithm for several objectives: NSGA-II.
//!
//! Deb, Pratap, Agarwal and Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE Transactions on
//! Evolutionary Computation, 2002: parents are chosen by tournaments, by front and then by the room around them; children are made
//! by the operators in `breed`; of parents and children together the best live on. Each child may breed as soon as its end is
//! seen, which takes fewer trials than whole generations do (Durillo, Nebro, Luna and Alba, "On the effect of the steady-state
//! selection scheme in multi-objective genetic algorithms", EMO 2009).
//!
//! It has no memory: each decision replays the selections from the trials it sees. The trials that the sampler chose are cut
//! into generations by their numbers, and after each of them only the best live on; trials of other origin belong to the
//! generation during which they came. What is pending joins its generation when its end is seen.

mod breed;

use rand::{Rng, RngExt};
use seqtune_space::{Grain, SearchSpace};

use self::breed::child;
use super::observation::{Observation, observations};
use super::{EXACT, Reason, SampleError, Sampler, Suggestion, drawn, even, standing, tried, untried};
use crate::event::Origin;
use crate::order::View;
use crate::seed::rng_of;

/// Trials that live on. Few, since trials are dear: with the usual hundred most studies would be over before any has bred
/// twice. What does not live on stays in the history all the same, and in its Pareto set.
const POPULATION: usize = 12;

/// Parents that a first child can have: fewer say nothing of where to go.
const FEWEST: usize = 2;

/// Children that are made before one that is known, or any point that is left, is taken instead.
const CHILDREN: usize = 256;

/// Values along a coordinate beyond which it counts as continuous.
const CELLS: u64 = 256;

/// Breeds trials from good ones. For many trials and several objectives, of any kind and number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nsga2;

impl Sampler for Nsga2 {
    fn suggest(&self, space: &SearchSpace, view: &View<'_>, seed: u64) -> Result<Suggestion, SampleError> {
        let untried = space.points(EXACT).map(|points| untried(points, view)).transpose()?;
        let observations = observations(view);
        let Population { generation, ranked } = Population::of(view, &observations);
        if generation == 0 || ranked.len() < FEWEST {
            let Suggestion { params, mut reason } = even(space, view, seed, untried, ranked.len())?;
            if let Reason::StartUp { needed, .. } = &mut reason {
                *needed = POPULATION as u64;
            }
            return Ok(Suggestion::new(params, reason));
        }
        let grains: Vec<Grain> = space.dimensions().iter().map(|dimension| space.grain(dimension, CELLS)).collect();
        let parents: Vec<Vec<Option<f64>>> = ranked.iter().map(|one| space.encode(one.params)).collect();
        let known = tried(view);
        let mut rng = rng_of(seed, 0, "nsga2");
        let mut again = None;
        for _ in 0..CHILDREN {
            let (one, other) = (tournament(parents.len(), &mut rng), tournament(parents.len(), &mut rng));
            let reason = || Reason::Nsga2 {
                generation,
                population: ranked.len() as u64,
                parents: [ranked[one].trial.number, ranked[other].trial.number],
            };
            let params = space.decode(&child(&grains, &parents[one], &parents[other], &mut rng))?;
            if space.allows(&params).is_err() {
                continue;
            }
            if !known.contains(params.key().as_str()) {
                return Ok(Suggestion::new(params, reason()));
            }
            again = again.or_else(|| Some(Suggestion::new(params, reason())));
        }
        match (untried, again) {
            (Some(mut points), _) => {
                let point = points.swap_remove((seed % points.len() as u64) as usize);
                Ok(Suggestion::new(point, Reason::NothingNew { instead: Box::new(Reason::Random) }))
            }
            (None, Some(suggestion)) => Ok(suggestion),
            (None, None) => drawn(space, view, seed),
        }
    }
}

/// The parents of a trial.
struct Population<'o, 'a> {
    /// Which generation the trial belongs to, from 0.
    generation: u64,
    /// The best first: by groups, within a group by room.
    ranked: Vec<&'o Observation<'a>>,
}

impl<'o, 'a> Population<'o, 'a> {
    /// Of the view's trial.
    fn of(view: &View<'_>, observations: &'o [Observation<'a>]) -> Population<'o, 'a> {
        let mut population: Vec<&'o Observation<'a>> = Vec::new();
        let (mut generation, mut bred) = (0, 0);
        let mut observations = observations.iter().peekable();
        for trial in view.earlier() {
            // Trials that teach nothing are trials of a generation all the same.
            let one = observations.next_if(|one| one.trial.number == trial.number);
            population.extend(one.filter(|one| one.told.outcome.has_loss()));
            bred += usize::from(trial.origin == Origin::Sampler);
            if bred == POPULATION {
                population = survivors(&population);
                (generation, bred) = (generation + 1, 0);
            }
        }
        Population { generation, ranked: survivors(&population) }
    }
}

/// The best of parents and children, as many as may live on.
fn survivors<'o, 'a>(population: &[&'o Observation<'a>]) -> Vec<&'o Observation<'a>> {
    let mut survivors = Vec::with_capacity(POPULATION);
    for mut group in standing::groups(population) {
        standing::spread_first(population, &mut group);
        survivors.extend(group.into_iter().map(|at| population[at]));
        if survivors.len() >= POPULATION {
            break;
        }
    }
    survivors.truncate(POPULATION);
    survivors
}

/// The better one of two, by their places in an order.
fn tournament(count: usize, rng: &mut impl Rng) -> usize {
    rng.random_range(0..count).min(rng.random_range(0..count))
}
