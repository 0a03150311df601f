//! Which column of a table holds what: recognised by the headers that the common exports use, or named by the study.

use csv::StringRecord;
use seqtune_plugin::FamilyError;

/// Headers in plain form that mean one thing, the surest first. A header of two lines is matched with both lines and
/// with the second alone: IEDB's full export has a line of groups above the names.
const ID: &[&str] = &["id", "name", "accession"];
const PEPTIDE: &[&str] = &[
    "sequence",
    "peptide",
    "peptide sequence",
    "linear sequence",
    "epitope name",
    "epitope description",
    "description",
    "epitope",
];
const VALUE: &[&str] = &[
    "meas",
    "measurement value",
    "affinity",
    "ic50",
    "quantitative measurement",
    "assay quantitative measurement",
    "nm",
    "value",
];
const ALLELE: &[&str] = &["mhc", "allele", "allele name", "mhc allele name", "mhc restriction name", "hla"];
const INEQUALITY: &[&str] = &["inequality", "measurement inequality", "assay measurement inequality"];
const UNITS: &[&str] = &["units", "assay units"];
const SPLIT: &[&str] = &["split"];

/// Headers that a study names itself.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// Header of the column of ids.
    pub id: Option<String>,
    /// Header of the column of peptides.
    pub peptide: Option<String>,
    /// Header of the column of affinities.
    pub value: Option<String>,
    /// Header of the column of alleles.
    pub allele: Option<String>,
    /// Header of the column of inequalities.
    pub inequality: Option<String>,
}

/// What a row is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Its peptide.
    Peptide,
    /// The identifier of its sequence, which another file holds.
    Id,
}

/// The columns that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Of the peptide or the identifier.
    pub key: usize,
    /// Of the affinity.
    pub value: usize,
    /// Of the allele.
    pub allele: Option<usize>,
    /// Of the inequality.
    pub inequality: Option<usize>,
    /// Of the unit of the affinity.
    pub units: Option<usize>,
    /// Of the split.
    pub split: Option<usize>,
}

impl Columns {
    /// Finds the columns in a header of one line, or of two: a line of groups, then the names. Also says how many lines
    /// the header has.
    ///
    /// # Errors
    /// [`FamilyError::Data`] naming what was not found, without the file.
    pub fn find(
        first: &StringRecord,
        second: Option<&StringRecord>,
        key: Key,
        named: &Named,
    ) -> Result<(Columns, usize), FamilyError> {
        let header = Header::of_names(first);
        let failed = match header.columns(key, named) {
            Ok(columns) => return Ok((columns, 1)),
            Err(failed) => failed,
        };
        if let Some(second) = second {
            let header = Header::of_groups(first, second);
            match header.columns(key, named) {
                Ok(columns) => return Ok((columns, 2)),
                Err(in_two) if header.holds_any(key, named) => return Err(in_two),
                // The second line holds data; what is wrong is the first.
                Err(_) => {}
            }
        }
        Err(failed)
    }
}

/// The headers of a table, in plain form.
struct Header {
    /// The headers that each column answers to.
    columns: Vec<Vec<String>>,
    /// The header as the file has it.
    text: String,
}

impl Header {
    fn of_names(names: &StringRecord) -> Header {
        Header { columns: names.iter().map(|name| vec![plain(name)]).collect(), text: joined(names) }
    }

    fn of_groups(groups: &StringRecord, names: &StringRecord) -> Header {
        let columns = names.iter().enumerate().map(|(at, name)| {
            let group = groups.get(at).unwrap_or_default();
            // A group is no name of its own.
            if name.is_empty() {
                return Vec::new();
            }
            vec![plain(&format!("{group} {name}")), plain(name)]
        });
        Header { columns: columns.collect(), text: joined(names) }
    }

    /// Whether one of the required columns is there.
    fn holds_any(&self, key: Key, named: &Named) -> bool {
        let key = match key {
            Key::Peptide => self.find(PEPTIDE, "peptide_column", &named.peptide),
            Key::Id => self.find(ID, "id_column", &named.id),
        };
        let value = self.find(VALUE, "value_column", &named.value);
        [key, value].iter().any(|found| matches!(found, Ok(Some(_))))
    }

    fn columns(&self, key: Key, named: &Named) -> Result<Columns, FamilyError> {
        let key = match key {
            Key::Peptide => self.required("peptides", PEPTIDE, "peptide_column", &named.peptide)?,
            Key::Id => self.required("ids", ID, "id_column", &named.id)?,
        };
        Ok(Columns {
            key,
            value: self.required("affinities", VALUE, "value_column", &named.value)?,
            allele: self.find(ALLELE, "allele_column", &named.allele)?,
            inequality: self.find(INEQUALITY, "inequality_column", &named.inequality)?,
            units: self.find(UNITS, "units_column", &None)?,
            split: self.find(SPLIT, "split_column", &None)?,
        })
    }

    fn required(&self, what: &str, known: &[&str], option: &str, named: &Option<String>) -> Result<usize, FamilyError> {
        self.find(known, option, named)?.ok_or_else(|| {
            let (known, text) = (known.join(", "), &self.text);
            FamilyError::Data(format!(
                "no column holds {what}: expected a header of {known}; found {text}; `{option}` in [data] names it"
            ))
        })
    }

