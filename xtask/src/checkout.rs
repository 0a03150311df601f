//! The checkout that a command works on, and the link in it that the build follows to libtorch.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// A working tree of this repository.
pub(crate) struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// The checkout that `cargo xtask` was called in.
    pub(crate) fn here() -> Self {
        // What cargo says now comes first: checkouts that share a target directory share this program too.
        let xtask = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let xtask = Path::new(&xtask);
        Self::at(xtask.parent().unwrap_or(xtask))
    }

    /// The checkout at `root`.
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The folder that holds the workspace's `Cargo.toml`.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where `.cargo/config.toml` tells the build to look for libtorch.
    pub(crate) fn libtorch_link(&self) -> PathBuf {
        self.root.join(".torch").join("libtorch")
    }

    /// Points the link at `target`, in one step: a build that runs beside sees the old one or the new one.
    pub(crate) fn link_libtorch(&self, target: &Path) -> Result<(), Error> {
        let link = self.libtorch_link();
        match fs::symlink_metadata(&link) {
            Ok(there) if !there.file_type().is_symlink() => {
                return Err(Error::LinkTaken { path: link });
            }
            _ if fs::read_link(&link).is_ok_and(|old| old == target) => return Ok(()),
            _ => {}
        }
        let folder = self.root.join(".torch");
        fs::create_dir_all(&folder).map_err(Error::file("create", &folder))?;
        let aside = folder.join(format!("libtorch.new-{}", std::process::id()));
        // Left by a process of the same number that was killed right here.
        let _ = fs::remove_file(&aside);
        symlink(target, &aside).map_err(Error::file("create the link", &aside))?;
        fs::rename(&aside, &link).map_err(Error::file("replace the link", &link))
    }
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_dir(target, link)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_link_is_replaced() -> Result<(), Box<dyn std::error::Error>> {
        let root = tempfile::tempdir()?;
        let checkout = Checkout::at(root.path());
        checkout.link_libtorch(Path::new("/old"))?;
        checkout.link_libtorch(Path::new("/new"))?;
        assert_eq!(fs::read_link(checkout.libtorch_link())?, Path::new("/new"));
        assert_eq!(fs::read_dir(root.path().join(".torch"))?.count(), 1);
        Ok(())
    }

    #[test]
    fn a_folder_in_the_place_of_the_link_is_left_alone() -> Result<(), Box<dyn std::error::Error>> {
        let root = tempfile::tempdir()?;
        let checkout = Checkout::at(root.path());
        fs::create_dir_all(checkout.libtorch_link().join("lib"))?;
        let refused = checkout.link_libtorch(Path::new("/new"));
        assert!(matches!(refused, Err(Error::LinkTaken { .. })));
        assert!(checkout.libtorch_link().join("lib").is_dir());
        Ok(())
    }
}
