//! Lines: one message each, in both directions and of limited length.

use std::io::{self, BufRead, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::MAX_LINE_BYTES;

/// How much of a line that is no message goes into the error.
const SHOWN_CHARACTERS: usize = 200;

/// Why a line is no message.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The other side can no longer be read.
    #[error("the other side cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The line is longer than [`MAX_LINE_BYTES`]. Where the next one begins is not known: the conversation is over.
    #[error("a line is longer than {} MiB, the most that the protocol allows", MAX_LINE_BYTES >> 20)]
    TooLong,
    /// The line is not UTF-8. The next one can be read.
    #[error("a line is not UTF-8 text: {shown:?}")]
    NotUtf8 {
        /// Its first characters.
        shown: String,
    },
    /// The line is not a message of this protocol: broken JSON, an unknown type, a missing field. The next one can be
    /// read.
    #[error("a line is not a message of the protocol ({reason}): {shown:?}")]
    NotAMessage {
        /// What the JSON reader says.
        reason: String,
        /// Its first characters.
        shown: String,
    },
}

impl LineError {
    /// Whether nothing more can be read after this error.
    pub fn ends_the_conversation(&self) -> bool {
        matches!(self, LineError::Io(_) | LineError::TooLong)
    }
}

/// Reads messages, one a line.
///
/// ```
/// use seqtune_plugin::protocol::{LineError, LineReader, ToWorker};
///
/// let mut reader = LineReader::new("{\"type\":\"interrupt\"}\nhello\n".as_bytes());
/// assert_eq!(reader.read::<ToWorker>()?, Some(ToWorker::Interrupt));
/// assert!(matches!(reader.read::<ToWorker>(), Err(LineError::NotAMessage { .. })));
/// assert_eq!(reader.read::<ToWorker>()?, None);
/// # Ok::<(), LineError>(())
/// ```
#[derive(Debug)]
pub struct LineReader<R> {
    input: R,
    line: Vec<u8>,
}

impl<R: BufRead> LineReader<R> {
    /// Reads from here on.
    pub fn new(input: R) -> LineReader<R> {
        LineReader { input, line: Vec::new() }
    }

    /// The next message; `None` at the end of input.
    ///
    /// # Errors
    /// [`LineError`]; see [`LineError::ends_the_conversation`] for whether to go on reading.
    pub fn read<T: DeserializeOwned>(&mut self) -> Result<Option<T>, LineError> {
        self.line.clear();
        // One byte more than the limit, for the line's end.
        self.input.by_ref().take(MAX_LINE_BYTES as u64 + 1).read_until(b'\n', &mut self.line)?;
        match self.line.last() {
            None => return Ok(None),
            Some(b'\n') => {
                self.line.pop();
            }
            Some(_) if self.line.len() > MAX_LINE_BYTES => return Err(LineError::TooLong),
            Some(_) => {}
        }
        let Ok(text) = std::str::from_utf8(&self.line) else {
            return Err(LineError::NotUtf8 { shown: head(&String::from_utf8_lossy(&self.line)) });
        };
        match serde_json::from_str(text) {
            Ok(message) => Ok(Some(message)),
            Err(error) => Err(LineError::NotAMessage { reason: error.to_string(), shown: head(text) }),
        }
    }
}

/// Writes one message as a line and flushes it.
///
/// # Errors
/// Where the other side is gone, or the message is longer than [`MAX_LINE_BYTES`]; then nothing is written.
pub fn write_line(output: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    if line.len() > MAX_LINE_BYTES {
        let bytes = line.len();
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("a message of {bytes} bytes is longer than the {MAX_LINE_BYTES} that the protocol allows"),
        ));
    }
    line.push(b'\n');
    output.write_all(&line)?;
    output.flush()
}

