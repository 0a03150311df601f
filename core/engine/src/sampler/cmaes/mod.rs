//! An evolution strategy with covariance matrix adaptation, for numbers, numbers in cells, and choices together.
//!
//! CMA-ES with margin (Hamano et al., GECCO 2022) for numbers and CatCMA (Hamano et al., GECCO 2024) for choices; restarted with
//! twice the population where it has converged (Auger and Hansen, "A restart CMA evolution strategy with increasing
//! population size", CEC 2005).
//!
//! A decision follows from the generations of the trials it sees. Those that the sampler chose and whose end is seen, in number
//! order, are cut into generations; what is pending belongs to none yet. A trial that was drawn before the last generation
//! was complete counts for a later one all the same. What the complete ones made of the distribution is remembered for the next
//! decision (`replay`), which changes nothing: where other trials are seen, all of them are replayed.

mod margin;
mod replay;
mod state;

use std::sync::{Mutex, PoisonError};

use seqtune_space::SearchSpace;

use self::replay::{Replay, told};
use self::state::State;
use super::{EXACT, Reason, SampleError, Sampler, Suggestion, drawn, tried, untried};
use crate::order::View;
use crate::seed::rng_of;

/// Distributions that are remembered: one for each arm of a bandit.
const REMEMBERED: usize = 8;

/// Points drawn before one that is known, or any that is left, is taken instead.
const DRAWN: usize = 512;

/// Moves a distribution to where good trials lie, and shapes it as the valley that they lie in. For many trials, of numbers
/// above all. With several objectives each generation is ranked by all losses as one, under weights of its own; samplers
/// that look for a whole set find more of it.
#[derive(Debug, Default)]
pub struct CmaEs {
    /// The last distributions, and the trials that they come from.
    replays: Mutex<Vec<Replay>>,
}

impl Sampler for CmaEs {
    fn suggest(&self, space: &SearchSpace, view: &View<'_>, seed: u64) -> Result<Suggestion, SampleError> {
        let untried = space.points(EXACT).map(|points| untried(points, view)).transpose()?;
        let state = self.replayed(space, view)?;
        let known = tried(view);
        let mut rng = rng_of(seed, 0, "cmaes");
        let mut again = None;
        let reason = || Reason::CmaEs {
            generation: state.generations(),
            population: state.population as u64,
            step_size: state.step_size(),
        };
        for _ in 0..DRAWN {
            let params = space.decode(&state.draw(&mut rng))?;
            if space.allows(&params).is_err() {
                continue;
            }
            if !known.contains(params.key().as_str()) {
                return Ok(Suggestion::new(params, reason()));
            }
            again = again.or(Some(params));
        }
        match (untried, again) {
            (Some(mut points), _) => {
                let point = points.swap_remove((seed % points.len() as u64) as usize);
                Ok(Suggestion::new(point, Reason::NothingNew { instead: Box::new(Reason::Random) }))
            }
            (None, Some(params)) => Ok(Suggestion::new(params, reason())),
            (None, None) => drawn(space, view, seed),
        }
    }
}

impl CmaEs {
    /// The distribution after all generations that are complete.
    fn replayed(&self, space: &SearchSpace, view: &View<'_>) -> Result<State, SampleError> {
        let told = told(view);
        let mut replays = self.replays.lock().unwrap_or_else(PoisonError::into_inner);
        let known = (0..replays.len()).filter(|at| replays[*at].leads_to(space, view, &told));
        let mut replay = match known.max_by_key(|at| replays[*at].trials()) {
            Some(at) => replays.remove(at),
            None => Replay::new(space, view)?,
        };
        replay.go_on(&told);
        let state = replay.state().clone();
        if replays.len() == REMEMBERED {
            replays.remove(0);
        }
        replays.push(replay);
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use seqtune_space::{Grain, Params};

    use super::replay::grains;
    use super::*;
    use crate::testing::{StudyDraft, study};

    const FLOATS: &str = "a = { type = 'float', low = -2, high = 2 }\nb = { type = 'float', low = -2, high = 2 }\n\
                          c = { type = 'float', low = -2, high = 2 }\nd = { type = 'float', low = -2, high = 2 }";

    fn at(params: &Params) -> [f64; 4] {
        ["a", "b", "c", "d"].map(|name| params.float(name).unwrap())
    }

    fn sphere(params: &Params) -> f64 {
        at(params).iter().map(|x| (x - 0.7) * (x - 0.7)).sum()
    }

    fn rosenbrock(params: &Params) -> f64 {
        at(params).windows(2).map(|x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2)).sum()
    }

