//! Lines in, lines out: the first line until one is accepted, then requests.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;

use seqtune_core::StoreError;
use seqtune_plugin::protocol::MAX_LINE_BYTES;

use super::error::AskTellError;
use super::reply::Reply;
use super::request::{Opening, Request};
use super::session::Session;

/// Why a conversation ended before its input did.
#[derive(Debug, thiserror::Error)]
pub enum ConversationError {
    /// The client cannot be written to any more.
    #[error("cannot write the reply: {0}")]
    Output(#[from] io::Error),
    /// The log cannot be used any more.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Answers every line of the input, in order, until it ends.
///
/// A thread reads ahead, so that a client may write as many requests as it likes before it reads. What was answered is
/// flushed whenever no request waits.
///
/// # Errors
/// [`ConversationError`]. What was answered before is in the log.
pub fn converse(input: impl Read + Send + 'static, output: impl Write) -> Result<(), ConversationError> {
    let mut session = None;
    let ended = answer_all(&read_ahead(input), BufWriter::new(output), |line, output| {
        let (reply, lost) = answer(&mut session, line);
        write_reply(output, &reply)?;
        lost.map_or(Ok(()), |error| Err(error.into()))
    });
    let closed = session.map_or(Ok(()), Session::close);
    ended.and(closed.map_err(Into::into))
}

/// The reply to one line, and the error that ends the conversation after it.
fn answer<'a>(session: &'a mut Option<Session>, line: Line) -> (Reply<'a>, Option<StoreError>) {
    let refused = |error: &dyn std::fmt::Display| Reply::Error { error: error.to_string() };
    let text = match line {
        Ok(text) => text,
        Err(message) => return (refused(&message), None),
    };
    if session.is_none() {
        return match Opening::read(&text).map_err(AskTellError::from).and_then(|opening| Session::open(&opening)) {
            Ok(opened) => (session.insert(opened).opened(), None),
            Err(error) => (refused(&error), None),
        };
    }
    let Some(session) = session else { return (refused(&"there is no study"), None) };
    match Request::read(&text).map_err(AskTellError::from).and_then(|request| session.answer(request)) {
        Ok(reply) => (reply, None),
        Err(AskTellError::Lost(error)) => (refused(&error), Some(error)),
        Err(error) => (refused(&error), None),
    }
}

/// A line of the input, or why it is none.
pub(super) type Line = Result<String, String>;

/// Answers lines as they come; flushes when none waits.
pub(super) fn answer_all<W: Write>(
    lines: &Receiver<Line>,
    mut output: BufWriter<W>,
    mut answer: impl FnMut(Line, &mut BufWriter<W>) -> Result<(), ConversationError>,
) -> Result<(), ConversationError> {
    loop {
        let line = match lines.try_recv() {
            Ok(line) => line,
            Err(TryRecvError::Disconnected) => break,
            Err(TryRecvError::Empty) => {
                output.flush()?;
                match lines.recv() {
                    Ok(line) => line,
                    Err(mpsc::RecvError) => break,
                }
            }
        };
        if let Err(error) = answer(line, &mut output) {
            output.flush()?;
            return Err(error);
        }
    }
    Ok(output.flush()?)
}

pub(super) fn write_reply(output: &mut impl Write, reply: &impl serde::Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *output, reply)?;
    output.write_all(b"\n")
}

/// Reads lines in a thread of its own. It ends with the input, or with the program.
pub(super) fn read_ahead(input: impl Read + Send + 'static) -> Receiver<Line> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut input = BufReader::with_capacity(1 << 16, input);
        while let Some(line) = read_line(&mut input) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// The next line; `None` at the end of the input, or where it cannot be read any more.
fn read_line(input: &mut impl BufRead) -> Option<Line> {
    let mut line = Vec::new();
    let mut whole = input.by_ref().take(MAX_LINE_BYTES as u64 + 1).read_until(b'\n', &mut line).ok()? > 0;
    if !whole {
        return None;
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() > MAX_LINE_BYTES {
        // What is left of it is no line of its own.
        while whole {
            line.clear();
            let read = input.by_ref().take(1 << 16).read_until(b'\n', &mut line).ok()?;
            whole = read > 0 && line.last() != Some(&b'\n');
        }
        return Some(Err(format!("a line is longer than {} MiB, the most that is read", MAX_LINE_BYTES >> 20)));
    }
    Some(String::from_utf8(line).map_err(|_| "the line is not UTF-8 text".to_owned()))
}
