//! Hyperparameter search for sequence models: the study manager and its command line.

pub mod apply;
pub mod ask_tell;
pub mod edit;
pub mod fsck;
pub mod import;
pub mod inline;
mod json;
pub mod launch;
pub mod manager;
pub mod python;
pub mod study_file;

/// Program and version, as the log names it.
pub fn build() -> String {
    format!("seqtune {}", env!("CARGO_PKG_VERSION"))
}
