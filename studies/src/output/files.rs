//! Files that commands write for people: never over one that is there, and all of them or none.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use seqtune::python;

use crate::error::CommandError;

/// The Python helper beside a program, where it is not there yet.
pub(crate) fn helper_beside(program: &Path) -> Option<PathBuf> {
    let path = program.with_file_name(python::HELPER_NAME);
    (!path.exists()).then_some(path)
}

/// Writes files that are not there yet, all of them or none.
pub(crate) fn write_new(files: &[(&Path, &str)]) -> Result<(), CommandError> {
    for (index, (path, _)) in files.iter().enumerate() {
        if files[..index].iter().any(|(earlier, _)| earlier == path) {
            return Err(CommandError::Usage(format!(
                "{} would be written twice; give the files different names",
                path.display()
            )));
        }
    }
    let mut made: Vec<(&Path, File, &str)> = Vec::new();
    let mut result = Ok(());
    for (path, text) in files {
        match OpenOptions::new().write(true).create_new(true).open(path) {
            Ok(file) => made.push((path, file, text)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => result = Err(exists(path)),
            Err(source) => result = Err(CommandError::File { path: path.to_path_buf(), source }),
        }
        if result.is_err() {
            break;
        }
    }
    for (path, file, text) in &mut made {
        if result.is_ok() {
            let written = file.write_all(text.as_bytes());
            result = written.map_err(|source| CommandError::File { path: path.to_path_buf(), source });
        }
    }
    if result.is_err() {
        for (path, file, _) in made {
            drop(file);
            // It is this command's own; what cannot be removed is in the same trouble as what could not be written.
            let _ = std::fs::remove_file(path);
        }
    }
    result
}

fn exists(path: &Path) -> CommandError {
    CommandError::Usage(format!("{} is there already; remove it, or choose another place", path.display()))
}
