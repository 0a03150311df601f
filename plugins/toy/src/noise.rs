//! Noise whose position can be saved.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// Standard normal numbers from ChaCha8.
#[derive(Clone, Debug)]
pub(crate) struct Noise(ChaCha8Rng);

impl Noise {
    /// Goes on after `position` words of the numbers of `seed`.
    pub(crate) fn at(seed: u64, position: u64) -> Noise {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_word_pos(u128::from(position));
        Noise(generator)
    }

    /// Words drawn so far.
    pub(crate) fn position(&self) -> u64 {
        // Reached after 2^64 words only.
        u64::try_from(self.0.get_word_pos()).unwrap_or(u64::MAX)
    }

    /// A number with mean 0 and standard deviation 1, by the method of Box and Muller.
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.0.random::<f64>()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.0.random::<f64>()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_goes_on_where_it_was() {
        let mut unbroken = Noise::at(7, 0);
        for _ in 0..10 {
            let mut resumed = Noise::at(7, unbroken.position());
            assert_eq!(resumed.normal().to_bits(), unbroken.normal().to_bits());
        }
    }

    #[test]
    fn noise_is_standard_normal() {
        let mut noise = Noise::at(1, 0);
        let draws: Vec<f64> = (0..10_000).map(|_| noise.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 10_000.0;
        let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / 10_000.0;
        assert!(mean.abs() < 0.03, "{mean}");
        assert!((variance - 1.0).abs() < 0.05, "{variance}");
    }
}
