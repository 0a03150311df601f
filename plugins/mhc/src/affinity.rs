//! The scale of affinities: nM, the score between 0 and about 1 that is learned, and five levels.
//!
//! A score is `1 - ln(nM) / ln(50000)`, as in the source: 1 is 1 nM, 0 is 50000 nM.

/// The affinity in nM whose score is 0.
pub const WEAKEST: f64 = 50_000.0;

/// The affinities in nM that part the five levels, the strongest first.
pub const LEVELS: [f64; 4] = [50.0, 500.0, 5_000.0, 50_000.0];

/// The score of an affinity in nM; below 0 for one above 50000, above 1 for one below 1.
pub fn score_of(nanomolar: f64) -> f64 {
    // libm: its last digit is the same on every machine.
    1.0 - libm::log(nanomolar) / libm::log(WEAKEST)
}

/// The affinity in nM that a score stands for.
pub fn nanomolar(score: f64) -> f64 {
    WEAKEST.powf(1.0 - score)
}

/// How many of the thresholds an affinity in nM is below: 4 is the strongest level, 0 the weakest.
pub fn level_of(nanomolar: f64) -> usize {
    LEVELS.iter().filter(|threshold| nanomolar < **threshold).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_count_the_thresholds_below() {
        let levels = [49.0, 51.0, 499.0, 501.0, 4_999.0, 5_001.0, 49_999.0].map(level_of);
        assert_eq!(levels, [4, 3, 3, 2, 2, 1, 1]);
        assert_eq!((level_of(nanomolar(0.0)), level_of(nanomolar(1.2))), (0, 4));
        assert!((nanomolar(score_of(321.0)) - 321.0).abs() < 1e-9);
    }
}
