//! Measurements from a table: what the sources that read files share.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use csv::StringRecord;
use seqtune_plugin::FamilyError;

use super::columns::{Columns, Key, Named};
use super::records::{Records, open};
use super::{Inequality, Split};

/// Alleles that a message lists.
const LISTED: usize = 10;

/// How a table is read.
pub struct Options {
    /// What its rows are known by.
    pub key: Key,
    /// The one allele whose rows are wanted.
    pub allele: Option<String>,
    /// Rows without a value are left out and are no error.
    pub skip_unmeasured: bool,
    /// Headers that the study names itself.
    pub named: Named,
}

/// One row of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// The peptide or the identifier.
    pub key: String,
    /// Its line in the file.
    pub line: u64,
    /// The affinity, above 0.
    pub nanomolar: f64,
    /// What the affinity says.
    pub inequality: Inequality,
    /// What the row is for.
    pub split: Option<Split>,
}

/// What a table holds.
#[derive(Debug, Default)]
pub struct Measurements {
    /// The rows that are wanted, in the order of the file.
    pub rows: Vec<Measurement>,
    /// Rows left out, by reason.
    pub left_out: BTreeMap<&'static str, usize>,
    /// Identifiers of rows left out: their sequences are left out too.
    pub skipped: HashSet<String>,
}

/// Reads a table, plain or gzip, with tabs, commas or semicolons between its columns.
///
/// # Errors
/// [`FamilyError::Data`] with file and line, and what was expected.
pub fn measurements(path: &Path, options: &Options) -> Result<Measurements, FamilyError> {
    let fail = |message: String| FamilyError::Data(format!("{}: {message}", path.display()));
    let text = open(path).map_err(|error| fail(format!("cannot be read: {error}")))?;
    let mut records = Records::new(text).map_err(|error| fail(format!("cannot be read: {error}")))?;
    let mut next = || records.next().map_err(|error| fail(error.to_string()));
    let Some((first, _)) = next()? else { return Err(fail("the table is empty; expected a header".to_owned())) };
    let second = next()?;
    let (columns, lines) =
        Columns::find(&first, second.as_ref().map(|(record, _)| record), options.key, &options.named)
            .map_err(|error| fail(error.to_string()))?;
    if options.allele.is_some() && columns.allele.is_none() {
        let message = "no column holds alleles, so `allele` cannot choose any; `allele_column` names it";
        return Err(fail(message.to_owned()));
    }

    let wanted = options.allele.as_deref().map(normalised);
    let mut found = Measurements::default();
    let mut alleles = Alleles::default();
    let mut fault = None;
    // The second line was read to look for a header.
    let (width, mut pending) = match second {
        Some((names, _)) if lines == 2 => (names.len(), None),
        second => (first.len(), second),
    };
    while let Some((record, line)) = pending.take().map_or_else(&mut next, |record| Ok(Some(record)))? {
        if record.iter().all(str::is_empty) {
            continue;
        }
        if record.len() != width {
            let count = record.len();
            return Err(at(path, line, &format!("{count} columns; expected {width}, as the header has")));
        }
        let outcome = match columns.allele.and_then(|column| record.get(column)) {
            Some(allele) if !alleles.count(allele, wanted.as_deref()) => Ok(Row::LeftOut("left out by allele")),
            _ => read_row(&record, &columns, options),
        };
        match outcome {
            Ok(Row::Kept(row)) => found.rows.push(Measurement { line, ..row }),
            Ok(Row::LeftOut(reason)) => {
                *found.left_out.entry(reason).or_default() += 1;
                if options.key == Key::Id {
                    found.skipped.insert(record[columns.key].to_owned());
                }
            }
            // Several alleles are the more useful message, and they are only known at the end.
            Err(message) => fault = fault.or_else(|| Some(at(path, line, &message))),
        }
    }
    if let Some(message) = alleles.fault(options.allele.as_deref()) {
        return Err(fail(message));
    }
    fault.map_or(Ok(found), Err)
}

