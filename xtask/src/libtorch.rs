//! What counts as a libtorch that this project builds against.
//!
//! A libtorch is the `torch` folder of a Python's site-packages or an unpacked archive: headers in `include/`, libraries
//! in `lib/`, and its version in `version.py` (Python) or `build-version` (archive).

use std::fs;
use std::path::{Path, PathBuf};

/// The release that tch 0.24 binds. The two move together.
pub(crate) const VERSION: &str = "2.11.0";

/// Looks at `directory` without loading anything; says in half a sentence why it will not do.
pub(crate) fn inspect(directory: &Path) -> Result<(), String> {
    if !directory.is_dir() {
        return Err("there is no such folder".to_owned());
    }
    let library = library(directory);
    if !library.is_file() {
        return Err(format!("it has no {}", relative(&library, directory)));
    }
    let header = directory.join("include").join("ATen").join("ATen.h");
    if !header.is_file() {
        return Err(format!("it has no {}", relative(&header, directory)));
    }
    match version(directory) {
        Some(found) if is_supported(&found) => Ok(()),
        Some(found) => Err(format!("it is version {found}")),
        None => Err("it says its version neither in version.py nor in build-version".to_owned()),
    }
}

/// The libtorch that a user means by `directory`: the folder itself, or `torch` in the site-packages named.
pub(crate) fn within(directory: &Path) -> PathBuf {
    ["torch", "libtorch"]
        .iter()
        .map(|name| directory.join(name))
        .find(|inner| library(inner).is_file() && !library(directory).is_file())
        .unwrap_or_else(|| directory.to_owned())
}

/// The library that everything else hangs on.
pub(crate) fn library(directory: &Path) -> PathBuf {
    let name = format!("{}torch_cpu{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    directory.join("lib").join(name)
}

/// The version that the files of `directory` state, such as `2.11.0+cu130`.
fn version(directory: &Path) -> Option<String> {
    if let Ok(text) = fs::read_to_string(directory.join("build-version")) {
        return Some(text.trim().to_owned());
    }
    let text = fs::read_to_string(directory.join("version.py")).ok()?;
    python_version(&text).map(str::to_owned)
}

/// The value of `__version__` in the text of a `version.py`.
fn python_version(text: &str) -> Option<&str> {
    text.lines().find_map(|line| {
        let value = line.strip_prefix("__version__")?.trim_start();
        // An annotation may stand between the name and the value.
        let (_, value) = value.split_once('=')?;
        let value = value.trim();
        let quote = value.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        value[1..].split(quote).next()
    })
}

/// Whether `found` is [`VERSION`], whatever it was built for (`+cpu`, `+cu130`).
fn is_supported(found: &str) -> bool {
    found.split('+').next() == Some(VERSION)
}

fn relative(path: &Path, directory: &Path) -> String {
    path.strip_prefix(directory).unwrap_or(path).display().to_string()
}

#[cfg(test)]
pub(crate) mod fake {
    //! Folders that look like a libtorch to [`super::inspect`].

    use super::*;

    /// Writes what a wheel of `version` unpacks to, as far as it is looked at.
    pub(crate) fn wheel(directory: &Path, version: &str) -> std::io::Result<()> {
        let aten = directory.join("include").join("ATen");
        fs::create_dir_all(&aten)?;
        fs::create_dir_all(directory.join("lib"))?;
        fs::write(aten.join("ATen.h"), "")?;
        fs::write(library(directory), "")?;
        let text = format!("__all__ = ['__version__', 'cuda']\n__version__ = '{version}'\n");
        fs::write(directory.join("version.py"), text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_python_writes_them() {
        let text = "from typing import Optional\n\n__all__ = ['__version__']\n__version__ = '2.11.0+cu130'\n";
        assert_eq!(python_version(text), Some("2.11.0+cu130"));
        assert_eq!(python_version("__version__: str = \"2.10.1\"\n"), Some("2.10.1"));
        assert_eq!(python_version("version = '2.11.0'\n"), None);
        assert_eq!(python_version("__version__ = release()\n"), None);
        assert_eq!(python_version(""), None);
    }

    #[test]
    fn only_the_release_that_tch_binds_is_supported() {
        for good in ["2.11.0", "2.11.0+cpu", "2.11.0+cu130"] {
            assert!(is_supported(good), "{good}");
        }
        for bad in ["2.11.1", "2.1.0", "2.11.0a0", "2.11.0.dev1+cu130", ""] {
            assert!(!is_supported(bad), "{bad}");
        }
    }

    #[test]
    fn what_is_missing_is_named() -> std::io::Result<()> {
        let place = tempfile::tempdir()?;
        let torch = place.path().join("torch");
        let problem = |expected: &str| {
            let found = inspect(&torch).err().unwrap_or_default();
            assert!(found.contains(expected), "{found:?} does not say {expected:?}");
        };
        problem("no such folder");
        fs::create_dir_all(torch.join("lib"))?;
        problem("torch_cpu");
        fake::wheel(&torch, "2.11.0+cu130")?;
        assert_eq!(inspect(&torch), Ok(()));
        fs::remove_file(torch.join("include/ATen/ATen.h"))?;
        problem("ATen.h");
        fake::wheel(&torch, "2.9.1")?;
        problem("2.9.1");
        fs::remove_file(torch.join("version.py"))?;
        problem("version");
        Ok(())
    }

    #[test]
    fn an_archive_states_its_version_in_build_version() -> std::io::Result<()> {
        let place = tempfile::tempdir()?;
        fake::wheel(place.path(), "0")?;
        fs::write(place.path().join("build-version"), "2.11.0+cpu\n")?;
        assert_eq!(inspect(place.path()), Ok(()));
        Ok(())
    }

    #[test]
    fn site_packages_may_be_named_for_the_torch_in_it() -> std::io::Result<()> {
        let place = tempfile::tempdir()?;
        let torch = place.path().join("torch");
        fake::wheel(&torch, VERSION)?;
        assert_eq!(within(place.path()), torch);
        assert_eq!(within(&torch), torch);
        Ok(())
    }
}
