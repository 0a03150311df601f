//! Embedding tables as files: for people and statistics programs `NAME.tsv`, for the viewer `NAME.json`.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use seqtune_plugin::FamilyError;
use serde::Serialize;

use super::agreement::{Agreement, agreement};
use super::chemistry::Class;
use super::pca::pca;
use super::tsne::{default_perplexity, tsne};

/// One embedding table. Its rows are labelled by the caller, who knows which code each token has.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What its files are named after.
    pub name: String,
    /// What each row stands for: `-`, `A`, `C`.
    pub tokens: Vec<String>,
    /// Whether any peptide has the token. Rows that none has were never trained: they are written, but have no part in maps.
    pub used: Vec<bool>,
    /// The rows.
    pub vectors: Vec<Vec<f64>>,
}

/// What a table looks like from a distance. The JSON file is this.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Analysed {
    name: String,
    /// Share of the variance that each of the two components holds.
    variance_shares: Vec<f64>,
    perplexity: f64,
    /// How far chemically alike residues lie together; absent where there are too few.
    agreement: Option<Agreement>,
    rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Row {
    token: String,
    class: Class,
    /// Absent where no peptide has the token.
    pca: Option<[f64; 2]>,
    tsne: Option<[f64; 2]>,
    vector: Vec<f64>,
}

/// Writes `NAME.tsv` and `NAME.json` for each table into a directory, which is made where it does not exist. All tables are
/// analysed before the first file is written.
///
/// # Errors
/// [`FamilyError::Other`] where a table cannot be analysed, or a file cannot be written.
pub fn write(directory: &Path, tables: &[Table]) -> Result<Vec<PathBuf>, FamilyError> {
    let analysed = tables.iter().map(analyse).collect::<Result<Vec<_>, _>>()?;
    fs::create_dir_all(directory).map_err(|error| cannot_write(directory, &error))?;
    let mut files = Vec::with_capacity(2 * tables.len());
    for table in &analysed {
        let path = directory.join(format!("{}.tsv", table.name));
        aside(&path, |out| write_tsv(out, table))?;
        files.push(path);
        let path = directory.join(format!("{}.json", table.name));
        aside(&path, |out| {
            serde_json::to_writer_pretty(&mut *out, table)?;
            Ok(out.write_all(b"\n")?)
        })?;
        files.push(path);
    }
    Ok(files)
}

fn analyse(table: &Table) -> Result<Analysed, FamilyError> {
    let Table { name, tokens, used, vectors } = table;
    let of_table = |error: FamilyError| FamilyError::Other(format!("embedding {name}: {error}"));
    if tokens.len() != vectors.len() || used.len() != vectors.len() {
        return Err(of_table(FamilyError::Other(format!(
            "{} rows have {} tokens and {} marks of use",
            vectors.len(),
            tokens.len(),
            used.len()
        ))));
    }
    super::width_of(vectors).map_err(of_table)?;
    let classes: Vec<Class> = tokens.iter().map(|token| Class::of(token)).collect();
    let shown: Vec<usize> = (0..vectors.len()).filter(|row| used[*row]).collect();
    let of_shown: Vec<Vec<f64>> = shown.iter().map(|row| vectors[*row].clone()).collect();
    let classes_shown: Vec<Class> = shown.iter().map(|row| classes[*row]).collect();
    let perplexity = default_perplexity(shown.len());
    let components = pca(&of_shown, 2).map_err(of_table)?;
    let map = tsne(&of_shown, perplexity).map_err(of_table)?;
    let place = |row: usize| shown.binary_search(&row).ok();
    let rows = (0..vectors.len()).map(|row| Row {
        token: tokens[row].clone(),
        class: classes[row],
        pca: place(row).map(|at| [components.coordinates[at][0], components.coordinates[at][1]]),
        tsne: place(row).map(|at| map[at]),
        vector: vectors[row].clone(),
    });
    Ok(Analysed {
        name: name.clone(),
        variance_shares: components.shares.clone(),
        perplexity,
        agreement: agreement(&of_shown, &classes_shown),
        rows: rows.collect(),
    })
}

