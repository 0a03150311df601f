//! Any bytes as the two sides of the worker protocol: each line is a message, or an error after which the next can be
//! read; a message that was read is written and read again the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
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

fuzz_target!(|bytes: &[u8]| {
    read_all::<ToWorker>(bytes);
    read_all::<FromWorker>(bytes);
});
