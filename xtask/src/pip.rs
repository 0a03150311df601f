//! Getting libtorch with pip: what is installed on which machine, and what pip's complaints mean.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use crate::error::Error;
use crate::prerequisites::Python;

/// What to install for one kind of machine.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Recipe {
    /// Requirements as pip reads them.
    requirements: &'static [&'static str],
    /// Whether what these require in turn is installed, too.
    dependencies: bool,
    /// Size of the download, in GB.
    pub(crate) download_gb: f64,
    /// Size on disk when done, in GB.
    pub(crate) disk_gb: f64,
}

/// The CPU library of the Linux wheel is linked against two small CUDA libraries and does not load without them; all
/// the others (2 GB) are needed only for CUDA itself.
const SLIM_LINUX: &[&str] = &["torch==2.11.0", "nvidia-cuda-runtime==13.0.96", "nvidia-cuda-cupti==13.0.85"];
const TORCH: &[&str] = &["torch==2.11.0"];

impl Recipe {
    /// What training on the CPU needs; `None` where PyTorch has no wheel of this release.
    pub(crate) fn slim(os: &str, arch: &str) -> Option<Self> {
        let (requirements, download_gb, disk_gb) = match (os, arch) {
            ("linux", "x86_64") => (SLIM_LINUX, 0.55, 1.2),
            ("linux", "aarch64") => (SLIM_LINUX, 0.44, 1.2),
            ("macos", "aarch64") => (TORCH, 0.09, 0.5),
            _ => return None,
        };
        Some(Self { requirements, dependencies: false, download_gb, disk_gb })
    }

    /// All that training on an NVIDIA GPU needs besides the driver.
    pub(crate) fn cuda(os: &str, arch: &str) -> Option<Self> {
        let known = matches!((os, arch), ("linux", "x86_64" | "aarch64"));
        known.then_some(Self { requirements: TORCH, dependencies: true, download_gb: 2.8, disk_gb: 4.8 })
    }

    /// Disk needed while it is installed, in GB: the wheels, once more in pip's own cache, and what they unpack to.
    pub(crate) fn peak_gb(&self) -> f64 {
        2.0 * self.download_gb + self.disk_gb
    }
}

/// Why pip did not install it.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum PipFailure {
    /// No answer from the package index.
    #[error(
        "the package index cannot be reached ({detail}); check the network and the proxy (pip reads HTTPS_PROXY and pip.conf), or name a libtorch 2.11.0 that is already here with `cargo xtask setup --use DIR`"
    )]
    Offline { detail: String },
    /// The index answers and has nothing that fits.
    #[error(
        "the package index has no torch 2.11.0 for this Python and machine ({detail}); it exists for CPython 3.10 to 3.14 on Linux with glibc 2.28 or newer (x86-64, arm64) and on macOS (arm64)"
    )]
    NoWheel { detail: String },
    /// The disk is full.
    #[error("the disk is full ({detail}); free some, or choose another disk with --cache DIR or SEQTUNE_CACHE")]
    DiskFull { detail: String },
    /// Something else, in pip's words.
    #[error("pip says: {detail}")]
    Other { detail: String },
}

impl PipFailure {
    /// Reads what pip wrote to standard error.
    fn from_stderr(text: &str) -> Self {
        const DISK: &[&str] = &["No space left on device", "Errno 28", "Disk quota exceeded"];
        const NETWORK: &[&str] = &[
            "NewConnectionError",
            "ConnectionError",
            "Connection broken",
            "ConnectTimeout",
            "Read timed out",
            "ReadTimeout",
            "ProxyError",
            "SSLError",
            "name resolution",
            "Name or service not known",
            "Network is unreachable",
            "ProtocolError",
            "RemoteDisconnected",
        ];
        let mentioning =
            |words: &[&str]| text.lines().rfind(|line| words.iter().any(|word| line.contains(word))).map(shorten);
        // In this order: without a network pip ends on "No matching distribution", too.
        if let Some(detail) = mentioning(DISK) {
            Self::DiskFull { detail }
        } else if let Some(detail) = mentioning(NETWORK) {
            Self::Offline { detail }
        } else if let Some(detail) = mentioning(&["No matching distribution"]) {
            Self::NoWheel { detail }
        } else {
            let detail = mentioning(&["ERROR"])
                .or_else(|| text.lines().rfind(|line| !line.is_empty()).map(shorten))
                .unwrap_or_else(|| "nothing at all".to_owned());
            Self::Other { detail }
        }
    }
}

