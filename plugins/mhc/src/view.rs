//! What a model sees of a peptide: rows of tokens, all of one width.

use seqtune_plugin::FamilyError;

use crate::data::{Peptides, RESIDUES};

/// Residues of a core: what the groove of an MHC class I molecule holds.
pub(crate) const CORE: usize = 9;

/// Unknown residues that a short peptide may be filled up with.
pub(crate) const MOST_MISSING: usize = 3;

/// Code of the unknown residue of a 9-mer: X at its alphabetical place, before Y.
pub(crate) const UNKNOWN: u8 = 19;

/// What a model sees of a peptide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// All of it, padded at the right.
    Full {
        /// With a token before the first residue and another after the last.
        start_stop: bool,
    },
    /// The 9-mers it reduces to, a row each.
    Nonamers,
    /// The first residues and the last.
    Ends {
        /// How many of each.
        length: usize,
    },
}

/// Rows of tokens made of the peptides, all of one width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Tokens per row.
    pub width: usize,
    /// `[rows, width]` in C order.
    pub tokens: Vec<u8>,
    /// `[rows]`: tokens before the padding.
    pub lengths: Vec<usize>,
    /// `[rows]`: the peptide of each row, ascending.
    pub peptides: Vec<usize>,
    /// Codes are below this.
    pub vocabulary: usize,
    /// Peptides without a row, ascending.
    pub dropped: Vec<usize>,
}

impl Tokens {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.lengths.len()
    }

    /// The tokens of one row.
    pub fn row(&self, row: usize) -> &[u8] {
        &self.tokens[row * self.width..(row + 1) * self.width]
    }
}

impl View {
    /// The tokens of the peptides.
    ///
    /// # Errors
    /// [`FamilyError::BadParams`] where a peptide is shorter than an end.
    pub fn tokens(self, peptides: &Peptides) -> Result<Tokens, FamilyError> {
        match self {
            View::Full { start_stop } => Ok(full(peptides, start_stop)),
            View::Nonamers => Ok(reduced(peptides)),
            View::Ends { length } => ends(peptides, length),
        }
    }

    /// What each code means: as many names as the vocabulary has codes.
    pub fn names(self) -> Vec<String> {
        let residues = RESIDUES.iter().map(|residue| char::from(*residue).to_string());
        match self {
            View::Nonamers => {
                let mut names: Vec<String> = residues.collect();
                names.insert(usize::from(UNKNOWN), "X".to_owned());
                names
            }
            View::Full { start_stop: true } => {
                let marks = ["start", "stop"].map(str::to_owned);
                std::iter::once("-".to_owned()).chain(residues).chain(marks).collect()
            }
            View::Full { start_stop: false } | View::Ends { .. } => {
                std::iter::once("-".to_owned()).chain(residues).collect()
            }
        }
    }
}

/// The 9-mers that a peptide reduces to, in codes of `ACDEFGHIKLMNPQRSTVWXY`.
///
/// A longer peptide loses one block, at every place in turn; a shorter one gets a block of unknown residues, at every
/// place in turn. Variants that spell the same 9-mer are all kept. None where more than three residues are missing.
pub(crate) fn nonamers(peptide: &[u8]) -> Vec<[u8; CORE]> {
    let codes: Vec<u8> = peptide.iter().map(|code| code + u8::from(*code >= UNKNOWN)).collect();
    let length = codes.len();
    let mut found = Vec::new();
    if length == CORE {
        found.push(std::array::from_fn(|at| codes[at]));
    } else if length > CORE {
        for start in 0..=CORE {
            found.push(std::array::from_fn(|at| codes[if at < start { at } else { at + length - CORE }]));
        }
    } else if length + MOST_MISSING >= CORE {
        for start in 0..=length {
            found.push(std::array::from_fn(|at| match at.checked_sub(start) {
                None => codes[at],
                Some(inside) if inside < CORE - length => UNKNOWN,
                Some(_) => codes[at + length - CORE],
            }));
        }
    }
    found
}

