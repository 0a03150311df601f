//! Generated windows with a planted binding motif, for demonstrations and tests without a download.
//!
//! Positives carry one site drawn from a position weight matrix of the AP-1 motif TGA[CG]TCA, at a random place on a
//! random strand. Some negatives carry a decoy: half a site, or the same bases in another order, so that composition
//! alone does not tell the classes apart. Windows lie along an invented chromosome.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use seqtune_plugin::{FamilyError, text_digest};
use serde::{Deserialize, Serialize};

use super::{Place, Split, Windows};

/// Raised whenever the same arguments would give other windows.
const VERSION: u32 = 1;

/// Average distance between the starts of neighbouring windows, in bases: with blocks of 100 kb a group has about five.
const SPACING: i64 = 20_000;

/// TGA[CG]TCA as base codes; 9 stands for C or G.
const MOTIF: [u8; 7] = [3, 2, 0, 9, 3, 1, 0];

/// The arguments of the generator; the windows are a pure function of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Generator {
    /// Windows.
    pub rows: usize,
    /// Bases per window.
    pub length: usize,
    /// Share of positives.
    pub positives: f64,
    /// Probability of the consensus base at each position of a site; the rest is spread over the other bases.
    pub strength: f64,
    /// Share of negatives that carry a decoy.
    pub decoys: f64,
    /// Share of G and C in the background.
    pub gc: f64,
    /// Share of rows kept for test; as many are marked for validation with `folds = 1`.
    pub test: f64,
    /// Seed.
    pub seed: u64,
}

impl Default for Generator {
    fn default() -> Self {
        Generator { rows: 2000, length: 101, positives: 0.1, strength: 0.9, decoys: 0.3, gc: 0.45, test: 0.2, seed: 1 }
    }
}

impl Generator {
    /// Identity of the windows: hash of generator, version, arguments and seed.
    pub fn digest(&self) -> String {
        let arguments = serde_json::to_string(self).unwrap_or_else(|_| format!("{self:?}"));
        text_digest(&format!("seqtune tf synthetic {VERSION} {arguments}"))
    }

    /// Makes the windows.
    ///
    /// # Errors
    /// [`FamilyError::Data`] naming the argument that is out of range.
    pub fn generate(&self) -> Result<Windows, FamilyError> {
        self.check()?;
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        let mut windows = Windows { length: self.length, ..Windows::default() };
        let (mut places, mut splits) = (Vec::with_capacity(self.rows), Vec::with_capacity(self.rows));
        let mut start = 0;
        for row in 0..self.rows {
            // Two rows of each class are certain, however small the share.
            let positive = row < 2 || (row >= 4 && random.random_bool(self.positives));
            let mut window: Vec<u8> = (0..self.length).map(|_| self.background(&mut random)).collect();
            if positive {
                self.plant(&mut window, &self.site(&mut random), &mut random);
            } else if random.random_bool(self.decoys) {
                self.plant(&mut window, &self.decoy(&mut random), &mut random);
            }
            windows.bases.extend_from_slice(&window);
            windows.labels.push(positive);
            start += self.length as i64 + random.random_range(0..2 * SPACING);
            places.push(Place { contig: 0, start });
            let u: f64 = random.random();
            splits.push(match u {
                _ if u < self.test => Split::Test,
                _ if u < 2.0 * self.test => Split::Valid,
                _ => Split::Train,
            });
        }
        windows.places = Some(places);
        windows.splits = Some(splits);
        Ok(windows)
    }

    fn check(&self) -> Result<(), FamilyError> {
        let fail = |message: String| Err(FamilyError::Data(format!("[data]: {message}")));
        if !(20..=10_000_000).contains(&self.rows) {
            return fail(format!("`rows` is {}; it must be from 20 to 10000000", self.rows));
        }
        if !(MOTIF.len()..=100_000).contains(&self.length) {
            return fail(format!("`length` is {}; it must be from {} to 100000", self.length, MOTIF.len()));
        }
        for (name, value, high) in [
            ("positives", self.positives, 1.0),
            ("strength", self.strength, 1.0),
            ("decoys", self.decoys, 1.0),
            ("gc", self.gc, 1.0),
            ("test", self.test, 0.4),
        ] {
            if !(0.0..=high).contains(&value) {
                return fail(format!("`{name}` is {value}; it must be from 0 to {high}"));
            }
        }
        Ok(())
    }

