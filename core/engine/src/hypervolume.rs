//! How much of the space of losses a set of points dominates, within a reference point.
//!
//! The volume is summed up from the volumes that each point adds to those before it, where the others are limited to what it
//! dominates itself (While, Bradstreet and Barone, "A fast way of calculating exact hypervolumes", IEEE Transactions on
//! Evolutionary Computation, 2012). Of two losses it is a sum over strips.

use crate::domination::first_front;

/// The volume that the points dominate and that dominates the reference point; all losses are minimised.
pub(crate) fn hypervolume(points: &[&[f64]], reference: &[f64]) -> f64 {
    let within: Vec<&[f64]> =
        points.iter().copied().filter(|point| point.iter().zip(reference).all(|(loss, most)| loss < most)).collect();
    let front: Vec<&[f64]> = first_front(&within).into_iter().map(|at| within[at]).collect();
    if let [_, second] = reference {
        // By the first loss, so that the second one falls.
        let mut above = *second;
        let strip = |point: &&[f64]| {
            let height = (above - point[1]).max(0.0);
            above = above.min(point[1]);
            (reference[0] - point[0]) * height
        };
        return front.iter().map(strip).sum();
    }
    (0..front.len()).map(|at| gain(front[at], &front[at + 1..], reference)).sum()
}

/// What a point adds to the volume of others.
pub(crate) fn gain(point: &[f64], others: &[&[f64]], reference: &[f64]) -> f64 {
    let own: f64 = point.iter().zip(reference).map(|(loss, most)| (most - loss).max(0.0)).product();
    if own == 0.0 || others.is_empty() {
        return own;
    }
    let limited: Vec<Vec<f64>> =
        others.iter().map(|other| other.iter().zip(point).map(|(other, loss)| other.max(*loss)).collect()).collect();
    let limited: Vec<&[f64]> = limited.iter().map(Vec::as_slice).collect();
    (own - hypervolume(&limited, reference)).max(0.0)
}

/// A reference point beyond these points: their worst losses and this share of their ranges more, or a hundredth of their size
/// where a loss does not vary.
pub(crate) fn beyond(points: &[&[f64]], share: f64) -> Vec<f64> {
    let losses = points.first().map_or(0, |point| point.len());
    let beyond = |loss: usize| {
        let of = || points.iter().map(|point| point[loss]);
        let (least, most) = (of().fold(f64::INFINITY, f64::min), of().fold(f64::NEG_INFINITY, f64::max));
        // In two steps: the range may be larger than the largest number.
        let more = share * most - share * least;
        most + if more > 0.0 { more } else { (0.01 * most.abs()).max(f64::MIN_POSITIVE) }
    };
    (0..losses).map(beyond).collect()
}

/// Points that together dominate the most, found one after the other, each the one that adds the most to those before
/// it; the lower index of equals. The subset is at least 63 % as good as the best one of its size, since what a point adds only
/// becomes less (Guerreiro, Fonseca and Paquete, "Greedy hypervolume subset selection in low dimensions", Evolutionary
/// Computation, 2016).
pub(crate) fn greedy_subset(points: &[&[f64]], count: usize, reference: &[f64]) -> Vec<usize> {
    let mut bounds: Vec<f64> = points.iter().map(|point| gain(point, &[], reference)).collect();
    let mut left: Vec<usize> = (0..points.len()).collect();
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < count && !left.is_empty() {
        let taken: Vec<&[f64]> = chosen.iter().map(|at| points[*at]).collect();
        left.sort_by(|a, b| bounds[*b].total_cmp(&bounds[*a]).then(a.cmp(b)));
        // What a point added to fewer others is a bound of what it adds now.
        let mut best: Option<usize> = None;
        for at in &left {
            if best.is_some_and(|best| bounds[best] >= bounds[*at]) {
                break;
            }
            bounds[*at] = gain(points[*at], &taken, reference);
            if best.is_none_or(|best| bounds[*at] > bounds[best]) {
                best = Some(*at);
            }
        }
        let Some(best) = best else { break };
        left.retain(|at| *at != best);
        chosen.push(best);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slices(points: &[Vec<f64>]) -> Vec<&[f64]> {
        points.iter().map(Vec::as_slice).collect()
    }

    fn points(losses: usize, most: usize) -> impl Strategy<Value = Vec<Vec<f64>>> {
        let point = prop::collection::vec((0..12_u8).prop_map(f64::from), losses);
        prop::collection::vec(point, 0..most)
    }

    /// By counting the unit cells that something dominates.
    fn counted(points: &[&[f64]], reference: &[f64]) -> f64 {
        let cells = reference.iter().fold(vec![Vec::new()], |cells: Vec<Vec<f64>>, most| {
            cells
                .into_iter()
                .flat_map(|cell| (0..*most as u64).map(move |k| [cell.clone(), vec![k as f64]].concat()))
                .collect()
        });
        let covers = |point: &&[f64], cell: &[f64]| point.iter().zip(cell).all(|(loss, cell)| loss <= cell);
        cells.iter().filter(|cell| points.iter().any(|point| covers(point, cell))).count() as f64
    }

    proptest! {
        #[test]
        fn volumes_are_those_that_are_counted(points in (2..5_usize).prop_flat_map(|losses| points(losses, 9))) {
            let points = slices(&points);
            let reference = vec![10.0; points.first().map_or(2, |point| point.len())];
            prop_assert_eq!(hypervolume(&points, &reference), counted(&points, &reference));
            if let Some((last, others)) = points.split_last() {
                let more = counted(&points, &reference) - counted(others, &reference);
                prop_assert_eq!(gain(last, others, &reference), more);
            }
        }

        /// Each of them is the one that adds the most, though most are not looked at.
        #[test]
        fn a_greedy_subset_adds_what_adds_the_most(points in points(3, 12)) {
            let (points, reference) = (slices(&points), [12.0; 3]);
            let chosen = greedy_subset(&points, 5, &reference);
            prop_assert_eq!(chosen.len(), points.len().min(5));
            for k in 0..chosen.len() {
                let before: Vec<&[f64]> = chosen[..k].iter().map(|at| points[*at]).collect();
                let of = |at: usize| gain(points[at], &before, &reference);
                let left = (0..points.len()).filter(|at| !chosen[..k].contains(at));
                prop_assert_eq!(of(chosen[k]), left.map(of).fold(0.0, f64::max));
            }
        }
    }

    #[test]
    fn a_reference_lies_beyond() {
        assert_eq!(beyond(&[&[0.0, 5.0], &[10.0, 5.0]], 0.1), [11.0, 5.05]);
        let far = beyond(&[&[f64::MIN / 4.0], &[f64::MAX / 4.0]], 0.1);
        assert!(far[0].is_finite() && far[0] > f64::MAX / 4.0);
    }
}
