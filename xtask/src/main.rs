//! The project's own commands, run as `cargo xtask <command>`.
//!
//! ```text
//! cargo xtask demo     # libtorch, release build, a ready study, its best trials
//! cargo xtask test     # all that has to pass before a change goes in
//! cargo xtask setup    # libtorch alone
//! ```

mod bench;
mod cache;
mod cargo;
mod checkout;
mod demo;
mod error;
mod fuzz;
mod libtorch;
mod log;
mod pip;
mod prerequisites;
mod samplers;
mod setup;
mod steps;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::checkout::Checkout;

/// The commands of this project, from a fresh checkout on.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Gets libtorch and links it at .torch/libtorch, where the build looks for it
    ///
    /// Without options a good libtorch that is already linked stays, whichever it is. LIBTORCH in the environment wins
    /// over everything here and is only checked.
    Setup(setup::SetupArguments),
    /// Sets up, builds, searches on synthetic data, and shows the best trials
    Demo(demo::DemoArguments),
    /// Formatting, lints, tests and documentation, stopping at the first that fails
    Test(test::TestArguments),
    /// The long tests, in release: programs killed at random moments, and the like
    Soak,
    /// Runs the benchmarks of that name, or lists all of them
    Bench(bench::BenchArguments),
    /// Feeds study files, spaces and the worker protocol with what nobody would write
    Fuzz(fuzz::FuzzArguments),
}

fn main() -> ExitCode {
    let checkout = Checkout::here();
    let result = match Arguments::parse().command {
        Command::Setup(arguments) => setup::run(&checkout, &arguments),
        Command::Demo(arguments) => demo::run(&checkout, &arguments),
        Command::Test(arguments) => test::run(&checkout, &arguments),
        Command::Soak => test::soak(&checkout),
        Command::Bench(arguments) => bench::run(&checkout, &arguments),
        Command::Fuzz(arguments) => fuzz::run(&checkout, &arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            error.exit_code()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
