//! Samplers: each a pure function of the space, a view of the history, and a seed.

mod auto;
mod bandit;
mod cmaes;
mod exhausted;
mod gp;
mod grid;
mod loops;
mod nsga2;
mod observation;
mod random;
mod reason;
mod scalar;
mod scale;
#[cfg(test)]
mod several;
mod sobol;
mod standing;
mod tpe;

use std::collections::HashSet;

use seqtune_space::{Params, SearchSpace, SpaceError};

pub use auto::Auto;
pub use bandit::Bandit;
pub use cmaes::CmaEs;
pub use gp::Gp;
pub use grid::Grid;
pub use nsga2::Nsga2;
pub use random::Random;
pub use reason::{Arm, BanditReason, Expected, GpReason, Reason, Suggestion, TpeReason, Turn};
pub use sobol::Sobol;
pub use tpe::Tpe;

use crate::order::View;
use crate::spec::SamplerSpec;

/// Chooses the next point.
///
/// A sampler may keep caches, never state: the same arguments give the same point, in any process.
/// [`crate::testing::check_sampler`] checks what every sampler promises.
pub trait Sampler: Send + Sync {
    /// A valid point of the space for the trial that the view is about, and why this one. Of the space: the view's own specification holds
    /// the newest version, which a decision that is replayed may not have seen.
    ///
    /// # Errors
    /// Where there is nothing (left) to suggest.
    fn suggest(&self, space: &SearchSpace, view: &View<'_>, seed: u64) -> Result<Suggestion, SampleError>;

    /// What the model of that decision says of some points, each as if it had been suggested; none where the sampler has no model, or
    /// not yet.
    fn said_of(&self, _space: &SearchSpace, _view: &View<'_>, _seed: u64, points: &[Params]) -> Vec<Option<Reason>> {
        vec![None; points.len()]
    }
}

/// Why there is no suggestion.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SampleError {
    /// A bug of the sampler: its point is not in the space.
    #[error("the sampler made an invalid point: {0}")]
    Invalid(#[from] SpaceError),
    /// The constraints leave next to nothing of the space.
    #[error("of {draws} points drawn from the space none satisfies its constraints; the last one: {last}")]
    Infeasible {
        /// How many were drawn.
        draws: u64,
        /// What the last one breaks.
        last: SpaceError,
    },
    /// There is nothing left to try. It ends the study.
    #[error("all {points} points of the space have been tried")]
    Exhausted {
        /// How many there are.
        points: u64,
    },
    /// The sampler goes through all points, and these are too many.
    #[error("the space is continuous or has more than {limit} points: too many to go through one by one")]
    TooMany {
        /// How many are possible.
        limit: u64,
    },
    /// A bandit over the choices of a parameter, of which the space has no such one.
    #[error("the sampler bandit has no arms: {0}")]
    NoArms(String),
}

/// Draws that a sampler makes for one point before it gives up. `seqtune check` refuses spaces that come near this.
const DRAWS: u64 = 1_000_000;

/// After so many draws in vain, a small finite space is looked through instead: its few allowed points may lie in a corner
/// of the cube that is hardly ever drawn.
const IN_VAIN: u64 = 2000;
const SMALL: u64 = 10_000;

/// The first of the points `draw(0)`, `draw(1)`, ... that satisfies the constraints.
fn first_allowed(
    space: &SearchSpace,
    seed: u64,
    mut draw: impl FnMut(u64) -> Result<Params, SpaceError>,
) -> Result<Params, SampleError> {
    let mut refused = None;
    for number in 0..DRAWS {
        if number == IN_VAIN
            && let Some(points) = space.points(SMALL).filter(|points| !points.is_empty())
        {
            return Ok(points[(seed % points.len() as u64) as usize].clone());
        }
        let params = draw(number)?;
        match space.allows(&params) {
            Ok(()) => return Ok(params),
            Err(error) => refused = Some(error),
        }
    }
    let last = refused.unwrap_or(SpaceError::Length { expected: 0, found: 0 });
    Err(SampleError::Infeasible { draws: DRAWS, last })
}

/// Keys of the points that trials have had, whatever came of them.
fn tried<'a>(view: &View<'a>) -> HashSet<&'a str> {
    view.earlier().map(|trial| trial.config_key.as_str()).collect()
}