fn full(peptides: &Peptides, start_stop: bool) -> Tokens {
    let residues = RESIDUES.len() as u8;
    let (start, stop) = (residues + 1, residues + 2);
    let marks = if start_stop { 2 } else { 0 };
    let width = peptides.sequences.iter().map(Vec::len).max().unwrap_or(0) + marks;
    let vocabulary = RESIDUES.len() + 1 + marks;
    let mut tokens = Tokens::empty(width, vocabulary, peptides.rows());
    for (number, peptide) in peptides.sequences.iter().enumerate() {
        let residues = peptide.iter().map(|code| code + 1);
        if start_stop {
            tokens.push(number, std::iter::once(start).chain(residues).chain([stop]));
        } else {
            tokens.push(number, residues);
        }
    }
    tokens
}

fn reduced(peptides: &Peptides) -> Tokens {
    let mut tokens = Tokens::empty(CORE, RESIDUES.len() + 1, peptides.rows());
    for (number, peptide) in peptides.sequences.iter().enumerate() {
        let cores = nonamers(peptide);
        if cores.is_empty() {
            tokens.dropped.push(number);
        }
        for core in cores {
            tokens.push(number, core);
        }
    }
    tokens
}

fn ends(peptides: &Peptides, length: usize) -> Result<Tokens, FamilyError> {
    let mut tokens = Tokens::empty(2 * length, RESIDUES.len() + 1, peptides.rows());
    for (number, peptide) in peptides.sequences.iter().enumerate() {
        let Some(last) = peptide.len().checked_sub(length) else {
            let text: String = peptide.iter().map(|code| char::from(RESIDUES[usize::from(*code)])).collect();
            return Err(FamilyError::BadParams(format!(
                "`end_length` is {length}, but the peptide {text} has only {} residues; choose a smaller one or set \
                 `min_length` in [data]",
                peptide.len()
            )));
        };
        tokens.push(number, peptide[..length].iter().chain(&peptide[last..]).map(|code| code + 1));
    }
    Ok(tokens)
}

impl Tokens {
    fn empty(width: usize, vocabulary: usize, rows: usize) -> Tokens {
        Tokens {
            width,
            tokens: Vec::with_capacity(rows * width),
            lengths: Vec::with_capacity(rows),
            peptides: Vec::with_capacity(rows),
            vocabulary,
            dropped: Vec::new(),
        }
    }

