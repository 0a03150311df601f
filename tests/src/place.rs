//! A directory with a study file, in which the real program runs.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use seqtune_core::{History, StoreReader, is_study};
use tempfile::TempDir;

use crate::{check_finished, history, program, table};

/// Such a directory, removed when dropped. The study is `results/toy`.
#[derive(Debug)]
pub struct Place {
    directory: TempDir,
    trials: usize,
}

impl Place {
    /// Writes the study file of a toy study: ten trials of six steps with a checkpoint at each, two workers. `data` are the
    /// lines of its `[data]`, `family` is what stands behind the key.
    ///
    /// # Panics
    /// Where the file cannot be written.
    pub fn new(family: &str, data: &str) -> Place {
        let text = format!(
            "name = \"toy\"\nfamily = {family}\nmetric = \"value\"\nwindow = 4\nsampler = \"tpe\"\n[data]\n{data}\n\
             [trial]\nsteps = 6\n[budget]\ntrials = 10\n[workers]\ncount = 2\n[space]\n\
             lr = {{ type = \"float\", low = 1e-4, high = 0.1, log = true }}\n\
             width = {{ type = \"int\", low = 8, high = 256, log = true }}\n"
        );
        let directory = TempDir::new().expect("there is a place for temporary files");
        std::fs::write(directory.path().join("toy.toml"), text).expect("the file can be written");
        Place { directory, trials: 10 }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The study's own.
    pub fn study(&self) -> PathBuf {
        self.path().join("results/toy")
    }

    /// `seqtune` with these arguments, started by the words of `prefix` where there are any.
    pub fn command(&self, prefix: &[&str], arguments: &[&str]) -> Command {
        let seqtune = program("seqtune");
        let mut command = match prefix {
            [] => Command::new(seqtune),
            [first, rest @ ..] => {
                let mut command = Command::new(first);
                command.args(rest).arg(seqtune);
                command
            }
        };
        command.args(arguments).current_dir(self.path()).env("SEQTUNE_CACHE", self.path().join("cache"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs `seqtune` to its end.
    ///
    /// # Panics
    /// Where it cannot be started.
    pub fn seqtune(&self, arguments: &[&str]) -> Output {
        self.command(&[], arguments).output().expect("the program starts")
    }

    /// Starts the study, or goes on with it, and gives what was said.
    ///
    /// # Panics
    /// Where it does not finish.
    pub fn run(&self) -> String {
        let output = self.seqtune(&["run", "toy.toml"]);
        let said = said(&output);
        assert!(output.status.success(), "{said}");
        said
    }

    /// The table of the same study unbroken.
    ///
    /// # Panics
    /// Where it does not finish.
    pub fn expected(&self) -> Vec<String> {
        let output = self.seqtune(&["run", "toy.toml", "--dir", "unbroken"]);
        assert!(output.status.success(), "{}", said(&output));
        table(&history(&self.path().join("unbroken")))
    }

    /// Runs the study until a condition on its history holds, and stops it there.
    ///
    /// # Panics
    /// Where that does not happen.
    pub fn stop_when(&self, what: &str, condition: impl Fn(&History) -> bool) {
        let child = self.command(&[], &["run", "toy.toml"]).spawn().expect("the program starts");
        wait_for(&self.study(), what, condition);
        let output = self.seqtune(&["stop", "toy", "--now"]);
        assert!(output.status.success(), "{}", said(&output));
        let output = child.wait_with_output().expect("it is our child");
        assert_eq!(output.status.code(), Some(75), "it was stopped before it was done: {}", said(&output));
    }

    /// Checks that the study is finished and whole, and that its table is the expected one.
    ///
    /// # Panics
    /// With what does not hold.
    pub fn check(&self, expected: &[String]) {
        check_finished(&self.study(), self.trials);
        assert_eq!(table(&history(&self.study())), expected);
        check_file(&self.study());
    }
}

/// All that a program said.
pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Checks that the file of a study is whole.
///
/// # Panics
/// Where it is not.
pub fn check_file(study: &Path) {
    let whole: rusqlite::Result<String> = Connection::open(study.join("study.db"))
        .and_then(|connection| connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)));
    assert_eq!(whole.expect("the file can be read"), "ok");
}

/// Waits until a condition on the history of a study holds.
///
/// # Panics
/// Where it does not within a minute.
pub fn wait_for(study: &Path, what: &str, condition: impl Fn(&History) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while Instant::now() < deadline {
        let read = || StoreReader::open(study).and_then(|reader| reader.history());
        if is_study(study) && read().is_ok_and(|history| condition(&history)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(3));
    }
    panic!("{what} did not happen");
}
