//! Peptide-MHC binding: how strongly a peptide binds an MHC class I molecule.

pub mod analysis;
