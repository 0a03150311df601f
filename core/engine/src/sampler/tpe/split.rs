//! Which trials are the best ones, and how much each of them weighs.
//!
//! With one objective they are those of the least losses, and weigh by how much these are below the rest. With several
//! they are taken by fronts: of the front that does not fit in whole, those that together dominate the most, found greedily;
//! each weighs by how much of the dominated volume is its alone (Ozaki, Tanigaki, Watanabe, Nomura and Onishi,
//! "Multiobjective tree-structured Parzen estimator", Journal of Artificial Intelligence Research, 2022).

use std::cmp::Ordering;

use seqtune_space::Params;

use super::super::observation::{Observation, Outcome};
use super::super::standing;
use crate::hypervolume::{beyond, gain, greedy_subset};

/// The share of trials that are the best ones, and how many these are at most.
const BEST: f64 = 0.15;
const BEST_AT_MOST: usize = 25;

/// Points that a subset is chosen from, and objectives, at most: volumes become dear. Of more points those that have the most
/// room are looked at; with more objectives their room alone decides.
const COMPARED: usize = 64;
const OBJECTIVES: usize = 4;

/// How far the reference point lies beyond the points, as a share of their range: the ends of a front are as good as its
/// middle, and nearer to it they would hardly count.
const BEYOND: f64 = 1.0;

/// What a point weighs that dominates nothing alone, as a share of what the best ones weigh on average.
const LEAST: f64 = 0.1;

/// A point, and how much its kernel weighs.
pub(super) type Weighted<'a> = (f64, &'a Params);

/// The trials, split.
pub(super) struct Split<'a> {
    pub(super) best: Vec<Weighted<'a>>,
    pub(super) rest: Vec<Weighted<'a>>,
    /// How many of them have a result.
    pub(super) ranked: usize,
}

pub(super) fn split<'a>(observations: &[Observation<'a>]) -> Split<'a> {
    let (ranked, others): (Vec<_>, Vec<_>) = observations.iter().partition(|one| one.outcome.has_loss());
    let rest = others.into_iter().map(|one| (1.0, one.params)).collect();
    let several = ranked.iter().any(|one| one.losses().len() > 1);
    if several { by_fronts(&ranked, rest) } else { by_loss(ranked, rest) }
}

/// How many of so many trials are the best ones.
fn count(ranked: usize) -> usize {
    ((BEST * ranked as f64).ceil() as usize).min(BEST_AT_MOST)
}

/// Completed trials by loss, those that break outcome constraints last, then pruned ones, those that came further first; equals
/// by number.
fn by_loss<'a>(mut ranked: Vec<&Observation<'a>>, mut rest: Vec<Weighted<'a>>) -> Split<'a> {
    ranked.sort_by(|one, other| match (one.outcome, other.outcome) {
        (Outcome::Completed { loss: a }, Outcome::Completed { loss: b }) => {
            one.violation.total_cmp(&other.violation).then(a.total_cmp(&b))
        }
        (Outcome::Pruned { step: a, loss }, Outcome::Pruned { step: b, loss: other }) => {
            b.cmp(&a).then(loss.total_cmp(&other))
        }
        (Outcome::Completed { .. }, _) => Ordering::Less,
        _ => Ordering::Greater,
    });
    let results = ranked.len();
    let worse = ranked.split_off(count(results));
    let threshold = match worse.first() {
        Some(Observation { outcome: Outcome::Completed { loss }, violation: 0.0, .. }) => Some(*loss),
        _ => None,
    };
    let weight = |outcome: Outcome| match (threshold, outcome) {
        (Some(threshold), Outcome::Completed { loss }) => threshold - loss,
        _ => 1.0,
    };
    let mut best: Vec<Weighted<'a>> = ranked.into_iter().map(|one| (weight(one.outcome), one.params)).collect();
    // Losses of the largest size may be further apart than a number can say.
    if !best.iter().map(|(weight, _)| weight).sum::<f64>().is_finite() {
        best.iter_mut().for_each(|(weight, _)| *weight = 1.0);
    }
    rest.extend(worse.into_iter().map(|one| (1.0, one.params)));
    Split { best, rest, ranked: results }
}

