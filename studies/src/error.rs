//! What can end a command early, and the exit code of each.

use std::io;
use std::path::PathBuf;

use seqtune::apply::ApplyError;
use seqtune::edit::Change;
use seqtune::import::ImportError;
use seqtune::launch::LaunchError;
use seqtune::manager::ManagerError;
use seqtune::study_file::StudyFileError;
use seqtune_core::{RequestError, StoreError};
use seqtune_plot::plots::PlotError;
use seqtune_plugin::FailureCause;

use crate::exit::Exit;

/// A command could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    StudyFile(#[from] StudyFileError),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Launch(#[from] LaunchError),
    #[error(transparent)]
    Manager(#[from] ManagerError),
    #[error(transparent)]
    Apply(#[from] ApplyError),
    #[error("nothing to draw: {0}")]
    Plot(#[from] PlotError),
    #[error("{}", refused(directory, changes))]
    Edited { directory: PathBuf, changes: Vec<Change> },
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Other(String),
    #[error("cannot write the output: {0}")]
    Output(io::Error),
    #[error("cannot use {}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
}

impl CommandError {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            CommandError::Store(error)
            | CommandError::Request(RequestError::Store(error))
            | CommandError::Manager(ManagerError::Store(error)) => of_store(error),
            CommandError::Request(RequestError::ReadOnly { .. }) => Exit::Error,
            CommandError::Request(_) => Exit::Usage,
            CommandError::Launch(error) | CommandError::Manager(ManagerError::Launch(error)) => of_launch(error),
            CommandError::Apply(error) => of_apply(error),
            CommandError::StudyFile(_)
            | CommandError::Import(_)
            | CommandError::Edited { .. }
            | CommandError::Usage(_) => Exit::Usage,
            CommandError::Manager(ManagerError::DataChanged { .. } | ManagerError::FamilyChanged { .. }) => Exit::Usage,
            CommandError::Manager(ManagerError::Unusable(_)) => Exit::Worker,
            CommandError::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            // There is nothing to draw yet: no fault of the command.
            CommandError::Plot(_) => Exit::Error,
            CommandError::Manager(_) | CommandError::Other(_) | CommandError::Output(_) | CommandError::File { .. } => {
                Exit::Error
            }
        }
    }

    /// Says it on standard error: one sentence, and for study files the line at fault. A reader of standard output that
    /// went away, as in `seqtune trials | head`, is no error.
    pub(crate) fn print(&self) {
        if matches!(self, CommandError::Output(error) if error.kind() == io::ErrorKind::BrokenPipe) {
            return;
        }
        say!("error: {self}");
        if let CommandError::StudyFile(error) = self
            && let Some(excerpt) = error.excerpt()
        {
            say!("{excerpt}");
        }
    }
}

/// What writing rows and text to standard output can give.
impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        CommandError::Output(error)
    }
}

impl From<serde_json::Error> for CommandError {
    fn from(error: serde_json::Error) -> Self {
        CommandError::Output(error.into())
    }
}

impl From<csv::Error> for CommandError {
    fn from(error: csv::Error) -> Self {
        CommandError::Output(error.into())
    }
}

fn of_store(error: &StoreError) -> Exit {
    match error {
        StoreError::Locked { .. } => Exit::Locked,
        StoreError::Newer { .. } => Exit::Newer,
        StoreError::Absent { .. } | StoreError::Exists { .. } | StoreError::Network { .. } => Exit::Usage,
        // The study goes on once there is space, or the other program is gone.
        StoreError::DiskFull { .. } | StoreError::Busy { .. } => Exit::Stopped,
        StoreError::Invariant { .. } | StoreError::Damaged { .. } | StoreError::Io { .. } => Exit::Error,
    }
}

fn of_launch(error: &LaunchError) -> Exit {
    match error {
        LaunchError::Data { .. } => Exit::Usage,
        LaunchError::Unknown { .. } | LaunchError::CannotStart { .. } | LaunchError::Protocol { .. } => Exit::Worker,
    }
}

fn of_apply(error: &ApplyError) -> Exit {
    match error {
        ApplyError::Launch(error) => of_launch(error),
        ApplyError::NoCheckpoint { .. }
        | ApplyError::FamilyChanged { .. }
        | ApplyError::DataChanged { .. }
        | ApplyError::Cannot { .. } => Exit::Usage,
        ApplyError::Refused { cause: FailureCause::Unusable, .. } => Exit::Worker,
        ApplyError::Damaged { .. }
        | ApplyError::Replaced { .. }
        | ApplyError::Refused { .. }
        | ApplyError::Ended(_) => Exit::Error,
    }
}

fn refused(directory: &std::path::Path, changes: &[Change]) -> String {
    let mut text = format!(
        "the study in {} was made with another specification, and these parts cannot change; undo them, or start \
         another study with another name or --dir DIR:",
        directory.display()
    );
    for change in changes {
        text.push_str(&format!("\n  {change}"));
    }
    text
}
