//! The filter: an expression that says which trials are shown, everywhere in the window.
//!
//! Words that a trial must have (`pruned cnn`), comparisons (`value>0.9`, `lr<=1e-3`, `model=cnn`, `lr in 1e-4..1e-2`), `and`, `or`,
//! `not`, and brackets. What stands side by side must all hold.

use std::collections::BTreeSet;

use seqtune_plot::{Snapshot, TrialRow};
use seqtune_space::Value;

use crate::text;

/// An expression, read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Filter {
    Word(String),
    Compare { field: Field, test: Test, text: String, number: Option<f64> },
    Within { field: Field, low: f64, high: f64 },
    Not(Box<Filter>),
    All(Vec<Filter>),
    Any(Vec<Filter>),
}

/// What of a trial is compared.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Field {
    Trial,
    State,
    Value,
    Step,
    Seconds,
    Tries,
    Seed,
    Replicate,
    Origin,
    Tag,
    Note,
    Parameter(String),
    Metric(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Test {
    Equal,
    Unequal,
    Below,
    AtMost,
    Above,
    AtLeast,
    Has,
}

/// Why a text is no filter, as one sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// A name that the study does not have.
    #[error("There is no field, parameter or metric {name:?}.{}", hint.as_ref().map_or_else(String::new, |hint| format!(" Did you mean {hint:?}?")))]
    Unknown {
        /// As written.
        name: String,
        /// What is written like it.
        hint: Option<String>,
    },
    /// A comparison without its right side.
    #[error("After {0:?} a value is missing.")]
    NoValue(String),
    /// Sizes are compared with something that has none.
    #[error("{0:?} is not a number.")]
    NotANumber(String),
    /// A range that is none.
    #[error("{0:?} is not a range: write it as 1e-4..1e-2.")]
    NotARange(String),
    /// Brackets do not match.
    #[error("A bracket is not closed.")]
    Open,
    /// Something stands where nothing can.
    #[error("{0:?} stands where a condition is expected.")]
    Misplaced(String),
}

/// What a filter looks at beside the trial.
pub(super) struct Beside<'a> {
    pub note: Option<&'a str>,
    pub tags: Option<&'a BTreeSet<String>>,
    /// `#12 pruned model=cnn lr=0.001`, in small letters.
    pub text: &'a str,
    pub now_us: i64,
}

impl Filter {
    pub(super) fn parse(text: &str, snapshot: &Snapshot) -> Result<Filter, FilterError> {
        let tokens = tokens(text);
        let mut parser = Parser { tokens: &tokens, at: 0, snapshot };
        let filter = parser.any()?;
        match parser.next() {
            None => Ok(filter),
            Some(token) => Err(FilterError::Misplaced(token.to_owned())),
        }
    }

    pub(super) fn keeps(&self, row: &TrialRow, beside: &Beside<'_>) -> bool {
        match self {
            Filter::Word(word) => beside.text.contains(word.as_str()),
            Filter::Not(inner) => !inner.keeps(row, beside),
            Filter::All(all) => all.iter().all(|one| one.keeps(row, beside)),
            Filter::Any(any) => any.iter().any(|one| one.keeps(row, beside)),
            Filter::Within { field, low, high } => {
                field.number(row, beside).is_some_and(|value| (*low..=*high).contains(&value))
            }
            Filter::Compare { field, test, text, number } => {
                let own = number.and_then(|number| Some((field.number(row, beside)?, number)));
                match (own, test) {
                    (Some((own, number)), Test::Equal) => own == number,
                    (Some((own, number)), Test::Unequal) => own != number,
                    (Some((own, number)), Test::Below) => own < number,
                    (Some((own, number)), Test::AtMost) => own <= number,
                    (Some((own, number)), Test::Above) => own > number,
                    (Some((own, number)), Test::AtLeast) => own >= number,
                    (_, Test::Equal) => field.is(row, beside, text),
                    (_, Test::Unequal) => !field.is(row, beside, text),
                    (_, Test::Has) => field.has(row, beside, text),
                    // What a trial does not have is neither small nor large.
                    (None, _) => false,
                }
            }
        }
    }

    /// Whether it looks into the text of a trial, which takes time to write.
    pub(super) fn has_words(&self) -> bool {
        match self {
            Filter::Word(_) => true,
            Filter::Not(inner) => inner.has_words(),
            Filter::All(all) | Filter::Any(all) => all.iter().any(Filter::has_words),
            Filter::Compare { .. } | Filter::Within { .. } => false,
        }
    }
}

