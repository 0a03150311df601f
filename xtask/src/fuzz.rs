//! `cargo xtask fuzz`: the fuzz targets of `tests/fuzz`, for so many minutes each.

use std::process::Stdio;

use clap::Args;

use crate::cargo::cargo;
use crate::checkout::Checkout;
use crate::error::Error;
use crate::steps::Steps;

/// The targets, each with the directories that its first inputs come from.
const TARGETS: [(&str, &[&str]); 3] = [
    ("study_file", &["tests/assets/bad-studies", "tests/assets/run-tables", "search-spaces/spaces"]),
    ("space", &["tests/fuzz/seeds/space"]),
    ("protocol", &["tests/fuzz/seeds/protocol"]),
];

/// What to fuzz, and for how long.
#[derive(Args)]
pub(crate) struct FuzzArguments {
    /// One target: study_file, space or protocol; all of them where it is left out
    target: Option<String>,
    /// Minutes for each
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    minutes: u64,
}

/// Builds the targets and runs them one after the other. A crash leaves its input in `tests/fuzz/artifacts`.
pub(crate) fn run(checkout: &Checkout, arguments: &FuzzArguments) -> Result<(), Error> {
    let installed = cargo(checkout).args(["fuzz", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !installed.is_ok_and(|status| status.success()) {
        return Err(Error::NoFuzz);
    }
    let chosen = |name: &str| arguments.target.as_deref().is_none_or(|target| target == name);
    if !TARGETS.iter().any(|(name, _)| chosen(name)) {
        let known = TARGETS.map(|(name, _)| name).join(", ");
        return Err(Error::NoFuzzTarget { name: arguments.target.clone().unwrap_or_default(), known });
    }
    let seconds = format!("-max_total_time={}", 60 * arguments.minutes);
    let mut steps = Steps::default();
    let mut result = Ok(());
    for (name, seeds) in TARGETS.into_iter().filter(|(name, _)| chosen(name)) {
        let corpus = format!("tests/fuzz/corpus/{name}");
        let made = std::fs::create_dir_all(checkout.root().join(&corpus));
        result = made.map_err(|source| Error::FuzzCorpus { path: corpus.clone(), source });
        let mut command = cargo(checkout);
        // The instrumentation is a flag of the stable compiler that asks for this; sanitizers, which find what safe Rust
        // does not do, would need a nightly one.
        command.env("RUSTC_BOOTSTRAP", "1").args(["fuzz", "run", "--fuzz-dir", "tests/fuzz", "--sanitizer", "none"]);
        command.arg(name).arg(&corpus).args(seeds).args(["--", &seconds, "-max_len=16384", "-rss_limit_mb=4096"]);
        result = result.and_then(|()| steps.run(name, &mut command));
        if result.is_err() {
            break;
        }
    }
    steps.print_times();
    result
}
