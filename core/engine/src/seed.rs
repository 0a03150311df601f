//! Seeds: every random number of a study is a function of the study's seed and of what it is for.
//!
//! ```
//! use seqtune_core::seed::seed_of;
//!
//! assert_eq!(seed_of(1, 0, "train"), seed_of(1, 0, "train"));
//! assert_ne!(seed_of(1, 0, "train"), seed_of(1, 1, "train"));
//! ```

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// The generator for one purpose: ChaCha8, a counter-based generator whose stream is fixed by its name. Its key is the
/// SHA-256 of the study's seed, a number (of a trial, a replicate, a fold) and the purpose.
pub fn rng_of(study_seed: u64, number: u64, purpose: &str) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(b"seqtune seed 1\0");
    hash.update(study_seed.to_le_bytes());
    hash.update(number.to_le_bytes());
    hash.update(purpose.as_bytes());
    ChaCha8Rng::from_seed(hash.finalize().into())
}

/// A seed for somebody else's generator. 53 bits, so that it survives languages whose numbers are doubles.
pub fn seed_of(study_seed: u64, number: u64, purpose: &str) -> u64 {
    rng_of(study_seed, number, purpose).next_u64() >> 11
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logs of past versions must replay: these values never change.
    #[test]
    fn the_streams_are_fixed() {
        assert_eq!(seed_of(0, 0, "train"), 3_911_273_260_171_528);
        assert_eq!(seed_of(7, 3, "sampler"), 325_988_266_123_468);
    }
}
