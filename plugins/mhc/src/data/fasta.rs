//! Peptides from FASTA, with a table of their affinities.
//!
//! The table follows the conventions of the source `table`, with an `id` (the first word after `>`) in place of the
//! peptide. Every sequence has a row and every row a sequence; a sequence whose row is left out is left out too.

use std::collections::HashMap;
use std::path::Path;

use seqtune_plugin::{DataSpec, FamilyError};
use serde::Deserialize;

use super::Source;
use super::columns::{Key, Named};
use super::measurements::{Measurement, Options, measurements};
use super::table::Rows;

/// The keys of this source.
#[cfg(test)]
pub const KEYS: &[&str] = &[
    "file",
    "values",
    "allele",
    "skip_nonstandard",
    "skip_unmeasured",
    "id_column",
    "value_column",
    "allele_column",
    "inequality_column",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    file: String,
    values: String,
    allele: Option<String>,
    #[serde(default)]
    skip_nonstandard: bool,
    #[serde(default)]
    skip_unmeasured: bool,
    id_column: Option<String>,
    value_column: Option<String>,
    allele_column: Option<String>,
    inequality_column: Option<String>,
}

/// Reads the two files that the table names.
///
/// # Errors
/// [`FamilyError::Data`] with file and line, and what was expected.
pub fn read(spec: &DataSpec) -> Result<Source, FamilyError> {
    let arguments: Arguments = spec.read()?;
    let fasta = spec.resolve(&arguments.file)?;
    let table = spec.resolve(&arguments.values)?;
    let options = Options {
        key: Key::Id,
        allele: arguments.allele,
        skip_unmeasured: arguments.skip_unmeasured,
        named: Named {
            id: arguments.id_column,
            peptide: None,
            value: arguments.value_column,
            allele: arguments.allele_column,
            inequality: arguments.inequality_column,
        },
    };
    let found = measurements(&table, &options)?;
    let mut by_id: HashMap<String, Measurement> = HashMap::new();
    for row in found.rows {
        if let Some(earlier) = by_id.get(&row.key) {
            let (table, line, id, first) = (table.display(), row.line, &row.key, earlier.line);
            return Err(FamilyError::Data(format!("{table}, line {line}: {id:?} stands in line {first} already")));
        }
        by_id.insert(row.key.clone(), row);
    }
    let mut rows = Rows::new(arguments.skip_nonstandard, found.left_out);
    for sequence in sequences(&fasta)? {
        let Sequence { id, line, letters } = sequence;
        match by_id.remove(&id) {
            Some(row) => rows.add(&letters, &fasta, line, &row)?,
            None if found.skipped.contains(&id) => {}
            None => {
                let (fasta, table) = (fasta.display(), table.display());
                return Err(FamilyError::Data(format!(
                    "{fasta}, line {line}: {id:?} has no row of its own in {table}"
                )));
            }
        }
    }
    if let Some(row) = by_id.into_values().min_by_key(|row| row.line) {
        let (id, line, table, fasta) = (row.key, row.line, table.display(), fasta.display());
        return Err(FamilyError::Data(format!("{table}, line {line}: {id:?} has no sequence in {fasta}")));
    }
    rows.finish(&table)
}

struct Sequence {
    id: String,
    line: u64,
    letters: Vec<u8>,
}

fn sequences(path: &Path) -> Result<Vec<Sequence>, FamilyError> {
    let fail = |message: String| FamilyError::Data(format!("{}: cannot be read as FASTA: {message}", path.display()));
    let mut reader = needletail::parse_fastx_file(path).map_err(|error| fail(error.to_string()))?;
    let mut found = Vec::new();
    while let Some(record) = reader.next() {
        let record = record.map_err(|error| fail(error.to_string()))?;
        let id = record.id().split(u8::is_ascii_whitespace).next().unwrap_or_default();
        found.push(Sequence {
            id: String::from_utf8_lossy(id).into_owned(),
            line: record.start_line_number(),
            letters: record.seq().into_owned(),
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::Inequality;
    use super::*;

    fn read_texts(fasta: &str, values: &str, allele: Option<&str>) -> Result<Source, String> {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("x.fa"), fasta).unwrap();
        std::fs::write(root.path().join("y.tsv"), values).unwrap();
        let table = serde_json::json!({"file": "x.fa", "values": "y.tsv", "allele": allele});
        let serde_json::Value::Object(values) = table else { unreachable!() };
        read(&DataSpec { values, roots: vec![root.path().to_owned()] }).map_err(|error| error.to_string())
    }

    const FASTA: &str = ">a first\nACD\nEF\n>b\nyyy\n";

    #[test]
    fn sequences_are_joined_with_their_rows() {
        let peptides = read_texts(FASTA, "meas,id,inequality\n7,b,>\n5,a,\n", None).unwrap().peptides;
        assert_eq!(peptides.sequences, [vec![0, 1, 2, 3, 4], vec![19; 3]]);
        assert_eq!(peptides.nanomolar, [5.0, 7.0]);
        assert_eq!(peptides.inequalities, [Inequality::Equal, Inequality::Above]);
        assert!(peptides.splits.is_none());
    }

    #[test]
    fn a_sequence_goes_with_its_row() {
        let values = "accession\tnm\tallele\na\t1\tHLA-A*02:01\nb\t1\tHLA-B*07:02\n";
        let source = read_texts(FASTA, values, Some("A0201")).unwrap();
        assert_eq!((source.peptides.rows(), source.left_out["left out by allele"]), (1, 1));
    }

    #[test]
    fn faults_come_with_their_line() {
        let good = "id\tmeas\na\t1\nb\t1\n";
        let fault = |fasta: &str, values: &str| read_texts(fasta, values, None).err().unwrap();
        assert!(fault(">a\nACD\n>b\nAXC\n", good).contains("x.fa, line 3: the peptide \"AXC\" holds 'X'"));
        assert!(fault("ACD\n", good).contains("x.fa: cannot be read as FASTA"));
        assert!(fault(FASTA, "id\tmeas\na\t1\n").contains("x.fa, line 4: \"b\" has no row"));
        assert!(fault(FASTA, "id\tmeas\na\t1\nb\t1\nc\t1\n").contains("y.tsv, line 4: \"c\" has no sequence"));
        assert!(fault(FASTA, "id\tmeas\na\t1\na\t1\n").contains("line 3: \"a\" stands in line 2"));
        assert!(fault(FASTA, "peptide\tmeas\na\t1\n").contains("no column holds ids"));
    }
}
