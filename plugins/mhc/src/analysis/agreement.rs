//! How chemically sensible a table is, as a number beside what chance gives.

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::chemistry::Class;

/// How many neighbours of a residue are looked at.
const NEIGHBOURS: usize = 3;
/// How often the classes are dealt out anew.
const PERMUTATIONS: usize = 1000;

/// Shares of near neighbours that are of the same class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// Mean over the residues of the share of the 3 nearest others, by cosine distance, that are of their class. At most
    /// 0.783 for the 20 residues: a class of two has only one other.
    pub share: f64,
    /// Mean of the same under 1000 random permutations of the classes.
    pub by_chance: f64,
    /// The middle 95 % of the permutations: a share within says nothing.
    pub by_chance_95: [f64; 2],
}

/// The agreement of vectors with the classes of their residues; rows without a class ([`Class::Other`]) do not count. `None`
/// where fewer than 5 rows do. The same rows give the same numbers.
pub fn agreement(vectors: &[Vec<f64>], classes: &[Class]) -> Option<Agreement> {
    let (vectors, mut classes): (Vec<&Vec<f64>>, Vec<Class>) =
        vectors.iter().zip(classes).filter(|(_, class)| **class != Class::Other).unzip();
    if classes.len() < NEIGHBOURS + 2 {
        return None;
    }
    let nearest: Vec<Vec<usize>> = (0..vectors.len()).map(|i| nearest(&vectors, i)).collect();
    let share = share(&nearest, &classes);
    let mut chance = ChaCha8Rng::seed_from_u64(0);
    let mut by_chance: Vec<f64> = (0..PERMUTATIONS)
        .map(|_| {
            classes.shuffle(&mut chance);
            self::share(&nearest, &classes)
        })
        .collect();
    by_chance.sort_by(f64::total_cmp);
    // The 26th and the 975th of 1000: 25 are beyond each.
    let tail = PERMUTATIONS / 40;
    Some(Agreement {
        share,
        by_chance: by_chance.iter().sum::<f64>() / PERMUTATIONS as f64,
        by_chance_95: [by_chance[tail], by_chance[PERMUTATIONS - 1 - tail]],
    })
}

/// The nearest others of a row; the earlier row first where two are equally near.
fn nearest(vectors: &[&Vec<f64>], i: usize) -> Vec<usize> {
    let mut others: Vec<(f64, usize)> =
        (0..vectors.len()).filter(|j| *j != i).map(|j| (cosine(vectors[i], vectors[j]), j)).collect();
    others.sort_by(|a, b| b.0.total_cmp(&a.0));
    others.iter().take(NEIGHBOURS).map(|(_, j)| *j).collect()
}

/// A row of zeros points nowhere, and is at right angles to all.
fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 { dot(a, b) / lengths } else { 0.0 }
}

fn share(nearest: &[Vec<usize>], classes: &[Class]) -> f64 {
    let alike = |(i, near): (usize, &Vec<usize>)| near.iter().filter(|j| classes[**j] == classes[i]).count();
    let alike: usize = nearest.iter().enumerate().map(alike).sum();
    alike as f64 / (NEIGHBOURS * nearest.len()) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt as _;

    const RESIDUES: &str = "ACDEFGHIKLMNPQRSTVWY";

    fn classes() -> Vec<Class> {
        RESIDUES.chars().map(|letter| Class::of(&letter.to_string())).collect()
    }

    fn vectors(of_class: f64) -> Vec<Vec<f64>> {
        let mut chance = ChaCha8Rng::seed_from_u64(11);
        let row = |class: &Class| {
            let axis = Class::ALL.iter().position(|other| other == class);
            (0..16).map(|j| chance.random_range(-1.0..1.0) + if Some(j) == axis { of_class } else { 0.0 }).collect()
        };
        classes().iter().map(row).collect()
    }

    #[test]
    fn a_sensible_table_stands_out_and_a_random_one_does_not() {
        let sensible = agreement(&vectors(20.0), &classes()).unwrap();
        // All that the sizes of the classes let through: 5 and 4 give 3 of 3, 3 gives 2, 2 gives 1.
        let most = (9.0 * 3.0 + 9.0 * 2.0 + 2.0) / 60.0;
        assert!((most - 0.783_f64).abs() < 0.001, "{most}");
        assert!((sensible.share - most).abs() < 1e-12, "{sensible:?}");
        assert!(sensible.by_chance_95[1] < 0.4);
        let random = agreement(&vectors(0.0), &classes()).unwrap();
        let [low, high] = random.by_chance_95;
        assert!(low <= random.share && random.share <= high, "{random:?}");
        // A pair of residues is of one class with probability 10 + 3 + 6 + 3 + 1 + 3 of 190.
        assert!((random.by_chance - 26.0 / 190.0).abs() < 0.01, "{random:?}");
    }

    #[test]
    fn it_is_a_function_of_the_table() {
        assert_eq!(agreement(&vectors(1.0), &classes()), agreement(&vectors(1.0), &classes()));
    }

    #[test]
    fn rows_without_a_class_do_not_count() {
        let (mut more, mut with_padding) = (vectors(2.0), classes());
        more.insert(0, more[5].clone());
        with_padding.insert(0, Class::Other);
        assert_eq!(agreement(&more, &with_padding), agreement(&vectors(2.0), &classes()));
        assert_eq!(agreement(&more[..5], &with_padding[..5]), None);
    }

    #[test]
    fn a_table_of_zeros_gives_numbers() {
        let flat = agreement(&vec![vec![0.0; 4]; 20], &classes()).unwrap();
        assert!(flat.share.is_finite());
    }
}
