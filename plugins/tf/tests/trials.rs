//! Trials of the family as a study drives them: conformance, divergence, checkpoints, and what a finished trial gives.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use seqtune_plugin::conformance::{Options, check_family};
use seqtune_plugin::{Apply, DataSpec, FailureCause, FamilyError, Job, ModelFamily, Prepared, Report, StepContext};
use seqtune_space::{Params, Value};
use seqtune_tf::Tf;
use seqtune_tf::data::TfData;
use seqtune_tf::folds::folds;
use seqtune_tf::predictions::Predictions;

/// libtorch's generator is one for the process, so that trials of one process take turns, as they do in workers.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn data() -> DataSpec {
    let table = serde_json::json!({
        "source": "synthetic", "rows": 240, "length": 40, "positives": 0.3, "strength": 1.0, "folds": 2,
        "group_bases": 50_000, "negatives_per_positive": 2,
    });
    match table {
        serde_json::Value::Object(values) => DataSpec { values, roots: Vec::new() },
        _ => DataSpec::default(),
    }
}

fn prepared() -> Prepared {
    Tf.prepare(&data(), Path::new("unused")).unwrap()
}

fn params(given: &[(&str, Value)]) -> Params {
    let mut params = Params::default();
    for (name, value) in given {
        params.set(name, value.clone());
    }
    params
}

fn job(given: &[(&str, Value)], steps: u64) -> Job {
    Job {
        trial: 0,
        attempt: 0,
        params: Tf.info().parameters.complete(&params(given)).unwrap(),
        seed: 3,
        study_seed: 4,
        device: "cpu".to_owned(),
        steps,
        checkpoint: None,
    }
}

fn train(job: &Job, save: Option<&Path>) -> Result<Vec<Report>, FamilyError> {
    let mut session = Tf.open(&prepared(), job)?;
    let mut progress = |_, _| Ok(());
    let reports = (0..job.steps).map(|_| session.step(&mut StepContext::new(&mut progress))).collect();
    if let Some(directory) = save {
        session.save(directory)?;
    }
    reports
}

fn conforms(given: &[(&str, Value)]) {
    let _turn = alone();
    let options = Options { data: data(), params: params(given), steps: 3, ..Options::default() };
    if let Err(violations) = check_family(&Tf, &options) {
        panic!("{}", violations.iter().map(|violation| format!("- {violation}\n")).collect::<String>());
    }
}

#[test]
fn the_mlp_conforms() {
    conforms(&[("model", "mlp".into()), ("mlp_width", 8_i64.into()), ("optimizer", "adam".into())]);
}

#[test]
fn the_cnn_conforms() {
    conforms(&[
        ("model", "cnn".into()),
        ("channels", 4_i64.into()),
        ("batch_norm", true.into()),
        ("mask", 0.1.into()),
        ("optimizer", "sgd".into()),
        ("rc", "augment".into()),
    ]);
}

#[test]
fn the_lstm_conforms() {
    conforms(&[
        ("model", "lstm".into()),
        ("hidden", 4_i64.into()),
        ("lstm_layers", 2_i64.into()),
        ("optimizer", "rmsprop".into()),
        ("imbalance", "oversample".into()),
    ]);
}

#[test]
fn a_strand_symmetric_cnn_finds_the_planted_motif() {
    let _turn = alone();
    let given = [
        ("channels", 8_i64.into()),
        ("kernel", 9_i64.into()),
        ("lr", 0.02.into()),
        ("dropout", 0.1.into()),
        ("mask", 0.0.into()),
        ("dense", 16_i64.into()),
    ];
    let job = job(&given, 40);
    let reports = train(&job, None).unwrap();
    let value = |report: &Report| report.metrics["valid/auc"].value().unwrap();
    assert!(value(&reports[39]) > 0.8, "{} {}", value(&reports[0]), value(&reports[39]));
}

#[test]
fn a_rate_that_blows_up_is_divergence() {
    let _turn = alone();
    let job = job(
        &[
            ("model", "mlp".into()),
            ("mlp_layers", 3_i64.into()),
            ("optimizer", "sgd".into()),
            ("lr", 10.0.into()),
            ("weight_decay", 10.0.into()),
            ("schedule", "constant".into()),
        ],
        40,
    );
    let error = train(&job, None).unwrap_err();
    assert_eq!(error.cause(), FailureCause::Diverged, "{error}");
    assert!(error.to_string().starts_with("fold "), "{error}");
}

#[test]
fn a_finished_trial_predicts_what_it_reported() {
    let _turn = alone();
    let directory = tempfile::tempdir().unwrap();
    let checkpoint = directory.path().join("checkpoint");
    std::fs::create_dir(&checkpoint).unwrap();
    let job = job(&[("channels", 4_i64.into())], 2);
    let reports = train(&job, Some(&checkpoint)).unwrap();

    let prepared = prepared();
    let out = directory.path().join("scores.tsv");
    let applied = Tf.apply(&prepared, &checkpoint, &Apply::Predict { out: out.clone() }).unwrap();
    assert_eq!(applied.files, std::slice::from_ref(&out));
    let predictions = Predictions::read(&out).unwrap();
    let data: &TfData = prepared.content().unwrap();
    let folds = folds(data, job.study_seed);
    assert_eq!(predictions.rows().len(), data.windows.in_folds().count());
    for row in predictions.rows() {
        assert!(folds[row.fold].valid.contains(&row.row));
    }

    let valid = Tf.apply(&prepared, &checkpoint, &Apply::Evaluate { split: "valid".to_owned() }).unwrap();
    assert_eq!(valid.metrics["valid/auc"], reports[1].metrics["valid/auc"]);
    let test = Tf.apply(&prepared, &checkpoint, &Apply::Evaluate { split: "test".to_owned() }).unwrap();
    assert!(test.metrics["test/auc"].value().is_some());
    let error = Tf.apply(&prepared, &checkpoint, &Apply::Evaluate { split: "train".to_owned() }).unwrap_err();
    assert!(error.to_string().contains("choose valid or test"));
}

#[test]
fn a_checkpoint_of_another_trial_is_refused() {
    let _turn = alone();
    let directory = tempfile::tempdir().unwrap();
    let first = job(&[("channels", 4_i64.into())], 1);
    train(&first, Some(directory.path())).unwrap();
    let checkpoint = Some(directory.path().to_owned());
    let other = Job { checkpoint: checkpoint.clone(), ..job(&[("channels", 5_i64.into())], 1) };
    let error = Tf.open(&prepared(), &other).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("of another trial"), "{error}");
    let empty = tempfile::tempdir().unwrap();
    let missing = Job { checkpoint: Some(empty.path().to_owned()), ..first };
    let error = Tf.open(&prepared(), &missing).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("no checkpoint of this family"), "{error}");
}
