//! The worker loop: a family behind JSON lines.

mod checkpoint;
mod inbox;
mod program;
mod stdio;
mod training;

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::time::Duration;

pub use program::{worker_main, worker_main_with};

use crate::error::{FailureCause, FamilyError};
use crate::family::{Apply, DataSpec, FamilyInfo, ModelFamily, Prepared};
use crate::protocol::{FromWorker, LineError, PROTOCOL_VERSION, ToWorker, write_line};
use inbox::Inbox;

/// Serves one family over any reader and writer, until the input ends; [`worker_main`] does it over standard input and
/// output, and a thread can do it over two pipes.
///
/// The input is read by a thread that outlives this function where the output ends before the input does.
///
/// ```
/// use std::io::{BufReader, pipe};
/// use seqtune_plugin::protocol::{FromWorker, LineReader};
/// # use seqtune_plugin::*;
/// # struct Nothing;
/// # impl ModelFamily for Nothing {
/// #     fn info(&self) -> FamilyInfo {
/// #         serde_json::from_str(r#"{"name":"nothing","version":"1","summary":"","step":"epoch","parameters":{},
/// #             "metrics":[]}"#).unwrap()
/// #     }
/// #     fn prepare(&self, _: &DataSpec, _: &std::path::Path) -> Result<Prepared, FamilyError> {
/// #         Err(FamilyError::Data("there is none".to_owned()))
/// #     }
/// #     fn open(&self, _: &Prepared, _: &Job) -> Result<Box<dyn Session>, FamilyError> {
/// #         Err(FamilyError::BadParams("nothing can be built".to_owned()))
/// #     }
/// # }
/// # let family = Nothing;
/// let (worker_input, to_worker) = pipe()?;
/// let (from_worker, worker_output) = pipe()?;
/// let worker = std::thread::spawn(move || seqtune_plugin::serve(&family, BufReader::new(worker_input), worker_output));
/// let mut answers = LineReader::new(BufReader::new(from_worker));
/// assert!(matches!(answers.read()?, Some(FromWorker::Ready { protocol: 1, .. })));
/// drop(to_worker);
/// worker.join().unwrap()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Where the other side is gone, or sends a line beyond [`MAX_LINE_BYTES`](crate::protocol::MAX_LINE_BYTES).
pub fn serve(family: &dyn ModelFamily, input: impl BufRead + Send + 'static, output: impl Write) -> io::Result<()> {
    Conversation::open(family, BTreeMap::new(), input, output, None).serve()
}

/// One worker's side of the conversation.
struct Conversation<'a, W> {
    family: &'a dyn ModelFamily,
    info: FamilyInfo,
    build: BTreeMap<String, String>,
    inbox: Inbox,
    /// In a cell, since a step in training writes progress while the conversation waits for it.
    output: RefCell<W>,
    prepared: Option<Prepared>,
}

impl<'a, W: Write> Conversation<'a, W> {
    fn open(
        family: &'a dyn ModelFamily,
        build: BTreeMap<String, String>,
        input: impl BufRead + Send + 'static,
        output: W,
        patience: Option<Duration>,
    ) -> Self {
        Conversation {
            family,
            info: family.info(),
            build,
            inbox: Inbox::open(input, patience),
            output: RefCell::new(output),
            prepared: None,
        }
    }

    fn serve(mut self) -> io::Result<()> {
        self.greet()?;
        while let Some(message) = self.inbox.next() {
            match message {
                Ok(ToWorker::Prepare { data, cache }) => self.prepare(&data, &cache)?,
                Ok(ToWorker::Run(run)) => self.run(&run)?,
                Ok(ToWorker::Apply { what, checkpoint }) => self.apply(&what, &checkpoint)?,
                // Late ones, for a trial that has ended: they crossed its last message.
                Ok(ToWorker::Verdict { .. } | ToWorker::Interrupt) => {}
                Err(error) => self.refuse_line(error)?,
            }
        }
        Ok(())
    }

    fn greet(&self) -> io::Result<()> {
        let mut build = self.build.clone();
        for (key, value) in
            [("seqtune", env!("CARGO_PKG_VERSION")), ("os", std::env::consts::OS), ("arch", std::env::consts::ARCH)]
        {
            build.entry(key.to_owned()).or_insert_with(|| value.to_owned());
        }
        self.send(&FromWorker::Ready {
            protocol: PROTOCOL_VERSION,
            can: ["prepare", "checkpoint", "apply"].map(str::to_owned).to_vec(),
            info: Box::new(self.info.clone()),
            build,
        })
    }

    fn prepare(&mut self, data: &DataSpec, cache: &Path) -> io::Result<()> {
        let family = self.family;
        match guarded(|| family.prepare(data, cache)) {
            Ok(prepared) => {
                let (digest, summary) = (prepared.digest.clone(), prepared.summary.clone());
                self.prepared = Some(prepared);
                self.send(&FromWorker::Prepared { digest, summary })
            }
            Err(error) => {
                self.prepared = None;
                self.send_failed(None, error.cause(), error.to_string())
            }
        }
    }

    fn apply(&self, what: &Apply, checkpoint: &Path) -> io::Result<()> {
        let Some(prepared) = &self.prepared else {
            return self.send_failed(None, FailureCause::Crashed, "`apply` came before `prepare`".to_owned());
        };
        match guarded(|| self.family.apply(prepared, checkpoint, what)) {
            Ok(applied) => self.send(&FromWorker::Applied(applied)),
            Err(error) => self.send_failed(None, error.cause(), error.to_string()),
        }
    }

    /// Answers a line that is no message. The conversation goes on where the next line can be found.
    fn refuse_line(&self, error: LineError) -> io::Result<()> {
        match error {
            LineError::Io(error) => Err(error),
            error => {
                self.send_failed(None, FailureCause::Crashed, error.to_string())?;
                if error.ends_the_conversation() { Err(io::Error::other(error)) } else { Ok(()) }
            }
        }
    }

    fn send(&self, message: &FromWorker) -> io::Result<()> {
        write_line(&mut *self.output.borrow_mut(), message)
    }

    fn send_failed(&self, trial: Option<u64>, cause: FailureCause, message: String) -> io::Result<()> {
        self.send(&FromWorker::Failed { trial, cause, message })
    }
}

/// Calls a family; a panic there becomes an error like any other.
fn guarded<T>(call: impl FnOnce() -> Result<T, FamilyError>) -> Result<T, FamilyError> {
    // A family's state is dropped after a panic, or is behind `&self` of a `Sync` type.
    panic::catch_unwind(AssertUnwindSafe(call))
        .unwrap_or_else(|payload| Err(FamilyError::Other(format!("the family panicked: {}", panic_message(&*payload)))))
}

fn panic_message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

#[cfg(test)]
mod tests;
