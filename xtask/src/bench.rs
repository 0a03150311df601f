//! `cargo xtask bench`: the benchmarks, by name.

use clap::Args;

use crate::cargo::{Workspace, cargo};
use crate::checkout::Checkout;
use crate::error::Error;
use crate::log;
use crate::samplers;
use crate::setup::{self, SetupArguments};
use crate::steps::Steps;

/// Which benchmarks.
#[derive(Args)]
pub(crate) struct BenchArguments {
    /// Its name; all are listed where it is left out
    name: Option<String>,
    /// Handed to the benchmark
    #[arg(last = true, value_name = "ARGUMENTS")]
    rest: Vec<String>,
}

/// Lists the benchmarks, or runs those of the given name.
pub(crate) fn run(checkout: &Checkout, arguments: &BenchArguments) -> Result<(), Error> {
    let benchmarks = Workspace::read(checkout)?.benchmarks();
    let Some(name) = &arguments.name else {
        for benchmark in &benchmarks {
            println!("{:<24} {}", benchmark.name, benchmark.package);
        }
        println!("{:<24} {}", samplers::NAME, samplers::FOLDER);
        return Ok(());
    };
    if name == samplers::NAME {
        return samplers::run(checkout, &arguments.rest);
    }
    if name == log::NAME {
        return log::run(checkout, &arguments.rest);
    }
    let chosen: Vec<_> = benchmarks.iter().filter(|benchmark| benchmark.name == *name).collect();
    if chosen.is_empty() {
        let known: Vec<&str> = benchmarks.iter().map(|bench| bench.name.as_str()).chain([samplers::NAME]).collect();
        return Err(Error::NoBench { name: name.clone(), known: known.join(", ") });
    }
    setup::run(checkout, &SetupArguments::default())?;
    let mut steps = Steps::default();
    for benchmark in chosen {
        let mut command = cargo(checkout);
        command.args(["bench", "--package", &benchmark.package]);
        command.args(["--bench", &benchmark.name]);
        if !arguments.rest.is_empty() {
            command.arg("--").args(&arguments.rest);
        }
        steps.run("bench", &mut command)?;
    }
    Ok(())
}
