//! Hashes that identify data and checkpoints.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

/// SHA-256 over the sorted names and contents of a directory's files, in hexadecimal.
///
/// # Errors
/// Where a file cannot be read, or the directory holds another directory.
pub fn directory_digest(directory: &Path) -> io::Result<String> {
    let mut names = fs::read_dir(directory)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
    names.sort();
    let mut outer = Sha256::new();
    for name in names {
        let mut inner = Sha256::new();
        io::copy(&mut File::open(directory.join(&name))?, &mut HashWriter(&mut inner))?;
        outer.update(name.as_encoded_bytes());
        outer.update([0]);
        outer.update(inner.finalize());
    }
    Ok(hexadecimal(&outer.finalize()))
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
    }
}