    fn find(&self, known: &[&str], option: &str, named: &Option<String>) -> Result<Option<usize>, FamilyError> {
        let wanted: Vec<String> = match named {
            Some(name) => vec![plain(name)],
            None => known.iter().map(|name| (*name).to_owned()).collect(),
        };
        for name in &wanted {
            let mut with = (0..self.columns.len()).filter(|at| self.columns[*at].contains(name));
            match (with.next(), with.count()) {
                (None, _) => {}
                (Some(at), 0) => return Ok(Some(at)),
                (Some(_), others) => {
                    let count = others + 1;
                    return Err(FamilyError::Data(format!("{count} columns have the header {name:?}; expected one")));
                }
            }
        }
        match named {
            None => Ok(None),
            Some(name) => {
                let text = &self.text;
                Err(FamilyError::Data(format!(
                    "no column has the header {name:?}, which `{option}` names; found {text}"
                )))
            }
        }
    }
}

/// A header in plain form: small letters, with one space for what stands between words.
fn plain(name: &str) -> String {
    let words = name.split(|letter: char| letter.is_whitespace() || letter == '_' || letter == '-');
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

fn joined(record: &StringRecord) -> String {
    record.iter().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(first: &str, second: &str, key: Key, named: &Named) -> Result<(Columns, usize), String> {
        let record = |line: &str| StringRecord::from(line.split('|').collect::<Vec<_>>());
        Columns::find(&record(first), Some(&record(second)), key, named).map_err(|error| error.to_string())
    }

    fn found(first: &str, second: &str) -> (usize, usize, Option<usize>, Option<usize>, usize) {
        let (columns, lines) = find(first, second, Key::Peptide, &Named::default()).unwrap();
        (columns.key, columns.value, columns.allele, columns.inequality, lines)
    }

    #[test]
    fn the_common_conventions_are_recognised() {
        let data = "HLA-A-0201|9|AAAATCALV|=|41.0";
        assert_eq!(found("mhc|peptide_length|sequence|inequality|meas|n_rows", data), (2, 4, Some(0), Some(3), 1));
        assert_eq!(found("allele|peptide|measurement_value|measurement_inequality", data), (1, 2, Some(0), Some(3), 1));
        assert_eq!(found("Peptide Sequence|IC50", data), (0, 1, None, None, 1));
        assert_eq!(found("HLA|Epitope|nM", data), (1, 2, Some(0), None, 1));
        assert_eq!(
            found("Linear Sequence|Quantitative measurement|Measurement Inequality|Allele Name|Units", data),
            (0, 1, Some(3), Some(2), 1)
        );
        assert_eq!(
            found(
                "Epitope - Name|Assay - Measurement Inequality|Assay - Quantitative measurement|MHC Restriction - Name",
                data
            ),
            (0, 2, Some(3), Some(1), 1)
        );
    }

    #[test]
    fn a_line_of_groups_above_the_names_is_skipped() {
        let groups = "Reference|Epitope|Epitope|Related Object|Assay|Assay|Assay|MHC";
        let names = "Reference IRI|Object Type|Description|Description|Measurement Inequality|\
                     Quantitative measurement|Units|Allele Name";
        assert_eq!(found(groups, names), (2, 5, Some(7), Some(4), 2));
        let names = "IRI|Object Type|Name|Name|Measurement Inequality|Quantitative measurement|Units|Name";
        let groups = "Reference|Epitope|Epitope|Related Object|Assay|Assay|Assay|MHC Restriction";
        assert_eq!(found(groups, names), (2, 5, Some(7), Some(4), 2));
        let error = find(groups, "a|b|Name|d|e|f|g|h", Key::Peptide, &Named::default()).unwrap_err();
        assert!(error.contains("no column holds affinities") && error.contains("found a, b, Name, d"), "{error}");
    }

    #[test]
    fn a_study_may_name_columns_itself() {
        let named = Named { peptide: Some("Pep".to_owned()), value: Some("BA nM".to_owned()), ..Named::default() };
        let (columns, _) = find("pep|sequence|ba_nm|value", "", Key::Peptide, &named).unwrap();
        assert_eq!((columns.key, columns.value), (0, 2));
        let error = find("pep|sequence|value", "", Key::Peptide, &named).unwrap_err();
        assert!(error.contains("\"BA nM\", which `value_column` names; found pep, sequence, value"), "{error}");
    }

    #[test]
    fn what_is_missing_or_double_is_named() {
        let fault = |first: &str, key: Key| find(first, "", key, &Named::default()).unwrap_err();
        assert!(fault("a|meas", Key::Peptide).contains("no column holds peptides"));
        assert!(fault("a|meas", Key::Peptide).contains("`peptide_column` in [data] names it"));
        assert!(fault("peptide|b", Key::Peptide).contains("no column holds affinities"));
        assert!(fault("peptide|meas", Key::Id).contains("no column holds ids: expected a header of id, name"));
        assert!(fault("peptide|meas|Meas", Key::Peptide).contains("2 columns have the header \"meas\""));
    }
}
