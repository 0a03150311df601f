//! Every random number of a trial, from one seed.
//!
//! ```
//! use seqtune_nn::seed::{Order, seed_of};
//!
//! let trial_seed = 17;
//! let data_seed = seed_of(trial_seed, &[1]);          // independent of seed_of(trial_seed, &[2])
//! let order = Order::new(5, data_seed);
//! assert_eq!(order.epoch(3), order.epoch(3));         // a function of (seed, epoch), no state
//! ```
//!
//! The generator is ChaCha8 by name, so the numbers do not change with a library's idea of a standard generator. Nothing here
//! has state that a checkpoint would have to carry: data order is a function of (seed, epoch), initial values are functions of
//! (seed, name), and libtorch's own generator is seeded once per update from (seed, update).

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

/// The generator of a seed.
pub fn generator(seed: u64) -> ChaCha8Rng {
    let mut key = *b"________seqtune neural networks.";
    key[..8].copy_from_slice(&seed.to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

/// A seed derived from another one and the words that say what it is for, such as fold and purpose.
///
/// Different words give independent seeds, and `seed_of(s, &[a, b])` equals `seed_of(seed_of(s, &[a]), &[b])`.
pub fn seed_of(seed: u64, words: &[u64]) -> u64 {
    words.iter().fold(seed, |seed, &word| {
        let mut generator = generator(seed);
        generator.set_stream(word);
        generator.next_u64()
    })
}

/// A seed derived from another one and a name, such as that of a variable.
pub fn seed_of_name(seed: u64, name: &str) -> u64 {
    // The tag keeps names apart from words, the length keeps "a" and "a\0" apart.
    let tag = [u64::from_le_bytes(*b"the name"), name.len() as u64];
    let letters = name.as_bytes().chunks(8).map(|chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        u64::from_le_bytes(word)
    });
    seed_of(seed, &tag.into_iter().chain(letters).collect::<Vec<_>>())
}

/// The order of `rows` rows in each epoch: a permutation that is a function of (seed, epoch).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    rows: usize,
    seed: u64,
}

impl Order {
    /// Orders of `rows` rows.
    pub const fn new(rows: usize, seed: u64) -> Self {
        Self { rows, seed }
    }

    /// The permutation of `0..rows` for one epoch.
    pub fn epoch(&self, epoch: u64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.rows).collect();
        order.shuffle(&mut generator(seed_of(self.seed, &[epoch])));
        order
    }
}

/// Seeds libtorch's generators, of the CPU and of every CUDA device, for one update.
///
/// Called before the forward pass of every update, it makes dropout a function of (seed, update): a trial that goes on from a
/// checkpoint draws the masks it would have drawn, with no generator state saved, and folds trained in turn do not disturb
/// each other. The generators belong to the process, so one process trains one trial at a time.
pub fn seed_update(seed: u64, update: u64) {
    tch::manual_seed(i64::from_le_bytes(seed_of(seed, &[update]).to_le_bytes()));
}

/// Tests that depend on libtorch's generator take this, since it belongs to the process and tests run side by side.
#[cfg(test)]
pub(crate) fn generator_lock() -> std::sync::MutexGuard<'static, ()> {
    static LOCK: std::sync::Mutex<()> = std::sync::Mutex::new(());
    LOCK.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tch::{Tensor, kind::FLOAT_CPU};

    proptest! {
        #[test]
        fn an_epoch_is_a_permutation(rows in 0_usize..200, seed: u64, epoch: u64) {
            let order = Order::new(rows, seed).epoch(epoch);
            let mut sorted = order.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..rows).collect::<Vec<_>>());
            prop_assert_eq!(Order::new(rows, seed).epoch(epoch), order);
        }

        #[test]
        fn words_compose(seed: u64, a: u64, b: u64) {
            prop_assert_eq!(seed_of(seed, &[a, b]), seed_of(seed_of(seed, &[a]), &[b]));
        }
    }

    #[test]
    fn seeds_words_names_and_epochs_differ() {
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..20 {
            for word in 0..20 {
                assert!(seen.insert(seed_of(seed, &[word])));
            }
            for name in ["", "a", "a\0", "b", "conv.weight", "conv.bias"] {
                assert!(seen.insert(seed_of_name(seed, name)));
            }
        }
        let order = Order::new(50, 1);
        assert_ne!(order.epoch(0), order.epoch(1));
        assert_ne!(order.epoch(0), Order::new(50, 2).epoch(0));
    }

    /// A change of these numbers changes every study: it must be meant.
    #[test]
    fn the_numbers_stay() {
        assert_eq!(seed_of(0, &[0]), GOLDEN_SEED);
        assert_eq!(Order::new(8, 1).epoch(2), GOLDEN_ORDER);
    }
    const GOLDEN_SEED: u64 = 11_909_165_116_993_930_446;
    const GOLDEN_ORDER: [usize; 8] = [0, 1, 4, 5, 7, 6, 3, 2];

    #[test]
    fn dropout_is_a_function_of_seed_and_update() {
        let _generator = generator_lock();
        let mask = |seed, update| {
            seed_update(seed, update);
            Vec::<f32>::try_from(Tensor::ones([64], FLOAT_CPU).dropout(0.5, true)).expect("64 numbers")
        };
        let first = mask(3, 7);
        assert_ne!(first, mask(3, 8));
        assert_ne!(first, mask(4, 7));
        assert_eq!(first, mask(3, 7));
    }
}
