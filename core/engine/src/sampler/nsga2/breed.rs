//! How a child comes from two parents: crossover, then mutation, in the unit cube.
//!
//! Numbers are crossed by simulated binary crossover within bounds (Deb and Agrawal, "Simulated binary crossover for continuous
//! search space", Complex Systems, 1995) and mutated by polynomial mutation (Deb and Goyal, "A combined genetic adaptive search
//! for engineering design", 1996), both as in the program of NSGA-II's authors. Choices are exchanged, and mutated to any
//! other one. A coordinate that a parent does not have comes from the other one; one that neither has is drawn.

use rand::{Rng, RngExt};
use seqtune_space::Grain;

/// How often parents are crossed at all, and how near to them their children are: the larger, the nearer. Here and below the
/// authors take 20 and one mutation a child, for tens of thousands of children; what is far is found in hundreds only by
/// longer steps.
const CROSSED: f64 = 0.9;
const CROSSING: f64 = 2.0;

/// Mutations of a child on average, and how near a mutated number is to what it was.
const MUTATIONS: f64 = 2.0;
const MUTATION: f64 = 3.0;

/// A place in the cube for a child of two parents.
pub(super) fn child(grains: &[Grain], one: &[Option<f64>], other: &[Option<f64>], rng: &mut impl Rng) -> Vec<f64> {
    // Which of the two children it is does not matter: the parents came in any order.
    let crossed = rng.random::<f64>() < CROSSED;
    let rate = (MUTATIONS / grains.len().max(1) as f64).min(0.5);
    let coordinate = |((grain, one), other): ((&Grain, &Option<f64>), &Option<f64>)| {
        let at = match (one, other) {
            (Some(one), Some(other)) if crossed && rng.random() => match grain {
                Grain::Choices(_) => *other,
                Grain::Continuous | Grain::Cells(_) => between(*one, *other, rng),
            },
            (Some(one), _) => *one,
            (None, Some(other)) => *other,
            (None, None) => return rng.random(),
        };
        if rng.random::<f64>() < rate { mutated(grain, at, rng) } else { at }
    };
    grains.iter().zip(one).zip(other).map(coordinate).collect()
}

/// A number around the first of two, spread as far as they are apart.
fn between(one: f64, other: f64, rng: &mut impl Rng) -> f64 {
    let apart = (other - one).abs();
    if apart < 1e-14 {
        return one;
    }
    // How far it is from the first parent to the bound on its side, and so how far the child may go.
    let room = if one < other { one } else { 1.0 - one };
    let alpha = 2.0 - libm::pow(1.0 + 2.0 * room / apart, -(CROSSING + 1.0));
    let u: f64 = rng.random();
    let share = if u <= 1.0 / alpha { u * alpha } else { 1.0 / (2.0 - u * alpha) };
    let spread = libm::pow(share, 1.0 / (CROSSING + 1.0));
    let middle = 0.5 * (one + other);
    let half = 0.5 * spread * apart;
    within(if one < other { middle - half } else { middle + half })
}

/// Another value.
fn mutated(grain: &Grain, at: f64, rng: &mut impl Rng) -> f64 {
    match grain {
        Grain::Choices(count) if *count > 1 => {
            let old = ((at * *count as f64) as usize).min(count - 1);
            let new = rng.random_range(0..count - 1);
            (new as f64 + if new >= old { 1.5 } else { 0.5 }) / *count as f64
        }
        Grain::Choices(_) => at,
        Grain::Continuous => moved(at, rng),
        Grain::Cells(ends) => {
            let at = moved_cell(ends, at, rng);
            0.5 * (ends[at] + ends[at + 1])
        }
    }
}

/// A number near another one.
fn moved(at: f64, rng: &mut impl Rng) -> f64 {
    let u: f64 = rng.random();
    let to_power = |base: f64| libm::pow(base, MUTATION + 1.0);
    let to_root = |base: f64| libm::pow(base, 1.0 / (MUTATION + 1.0));
    within(if u < 0.5 {
        at + to_root(2.0 * u + (1.0 - 2.0 * u) * to_power(1.0 - at)) - 1.0
    } else {
        at + 1.0 - to_root(2.0 * (1.0 - u) + (2.0 * u - 1.0) * to_power(at))
    })
}

/// Another cell than that of a number: where it moves to, or the next one on that side.
fn moved_cell(ends: &[f64], at: f64, rng: &mut impl Rng) -> usize {
    let cells = ends.len() - 1;
    let cell = |at: f64| ends[1..cells].partition_point(|end| *end <= at);
    let (old, to) = (cell(at), moved(at, rng));
    match cell(to) {
        new if new != old => new,
        // From the last one there is only one way.
        _ if (to < at && old > 0) || old + 1 == cells => old.saturating_sub(1),
        _ => old + 1,
    }
}

/// Into the unit interval, whose end belongs to it no more.
fn within(at: f64) -> f64 {
    at.clamp(0.0, 1.0 - f64::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::rng_of;

    #[test]
    fn children_stay_in_the_cube_and_near_their_parents() {
        let mut rng = rng_of(1, 0, "test");
        for (one, other) in [(0.0, 1.0), (0.2, 0.3), (0.999, 0.1), (0.5, 0.5)] {
            let places: Vec<f64> = (0..4000).map(|_| between(one, other, &mut rng)).collect();
            assert!(places.iter().all(|at| (0.0..1.0).contains(at)));
            let mean = places.iter().sum::<f64>() / 4000.0;
            assert!((mean - one).abs() < 0.3 * (other - one).abs() + 1e-12, "{mean} of {one} and {other}");
        }
        for at in [0.0, 0.03, 0.5, 1.0 - f64::EPSILON] {
            let places: Vec<f64> = (0..4000).map(|_| moved(at, &mut rng)).collect();
            assert!(places.iter().all(|moved| (0.0..1.0).contains(moved) && (moved - at).abs() < 1.0));
            assert!(places.iter().any(|moved| (moved - at).abs() > 0.1));
        }
    }

    #[test]
    fn a_mutation_is_another_value() {
        let mut rng = rng_of(2, 0, "test");
        let ends: Vec<f64> = (0..=10).map(|k| f64::from(k) / 10.0).collect();
        for _ in 0..1000 {
            for at in [0.05, 0.55, 0.95] {
                let moved = mutated(&Grain::Cells(ends.clone()), at, &mut rng);
                assert!((moved - at).abs() > 0.09, "{at} {moved}");
                let choice = mutated(&Grain::Choices(10), at, &mut rng);
                assert!((choice - at).abs() > 0.09 && (0.0..1.0).contains(&choice), "{at} {choice}");
            }
        }
        assert_eq!(mutated(&Grain::Choices(1), 0.5, &mut rng), 0.5);
    }

    #[test]
    fn what_one_parent_lacks_comes_from_the_other() {
        let mut rng = rng_of(3, 0, "test");
        let grains = vec![Grain::Choices(2); 8];
        let one = [Some(0.25), None, None, None, None, None, None, None];
        let other = [Some(0.25), Some(0.25), None, None, None, None, None, None];
        let of = |rng: &mut rand_chacha::ChaCha8Rng| child(&grains, &one, &other, rng);
        let children: Vec<Vec<f64>> = (0..300).map(|_| of(&mut rng)).collect();
        let low = |dimension: usize| children.iter().filter(|child| child[dimension] < 0.5).count();
        // One in four coordinates is mutated.
        assert!((195..255).contains(&low(0)) && (195..255).contains(&low(1)), "{} {}", low(0), low(1));
        assert!((110..190).contains(&low(2)), "{}", low(2));
    }
}