impl Field {
    fn of(name: &str, snapshot: &Snapshot) -> Result<Field, FilterError> {
        const FIELDS: [(&str, Field); 12] = [
            ("trial", Field::Trial),
            ("state", Field::State),
            ("value", Field::Value),
            ("step", Field::Step),
            ("seconds", Field::Seconds),
            ("time", Field::Seconds),
            ("tries", Field::Tries),
            ("seed", Field::Seed),
            ("replicate", Field::Replicate),
            ("origin", Field::Origin),
            ("tag", Field::Tag),
            ("note", Field::Note),
        ];
        let parameters = || snapshot.spec.space.parameters().iter().map(|one| one.name.as_str());
        let metrics = || snapshot.metrics.iter().map(|metric| &**metric);
        let same = |other: &str| other.eq_ignore_ascii_case(name);
        // A parameter comes before a field of that name: the study's own words are what its user means.
        if let Some(found) = parameters().find(|other| same(other)) {
            return Ok(Field::Parameter(found.to_owned()));
        }
        if let Some((_, field)) = FIELDS.into_iter().find(|(other, _)| same(other)) {
            return Ok(field);
        }
        if let Some(found) = metrics().find(|other| same(other)) {
            return Ok(Field::Metric(found.to_owned()));
        }
        let all = parameters().chain(metrics()).chain(["trial", "state", "value", "step", "seconds", "tries", "tag"]);
        let lower = name.to_lowercase();
        let hint = all.map(|other| (strsim::jaro_winkler(&lower, &other.to_lowercase()), other));
        let hint = hint.max_by(|(a, _), (b, _)| a.total_cmp(b)).filter(|(near, _)| *near > 0.8);
        Err(FilterError::Unknown { name: name.to_owned(), hint: hint.map(|(_, other)| other.to_owned()) })
    }

    fn number(&self, row: &TrialRow, beside: &Beside<'_>) -> Option<f64> {
        match self {
            Field::Trial => Some(row.number as f64),
            Field::Value => row.value,
            Field::Step => Some(row.step as f64),
            Field::Seconds => Some(row.seconds(beside.now_us)),
            Field::Tries => Some(row.attempts.len() as f64),
            Field::Seed => Some(row.seed as f64),
            Field::Replicate => Some(row.replicate as f64),
            Field::Parameter(name) => row.params.get(name).and_then(Value::as_f64),
            Field::Metric(name) => row.curves.values(name).iter().rev().copied().find(|value| value.is_finite()),
            Field::State | Field::Origin | Field::Tag | Field::Note => None,
        }
    }

    fn is(&self, row: &TrialRow, beside: &Beside<'_>, text: &str) -> bool {
        match self {
            Field::Tag => beside.tags.into_iter().flatten().any(|tag| tag.eq_ignore_ascii_case(text)),
            _ => self.words(row, beside).is_some_and(|own| own.eq_ignore_ascii_case(text)),
        }
    }

    fn has(&self, row: &TrialRow, beside: &Beside<'_>, text: &str) -> bool {
        let text = text.to_lowercase();
        match self {
            Field::Tag => beside.tags.into_iter().flatten().any(|tag| tag.to_lowercase().contains(&text)),
            _ => self.words(row, beside).is_some_and(|own| own.to_lowercase().contains(&text)),
        }
    }

    fn words(&self, row: &TrialRow, beside: &Beside<'_>) -> Option<String> {
        match self {
            Field::State => Some(row.state.name().to_owned()),
            Field::Origin => Some(format!("{:?}", row.origin)),
            Field::Note => beside.note.map(str::to_owned),
            Field::Parameter(name) => row.params.get(name).map(text::value),
            other => other.number(row, beside).map(text::short_number),
        }
    }
}

struct Parser<'a> {
    tokens: &'a [String],
    at: usize,
    snapshot: &'a Snapshot,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.at).map(String::as_str)
    }

    fn next(&mut self) -> Option<&'a str> {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn any(&mut self) -> Result<Filter, FilterError> {
        let mut any = vec![self.all()?];
        while self.peek().is_some_and(|token| token.eq_ignore_ascii_case("or")) {
            self.next();
            any.push(self.all()?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Filter::Any(any) })
    }

    fn all(&mut self) -> Result<Filter, FilterError> {
        let mut all = Vec::new();
        while let Some(token) = self.peek() {
            if token == ")" || token.eq_ignore_ascii_case("or") {
                break;
            }
            if token.eq_ignore_ascii_case("and") {
                self.next();
                continue;
            }
            all.push(self.one()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Filter::All(all) })
    }

    fn one(&mut self) -> Result<Filter, FilterError> {
        let Some(token) = self.next() else { return Err(FilterError::Open) };
        if token.eq_ignore_ascii_case("not") {
            return Ok(Filter::Not(Box::new(self.one()?)));
        }
        if token == "(" {
            let inner = self.any()?;
            return if self.next() == Some(")") { Ok(inner) } else { Err(FilterError::Open) };
        }
        if test_of(token).is_some() {
            return Err(FilterError::Misplaced(token.to_owned()));
        }
        match self.peek() {
            Some(word) if word.eq_ignore_ascii_case("in") => {
                self.next();
                let field = Field::of(token, self.snapshot)?;
                let Some(range) = self.next() else { return Err(FilterError::NoValue(format!("{token} in"))) };
                let ends = range.split_once("..").and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
                let Some((low, high)) = ends else { return Err(FilterError::NotARange(range.to_owned())) };
                Ok(Filter::Within { field, low, high })
            }
            Some(sign) if test_of(sign).is_some() => {
                self.next();
                let test = test_of(sign).unwrap_or(Test::Equal);
                let field = Field::of(token, self.snapshot)?;
                let Some(text) = self.next() else { return Err(FilterError::NoValue(format!("{token}{sign}"))) };
                let number = text.parse::<f64>().ok();
                if number.is_none() && !matches!(test, Test::Equal | Test::Unequal | Test::Has) {
                    return Err(FilterError::NotANumber(text.to_owned()));
                }
                Ok(Filter::Compare { field, test, text: text.to_owned(), number })
            }
            _ => Ok(Filter::Word(token.to_lowercase())),
        }
    }
}

