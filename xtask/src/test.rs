//! `cargo xtask test` and `cargo xtask soak`: what has to pass.
//!
//! All steps of `test` use one profile, one set of flags and one selection of packages, since the features of shared
//! dependencies follow from the selection: each is then checked once and compiled once.

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
    let mut step = |name, words: &[&str]| steps.run(name, cargo(checkout).args(words));
    let result = step("build", &["build", "--release", "--workspace", "--bins"])
        .and_then(|()| step("tests", &["test", "--release", "--package", "seqtune-tests", "--", "--ignored"]));
    steps.print_times();
    result
}