/// By groups of [`standing::groups`]: the first ones, and of the last one that is needed a subset.
fn by_fronts<'a>(ranked: &[&Observation<'a>], mut rest: Vec<Weighted<'a>>) -> Split<'a> {
    let count = count(ranked.len());
    let mut best: Vec<usize> = Vec::new();
    for mut group in standing::groups(ranked) {
        let missing = count - best.len();
        if group.len() > missing {
            let chosen = subset(ranked, &mut group, missing);
            rest.extend(group.iter().filter(|at| !chosen.contains(at)).map(|at| (1.0, ranked[*at].params)));
            best.extend(chosen);
        } else {
            best.extend(group);
        }
    }
    let weights = weights(ranked, &best);
    let best = weights.into_iter().zip(best).map(|(weight, at)| (weight, ranked[at].params)).collect();
    Split { best, rest, ranked: ranked.len() }
}

/// So many of a group.
fn subset(ranked: &[&Observation<'_>], group: &mut Vec<usize>, count: usize) -> Vec<usize> {
    standing::spread_first(ranked, group);
    let objectives = group.first().map_or(0, |at| ranked[*at].losses().len());
    if count == 0 || objectives > OBJECTIVES {
        return group[..count].to_vec();
    }
    let compared = &group[..group.len().min(COMPARED)];
    let points = even(compared.iter().map(|at| ranked[*at].losses()));
    let points: Vec<&[f64]> = points.iter().map(Vec::as_slice).collect();
    greedy_subset(&points, count, &beyond(&points, BEYOND)).into_iter().map(|k| compared[k]).collect()
}

/// What the best ones weigh.
fn weights(ranked: &[&Observation<'_>], best: &[usize]) -> Vec<f64> {
    let satisfies =
        |at: &usize| matches!(ranked[*at].outcome, Outcome::Completed { .. }) && ranked[*at].violation == 0.0;
    let few = best.first().is_some_and(|at| ranked[*at].losses().len() <= OBJECTIVES);
    if !few || !best.iter().all(satisfies) {
        return vec![1.0; best.len()];
    }
    let points = even(best.iter().map(|at| ranked[*at].losses()));
    let points: Vec<&[f64]> = points.iter().map(Vec::as_slice).collect();
    let reference = beyond(&points, BEYOND);
    let alone = |at: usize| gain(points[at], &[&points[..at], &points[at + 1..]].concat(), &reference);
    let gains: Vec<f64> = (0..points.len()).map(alone).collect();
    let mean = gains.iter().sum::<f64>() / gains.len() as f64;
    gains.into_iter().map(|gain| if mean > 0.0 { gain.max(LEAST * mean) } else { 1.0 }).collect()
}

/// Losses as shares of their ranges.
fn even<'l>(points: impl Iterator<Item = &'l [f64]> + Clone) -> Vec<Vec<f64>> {
    let of = |loss: usize| {
        let of = points.clone().map(|point| point[loss]);
        let (least, most) = of.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), loss| (loss.min(a), loss.max(b)));
        // Halved, so that it stays finite.
        (0.5 * least, 0.5 * most - 0.5 * least)
    };
    let ranges: Vec<(f64, f64)> = (0..points.clone().next().map_or(0, <[f64]>::len)).map(of).collect();
    let share =
        |(loss, (least, range)): (&f64, &(f64, f64))| if *range > 0.0 { (0.5 * loss - least) / range } else { 0.0 };
    points.map(|point| point.iter().zip(&ranges).map(share).collect()).collect()
}

#[cfg(test)]
mod tests {
    use seqtune_space::SearchSpace;

    use super::*;
    use crate::testing::study;

    /// What is among the best: weights, and indices of the points.
    fn best(outcomes: &[(Outcome, Vec<f64>, f64)]) -> Vec<(f64, usize)> {
        let history = study("x = { type = 'float', low = 0, high = 1 }").trials(1).history();
        let space: &SearchSpace = &history.spec.space;
        let count = outcomes.len() as f64;
        let params: Vec<Params> = (0..outcomes.len()).map(|k| space.decode(&[k as f64 / count]).unwrap()).collect();
        let observations: Vec<Observation<'_>> = outcomes
            .iter()
            .zip(&params)
            .map(|((outcome, losses, violation), params)| Observation {
                trial: &history.trials[0],
                params,
                outcome: *outcome,
                losses: losses.clone(),
                violation: *violation,
            })
            .collect();
        let split = split(&observations);
        assert_eq!(split.best.len() + split.rest.len(), outcomes.len(), "each is in one of them");
        let place = |one: &Params| params.iter().position(|other| other == one).unwrap();
        split.best.into_iter().map(|(weight, params)| (weight, place(params))).collect()
    }

