//! Generated peptides whose affinity follows a position-specific scoring matrix with two anchors, for demonstrations
//! and tests without a download.
//!
//! Residue 2 and the last one are the anchors, as in HLA-A2: L, M, I or V there binds. Peptides that are not of nine
//! residues are read through the best of the 9-mers they reduce to. Measurements are noisy, and the weakest are often
//! reported as a bound only. Some peptides extend or shift an earlier one, as overlapping windows of a protein do.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use seqtune_plugin::{FamilyError, text_digest};
use serde::{Deserialize, Serialize};

use super::{Inequality, Peptides, RESIDUES, Split, code_of};
use crate::view::{CORE, UNKNOWN, nonamers};

/// Raised whenever the same arguments would give other peptides.
const VERSION: u32 = 1;

/// The keys of this source.
#[cfg(test)]
pub const KEYS: &[&str] = &["rows", "noise", "test", "seed"];

/// How often each residue comes in the background, in thousandths, in the order of the codes.
const BACKGROUND: [u32; 20] = [83, 14, 55, 67, 39, 71, 23, 59, 58, 97, 24, 41, 47, 39, 55, 66, 53, 69, 11, 29];

/// What a residue at the anchors adds to the score; others take one away.
const SECOND: [(u8, f64); 7] =
    [(b'L', 2.0), (b'M', 1.7), (b'I', 1.1), (b'V', 0.8), (b'Q', 0.4), (b'T', 0.2), (b'A', 0.2)];
const LAST: [(u8, f64); 6] = [(b'V', 1.8), (b'L', 1.6), (b'I', 1.2), (b'M', 0.6), (b'A', 0.5), (b'T', 0.2)];

/// Between the anchors: what the groove likes a little, and what it does not.
const LIKED: &[u8] = b"FWYILMV";
const DISLIKED: &[u8] = b"DEPGKR";

/// What one residue more or fewer than nine costs.
const LENGTH_COST: f64 = 0.3;

/// Probability that a new peptide has one of the favoured residues at an anchor: measured peptides were chosen to bind.
const CHOSEN: f64 = 0.5;

/// Probability that a peptide is made of an earlier one.
const RELATED: f64 = 0.1;

/// Share of the peptides that bind below 500 nM.
const BINDERS: f64 = 1.0 / 3.0;

/// Change of the target, from 0 to 1, per unit of score.
const SLOPE: f64 = 0.14;

/// The arguments of the generator; the peptides are a pure function of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Generator {
    /// Peptides.
    pub rows: usize,
    /// Standard deviation of a measurement on the scale of the target.
    pub noise: f64,
    /// Share of rows kept for test.
    pub test: f64,
    /// Seed.
    pub seed: u64,
}

impl Default for Generator {
    fn default() -> Self {
        Generator { rows: 2000, noise: 0.1, test: 0.0, seed: 1 }
    }
}

impl Generator {
    /// Identity of the peptides: hash of generator, version, arguments and seed.
    pub fn digest(&self) -> String {
        let arguments = serde_json::to_string(self).unwrap_or_else(|_| format!("{self:?}"));
        text_digest(&format!("seqtune mhc synthetic {VERSION} {arguments}"))
    }

    /// Makes the peptides.
    ///
    /// # Errors
    /// [`FamilyError::Data`] naming the argument that is out of range.
    pub fn generate(&self) -> Result<Peptides, FamilyError> {
        self.check()?;
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        let mut peptides = Peptides::default();
        for _ in 0..self.rows {
            let peptide = match peptides.sequences.len() {
                0 => fresh(&mut random),
                earlier if random.random_bool(RELATED) => {
                    let of = random.random_range(0..earlier);
                    related(&peptides.sequences[of], &mut random)
                }
                _ => fresh(&mut random),
            };
            peptides.sequences.push(peptide);
        }
        let measured: Vec<f64> =
            peptides.sequences.iter().map(|peptide| SLOPE * score(peptide) + self.noise * bell(&mut random)).collect();
        // The scale is moved so that the wanted share binds.
        let mut sorted = measured.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let weakest_binder = sorted[self.rows - (self.rows as f64 * BINDERS).round() as usize];
        let unit = libm::log(50_000.0);
        for value in measured {
            // A hair above the place of 500 nM itself, so that the weakest binder is one.
            let target = (value - weakest_binder + 1e-9 + 1.0 - libm::log(500.0) / unit).min(1.05);
            let (nanomolar, inequality) = reported(libm::exp((1.0 - target) * unit), &mut random);
            peptides.nanomolar.push(nanomolar);
            peptides.inequalities.push(inequality);
        }
        if self.test > 0.0 {
            let split = |_| if random.random_bool(self.test) { Split::Test } else { Split::Train };
            peptides.splits = Some((0..self.rows).map(split).collect());
        }
        Ok(peptides)
    }