/// pip's network complaints hold whole Python objects; the last clause is the one for people.
fn shorten(line: &str) -> String {
    const LONGEST: usize = 160;
    let line = line.trim().trim_start_matches("ERROR: ");
    let clause = match line.split_once("connection broken by '") {
        Some((_, error)) => error.rsplit_once("': ").map_or(error, |(error, _)| error),
        None => line,
    };
    let clause = clause.rsplit_once(">: ").map_or(clause, |(_, reason)| reason);
    let clause = clause.trim_end_matches(['\'', '"', ')', '(', ',']);
    clause.chars().take(LONGEST).collect()
}

/// Installs `recipe` below `directory`, as `site-packages/`, with pip's progress on the terminal.
pub(crate) fn install(python: &Python, recipe: &Recipe, directory: &Path) -> Result<(), Error> {
    // Beside the target, so that pip moves what it unpacked instead of copying it from another disk.
    let temporary = directory.join("tmp");
    fs::create_dir_all(&temporary).map_err(Error::file("create", &temporary))?;
    let mut pip = python.command();
    pip.args(["-m", "pip", "install", "--no-compile", "--only-binary=:all:"]);
    if !recipe.dependencies {
        pip.arg("--no-deps");
    }
    pip.arg("--target").arg(directory.join("site-packages"));
    pip.args(recipe.requirements);
    pip.env("TMPDIR", &temporary)
        .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
        .env("PIP_NO_INPUT", "1")
        .env("PIP_ROOT_USER_ACTION", "ignore")
        // A user's pip.conf may ask for these two, which make no sense with --target.
        .env("PIP_USER", "0")
        .env("PIP_REQUIRE_VIRTUALENV", "0")
        .stderr(Stdio::piped());
    let start = |source| Error::Start { program: "pip".to_owned(), source };
    let mut running = pip.spawn().map_err(start)?;
    let mut complaints = String::new();
    if let Some(stderr) = running.stderr.take() {
        for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            eprintln!("{line}");
            complaints.push_str(&line);
            complaints.push('\n');
        }
    }
    let status = running.wait().map_err(start)?;
    if !status.success() {
        return Err(PipFailure::from_stderr(&complaints).into());
    }
    fs::remove_dir_all(&temporary).map_err(Error::file("remove", &temporary))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linux_needs_the_two_cuda_libraries_that_the_cpu_library_names() {
        for arch in ["x86_64", "aarch64"] {
            let recipe = Recipe::slim("linux", arch).map(|recipe| recipe.requirements.len());
            assert_eq!(recipe, Some(3), "{arch}");
        }
        assert_eq!(Recipe::slim("macos", "x86_64"), None);
        assert_eq!(Recipe::cuda("macos", "aarch64"), None);
    }

    #[test]
    fn the_requirements_are_the_version_that_is_checked() {
        let torch = format!("torch=={}", crate::libtorch::VERSION);
        assert_eq!(SLIM_LINUX[0], torch);
        assert_eq!(TORCH, [torch]);
    }

    #[test]
    fn offline_is_told_from_a_missing_wheel() {
        let offline = "WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after \
            connection broken by 'NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at \
            0x7f>: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution')': \
            /simple/torch/\n\
            ERROR: Could not find a version that satisfies the requirement torch==2.11.0 (from versions: none)\n\
            ERROR: No matching distribution found for torch==2.11.0\n";
        assert_eq!(
            PipFailure::from_stderr(offline),
            PipFailure::Offline {
                detail: "Failed to establish a new connection: [Errno -3] Temporary failure in name resolution"
                    .to_owned()
            }
        );
        let missing = "ERROR: Could not find a version that satisfies the requirement torch==2.11.0 (from versions: \
            2.2.0)\nERROR: No matching distribution found for torch==2.11.0\n";
        assert_eq!(
            PipFailure::from_stderr(missing),
            PipFailure::NoWheel { detail: "No matching distribution found for torch==2.11.0".to_owned() }
        );
    }

    #[test]
    fn other_complaints_keep_their_words() {
        let full = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n";
        assert!(matches!(PipFailure::from_stderr(full), PipFailure::DiskFull { .. }));
        let odd = "WARNING: one\nERROR: odd thing\n\n";
        let detail = "odd thing".to_owned();
        assert_eq!(PipFailure::from_stderr(odd), PipFailure::Other { detail });
        assert!(matches!(PipFailure::from_stderr(""), PipFailure::Other { .. }));
    }
}
