//! Which of several losses are better: domination, fronts of points that nothing in them beats, and how crowded these are.
//!
//! Points are slices of losses, all minimised and finite. Fronts are found by the efficient non-dominated sort of Zhang, Tian,
//! Cheng and Jin (IEEE Transactions on Evolutionary Computation, 2015); the crowding distance is that of Deb, Pratap, Agarwal
//! and Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II" (the same journal, 2002).

use std::cmp::Ordering;

/// Whether losses `a` are nowhere worse than `b`, and somewhere better.
pub(crate) fn dominates(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a <= b) && a.iter().zip(b).any(|(a, b)| a < b)
}

/// The points by their first loss, among equals by the next one, and so on; then by index. No point is dominated by one that
/// comes later.
fn in_order(points: &[&[f64]]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    let compared = |a: &[f64], b: &[f64]| {
        a.iter().zip(b).map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    };
    order.sort_by(|a, b| compared(points[*a], points[*b]).then(a.cmp(b)));
    order
}

/// The points that no other one dominates, as [`fronts`] orders them.
pub(crate) fn first_front(points: &[&[f64]]) -> Vec<usize> {
    let mut front: Vec<usize> = Vec::new();
    for at in in_order(points) {
        if !is_beaten(points, &front, at) {
            front.push(at);
        }
    }
    front
}

/// The first front holds what nothing dominates, the second what only the first one does, and so on. Within a front points go
/// by their first loss, equals by the next one, then by index.
pub(crate) fn fronts(points: &[&[f64]]) -> Vec<Vec<usize>> {
    let mut fronts: Vec<Vec<usize>> = Vec::new();
    for at in in_order(points) {
        // What a front beats, all fronts before it beat too.
        let rank = fronts.partition_point(|front| is_beaten(points, front, at));
        match fronts.get_mut(rank) {
            Some(front) => front.push(at),
            None => fronts.push(vec![at]),
        }
    }
    fronts
}

/// Whether a point is dominated by one of a front, all of which come before it in order.
fn is_beaten(points: &[&[f64]], front: &[usize], at: usize) -> bool {
    // Of two losses the newest one of the front has the least second one.
    let looked_at = if points[at].len() <= 2 { 1 } else { front.len() };
    front.iter().rev().take(looked_at).any(|other| dominates(points[*other], points[at]))
}

/// How much room each point of a front has: the sides of the cuboid between its neighbours in each loss, as shares of the
/// front's range; without end for the outermost ones. With one loss all points of a front are alike, and it is 0.
pub(crate) fn crowding(front: &[&[f64]]) -> Vec<f64> {
    let mut room = vec![0.0; front.len()];
    let losses = front.first().map_or(0, |point| point.len());
    if losses < 2 {
        return room;
    }
    for loss in 0..losses {
        let mut order: Vec<usize> = (0..front.len()).collect();
        order.sort_by(|a, b| front[*a][loss].total_cmp(&front[*b][loss]).then(a.cmp(b)));
        let (first, last) = (order[0], order[order.len() - 1]);
        // Halved, so that it stays finite.
        let range = 0.5 * front[last][loss] - 0.5 * front[first][loss];
        if range <= 0.0 {
            continue;
        }
        (room[first], room[last]) = (f64::INFINITY, f64::INFINITY);
        for three in order.windows(3) {
            room[three[1]] += (0.5 * front[three[2]][loss] - 0.5 * front[three[0]][loss]) / range;
        }
    }
    room
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against the definition, peeling one front after the other; small whole numbers make many equals.
        #[test]
        fn fronts_are_those_of_the_definition(
            points in (1..4_usize).prop_flat_map(|m| prop::collection::vec(prop::collection::vec(0..6_i8, m), 0..30))
        ) {
            let points: Vec<Vec<f64>> =
                points.into_iter().map(|point| point.into_iter().map(f64::from).collect()).collect();
            let points: Vec<&[f64]> = points.iter().map(Vec::as_slice).collect();
            let found = fronts(&points);
            prop_assert_eq!(found.first().cloned().unwrap_or_default(), first_front(&points));
            let mut left: Vec<usize> = (0..points.len()).collect();
            for front in found {
                let beaten = |at: &usize| left.iter().any(|other| dominates(points[*other], points[*at]));
                let (rest, mut expected): (Vec<usize>, Vec<usize>) = left.iter().partition(|at| beaten(at));
                let mut front = front;
                front.sort_unstable();
                expected.sort_unstable();
                prop_assert_eq!(front, expected);
                left = rest;
            }
            prop_assert!(left.is_empty());
        }
    }

    #[test]
    fn the_outermost_have_room_without_end() {
        let front: [&[f64]; 4] = [&[0.0, 10.0], &[1.0, 4.0], &[2.0, 2.0], &[4.0, 0.0]];
        assert_eq!(crowding(&front), [f64::INFINITY, 0.5 + 0.8, 0.75 + 0.4, f64::INFINITY]);
        assert_eq!(crowding(&[&[1.0], &[1.0]]), [0.0, 0.0]);
        assert_eq!(crowding(&[&[1.0, 2.0], &[1.0, 2.0]]), [0.0, 0.0]);
        assert!(crowding(&[]).is_empty());
    }
}
