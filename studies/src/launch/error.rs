//! Why a worker could not be started or asked.

/// A worker program is missing, broken, or cannot use the data.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// No installed program serves this family.
    #[error("no worker for the family {family:?} is installed{hint}")]
    Unknown {
        /// The family as named.
        family: String,
        /// What to do, with its leading punctuation.
        hint: String,
    },
    /// The program did not start, or ended before it said `ready`.
    #[error("the worker {program} cannot start: {message}")]
    CannotStart {
        /// Program and arguments.
        program: String,
        /// Why, from the system or the worker's last words.
        message: String,
    },
    /// The program speaks another protocol, or none.
    #[error("the worker {program} broke the protocol: {message}")]
    Protocol {
        /// Program and arguments.
        program: String,
        /// What it did.
        message: String,
    },
    /// The worker cannot use the data.
    #[error("{message}")]
    Data {
        /// One sentence, from the family.
        message: String,
    },
}

impl LaunchError {
    /// A worker that did not start, with what to do where it is plain what it lacks.
    pub(crate) fn cannot_start(program: &impl std::fmt::Display, message: impl Into<String>) -> LaunchError {
        let mut message = message.into();
        // The loader's words on Linux and macOS.
        let unloaded = message.contains("shared librar") || message.contains("Library not loaded");
        if unloaded && (message.contains("libtorch") || message.contains("libc10")) {
            message.push_str(
                "; libtorch is not where it was when the worker was built: get it with `cargo xtask setup`, or put a \
                 link named libtorch to it beside the worker",
            );
        }
        LaunchError::CannotStart { program: program.to_string(), message }
    }
}
