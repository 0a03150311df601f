//! The few operations on matrices that a Gaussian process needs, on one thread: faer's, with the same sums in the same
//! order on every run.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{self, LltParams};
use faer::linalg::{matmul, triangular_inverse, triangular_solve};
use faer::{Accum, Mat, MatRef, Par, Spec};

/// Replaces the lower triangle of a positive definite matrix by its Cholesky factor L; `false` where it is not positive
/// definite (or not finite). The upper triangle is left as it is.
pub(super) fn factor(matrix: &mut Mat<f64>) -> bool {
    let params: Spec<LltParams, f64> = Spec::default();
    let mut memory = MemBuffer::new(factor::cholesky_in_place_scratch::<f64>(matrix.nrows(), Par::Seq, params));
    let stack = MemStack::new(&mut memory);
    let done = factor::cholesky_in_place(matrix.as_mut(), Default::default(), Par::Seq, stack, params).is_ok();
    done && (0..matrix.nrows()).all(|i| matrix[(i, i)].is_finite() && matrix[(i, i)] > 0.0)
}

/// L⁻¹ B, in place.
pub(super) fn solve_lower(factor: MatRef<'_, f64>, b: &mut Mat<f64>) {
    triangular_solve::solve_lower_triangular_in_place(factor, b.as_mut(), Par::Seq);
}

/// L⁻ᵀ B, in place.
pub(super) fn solve_upper(factor: MatRef<'_, f64>, b: &mut Mat<f64>) {
    triangular_solve::solve_upper_triangular_in_place(factor.transpose(), b.as_mut(), Par::Seq);
}

/// (L Lᵀ)⁻¹ b.
pub(super) fn solve(factor: MatRef<'_, f64>, b: &[f64]) -> Vec<f64> {
    let mut x = Mat::from_fn(b.len(), 1, |i, _| b[i]);
    solve_lower(factor, &mut x);
    solve_upper(factor, &mut x);
    x.col_as_slice(0).to_vec()
}

/// The lower triangle of (L Lᵀ)⁻¹ into `out`; `scratch` is overwritten.
pub(super) fn inverse(factor: MatRef<'_, f64>, scratch: &mut Mat<f64>, out: &mut Mat<f64>) {
    use faer::linalg::matmul::triangular::{BlockStructure, matmul};
    triangular_inverse::invert_lower_triangular(scratch.as_mut(), factor, Par::Seq);
    let inverted = scratch.as_ref();
    let (lower, upper) = (BlockStructure::TriangularLower, BlockStructure::TriangularUpper);
    matmul(out.as_mut(), lower, Accum::Replace, inverted.transpose(), upper, inverted, lower, 1.0, Par::Seq);
}

/// Aᵀ B.
pub(super) fn transposed_product(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    let mut product = Mat::zeros(a.ncols(), b.ncols());
    matmul::matmul(product.as_mut(), Accum::Replace, a.transpose(), b, 1.0, Par::Seq);
    product
}

/// A B.
pub(super) fn product(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    let mut product = Mat::zeros(a.nrows(), b.ncols());
    matmul::matmul(product.as_mut(), Accum::Replace, a, b, 1.0, Par::Seq);
    product
}
