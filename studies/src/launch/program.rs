//! Finding a family's worker program, and asking it what a study needs to know before it starts.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::bounded;
use seqtune_core::FamilyChoice;
use seqtune_plugin::conformance::Connection;
use seqtune_plugin::{DataSpec, FamilyInfo, ModelFamily};

use super::LaunchError;

/// How long a worker may take to say `ready`. Loading libtorch from a cold network disk takes most of a minute.
pub(crate) const READY_LIMIT: Duration = Duration::from_secs(180);

/// How a family's worker is started.
#[derive(Clone)]
pub struct WorkerProgram {
    pub(super) start: Start,
}

#[derive(Clone)]
pub(super) enum Start {
    /// A program of its own.
    Process { program: PathBuf, arguments: Vec<String> },
    /// A thread of this process, for tests and for families without libtorch.
    Thread(Arc<dyn ModelFamily>),
}

/// What a worker told about its family and the study's data.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The family.
    pub info: FamilyInfo,
    /// Identity of the data.
    pub digest: String,
    /// What people want to know of the data.
    pub summary: BTreeMap<String, serde_json::Value>,
    /// Versions and machine of the worker.
    pub build: BTreeMap<String, String>,
}

/// The program that serves a family.
///
/// # Errors
/// [`LaunchError::Unknown`] with the families that are installed.
pub fn find(family: &FamilyChoice) -> Result<WorkerProgram, LaunchError> {
    let name = match family {
        FamilyChoice::Command { command } => {
            let (program, arguments) = command.split_first().ok_or_else(|| LaunchError::Unknown {
                family: String::new(),
                hint: ": the command is empty".to_owned(),
            })?;
            return Ok(WorkerProgram::process(program, arguments.to_vec()));
        }
        FamilyChoice::Name(name) => name,
    };
    let directory = own_directory();
    let own = directory.join(executable(&format!("seqtune-worker-{name}")));
    let shared = directory.join(executable("seqtune-worker"));
    let arguments = vec!["--family".to_owned(), name.clone()];
    if own.is_file() {
        return Ok(WorkerProgram::process(own, arguments));
    }
    if shared.is_file() {
        let program = WorkerProgram::process(&shared, arguments);
        let served = program.list()?;
        if served.iter().any(|info| info.name == *name) {
            return Ok(program);
        }
    }
    if name == seqtune_core::ASK_TELL {
        let hint = ": another program asks for its trials and evaluates them; it goes on with `seqtune ask-tell`, and \
                    this directory as `storage`";
        return Err(LaunchError::Unknown { family: name.clone(), hint: hint.to_owned() });
    }
    let known: Vec<String> =
        installed().into_iter().filter_map(|(_, infos)| infos.ok()).flatten().map(|info| info.name).collect();
    let hint = if known.is_empty() {
        format!(
            "; there is no seqtune-worker in {}; build one with: cargo xtask setup && cargo build --release -p \
             seqtune-worker",
            directory.display()
        )
    } else {
        let near = known.iter().max_by(|a, b| strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b)));
        let near = near.filter(|near| strsim::jaro_winkler(name, near) > 0.7);
        let near = near.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
        format!("{near} (installed: {})", known.join(", "))
    };
    Err(LaunchError::Unknown { family: name.clone(), hint })
}

/// Every worker program beside our own executable, with the families it serves, or why it could not tell.
pub fn installed() -> Vec<(WorkerProgram, Result<Vec<FamilyInfo>, LaunchError>)> {
    let Ok(entries) = std::fs::read_dir(own_directory()) else { return Vec::new() };
    let is_worker = |path: &Path| {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let stem = name.strip_suffix(std::env::consts::EXE_SUFFIX).unwrap_or(name);
        (stem == "seqtune-worker" || stem.starts_with("seqtune-worker-")) && !stem.contains('.') && path.is_file()
    };
    let mut paths: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_worker(path)).collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let program = WorkerProgram::process(path, Vec::new());
            let infos = program.list();
            (program, infos)
        })
        .collect()
}

