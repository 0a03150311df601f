//! Environment variables that must stand before libtorch is loaded.
//!
//! libtorch's CPU part runs on libgomp, whose idle threads spin by default. Where cores are shared (trials side by side in
//! workers) spinning threads burn many times the useful CPU time. libgomp reads its settings while the program is being
//! loaded, before `main`, so setting them in `main` is too late (measured: BENCHMARKS.md). Either the launcher
//! passes [`environment`], or the program starts itself again:
//!
//! ```no_run
//! // First line of `main`: no thread runs and nothing is open yet.
//! if let Err(error) = seqtune_nn::environment::ensure_environment() {
//!     eprintln!("cannot restart with OMP_WAIT_POLICY set, idle threads will spin: {error}");
//! }
//! ```

use std::io;

/// The variables and values to start a worker with. A value that the user has set already should stand.
pub const fn environment() -> [(&'static str, &'static str); 2] {
    [("OMP_WAIT_POLICY", "passive"), ("GOMP_SPINCOUNT", "0")]
}

/// Starts this program again, in the same process, when a variable of [`environment`] is missing; else does nothing.
///
/// The process id, arguments, open files and working directory stay as they are. Variables that are set, to whatever value,
/// are left alone, so the restart happens at most once.
///
/// # Errors
/// When the program cannot be executed again; the caller may go on without.
#[cfg(unix)]
pub fn ensure_environment() -> io::Result<()> {
    use std::os::unix::process::CommandExt;

    let missing = missing(|name| std::env::var_os(name).is_some());
    if missing.is_empty() {
        return Ok(());
    }
    let mut arguments = std::env::args_os();
    let mut command = std::process::Command::new(std::env::current_exe()?);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    // Returns only when it fails.
    Err(command.args(arguments).envs(missing).exec())
}

/// Does nothing: the runtime that needs it is libgomp, which libtorch uses on Linux.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn ensure_environment() -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn missing(is_set: impl Fn(&str) -> bool) -> Vec<(&'static str, &'static str)> {
    environment().into_iter().filter(|(name, _)| !is_set(name)).collect()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_set() {
        assert_eq!(missing(|_| false), environment());
        assert_eq!(missing(|name| name == "OMP_WAIT_POLICY"), [("GOMP_SPINCOUNT", "0")]);
        assert!(missing(|_| true).is_empty());
    }
}