fn head(text: &str) -> String {
    text.chars().take(SHOWN_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use proptest::prelude::*;
    use seqtune_space::{Params, Value};

    use super::*;
    use crate::protocol::{
        CheckpointPlan, FromWorker, PROTOCOL_VERSION, ResumeFrom, Run, Saved, StepReport, ToWorker, Verdict,
    };
    use crate::{Applied, Apply, DataSpec, Direction, FailureCause, FamilyInfo, MetricInfo, MetricValue};

    fn read_one<T: DeserializeOwned>(bytes: &[u8]) -> Result<Option<T>, LineError> {
        LineReader::new(bytes).read()
    }

    #[test]
    fn a_line_of_exactly_the_limit_is_read_and_a_longer_one_is_not() {
        let mut line = vec![b' '; MAX_LINE_BYTES - 4];
        line.extend(b"true");
        assert!(read_one::<bool>(&line).unwrap().unwrap());
        line.push(b'\n');
        assert!(read_one::<bool>(&line).unwrap().unwrap());
        line.insert(0, b' ');
        let error = read_one::<bool>(&line).unwrap_err();
        assert!(matches!(error, LineError::TooLong));
        assert!(error.ends_the_conversation());
        assert_eq!(error.to_string(), "a line is longer than 16 MiB, the most that the protocol allows");
    }

    #[test]
    fn an_over_long_message_is_not_written() {
        let mut output = Vec::new();
        let error = write_line(&mut output, &"x".repeat(MAX_LINE_BYTES)).unwrap_err();
        assert!(error.to_string().contains("longer than"), "{error}");
        assert!(output.is_empty());
    }

    #[test]
    fn what_is_no_message_is_shown_shortened() {
        let line = format!("garbage {}", "x".repeat(5000));
        let text = read_one::<ToWorker>(line.as_bytes()).unwrap_err().to_string();
        assert!(text.contains("garbage xxx"), "{text}");
        assert!(text.len() < 400, "{text}");
        assert!(matches!(read_one::<ToWorker>(b"\xff\xfe\n"), Err(LineError::NotUtf8 { .. })));
        let text = read_one::<ToWorker>(b"{\"type\":\"dance\"}\n").unwrap_err().to_string();
        assert!(text.contains("unknown variant `dance`"), "{text}");
    }

    #[test]
    fn unknown_fields_are_ignored() {
        let line = br#"{"type":"completed","trial":7,"mood":"good"}"#;
        assert_eq!(read_one::<FromWorker>(line).unwrap(), Some(FromWorker::Completed { trial: 7 }));
    }

    fn number() -> impl Strategy<Value = f64> {
        prop_oneof![any::<f64>().prop_filter("JSON has finite numbers only", |x| x.is_finite()), Just(0.1 + 0.2)]
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            number().prop_map(Value::Float),
            any::<String>().prop_map(Value::Text),
        ]
    }

    fn metric() -> impl Strategy<Value = MetricValue> {
        let part = || proptest::option::of(number());
        prop_oneof![
            part().prop_map(MetricValue::Number),
            (part(), proptest::collection::vec(part(), 0..4))
                .prop_map(|(mean, parts)| MetricValue::Parts { mean, parts }),
        ]
    }

    fn metrics() -> impl Strategy<Value = BTreeMap<String, MetricValue>> {
        proptest::collection::btree_map(any::<String>(), metric(), 0..4)
    }

    fn path() -> impl Strategy<Value = PathBuf> {
        any::<String>().prop_map(PathBuf::from)
    }

    fn table() -> impl Strategy<Value = serde_json::Map<String, serde_json::Value>> {
        proptest::collection::btree_map(any::<String>(), any::<String>(), 0..3)
            .prop_map(|map| map.into_iter().map(|(key, text)| (key, text.into())).collect())
    }

    fn plan() -> impl Strategy<Value = CheckpointPlan> {
        let from = (path(), any::<u64>()).prop_map(|(path, step)| ResumeFrom { path, step });
        (any::<u64>(), path(), proptest::option::of(from)).prop_map(|(every, dir, from)| CheckpointPlan {
            every,
            dir,
            from,
        })
    }

    fn run() -> impl Strategy<Value = Run> {
        let params = proptest::collection::btree_map(any::<String>(), value(), 0..4).prop_map(Params);
        let numbers = (any::<u64>(), any::<u32>(), any::<u64>(), any::<u64>(), any::<u64>());
        (numbers, params, any::<String>(), proptest::option::of(plan())).prop_map(
            |((trial, attempt, seed, study_seed, steps), params, device, checkpoint)| Run {
                trial,
                attempt,
                params,
                seed,
                study_seed,
                device,
                steps,
                checkpoint,
            },
        )
    }

    fn to_worker() -> impl Strategy<Value = ToWorker> {
        let verdict = prop_oneof![Just(Verdict::Continue), Just(Verdict::Stop)];
        let apply = prop_oneof![
            any::<String>().prop_map(|split| Apply::Evaluate { split }),
            path().prop_map(|out| Apply::Predict { out }),
            path().prop_map(|out| Apply::Export { out }),
        ];
        prop_oneof![
            (table(), path(), path()).prop_map(|(values, root, cache)| ToWorker::Prepare {
                data: DataSpec { values, roots: vec![root] },
                cache,
            }),
            run().prop_map(ToWorker::Run),
            (any::<u64>(), verdict, proptest::option::of(any::<String>()))
                .prop_map(|(trial, verdict, reason)| ToWorker::Verdict { trial, verdict, reason }),
            Just(ToWorker::Interrupt),
            (apply, path()).prop_map(|(what, checkpoint)| ToWorker::Apply { what, checkpoint }),
        ]
    }

    fn info() -> impl Strategy<Value = FamilyInfo> {
        (any::<String>(), any::<bool>()).prop_map(|(text, minimize)| FamilyInfo {
            name: text.clone(),
            version: text.clone(),
            summary: text.clone(),
            step: text.clone(),
            parameters: serde_json::from_str(
                r#"{"lr":{"type":"float","low":0.001,"high":0.1,"log":true,"default":0.01},
                    "model":{"type":"categorical","choices":["mlp","cnn"]},
                    "width":{"type":"int","low":1,"high":9,"when":{"model":"cnn"}}}"#,
            )
            .unwrap(),
            metrics: vec![MetricInfo {
                name: text.clone(),
                direction: if minimize { Direction::Minimize } else { Direction::Maximize },
                unit: text.clone(),
                doc: text.clone(),
            }],
            data: BTreeMap::from([(text.clone(), text)]),
        })
    }

    fn cause() -> impl Strategy<Value = FailureCause> {
        proptest::sample::select(vec![
            FailureCause::BadParams,
            FailureCause::Diverged,
            FailureCause::OutOfMemory,
            FailureCause::Crashed,
            FailureCause::TimedOut,
            FailureCause::Interrupted,
        ])
    }

    fn from_worker() -> impl Strategy<Value = FromWorker> {
        let saved = (path(), any::<String>()).prop_map(|(path, sha256)| Saved { path, sha256 });
        let summary = table().prop_map(|table| table.into_iter().collect());
        let build = proptest::collection::btree_map(any::<String>(), any::<String>(), 0..3);
        prop_oneof![
            (info(), build).prop_map(|(info, build)| FromWorker::Ready {
                protocol: PROTOCOL_VERSION,
                can: vec!["prepare".to_owned()],
                info: Box::new(info),
                build,
            }),
            (any::<String>(), summary).prop_map(|(digest, summary)| FromWorker::Prepared { digest, summary }),
            (any::<u64>(), any::<u64>(), any::<u64>()).prop_map(|(trial, update, of)| FromWorker::Progress {
                trial,
                update,
                of
            }),
            (any::<u64>(), any::<u64>(), metrics(), proptest::option::of(saved)).prop_map(
                |(trial, step, metrics, checkpoint)| FromWorker::Report(StepReport {
                    trial,
                    step,
                    metrics,
                    checkpoint,
                }),
            ),
            any::<u64>().prop_map(|trial| FromWorker::Completed { trial }),
            (proptest::option::of(any::<u64>()), cause(), any::<String>())
                .prop_map(|(trial, cause, message)| FromWorker::Failed { trial, cause, message }),
            (any::<u64>(), any::<String>(), path()).prop_map(|(trial, kind, path)| FromWorker::Artifact {
                trial,
                kind,
                path
            }),
            (metrics(), proptest::collection::vec(path(), 0..3))
                .prop_map(|(metrics, files)| FromWorker::Applied(Applied { metrics, files })),
        ]
    }

    proptest! {
        #[test]
        fn messages_to_a_worker_round_trip(message in to_worker()) {
            let mut line = Vec::new();
            write_line(&mut line, &message).unwrap();
            prop_assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            prop_assert_eq!(read_one::<ToWorker>(&line).unwrap(), Some(message));
        }

        #[test]
        fn messages_from_a_worker_round_trip(message in from_worker()) {
            let mut line = Vec::new();
            write_line(&mut line, &message).unwrap();
            prop_assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            prop_assert_eq!(read_one::<FromWorker>(&line).unwrap(), Some(message));
        }

        #[test]
        fn any_bytes_are_read_to_their_end_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut reader = LineReader::new(bytes.as_slice());
            let mut lines = 0;
            loop {
                match reader.read::<ToWorker>() {
                    Ok(None) => break,
                    Ok(Some(_)) => {}
                    Err(error) => prop_assert!(!error.ends_the_conversation()),
                }
                lines += 1;
            }
            prop_assert_eq!(lines, bytes.split_inclusive(|byte| *byte == b'\n').count());
        }

        #[test]
        fn a_message_cut_short_is_not_taken_for_another(message in from_worker(), cut in 0.0..1.0) {
            let mut line = Vec::new();
            write_line(&mut line, &message).unwrap();
            let keep = (cut * (line.len() - 1) as f64) as usize;
            if keep > 0 {
                prop_assume!(keep < line.len() - 1);
                prop_assert!(read_one::<FromWorker>(&line[..keep]).is_err());
            }
        }
    }
}