    fn check(&self) -> Result<(), FamilyError> {
        let fail = |message: String| Err(FamilyError::Data(format!("[data]: {message}")));
        if !(20..=10_000_000).contains(&self.rows) {
            return fail(format!("`rows` is {}; it must be from 20 to 10000000", self.rows));
        }
        for (name, value, high) in [("noise", self.noise, 1.0), ("test", self.test, 0.8)] {
            if !(0.0..=high).contains(&value) {
                return fail(format!("`{name}` is {value}; it must be from 0 to {high}"));
            }
        }
        Ok(())
    }
}

/// What the laboratory writes down: the weakest are often a bound only.
fn reported(nanomolar: f64, random: &mut ChaCha8Rng) -> (f64, Inequality) {
    if nanomolar > 50_000.0 {
        (50_000.0, Inequality::Above)
    } else if nanomolar > 20_000.0 && random.random_bool(0.5) {
        (20_000.0, Inequality::Above)
    } else {
        (nanomolar, Inequality::Equal)
    }
}

fn fresh(random: &mut ChaCha8Rng) -> Vec<u8> {
    let length = match random.random_range(0..100) {
        0..70 => 9,
        70..90 => 10,
        90..94 => 8,
        94..98 => 11,
        _ => random.random_range(12..=15),
    };
    let mut peptide: Vec<u8> = (0..length).map(|_| background(random)).collect();
    for (at, favoured) in [(1, SECOND.as_slice()), (length - 1, LAST.as_slice())] {
        if random.random_bool(CHOSEN) {
            // One of the four that the anchor likes most.
            peptide[at] = code(favoured[random.random_range(0..4)].0);
        }
    }
    peptide
}

/// A peptide as a protein gives it beside another: longer by a residue, or the next window of the same length.
fn related(earlier: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut peptide = earlier.to_vec();
    let next = background(random);
    if random.random_bool(0.5) {
        peptide.push(next)
    } else {
        peptide.insert(0, next)
    }
    if random.random_bool(0.5) || peptide.len() > 15 {
        peptide.remove(0);
    }
    peptide
}

fn background(random: &mut ChaCha8Rng) -> u8 {
    let mut left = random.random_range(0..BACKGROUND.iter().sum::<u32>());
    for (code, weight) in BACKGROUND.iter().enumerate() {
        match left.checked_sub(*weight) {
            Some(rest) => left = rest,
            None => return code as u8,
        }
    }
    0
}

/// Roughly normal, with standard deviation 1.
fn bell(random: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0
}

/// The score of a peptide: that of the best 9-mer it reduces to.
fn score(peptide: &[u8]) -> f64 {
    let best = nonamers(peptide).iter().map(core_score).fold(f64::NEG_INFINITY, f64::max);
    best - LENGTH_COST * peptide.len().abs_diff(CORE) as f64
}

fn core_score(core: &[u8; CORE]) -> f64 {
    let at = |place: usize, code: u8| {
        let letter = match code {
            UNKNOWN => return -0.5,
            ..UNKNOWN => RESIDUES[usize::from(code)],
            _ => b'Y',
        };
        let anchor = |favoured: &[(u8, f64)]| {
            favoured.iter().find(|(residue, _)| *residue == letter).map_or(-1.0, |(_, score)| *score)
        };
        match place {
            1 => anchor(&SECOND),
            8 => anchor(&LAST),
            _ if LIKED.contains(&letter) => 0.3,
            _ if DISLIKED.contains(&letter) => -0.3,
            _ => 0.0,
        }
    };
    core.iter().enumerate().map(|(place, code)| at(place, *code)).sum()
}

