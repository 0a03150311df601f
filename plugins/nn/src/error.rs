//! What can go wrong while a model is built, trained, saved, or read.
//!
//! ```
//! use seqtune_nn::tch::Tensor;
//! use seqtune_nn::{Error, first_line};
//!
//! let left = Tensor::ones([2, 3], seqtune_nn::tch::kind::FLOAT_CPU);
//! let error = left.f_mm(&left).unwrap_err();
//! assert!(error.to_string().lines().count() > 1);        // libtorch adds its C++ frames
//! assert_eq!(first_line(&error).lines().count(), 1);     // people get the sentence only
//! assert!(matches!(Error::from(error), Error::Torch { .. }));
//! ```

use std::path::PathBuf;

use seqtune_plugin::FamilyError;
use tch::TchError;

use crate::device::DeviceError;

/// An error of this crate; the variants differ in what the caller can do about them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter or a shape is wrong: change it. The text says which and why.
    #[error("{0}")]
    Input(String),
    /// The device has no room for this model or batch: make one of them smaller.
    #[error("out of memory: {message}")]
    OutOfMemory {
        /// libtorch's own sentence.
        message: String,
    },
    /// libtorch refused an operation.
    #[error("libtorch: {message}")]
    Torch {
        /// libtorch's own sentence, without its C++ frames.
        message: String,
    },
    /// The device cannot be used: choose another one.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A checkpoint cannot be written, or read back into this model.
    #[error("checkpoint {}: {problem}", path.display())]
    Checkpoint {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What an error means for a trial.
impl From<Error> for FamilyError {
    fn from(error: Error) -> Self {
        match error {
            Error::OutOfMemory { .. } => Self::OutOfMemory(error.to_string()),
            Error::Input(message) => Self::BadParams(message),
            Error::Device(error) => error.into(),
            Error::Torch { .. } | Error::Checkpoint { .. } => Self::Other(error.to_string()),
        }
    }
}

impl From<DeviceError> for FamilyError {
    fn from(error: DeviceError) -> Self {
        Self::Device(error.to_string())
    }
}

impl From<TchError> for Error {
    fn from(error: TchError) -> Self {
        Self::from_libtorch(first_line(&error))
    }
}

impl Error {
    pub(crate) fn input(text: impl Into<String>) -> Self {
        Self::Input(text.into())
    }

    /// Sorts a sentence of libtorch.
    pub(crate) fn from_libtorch(message: String) -> Self {
        // CUDA says "CUDA out of memory. Tried to allocate", the CPU "DefaultCPUAllocator: can't allocate memory".
        if message.contains("out of memory") || message.contains("can't allocate memory") {
            Self::OutOfMemory { message }
        } else {
            Self::Torch { message }
        }
    }
}

/// The first line of a libtorch error: the sentence, without the C++ frames and library paths that follow it.
pub fn first_line(error: &TchError) -> String {
    let text = match error {
        TchError::Torch(text) | TchError::Shape(text) | TchError::Convert(text) => text.clone(),
        other => other.to_string(),
    };
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("unknown error").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_allocation_is_out_of_memory() {
        let text =
            "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried";
        assert!(matches!(Error::from_libtorch(text.to_owned()), Error::OutOfMemory { .. }));
        let text = "CUDA out of memory. Tried to allocate 2.00 GiB";
        assert!(matches!(Error::from_libtorch(text.to_owned()), Error::OutOfMemory { .. }));
    }

    #[test]
    fn an_allocation_that_cannot_succeed_is_reported_not_fatal() {
        let error = tch::Tensor::f_zeros([1 << 55], tch::kind::FLOAT_CPU).map(|_| ()).unwrap_err();
        let error = Error::from(error);
        assert!(matches!(error, Error::OutOfMemory { .. }), "{error}");
        assert_eq!(error.to_string().lines().count(), 1);
    }
}
