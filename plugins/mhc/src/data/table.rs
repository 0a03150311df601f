//! Peptides with affinities from a table: TSV or CSV with a header, plain or gzip.
//!
//! ```text
//! mhc         sequence   inequality  meas
//! HLA-A-0201  AAAATCALV  =           41.0
//! HLA-A-0201  AAAFVNQHA  >           20000
//! ```
//!
//! Columns come in any order, under the headers of the common exports. The peptide and the affinity in nM are required;
//! allele, inequality, units and split (train or test) are optional.

use std::collections::BTreeMap;
use std::path::Path;

use seqtune_plugin::{DataSpec, FamilyError};
use serde::Deserialize;

use super::columns::{Key, Named};
use super::measurements::{Measurement, Options, measurements};
use super::{Peptides, Source, Split, code_of};

/// The keys of this source.
#[cfg(test)]
pub const KEYS: &[&str] = &[
    "file",
    "allele",
    "skip_nonstandard",
    "skip_unmeasured",
    "peptide_column",
    "value_column",
    "allele_column",
    "inequality_column",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    file: String,
    allele: Option<String>,
    #[serde(default)]
    skip_nonstandard: bool,
    #[serde(default)]
    skip_unmeasured: bool,
    peptide_column: Option<String>,
    value_column: Option<String>,
    allele_column: Option<String>,
    inequality_column: Option<String>,
}

/// Reads the file that the table names.
///
/// # Errors
/// [`FamilyError::Data`] with file and line, and what was expected.
pub fn read(spec: &DataSpec) -> Result<Source, FamilyError> {
    let arguments: Arguments = spec.read()?;
    let path = spec.resolve(&arguments.file)?;
    let options = Options {
        key: Key::Peptide,
        allele: arguments.allele,
        skip_unmeasured: arguments.skip_unmeasured,
        named: Named {
            id: None,
            peptide: arguments.peptide_column,
            value: arguments.value_column,
            allele: arguments.allele_column,
            inequality: arguments.inequality_column,
        },
    };
    let found = measurements(&path, &options)?;
    let mut rows = Rows::new(arguments.skip_nonstandard, found.left_out);
    for row in found.rows {
        rows.add(row.key.as_bytes(), &path, row.line, &row)?;
    }
    rows.finish(&path)
}

/// Peptides as they are read.
pub struct Rows {
    peptides: Peptides,
    splits: Vec<Split>,
    skip_nonstandard: bool,
    left_out: BTreeMap<&'static str, usize>,
}

impl Rows {
    /// None yet; `left_out` are rows that went before, by reason.
    pub fn new(skip_nonstandard: bool, left_out: BTreeMap<&'static str, usize>) -> Rows {
        Rows { peptides: Peptides::default(), splits: Vec::new(), skip_nonstandard, left_out }
    }

    /// Adds a peptide, which stands in a line of a file, with its measurement.
    ///
    /// # Errors
    /// [`FamilyError::Data`] where it holds what is no residue, unless such peptides are left out.
    pub fn add(&mut self, letters: &[u8], path: &Path, line: u64, measured: &Measurement) -> Result<(), FamilyError> {
        let codes: Option<Vec<u8>> = letters.iter().map(|letter| code_of(*letter)).collect();
        let Some(codes) = codes.filter(|codes| !codes.is_empty()) else {
            if self.skip_nonstandard {
                *self.left_out.entry("left out for other letters").or_default() += 1;
                return Ok(());
            }
            let (file, what) = (path.display(), fault(letters));
            return Err(FamilyError::Data(format!("{file}, line {line}: {what}")));
        };
        self.peptides.sequences.push(codes);
        self.peptides.nanomolar.push(measured.nanomolar);
        self.peptides.inequalities.push(measured.inequality);
        self.splits.extend(measured.split);
        Ok(())
    }

    /// All of them; `path` is the table that holds the splits.
    ///
    /// # Errors
    /// [`FamilyError::Data`] where only some rows have a split.
    pub fn finish(mut self, path: &Path) -> Result<Source, FamilyError> {
        match self.splits.len() {
            0 => {}
            found if found == self.peptides.rows() => self.peptides.splits = Some(self.splits),
            found => {
                return Err(FamilyError::Data(format!(
                    "{}: the column \"split\" is filled in {found} of {} rows; fill all or none",
                    path.display(),
                    self.peptides.rows()
                )));
            }
        }
        let digest = self.peptides.digest();
        Ok(Source { peptides: self.peptides, left_out: self.left_out, digest })
    }
}

