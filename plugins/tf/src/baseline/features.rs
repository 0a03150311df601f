//! Sparse features of windows: a list of feature numbers a row, where a number that stands twice counts twice.

use crate::data::{UNKNOWN, Windows};

/// `[rows]` lists of feature numbers below [`Features::count`].
pub struct Features {
    count: usize,
    numbers: Vec<u32>,
    ends: Vec<usize>,
}

/// Word length of [`Features::six_mers`].
const WORD: usize = 6;

impl Features {
    /// The base at each position: feature `4 * position + base`. Unknown bases have none.
    pub fn one_hot(windows: &Windows) -> Features {
        let mut features = Features::empty(4 * windows.length);
        for row in 0..windows.rows() {
            let known = windows.window(row).iter().enumerate().filter(|(_, base)| **base != UNKNOWN);
            features.numbers.extend(known.map(|(position, base)| (4 * position) as u32 + u32::from(*base)));
            features.ends.push(features.numbers.len());
        }
        features
    }

    /// Words of six bases, each together with its reverse complement: 2,080 features. Words with an unknown base have
    /// none.
    pub fn six_mers(windows: &Windows) -> Features {
        let (numbers, count) = canonical_words();
        let mut features = Features::empty(count);
        for row in 0..windows.rows() {
            for word in windows.window(row).windows(WORD).filter(|word| !word.contains(&UNKNOWN)) {
                features.numbers.push(numbers[word_index(word)]);
            }
            features.ends.push(features.numbers.len());
        }
        features
    }

    /// Number of features.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The feature numbers of a row.
    pub fn row(&self, row: usize) -> &[u32] {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.numbers[start..self.ends[row]]
    }

    fn empty(count: usize) -> Features {
        Features { count, numbers: Vec::new(), ends: Vec::new() }
    }
}

fn word_index(word: &[u8]) -> usize {
    word.iter().fold(0, |index, base| index * 4 + usize::from(*base))
}

/// The feature of each word, and how many features there are.
fn canonical_words() -> (Vec<u32>, usize) {
    let words = 4_usize.pow(WORD as u32);
    let complement = |mut index: usize| {
        (0..WORD).fold(0, |reversed, _| {
            let base = index % 4;
            index /= 4;
            reversed * 4 + (3 - base)
        })
    };
    let mut numbers = vec![0; words];
    let mut count = 0;
    for word in 0..words {
        let partner = complement(word);
        if partner < word {
            numbers[word] = numbers[partner];
        } else {
            numbers[word] = count as u32;
            count += 1;
        }
    }
    (numbers, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(rows: &[&[u8]]) -> Windows {
        Windows { length: rows[0].len(), bases: rows.concat(), labels: vec![true; rows.len()], ..Windows::default() }
    }

    #[test]
    fn both_strands_have_the_same_six_mers() {
        assert_eq!(canonical_words().1, 2080);
        let forward: &[u8] = &[0, 0, 1, 2, 3, 1, 1, 0, 2];
        let reverse: Vec<u8> = forward.iter().rev().map(|base| 3 - base).collect();
        let features = Features::six_mers(&windows(&[forward, &reverse]));
        let sorted = |row| {
            let mut numbers = features.row(row).to_vec();
            numbers.sort_unstable();
            numbers
        };
        assert_eq!(sorted(0).len(), 4);
        assert_eq!(sorted(0), sorted(1));
    }

    #[test]
    fn unknown_bases_have_no_feature() {
        let features = Features::one_hot(&windows(&[&[0, 4, 3], &[4, 4, 4]]));
        assert_eq!(features.count(), 12);
        assert_eq!(features.row(0), [0, 11]);
        assert!(features.row(1).is_empty());
    }
}
