//! What an error of the neural kit means for a trial.

use seqtune_nn::Error;
use seqtune_plugin::FamilyError;

/// An error of the kit as the study sees it.
pub fn of_torch(error: Error) -> FamilyError {
    match error {
        Error::OutOfMemory { .. } => FamilyError::OutOfMemory(error.to_string()),
        Error::Input(message) => FamilyError::BadParams(message),
        other => FamilyError::Other(other.to_string()),
    }
}
