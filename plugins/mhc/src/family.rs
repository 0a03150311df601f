//! The family as seqtune sees it.

use std::path::Path;

use seqtune_plugin::{Applied, Apply, DataSpec, FamilyError, FamilyInfo, Job, ModelFamily, Prepared, Session};

use crate::data::{self, MhcData, Split};
use crate::export;
use crate::measure;
use crate::parameters::parameters;
use crate::session::{MhcSession, report};

/// Peptide-MHC binding: how strongly a peptide binds an MHC class I molecule.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mhc;

impl ModelFamily for Mhc {
    fn info(&self) -> FamilyInfo {
        FamilyInfo {
            name: "mhc".to_owned(),
            version: "1".to_owned(),
            summary: "Peptide-MHC binding: LSTM, GRU, RNN, feed-forward and linear models on peptides.".to_owned(),
            step: "epoch".to_owned(),
            parameters: parameters(),
            metrics: measure::infos(),
            data: data::keys(),
        }
    }

    fn prepare(&self, data: &DataSpec, _cache: &Path) -> Result<Prepared, FamilyError> {
        data::prepare(data)
    }

    fn open(&self, prepared: &Prepared, job: &Job) -> Result<Box<dyn Session>, FamilyError> {
        Ok(Box::new(MhcSession::open(prepared.content()?, job)?))
    }

    /// - `evaluate` on `valid`: the metrics of the checkpoint, out of fold; on `test`: those of the folds' mean score.
    /// - `predict`: out-of-fold scores, and for test peptides the folds' mean, as a tab-separated table.
    /// - `export`: a folder with the token vectors (PCA, t-SNE), the confusion of levels, and the predictions.
    fn apply(&self, prepared: &Prepared, checkpoint: &Path, what: &Apply) -> Result<Applied, FamilyError> {
        let data: &MhcData = prepared.content()?;
        let session = MhcSession::read(data, checkpoint)?;
        let mut applied = Applied::default();
        match what {
            Apply::Evaluate { split } => applied.metrics = evaluate(data, &session, split)?,
            Apply::Predict { out } => {
                export::predictions(data, &session, out)?;
                applied.files.push(out.clone());
            }
            Apply::Export { out } => applied.files = export::all(data, &session, out)?,
        }
        Ok(applied)
    }
}

fn evaluate(
    data: &MhcData,
    session: &MhcSession,
    split: &str,
) -> Result<std::collections::BTreeMap<String, seqtune_plugin::MetricValue>, FamilyError> {
    let truth = session.folds().0.truth();
    match split {
        "valid" => {
            let folds: Vec<_> = session.out_of_fold()?.iter().map(|scores| truth.measure("valid", scores)).collect();
            Ok(report(&folds).metrics)
        }
        "test" => {
            let rows = data.peptides.in_split(Split::Test);
            if rows.is_empty() {
                return Err(FamilyError::Other("the data has no test split".to_owned()));
            }
            let metrics = truth.measure("test", &session.ensemble(&rows)?);
            let number = |(name, value)| (name, seqtune_plugin::MetricValue::number(value));
            Ok(metrics.into_iter().map(number).collect())
        }
        other => Err(FamilyError::Other(format!("there is no split {other:?}; choose valid or test"))),
    }
}
