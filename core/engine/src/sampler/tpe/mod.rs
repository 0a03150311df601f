//! The tree-structured Parzen estimator.
//!
//! The trials are split into the best ones and the rest, and a density is fitted to each: l and g. The next point is, of
//! many drawn from l, the one with the largest l/g, which has the largest expected improvement under that model (Bergstra
//! et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011).
//!
//! The settings are those that Watanabe's ablation recommends ("Tree-structured Parzen estimator: understanding its
//! algorithm components", 2023): the best 15 %, weighted by how much better they are than the rest; kernels as wide as the
//! gaps between points, 3 % of the range at least. One is our own: they are no wider than Scott's rule says, since gaps are
//! wide where a few points fill many dimensions.
//!
//! The densities are factorised over the condition tree: coordinates that exist together have one joint density, made from
//! the trials that have them, so that a branch is learned from all trials in it and from nothing else.
//!
//! With several objectives the best trials are those of the first fronts (`split`).

mod blocks;
mod memory;
mod mixture;
mod split;

use std::sync::{Mutex, PoisonError};

use rand_chacha::ChaCha8Rng;
use seqtune_space::{Params, SearchSpace};

use self::memory::Memory;
use self::mixture::Mixture;
use self::split::{Split, split};
use super::{EXACT, Reason, SampleError, Sampler, Suggestion, TpeReason, drawn, even, most_worth, start_up, untried};
use crate::order::View;
use crate::seed::rng_of;

/// Points drawn from l at a time, and how often where all of them are known or break a constraint.
const CANDIDATES: usize = 64;
const ROUNDS: usize = 16;

/// Learns where good trials lie, on any space. Trials that are not seen yet and points that failed count as bad ones, and
/// pruned trials as worse than those that completed; so do trials that break outcome constraints. Its first trials are those of [`Sobol`](super::Sobol). No point of a small space is
/// tried twice.
#[derive(Debug, Default)]
pub struct Tpe {
    /// What follows from the points of earlier trials.
    memory: Mutex<Memory>,
}

impl Sampler for Tpe {
    fn suggest(&self, space: &SearchSpace, view: &View<'_>, seed: u64) -> Result<Suggestion, SampleError> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.follow(space, view);
        let split = split(&memory.told());
        let untried = space.points(EXACT).map(|points| untried(points, view)).transpose()?;
        if split.ranked < start_up(space) {
            return even(space, view, seed, untried, split.ranked);
        }
        let model = Model::new(space, &memory, &split);
        let suggestion = |(l, g, params): (f64, f64, Params), compared: usize| {
            let (good, others, compared) = (split.best.len() as u64, split.rest.len() as u64, compared as u64);
            Suggestion::new(params, Reason::Tpe(TpeReason { good, others, ln_good: l, ln_others: g, compared }))
        };
        let mut terms = Vec::new();
        let mut judged = |params: Params| {
            let (l, g) = model.ln_densities(&space.encode(&params), &mut terms);
            (l, g, params)
        };
        if let Some(points) = untried {
            let mut judged: Vec<_> = points.into_iter().map(judged).collect();
            let ratios: Vec<f64> = judged.iter().map(|(l, g, _)| l - g).collect();
            return Ok(suggestion(judged.swap_remove(most_worth(&ratios)), ratios.len()));
        }
        let mut rng = rng_of(seed, 0, "tpe");
        let mut again = None;
        for _ in 0..ROUNDS {
            let mut candidates = Vec::with_capacity(CANDIDATES);
            for _ in 0..CANDIDATES {
                let params = space.decode(&model.draw(&mut rng))?;
                if space.allows(&params).is_ok() {
                    candidates.push(judged(params));
                }
            }
            let compared = candidates.len();
            // The order of equals is the order in which they were drawn.
            candidates.sort_by(|a, b| (b.0 - b.1).total_cmp(&(a.0 - a.1)));
            again = again.or_else(|| candidates.first().map(|best| (best.clone(), compared)));
            if let Some(best) = candidates.into_iter().find(|(.., params)| !memory.has(params.key().as_str())) {
                return Ok(suggestion(best, compared));
            }
        }
        match again {
            Some((best, compared)) => Ok(suggestion(best, compared)),
            None => drawn(space, view, seed),
        }
    }

    fn said_of(&self, space: &SearchSpace, view: &View<'_>, _seed: u64, points: &[Params]) -> Vec<Option<Reason>> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.follow(space, view);
        let split = split(&memory.told());
        if split.ranked < start_up(space) {
            return vec![None; points.len()];
        }
        let (model, mut terms) = (Model::new(space, &memory, &split), Vec::new());
        let mut reason = |point: &Params| {
            let (ln_good, ln_others) = model.ln_densities(&space.encode(point), &mut terms);
            let (good, others) = (split.best.len() as u64, split.rest.len() as u64);
            Some(Reason::Tpe(TpeReason { good, others, ln_good, ln_others, compared: 1 }))
        };
        points.iter().map(&mut reason).collect()
    }
}

