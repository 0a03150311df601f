//! Transcription-factor binding: MLP, CNN and LSTM on DNA windows.
#![allow(missing_docs)]
pub mod baseline;
pub mod bootstrap;
pub mod data;
pub mod folds;
pub mod predictions;