    /// Adds a row, padded at the right.
    fn push(&mut self, peptide: usize, row: impl IntoIterator<Item = u8>) {
        let start = self.tokens.len();
        self.tokens.extend(row);
        self.lengths.push(self.tokens.len() - start);
        self.tokens.resize(start + self.width, 0);
        self.peptides.push(peptide);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Inequality;
    use proptest::prelude::*;

    fn peptides(texts: &[&str]) -> Peptides {
        let code = |letter: u8| RESIDUES.iter().position(|residue| *residue == letter).unwrap() as u8;
        Peptides {
            sequences: texts.iter().map(|text| text.bytes().map(code).collect()).collect(),
            nanomolar: vec![1.0; texts.len()],
            inequalities: vec![Inequality::Equal; texts.len()],
            splits: None,
        }
    }

    /// The rows spelled in the names of the view.
    fn spelled(view: View, texts: &[&str]) -> Vec<String> {
        let tokens = view.tokens(&peptides(texts)).unwrap();
        let names = view.names();
        assert_eq!(names.len(), tokens.vocabulary);
        (0..tokens.rows())
            .map(|row| tokens.row(row).iter().map(|code| names[usize::from(*code)].as_str()).collect())
            .collect()
    }

    #[test]
    fn the_full_view_pads_at_the_right() {
        let view = View::Full { start_stop: false };
        assert_eq!(spelled(view, &["ACY", "ACDEF"]), ["ACY--", "ACDEF"]);
        let tokens = view.tokens(&peptides(&["ACY", "ACDEF"])).unwrap();
        assert_eq!(tokens.row(0), [1, 2, 20, 0, 0]);
        assert_eq!((tokens.vocabulary, tokens.lengths, tokens.peptides), (21, vec![3, 5], vec![0, 1]));
        let view = View::Full { start_stop: true };
        assert_eq!(spelled(view, &["ACY", "ACDEF"]), ["startACYstop--", "startACDEFstop"]);
        let tokens = view.tokens(&peptides(&["ACY", "ACDEF"])).unwrap();
        assert_eq!(tokens.row(0), [21, 1, 2, 20, 22, 0, 0]);
        assert_eq!((tokens.vocabulary, tokens.lengths), (23, vec![5, 7]));
    }

    #[test]
    fn longer_peptides_lose_a_block_at_every_place() {
        let expected = [
            "DEFGHIKLM",
            "AEFGHIKLM",
            "ACFGHIKLM",
            "ACDGHIKLM",
            "ACDEHIKLM",
            "ACDEFIKLM",
            "ACDEFGKLM",
            "ACDEFGHLM",
            "ACDEFGHIM",
            "ACDEFGHIK",
        ];
        assert_eq!(spelled(View::Nonamers, &["ACDEFGHIKLM"]), expected);
    }

    #[test]
    fn shorter_peptides_get_unknown_residues_at_every_place() {
        let expected =
            ["XXACDEFGH", "AXXCDEFGH", "ACXXDEFGH", "ACDXXEFGH", "ACDEXXFGH", "ACDEFXXGH", "ACDEFGXXH", "ACDEFGHXX"];
        assert_eq!(spelled(View::Nonamers, &["ACDEFGH"]), expected);
        let tokens = View::Nonamers.tokens(&peptides(&["ACDEF", "ACDEFGHIY", "ACDEFG"])).unwrap();
        assert_eq!(tokens.dropped, [0]);
        assert_eq!(tokens.peptides, [1, 2, 2, 2, 2, 2, 2, 2]);
        assert_eq!(tokens.row(0), [0, 1, 2, 3, 4, 5, 6, 7, 20]);
        assert_eq!(tokens.row(1)[..4], [19, 19, 19, 0]);
        assert_eq!(View::Nonamers.names()[18..], ["W", "X", "Y"]);
    }

    #[test]
    fn ends_may_overlap_and_must_fit() {
        assert_eq!(spelled(View::Ends { length: 3 }, &["ACDEFGHI", "ACDE"]), ["ACDGHI", "ACDCDE"]);
        let error = View::Ends { length: 3 }.tokens(&peptides(&["ACDEFGHI", "AC"])).unwrap_err().to_string();
        assert!(error.contains("`end_length` is 3, but the peptide AC has only 2 residues"), "{error}");
    }

    proptest! {
        #[test]
        fn every_view_has_whole_rows_of_known_codes(
            sequences in proptest::collection::vec(proptest::collection::vec(0_u8..20, 4..20), 1..20),
        ) {
            let rows = sequences.len();
            let peptides = Peptides {
                sequences,
                nanomolar: vec![1.0; rows],
                inequalities: vec![Inequality::Equal; rows],
                splits: None,
            };
            for view in [
                View::Full { start_stop: false },
                View::Full { start_stop: true },
                View::Nonamers,
                View::Ends { length: 4 },
            ] {
                let tokens = view.tokens(&peptides).unwrap();
                prop_assert_eq!(tokens.tokens.len(), tokens.rows() * tokens.width);
                prop_assert_eq!(tokens.peptides.len(), tokens.rows());
                prop_assert!(tokens.tokens.iter().all(|code| usize::from(*code) < tokens.vocabulary));
                prop_assert!(tokens.peptides.is_sorted());
                prop_assert_eq!(view.names().len(), tokens.vocabulary);
                for row in 0..tokens.rows() {
                    prop_assert!(tokens.row(row)[tokens.lengths[row]..].iter().all(|code| *code == 0));
                }
                for number in 0..rows {
                    let found = tokens.peptides.iter().filter(|peptide| **peptide == number).count();
                    let length = peptides.sequences[number].len();
                    let expected = match (view, length) {
                        (View::Nonamers, ..6) => 0,
                        (View::Nonamers, 6..=8) => length + 1,
                        (View::Nonamers, 10..) => 10,
                        _ => 1,
                    };
                    prop_assert_eq!(found, expected);
                    prop_assert_eq!(tokens.dropped.contains(&number), found == 0);
                }
            }
        }
    }
}
