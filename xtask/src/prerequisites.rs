//! What has to be on the machine before anything can be built: compilers, and a Python whose pip fetches libtorch.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::Error;

/// Checks that a C and a C++ compiler answer: SQLite is compiled with the one, the glue to libtorch with the other.
pub(crate) fn check_compilers() -> Result<(), Error> {
    check_compiler("C", "CC", &["cc", "gcc", "clang"])?;
    check_compiler("C++", "CXX", &["c++", "g++", "clang++"])
}

fn check_compiler(language: &'static str, variable: &str, usual: &[&str]) -> Result<(), Error> {
    let chosen = env::var(variable).ok().filter(|value| !value.is_empty());
    let candidates: Vec<&str> = match &chosen {
        Some(command) => vec![command],
        None => usual.to_vec(),
    };
    if candidates.iter().any(|command| answers(command)) {
        return Ok(());
    }
    let tried = match chosen {
        Some(command) => format!("{variable}={command}"),
        None => candidates.join(", "),
    };
    Err(Error::NoCompiler { language, tried })
}

/// Whether `command`, which may hold arguments (`ccache g++`), runs at all.
fn answers(command: &str) -> bool {
    let mut words = command.split_whitespace();
    let Some(program) = words.next() else {
        return false;
    };
    Command::new(program)
        .args(words)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A Python that pip has libtorch for, with its pip.
pub(crate) struct Python {
    program: PathBuf,
}

/// The minor versions of Python 3 that have a wheel of libtorch.
const MINOR_VERSIONS: std::ops::RangeInclusive<u32> = 10..=14;

impl Python {
    /// The names under which a Python may be found, the usual one first.
    pub(crate) fn candidates() -> Vec<PathBuf> {
        let versioned = MINOR_VERSIONS.rev().map(|minor| format!("python3.{minor}"));
        ["python3".to_owned(), "python".to_owned()].into_iter().chain(versioned).map(PathBuf::from).collect()
    }

    /// The first of `candidates` that will do; else what is wrong with the first that is there.
    pub(crate) fn find(candidates: &[PathBuf]) -> Result<Self, Error> {
        let mut problem = None;
        for program in candidates {
            match Self::probe(program) {
                Some(Ok(python)) => return Ok(python),
                Some(Err(error)) => {
                    problem.get_or_insert(error);
                }
                None => {}
            }
        }
        Err(problem.unwrap_or_else(|| Error::NoPython { problem: "no Python was found".to_owned() }))
    }

    /// `None` where there is no such program.
    fn probe(program: &Path) -> Option<Result<Self, Error>> {
        let name = program.display().to_string();
        let version = Self::ask_version(program)?;
        Some(match version {
            None => Err(Error::NoPython { problem: format!("{name} does not run") }),
            Some((3, minor)) if MINOR_VERSIONS.contains(&minor) => Self::with_pip(program),
            Some((major, minor)) => Err(Error::NoPython { problem: format!("{name} is Python {major}.{minor}") }),
        })
    }

    /// `None` where there is no such program, `Some(None)` where it does not say.
    fn ask_version(program: &Path) -> Option<Option<(u32, u32)>> {
        let answer = Command::new(program)
            .args(["-c", "import sys; print(*sys.version_info[:2])"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&answer.stdout);
        Some(parse_version(&text).filter(|_| answer.status.success()))
    }

    fn with_pip(program: &Path) -> Result<Self, Error> {
        let pip = Command::new(program)
            .args(["-m", "pip", "--version"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if pip.is_ok_and(|status| status.success()) {
            Ok(Self { program: program.to_owned() })
        } else {
            Err(Error::NoPip { python: program.display().to_string() })
        }
    }

    /// A command that starts it, without standard input.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.stdin(Stdio::null());
        command
    }

    /// Its major and minor version, as in `3.12`.
    pub(crate) fn version(&self) -> Result<String, Error> {
        let name = self.program.display().to_string();
        let version = Self::ask_version(&self.program).flatten();
        let (major, minor) = version.ok_or_else(|| Error::NoPython { problem: format!("{name} does not run") })?;
        Ok(format!("{major}.{minor}"))
    }

    /// Bytes free for this user on the file system of `directory`; `None` where that cannot be told.
    pub(crate) fn free_bytes(&self, directory: &Path) -> Option<u64> {
        let answer = self
            .command()
            .args(["-c", "import shutil, sys; print(shutil.disk_usage(sys.argv[1]).free)"])
            .arg(directory)
            .stderr(Stdio::null())
            .output()
            .ok()?;
        String::from_utf8_lossy(&answer.stdout).trim().parse().ok()
    }

    /// Loads a shared library in a process of its own; says why it does not load.
    pub(crate) fn load(&self, library: &Path) -> Result<(), String> {
        let answer = self
            .command()
            .args(["-c", "import ctypes, sys; ctypes.CDLL(sys.argv[1])"])
            .arg(library)
            .output()
            .map_err(|error| error.to_string())?;
        if answer.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&answer.stderr);
        let last = text.lines().rfind(|line| !line.trim().is_empty());
        let reason =
            last.map_or_else(|| answer.status.to_string(), |line| line.trim_start_matches("OSError: ").to_owned());
        Err(reason)
    }
}

/// Reads `3 12`, the major and minor version.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.trim().split_once(' ')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(all(test, unix))]
pub(crate) mod fake {
    //! Programs that stand in for Python.

    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A shell script that says it is Python `version` and answers `-m pip --version`; `pip_install` is the shell code
    /// of `-m pip install`, with the folder of `--target` in `$target` and all else in `$@`.
    pub(crate) fn python(directory: &Path, version: &str, pip_install: &str) -> std::io::Result<PathBuf> {
        let script = format!(
            r#"#!/bin/sh
case "$2" in
  *version_info*) echo "{version}"; exit 0 ;;
  *disk_usage*) echo 99000000000000; exit 0 ;;
  *ctypes*) exit 0 ;;
esac
[ "$3" = --version ] && exit 0
previous=
for argument in "$@"; do
  [ "$previous" = --target ] && target=$argument
  previous=$argument
done
{pip_install}
"#
        );
        let path = directory.join("python3");
        // Written by another program, so that no thread of this test holds it open for writing when it is started.
        let status =
            Command::new("sh").args(["-c", r#"printf '%s' "$1" > "$2""#, "sh", &script]).arg(&path).status()?;
        assert!(status.success());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        Ok(path)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn find(version: &str) -> Result<Result<Python, Error>, std::io::Error> {
        let place = tempfile::tempdir()?;
        let program = fake::python(place.path(), version, "exit 1")?;
        Ok(Python::find(&[program]))
    }

    #[test]
    fn versions_are_read() {
        assert_eq!(parse_version("3 12\n"), Some((3, 12)));
        assert_eq!(parse_version("Python 3"), None);
        assert_eq!(parse_version(""), None);
    }

    #[test]
    fn a_python_without_a_wheel_is_refused_by_its_version() -> std::io::Result<()> {
        assert!(find("3 10")?.is_ok());
        assert!(find("3 14")?.is_ok());
        for version in ["3 9", "3 15", "2 7"] {
            let sentence = find(version)?.err().map(|error| error.to_string());
            let shown = version.replace(' ', ".");
            assert!(sentence.is_some_and(|text| text.contains(&shown)), "{version}");
        }
        Ok(())
    }

    #[test]
    fn the_first_python_that_will_do_is_taken() -> std::io::Result<()> {
        let old = tempfile::tempdir()?;
        let new = tempfile::tempdir()?;
        let candidates = [
            PathBuf::from("/nonexistent/python3"),
            fake::python(old.path(), "3 8", "exit 1")?,
            fake::python(new.path(), "3 11", "exit 1")?,
        ];
        let found = Python::find(&candidates).map(|python| python.program);
        assert_eq!(found.ok().as_ref(), Some(&candidates[2]));
        Ok(())
    }

    #[test]
    fn no_python_at_all_says_what_to_install() {
        let sentence = Python::find(&[]).err().map(|error| error.to_string());
        assert!(sentence.is_some_and(|text| text.contains("apt-get install")));
    }

    #[test]
    fn a_library_that_is_none_does_not_load() -> std::io::Result<()> {
        let Ok(python) = Python::find(&Python::candidates()) else {
            eprintln!("skipped: no Python with pip here");
            return Ok(());
        };
        let place = tempfile::tempdir()?;
        let library = place.path().join("libempty.so");
        std::fs::write(&library, "")?;
        assert!(python.load(&library).is_err());
        Ok(())
    }
}