/// l and g of every block.
struct Model<'a> {
    dimensions: usize,
    blocks: Vec<(&'a [usize], Mixture<'a>, Mixture<'a>)>,
}

impl<'a> Model<'a> {
    fn new(space: &'a SearchSpace, memory: &'a Memory, split: &Split) -> Model<'a> {
        let blocks = memory.blocks.iter().map(|rows| {
            let l = Mixture::new(space, rows, &split.best, Some(&split.weights));
            let g = Mixture::new(space, rows, &split.rest, None);
            (rows.block.dimensions.as_slice(), l, g)
        });
        Model { dimensions: space.dimensions().len(), blocks: blocks.collect() }
    }

    /// A place in the unit cube, drawn from l. All blocks are drawn, also those that turn out not to exist there.
    fn draw(&self, rng: &mut ChaCha8Rng) -> Vec<f64> {
        let mut unit = vec![0.5; self.dimensions];
        for (dimensions, l, _) in &self.blocks {
            for (dimension, at) in dimensions.iter().zip(l.draw(rng)) {
                unit[*dimension] = at;
            }
        }
        unit
    }

    /// ln l and ln g over the blocks that exist at a point; `terms` is where they count.
    fn ln_densities(&self, unit: &[Option<f64>], terms: &mut Vec<f64>) -> (f64, f64) {
        let (mut ln_l, mut ln_g) = (0.0, 0.0);
        for (dimensions, l, g) in &self.blocks {
            let at: Option<Vec<f64>> = dimensions.iter().map(|dimension| unit[*dimension]).collect();
            if let Some(at) = at {
                ln_l += l.ln_density(&at, terms);
                ln_g += g.ln_density(&at, terms);
            }
        }
        (ln_l, ln_g)
    }
}

#[cfg(test)]
mod tests {
    use seqtune_plugin::FailureCause;

    use super::*;
    use crate::testing::{StudyDraft, study};

    /// Learning rate, architecture and a branch each: the best point is lr = 1e-3, model = "deep", layers = 5.
    const SPACE: &str = "lr = { type = 'float', low = 1e-6, high = 1, log = true }\n\
                         model = { type = 'categorical', choices = ['wide', 'deep', 'linear'] }\n\
                         layers = { type = 'int', low = 1, high = 8, when = { model = 'deep' } }\n\
                         width = { type = 'int', low = 8, high = 512, log = true, when = { model = 'wide' } }\n\
                         dropout = { type = 'float', low = 0, high = 0.5, step = 0.1, when = { model = ['deep', 'wide'] } }";

    fn loss(params: &Params) -> f64 {
        let lr = (params.float("lr").unwrap().log10() + 3.0).powi(2);
        lr + match params.text("model").unwrap() {
            "deep" => (params.int("layers").unwrap() as f64 - 5.0).abs() / 4.0 + params.float("dropout").unwrap(),
            "wide" => 0.5 + (params.int("width").unwrap() as f64).log2() / 9.0,
            _ => 1.0,
        }
    }

    fn drafted(sampler: &str, seed: u64) -> StudyDraft {
        study(SPACE).sampler(sampler).seed(seed).objective(loss).trials(60)
    }

    fn best(draft: &StudyDraft) -> f64 {
        let history = draft.history();
        history.value(history.best().unwrap()).unwrap()
    }

    /// Twenty studies of 60 trials; a fair coin would give 16 of 20 or more six times in a thousand.
    #[test]
    fn it_beats_random_draws() {
        let wins = (0..20).filter(|seed| best(&drafted("tpe", *seed)) < best(&drafted("random", *seed))).count();
        assert!(wins >= 16, "tpe is better in {wins} of 20 studies");
    }

    #[test]
    fn what_fails_is_avoided_and_what_crashed_teaches_nothing() {
        let seen = |cause| {
            let history = study("x = { type = 'float', low = 0, high = 1 }")
                .sampler("tpe")
                .objective(|params| (params.float("x").unwrap() - 0.65).abs())
                .failing(cause, |params| params.float("x").unwrap() < 0.5)
                .trials(40)
                .history();
            let points = history.trials[20..].iter().map(|trial| trial.params.float("x").unwrap());
            points.filter(|x| *x < 0.5).count()
        };
        let (diverged, crashed) = (seen(FailureCause::Diverged), seen(FailureCause::Crashed));
        assert!(diverged < 8, "{diverged} of 20 points where all diverge");
        assert!(crashed > diverged, "{crashed} where all crash, {diverged} where all diverge");
    }
}
