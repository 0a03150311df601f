//! Peptide-MHC binding: how strongly a peptide binds an MHC class I molecule.
//!
//! - [`data`]: peptides with affinities from tables, from FASTA with a table of values, or generated.
//! - [`folds`]: plain, stratified or grouped folds; grouped ones keep peptides that share a 9-mer core together.
//! - [`view`]: what a model sees of a peptide: all of it, the 9-mers it reduces to, or its two ends.
//! - [`analysis`]: what the learned residue vectors look like.

pub mod analysis;
pub mod data;
pub mod folds;
pub mod view;
