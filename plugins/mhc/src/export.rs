//! What a finished trial leaves for people and for the viewer: predictions, the confusion of levels, the token vectors.
//!
//! The viewer knows these tables by their form, not by their names, so that another family's are shown as well (all are
//! tab-separated, with a heading):
//!
//! | table | it has | it is shown as |
//! |---|---|---|
//! | `predictions.tsv` | columns `score` and `target`; `binder` (0 or 1) says what is positive, `peptide` how long it is, `fold` who was asked | ROC and precision-recall, by length |
//! | `levels.tsv` | a heading whose names are those of its rows | a confusion matrix |
//! | `*-fold-N.tsv` | columns `token`, `class`, `pca_1`, `pca_2`, `tsne_1`, `tsne_2`, and the vector; `*-fold-N.json` beside it says how much of the variance the components hold | a map of residues by chemical class |
//! | any other | a first column of names, and numbers | a heat map |

use std::path::{Path, PathBuf};

use seqtune_nn::tch::{Device, Kind, Tensor};
use seqtune_plugin::FamilyError;

use crate::affinity::{LEVELS, level_of, nanomolar};
use crate::analysis::embedding::{self, Table};
use crate::data::{Inequality, MhcData, RESIDUES, Split};
use crate::measure::Scores;
use crate::session::MhcSession;

/// Writes `predictions.tsv`, `levels.tsv` and for each table of token vectors of each fold a table and its JSON into a
/// directory, which is made. Gives the files.
///
/// # Errors
/// [`FamilyError::Other`] naming the file that cannot be written; where the device fails.
pub fn all(data: &MhcData, session: &MhcSession, directory: &Path) -> Result<Vec<PathBuf>, FamilyError> {
    std::fs::create_dir_all(directory).map_err(|error| failure(directory, &error))?;
    let mut files = vec![directory.join("predictions.tsv"), directory.join("levels.tsv")];
    predictions(data, session, &files[0])?;
    levels(session, &files[1])?;
    files.extend(embedding::write(directory, &tables(session)?)?);
    Ok(files)
}

/// Writes the score of every peptide: out of fold, and for test peptides the folds' mean.
///
/// # Errors
/// As [`all`].
pub fn predictions(data: &MhcData, session: &MhcSession, path: &Path) -> Result<(), FamilyError> {
    let mut parts: Vec<(String, Scores)> = Vec::new();
    for (number, scores) in session.out_of_fold()?.into_iter().enumerate() {
        parts.push((number.to_string(), scores));
    }
    let test = data.peptides.in_split(Split::Test);
    if !test.is_empty() {
        parts.push(("test".to_owned(), session.ensemble(&test)?));
    }
    let header =
        ["row", "peptide", "fold", "inequality", "meas", "target", "level", "score", "nM", "score_level", "binder"];
    let mut rows: Vec<(usize, [String; 11])> = Vec::new();
    for (fold, scored) in &parts {
        for (row, score) in scored.rows.iter().zip(&scored.scores) {
            rows.push((*row, record(data, fold, *row, *score)));
        }
    }
    rows.sort_by_key(|row| row.0);
    write(path, &header, rows.iter().map(|row| row.1.as_slice()))
}

fn record(data: &MhcData, fold: &str, row: usize, score: f64) -> [String; 11] {
    let peptide = data.peptides.sequences[row].iter().map(|code| char::from(RESIDUES[usize::from(*code)])).collect();
    let inequality = match data.peptides.inequalities[row] {
        Inequality::Equal => "=",
        Inequality::Above => ">",
        Inequality::Below => "<",
    };
    [
        row.to_string(),
        peptide,
        fold.to_owned(),
        inequality.to_owned(),
        data.peptides.nanomolar[row].to_string(),
        data.labels.targets[row].to_string(),
        data.labels.levels[row].to_string(),
        score.to_string(),
        format!("{:.4}", nanomolar(score)),
        level_of(nanomolar(score)).to_string(),
        u8::from(data.labels.binders[row]).to_string(),
    ]
}

/// The confusion of levels over all folds: true ones in rows, those of the scores in columns, the weakest first.
fn levels(session: &MhcSession, path: &Path) -> Result<(), FamilyError> {
    let mut together = Scores::default();
    for scores in session.out_of_fold()? {
        together.rows.extend(scores.rows);
        together.scores.extend(scores.scores);
    }
    let names: Vec<String> = (0..=LEVELS.len()).map(level_name).collect();
    let mut header = vec!["measured \\ predicted"];
    header.extend(names.iter().map(String::as_str));
    let matrix = session.folds().0.truth().levels(&together);
    let mut rows = Vec::new();
    for (name, counts) in names.iter().zip(matrix.iter().flat_map(|matrix| matrix.rows())) {
        rows.push(std::iter::once(name.clone()).chain(counts.iter().map(u64::to_string)).collect::<Vec<String>>());
    }
    write(path, &header, rows.iter().map(Vec::as_slice))
}

/// `<50 nM` is the strongest level, `>=50000 nM` the weakest.
fn level_name(level: usize) -> String {
    match level {
        0 => format!(">={} nM", LEVELS[LEVELS.len() - 1]),
        level => format!("<{} nM", LEVELS[LEVELS.len() - level]),
    }
}

/// The token vectors of every fold.
fn tables(session: &MhcSession) -> Result<Vec<Table>, FamilyError> {
    let (trial, folds) = session.folds();
    let (tokens, used) = (trial.token_names(), trial.used_tokens());
    let mut tables = Vec::new();
    for (number, fold) in folds.iter().enumerate() {
        for (name, table) in fold.embeddings() {
            tables.push(Table {
                name: format!("{name}-fold-{number}"),
                tokens: tokens.clone(),
                used: used.clone(),
                vectors: rows_of(&table)?,
            });
        }
    }
    Ok(tables)
}

fn rows_of(table: &Tensor) -> seqtune_nn::Result<Vec<Vec<f64>>> {
    Ok(Vec::try_from(table.f_to_device(Device::Cpu)?.f_to_kind(Kind::Double)?)?)
}

fn write<'a>(path: &Path, header: &[&str], rows: impl Iterator<Item = &'a [String]>) -> Result<(), FamilyError> {
    let write = || -> csv::Result<()> {
        let mut writer = csv::WriterBuilder::new().delimiter(b'\t').from_path(path)?;
        writer.write_record(header)?;
        for row in rows {
            writer.write_record(row)?;
        }
        Ok(writer.flush()?)
    };
    write().map_err(|error| failure(path, &error))
}

fn failure(path: &Path, error: &dyn std::fmt::Display) -> FamilyError {
    FamilyError::Other(format!("{}: cannot be written: {error}", path.display()))
}
