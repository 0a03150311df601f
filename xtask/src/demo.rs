//! `cargo xtask demo`: from a fresh checkout to a table of trials.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;

use crate::cargo::{Workspace, cargo};
use crate::checkout::Checkout;
use crate::error::{Error, STOPPED};
use crate::setup::{self, SetupArguments};
use crate::steps::{Steps, shown};

const STUDY_FILE: &str = "studies/demo.toml";
/// Where `seqtune run` keeps the study of that name, as seen from the checkout's root.
const STUDY: &str = "results/demo";

/// How to run the demo.
#[derive(Args)]
pub(crate) struct DemoArguments {
    /// Remove the results of an earlier demo and search anew
    #[arg(long)]
    fresh: bool,
}

/// Sets up, builds, runs the ready study (or goes on with it), and shows its best trials.
///
/// Each part does nothing where its work is done already, so a second demo only shows the table again.
pub(crate) fn run(checkout: &Checkout, arguments: &DemoArguments) -> Result<(), Error> {
    setup::run(checkout, &SetupArguments::default())?;
    if arguments.fresh {
        remove_study(&checkout.root().join(STUDY))?;
    }
    let program = Workspace::read(checkout)?.release_program("seqtune")?;
    let seqtune = |words: &[&str]| {
        let mut command = Command::new(&program);
        command.current_dir(checkout.root()).args(words);
        command
    };
    let mut steps = Steps::default();
    steps.run(
        "build",
        cargo(checkout).args(["build", "--release", "-p", "seqtune", "-p", "seqtune-worker", "-p", "seqtune-toy"]),
    )?;
    outlive_interrupts()?;
    steps.run("search", &mut seqtune(&["run", STUDY_FILE])).map_err(|error| match error {
        Error::Step { code: Some(STOPPED), .. } => Error::SearchStopped,
        other => other,
    })?;
    steps.run("trials", &mut seqtune(&["trials", STUDY, "--top", "10"]))?;
    println!("\nTo see the trials in a window (built when first asked for):");
    println!("    {}", shown(&seqtune(&["view", STUDY])));
    Ok(())
}

/// Lets Ctrl-C end the search alone, which saves its work and says how to go on; this program ends after it.
fn outlive_interrupts() -> Result<(), Error> {
    let noted = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGINT, noted)
        .map(|_| ())
        .map_err(|source| Error::Start { program: "the handling of Ctrl-C".to_owned(), source })
}

/// Removes a study's directory, and nothing that is not one.
fn remove_study(path: &Path) -> Result<(), Error> {
    if !path.exists() {
        return Ok(());
    }
    if !path.join("study.db").is_file() {
        return Err(Error::NotAStudy { path: path.to_owned() });
    }
    fs::remove_dir_all(path).map_err(Error::file("remove", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_study_is_removed() -> Result<(), Box<dyn std::error::Error>> {
        let place = tempfile::tempdir()?;
        let study = place.path().join("demo");
        remove_study(&study)?;
        fs::create_dir(&study)?;
        fs::write(study.join("thesis.tex"), "")?;
        assert!(matches!(remove_study(&study), Err(Error::NotAStudy { .. })));
        assert!(study.join("thesis.tex").exists());
        fs::write(study.join("study.db"), "")?;
        remove_study(&study)?;
        assert!(!study.exists());
        Ok(())
    }
}
