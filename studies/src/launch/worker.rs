//! One running worker: a line out, lines in, and its standard error kept.

use std::fs::File;
use std::io::{self, BufRead, BufReader, PipeWriter, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use seqtune_plugin::protocol::{FromWorker, LineReader, PROTOCOL_VERSION, ToWorker, write_line};

use super::program::{Start, last_words};
use super::{LaunchError, WorkerProgram};

/// How much of a worker's standard error is remembered for messages.
const REMEMBERED_BYTES: usize = 8 << 10;

/// What a worker's reader thread hears.
#[derive(Debug)]
pub(crate) enum Line {
    /// A message.
    Message(FromWorker),
    /// Something that is no message: nothing more is read from this worker.
    Broken(String),
    /// The end of its output.
    Ended,
}

/// A running worker. Dropping it ends it.
pub(crate) struct Worker {
    program: String,
    input: Option<Input>,
    child: Option<Child>,
    stderr: Arc<Mutex<Stderr>>,
}

enum Input {
    Process(ChildStdin),
    Thread(PipeWriter),
}

/// Where a worker's standard error goes: the log of the trial it trains, and a short memory.
#[derive(Default)]
struct Stderr {
    log: Option<File>,
    recent: Vec<u8>,
}

impl Worker {
    /// Starts a worker whose lines arrive on `lines`, marked with `id`. A process has these variables in its environment.
    pub(crate) fn start(
        program: &WorkerProgram,
        id: u64,
        environment: &[(&'static str, String)],
        lines: Sender<(u64, Line)>,
    ) -> Result<Worker, LaunchError> {
        let cannot = |error: io::Error| LaunchError::cannot_start(program, error.to_string());
        let stderr = Arc::new(Mutex::new(Stderr::default()));
        let name = program.to_string();
        match &program.start {
            Start::Process { program, arguments } => {
                let mut command = Command::new(program);
                command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
                // Threads of one worker that spin while waiting take the cores of the others.
                for (variable, value) in [("OMP_WAIT_POLICY", "passive"), ("GOMP_SPINCOUNT", "0")] {
                    if std::env::var_os(variable).is_none() {
                        command.env(variable, value);
                    }
                }
                command.envs(environment.iter().map(|(variable, value)| (variable, value)));
                #[cfg(unix)]
                {
                    // Its own process group: a Ctrl-C at the terminal reaches the manager only, which then decides.
                    std::os::unix::process::CommandExt::process_group(&mut command, 0);
                }
                let mut child = command.spawn().map_err(cannot)?;
                let input = child.stdin.take().map(Input::Process);
                if let Some(output) = child.stdout.take() {
                    thread::spawn(move || read_lines(BufReader::new(output), id, &lines));
                }
                if let Some(errors) = child.stderr.take() {
                    let stderr = Arc::clone(&stderr);
                    thread::spawn(move || keep_stderr(errors, &stderr));
                }
                Ok(Worker { program: name, input, child: Some(child), stderr })
            }
            Start::Thread(family) => {
                let (their_input, input) = io::pipe().map_err(cannot)?;
                let (output, their_output) = io::pipe().map_err(cannot)?;
                let family = Arc::clone(family);
                thread::spawn(move || {
                    // Where the manager is gone there is nobody to tell.
                    let _ = seqtune_plugin::serve(family.as_ref(), BufReader::new(their_input), their_output);
                });
                thread::spawn(move || read_lines(BufReader::new(output), id, &lines));
                Ok(Worker { program: name, input: Some(Input::Thread(input)), child: None, stderr })
            }
        }
    }

    /// Sends one message.
    pub(crate) fn send(&mut self, message: &ToWorker) -> io::Result<()> {
        match &mut self.input {
            Some(Input::Process(input)) => write_line(input, message),
            Some(Input::Thread(input)) => write_line(input, message),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Sends the worker's standard error to a trial's log from here on, after a heading.
    pub(crate) fn log_to(&self, path: &Path, heading: &str) -> io::Result<()> {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let mut log = File::options().create(true).append(true).open(path)?;
        writeln!(log, "{heading}")?;
        let mut stderr = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        stderr.log = Some(log);
        stderr.recent.clear();
        Ok(())
    }

    /// Why it ended, as far as it can be told: its last words and its exit status.
    pub(crate) fn epitaph(&mut self) -> String {
        let status = match &mut self.child {
            Some(child) => wait_at_most(child, Duration::from_secs(2)),
            None => "its thread ended".to_owned(),
        };
        // The reader of its standard error may be a moment behind.
        thread::sleep(Duration::from_millis(20));
        let stderr = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        match last_words(&String::from_utf8_lossy(&stderr.recent), "") {
            words if words.is_empty() => status,
            words => format!("{status}; its last words: {words}"),
        }
    }

    /// Refuses another protocol.
    pub(crate) fn check_protocol(&self, protocol: u32) -> Result<(), LaunchError> {
        if protocol == PROTOCOL_VERSION {
            return Ok(());
        }
        Err(LaunchError::Protocol {
            program: self.program.clone(),
            message: format!("it speaks version {protocol}, and this seqtune speaks version {PROTOCOL_VERSION}"),
        })
    }

    /// Closes its input, which asks it to quit, and gives it a moment before it is killed.
    pub(crate) fn quit(mut self, patience: Duration) {
        self.input = None;
        if let Some(child) = &mut self.child {
            let deadline = Instant::now() + patience;
            while Instant::now() < deadline && matches!(child.try_wait(), Ok(None)) {
                thread::sleep(Duration::from_millis(5));
            }
        }
    }

    /// Kills the process with all its children; a thread is left to end by itself.
    fn kill(&mut self) {
        self.input = None;
        if let Some(mut child) = self.child.take() {
            #[cfg(unix)]
            if let Some(group) = rustix::process::Pid::from_raw(child.id() as i32) {
                // It leads its own group, in which children may outlive it. Where the group is gone, so are they.
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            }
            let _ = child.kill();
            if matches!(child.try_wait(), Ok(None)) {
                // A process stuck in a driver ends when it ends; nobody waits for it.
                thread::spawn(move || child.wait());
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
    }
}

fn read_lines(input: impl BufRead, id: u64, lines: &Sender<(u64, Line)>) {
    let mut reader = LineReader::new(input);
    loop {
        let line = match reader.read::<FromWorker>() {
            Ok(Some(message)) => Line::Message(message),
            Ok(None) => Line::Ended,
            Err(error) => Line::Broken(error.to_string()),
        };
        let last = !matches!(line, Line::Message(_));
        if lines.send((id, line)).is_err() || last {
            return;
        }
    }
}

fn keep_stderr(mut errors: impl Read, stderr: &Mutex<Stderr>) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = errors.read(&mut buffer) {
        let bytes = &buffer[..count];
        let mut stderr = stderr.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = &mut stderr.log {
            // A full disk must not end the trial: its log is for people only.
            let _ = log.write_all(bytes);
        }
        stderr.recent.extend_from_slice(bytes);
        let excess = stderr.recent.len().saturating_sub(REMEMBERED_BYTES);
        stderr.recent.drain(..excess);
    }
}

fn wait_at_most(child: &mut Child, patience: Duration) -> String {
    let deadline = Instant::now() + patience;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return format!("it ended ({status})"),
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
            Ok(None) => return "it closed its output without ending".to_owned(),
            Err(error) => return format!("its end is unknown ({error})"),
        }
    }
}
