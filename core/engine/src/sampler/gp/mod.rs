//! A Gaussian process: learns how good each point is, and how sure that is.
//!
//! A decision goes through the files in this order: `targets` makes data of the trials (`axes`: points as rows of numbers,
//! `scale`: losses as targets), `fit` finds hyperparameters (`likelihood`, `kernel`), `posterior` says what is then
//! known of other points, `acquisition` what each is worth (`feasibility`: under constraints), and `search` finds the point
//! that is worth most (`descent`). Hyperparameters are fitted afresh to a first part of the results that depends on their number
//! alone, so that a decision needs nothing of the ones before. `model` is what all of it comes to for one decision.
//!
//! Two objectives are modelled each by a process of its own, and a point is worth what it is expected to add to the volume that the
//! best ones dominate (`volume`). More are made one loss by weights that are drawn anew for each trial
//! ([`Scalar`](super::scalar::Scalar)).

mod acquisition;
mod axes;
mod curves;
mod descent;
mod feasibility;
mod fit;
mod improvement;
mod kernel;
mod likelihood;
mod matrix;
mod model;
mod normal;
mod parts;
mod posterior;
mod search;
mod targets;
#[cfg(test)]
mod testing;
mod volume;

use std::sync::{Mutex, PoisonError};

use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use seqtune_space::{Params, SearchSpace};

use self::acquisition::{Acquisition, Gain};
use self::axes::{Axis, axes};
use self::feasibility::Feasibility;
use self::improvement::Improvement;
use self::likelihood::{Data, Hyperparameters};
use self::model::Model;
use self::posterior::Posterior;
use self::targets::{Aims, Known};
use self::volume::Volume;
use super::observation::{Observation, Outcome, observations};
use super::scalar::Scalar;
use super::{EXACT, Reason, SampleError, Sampler, Suggestion, even, standing, start_up, untried};
use crate::hypervolume::{beyond, hypervolume};
use crate::learning_curve::CurveMemory;
use crate::order::View;
use crate::seed::rng_of;

/// Fantasies of an acquisition.
const FANTASIES: usize = 32;

/// How sure the model of failures may be, at best: the variance of its labels.
const DOUBT: f64 = 0.25;

/// How often the choice that was tried least has its turn while nothing gets better.
const DOUBTED: u64 = 3;

/// Results without improvement before it is, and what counts as none: a share of what there was to gain.
const STILL: usize = 10;
const NOTHING: f64 = 1e-3;

/// Fits that are remembered: those of two objectives, of failures, and of some constraints.
const REMEMBERED: usize = 8;

/// Points of a set that candidates are drawn around.
const SPREAD: usize = 12;

/// How strongly declared priors count: their density to this power, over the number of results.
const PRIOR: f64 = 10.0;

/// Results of the largest model; of more, these are chosen.
const WHOLE: usize = 1000;

/// How many of a larger history a model is made from: the best, the newest, and those nearest to the best one.
const CHOSEN: [usize; 3] = [128, 128, 256];

/// Results that hyperparameters are fitted to at most.
const FITTED: usize = 400;

/// Hyperparameters are fitted again when there is this much more to fit them to.
const GROWTH: f64 = 1.05;

/// Models the objective by a Gaussian process over the whole space, and proposes the point of which the largest improvement is
/// expected: of one objective an improvement, of two a larger dominated volume, of more an improvement of their losses under weights
/// that change with each trial. No point is proposed twice where others are left.
#[derive(Debug, Default)]
pub struct Gp {
    /// The last fits, and what they were made from: the same data give the same hyperparameters.
    fits: Mutex<Vec<Fit>>,
    /// What curves taught: of all trials, and of the first ones, to which hyperparameters are fitted.
    taught: [CurveMemory; 2],
}

/// What hyperparameters were fitted to, and which came out.
#[derive(Debug)]
struct Fit {
    axes: Vec<Axis>,
    data: Data,
    fitted: Hyperparameters,
}

impl Sampler for Gp {
    fn suggest(&self, space: &SearchSpace, view: &View<'_>, seed: u64) -> Result<Suggestion, SampleError> {
        let untried = space.points(EXACT).map(|points| untried(points, view)).transpose()?;
        self.with_model(space, view, seed, |model| match model {
            Ok((model, rng)) => model.best(untried, seed, rng),
            Err(results) => even(space, view, seed, untried, results),
        })
    }

