//! Hashes that identify data and checkpoints.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// SHA-256 over the sorted relative paths and contents of a directory's files, in hexadecimal. Directories within it
/// count by the files they hold.
///
/// # Errors
/// Where a file cannot be read.
pub fn directory_digest(directory: &Path) -> io::Result<String> {
    let mut outer = Sha256::new();
    for path in files_below(directory)? {
        let mut inner = Sha256::new();
        io::copy(&mut File::open(directory.join(&path))?, &mut HashWriter(&mut inner))?;
        outer.update(path.as_os_str().as_encoded_bytes());
        outer.update([0]);
        outer.update(inner.finalize());
    }
    Ok(hexadecimal(&outer.finalize()))
}

/// Paths of all files below a directory, relative to it, sorted.
fn files_below(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(inside) = open.pop() {
        for entry in fs::read_dir(directory.join(&inside))? {
            let entry = entry?;
            let path = inside.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                open.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// SHA-256 of a text, in hexadecimal.
pub fn text_digest(text: &str) -> String {
    hexadecimal(&Sha256::digest(text.as_bytes()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

struct HashWriter<'a>(&'a mut Sha256);

impl io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_known_by_names_and_contents() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
        write("a", "1");
        write("b", "2");
        let first = directory_digest(directory.path()).unwrap();
        assert_eq!(first.len(), 64);
        write("b", "3");
        assert_ne!(directory_digest(directory.path()).unwrap(), first);
        write("b", "2");
        assert_eq!(directory_digest(directory.path()).unwrap(), first);
        fs::rename(directory.path().join("b"), directory.path().join("c")).unwrap();
        assert_ne!(directory_digest(directory.path()).unwrap(), first);
        fs::create_dir(directory.path().join("fold-0")).unwrap();
        let flat = directory_digest(directory.path()).unwrap();
        write("fold-0/c", "4");
        assert_ne!(directory_digest(directory.path()).unwrap(), flat);
    }
}
