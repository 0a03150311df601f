//! The study's side of a conversation with one worker.

use std::borrow::Borrow;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::{Options, Promise, Violation};
use crate::family::{FamilyInfo, ModelFamily};
use crate::protocol::{
    FromWorker, LineError, LineReader, PROTOCOL_VERSION, Run, StepReport, ToWorker, Verdict, write_line,
};
use crate::worker::serve;

/// The two streams of a worker.
pub struct Connection {
    pub(crate) input: Box<dyn Write + Send>,
    pub(crate) output: Box<dyn BufRead + Send>,
    process: Option<Process>,
}

/// Killed when the conversation is over: a worker that breaks the promise to end with its input must not stay behind.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // An error says that it has ended, which is what was wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Connection {
    /// A worker that reads `input` and writes `output`, wherever it is.
    pub fn new(input: impl Write + Send + 'static, output: impl BufRead + Send + 'static) -> Connection {
        Connection { input: Box::new(input), output: Box::new(output), process: None }
    }

    /// Starts a program as a worker: any command that speaks the protocol on its standard input and output. Its standard
    /// error goes where the command says.
    ///
    /// ```no_run
    /// use std::process::Command;
    /// use seqtune_plugin::conformance::{Connection, Options, check_worker};
    ///
    /// let start = || Connection::to_command(Command::new("python3").arg("train.py"));
    /// check_worker(&start, &Options::default()).unwrap();
    /// ```
    ///
    /// # Errors
    /// Where the program cannot be started.
    pub fn to_command(command: &mut Command) -> io::Result<Connection> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => {
                let process = Some(Process(child));
                Ok(Connection { input: Box::new(input), output: Box::new(BufReader::new(output)), process })
            }
            _ => Err(io::Error::other("the program has no standard streams")),
        }
    }

    /// Starts a worker in a thread, of a family that is `'static` or in an `Arc`. It ends when the connection is dropped.
    ///
    /// # Errors
    /// Where the system has no pipes or threads left.
    pub fn to_thread(family: impl Borrow<dyn ModelFamily> + Send + 'static) -> io::Result<Connection> {
        let (worker_input, input) = io::pipe()?;
        let (output, worker_output) = io::pipe()?;
        thread::Builder::new().name("worker".to_owned()).spawn(move || {
            // An error means that this side is gone, and then nobody wants to know.
            let _ = serve(family.borrow(), BufReader::new(worker_input), worker_output);
        })?;
        Ok(Connection::new(input, BufReader::new(output)))
    }
}

/// A worker that has said `ready`.
pub(super) struct Conversation<'a> {
    options: &'a Options,
    input: Box<dyn Write + Send>,
    messages: Receiver<Result<FromWorker, LineError>>,
    pub(super) info: FamilyInfo,
    /// Dropped last: after its input.
    _process: Option<Process>,
}

