//! A scrambled Sobol sequence: fills the space more evenly than random draws.
//!
//! Owen-scrambled by hashing as in Burley, "Practical Hash-based Owen Scrambling" (JCGT 2020), through the
//! `sobol_burley` crate. The scrambling depends on the study's seed, so two studies see different sequences.

use rand::{Rng, RngExt};
use seqtune_space::SearchSpace;

use super::{Reason, SampleError, Sampler, Suggestion, first_allowed};
use crate::event::Origin;
use crate::order::View;
use crate::seed::{rng_of, seed_of};

/// Points of one scrambled sequence come before the next scrambling begins.
const POINTS: u64 = 1 << 16;

/// Gives the sampler's k-th trial the k-th point of the sequence, by the parameters' priors. Where the constraints refuse
/// it, the k-th point of a second scrambling is taken, and so on: each of them is even over the trials that need it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sobol;

impl Sampler for Sobol {
    fn suggest(&self, space: &SearchSpace, view: &View<'_>, seed: u64) -> Result<Suggestion, SampleError> {
        // Trials that the sampler did not choose (defaults, enqueued points) take no point of the sequence.
        let index = view.earlier().filter(|trial| trial.origin == Origin::Sampler).count() as u64;
        let mut beyond = rng_of(seed, 0, "sobol beyond the last dimension");
        let params = first_allowed(space, seed, |number| {
            let scramble = match number {
                0 => seed_of(view.history().spec.seed, index / POINTS, "sobol"),
                _ => seed_of(view.history().spec.seed, number, "sobol where the constraints refuse"),
            };
            let dimensions = space.dimensions().len();
            space.decode_quantiles(&scrambled((index % POINTS) as u32, dimensions, scramble as u32, &mut beyond))
        })?;
        Ok(Suggestion::new(params, Reason::Sobol { place: index }))
    }
}

/// A point of the sequence with this scrambling; what lies beyond its last dimension is drawn.
pub(super) fn scrambled(index: u32, dimensions: usize, scramble: u32, beyond: &mut impl Rng) -> Vec<f64> {
    let coordinate = |dimension| {
        if dimension < sobol_burley::NUM_DIMENSIONS {
            f64::from(sobol_burley::sample(index, dimension, scramble))
        } else {
            beyond.random()
        }
    };
    (0..dimensions as u32).map(coordinate).collect()
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn the_first_sixteen_points_fill_sixteen_cells() {
        let text = "x = { type = 'float', low = 0, high = 1 }\ny = { type = 'float', low = 0, high = 1 }";
        let history = testing::study(text).sampler("sobol").trials(16).history();
        let cells = |name: &str, count: f64| {
            let mut cells: Vec<u64> =
                history.trials.iter().map(|t| (t.params.float(name).unwrap() * count) as u64).collect();
            cells.sort_unstable();
            cells
        };
        assert_eq!(cells("x", 16.0), (0..16).collect::<Vec<_>>());
        assert_eq!(cells("y", 16.0), (0..16).collect::<Vec<_>>());
    }
}
