//! Why a command stopped, in one sentence that says what to do next.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::libtorch::VERSION;
use crate::pip::PipFailure;

/// How to get what building needs, as named by Debian and Ubuntu.
const DEBIAN: &str = "on Debian or Ubuntu: apt-get install g++ python3 python3-pip";

/// The code that `seqtune` ends with when a study was stopped and can go on.
pub(crate) const STOPPED: u8 = 75;

/// Why a command stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// No C or C++ compiler answers.
    #[error("no working {language} compiler was found (tried {tried}); install one ({DEBIAN})")]
    NoCompiler { language: &'static str, tried: String },

    /// No Python answers, or not one that pip has libtorch for.
    #[error(
        "{problem}; Python 3.10 to 3.14 with pip fetches libtorch: install it ({DEBIAN}), or name a libtorch {VERSION} that is already here with `cargo xtask setup --use DIR`"
    )]
    NoPython { problem: String },

    /// Fuzzing needs a program of its own.
    #[error("cargo-fuzz is not installed, and it runs the fuzz targets; install it with: cargo install cargo-fuzz")]
    NoFuzz,

    /// There is no such fuzz target.
    #[error("there is no fuzz target {name:?}; the targets are {known}")]
    NoFuzzTarget { name: String, known: String },

    /// Found inputs cannot be kept.
    #[error("{path} cannot be made for the inputs that fuzzing finds: {source}")]
    FuzzCorpus { path: String, source: io::Error },

    /// `LIBTORCH` is not absolute.
    #[error(
        "LIBTORCH is {path:?}, which the build would read from another directory; set it to an absolute path, or unset it"
    )]
    RelativeLibtorch { path: PathBuf },

    /// Python is there, its pip is not.
    #[error(
        "{python} has no pip, which fetches libtorch: install it ({DEBIAN}), or name a libtorch {VERSION} that is already here with `cargo xtask setup --use DIR`"
    )]
    NoPip { python: String },

    /// This kind of machine has no recipe.
    #[error(
        "there is no recipe for libtorch {VERSION} on {platform}; unpack one by hand and name it with `cargo xtask setup --use DIR`"
    )]
    NoRecipe { platform: String },

    /// The cache's file system cannot hold the download and what is unpacked from it.
    #[error("libtorch needs {needed_gb:.1} GB of free disk while it is installed and {place} has {free_gb:.1} GB; free some, or choose another disk with --cache DIR or SEQTUNE_CACHE", place = .place.display())]
    DiskTooSmall { place: PathBuf, needed_gb: f64, free_gb: f64 },

    /// pip could not install it.
    #[error("libtorch was not installed: {0}")]
    Pip(#[from] PipFailure),

    /// Nothing says where the cache belongs.
    #[error(
        "there is no place for the cache, since neither SEQTUNE_CACHE, XDG_CACHE_HOME nor HOME is set; name one with --cache DIR"
    )]
    NoCachePlace,

    /// A directory that somebody named is no libtorch of the right version.
    #[error("{origin} {directory} cannot be used: {problem}; it has to be libtorch {VERSION}, unpacked or the `torch` folder of a Python's site-packages", directory = .directory.display())]
    NotLibtorch { origin: &'static str, directory: PathBuf, problem: String },

    /// A libtorch is there and the loader does not take it.
    #[error("{origin} {directory} cannot be used: {library} does not load ({reason}); `cargo xtask setup` without --use gets one that is complete", directory = .directory.display())]
    DoesNotLoad { origin: &'static str, directory: PathBuf, library: String, reason: String },

    /// Something of the user's is where the link belongs.
    #[error("{path} is not a link made by setup; move it away, then run this again", path = .path.display())]
    LinkTaken { path: PathBuf },

    /// A step of a command failed and the command stopped there.
    #[error("{step} failed ({how}); to run it alone: {command}")]
    Step { step: String, how: String, command: String, code: Option<u8> },

    /// The demo's search was stopped by its user or by the machine.
    #[error("the search was stopped; `cargo xtask demo` goes on with it")]
    SearchStopped,

    /// A program could not be started at all.
    #[error("{program} could not be started: {source}")]
    Start { program: String, source: io::Error },

    /// The name given matches nothing.
    #[error("no benchmark is named {name}; there are: {known}")]
    NoBench { name: String, known: String },

    /// The benchmark's packages in the cache are not those that the checkout asks for.
    #[error("{list} is not the list of packages that this checkout asks for", list = .list.display())]
    OtherPackages { list: PathBuf },

    /// What cargo says about the workspace could not be read.
    #[error("`cargo metadata` could not be read: {problem}")]
    Metadata { problem: String },

    /// `demo --fresh` would remove something that is no study.
    #[error("{path} holds no study.db, so it is not removed; move it away, then run this again", path = .path.display())]
    NotAStudy { path: PathBuf },

    /// A file operation failed.
    #[error("cannot {doing} {path}: {source}", path = .path.display())]
    File { doing: &'static str, path: PathBuf, source: io::Error },
}

impl Error {
    /// The error of a file operation, to be used with `map_err`.
    pub(crate) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { doing, path, source }
    }

    /// A failed step ends with the code of its program, everything else with 1.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Step { code: Some(code), .. } => ExitCode::from(*code),
            Self::SearchStopped => ExitCode::from(STOPPED),
            _ => ExitCode::FAILURE,
        }
    }
}
