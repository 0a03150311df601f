//! The family as seqtune sees it.

use std::path::Path;

use seqtune_plugin::{
    Applied, Apply, DataSpec, Direction, FamilyError, FamilyInfo, Job, MetricInfo, ModelFamily, Prepared, Session,
};

use crate::data::{self, Split, TfData};
use crate::parameters::parameters;
use crate::predictions::{Prediction, Predictions};
use crate::session::{TfSession, report};
use crate::training::measure;

/// Transcription-factor binding: whether a factor binds a window of DNA.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tf;

impl ModelFamily for Tf {
    fn info(&self) -> FamilyInfo {
        FamilyInfo {
            name: "tf".to_owned(),
            version: "1".to_owned(),
            summary: "Transcription-factor binding: MLP, CNN and LSTM on DNA windows.".to_owned(),
            step: "epoch".to_owned(),
            parameters: parameters(),
            metrics: metrics(),
            data: data::keys(),
        }
    }

    fn prepare(&self, data: &DataSpec, _cache: &Path) -> Result<Prepared, FamilyError> {
        data::prepare(data)
    }

    fn open(&self, prepared: &Prepared, job: &Job) -> Result<Box<dyn Session>, FamilyError> {
        Ok(Box::new(TfSession::open(prepared.content()?, job)?))
    }

    /// - `evaluate` on `valid`: the metrics of the checkpoint, out of fold; on `test`: those of the folds' mean logit.
    /// - `predict`: out-of-fold logits as tab-separated `row`, `label`, `fold`, `score`.
    fn apply(&self, prepared: &Prepared, checkpoint: &Path, what: &Apply) -> Result<Applied, FamilyError> {
        let data: &TfData = prepared.content()?;
        let mut applied = Applied::default();
        match what {
            Apply::Evaluate { split } => {
                let session = || TfSession::read(data, checkpoint, "auto");
                applied.metrics = match split.as_str() {
                    "valid" => evaluate_valid(data, &session()?)?,
                    "test" => evaluate_test(data, session)?,
                    other => {
                        return Err(FamilyError::Other(format!("there is no split {other:?}; choose valid or test")));
                    }
                };
            }
            Apply::Predict { out } => {
                predictions(data, &TfSession::read(data, checkpoint, "auto")?)?.write(out)?;
                applied.files.push(out.clone());
            }
            Apply::Export { .. } => {
                return Err(FamilyError::Other("the family tf has nothing to export; use predict".to_owned()));
            }
        }
        Ok(applied)
    }
}

fn metrics() -> Vec<MetricInfo> {
    let metric = |name: &str, direction: Direction, unit: &str, doc: &str| MetricInfo {
        name: name.to_owned(),
        direction,
        unit: unit.to_owned(),
        doc: doc.to_owned(),
    };
    let (up, down) = (Direction::Maximize, Direction::Minimize);
    vec![
        metric("valid/auc", up, "", "Area under the ROC curve on each fold's own windows, all of them."),
        metric("valid/ap", up, "", "Average precision on each fold's own windows, all of them."),
        metric("valid/loss", down, "nats", "Cross-entropy with both classes at equal weight."),
        metric("valid/balanced_accuracy", up, "", "Mean of sensitivity and specificity at logit 0."),
        metric("valid/best_balanced_accuracy", up, "", "The same at the threshold that is best on the fold itself."),
        metric("valid/threshold", up, "logit", "That threshold; neither direction is better."),
        metric("train/loss", down, "nats", "Weighted cross-entropy over the updates of the epoch."),
        metric("train/auc", up, "", "Area under the ROC curve of the epoch's own training scores, dropout and all."),
    ]
}

type Metrics = std::collections::BTreeMap<String, seqtune_plugin::MetricValue>;

fn evaluate_valid(data: &TfData, session: &TfSession) -> Result<Metrics, FamilyError> {
    let mut folds = Vec::new();
    for fold in session.out_of_fold()? {
        let (labels, scores): (Vec<bool>, Vec<f64>) =
            fold.into_iter().map(|(row, score)| (data.windows.labels[row], score)).unzip();
        folds.push(measure(&labels, &scores));
    }
    let mut metrics = report(&folds).metrics;
    // Losses belong to training.
    metrics.retain(|name, _| name.starts_with("valid/") && name != "valid/loss");
    Ok(metrics)
}

fn evaluate_test(data: &TfData, session: impl Fn() -> Result<TfSession, FamilyError>) -> Result<Metrics, FamilyError> {
    let rows: Vec<i64> = data.windows.in_split(Split::Test).into_iter().map(|row| row as i64).collect();
    if rows.is_empty() {
        return Err(FamilyError::Other("the data has no test split".to_owned()));
    }
    let session = session()?;
    let labels: Vec<bool> = rows.iter().map(|row| data.windows.labels[*row as usize]).collect();
    let measured = measure(&labels, &session.ensemble(&rows)?);
    let number = seqtune_plugin::MetricValue::number;
    Ok(Metrics::from([
        ("test/auc".to_owned(), number(measured.auc)),
        ("test/ap".to_owned(), number(measured.average_precision)),
        ("test/balanced_accuracy".to_owned(), number(measured.balanced_accuracy)),
    ]))
}

fn predictions(data: &TfData, session: &TfSession) -> Result<Predictions, FamilyError> {
    let mut all = Vec::new();
    for (fold, scored) in session.out_of_fold()?.into_iter().enumerate() {
        let prediction = |(row, score)| Prediction { row, label: data.windows.labels[row], fold, score };
        all.extend(scored.into_iter().map(prediction));
    }
    Ok(Predictions::new(all))
}
