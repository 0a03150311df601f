//! A worker that one command starts for itself, and asks one thing after the other.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use crossbeam_channel::{Receiver, unbounded};
use seqtune_plugin::protocol::{FromWorker, ToWorker};
use seqtune_plugin::{DataSpec, FailureCause, FamilyInfo};

use super::{LaunchError, Line, READY_LIMIT, Worker, WorkerProgram};

/// A worker that said `ready`. Dropping it ends it.
pub(crate) struct Started {
    program: WorkerProgram,
    worker: Worker,
    lines: Receiver<(u64, Line)>,
    can: Vec<String>,
    info: FamilyInfo,
    build: BTreeMap<String, String>,
}

impl WorkerProgram {
    /// Starts a worker and waits until it is ready.
    pub(crate) fn started(&self) -> Result<Started, LaunchError> {
        let (sender, lines) = unbounded();
        let mut worker = Worker::start(self, 0, &[], sender)?;
        let deadline = Instant::now() + READY_LIMIT;
        match lines.recv_deadline(deadline).map(|(_, line)| line) {
            Ok(Line::Message(FromWorker::Ready { protocol, can, info, build })) => {
                worker.check_protocol(protocol)?;
                Ok(Started { program: self.clone(), worker, lines, can, info: *info, build })
            }
            Ok(Line::Message(_)) => Err(LaunchError::Protocol {
                program: self.to_string(),
                message: "its first line was not `ready`".to_owned(),
            }),
            Ok(Line::Broken(message)) => Err(LaunchError::Protocol { program: self.to_string(), message }),
            Ok(Line::Ended) => Err(LaunchError::cannot_start(self, worker.epitaph())),
            Err(_) => {
                Err(LaunchError::cannot_start(self, format!("it was not ready within {} s", READY_LIMIT.as_secs())))
            }
        }
    }
}

impl Started {
    /// The family it serves.
    pub(crate) fn info(&self) -> &FamilyInfo {
        &self.info
    }

    /// Versions and machine.
    pub(crate) fn build(&self) -> &BTreeMap<String, String> {
        &self.build
    }

    /// Whether it says that it can do something.
    pub(crate) fn can(&self, what: &str) -> bool {
        self.can.iter().any(|can| can == what)
    }

    /// Lets it prepare the data; gives the digest and the summary.
    pub(crate) fn prepare(
        &mut self,
        data: &DataSpec,
        cache: &Path,
    ) -> Result<(String, BTreeMap<String, serde_json::Value>), LaunchError> {
        let message = ToWorker::Prepare { data: data.clone(), cache: cache.to_owned() };
        self.send(&message).map_err(|error| LaunchError::cannot_start(&self.program, error.to_string()))?;
        loop {
            // Preparing may take hours (an alignment, a download by the family): no limit here.
            match self.line() {
                Line::Message(FromWorker::Prepared { digest, summary }) => return Ok((digest, summary)),
                Line::Message(FromWorker::Failed { cause: FailureCause::Unusable, message, .. }) => {
                    return Err(LaunchError::Data { message });
                }
                Line::Message(FromWorker::Failed { message, .. }) => {
                    let message = format!("it could not prepare the data: {message}");
                    return Err(LaunchError::cannot_start(&self.program, message));
                }
                Line::Message(_) => {}
                Line::Broken(message) => {
                    return Err(LaunchError::Protocol { program: self.program.to_string(), message });
                }
                Line::Ended => {
                    let epitaph = self.epitaph();
                    return Err(LaunchError::cannot_start(&self.program, epitaph));
                }
            }
        }
    }

    /// Sends one message.
    pub(crate) fn send(&mut self, message: &ToWorker) -> std::io::Result<()> {
        self.worker.send(message)
    }

    /// Waits for the next line.
    pub(crate) fn line(&self) -> Line {
        self.lines.recv().map_or(Line::Ended, |(_, line)| line)
    }

    /// Why it ended, as far as it can be told.
    pub(crate) fn epitaph(&mut self) -> String {
        self.worker.epitaph()
    }
}
