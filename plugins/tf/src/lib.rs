//! Transcription-factor binding: MLP, CNN and LSTM on windows of DNA.
//!
//! ```
//! use seqtune_plugin::ModelFamily;
//! use seqtune_tf::Tf;
//!
//! let info = Tf.info();
//! assert_eq!(info.step, "epoch");
//! let defaults = info.parameters.defaults().ok_or("a parameter has no default")?;
//! assert_eq!(defaults.text("model")?, "cnn");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`data`]: windows from NumPy files, from FASTA with a table of labels, or generated.
//! - [`folds`]: stratified folds that keep genomic neighbourhoods whole; they are trained in lock-step within one trial.
//! - [`Tf`]: the family: an MLP, a CNN or an LSTM, with or without the reverse complement.
//! - [`baseline`], [`bootstrap`]: what a model must beat, and how sure one can be that it does.

pub mod baseline;
pub mod bootstrap;
pub mod data;
mod family;
pub mod folds;
mod model;
mod parameters;
pub mod predictions;
mod session;
mod training;

pub use family::Tf;
