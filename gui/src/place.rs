//! What a path means to the viewer: a folder with studies, or one study.

use std::path::{Path, PathBuf};

/// Name of the log in a study's directory.
const LOG: &str = "study.db";

/// Where studies are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A folder whose subfolders are studies, as `results/` is.
    Folder(PathBuf),
    /// The directory of one study.
    Study(PathBuf),
}

/// Why a path is neither.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// Nothing is there.
    #[error("there is nothing at {}; give a folder with studies (such as results/), a study's directory, or its study.db", .0.display())]
    Missing(PathBuf),
    /// A file of another kind is there.
    #[error("{} is not the log of a study; give a folder with studies (such as results/), a study's directory, or its study.db", .0.display())]
    OtherFile(PathBuf),
}

impl Place {
    /// What lies at a path. Whether a study can be read is seen when it is opened.
    ///
    /// # Errors
    /// Where nothing is there, or a file that is no `study.db`.
    pub fn of(path: &Path) -> Result<Place, PlaceError> {
        let Ok(data) = path.metadata() else { return Err(PlaceError::Missing(path.to_owned())) };
        if data.is_dir() {
            return Ok(match path.join(LOG).exists() {
                true => Place::Study(path.to_owned()),
                false => Place::Folder(path.to_owned()),
            });
        }
        match path.parent() {
            Some(directory) if path.file_name().is_some_and(|name| name == LOG) => {
                let here = directory.as_os_str().is_empty();
                Ok(Place::Study(if here { PathBuf::from(".") } else { directory.to_owned() }))
            }
            _ => Err(PlaceError::OtherFile(path.to_owned())),
        }
    }

    /// The folder or the study's directory.
    pub fn path(&self) -> &Path {
        match self {
            Place::Folder(path) | Place::Study(path) => path,
        }
    }
}

/// The log of a study's directory.
pub(crate) fn log_of(directory: &Path) -> PathBuf {
    directory.join(LOG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_folder_a_study_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let study = folder.path().join("demo");
        std::fs::create_dir(&study).unwrap();
        assert_eq!(Place::of(&study), Ok(Place::Folder(study.clone())));
        std::fs::write(study.join("study.db"), "x").unwrap();
        assert_eq!(Place::of(&study), Ok(Place::Study(study.clone())));
        assert_eq!(Place::of(&study.join("study.db")), Ok(Place::Study(study.clone())));
        assert_eq!(Place::of(folder.path()), Ok(Place::Folder(folder.path().to_owned())));
        let other = study.join("notes.txt");
        assert_eq!(Place::of(&other), Err(PlaceError::Missing(other.clone())));
        std::fs::write(&other, "x").unwrap();
        assert_eq!(Place::of(&other), Err(PlaceError::OtherFile(other)));
    }
}
