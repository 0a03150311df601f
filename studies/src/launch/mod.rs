//! Worker programs: where they are found, how they are started, and how they are spoken with.
//!
//! A family named `tf` is served by `seqtune-worker-tf` beside our own executable, else by `seqtune-worker`, which
//! holds all families that need libtorch. A family that is a command is started as it stands.

mod error;
mod program;
mod started;
mod worker;

pub use error::LaunchError;
pub(crate) use program::READY_LIMIT;
pub use program::{Opened, WorkerProgram, find, installed};
pub(crate) use worker::{Line, Worker};