    fn said_of(&self, space: &SearchSpace, view: &View<'_>, seed: u64, points: &[Params]) -> Vec<Option<Reason>> {
        self.with_model(space, view, seed, |model| match model {
            Ok((model, _)) => points.iter().map(|point| Some(model.said_of(point))).collect(),
            Err(_) => vec![None; points.len()],
        })
    }
}

impl Gp {
    /// Objectives of which each has a model of its own. Of more the losses are modelled as one.
    const OBJECTIVES: usize = 2;

    /// Makes the model of the decision about the view's trial, and gives it to `ask` with what the decision draws from next; where
    /// the results are too few for a model, how many there are.
    fn with_model<T>(
        &self,
        space: &SearchSpace,
        view: &View<'_>,
        seed: u64,
        ask: impl FnOnce(Result<(&Model<'_>, &mut ChaCha8Rng), usize>) -> T,
    ) -> T {
        let observations = observations(view);
        let results = observations.iter().filter(|one| one.told.outcome.has_loss()).count();
        let axes = axes(space);
        let together = Gp::together(view, &observations, seed);
        let aims = match (&together, view.history().spec.objectives.len()) {
            (Some(scalar), _) => Aims::Together(scalar),
            (None, 2) => Aims::Two,
            (None, _) => Aims::One,
        };
        let known_of =
            |observations: &[Observation<'_>], taught| Known::of(space, &axes, view, observations, aims, taught);
        let known = (results >= start_up(space)).then(|| known_of(&observations, &self.taught[0])).flatten();
        let Some(known) = known else { return ask(Err(results)) };
        let known = known.thinned(&axes);
        let first = first_results(&observations, fitted_to(start_up(space), results));
        let first = known_of(first, &self.taught[1]);
        let first = first.as_ref().unwrap_or(&known);
        let posterior = |to_fit: &Data, data: &Data| Posterior::new(&axes, data, self.fitted(&axes, to_fit));
        let posteriors = (
            posterior(&first.data, &known.data),
            known.second.as_ref().zip(first.second.as_ref()).map(|((data, _), (first, _))| posterior(first, data)),
        );
        let mut rng = rng_of(seed, 0, "gp");
        let mut normals = |count: usize| -> Vec<Vec<f64>> {
            (0..FANTASIES).map(|_| StandardNormal.sample_iter(&mut rng).take(count).collect()).collect()
        };
        let Known { data, feasible, pending, .. } = &known;
        let gain = match (posteriors, &known.second) {
            ((one, Some(other)), Some((second, _))) => {
                let normals = [(); 2].map(|()| normals(Volume::normals(data, pending)));
                feasible.contains(&true).then(|| {
                    Gain::Volume(Box::new(Volume::new([one, other], [data, second], feasible, pending, &normals)))
                })
            }
            ((posterior, _), _) => {
                let normals = normals(Improvement::normals(data, pending));
                feasible.contains(&true).then(|| {
                    Gain::Improvement(Box::new(Improvement::new(posterior, data, feasible, pending, &normals)))
                })
            }
        };
        let mut constraints = Vec::new();
        if known.trained.contains(&false) {
            let labels = known.labels();
            let fitted = self.fitted(&axes, &labels);
            constraints.push(Feasibility::new(&axes, &labels, fitted, DOUBT));
        }
        for data in known.constraints.iter().filter(|data| data.len() > 0) {
            let first: Vec<usize> = (0..fitted_to(start_up(space), data.len())).collect();
            let fitted = self.fitted(&axes, &data.subset(&first));
            constraints.push(Feasibility::new(&axes, data, fitted, 0.0));
        }
        let acquisition = Acquisition::new(gain.unwrap_or(Gain::Nothing), constraints);
        let guessed = space.parameters().iter().any(|parameter| parameter.prior.is_some());
        let prior = guessed.then_some(PRIOR / results as f64);
        let (axes, known, observations) = (&axes, &known, &observations);
        ask(Ok((&Model { space, view, axes, known, aims, observations, acquisition: &acquisition, prior }, &mut rng)))
    }

    fn together(view: &View<'_>, observations: &[Observation<'_>], seed: u64) -> Option<Scalar> {
        if view.history().spec.objectives.len() > Gp::OBJECTIVES { Scalar::new(observations, seed) } else { None }
    }

    /// The hyperparameters for these data, or for a part of them that is enough.
    fn fitted(&self, axes: &[Axis], data: &Data) -> Hyperparameters {
        let data = if data.len() > FITTED { data.subset(&spread(data)) } else { data.clone() };
        let mut fits = self.fits.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = fits.iter().find(|known| known.axes == axes && known.data == data) {
            return known.fitted.clone();
        }
        let fitted = fit::fit(axes, &data);
        if fits.len() == REMEMBERED {
            fits.remove(0);
        }
        fits.push(Fit { axes: axes.to_vec(), data, fitted: fitted.clone() });
        fitted
    }
}

/// Whether the last results were no better than those before, to speak of. Under outcome constraints those count that keep them; while
/// none does, that they are broken by less.
fn stands_still(observations: &[Observation<'_>], aims: Aims<'_>) -> bool {
    let is_completed = |one: &&Observation<'_>| matches!(one.told.outcome, Outcome::Completed { .. });
    let completed: Vec<&Observation<'_>> = observations.iter().filter(is_completed).collect();
    let Some(before) = completed.len().checked_sub(STILL) else { return false };
    let keeps = |one: &&Observation<'_>| one.told.violation == 0.0;
    let kept_before = completed[..before].iter().copied().filter(keeps).count();
    let kept: Vec<&Observation<'_>> = completed.iter().copied().filter(keeps).collect();
    if kept.is_empty() {
        // Of what is not known to be broken by anything, nothing is known.
        let known = |one: &&Observation<'_>| one.told.violation.is_finite();
        let before = completed[..before].iter().copied().filter(known).count();
        let violations: Vec<f64> = completed.into_iter().filter(known).map(|one| one.told.violation).collect();
        return losses_stand_still(&violations, before);
    }
    if let Aims::Two = aims {
        return set_stands_still(&kept, kept_before);
    }
    let losses: Vec<f64> = kept.into_iter().filter_map(|one| completed_loss(one, aims)).collect();
    losses_stand_still(&losses, kept_before)
}

/// The same of losses, of which so many are not of the last results.
fn losses_stand_still(losses: &[f64], before: usize) -> bool {
    let least = |losses: &[f64]| losses.iter().copied().fold(f64::INFINITY, f64::min);
    let mut first = losses[..before].to_vec();
    first.truncate(STILL);
    first.sort_by(f64::total_cmp);
    // Against what there was to gain in the beginning: later results are all near the best.
    let distance = first.get(first.len() / 2).map_or(0.0, |median| median - least(losses));
    least(&losses[..before]) - least(losses) < NOTHING * distance
}

/// The same of a set, by the volume that it dominates.
fn set_stands_still(completed: &[&Observation<'_>], before: usize) -> bool {
    // So that volumes stay finite.
    let losses: Vec<Vec<f64>> =
        completed.iter().map(|one| one.told.losses().iter().map(|loss| loss.clamp(-1e150, 1e150)).collect()).collect();
    let losses: Vec<&[f64]> = losses.iter().map(Vec::as_slice).collect();
    let reference = beyond(&losses, 0.1);
    let (now, then) = (hypervolume(&losses, &reference), hypervolume(&losses[..before], &reference));
    now - then < NOTHING * now
}

/// The one loss that a completed trial has.
fn completed_loss(one: &Observation<'_>, aims: Aims<'_>) -> Option<f64> {
    match (one.told.outcome, aims) {
        (Outcome::Completed { .. }, Aims::Together(scalar)) => Some(scalar.loss(one.told.losses())),
        (Outcome::Completed { loss }, _) => Some(loss),
        _ => None,
    }
}

/// The choice that was tried least: its axis, and where it is along it.
fn neglected(axes: &[Axis], known: &Known) -> Option<(usize, f64)> {
    let counts = axes.iter().enumerate().flat_map(|(at, axis)| {
        let Axis::Choice { count } = axis else { return Vec::new() };
        let column = &known.data.points.columns()[at];
        let tried = |choice: usize| column.iter().filter(|entry| **entry == choice as f64).count();
        (0..*count).map(|choice| (tried(choice), at, (choice as f64 + 0.5) / *count as f64)).collect()
    });
    counts.min_by_key(|(tried, at, _)| (*tried, *at)).map(|(_, at, place)| (at, place))
}

/// The observations up to the one that is the `count`-th with a result. Hyperparameters are fitted to the first results, to so many
/// that those that came since are few: which these are follows from how many there are, not from what was asked before.
fn first_results<'o, 'a>(observations: &'o [Observation<'a>], count: usize) -> &'o [Observation<'a>] {
    let last =
        observations.iter().enumerate().filter(|(_, one)| one.told.outcome.has_loss()).nth(count.saturating_sub(1));
    &observations[..last.map_or(observations.len(), |(at, _)| at + 1)]
}

/// The largest number of the schedule that is at most `results`.
fn fitted_to(first: usize, results: usize) -> usize {
    let mut at = first.max(1);
    loop {
        let next = ((at as f64 * GROWTH).ceil() as usize).max(at + 1);
        if next > results {
            return at.min(results);
        }
        at = next;
    }
}

/// The better half of the data that are fitted, and of the rest every so many.
fn spread(data: &Data) -> Vec<usize> {
    let mut order: Vec<usize> = (0..data.len()).collect();
    order.sort_by(|a, b| data.targets[*a].total_cmp(&data.targets[*b]).then(a.cmp(b)));
    let rest = order.split_off(FITTED / 2);
    let stride = rest.len() as f64 / (FITTED - FITTED / 2) as f64;
    order.extend((0..FITTED - FITTED / 2).map(|k| rest[(k as f64 * stride) as usize]));
    order.sort_unstable();
    order
}

/// Where the best points are: of two objectives those of the first fronts that have the most room.
fn best(space: &SearchSpace, observations: &[Observation<'_>], aims: Aims<'_>) -> Vec<Vec<Option<f64>>> {
    if let Aims::Two = aims {
        let completed: Vec<&Observation<'_>> =
            observations.iter().filter(|one| matches!(one.told.outcome, Outcome::Completed { .. })).collect();
        let mut best = Vec::new();
        for mut group in standing::groups(&completed) {
            standing::spread_first(&completed, &mut group);
            best.extend(group);
        }
        return best.into_iter().take(SPREAD).map(|at| space.encode(completed[at].params)).collect();
    }
    let mut order: Vec<(bool, f64, &Params)> = observations
        .iter()
        .filter_map(|one| Some((one.told.violation != 0.0, completed_loss(one, aims)?, one.params)))
        .collect();
    order.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    order.into_iter().take(search::CENTRES).map(|(.., params)| space.encode(params)).collect()
}

#[cfg(test)]
mod tests {
    use seqtune_plugin::FailureCause;

    use super::*;
    use crate::spec::OutcomeConstraint;
    use crate::testing::{StudyDraft, study};

    const SPACE: &str = "model = { type = 'categorical', choices = ['deep', 'wide', 'none'] }\n\
        layers = { type = 'int', low = 1, high = 9, when = { model = 'deep' } }\n\
        width = { type = 'int', low = 8, high = 512, log = true, when = { model = 'wide' } }\n\
        dropout = { type = 'float', low = 0, high = 0.8, when = { model = 'deep' } }\n\
        lr = { type = 'float', low = 1e-5, high = 0.1, log = true }";

    fn loss(params: &Params) -> f64 {
        let lr = (params.float("lr").unwrap().log10() + 3.0).powi(2);
        lr + match params.text("model").unwrap() {
            "deep" => (params.int("layers").unwrap() as f64 - 5.0).abs() / 4.0 + params.float("dropout").unwrap(),
            "wide" => 0.5 + (params.int("width").unwrap() as f64).log2() / 9.0,
            _ => 1.0,
        }
    }

    fn best(sampler: &str, seed: u64) -> f64 {
        let history = study(SPACE).sampler(sampler).seed(seed).objective(loss).trials(40).history();
        history.value(history.best().unwrap()).unwrap()
    }

    /// Twelve studies of 40 trials; a fair coin would give 10 of 12 or more nineteen times in a thousand.
    #[test]
    fn it_beats_the_parzen_estimator_where_parameters_have_conditions() {
        let wins = (0..12).filter(|seed| best("gp", *seed) < best("tpe", *seed)).count();
        assert!(wins >= 10, "gp is better in {wins} of 12 studies");
    }

    const LINE: &str = "x = { type = 'float', low = 0, high = 1 }\ny = { type = 'float', low = 0, high = 1 }";

    fn line() -> StudyDraft {
        study(LINE).sampler("gp").objective(|params| params.float("x").unwrap() + 0.1 * params.float("y").unwrap())
    }

    /// The objective pulls into the region that fails.
    #[test]
    fn it_learns_where_points_fail() {
        let failed = |cause| {
            let history = line().failing(cause, |params| params.float("x").unwrap() < 0.4).trials(40).history();
            let x = history.trials[20..].iter().map(|trial| trial.params.float("x").unwrap());
            let (failed, others): (Vec<f64>, Vec<f64>) = x.partition(|x| *x < 0.4);
            (failed.len(), others.into_iter().fold(f64::INFINITY, f64::min))
        };
        let (diverged, nearest) = failed(FailureCause::Diverged);
        assert!(diverged <= 10 && nearest < 0.45, "{diverged} of 20 points where all diverge; the best is {nearest}");
        let (crashed, _) = failed(FailureCause::Crashed);
        assert!(crashed > diverged, "{crashed} points where all crash, of which nothing is learned");
    }

    /// What is minimised must be 0.4 at least: the best is at the bound.
    #[test]
    fn it_keeps_outcome_constraints() {
        let bound = OutcomeConstraint { metric: "value".to_owned(), at_most: None, at_least: Some(0.4) };
        let history = line().with(|spec| spec.outcome_constraints = vec![bound]).trials(40).history();
        let best = history.best().unwrap();
        assert!(history.is_feasible(best));
        let value = history.value(best).unwrap();
        assert!(value < 0.405, "{value}");
        let kept = history.trials[20..].iter().filter(|trial| history.is_feasible(trial)).count();
        assert!(kept >= 5, "{kept} of 20 keep the constraint");
    }

    /// Whether a study stands still whose trials have these values of x, which is minimised, and of which this bound is asked.
    fn is_still(values: &[f64], at_least: Option<f64>) -> bool {
        let bound = OutcomeConstraint { metric: "value".to_owned(), at_most: None, at_least };
        let point = |x: &f64| {
            let mut point = Params::default();
            point.set("x", *x);
            point
        };
        let history = study("x = { type = 'float', low = 0, high = 1 }")
            .objective(|params| params.float("x").unwrap())
            .with(|spec| {
                spec.enqueue = values.iter().map(point).collect();
                spec.outcome_constraints = at_least.map(|_| bound).into_iter().collect();
            })
            .trials(values.len() as u64)
            .history();
        stands_still(&observations(&View::now(&history, values.len() as u64)), Aims::One)
    }

    #[test]
    fn what_breaks_a_constraint_is_no_improvement() {
        let first: Vec<f64> = (0..12).map(|k| 0.9 - 0.02 * f64::from(k)).collect();
        let with = |last: fn(f64) -> f64| -> Vec<f64> {
            first.iter().copied().chain((0..STILL).map(|k| last(k as f64 / STILL as f64))).collect()
        };
        let (falling, rising) = (with(|k| 0.6 - 0.5 * k), with(|k| 0.9 + 0.05 * k));
        assert!(!is_still(&falling, None));
        assert!(!is_still(&falling, Some(0.5)), "some of the last ones keep the bound");
        assert!(is_still(&falling, Some(0.65)), "those that are better break the bound");
        assert!(is_still(&rising, None));
        // As long as none keeps the bound: those that come nearer to it are better.
        assert!(!is_still(&rising, Some(2.0)));
        assert!(is_still(&falling, Some(2.0)));
        // The first one that keeps it.
        assert!(!is_still(&rising, Some(0.93)));
    }

    #[test]
    fn hyperparameters_are_fitted_at_sizes_that_follow_from_the_number_of_results() {
        assert_eq!((5..12).map(|results| fitted_to(5, results)).collect::<Vec<_>>(), [5, 6, 7, 8, 9, 10, 11]);
        let sizes: Vec<usize> = (100..112).map(|results| fitted_to(5, results)).collect();
        assert!(sizes.windows(2).all(|pair| pair[0] <= pair[1]));
        assert!(
            sizes.iter().zip(100..).all(|(size, results)| *size <= results && results as f64 <= *size as f64 * 1.06)
        );
        sizes.iter().for_each(|size| assert_eq!(fitted_to(5, *size), *size));
    }
}