/// What is wrong with a peptide that cannot be read.
fn fault(letters: &[u8]) -> String {
    let text = String::from_utf8_lossy(letters);
    match text.chars().find(|letter| u8::try_from(*letter).ok().and_then(code_of).is_none()) {
        Some(letter) => format!(
            "the peptide {text:?} holds {letter:?}, which is none of the 20 residues; `skip_nonstandard = true` in \
             [data] leaves such peptides out"
        ),
        None => "the peptide is empty".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::Inequality;
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use serde_json::json;

    fn read_bytes(bytes: &[u8], more: serde_json::Value) -> Result<Source, String> {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("x.tsv"), bytes).unwrap();
        let (serde_json::Value::Object(mut values), serde_json::Value::Object(more)) = (json!({"file": "x.tsv"}), more)
        else {
            unreachable!()
        };
        values.extend(more);
        read(&DataSpec { values, roots: vec![root.path().to_owned()] }).map_err(|error| error.to_string())
    }

    fn error(text: &str) -> String {
        read_bytes(text.as_bytes(), json!({})).err().unwrap()
    }

    const PLAIN: &str = "mhc\tsequence\tinequality\tmeas\nHLA-A-0201\tACDEY\t=\t41.5\nHLA-A-0201\tyw\t>\t20000\n";

    fn is_plain(source: &Source) -> bool {
        source.peptides.sequences == [vec![0, 1, 2, 3, 19], vec![19, 18]]
            && source.peptides.nanomolar == [41.5, 20_000.0]
            && source.peptides.inequalities == [Inequality::Equal, Inequality::Above]
            && source.peptides.splits.is_none()
            && source.left_out.is_empty()
    }

    #[test]
    fn tables_come_with_any_delimiter_plain_or_packed() {
        let plain = read_bytes(PLAIN.as_bytes(), json!({})).unwrap();
        assert!(is_plain(&plain));
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(PLAIN.as_bytes()).unwrap();
        let variants = [
            PLAIN.replace('\t', ",").into_bytes(),
            PLAIN.replace('\t', " ; ").into_bytes(),
            PLAIN.replace('\n', "\r\n").into_bytes(),
            PLAIN.replace("meas", "\"meas\"").into_bytes(),
            format!("\u{feff}{PLAIN}").into_bytes(),
            format!("\n{PLAIN}\n\t\t\t\n\n").into_bytes(),
            packed.finish().unwrap(),
        ];
        for (number, bytes) in variants.iter().enumerate() {
            let source = read_bytes(bytes, json!({})).unwrap();
            assert!(is_plain(&source), "variant {number}");
            assert_eq!(source.digest, plain.digest);
        }
    }

    #[test]
    fn the_full_export_of_iedb_is_read() {
        let text = "Reference,Epitope,Epitope,Assay,Assay,Assay,MHC\n\
                    Reference IRI,Object Type,Description,Measurement Inequality,Quantitative measurement,Units,\
                    Allele Name\n\
                    http://a,Linear peptide,ACDEF,<,7.5,nM,HLA-A*02:01\n\
                    http://a,Linear peptide,ACDEG,,120,min,HLA-A*02:01\n\
                    http://a,Linear peptide,ACDEH,,,,HLA-A*02:01\n\
                    http://a,Linear peptide,ACDEK + OX(M3),,7,nM,HLA-A*02:01\n\
                    http://a,Linear peptide,,,,,HLA-B*07:02\n";
        let options = json!({"allele": "HLA-A0201", "skip_unmeasured": true, "skip_nonstandard": true});
        let source = read_bytes(text.as_bytes(), options).unwrap();
        assert_eq!(source.peptides.sequences, [[0, 1, 2, 3, 4]]);
        assert_eq!(source.peptides.inequalities, [Inequality::Below]);
        let expected = [
            ("left out by allele", 1),
            ("left out by units other than nM", 1),
            ("left out for other letters", 1),
            ("left out without a value", 1),
        ];
        assert_eq!(source.left_out, BTreeMap::from(expected));
        let strict = read_bytes(text.as_bytes(), json!({"allele": "HLA-A0201"})).err().unwrap();
        assert!(strict.contains("line 5: \"ACDEH\" has no value; `skip_unmeasured = true`"), "{strict}");
    }

    #[test]
    fn alleles_are_chosen_however_they_are_written() {
        let text = "allele,peptide,nM\nHLA-A*02:01,AAA,1\nHLA-A0201,CCC,2\n\
                    HLA-A-0301,DDD,bad\nA02:01,EEE,3\nHLA-A*03:01,DDD,1\n";
        for name in ["HLA-A*02:01", "HLA-A02:01", "HLA-A0201", "HLA-A-0201", "hla-a*0201"] {
            let source = read_bytes(text.as_bytes(), json!({"allele": name})).unwrap();
            assert_eq!((source.peptides.rows(), source.left_out["left out by allele"]), (3, 2));
        }
        // Several alleles come before the faults of single rows.
        let several = error(text);
        assert!(several.contains("2 alleles, and a study is of one"), "{several}");
        assert!(several.contains("\"HLA-A*02:01\" 3, \"HLA-A-0301\" 2"), "{several}");
        let none = read_bytes(text.as_bytes(), json!({"allele": "HLA-B*07:02"})).err().unwrap();
        assert!(none.contains("no row is of the allele \"HLA-B*07:02\"; rows of each"), "{none}");
        let rows: String = (0..12).map(|number| format!("HLA-A{number:04},AAA,1\n")).collect();
        assert!(error(&format!("allele,peptide,nM\n{rows}")).contains("\"HLA-A0009\" 1, and 2 more"));
        let without = read_bytes(b"peptide,nM\nAAA,1\n", json!({"allele": "HLA-B*07:02"})).err().unwrap();
        assert!(without.contains("no column holds alleles"), "{without}");
    }

    #[test]
    fn splits_and_named_columns_are_read() {
        let text = "peptide,nM,split\nAAA,1,Train\nCCC,2,test\n";
        let splits = read_bytes(text.as_bytes(), json!({})).unwrap().peptides.splits;
        assert_eq!(splits, Some(vec![Split::Train, Split::Test]));
        assert!(error("peptide,nM,split\nAAA,1,train\nCCC,2,\n").contains("filled in 1 of 2 rows"));
        let named = json!({"value_column": "Mean nM", "inequality_column": "Bound"});
        let source = read_bytes(b"peptide,mean_nm,nM,bound\nAAA,1,7,<=\n", named).unwrap();
        assert_eq!((source.peptides.nanomolar[0], source.peptides.inequalities[0]), (1.0, Inequality::Below));
    }

    #[test]
    fn faults_come_with_their_line() {
        assert!(error("peptide,nM\nAAA,1\n\nAXA,2\n").contains("x.tsv, line 4: the peptide \"AXA\" holds 'X'"));
        assert!(error("peptide,nM\nAÄA,2\n").contains("line 2: the peptide \"AÄA\" holds 'Ä'"));
        assert!(error("peptide,nM\n,2\n").contains("line 2: the peptide is empty"));
        assert!(error("peptide,nM\nAAA,\n").contains("line 2: \"AAA\" has no value"));
        for value in ["0", "-1", "inf", "NaN", "5 nM"] {
            let message = error(&format!("peptide,nM\nAAA,{value}\n"));
            assert!(message.contains("line 2: the value of \"AAA\" is"), "{message}");
        }
        assert!(error("peptide,nM,inequality\nAAA,1,~\n").contains("is \"~\"; expected ="));
        assert!(error("peptide,nM,split\nAAA,1,valid\n").contains("is \"valid\"; expected train or test"));
        assert!(error("peptide,nM\nAAA,1,2\n").contains("line 2: 3 columns; expected 2"));
        assert!(error("").contains("x.tsv: the table is empty"));
        assert!(error("AAA\t1\nCCC\t2\n").contains("x.tsv: no column holds peptides"));
        let unknown = read_bytes(PLAIN.as_bytes(), json!({"id_column": "x"})).err().unwrap();
        assert!(unknown.contains("id_column"), "{unknown}");
    }

    #[test]
    fn other_letters_are_left_out_where_asked() {
        let text = "peptide,nM\nAAA,1\nAXA,2\n";
        let source = read_bytes(text.as_bytes(), json!({"skip_nonstandard": true})).unwrap();
        assert_eq!((source.peptides.rows(), source.left_out["left out for other letters"]), (1, 1));
    }
}
