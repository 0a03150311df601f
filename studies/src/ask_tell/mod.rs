//! Ask and tell: another program evaluates, seqtune says what to try. JSON lines over standard input and output, protocol 1;
//! every line gets exactly one reply.
//!
//! ```
//! use seqtune::ask_tell::{Opening, Request, Session};
//!
//! let first = r#"{"space": [{"name": "x", "type": "float", "low": -5, "high": 5}], "sampler": "random", "seed": 1}"#;
//! let mut session = Session::open(&Opening::read(first)?)?;
//! session.answer(Request::read(r#"{"ask": 1}"#)?)?;
//! session.answer(Request::read(r#"{"tell": {"id": 0, "value": 1.5}}"#)?)?;
//! let refused = session.answer(Request::read(r#"{"tell": {"id": 9, "value": 1.5}}"#)?).unwrap_err();
//! assert_eq!(refused.to_string(), "no running trial 9");
//! assert_eq!(session.history().best().map(|trial| trial.number), Some(0));
//! # Ok::<(), seqtune::ask_tell::AskTellError>(())
//! ```
//!
//! Reading a line ([`Opening::read`], [`Request::read`]) is apart from carrying it out ([`Session`]), and both from the
//! input and output ([`converse`]). A session applies the events that a manager would write, in eager order: in memory, or
//! in a study's directory, which every other command then reads.

mod conversation;
mod error;
mod fields;
mod kurobako;
mod log;
mod reply;
mod request;
mod session;
mod study;
#[cfg(test)]
mod tests;

pub use conversation::{ConversationError, converse};
pub use error::{AskTellError, Malformed};
pub use kurobako::serve_kurobako;
pub use reply::{PROTOCOL, Reply, TrialReply};
pub use request::{Opening, Outcome, Request, sampler_named};
pub use session::Session;