impl<'a> Conversation<'a> {
    pub(super) fn start(
        start: &dyn Fn() -> io::Result<Connection>,
        options: &'a Options,
    ) -> Result<Conversation<'a>, Violation> {
        let broken = |detail: String| Violation::new(Promise::Ready, detail);
        let connection = start().map_err(|error| broken(format!("the worker cannot be started: {error}")))?;
        let messages = read_in_thread(connection.output);
        match receive(&messages, options.longest_step)? {
            Some(FromWorker::Ready { protocol: PROTOCOL_VERSION, can, info, .. }) => {
                if let Some(missing) = ["prepare", "checkpoint"].iter().find(|needed| !can.iter().any(|c| c == *needed))
                {
                    return Err(broken(format!("its `can` lacks {missing:?}")));
                }
                let (input, process) = (connection.input, connection.process);
                Ok(Conversation { options, input, messages, info: *info, _process: process })
            }
            Some(FromWorker::Ready { protocol, .. }) => {
                Err(broken(format!("it speaks version {protocol} of the protocol, not {PROTOCOL_VERSION}")))
            }
            Some(other) => Err(broken(format!("the first line is {other:?}"))),
            None => Err(broken("the worker ended without a word".to_owned())),
        }
    }

    pub(super) fn send(&mut self, message: &ToWorker) -> Result<(), Violation> {
        write_line(&mut self.input, message).map_err(|error| {
            Violation::new(Promise::Protocol, format!("the worker no longer reads its input: {error}"))
        })
    }

    /// The next message that is not just a sign of life.
    pub(super) fn next(&mut self, within: Duration) -> Result<FromWorker, Violation> {
        receive(&self.messages, within)?
            .ok_or_else(|| Violation::new(Promise::Protocol, "the worker ended in the middle of the conversation"))
    }

    /// Lets the worker prepare the data; its digest.
    pub(super) fn prepare(&mut self, cache: &Path) -> Result<String, Violation> {
        self.send(&ToWorker::Prepare { data: self.options.data.clone(), cache: cache.to_owned() })?;
        match self.next(self.options.longest_step)? {
            FromWorker::Prepared { digest, .. } => Ok(digest),
            FromWorker::Failed { message, .. } => Err(Violation::new(Promise::Prepare, message)),
            other => Err(Violation::new(Promise::Prepare, format!("`prepare` was answered by {other:?}"))),
        }
    }

    /// Trains a trial to its end; its reports.
    pub(super) fn train(&mut self, run: &Run) -> Result<Vec<StepReport>, Violation> {
        self.train_watching(run, |_| Ok(()))
    }

    /// The same, with a look at each report before its verdict.
    pub(super) fn train_watching(
        &mut self,
        run: &Run,
        look: impl Fn(&StepReport) -> Result<(), Violation>,
    ) -> Result<Vec<StepReport>, Violation> {
        self.send(&ToWorker::Run(run.clone()))?;
        let mut reports = Vec::new();
        for step in first_step(run)..=run.steps {
            let report = self.report(run, step)?;
            look(&report)?;
            reports.push(report);
            self.send(&verdict(run.trial, Verdict::Continue))?;
        }
        match self.next(self.options.longest_step)? {
            FromWorker::Completed { trial } if trial == run.trial => Ok(reports),
            FromWorker::Report(extra) => Err(Violation::new(
                Promise::ReportsInOrder,
                format!("step {} was reported after the last one, {}", extra.step, run.steps),
            )),
            other => Err(unexpected(run, run.steps, &other)),
        }
    }

    /// The report of a step, checked.
    pub(super) fn report(&mut self, run: &Run, step: u64) -> Result<StepReport, Violation> {
        match self.next(self.options.longest_step)? {
            FromWorker::Report(report) if report.trial == run.trial => {
                if report.step != step {
                    let detail = format!("step {} was reported where step {step} was due", report.step);
                    return Err(Violation::new(Promise::ReportsInOrder, detail));
                }
                check_metrics(&self.info, &report)?;
                Ok(report)
            }
            FromWorker::Completed { trial } if trial == run.trial => Err(Violation::new(
                Promise::ReportsInOrder,
                format!("the trial was completed where the report of step {step} of {} was due", run.steps),
            )),
            other => Err(unexpected(run, step, &other)),
        }
    }

    /// Ends the input; whether the worker then ends in time.
    pub(super) fn ends(self, within: Duration) -> bool {
        drop(self.input);
        let deadline = Instant::now() + within;
        loop {
            match self.messages.recv_deadline(deadline) {
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => return false,
                Err(RecvTimeoutError::Disconnected) => return true,
            }
        }
    }
}

pub(super) fn verdict(trial: u64, verdict: Verdict) -> ToWorker {
    ToWorker::Verdict { trial, verdict, reason: None }
}

pub(super) fn first_step(run: &Run) -> u64 {
    run.checkpoint.as_ref().and_then(|plan| plan.from.as_ref()).map_or(0, |from| from.step) + 1
}

fn unexpected(run: &Run, step: u64, message: &FromWorker) -> Violation {
    match message {
        FromWorker::Failed { cause, message, .. } => {
            let cause = cause.name();
            Violation::new(Promise::Trains, format!("training failed at or before step {step} ({cause}): {message}"))
        }
        other => {
            let detail = format!("in training of trial {}, where step {step} was due, came {other:?}", run.trial);
            Violation::new(Promise::Protocol, detail)
        }
    }
}

fn check_metrics(info: &FamilyInfo, report: &StepReport) -> Result<(), Violation> {
    let broken = |detail| Err(Violation::new(Promise::Metrics, detail));
    if let Some(metric) = info.metrics.iter().find(|metric| !report.metrics.contains_key(&metric.name)) {
        return broken(format!("the report of step {} lacks `{}`", report.step, metric.name));
    }
    if let Some(name) = report.metrics.keys().find(|name| info.metric(name).is_none()) {
        return broken(format!("the report of step {} has `{name}`, which is not declared", report.step));
    }
    Ok(())
}

fn receive(
    messages: &Receiver<Result<FromWorker, LineError>>,
    within: Duration,
) -> Result<Option<FromWorker>, Violation> {
    let deadline = Instant::now() + within;
    loop {
        return match messages.recv_deadline(deadline) {
            Ok(Ok(FromWorker::Progress { .. } | FromWorker::Artifact { .. })) => continue,
            Ok(Ok(message)) => Ok(Some(message)),
            Ok(Err(error)) => Err(Violation::new(Promise::Protocol, error.to_string())),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => {
                Err(Violation::new(Promise::Protocol, format!("no answer came within {} s", within.as_secs_f64())))
            }
        };
    }
}

fn read_in_thread(output: Box<dyn BufRead + Send>) -> Receiver<Result<FromWorker, LineError>> {
    let (sender, messages) = crossbeam_channel::unbounded();
    thread::spawn(move || {
        let mut reader = LineReader::new(output);
        while let Some(line) = reader.read().transpose() {
            let last = line.as_ref().is_err_and(LineError::ends_the_conversation);
            if sender.send(line).is_err() || last {
                return;
            }
        }
    });
    messages
}
