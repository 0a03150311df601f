//! The end of a worker's log file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// How much of the file is read.
const TAIL_BYTES: u64 = 6 * 1024;
/// How many lines are shown at most.
const LINES: usize = 40;

/// The last lines of a trial's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogTail {
    /// The trial.
    pub trial: u64,
    /// Where the file is, relative to the study's directory.
    pub path: PathBuf,
    /// The last lines; `None` where there is no file.
    pub text: Option<Arc<str>>,
}

/// Follows the log file of one trial.
#[derive(Debug)]
pub(super) struct LogWatch {
    directory: PathBuf,
    trial: u64,
    seen: Option<(u64, Option<SystemTime>)>,
    tail: Option<LogTail>,
}

impl LogWatch {
    pub(super) fn new(directory: &Path, trial: u64) -> LogWatch {
        LogWatch { directory: directory.to_owned(), trial, seen: None, tail: None }
    }

    /// The tail, and whether it changed since the last call.
    pub(super) fn poll(&mut self) -> (LogTail, bool) {
        let path = PathBuf::from("logs").join(format!("{:04}.log", self.trial));
        let file = self.directory.join(&path);
        let seen = file.metadata().ok().map(|data| (data.len(), data.modified().ok()));
        if let Some(tail) = self.tail.as_ref().filter(|_| seen == self.seen) {
            return (tail.clone(), false);
        }
        // A log that cannot be read is shown like one that is not there.
        let text = read_tail(&file).ok().map(|bytes| last_lines(&bytes).into());
        let tail = LogTail { trial: self.trial, path, text };
        (self.seen, self.tail) = (seen, Some(tail.clone()));
        (tail, true)
    }
}

fn read_tail(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    if length > TAIL_BYTES {
        // The first line is cut off somewhere.
        let start = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        bytes.drain(..start);
    }
    Ok(bytes)
}

/// The last lines as plain text: terminal colours and other control characters are left out, and of a line that was
/// written over itself only the last state stays.
fn last_lines(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<String> = text
        .lines()
        .map(|line| without_control(line.trim_end_matches('\r').rsplit('\r').next().unwrap_or(line)))
        .collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

fn without_control(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line.chars();
    while let Some(next) = rest.next() {
        match next {
            // An escape sequence ends with a letter.
            '\u{1b}' => {
                let _ = rest.by_ref().find(char::is_ascii_alphabetic);
            }
            '\t' => plain.push_str("    "),
            other if other.is_control() => {}
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_codes_are_left_out() {
        assert_eq!(last_lines(b"a\n\x1b[31mred\x1b[0m\t1\n10%\r20%\r\n"), "a\nred    1\n20%");
    }

    #[test]
    fn only_the_end_of_a_long_log_is_read_and_changes_are_noticed() {
        let study = tempfile::tempdir().unwrap();
        let mut watch = LogWatch::new(study.path(), 7);
        assert_eq!(watch.poll().0.text, None);
        std::fs::create_dir(study.path().join("logs")).unwrap();
        let lines: String = (0..5000).map(|line| format!("line {line}\n")).collect();
        std::fs::write(study.path().join("logs/0007.log"), &lines).unwrap();
        let (tail, changed) = watch.poll();
        let text = tail.text.unwrap();
        assert!(changed && text.starts_with("line 4960\n") && text.ends_with("line 4999"));
        assert!(!watch.poll().1);
    }
}
