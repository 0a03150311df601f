//! The exact AP-1 / CRE motif: TGACTCA, TGAGTCA or TGACGTCA on either strand.

use crate::data::Windows;

/// The words, as base codes.
const WORDS: [&[u8]; 3] = [&[3, 2, 0, 1, 3, 1, 0], &[3, 2, 0, 2, 3, 1, 0], &[3, 2, 0, 1, 2, 3, 1, 0]];

/// `[rows]`: whether a window holds one of the words.
///
/// TGACTCA and TGAGTCA are each other's reverse complement and TGACGTCA is its own, so that one strand says all.
pub fn hits(windows: &Windows) -> Vec<bool> {
    (0..windows.rows()).map(|row| WORDS.iter().any(|word| contains(windows.window(row), word))).collect()
}

fn contains(window: &[u8], word: &[u8]) -> bool {
    window.windows(word.len()).any(|place| place == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_cover_both_strands() {
        for word in WORDS {
            let complement: Vec<u8> = word.iter().rev().map(|base| 3 - base).collect();
            assert!(WORDS.contains(&complement.as_slice()));
        }
    }

    #[test]
    fn an_unknown_base_is_no_hit() {
        let windows = Windows {
            length: 8,
            bases: [[0, 3, 2, 0, 1, 3, 1, 0], [0, 3, 2, 0, 4, 3, 1, 0]].concat(),
            labels: vec![true, false],
            ..Windows::default()
        };
        assert_eq!(hits(&windows), [true, false]);
    }
}