fn test_of(sign: &str) -> Option<Test> {
    Some(match sign {
        "=" | "==" => Test::Equal,
        "!=" => Test::Unequal,
        "<" => Test::Below,
        "<=" => Test::AtMost,
        ">" => Test::Above,
        ">=" => Test::AtLeast,
        "~" => Test::Has,
        _ => return None,
    })
}

/// Words, signs and brackets. What stands in quotes is one word.
fn tokens(text: &str) -> Vec<String> {
    let is_sign = |letter: char| "=!<>~".contains(letter);
    let mut tokens = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.peek().copied() {
        if letter.is_whitespace() {
            letters.next();
        } else if letter == '(' || letter == ')' {
            tokens.push(letter.to_string());
            letters.next();
        } else if letter == '"' {
            letters.next();
            tokens.push(letters.by_ref().take_while(|letter| *letter != '"').collect());
        } else {
            let sign = is_sign(letter);
            let mut token = String::new();
            while let Some(next) = letters.peek().copied() {
                if next.is_whitespace() || next == '(' || next == ')' || next == '"' || is_sign(next) != sign {
                    break;
                }
                token.push(next);
                letters.next();
            }
            tokens.push(token);
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use seqtune_core::testing::study;

    use super::*;

    fn snapshot() -> Snapshot {
        let space = "lr = { type = 'float', low = 1e-4, high = 1e-1, log = true }\nmodel = { type = 'categorical', choices = ['CNN', 'lstm'] }\n\
                     depth = { type = 'int', low = 1, high = 4, when = { model = 'CNN' } }";
        Snapshot::of(&study(space).sampler("random").trials(40).history())
    }

    fn kept(filter: &str) -> Vec<u64> {
        let snapshot = snapshot();
        let filter = Filter::parse(filter, &snapshot).unwrap();
        let beside = Beside { note: None, tags: None, text: "", now_us: 0 };
        snapshot.trials.iter().filter(|row| filter.keeps(row, &beside)).map(|row| row.number).collect()
    }

    fn refused(filter: &str) -> String {
        Filter::parse(filter, &snapshot()).unwrap_err().to_string()
    }

    #[test]
    fn comparisons_are_of_fields_parameters_and_metrics() {
        let snapshot = snapshot();
        let lr = |number: &u64| snapshot.trial(*number).unwrap().params.float("lr").unwrap();
        let small = kept("lr<1e-2");
        assert!(!small.is_empty() && small.iter().all(|number| lr(number) < 1e-2));
        assert_eq!(kept("lr >= 1e-2").len() + small.len(), 40);
        assert_eq!(kept("trial<10").len(), 10);
        assert_eq!(kept("trial in 3..5"), [3, 4, 5]);
        assert_eq!(kept("state=completed").len(), 40);
        assert_eq!(kept("model=cnn").len() + kept("model!=cnn").len(), 40);
        assert_eq!(kept("value>=-1e9").len(), 40);
    }

    #[test]
    fn what_a_trial_does_not_have_fulfils_no_comparison_of_sizes() {
        let with = kept("model=cnn").len();
        assert_eq!(kept("depth>0").len(), with);
        assert_eq!(kept("not depth>0").len(), 40 - with);
    }

    #[test]
    fn conditions_are_joined() {
        assert_eq!(kept("trial<10 trial>7"), kept("trial<10 and trial>7"));
        assert_eq!(kept("trial<2 or trial>37"), [0, 1, 38, 39]);
        assert_eq!(kept("(trial<2 or trial>37) and not trial=0"), [1, 38, 39]);
        assert_eq!(kept("").len(), 40);
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(refused("value>"), "After \"value>\" a value is missing.");
        assert_eq!(refused("modle=cnn"), "There is no field, parameter or metric \"modle\". Did you mean \"model\"?");
        assert_eq!(refused("value>high"), "\"high\" is not a number.");
        assert_eq!(refused("lr in 3"), "\"3\" is not a range: write it as 1e-4..1e-2.");
        assert_eq!(refused("(trial<2"), "A bracket is not closed.");
        assert_eq!(refused("trial<2)"), "\")\" stands where a condition is expected.");
        assert_eq!(refused("< 3"), "\"<\" stands where a condition is expected.");
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_filter(text in "[a-z0-9<>=!~()\" .]{0,40}") {
            let _ = Filter::parse(&text, &snapshot());
        }
    }
}
