//! Made data for tests of the model.

use rand::RngExt;

use super::axes::Axis;
use super::likelihood::Data;
use crate::seed::rng_of;

/// Numbers, and every third axis choices.
pub(super) fn axes_of(count: usize) -> Vec<Axis> {
    (0..count).map(|k| if k % 3 == 2 { Axis::Choice { count: 3 } } else { Axis::Number }).collect()
}

pub(super) fn row(axes: &[Axis], rng: &mut impl rand::Rng) -> Vec<f64> {
    axes.iter()
        .map(|axis| match axis {
            Axis::Number => rng.random(),
            Axis::Choice { count } => rng.random_range(0..=*count) as f64,
        })
        .collect()
}

/// A smooth function at random points, some of them measured more than once, some of them predictions.
pub(super) fn data(axes: &[Axis], n: usize) -> Data {
    let mut rng = rng_of(n as u64, axes.len() as u64, "made data");
    let mut data = Data::new(axes.len());
    for k in 0..n {
        let row = row(axes, &mut rng);
        let value: f64 = row.iter().enumerate().map(|(j, x)| (3.0 * x + j as f64).sin()).sum();
        let value = value + 0.1 * rng.random::<f64>();
        data.push(&row, value, 1.0 + (k % 2) as f64, if k % 5 == 0 { 0.05 } else { 0.0 });
    }
    data
}

/// The same points with other values, which are at odds with the first ones.
pub(super) fn another(data: &Data) -> Data {
    let mut second = data.clone();
    for (k, target) in second.targets.iter_mut().enumerate() {
        let row = data.points.row(k);
        *target = row.iter().enumerate().map(|(j, x)| (2.0 - 3.0 * x + j as f64).cos()).sum::<f64>() - 0.5 * *target;
    }
    second
}