    fn background(&self, random: &mut ChaCha8Rng) -> u8 {
        let strong = random.random_bool(self.gc);
        match (strong, random.random_bool(0.5)) {
            (true, true) => 1,
            (true, false) => 2,
            (false, true) => 0,
            (false, false) => 3,
        }
    }

    /// One site drawn from the position weight matrix.
    fn site(&self, random: &mut ChaCha8Rng) -> Vec<u8> {
        let consensus = consensus(random);
        let draw = |base: u8| {
            if random.random_bool(self.strength) { base } else { (base + random.random_range(1..4_u8)) % 4 }
        };
        consensus.into_iter().map(draw).collect()
    }

    /// Half a site, or its bases in another order.
    fn decoy(&self, random: &mut ChaCha8Rng) -> Vec<u8> {
        let mut site = consensus(random);
        if random.random_bool(0.5) {
            site.truncate(4);
        } else {
            // A rotation keeps the composition and cannot give the motif back.
            let shift = random.random_range(2..=4);
            site.rotate_left(shift);
        }
        site
    }

    fn plant(&self, window: &mut [u8], site: &[u8], random: &mut ChaCha8Rng) {
        let at = random.random_range(0..=window.len() - site.len());
        let place = &mut window[at..at + site.len()];
        place.copy_from_slice(site);
        if random.random_bool(0.5) {
            place.reverse();
            for base in place {
                *base = 3 - *base;
            }
        }
    }
}

fn consensus(random: &mut ChaCha8Rng) -> Vec<u8> {
    let middle = if random.random_bool(0.5) { 1 } else { 2 };
    MOTIF.iter().map(|base| if *base == 9 { middle } else { *base }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::motif;

    #[test]
    fn the_windows_are_a_function_of_the_arguments() {
        let generator = Generator { rows: 50, ..Generator::default() };
        let again = Generator { rows: 50, ..Generator::default() };
        assert_eq!(generator.generate().unwrap(), again.generate().unwrap());
        assert_eq!(generator.digest(), again.digest());
        let other = Generator { seed: 2, ..generator.clone() };
        assert_ne!(generator.generate().unwrap(), other.generate().unwrap());
        assert_ne!(generator.digest(), other.digest());
    }

    #[test]
    fn the_motif_separates_the_classes_and_composition_does_not() {
        let generator = Generator { rows: 4000, strength: 1.0, decoys: 0.5, ..Generator::default() };
        let windows = generator.generate().unwrap();
        let hits = motif::hits(&windows);
        let rate = |positive: bool| {
            let rows = (0..windows.rows()).filter(|row| windows.labels[*row] == positive);
            let hit: Vec<bool> = rows.map(|row| hits[row]).collect();
            hit.iter().filter(|hit| **hit).count() as f64 / hit.len() as f64
        };
        assert_eq!(rate(true), 1.0);
        // By chance: 95 places, 2 strands (the two consensus words are each other's complement), 2 words of 4^7.
        assert!(rate(false) < 0.03, "{}", rate(false));
        let positives = windows.labels.iter().filter(|label| **label).count() as f64 / 4000.0;
        assert!((positives - 0.1).abs() < 0.02, "{positives}");
        let gc = windows.bases.iter().filter(|base| (1..=2).contains(*base)).count() as f64;
        assert!((gc / windows.bases.len() as f64 - 0.45).abs() < 0.01);
    }

    #[test]
    fn arguments_out_of_range_are_named() {
        let fault = |generator: Generator| generator.generate().unwrap_err().to_string();
        assert!(fault(Generator { rows: 1, ..Generator::default() }).contains("`rows` is 1"));
        assert!(fault(Generator { length: 3, ..Generator::default() }).contains("`length` is 3"));
        assert!(fault(Generator { gc: 1.5, ..Generator::default() }).contains("`gc` is 1.5"));
        assert!(fault(Generator { gc: f64::NAN, ..Generator::default() }).contains("`gc`"));
    }
}
