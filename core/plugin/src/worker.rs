//! The worker loop: a family behind JSON lines.

use std::io::{BufRead, Write};

use crate::family::ModelFamily;

/// The main function of a worker program that serves these families.
pub fn worker_main(families: &[&dyn ModelFamily]) -> std::process::ExitCode {
    let _ = families;
    std::process::ExitCode::SUCCESS
}

/// Serves one family over any reader and writer.
///
/// # Errors
/// Where the other side is gone.
pub fn serve(_family: &dyn ModelFamily, _input: impl BufRead + Send, _output: impl Write) -> std::io::Result<()> {
    Ok(())
}
