//! What the study sends, read by a thread of its own so that an interruption reaches a step in training.

use std::io::BufRead;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};

use crate::protocol::{LineError, LineReader, ToWorker};

/// Messages in their order, and whether an interruption is among those not yet taken.
pub(super) struct Inbox {
    messages: Receiver<Result<ToWorker, LineError>>,
    state: Arc<State>,
    /// Interruptions that [`Inbox::next`] has handed out.
    taken: u64,
}

#[derive(Default)]
struct State {
    /// Interruptions read so far. A count, not a flag: one that arrives when its trial has just ended must not be
    /// mistaken for one of the next trial.
    interruptions: AtomicU64,
    ended: AtomicBool,
}

impl Inbox {
    /// Starts reading. The thread lives until the input ends; the process ends `patience` later where one is given.
    pub(super) fn open(input: impl BufRead + Send + 'static, patience: Option<Duration>) -> Inbox {
        let (sender, messages) = crossbeam_channel::unbounded();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            read_all(LineReader::new(input), &sender, &shared);
            shared.ended.store(true, Ordering::Release);
            drop(sender);
            if let Some(patience) = patience {
                thread::sleep(patience);
                tracing::warn!("the input ended {} s ago and the step does not return: exit", patience.as_secs());
                std::process::exit(1);
            }
        });
        Inbox { messages, state, taken: 0 }
    }

    /// The next message, or the line that is none; waits for it. `None` at the end of input.
    pub(super) fn next(&mut self) -> Option<Result<ToWorker, LineError>> {
        let message = self.messages.recv().ok()?;
        if matches!(message, Ok(ToWorker::Interrupt)) {
            self.taken += 1;
        }
        Some(message)
    }

    /// Whether the trial in training is to be left: an interruption waits, or the input has ended.
    pub(super) fn interrupted(&self) -> bool {
        self.ended() || self.state.interruptions.load(Ordering::Acquire) > self.taken
    }

    /// Whether the input has ended; messages may still wait.
    pub(super) fn ended(&self) -> bool {
        self.state.ended.load(Ordering::Acquire)
    }
}

fn read_all(mut reader: LineReader<impl BufRead>, messages: &Sender<Result<ToWorker, LineError>>, state: &State) {
    loop {
        let (line, last) = match reader.read::<ToWorker>() {
            Ok(None) => return,
            Ok(Some(message)) => (Ok(message), false),
            Err(error) => {
                let last = error.ends_the_conversation();
                (Err(error), last)
            }
        };
        let interruption = matches!(line, Ok(ToWorker::Interrupt));
        if messages.send(line).is_err() || last {
            return;
        }
        // After the send: whoever sees the count finds the message.
        if interruption {
            state.interruptions.fetch_add(1, Ordering::Release);
        }
    }
}
