//! `cargo xtask test` and `cargo xtask soak`: what has to pass.
//!
//! All steps of `test` use one profile, one set of flags and one selection of packages, since the features of shared
//! dependencies follow from the selection: each is then checked once and compiled once.

use std::fs;
use std::path::Path;

use clap::Args;

use crate::cargo::{Workspace, cargo};
use crate::checkout::Checkout;
use crate::error::Error;
use crate::setup::{self, SetupArguments};
use crate::steps::Steps;

/// How much to test.
#[derive(Args)]
pub(crate) struct TestArguments {
    /// Only formatting, lints and tests of the crates that need neither libtorch nor the viewer
    #[arg(long)]
    quick: bool,
}

/// Runs the steps up to the first that fails and prints what each took.
pub(crate) fn run(checkout: &Checkout, arguments: &TestArguments) -> Result<(), Error> {
    let mut steps = Steps::default();
    let result = match arguments.quick {
        true => run_quick(checkout, &mut steps),
        false => run_all(checkout, &mut steps),
    };
    steps.print_times();
    result
}

fn run_all(checkout: &Checkout, steps: &mut Steps) -> Result<(), Error> {
    setup::run(checkout, &SetupArguments::default())?;
    let mut step = |name, words: &[&str]| steps.run(name, cargo(checkout).args(words));
    step("format", &["fmt", "--all", "--check"])?;
    step("lints", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    // The end-to-end tests run the programs, which cargo does not build for another package's tests.
    step("build", &["build", "--workspace", "--bins", "--tests"])?;
    step("tests", &["test", "--workspace"])?;
    // The fuzz targets, which `cargo xtask fuzz` runs, are a workspace of their own; what is built already serves it too.
    let target = Workspace::read(checkout)?.target_directory()?;
    let mut fuzzers = cargo(checkout);
    fuzzers.args(["clippy", "--manifest-path", "tests/fuzz/Cargo.toml", "--target-dir"]).arg(target);
    steps.run("fuzzers", fuzzers.args(["--", "-D", "warnings"]))?;
    // With `--examples`, of which there need be none, cargo selects features as it does for the steps before.
    steps.run(
        "docs",
        cargo(checkout)
            .args(["doc", "--workspace", "--no-deps", "--lib", "--examples"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

fn run_quick(checkout: &Checkout, steps: &mut Steps) -> Result<(), Error> {
    let mut step = |name, words: &[&str]| steps.run(name, cargo(checkout).args(words));
    step("format", &["fmt", "--all", "--check"])?;
    step("lints", &["clippy", "--all-targets", "--", "-D", "warnings"])?;
    step("tests", &["test"])
}

/// Runs the tests that are too long for every change, on release builds.
pub(crate) fn soak(checkout: &Checkout) -> Result<(), Error> {
    setup::run(checkout, &SetupArguments::default())?;
    let mut steps = Steps::default();
    let mut words = vec!["test".to_owned(), "--release".to_owned(), "--package".to_owned(), "seqtune-tests".to_owned()];
    for name in with_long_tests(&checkout.root().join("tests/tests"))? {
        words.extend(["--test".to_owned(), name]);
    }
    words.extend(["--".to_owned(), "--ignored".to_owned(), "--nocapture".to_owned(), "--test-threads=1".to_owned()]);
    let mut step = |name, words: &[&str]| steps.run(name, cargo(checkout).args(words));
    let result = step("build", &["build", "--release", "--workspace", "--bins"])
        .and_then(|()| step("tests", &words.iter().map(String::as_str).collect::<Vec<_>>()));
    steps.print_times();
    result
}

/// The test programs that hold a long test: a release build of each of the others would take a minute for nothing.
fn with_long_tests(folder: &Path) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::file("list", folder))? {
        let path = entry.map_err(Error::file("list", folder))?.path();
        let is_long = fs::read_to_string(&path).is_ok_and(|text| text.contains("#[ignore"));
        names.extend(path.file_stem().filter(|_| is_long).map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}
