//! Metrics of predicted numbers.

/// Mean squared error: at least 0, **smaller is better**, in the square of the targets' unit. `None` for lists that are empty or of
/// unequal length, or a result that is not finite.
pub fn mean_squared_error(targets: &[f64], predictions: &[f64]) -> Option<f64> {
    if targets.is_empty() || targets.len() != predictions.len() {
        return None;
    }
    let sum: f64 = targets.iter().zip(predictions).map(|(target, prediction)| (target - prediction).powi(2)).sum();
    let mean = sum / targets.len() as f64;
    mean.is_finite().then_some(mean)
}

/// Ranks from 1, equal values sharing the mean of their ranks; `None` for NaN.
pub fn midranks(values: &[f64]) -> Option<Vec<f64>> {
    if values.iter().any(|value| value.is_nan()) {
        return None;
    }
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut below = 0;
    for run in order.chunk_by(|&a, &b| values[a] == values[b]) {
        // The mean of below + 1 ..= below + run.
        let rank = below as f64 + (run.len() + 1) as f64 / 2.0;
        run.iter().for_each(|&at| ranks[at] = rank);
        below += run.len();
    }
    Some(ranks)
}

/// Spearman's rank correlation, -1 to 1: Pearson's correlation of the midranks. `None` for unequal lengths, NaN, or values that are
/// all equal.
pub fn spearman(left: &[f64], right: &[f64]) -> Option<f64> {
    if left.len() != right.len() {
        return None;
    }
    let (left, right) = (midranks(left)?, midranks(right)?);
    // Ranks always have this mean, so the sums below are sums of multiples of a quarter: exact up to 2^51.
    let mean = (left.len() as f64 + 1.0) / 2.0;
    let product = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum() };
    let scale = (product(&left, &left) * product(&right, &right)).sqrt();
    (scale > 0.0).then(|| (product(&left, &right) / scale).clamp(-1.0, 1.0))
}