fn at(path: &Path, line: u64, message: &str) -> FamilyError {
    FamilyError::Data(format!("{}, line {line}: {message}", path.display()))
}

enum Row {
    Kept(Measurement),
    LeftOut(&'static str),
}

/// Reads a row of the wanted allele; the error is a message without the place.
fn read_row(record: &StringRecord, columns: &Columns, options: &Options) -> Result<Row, String> {
    let optional = |column: Option<usize>| column.and_then(|column| record.get(column)).unwrap_or_default();
    let key = &record[columns.key];
    if key.is_empty() {
        return Err(match options.key {
            Key::Peptide => "the peptide is empty",
            Key::Id => "the id is empty",
        }
        .to_owned());
    }
    let units = optional(columns.units);
    if !units.is_empty() && !units.eq_ignore_ascii_case("nm") {
        return Ok(Row::LeftOut("left out by units other than nM"));
    }
    let value = &record[columns.value];
    if value.is_empty() {
        if options.skip_unmeasured {
            return Ok(Row::LeftOut("left out without a value"));
        }
        return Err(format!("{key:?} has no value; `skip_unmeasured = true` in [data] leaves such rows out"));
    }
    let nanomolar = value.parse::<f64>().ok().filter(|value| value.is_finite() && *value > 0.0);
    let Some(nanomolar) = nanomolar else {
        return Err(format!("the value of {key:?} is {value:?}; expected a number of nM above 0"));
    };
    let inequality = match optional(columns.inequality) {
        "=" | "" => Inequality::Equal,
        ">" | ">=" => Inequality::Above,
        "<" | "<=" => Inequality::Below,
        other => return Err(format!("the inequality of {key:?} is {other:?}; expected =, >, >=, < or <=")),
    };
    let split = match optional(columns.split).to_ascii_lowercase().as_str() {
        "" => None,
        "train" => Some(Split::Train),
        "test" => Some(Split::Test),
        other => return Err(format!("the split of {key:?} is {other:?}; expected train or test")),
    };
    Ok(Row::Kept(Measurement { key: key.to_owned(), line: 0, nanomolar, inequality, split }))
}

/// The alleles of a table: as first written, with rows, by normalised name.
#[derive(Default)]
struct Alleles(BTreeMap<String, (String, usize)>);

impl Alleles {
    /// Counts a row and says whether it is wanted.
    fn count(&mut self, allele: &str, wanted: Option<&str>) -> bool {
        let name = normalised(allele);
        let chosen = wanted.is_none_or(|wanted| wanted == name);
        self.0.entry(name).or_insert_with(|| (allele.to_owned(), 0)).1 += 1;
        chosen
    }

    /// What is wrong with them: several and no choice, or a choice that none meets.
    fn fault(&self, wanted: Option<&str>) -> Option<String> {
        match wanted {
            None if self.0.len() > 1 => Some(format!(
                "the table has {} alleles, and a study is of one: choose it with `allele` in [data]; {}",
                self.0.len(),
                self.list()
            )),
            Some(wanted) if !self.0.contains_key(&normalised(wanted)) => {
                Some(format!("no row is of the allele {wanted:?}; {}", self.list()))
            }
            _ => None,
        }
    }

    fn list(&self) -> String {
        let mut most: Vec<&(String, usize)> = self.0.values().collect();
        most.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
        let mut parts: Vec<String> = most.iter().take(LISTED).map(|(name, rows)| format!("{name:?} {rows}")).collect();
        if most.len() > LISTED {
            parts.push(format!("and {} more", most.len() - LISTED));
        }
        format!("rows of each: {}", parts.join(", "))
    }
}

/// The name of an allele without what people write differently: `HLA-A*02:01`, `HLA-A0201`, `A*02:01`.
fn normalised(allele: &str) -> String {
    let bare: String = allele.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    bare.strip_prefix("HLA").unwrap_or(&bare).to_owned()
}
