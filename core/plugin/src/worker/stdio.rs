//! Standard output and Ctrl-C of a worker program: all that differs between platforms.

use std::fs::File;
use std::io;

/// Takes standard output for the protocol. From here on whatever the program prints goes to standard error, so that a
/// stray print, also one in C++, cannot break the protocol.
///
/// # Errors
/// Where standard output or standard error is closed.
#[cfg(unix)]
pub(super) fn take_stdout() -> io::Result<File> {
    // Descriptors 0 to 2 are the standard ones.
    let protocol = rustix::io::fcntl_dupfd_cloexec(io::stdout(), 3)?;
    rustix::stdio::dup2_stdout(io::stderr())?;
    Ok(File::from(protocol))
}

/// Standard output, without the protection that Unix has.
///
/// # Errors
/// Where standard output is closed.
#[cfg(windows)]
pub(super) fn take_stdout() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(File::from(io::stdout().as_handle().try_clone_to_owned()?))
}

/// Leaves the terminal's Ctrl-C to the study: it goes to the whole process group, and it is the study that decides
/// which trials are left.
///
/// # Errors
/// Where the system refuses.
pub(super) fn ignore_interrupt_key() -> io::Result<()> {
    // A handler that sets a flag nobody reads: ignoring a signal otherwise takes unsafe code, and the setting would be
    // inherited by programs that the worker starts.
    #[cfg(unix)]
    signal_hook::flag::register(signal_hook::consts::SIGINT, std::sync::Arc::default())?;
    Ok(())
}