fn code(letter: u8) -> u8 {
    code_of(letter).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peptides_are_a_function_of_the_arguments() {
        let generator = Generator { rows: 50, test: 0.3, ..Generator::default() };
        let again = Generator { rows: 50, test: 0.3, ..Generator::default() };
        assert_eq!(generator.generate().unwrap(), again.generate().unwrap());
        assert_eq!(generator.digest(), again.digest());
        let other = Generator { seed: 2, ..generator.clone() };
        assert_ne!(generator.generate().unwrap(), other.generate().unwrap());
        assert_ne!(generator.digest(), other.digest());
    }

    #[test]
    fn lengths_and_affinities_are_those_of_measured_peptides() {
        let peptides = Generator { rows: 4000, test: 0.25, ..Generator::default() }.generate().unwrap();
        let share = |wanted: &dyn Fn(usize) -> bool| (0..4000).filter(|row| wanted(*row)).count() as f64 / 4000.0;
        let near = |found: f64, expected: f64, by: f64| assert!((found - expected).abs() < by, "{found} {expected}");
        near(share(&|row| peptides.sequences[row].len() == 9), 0.68, 0.03);
        near(share(&|row| peptides.sequences[row].len() == 10), 0.21, 0.03);
        assert!(peptides.sequences.iter().all(|peptide| (8..=15).contains(&peptide.len())));
        near(share(&|row| peptides.nanomolar[row] < 500.0), 1.0 / 3.0, 0.001);
        assert!(peptides.nanomolar.iter().all(|value| *value > 0.4 && *value <= 50_000.0));
        let bounds = share(&|row| peptides.inequalities[row] == Inequality::Above);
        assert!((0.02..0.4).contains(&bounds), "{bounds}");
        assert!(
            (0..4000).all(|row| peptides.inequalities[row] == Inequality::Equal || peptides.nanomolar[row] >= 20_000.0)
        );
        near(share(&|row| peptides.splits.as_ref().unwrap()[row] == Split::Test), 0.25, 0.03);
        assert!(Generator::default().generate().unwrap().splits.is_none());
    }

    #[test]
    fn the_matrix_ranks_binders_first_though_not_perfectly() {
        let peptides = Generator { rows: 4000, ..Generator::default() }.generate().unwrap();
        let scores = |binder: bool| -> Vec<f64> {
            let rows = (0..4000).filter(|row| (peptides.nanomolar[*row] < 500.0) == binder);
            rows.map(|row| score(&peptides.sequences[row])).collect()
        };
        let (binders, others) = (scores(true), scores(false));
        let ahead: f64 = binders
            .iter()
            .map(|one| {
                others
                    .iter()
                    .map(|other| {
                        if one > other {
                            1.0
                        } else if one == other {
                            0.5
                        } else {
                            0.0
                        }
                    })
                    .sum::<f64>()
            })
            .sum();
        let auc = ahead / (binders.len() * others.len()) as f64;
        assert!((0.93..0.99).contains(&auc), "{auc}");
    }

    #[test]
    fn the_best_core_of_a_longer_peptide_counts() {
        let codes = |text: &str| text.bytes().map(code).collect::<Vec<u8>>();
        let nine = score(&codes("ALAAAAAAV"));
        assert!((score(&codes("ALAAANAAAV")) - (nine - LENGTH_COST)).abs() < 1e-12);
        assert!(score(&codes("ANAAAAAAN")) < nine);
        assert!(score(&codes("ALAAAAAV")) < nine);
    }

    #[test]
    fn arguments_out_of_range_are_named() {
        let fault = |generator: Generator| generator.generate().unwrap_err().to_string();
        assert!(fault(Generator { rows: 1, ..Generator::default() }).contains("`rows` is 1"));
        assert!(fault(Generator { test: 0.9, ..Generator::default() }).contains("`test` is 0.9"));
        assert!(fault(Generator { noise: f64::NAN, ..Generator::default() }).contains("`noise`"));
    }
}
