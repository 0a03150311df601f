//! Principal components of a small table.

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::svd::{ComputeSvdVectors, SvdParams, svd, svd_scratch};
use faer::{Mat, Par, Spec};
use seqtune_plugin::FamilyError;

use super::width_of;

/// A table in its principal components.
#[derive(Clone, Debug, PartialEq)]
pub struct Pca {
    /// One row for each row of the table, the largest component first.
    pub coordinates: Vec<Vec<f64>>,
    /// Share of the table's variance that each component holds; 0 where the table has none.
    pub shares: Vec<f64>,
}

/// The first `components` principal components, by singular value decomposition on one thread. A component's largest loading
/// is positive, so that the same table always lies the same way round. What a table lacks in rank is 0.
///
/// # Errors
/// [`FamilyError::Other`] where the table is empty, ragged, or not finite.
pub fn pca(rows: &[Vec<f64>], components: usize) -> Result<Pca, FamilyError> {
    let width = width_of(rows)?;
    let count = rows.len();
    let means: Vec<f64> = (0..width).map(|j| rows.iter().map(|row| row[j]).sum::<f64>() / count as f64).collect();
    let centred = Mat::from_fn(count, width, |i, j| rows[i][j] - means[j]);
    let rank = count.min(width);
    let (mut singular, mut loadings) = (Diag::zeros(rank), Mat::zeros(width, rank));
    let params: Spec<SvdParams, f64> = Spec::default();
    let (no, thin) = (ComputeSvdVectors::No, ComputeSvdVectors::Thin);
    let mut memory = MemBuffer::new(svd_scratch::<f64>(count, width, no, thin, Par::Seq, params));
    let stack = MemStack::new(&mut memory);
    svd(centred.as_ref(), singular.as_mut(), None, Some(loadings.as_mut()), Par::Seq, stack, params)
        .map_err(|error| FamilyError::Other(format!("the principal components were not found: {error:?}")))?;

    let variance = |component: usize| singular[component] * singular[component];
    let total: f64 = (0..rank).map(variance).sum();
    let mut result = Pca { coordinates: vec![vec![0.0; components]; count], shares: vec![0.0; components] };
    // A table of equal rows has no directions but those of the rounding of its means.
    let size: f64 = rows.iter().flatten().map(|number| number * number).sum();
    let rounding = f64::EPSILON * f64::EPSILON * size * (count * width) as f64;
    let known = (0..components.min(rank)).take_while(|component| variance(*component) > rounding).count();
    for component in 0..known {
        result.shares[component] = variance(component) / total;
        let loading = loadings.col_as_slice(component);
        let largest = loading.iter().fold(0.0, |kept: f64, one| if one.abs() > kept.abs() { *one } else { kept });
        let sign = if largest < 0.0 { -1.0 } else { 1.0 };
        for (i, coordinates) in result.coordinates.iter_mut().enumerate() {
            coordinates[component] = sign * (0..width).map(|j| centred[(i, j)] * loading[j]).sum::<f64>();
        }
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points on a line along (3, 4), with a little beside it.
    fn line() -> Vec<Vec<f64>> {
        [(-2.0, 0.1), (-1.0, -0.1), (0.0, 0.0), (1.0, -0.1), (2.0, 0.1)]
            .map(|(along, beside): (f64, f64)| {
                vec![7.0 + 0.6 * along - 0.8 * beside, -1.0 + 0.8 * along + 0.6 * beside]
            })
            .to_vec()
    }

    #[test]
    fn a_line_is_found() {
        let found = pca(&line(), 2).unwrap();
        let (along, beside) = (10.0, 0.04);
        assert!((found.shares[0] - along / (along + beside)).abs() < 1e-12);
        assert!((found.shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        for (coordinates, expected) in found.coordinates.iter().zip([-2.0, -1.0, 0.0, 1.0, 2.0]) {
            assert!((coordinates[0] - expected).abs() < 1e-12, "{:?}", found.coordinates);
        }
    }

    #[test]
    fn the_sign_is_fixed() {
        let mirrored: Vec<Vec<f64>> = line().iter().map(|row| row.iter().map(|number| -number).collect()).collect();
        let (one, other) = (pca(&line(), 1).unwrap(), pca(&mirrored, 1).unwrap());
        for (a, b) in one.coordinates.iter().zip(&other.coordinates) {
            assert!((a[0] + b[0]).abs() < 1e-12, "the loadings point the same way: {a:?} {b:?}");
        }
        assert_eq!(one, pca(&line(), 1).unwrap());
    }

    #[test]
    fn what_a_table_lacks_is_zero() {
        let found = pca(&line(), 3).unwrap();
        assert_eq!((found.shares[2], found.coordinates[4][2]), (0.0, 0.0));
        let constant = pca(&vec![vec![0.3, -0.7, 1e-3]; 21], 2).unwrap();
        assert_eq!(constant.shares, [0.0, 0.0]);
        assert!(constant.coordinates.iter().flatten().all(|number| *number == 0.0));
    }

    #[test]
    fn a_wide_table_of_few_rows() {
        let rows: Vec<Vec<f64>> = (0..3).map(|i| (0..32).map(|j| f64::from((i * j) % 7)).collect()).collect();
        let found = pca(&rows, 2).unwrap();
        assert!((found.shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        let message = |rows: &[Vec<f64>]| pca(rows, 2).unwrap_err().to_string();
        assert!(message(&[]).contains("without numbers"));
        assert!(message(&[vec![1.0, 2.0], vec![1.0]]).contains("row 1 has 1 numbers"));
        assert!(message(&[vec![1.0], vec![f64::NAN]]).contains("row 1 holds"));
    }
}
