//! The worker program of the toy family.

use std::process::ExitCode;

fn main() -> ExitCode {
    seqtune_plugin::worker_main(&[&seqtune_toy::Toy])
}
