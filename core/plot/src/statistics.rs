//! Means and how sure they are.

use std::sync::LazyLock;

/// The share of intervals that hold what they are of.
const SURE: f64 = 0.95;

/// A mean of a few values, and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// The mean.
    pub mean: f64,
    /// Of how many values.
    pub n: usize,
    /// Their standard deviation, as of a sample; `None` of one value.
    pub deviation: Option<f64>,
    /// The 95 % interval of the mean by Student's t distribution, `[low, high]`; `None` of one value, of which nothing is known.
    pub interval: Option<[f64; 2]>,
}

impl Mean {
    /// Of these values; `None` where there is none.
    pub fn of(values: &[f64]) -> Option<Mean> {
        let n = values.len();
        let mean = values.iter().sum::<f64>() / n as f64;
        let known = (n > 1).then(|| {
            let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
            (squares / (n - 1) as f64).sqrt()
        });
        let half = known.map(|deviation| student(n - 1) * deviation / (n as f64).sqrt());
        let interval = half.map(|half| [mean - half, mean + half]);
        (n > 0).then_some(Mean { mean, n, deviation: known, interval })
    }

    /// Half the width of the interval.
    pub fn half_width(&self) -> Option<f64> {
        self.interval.map(|[low, high]| (high - low) / 2.0)
    }

    /// Whether the interval leaves out zero; `None` where there is no interval.
    pub fn differs_from_zero(&self) -> Option<bool> {
        self.interval.map(|[low, high]| low > 0.0 || high < 0.0)
    }

    /// How many values, those at hand included, would make the interval leave out zero, if mean and deviation stay as they
    /// are; `None` where more than 1000 would be needed, or nothing is known of the deviation.
    pub fn values_to_tell(&self) -> Option<usize> {
        let deviation = self.deviation?;
        let tells = |n: &usize| student(n - 1) * deviation / (*n as f64).sqrt() < self.mean.abs();
        (self.n.max(2)..=1000).find(tells)
    }
}

/// The value that a variable with Student's t distribution lies within on either side of zero in 95 of 100 cases. From the
/// closed form of the distribution at whole degrees of freedom, and far out from its expansion at the normal distribution
/// (Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.7.3 to 26.7.5). No library of the workspace has it.
pub(crate) fn student(freedom: usize) -> f64 {
    const NORMAL: f64 = 1.959_963_984_540_054;
    // Asked for with every report that has parts: what takes a search is searched once.
    static NEAR: LazyLock<Vec<f64>> = LazyLock::new(|| (0..=NEAREST).map(searched).collect());
    if let Some(known) = NEAR.get(freedom) {
        return *known;
    }
    let (nu, z) = (freedom as f64, NORMAL);
    let terms = [(z.powi(3) + z) / 4.0, (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0];
    z + terms[0] / nu + terms[1] / (nu * nu)
}

/// Degrees of freedom up to which the expansion is not good enough.
const NEAREST: usize = 200;

/// By bisection.
fn searched(freedom: usize) -> f64 {
    if freedom == 0 {
        return f64::INFINITY;
    }
    let (mut low, mut high) = (0.0, std::f64::consts::FRAC_PI_2);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if within(middle, freedom) < SURE { low = middle } else { high = middle }
    }
    (freedom as f64).sqrt() * low.tan()
}

/// How likely |t| is at most `tan(angle) * sqrt(freedom)`.
fn within(angle: f64, freedom: usize) -> f64 {
    let (sine, cosine) = angle.sin_cos();
    let is_odd = freedom % 2 == 1;
    let (mut sum, mut term) = (0.0, if is_odd { cosine } else { 1.0 });
    // Of odd degrees the powers of the cosine are 1, 3, ..., of even ones 0, 2, ..., to freedom - 2.
    let mut power = usize::from(is_odd);
    while power + 2 <= freedom {
        sum += term;
        term *= (power + 1) as f64 / (power + 2) as f64 * cosine * cosine;
        power += 2;
    }
    if is_odd { std::f64::consts::FRAC_2_PI * (angle + sine * sum) } else { sine * sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against a printed table.
    #[test]
    fn quantiles_are_those_of_the_table() {
        let table = [
            (1, 12.7062),
            (2, 4.3027),
            (3, 3.1824),
            (4, 2.7764),
            (5, 2.5706),
            (9, 2.2622),
            (30, 2.0423),
            (120, 1.9799),
        ];
        for (freedom, expected) in table {
            assert!((student(freedom) - expected).abs() < 5e-5, "{freedom}: {}", student(freedom));
        }
        assert!((student(200) - student(201)).abs() < 1e-4 && student(1_000_000) - 1.96 < 1e-4);
    }

    /// 1, 2, 3, 4: mean 2.5, deviation sqrt(5/3), half width 3.1824 * 1.2910 / 2.
    #[test]
    fn a_mean_has_its_interval() {
        let mean = Mean::of(&[1.0, 2.0, 3.0, 4.0]).unwrap();
        assert_eq!((mean.mean, mean.n), (2.5, 4));
        assert!((mean.deviation.unwrap() - 1.290_994).abs() < 1e-6);
        assert!((mean.half_width().unwrap() - 2.054_26).abs() < 1e-4, "{mean:?}");
        assert_eq!(mean.differs_from_zero(), Some(true));
        let single = Mean::of(&[7.0]).unwrap();
        assert_eq!((single.mean, single.deviation, single.interval), (7.0, None, None));
        assert_eq!(Mean::of(&[]), None);
    }

    #[test]
    fn how_many_more_would_tell() {
        // Mean 1, deviation 2: t(17) * 2 / sqrt(18) = 0.995 is the first below 1.
        let mean = Mean { mean: 1.0, n: 3, deviation: Some(2.0), interval: None };
        assert_eq!(mean.values_to_tell(), Some(18));
        assert_eq!(Mean { mean: 0.0, ..mean }.values_to_tell(), None);
    }
}
