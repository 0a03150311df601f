//! A small value of a checkpoint as JSON, for what is no network.

use std::fs;
use std::path::Path;

use seqtune_plugin::FamilyError;
use serde::Serialize;
use serde::de::DeserializeOwned;

const FILE: &str = "model.json";

/// Writes it into a directory, which is made.
///
/// # Errors
/// [`FamilyError::Other`] naming the file.
pub fn write<T: Serialize>(directory: &Path, value: &T) -> Result<(), FamilyError> {
    let path = directory.join(FILE);
    let fail =
        |error: &dyn std::fmt::Display| FamilyError::Other(format!("{}: cannot be written: {error}", path.display()));
    let text = serde_json::to_vec(value).map_err(|error| fail(&error))?;
    fs::create_dir_all(directory).and_then(|()| fs::write(&path, text)).map_err(|error| fail(&error))
}

/// Reads it back.
///
/// # Errors
/// [`FamilyError::Other`] naming the file that is missing or damaged.
pub fn read<T: DeserializeOwned>(directory: &Path) -> Result<T, FamilyError> {
    let path = directory.join(FILE);
    let fail =
        |error: &dyn std::fmt::Display| FamilyError::Other(format!("{}: cannot be read: {error}", path.display()));
    let text = fs::read(&path).map_err(|error| fail(&error))?;
    serde_json::from_slice(&text).map_err(|error| fail(&error))
}