/// Those of a space's points that no trial has had.
///
/// # Errors
/// [`SampleError::Exhausted`] where none is left.
fn untried(mut points: Vec<Params>, view: &View<'_>) -> Result<Vec<Params>, SampleError> {
    let all = points.len() as u64;
    let tried = tried(view);
    points.retain(|point| !tried.contains(point.key().as_str()));
    if points.is_empty() { Err(SampleError::Exhausted { points: all }) } else { Ok(points) }
}

/// Points of the largest space of which samplers with a model compare all that are left.
const EXACT: u64 = 4096;

/// What a sampler with a model takes while it has too few `results` for one: the next point of [`Sobol`], and of a space
/// whose `untried` points are known one of these.
fn even(
    space: &SearchSpace,
    view: &View<'_>,
    seed: u64,
    untried: Option<Vec<Params>>,
    results: usize,
) -> Result<Suggestion, SampleError> {
    let Suggestion { params, reason } = Sobol.suggest(space, view, seed)?;
    let (params, instead) = match untried {
        Some(mut points) if !points.contains(&params) => {
            (points.swap_remove((seed % points.len() as u64) as usize), Reason::Random)
        }
        _ => (params, reason),
    };
    let (results, needed) = (results as u64, start_up(space) as u64);
    Ok(Suggestion::new(params, Reason::StartUp { results, needed, instead: Box::new(instead) }))
}

/// What a sampler takes where its model found nothing: a draw.
fn drawn(space: &SearchSpace, view: &View<'_>, seed: u64) -> Result<Suggestion, SampleError> {
    let Suggestion { params, reason } = Random.suggest(space, view, seed)?;
    Ok(Suggestion::new(params, Reason::NothingNew { instead: Box::new(reason) }))
}

/// Which is the largest worth, the first one of equals.
fn most_worth(worth: &[f64]) -> usize {
    (0..worth.len()).fold(0, |best, k| if worth[k] > worth[best] { k } else { best })
}

/// Results that a sampler with a model waits for before it asks it: one more than there are parameters to search, from 5 to
/// 16.
pub fn start_up(space: &SearchSpace) -> usize {
    let searched = space.parameters().iter().filter(|parameter| parameter.domain.cardinality() != Some(1)).count();
    (searched + 1).clamp(5, 16)
}

/// The sampler that a study names.
pub fn sampler_of(spec: &SamplerSpec) -> Box<dyn Sampler> {
    match spec {
        SamplerSpec::Auto => Box::new(Auto::default()),
        SamplerSpec::Random => Box::new(Random),
        SamplerSpec::Sobol => Box::new(Sobol),
        SamplerSpec::Grid => Box::new(Grid),
        SamplerSpec::Tpe => Box::new(Tpe::default()),
        SamplerSpec::Gp => Box::new(Gp::default()),
        SamplerSpec::CmaEs => Box::new(CmaEs::default()),
        SamplerSpec::Nsga2 => Box::new(Nsga2),
        SamplerSpec::Bandit { arm, rule, inner, plain } => Box::new(Bandit::new(arm.clone(), *rule, *inner, *plain)),
    }
}

impl SamplerSpec {
    /// Whether the sampler can search a space.
    ///
    /// # Errors
    /// [`SampleError::TooMany`] or [`SampleError::NoArms`] with what the space lacks.
    pub fn takes(&self, space: &SearchSpace) -> Result<(), SampleError> {
        match self {
            SamplerSpec::Grid if !Grid::takes(space) => Err(SampleError::TooMany { limit: Grid::POINTS }),
            SamplerSpec::Bandit { arm, inner, plain, .. } => Bandit::takes(space, arm.as_deref(), *inner, *plain),
            _ => Ok(()),
        }
    }
}
