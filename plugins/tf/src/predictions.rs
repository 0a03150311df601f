//! Out-of-fold predictions and their file: tab-separated `row`, `label`, `fold`, `score`, one line a row of the data.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use seqtune_plugin::FamilyError;
use serde::{Deserialize, Serialize};

/// One row's score, from the model that did not train on it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// Row of the data, from 0.
    pub row: usize,
    /// Whether the factor binds.
    #[serde(with = "label")]
    pub label: bool,
    /// Fold that the row validates, from 0.
    pub fold: usize,
    /// Larger is more likely bound: log odds for models, 0 or 1 for the motif.
    pub score: f64,
}

/// Predictions in the order of the rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predictions(Vec<Prediction>);

impl Predictions {
    /// Puts predictions into the order of the rows.
    pub fn new(mut predictions: Vec<Prediction>) -> Predictions {
        predictions.sort_by_key(|prediction| prediction.row);
        Predictions(predictions)
    }

    /// All of them.
    pub fn rows(&self) -> &[Prediction] {
        &self.0
    }

    /// Labels and scores of one fold.
    pub fn of_fold(&self, fold: usize) -> (Vec<bool>, Vec<f64>) {
        self.0.iter().filter(|row| row.fold == fold).map(|row| (row.label, row.score)).unzip()
    }

    /// Writes the file beside its place and moves it there.
    ///
    /// # Errors
    /// [`FamilyError::Other`] where it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), FamilyError> {
        let fail = |error: &dyn std::fmt::Display| {
            FamilyError::Other(format!("{}: predictions cannot be written: {error}", path.display()))
        };
        let aside = path.with_extension("partial");
        let file = File::create(&aside).map_err(|error| fail(&error))?;
        let mut writer = csv::WriterBuilder::new().delimiter(b'\t').from_writer(BufWriter::new(file));
        for prediction in &self.0 {
            writer.serialize(prediction).map_err(|error| fail(&error))?;
        }
        let mut file = writer.into_inner().map_err(|error| fail(&error))?;
        file.flush().map_err(|error| fail(&error))?;
        std::fs::rename(&aside, path).map_err(|error| fail(&error))
    }

    /// Reads a file that [`Predictions::write`] wrote.
    ///
    /// # Errors
    /// [`FamilyError::Data`] with the line that is wrong.
    pub fn read(path: &Path) -> Result<Predictions, FamilyError> {
        let fail = |error: csv::Error| FamilyError::Data(format!("{}: {error}", path.display()));
        let mut reader = csv::ReaderBuilder::new().delimiter(b'\t').from_path(path).map_err(fail)?;
        let rows = reader.deserialize().collect::<Result<Vec<Prediction>, _>>().map_err(fail)?;
        Ok(Predictions::new(rows))
    }
}

/// A label is written 0 or 1.
mod label {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    pub fn serialize<S: Serializer>(label: &bool, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(u8::from(*label))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
        match u8::deserialize(deserializer)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(D::Error::custom(format!("the label is {other}; expected 0 or 1"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_comes_back_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("scores.tsv");
        let row = |row, label, score| Prediction { row, label, fold: row % 2, score };
        let predictions = Predictions::new(vec![row(1, false, -0.1), row(0, true, 1.0 / 3.0), row(2, false, 1e-30)]);
        predictions.write(&path).unwrap();
        assert_eq!(Predictions::read(&path).unwrap(), predictions);
        assert_eq!(predictions.of_fold(0), (vec![true, false], vec![1.0 / 3.0, 1e-30]));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("row\tlabel\tfold\tscore\n0\t1\t0\t0.333"));
        std::fs::write(&path, "row\tlabel\tfold\tscore\n0\t2\t0\t0.5\n").unwrap();
        assert!(Predictions::read(&path).unwrap_err().to_string().contains("the label is 2"));
    }
}
