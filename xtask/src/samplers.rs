//! `cargo xtask bench samplers`: our samplers against those of other programs, on the tasks of `core/bench`.
//!
//! The others are Python packages. They are installed once, into the cache, and nothing but the benchmark sees them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::cache;
use crate::cargo::{Workspace, cargo};
use crate::checkout::Checkout;
use crate::error::Error;
use crate::prerequisites::Python;
use crate::steps::Steps;

/// The benchmark's name among the others.
pub(crate) const NAME: &str = "samplers";

/// Where it is, from the checkout's root.
pub(crate) const FOLDER: &str = "core/bench";

/// Installs what is missing, builds the program, and runs the benchmark with the arguments `rest`.
pub(crate) fn run(checkout: &Checkout, rest: &[String]) -> Result<(), Error> {
    let python = Python::find(&Python::candidates())?;
    let cache = cache::place(None, |name| env::var_os(name))?;
    let mut steps = Steps::default();
    let packages = packages(&python, &checkout.root().join(FOLDER).join("requirements.txt"), &cache, &mut steps)?;
    let program = Workspace::read(checkout)?.release_program("seqtune")?;
    steps.run("build", cargo(checkout).args(["build", "--release", "--package", "seqtune", "--bin", "seqtune"]))?;
    let mut samplers = python.command();
    samplers.current_dir(checkout.root()).env("PYTHONPATH", packages).arg(format!("{FOLDER}/samplers.py"));
    samplers.arg("--seqtune").arg(program).arg("--cache").arg(cache.join("bench")).args(rest);
    steps.run(NAME, &mut samplers)
}

/// The folder with the packages that the file `requirements` lists, installed if it is not yet or another list was.
pub(crate) fn packages(
    python: &Python,
    requirements: &Path,
    cache: &Path,
    steps: &mut Steps,
) -> Result<PathBuf, Error> {
    let wanted = fs::read_to_string(requirements).map_err(Error::file("read", requirements))?;
    let name = format!("bench-packages-{}", python.version()?);
    let place = cache::install(
        cache,
        &name,
        |place| {
            let list = place.join("requirements.txt");
            let installed = fs::read_to_string(&list).map_err(Error::file("read", &list))?;
            if installed == wanted { Ok(()) } else { Err(Error::OtherPackages { list }) }
        },
        |aside| {
            let mut pip = python.command();
            pip.args(["-m", "pip", "install", "--no-compile", "--only-binary=:all:", "--requirement"])
                .arg(requirements);
            pip.arg("--target").arg(aside.join("site-packages"));
            // A user's pip.conf may ask for these two, which make no sense with --target.
            pip.env("PIP_USER", "0").env("PIP_REQUIRE_VIRTUALENV", "0");
            pip.env("PIP_DISABLE_PIP_VERSION_CHECK", "1").env("PIP_ROOT_USER_ACTION", "ignore");
            steps.run("packages", &mut pip)?;
            let list = aside.join("requirements.txt");
            fs::write(&list, &wanted).map_err(Error::file("write", &list))
        },
    )?;
    Ok(place.join("site-packages"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::prerequisites::fake;

    type TestResult = Result<(), Box<dyn std::error::Error>>;

    #[test]
    fn packages_are_installed_once_and_again_when_the_list_changes() -> TestResult {
        let place = tempfile::tempdir()?;
        let installs = r#"mkdir -p "$target"; echo run >> "$0.ran""#;
        fake::python(place.path(), "3 12", installs)?;
        let python = Python::find(&[place.path().join("python3")])?;
        let list = place.path().join("requirements.txt");
        let cache = place.path().join("cache");
        let runs = || fs::read_to_string(place.path().join("python3.ran")).map_or(0, |text| text.lines().count());
        let mut steps = Steps::default();
        for (text, expected) in [("a==1\n", 1), ("a==1\n", 1), ("a==2\n", 2)] {
            fs::write(&list, text)?;
            let found = packages(&python, &list, &cache, &mut steps)?;
            assert_eq!(found, cache.join("bench-packages-3.12/site-packages"));
            assert!(found.is_dir());
            assert_eq!(runs(), expected, "{text}");
        }
        Ok(())
    }

    #[test]
    fn a_failed_installation_is_no_installation() -> TestResult {
        let place = tempfile::tempdir()?;
        fake::python(place.path(), "3 12", r#"mkdir -p "$target"; exit 1"#)?;
        let python = Python::find(&[place.path().join("python3")])?;
        let list = place.path().join("requirements.txt");
        fs::write(&list, "a==1\n")?;
        let cache = place.path().join("cache");
        let failed = packages(&python, &list, &cache, &mut Steps::default());
        assert!(matches!(failed, Err(Error::Step { .. })));
        assert!(!cache.join("bench-packages-3.12").exists());
        Ok(())
    }
}
