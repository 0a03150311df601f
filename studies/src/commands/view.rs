//! `seqtune view`: opens the viewer.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::places;

/// Open a study, or a folder of studies, in a window
///
/// Starts seqtune-view, which is installed beside this program. In a checkout it is built when first asked for.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune view demo\n\
\x20 seqtune view results")]
pub(crate) struct Arguments {
    /// A study, its name under results/, or a folder of studies [default: results]
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
}

pub(crate) fn execute(arguments: &Arguments) -> Result<Exit, CommandError> {
    let path = match &arguments.path {
        Some(path) if path.exists() => path.clone(),
        Some(name) => places::study(name)?,
        None if Path::new(places::RESULTS).is_dir() => PathBuf::from(places::RESULTS),
        None => PathBuf::from("."),
    };
    let viewer = viewer()?;
    start(Command::new(&viewer).arg(path), &viewer)
}

/// The viewer beside this program; in a checkout, built first.
fn viewer() -> Result<PathBuf, CommandError> {
    let beside = places::beside("seqtune-view");
    if beside.is_file() {
        return Ok(beside);
    }
    let missing = || {
        CommandError::Other(format!(
            "the viewer is not installed: there is no {}; in a checkout of seqtune build it with: cargo build \
             --release -p seqtune-view",
            beside.display()
        ))
    };
    let checkout = places::checkout().ok_or_else(missing)?;
    // The executable lies in target/<profile>/.
    let target = beside.parent().and_then(Path::parent).ok_or_else(missing)?;
    let built = target.join("release").join(beside.file_name().unwrap_or_default());
    say!("The viewer is built first; that takes a few minutes once.");
    let status = Command::new("cargo")
        .args(["build", "--release", "-p", "seqtune-view", "--target-dir"])
        .arg(target)
        .current_dir(&checkout)
        .status()
        .map_err(|error| CommandError::Other(format!("cannot start cargo to build the viewer: {error}")))?;
    if !status.success() || !built.is_file() {
        let message = "the viewer could not be built; what cargo says above is the reason";
        return Err(CommandError::Other(message.to_owned()));
    }
    Ok(built)
}

#[cfg(unix)]
fn start(command: &mut Command, viewer: &Path) -> Result<Exit, CommandError> {
    // Returns only where it fails.
    let source = std::os::unix::process::CommandExt::exec(command);
    Err(CommandError::File { path: viewer.to_owned(), source })
}

#[cfg(not(unix))]
fn start(command: &mut Command, viewer: &Path) -> Result<Exit, CommandError> {
    let status = command.status().map_err(|source| CommandError::File { path: viewer.to_owned(), source })?;
    Ok(if status.success() { Exit::Done } else { Exit::Error })
}
