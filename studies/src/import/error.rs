//! What can be wrong with a file that is imported.

use std::io;
use std::path::PathBuf;

use super::Format;

/// A file that cannot be imported. Messages are one sentence: what is wrong, where; what would be right.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is of another format than it was said to be.
    #[error("{} is not {}; it looks like {}: use --from {}", path.display(), asked.in_words(), found.in_words(), found.name())]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// What it was said to be.
        asked: Format,
        /// What it looks like.
        found: Format,
    },
    /// The file is wrong on this line.
    #[error("{}:{line}: {message}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong, with the parameter or key; what would be right.
        message: String,
    },
}
