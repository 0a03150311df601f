//! What an embedding table learned, without libtorch: its principal components, its t-SNE map, and how far residues that
//! are chemically alike have come to lie together.

pub mod agreement;
pub mod chemistry;
pub mod embedding;
pub mod pca;
pub mod tsne;

use seqtune_plugin::FamilyError;

/// The width of a table of numbers; an error where there is none, rows differ, or a number is not finite.
fn width_of(rows: &[Vec<f64>]) -> Result<usize, FamilyError> {
    let width = rows.first().map_or(0, Vec::len);
    if width == 0 {
        return Err(FamilyError::Other("a table without numbers cannot be analysed".to_owned()));
    }
    for (index, row) in rows.iter().enumerate() {
        if row.len() != width {
            return Err(FamilyError::Other(format!("row {index} has {} numbers and row 0 has {width}", row.len())));
        }
        if row.iter().any(|number| !number.is_finite()) {
            return Err(FamilyError::Other(format!("row {index} holds a number that is not finite")));
        }
    }
    Ok(width)
}
