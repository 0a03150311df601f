//! Text: how wide it is, and how it is written into a document.

/// About how wide a text is in a sans-serif font of this size. Documents are laid out without the reader's font, so the
/// guess is on the wide side.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let advance = |c: char| match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.28,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '/' | '-' | ' ' | '\u{a0}' => 0.35,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.87,
        'A'..='Z' => 0.7,
        c if c < '\u{2e80}' => 0.57,
        _ => 1.0,
    };
    text.chars().map(advance).sum::<f64>() * size
}

/// The text, cut with an ellipsis where it is wider than `room`.
pub(super) fn cut(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if width(&kept, size) + width("…", size) > room {
            kept.pop();
            break;
        }
    }
    format!("{}…", kept.trim_end())
}

/// The text in lines no wider than `room`, at most `most` of them; the last one is cut where they do not suffice.
pub(super) fn lines(text: &str, size: f64, room: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let is_last = lines.len() == most;
        match lines.last_mut() {
            Some(line) if is_last || width(line, size) + width(word, size) + width(" ", size) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| cut(line, size, room)).collect()
}

/// The text as it stands in XML. Control characters, which XML cannot have, become the replacement character.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\r' | '\t' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut() {
        assert_eq!(cut("short", 12.0, 100.0), "short");
        let long = cut("embedding_dropout", 12.0, 60.0);
        assert!(long.ends_with('…') && width(&long, 12.0) <= 60.0, "{long}");
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(lines("one two three", 10.0, 45.0, 3), ["one two", "three"]);
        assert_eq!(lines("one two three four", 10.0, 45.0, 2), ["one two", "three fo…"]);
        assert!(lines("", 10.0, 45.0, 2).is_empty());
    }

    #[test]
    fn names_cannot_break_out() {
        assert_eq!(escape("a<b> & \"c\" 'd'\n\u{1}"), "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39; \u{fffd}");
    }
}
