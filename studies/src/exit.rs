//! Exit codes: promised to scripts, shown in `--help`.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// An error, or a check that found something wrong.
    Error = 1,
    /// Bad usage, study file or data.
    Usage = 2,
    /// Another process holds the study.
    Locked = 3,
    /// The study was written by a newer seqtune.
    Newer = 4,
    /// A worker cannot start, or cannot use its device.
    Worker = 5,
    /// Stopped; it can be continued (`EX_TEMPFAIL` of sysexits).
    Stopped = 75,
}

/// The end of `seqtune --help`.
pub(crate) const AFTER_HELP: &str = "\
A first study, in seconds and without any installation:
  seqtune init toy -o toy.toml
  seqtune check toy.toml
  seqtune run toy.toml
  seqtune best toy

Exit codes:
   0  done
   1  error, or `verify` or `fsck` found something wrong
   2  bad usage, study file or data
   3  another process holds the study
   4  the study was written by a newer seqtune
   5  a worker cannot start, or cannot use its device
  75  stopped; the same command goes on";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}