    fn one(outcome: Outcome) -> (Outcome, Vec<f64>, f64) {
        (outcome, Vec::new(), 0.0)
    }

    fn several(losses: &[f64]) -> (Outcome, Vec<f64>, f64) {
        (Outcome::Completed { loss: losses[0] }, losses.to_vec(), 0.0)
    }

    /// A pruned trial is neither a loss of 0 nor better than one that completed, whatever it said early on.
    #[test]
    fn what_completed_comes_before_what_was_pruned() {
        let mut outcomes = vec![one(Outcome::Pruned { step: 1, loss: -9.0 }); 8];
        outcomes[0] = one(Outcome::Failed);
        outcomes[1] = one(Outcome::Pending);
        outcomes[5] = one(Outcome::Completed { loss: 3.0 });
        outcomes[6] = one(Outcome::Completed { loss: 1.0 });
        assert_eq!(best(&outcomes), [(2.0, 6)]);
    }

    #[test]
    fn what_breaks_an_outcome_constraint_comes_after_what_satisfies_it() {
        let mut outcomes = vec![(Outcome::Completed { loss: 0.0 }, Vec::new(), 2.0); 14];
        outcomes[3].2 = 1.0;
        outcomes[9] = one(Outcome::Completed { loss: 5.0 });
        assert_eq!(best(&outcomes), [(1.0, 9), (1.0, 3), (1.0, 0)]);
        outcomes[0] = one(Outcome::Pruned { step: 1, loss: -1.0 });
        assert_eq!(best(&outcomes), [(1.0, 9), (1.0, 3), (1.0, 1)]);
    }

    /// Of the first front three points; two that are near each other do not both belong to them.
    #[test]
    fn of_a_front_those_are_chosen_that_dominate_the_most_together() {
        let front = [[0.0, 10.0], [4.0, 4.1], [4.1, 4.0], [10.0, 0.0], [9.9, 0.2]];
        let mut outcomes: Vec<_> = front.iter().map(|losses| several(losses)).collect();
        outcomes.extend((0..15).map(|k| several(&[11.0 + f64::from(k), 11.0])));
        let mut chosen: Vec<usize> = best(&outcomes).into_iter().map(|(_, at)| at).collect();
        chosen.sort_unstable();
        let far: Vec<bool> =
            [[0, 0], [1, 2], [3, 4]].iter().map(|near| near.iter().any(|at| chosen.contains(at))).collect();
        assert!(chosen.len() == 3 && !far.contains(&false), "one of each: {chosen:?}");
    }

    /// What is dominated alone weighs, and a point that another one beats weighs the least.
    #[test]
    fn weights_are_shares_of_the_volume() {
        let mut outcomes = vec![several(&[0.0, 0.9]), several(&[0.9, 0.0]), several(&[0.95, 0.95])];
        outcomes.extend((0..12).map(|k| several(&[2.0 + f64::from(k), 2.0])));
        let best = best(&outcomes);
        let weight = |at| best.iter().find(|(_, other)| *other == at).unwrap().0;
        assert!(weight(2) > 0.0 && weight(2) < weight(0));
        assert!((weight(0) - weight(1)).abs() < 1e-12);
    }

    #[test]
    fn losses_of_any_size_and_number_are_split() {
        let large = [f64::MAX, -f64::MAX, 0.0, 1.0];
        for objectives in [2, 3, 4, 6] {
            let outcomes: Vec<_> = (0..40_usize)
                .map(|k| several(&(0..objectives).map(|m| large[(k * (m + 3) + m) % 4]).collect::<Vec<_>>()))
                .collect();
            let best = best(&outcomes);
            assert_eq!(best.len(), 6);
            assert!(best.iter().all(|(weight, _)| weight.is_finite() && *weight > 0.0), "{best:?}");
        }
    }
}
