//! Any bytes as the two sides of the worker protocol: each line is a message, or an error after which the next can be
//! read; a message that was read is written and read again the same. And as what a client of ask-tell writes: each line is
//! read or refused, and a request that is refused changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seqtune::ask_tell::{Opening, Request, Session};
use seqtune_plugin::protocol::{FromWorker, LineReader, ToWorker, write_line};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn read_all<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    let mut reader = LineReader::new(bytes);
    let mut lines = 0;
    loop {
        match reader.read::<T>() {
            Ok(None) => break,
            Ok(Some(message)) => {
                let mut line = Vec::new();
                write_line(&mut line, &message).expect("it came in, so it goes out");
                let again = LineReader::new(line.as_slice()).read::<T>().expect("it was written as a message");
                assert_eq!(again, Some(message));
            }
            Err(error) => assert!(!error.ends_the_conversation(), "{error}"),
        }
        lines += 1;
    }
    assert_eq!(lines, bytes.split_inclusive(|byte| *byte == b'\n').count());
}

/// The study that the requests are made to.
const FIRST: &str = r#"{"space": [{"name": "m", "type": "categorical", "choices": ["a", "b"]},
    {"name": "x", "type": "float", "low": 0, "high": 1, "when": {"m": "a"}}],
    "direction": ["minimize", "maximize"], "constraints": 1, "sampler": "random"}"#;

fn ask_and_tell(text: &str) {
    let first = Opening::read(FIRST).expect("it is a first line");
    let mut session = Session::open(&first).expect("it is a space");
    for line in text.lines() {
        // What is read is a space: a point of it can be made.
        if let Ok(opening) = Opening::read(line) {
            let middle = vec![0.5; opening.space.dimensions().len()];
            opening.space.decode(&middle).expect("the length is right");
        }
        let Ok(request) = Request::read(line) else { continue };
        // More of them would show nothing else.
        if matches!(request, Request::Ask(count) if count > 4) {
            continue;
        }
        let before = (session.history().seq, session.history().trials.len());
        if session.answer(request).is_err() {
            assert_eq!((session.history().seq, session.history().trials.len()), before);
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        ask_and_tell(text);
    }
    read_all::<ToWorker>(bytes);
    read_all::<FromWorker>(bytes);
});
