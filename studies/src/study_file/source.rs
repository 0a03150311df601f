//! The text of a study file, and errors that point into it.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Characters of a line that an excerpt shows at most.
const SHOWN: usize = 160;

/// A study file that cannot be used. Messages are one sentence: what is wrong; what would be right.
#[derive(Debug, thiserror::Error)]
pub enum StudyFileError {
    /// The file cannot be read.
    #[error("cannot read the study file {}: {source}{}", path.display(), advice(source, path))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is wrong at this place.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        /// What is wrong; what would be right.
        message: String,
        /// The line with a caret below, for people.
        excerpt: String,
    },
}

impl StudyFileError {
    /// The line at fault with a caret below, where there is one.
    pub fn excerpt(&self) -> Option<&str> {
        match self {
            StudyFileError::Wrong { excerpt, .. } => Some(excerpt),
            StudyFileError::Unreadable { .. } => None,
        }
    }
}

/// What to do about a file that cannot be read.
fn advice(error: &io::Error, path: &Path) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("; `seqtune init FAMILY -o {}` writes one", path.display()),
        io::ErrorKind::InvalidData => "; a study file is text in UTF-8".to_owned(),
        io::ErrorKind::IsADirectory => "; a study that is there goes on with `seqtune resume DIR`".to_owned(),
        _ => String::new(),
    }
}

/// A place in the text, in bytes.
pub(super) type Span = Range<usize>;

/// The text of a study file and where it came from.
#[derive(Clone, Debug)]
pub(super) struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    pub(super) fn new(path: &Path, text: String) -> Source {
        // A byte-order mark, which some editors write, is no part of the text.
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        };
        Source { path: path.to_owned(), text }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The error at `span`.
    pub(super) fn wrong(&self, span: Span, message: impl Into<String>) -> StudyFileError {
        let start = floor_boundary(&self.text, span.start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        let line_text = self.text[line_start..line_end].trim_end_matches('\r');
        let line = self.text[..start].matches('\n').count() + 1;
        let before = &self.text[line_start..start];
        let marked_end =
            floor_boundary(&self.text, span.end).clamp(start, line_start + line_text.len().max(before.len()));
        let width = self.text[start..marked_end].chars().count().max(1);
        // Of a line that fills more than a screen's width, the part around the place.
        let skipped =
            if line_text.chars().count() > SHOWN { before.chars().count().saturating_sub(SHOWN / 3) } else { 0 };
        let shown: String = line_text.chars().skip(skipped).take(SHOWN).collect();
        // Tabs stay tabs, so that the caret stands below its place whatever their width.
        let blank = |character| if character == '\t' { '\t' } else { ' ' };
        let pad: String = before.chars().skip(skipped).map(blank).collect();
        let carets = "^".repeat(width.min(SHOWN.saturating_sub(pad.chars().count()).max(1)));
        let gutter = line.to_string().len();
        let excerpt = format!("{line:>gutter$} | {shown}\n{:>gutter$} | {pad}{carets}", "");
        StudyFileError::Wrong {
            path: self.path.clone(),
            line,
            column: before.chars().count() + 1,
            message: message.into(),
            excerpt,
        }
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_characters_from_one() {
        let source = Source::new(Path::new("s.toml"), "a = 1\n\tß = \"x\"\n".to_owned());
        let at = source.text().find('"').unwrap();
        let error = source.wrong(at..at + 3, "wrong; right");
        assert_eq!(error.to_string(), "s.toml:2:6: wrong; right");
        assert_eq!(error.excerpt().unwrap(), "2 | \tß = \"x\"\n  | \t    ^^^");
    }

    #[test]
    fn of_a_long_line_the_part_around_the_place_is_shown() {
        let source = Source::new(Path::new("s.toml"), format!("{}wrong{}\n", "x".repeat(5000), "y".repeat(5000)));
        let error = source.wrong(5000..5005, "m");
        assert_eq!(error.to_string(), "s.toml:1:5001: m");
        let (line, carets) = error.excerpt().unwrap().split_once('\n').unwrap();
        assert_eq!(line.len(), "1 | ".len() + SHOWN);
        assert_eq!(&line[carets.find('^').unwrap()..][..5], "wrong");
        assert!(source.wrong(0..9000, "m").excerpt().unwrap().lines().all(|line| line.len() <= SHOWN + 4));
    }

    #[test]
    fn a_place_past_the_end_is_the_end() {
        let source = Source::new(Path::new("s.toml"), "a = 1".to_owned());
        assert_eq!(source.wrong(90..99, "m").to_string(), "s.toml:1:6: m");
        let empty = Source::new(Path::new("s.toml"), String::new());
        assert_eq!(empty.wrong(0..0, "m").excerpt().unwrap(), "1 | \n  | ^");
    }
}
