//! Which trials are the best ones, and how much each of them weighs.
//!
//! With one objective they are those of the least losses, and weigh by how much these are below the rest. With several
//! they are taken by fronts: of the front that does not fit in whole, those that together dominate the most, found greedily;
//! each weighs by how much of the dominated volume is its alone (Ozaki, Tanigaki, Watanabe, Nomura and Onishi,
//! "Multiobjective tree-structured Parzen estimator", Journal of Artificial Intelligence Research, 2022).

use std::cmp::Ordering;

use super::super::observation::{Outcome, Told};
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

/// The trials, split: their rows.
pub(super) struct Split {
    /// The best ones.
    pub(super) best: Vec<u32>,
    /// What the kernel of each of these weighs.
    pub(super) weights: Vec<f64>,
    /// The others, ascending.
    pub(super) rest: Vec<u32>,
    /// How many trials have a result.
    pub(super) ranked: usize,
}

/// Of what each trial said; those that say nothing are in neither part.
pub(super) fn split(told: &[Option<Told>]) -> Split {
    let mut rest: Vec<u32> = Vec::with_capacity(told.len());
    let mut ranked: Vec<&Told> = Vec::with_capacity(told.len());
    let mut rows: Vec<u32> = Vec::with_capacity(told.len());
    for (row, one) in told.iter().enumerate() {
        let Some(one) = one else { continue };
        rest.push(row as u32);
        if one.outcome.has_loss() {
            ranked.push(one);
            rows.push(row as u32);
        }
    }
    let several = ranked.first().is_some_and(|one| one.losses().len() > 1);
    let best = if several { by_fronts(&ranked) } else { by_loss(&ranked) };
    let weights = best.iter().map(|(weight, _)| *weight).collect();
    let best: Vec<u32> = best.into_iter().map(|(_, k)| rows[k]).collect();
    let mut taken = best.clone();
    taken.sort_unstable();
    rest.retain(|row| taken.binary_search(row).is_err());
    Split { best, weights, rest, ranked: ranked.len() }
}

/// How many of so many trials are the best ones.
fn count(ranked: usize) -> usize {
    ((BEST * ranked as f64).ceil() as usize).min(BEST_AT_MOST)
}

/// Completed trials by loss, those that break outcome constraints last, then pruned ones, those that came further first; equals
/// by number.
fn by_loss(ranked: &[&Told]) -> Vec<(f64, usize)> {
    let compared = |a: &usize, b: &usize| {
        let (one, other) = (ranked[*a], ranked[*b]);
        let order = match (one.outcome, other.outcome) {
            (Outcome::Completed { loss: a }, Outcome::Completed { loss: b }) => {
                one.violation.total_cmp(&other.violation).then(a.total_cmp(&b))
            }
            (Outcome::Pruned { step: a, loss }, Outcome::Pruned { step: b, loss: other }) => {
                b.cmp(&a).then(loss.total_cmp(&other))
            }
            (Outcome::Completed { .. }, _) => Ordering::Less,
            (_, Outcome::Completed { .. }) => Ordering::Greater,
            _ => Ordering::Equal,
        };
        order.then(a.cmp(b))
    };
    // One more than are wanted: the best one of the others. Of a long history most is never put in order.
    let count = count(ranked.len());
    let mut order: Vec<usize> = Vec::with_capacity(count + 2);
    for k in 0..ranked.len() {
        if order.len() > count && compared(&k, &order[count]).is_gt() {
            continue;
        }
        order.insert(order.partition_point(|other| compared(other, &k).is_lt()), k);
        order.truncate(count + 1);
    }
    let next = if order.len() > count { order.pop() } else { None };
    let threshold = match next.map(|k| ranked[k]) {
        Some(Told { outcome: Outcome::Completed { loss }, violation: 0.0, .. }) => Some(*loss),
        _ => None,
    };
    let weight = |outcome: Outcome| match (threshold, outcome) {
        (Some(threshold), Outcome::Completed { loss }) => threshold - loss,
        _ => 1.0,
    };
    let mut best: Vec<(f64, usize)> = order.into_iter().map(|k| (weight(ranked[k].outcome), k)).collect();
    // Losses of the largest size may be further apart than a number can say.
    if !best.iter().map(|(weight, _)| weight).sum::<f64>().is_finite() {
        best.iter_mut().for_each(|(weight, _)| *weight = 1.0);
    }
    best
}

/// By groups of [`standing::groups`]: the first ones, and of the last one that is needed a subset.
fn by_fronts(ranked: &[&Told]) -> Vec<(f64, usize)> {
    let count = count(ranked.len());
    let mut best: Vec<usize> = Vec::new();
    for mut group in standing::groups(ranked) {
        let missing = count - best.len();
        if group.len() > missing {
            best.extend(subset(ranked, &mut group, missing));
            break;
        }
        best.extend(group);
    }
    weights(ranked, &best).into_iter().zip(best).collect()
}

/// So many of a group.
fn subset(ranked: &[&Told], group: &mut Vec<usize>, count: usize) -> Vec<usize> {
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
fn weights(ranked: &[&Told], best: &[usize]) -> Vec<f64> {
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
    use super::*;

    /// What is among the best: weights, and indices of the points.
    fn best(outcomes: &[(Outcome, Vec<f64>, f64)]) -> Vec<(f64, usize)> {
        let told: Vec<Option<Told>> = outcomes
            .iter()
            .map(|(outcome, losses, violation)| {
                Some(Told { outcome: *outcome, losses: losses.clone(), violation: *violation })
            })
            .collect();
        let split = split(&told);
        assert_eq!(split.best.len() + split.rest.len(), outcomes.len(), "each is in one of them");
        split.weights.into_iter().zip(split.best).map(|(weight, row)| (weight, row as usize)).collect()
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