    fn best(draft: StudyDraft) -> f64 {
        let history = draft.trials(150).history();
        history.value(history.best().unwrap()).unwrap()
    }

    /// Twelve studies of 150 trials; a fair coin would give 10 of 12 or more twice in a hundred times.
    #[test]
    fn it_beats_random_draws() {
        for (name, function) in [("sphere", sphere as fn(&Params) -> f64), ("rosenbrock", rosenbrock)] {
            let of = |sampler: &str, seed| best(study(FLOATS).sampler(sampler).seed(seed).objective(function));
            let wins = (0..12).filter(|seed| of("cmaes", *seed) < of("random", *seed)).count();
            assert!(wins >= 10, "{name}: better in {wins} of 12 studies");
        }
    }

    /// Numbers in cells, choices and what hangs on them are searched too, and none of them freezes before it is found.
    #[test]
    fn cells_and_choices_do_not_freeze() {
        let text = "n = { type = 'int', low = 0, high = 30 }\nk = { type = 'int', low = 0, high = 9 }\n\
                    x = { type = 'float', low = 0, high = 1 }\n\
                    m = { type = 'categorical', choices = ['a', 'b', 'c'] }\n\
                    y = { type = 'float', low = 0, high = 1, when = { m = 'c' } }";
        fn loss(params: &Params) -> f64 {
            let number = |name: &str, at: f64, scale: f64| ((params.int(name).unwrap() as f64 - at) / scale).powi(2);
            let branch = params.float("y").map_or(1.0, |y| (y - 0.2).powi(2));
            number("n", 23.0, 30.0) + number("k", 2.0, 9.0) + (params.float("x").unwrap() - 0.6).powi(2) + branch
        }
        let mut found = 0;
        for seed in 0..8 {
            let history = study(text).sampler("cmaes").seed(seed).objective(loss).window(2).trials(200).history();
            let best = &history.best().unwrap().params;
            let near = (best.int("n").unwrap() - 23).abs() <= 1 && (best.int("k").unwrap() - 2).abs() <= 1;
            found += usize::from(near && best.text("m").unwrap() == "c");
            let late = &history.trials[150..];
            for name in ["n", "k"] {
                let first = late[0].params.int(name).unwrap();
                assert!(late.iter().any(|trial| trial.params.int(name).unwrap() != first), "{name} is frozen");
            }
        }
        assert!(found >= 6, "near the best cells in {found} of 8 studies");
    }

    #[test]
    fn a_converged_distribution_starts_again_with_twice_the_population() {
        let space = study("x = { type = 'float', low = 0, high = 1 }");
        let space = &space.spec().space;
        let grains: Vec<Grain> = grains(space);
        let mut state = State::new(&grains, &[0.5], 4);
        let mut rng = rng_of(1, 0, "test");
        let mut generations = 0;
        while !state.has_converged() {
            state.adapt(&grains, &vec![vec![Some(0.5)]; 4], &mut rng);
            generations += 1;
            assert!(generations < 200, "equal points make it narrow");
        }
        let history = study("x = { type = 'float', low = 0, high = 1 }")
            .sampler("cmaes")
            .objective(|params| (params.float("x").unwrap() - 0.3).abs())
            .trials(160)
            .history();
        let state = CmaEs::default().replayed(&history.spec.space, &View::now(&history, 160)).unwrap();
        assert!(state.population >= 8, "{}", state.population);
    }
    /// What is remembered changes nothing, whatever was asked before: later trials, earlier ones, of another space or seed.
    #[test]
    fn what_is_remembered_changes_nothing() {
        let of = |seed: u64| {
            let draft = study(FLOATS).sampler("cmaes").seed(seed).objective(rosenbrock).window(3);
            draft.pruning(|params| params.key().as_str() < "2").trials(90).history()
        };
        let histories = [of(1), of(2)];
        let part: SearchSpace = toml::from_str("a = { type = 'float', low = -2, high = 2 }").unwrap();
        let sampler = CmaEs::default();
        let order = (0..90).chain((0..90).rev()).chain([3, 80, 11, 60, 60, 0, 89]);
        for trial in order {
            for history in &histories {
                for space in [&history.spec.space, &part] {
                    let view = View::now(history, trial);
                    let fresh = CmaEs::default().replayed(space, &view).unwrap();
                    assert_eq!(sampler.replayed(space, &view).unwrap(), fresh, "trial {trial}");
                }
            }
        }
        assert_eq!(sampler.replays.lock().unwrap().len(), REMEMBERED);
    }
}