impl WorkerProgram {
    /// A program with its arguments.
    pub fn process(program: impl Into<PathBuf>, arguments: Vec<String>) -> WorkerProgram {
        WorkerProgram { start: Start::Process { program: program.into(), arguments } }
    }

    /// A family served by a thread of this process.
    pub fn thread(family: Arc<dyn ModelFamily>) -> WorkerProgram {
        WorkerProgram { start: Start::Thread(family) }
    }

    /// The families that the program serves, asked with `--list`.
    ///
    /// # Errors
    /// Where it does not start, or answers something else.
    pub fn list(&self) -> Result<Vec<FamilyInfo>, LaunchError> {
        let (program, arguments) = match &self.start {
            Start::Process { program, arguments } => (program, arguments),
            Start::Thread(family) => return Ok(vec![family.info()]),
        };
        let cannot = |message: String| LaunchError::cannot_start(self, message);
        let mut command = Command::new(program);
        command.args(arguments).arg("--list").stdin(Stdio::null());
        let output = output_within(&mut command, READY_LIMIT).map_err(|error| cannot(error.to_string()))?;
        if !output.status.success() {
            return Err(cannot(last_words(&String::from_utf8_lossy(&output.stderr), &output.status.to_string())));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| LaunchError::Protocol {
            program: self.to_string(),
            message: format!("the answer to --list is no list of families: {error}"),
        })
    }

    /// Versions and machine, asked from a worker that is started for it.
    ///
    /// # Errors
    /// Where it does not start or speaks another protocol.
    pub fn build(&self) -> Result<BTreeMap<String, String>, LaunchError> {
        Ok(self.started()?.build().clone())
    }

    /// The family, and the data as it prepares it.
    ///
    /// # Errors
    /// [`LaunchError::Data`] where the family cannot use the data.
    pub fn open(&self, data: &DataSpec, cache: &Path) -> Result<Opened, LaunchError> {
        let mut worker = self.started()?;
        let (digest, summary) = worker.prepare(data, cache)?;
        Ok(Opened { info: worker.info().clone(), digest, summary, build: worker.build().clone() })
    }

    /// A fresh worker for the conformance suite. What it writes to standard error is shown where `loud`.
    ///
    /// # Errors
    /// Where it does not start.
    pub fn connect(&self, loud: bool) -> io::Result<Connection> {
        match &self.start {
            Start::Process { program, arguments } => {
                let stderr = if loud { Stdio::inherit() } else { Stdio::null() };
                Connection::to_command(Command::new(program).args(arguments).stderr(stderr))
            }
            Start::Thread(family) => Connection::to_thread(Arc::clone(family)),
        }
    }
}

impl std::fmt::Display for WorkerProgram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.start {
            Start::Process { program, arguments } => {
                write!(f, "{}", program.display())?;
                arguments.iter().try_for_each(|argument| write!(f, " {argument}"))
            }
            Start::Thread(family) => write!(f, "thread of {}", family.info().name),
        }
    }
}

/// The last lines a program wrote to standard error, or how it ended where it wrote none.
pub(super) fn last_words(stderr: &str, otherwise: &str) -> String {
    let lines: Vec<&str> = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match lines.as_slice() {
        [] => otherwise.to_owned(),
        lines => lines[lines.len().saturating_sub(3)..].join(" | "),
    }
}

/// [`Command::output`] that kills the program where it takes too long.
fn output_within(command: &mut Command, limit: Duration) -> io::Result<Output> {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let pid = child.id();
    let (sender, receiver) = bounded(1);
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    match receiver.recv_timeout(limit) {
        Ok(output) => output,
        Err(_) => {
            // The thread reaps it.
            if let Some(pid) = rustix::process::Pid::from_raw(pid as i32) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
            Err(io::Error::new(io::ErrorKind::TimedOut, format!("it did not answer within {} s", limit.as_secs())))
        }
    }
}

fn own_directory() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    let directory = own.parent().map(Path::to_owned).unwrap_or_default();
    // Tests and benchmarks run from `deps`; the programs lie beside it.
    if directory.ends_with("deps") { directory.parent().map(Path::to_owned).unwrap_or(directory) } else { directory }
}

fn executable(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}
