//! Records of a delimited text, each with the line it stands in.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;
use std::rc::Rc;

use csv::{ByteRecord, Reader, ReaderBuilder, StringRecord};
use flate2::bufread::MultiGzDecoder;

/// Opens a file, plain or gzip.
///
/// # Errors
/// Where it cannot be opened.
pub fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let mut file = BufReader::new(File::open(path)?);
    let packed = file.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    Ok(if packed { Box::new(BufReader::new(MultiGzDecoder::new(file))) } else { Box::new(file) })
}

/// The records of a text with tabs, commas or semicolons between its columns, the header among them.
pub struct Records {
    reader: Reader<Marked<Box<dyn Read>>>,
    starts: Starts,
}

impl Records {
    /// Reads up to the first line with text: the most frequent of the characters in it stands between the columns.
    ///
    /// # Errors
    /// Where the text cannot be read.
    pub fn new(mut text: Box<dyn BufRead>) -> io::Result<Records> {
        let (mut head, mut start) = (Vec::new(), 0);
        while head[start..].trim_ascii().is_empty() {
            start = head.len();
            if text.read_until(b'\n', &mut head)? == 0 {
                break;
            }
        }
        let delimiter = delimiter(&head[start..]);
        let starts = Starts::default();
        let whole: Box<dyn Read> = Box::new(Cursor::new(head).chain(text));
        let marked = Marked { inner: whole, starts: Rc::clone(&starts), byte: 0, line: 1, inside: false };
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true).delimiter(delimiter).trim(csv::Trim::All);
        Ok(Records { reader: builder.from_reader(marked), starts })
    }

    /// The next record and its line. Bytes that are no UTF-8 are replaced.
    ///
    /// # Errors
    /// Where the text cannot be read.
    pub fn next(&mut self) -> csv::Result<Option<(StringRecord, u64)>> {
        let mut record = ByteRecord::new();
        if !self.reader.read_byte_record(&mut record)? {
            return Ok(None);
        }
        let byte = record.position().map_or(0, csv::Position::byte);
        let mut starts = self.starts.borrow_mut();
        while starts.front().is_some_and(|(start, _)| *start < byte) {
            starts.pop_front();
        }
        let line = starts.front().map_or(0, |(_, line)| *line);
        Ok(Some((StringRecord::from_byte_record_lossy(record), line)))
    }
}

/// First byte and number of each line with text, from the place that is read.
type Starts = Rc<RefCell<VecDeque<(u64, u64)>>>;

/// Marks where the lines start. The place that the reader of records gives lies before empty lines, and before the
/// second character of a line end of two: its line is too low.
struct Marked<R> {
    inner: R,
    starts: Starts,
    byte: u64,
    line: u64,
    /// Whether text of the line was seen.
    inside: bool,
}

impl<R: Read> Read for Marked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let mut starts = self.starts.borrow_mut();
        for byte in &buffer[..count] {
            match byte {
                b'\n' => {
                    self.line += 1;
                    self.inside = false;
                }
                b'\r' => {}
                _ if !self.inside => {
                    starts.push_back((self.byte, self.line));
                    self.inside = true;
                }
                _ => {}
            }
            self.byte += 1;
        }
        Ok(count)
    }
}

fn delimiter(line: &[u8]) -> u8 {
    let mut quoted = false;
    let bare: Vec<u8> = line
        .iter()
        .copied()
        .filter(|byte| {
            quoted ^= *byte == b'"';
            !quoted
        })
        .collect();
    let count = |delimiter: &u8| bare.iter().filter(|byte| *byte == delimiter).count();
    [b';', b',', b'\t'].into_iter().max_by_key(count).unwrap_or(b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> Vec<(Vec<String>, u64)> {
        let mut records = Records::new(Box::new(text.as_bytes())).unwrap();
        let mut found = Vec::new();
        while let Some((record, line)) = records.next().unwrap() {
            found.push((record.iter().map(str::to_owned).collect(), line));
        }
        found
    }

    fn lines(text: &'static str) -> Vec<u64> {
        read(text).iter().map(|(_, line)| *line).collect()
    }

    #[test]
    fn lines_are_counted_over_empty_ones_and_within_quotes() {
        assert_eq!(lines("a,b\n1,2\n3,4\n"), [1, 2, 3]);
        assert_eq!(lines("a,b\r\n1,2\r\n\r\n3,4"), [1, 2, 4]);
        assert_eq!(lines("\n\na,b\n\n\n1,2\n"), [3, 6]);
        assert_eq!(lines("a,b\n\"1\n1\",2\n3,4\n"), [1, 2, 4]);
        assert_eq!(lines(""), [0_u64; 0]);
        assert_eq!(lines("\n\n"), [0_u64; 0]);
    }

    #[test]
    fn the_delimiter_is_the_most_frequent_outside_quotes() {
        assert_eq!(read("a\tb, c\td\n")[0].0, ["a", "b, c", "d"]);
        assert_eq!(read("\"a;b;c;d\",e\n")[0].0, ["a;b;c;d", "e"]);
        assert_eq!(read("a ; b\n")[0].0, ["a", "b"]);
        assert_eq!(read("alone\n")[0].0, ["alone"]);
    }
}
