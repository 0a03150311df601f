//! The worker program of the libtorch families. The study manager starts one process for each trial that is in training
//! at a time, keeps it for the trials that follow, and speaks with it in the JSON lines of [`seqtune_plugin::protocol`].
//! `seqtune-worker --help` tells the rest.

use std::collections::BTreeMap;
use std::process::ExitCode;

use seqtune_nn::{Device, describe, device, environment};
use seqtune_plugin::worker_main_with;
use seqtune_worker::FAMILIES;

fn main() -> ExitCode {
    // Before anything else: it may start this program again.
    if let Err(error) = environment::ensure_environment() {
        eprintln!("warning: cannot restart with OMP_WAIT_POLICY set, so idle threads will use CPU time: {error}");
    }
    worker_main_with(FAMILIES, build)
}

/// The version of libtorch, and what the device `auto` stands for here.
fn build() -> BTreeMap<String, String> {
    // This loads libtorch_cuda where there is one, and must come before any other call of libtorch. It occupies no GPU:
    // which one a trial uses comes with the trial.
    let device = match device::cuda_devices() {
        Ok(_) => Device::Cuda(0),
        Err(_) => Device::Cpu,
    };
    let description = describe(device);
    let device = match description.name {
        Some(name) => format!("{} ({name})", description.device),
        None => description.device,
    };
    [("libtorch", description.libtorch), ("device", device)].map(|(key, value)| (key.to_owned(), value)).into()
}
