//! `cargo xtask bench log`: how fast the log is, against Optuna on SQLite in the same run.
//!
//! Optuna comes from the packages of `cargo xtask bench samplers`.

use std::env;

use crate::cache;
use crate::cargo::cargo;
use crate::checkout::Checkout;
use crate::error::Error;
use crate::prerequisites::Python;
use crate::samplers;
use crate::steps::Steps;

/// The benchmark's name among the others.
pub(crate) const NAME: &str = "log";

/// Installs what is missing, and runs the benchmark with the arguments `rest`.
pub(crate) fn run(checkout: &Checkout, rest: &[String]) -> Result<(), Error> {
    let python = Python::find(&Python::candidates())?;
    let cache = cache::place(None, |name| env::var_os(name))?;
    let mut steps = Steps::default();
    let list = checkout.root().join(samplers::FOLDER).join("requirements.txt");
    let packages = samplers::packages(&python, &list, &cache, &mut steps)?;
    let mut bench = cargo(checkout);
    bench.env("SEQTUNE_BENCH_PYTHON", python.command().get_program()).env("PYTHONPATH", packages);
    bench.args(["bench", "--package", "seqtune-core", "--bench", NAME]);
    if !rest.is_empty() {
        bench.arg("--").args(rest);
    }
    steps.run(NAME, &mut bench)
}