/// Columns `token`, `class`, `pca_1`, `pca_2`, `tsne_1`, `tsne_2`, and `v_1` onwards.
fn write_tsv(out: &mut dyn Write, table: &Analysed) -> Result<(), Box<dyn std::error::Error>> {
    let mut writer = csv::WriterBuilder::new().delimiter(b'\t').from_writer(out);
    let width = table.rows.first().map_or(0, |row| row.vector.len());
    let fixed = ["token", "class", "pca_1", "pca_2", "tsne_1", "tsne_2"].map(str::to_owned);
    writer.write_record(fixed.into_iter().chain((1..=width).map(|column| format!("v_{column}"))))?;
    for row in &table.rows {
        let cells = |point: Option<[f64; 2]>| point.map_or_else(Default::default, |point| point.map(|x| x.to_string()));
        let [pca_1, pca_2]: [String; 2] = cells(row.pca);
        let [tsne_1, tsne_2]: [String; 2] = cells(row.tsne);
        let fixed = [row.token.clone(), row.class.name().to_owned(), pca_1, pca_2, tsne_1, tsne_2];
        writer.write_record(fixed.into_iter().chain(row.vector.iter().map(f64::to_string)))?;
    }
    Ok(writer.flush()?)
}

/// Writes a file beside its place and moves it there.
fn aside(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Box<dyn std::error::Error>>,
) -> Result<(), FamilyError> {
    let aside = path.with_added_extension("partial");
    let written = || -> Result<(), Box<dyn std::error::Error>> {
        let mut out = BufWriter::new(File::create(&aside)?);
        write(&mut out)?;
        out.flush()?;
        Ok(fs::rename(&aside, path)?)
    };
    written().map_err(|error| cannot_write(path, error.as_ref()))
}

