//! Peptide-MHC binding: how strongly a peptide binds an MHC class I molecule.
//!
//! ```
//! use seqtune_mhc::Mhc;
//! use seqtune_plugin::ModelFamily;
//!
//! let info = Mhc.info();
//! assert_eq!(info.step, "epoch");
//! let defaults = info.parameters.defaults().ok_or("a parameter has no default")?;
//! assert_eq!(defaults.text("model")?, "lstm");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`data`]: peptides with their affinities from tables or FASTA, or generated; labels, real ones and toys.
//! - [`folds`]: plain, stratified, or grouped by shared 9-mer cores; they are trained in lock-step within one trial.
//! - [`view`]: what a model sees of a peptide: all of it, 9-mers made of it, or its ends.
//! - [`Mhc`]: the family: LSTM, GRU, RNN, feed-forward network, one sigmoid unit, least squares.
//! - [`analysis`]: what the learned residue vectors look like.

mod affinity;
pub mod analysis;
pub mod data;
mod export;
mod family;
pub mod folds;
mod linear;
mod loss;
mod measure;
mod model;
mod parameters;
mod session;
mod training;
pub mod view;

pub use family::Mhc;