fn cannot_write(path: &Path, error: &dyn std::error::Error) -> FamilyError {
    FamilyError::Other(format!("{} cannot be written: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt as _;
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    /// Codes 1 to 20, with padding before them.
    const ONE_BASED: &str = "-ACDEFGHIKLMNPQRSTVWY";
    /// Codes 0 to 20, with X at its alphabetical place.
    const ZERO_BASED: &str = "ACDEFGHIKLMNPQRSTVWXY";

    /// A table in which each token's first number is its letter, and residues of a class lie together.
    fn table(order: &str, unused: &str) -> Table {
        let row = |token: char| {
            let mut chance = ChaCha8Rng::seed_from_u64(u64::from(token));
            let class = Class::ALL.iter().position(|class| *class == Class::of(&token.to_string()));
            let number = |j| chance.random_range(-0.5..0.5) + if class == Some(j) { 3.0 } else { 0.0 };
            let mut vector: Vec<f64> = (0..7).map(number).collect();
            vector.push(f64::from(u32::from(token)) / 1000.0);
            vector
        };
        Table {
            name: "forward".to_owned(),
            tokens: order.chars().map(String::from).collect(),
            used: order.chars().map(|token| !unused.contains(token)).collect(),
            vectors: order.chars().map(row).collect(),
        }
    }

    fn read(directory: &Path) -> (Vec<Vec<String>>, serde_json::Value) {
        let mut tsv = csv::ReaderBuilder::new()
            .delimiter(b'\t')
            .has_headers(false)
            .from_path(directory.join("forward.tsv"))
            .unwrap();
        let lines = tsv.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect();
        let json = serde_json::from_str(&fs::read_to_string(directory.join("forward.json")).unwrap()).unwrap();
        (lines, json)
    }

    #[test]
    fn each_row_has_its_own_label_in_both_codes() {
        for (order, unused) in [(ONE_BASED, "-"), (ZERO_BASED, ""), (ZERO_BASED, "X")] {
            let directory = tempfile::tempdir().unwrap();
            let files = write(&directory.path().join("made"), &[table(order, unused)]).unwrap();
            assert_eq!(files.len(), 2);
            let (lines, json) = read(&directory.path().join("made"));
            assert_eq!(lines[0].join(" "), "token class pca_1 pca_2 tsne_1 tsne_2 v_1 v_2 v_3 v_4 v_5 v_6 v_7 v_8");
            assert_eq!(lines.len(), 22);
            for ((line, row), letter) in
                lines[1..].iter().zip(json["rows"].as_array().unwrap()).zip(order.chars().map(String::from))
            {
                // The vector tells whose it is, whatever the label says.
                let own = (u32::from(letter.chars().next().unwrap()) as f64 / 1000.0).to_string();
                assert_eq!((line[0].as_str(), line[13].as_str()), (letter.as_str(), own.as_str()));
                assert_eq!((row["token"].as_str(), row["vector"][7].to_string()), (Some(letter.as_str()), own));
                assert_eq!((line[1].as_str(), row["class"].as_str().unwrap()), (Class::of(&letter).name(), &*line[1]));
                let hidden = unused.contains(&letter);
                assert!(line[2..6].iter().all(|cell| cell.is_empty() == hidden), "{line:?}");
                assert_eq!((row["pca"].is_null(), row["tsne"].is_null()), (hidden, hidden));
                if !hidden {
                    assert_eq!(line[2], row["pca"][0].as_f64().unwrap().to_string());
                    assert_eq!(line[5], row["tsne"][1].as_f64().unwrap().to_string());
                }
            }
        }
    }

    #[test]
    fn alike_residues_lie_together() {
        let analysed = analyse(&table(ONE_BASED, "-")).unwrap();
        let point = |token: &str| analysed.rows.iter().find(|row| row.token == token).and_then(|row| row.tsne).unwrap();
        let distance = |a: &str, b: &str| {
            let (a, b) = (point(a), point(b));
            (a[0] - b[0]).hypot(a[1] - b[1])
        };
        for (own, alike, unlike) in [("K", "R", "D"), ("D", "E", "K"), ("F", "Y", "S"), ("L", "I", "N")] {
            assert!(distance(own, alike) < distance(own, unlike), "{own} {alike} {unlike}: {analysed:?}");
        }
        let agreement = analysed.agreement.unwrap();
        assert!(agreement.share > agreement.by_chance_95[1] + 0.2, "{agreement:?}");
        assert_eq!(analysed.perplexity, 4.75);
        assert!(analysed.variance_shares[0] > analysed.variance_shares[1]);
    }

    #[test]
    fn an_unused_row_changes_nothing() {
        let mut other = table(ONE_BASED, "-");
        other.vectors[0] = vec![100.0; 8];
        let points = |table: &Table| analyse(table).unwrap().rows.into_iter().map(|row| (row.pca, row.tsne)).collect();
        let (one, other): (Vec<_>, Vec<_>) = (points(&table(ONE_BASED, "-")), points(&other));
        assert_eq!(one, other);
    }

    #[test]
    fn a_wrong_table_leaves_no_file() {
        let directory = tempfile::tempdir().unwrap();
        let right = table(ONE_BASED, "-");
        let mut wrong = table(ZERO_BASED, "");
        wrong.vectors[3][0] = f64::NAN;
        let out = directory.path().join("made");
        let message = write(&out, &[right.clone(), wrong.clone()]).unwrap_err().to_string();
        assert_eq!(message, "embedding forward: row 3 holds a number that is not finite");
        assert!(!out.exists());
        wrong.tokens.pop();
        assert!(write(&out, &[wrong]).unwrap_err().to_string().contains("21 rows have 20 tokens"));
        let few = table("ACDEF", "");
        assert!(write(&out, &[few]).unwrap_err().to_string().contains("a t-SNE of 5 rows needs"));
    }
}
