//! Trials of the family as a study drives them: conformance of every model, divergence, and what a finished trial gives.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use seqtune_mhc::Mhc;
use seqtune_plugin::conformance::{Options, check_family};
use seqtune_plugin::{Apply, DataSpec, FailureCause, FamilyError, Job, ModelFamily, Prepared, Report, StepContext};
use seqtune_space::{Params, Value};

/// libtorch's generator is one for the process, so that trials of one process take turns, as they do in workers.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn data(more: serde_json::Value) -> DataSpec {
    let mut table = serde_json::json!({"source": "synthetic", "rows": 240, "folds": 2, "fold_kind": "stratified"});
    if let (Some(table), serde_json::Value::Object(more)) = (table.as_object_mut(), more) {
        table.extend(more);
    }
    match table {
        serde_json::Value::Object(values) => DataSpec { values, roots: Vec::new() },
        _ => DataSpec::default(),
    }
}

fn prepared(more: serde_json::Value) -> Prepared {
    Mhc.prepare(&data(more), Path::new("unused")).unwrap()
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
        params: Mhc.info().parameters.complete(&params(given)).unwrap(),
        seed: 3,
        study_seed: 4,
        device: "cpu".to_owned(),
        steps,
        checkpoint: None,
    }
}

fn train(prepared: &Prepared, job: &Job, save: Option<&Path>) -> Result<Vec<Report>, FamilyError> {
    let mut session = Mhc.open(prepared, job)?;
    let mut progress = |_, _| Ok(());
    let reports = (0..job.steps).map(|_| session.step(&mut StepContext::new(&mut progress))).collect();
    if let Some(directory) = save {
        session.save(directory)?;
    }
    reports
}

fn conforms(given: &[(&str, Value)]) {
    let _turn = alone();
    let seed_matters = given.iter().all(|(_, value)| *value != Value::from("linear"));
    let options = Options {
        data: data(serde_json::json!({})),
        params: params(given),
        steps: 3,
        seed_matters,
        ..Options::default()
    };
    if let Err(violations) = check_family(&Mhc, &options) {
        panic!("{}", violations.iter().map(|violation| format!("- {violation}\n")).collect::<String>());
    }
}

#[test]
fn the_reference_lstm_conforms() {
    conforms(&[("hidden", 6_i64.into()), ("embedding", 4_i64.into())]);
}

#[test]
fn a_two_layered_gru_with_all_its_options_conforms() {
    conforms(&[
        ("model", "gru".into()),
        ("hidden", 4_i64.into()),
        ("embedding", 4_i64.into()),
        ("layers", 2_i64.into()),
        ("shared_embedding", false.into()),
        ("embedding_dropout", 0.25.into()),
        ("start_stop", true.into()),
        ("mask_padding", false.into()),
        ("batch_norm", "input".into()),
        ("dense", 3_i64.into()),
        ("optimizer", "rmsprop".into()),
        ("inequality", "censor".into()),
    ]);
}

#[test]
fn a_simple_cell_on_ends_conforms() {
    conforms(&[
        ("model", "rnn".into()),
        ("view", "ends".into()),
        ("hidden", 4_i64.into()),
        ("bidirectional", false.into()),
        ("batch_norm", "output".into()),
        ("schedule", "power".into()),
    ]);
}

#[test]
fn the_feed_forward_network_conforms() {
    conforms(&[("model", "ffnn".into()), ("view", "nonamers".into()), ("schedule", "exponential".into())]);
}

#[test]
fn one_hot_sigmoid_and_least_squares_conform() {
    conforms(&[("model", "sigmoid".into()), ("encoding", "one_hot".into()), ("optimizer", "sgd".into())]);
    conforms(&[("model", "linear".into()), ("view", "nonamers".into())]);
}

#[test]
fn a_rate_that_blows_up_is_divergence() {
    let _turn = alone();
    let settings = [
        ("model", "ffnn".into()),
        ("activation", "relu".into()),
        ("optimizer", "sgd".into()),
        ("lr", 10.0.into()),
        ("weight_decay", 10.0.into()),
    ];
    let error = train(&prepared(serde_json::json!({})), &job(&settings, 40), None).unwrap_err();
    assert_eq!(error.cause(), FailureCause::Diverged, "{error}");
    assert!(error.to_string().starts_with("fold "), "{error}");
}

#[test]
fn ends_longer_than_a_peptide_are_a_bad_parameter() {
    let settings = [("model", "ffnn".into()), ("view", "ends".into()), ("end_length", 8_i64.into())];
    let short = prepared(serde_json::json!({}));
    train(&short, &job(&settings, 1), None).unwrap();
    let settings = [("model", "ffnn".into()), ("view", "ends".into()), ("end_length", 9_i64.into())];
    assert!(Mhc.info().parameters.complete(&params(&settings)).is_err());
}

/// A value of the last report.
fn last(reports: &[Report], name: &str) -> f64 {
    reports.last().and_then(|report| report.metrics[name].value()).unwrap_or(f64::NAN)
}

#[test]
fn the_models_learn_what_is_in_made_peptides() {
    let _turn = alone();
    let data = prepared(serde_json::json!({"rows": 800}));
    let linear = train(&data, &job(&[("model", "linear".into()), ("view", "nonamers".into())], 2), None).unwrap();
    assert_eq!(linear[0], linear[1], "least squares is done after the first step");
    assert!(last(&linear, "valid/auc") > 0.8, "{}", last(&linear, "valid/auc"));
    let settings = [("model", "ffnn".into()), ("view", "nonamers".into()), ("lr", 0.01.into())];
    let ffnn = train(&data, &job(&settings, 8), None).unwrap();
    assert!(last(&ffnn, "valid/auc") > 0.8, "{}", last(&ffnn, "valid/auc"));
    let settings = [
        ("input_dropout", 0.0.into()),
        ("recurrent_dropout", 0.0.into()),
        ("hidden", 16_i64.into()),
        ("lr", 0.01.into()),
    ];
    let lstm = train(&data, &job(&settings, 10), None).unwrap();
    assert!(last(&lstm, "valid/auc") > 0.75, "{}", last(&lstm, "valid/auc"));
    assert!(last(&lstm, "train/auc") > last(&lstm, "valid/auc"));
}

#[test]
fn there_is_nothing_to_learn_from_shuffled_labels() {
    let _turn = alone();
    let data = prepared(serde_json::json!({"rows": 1000, "shuffle_labels": true}));
    let settings = [("model", "sigmoid".into()), ("view", "nonamers".into()), ("lr", 0.01.into())];
    let auc = last(&train(&data, &job(&settings, 4), None).unwrap(), "valid/auc");
    // The sampling deviation of an AUC over 330 positives and 670 negatives is .02.
    assert!((auc - 0.5).abs() < 0.08, "{auc}");
}

#[test]
fn a_finished_trial_predicts_what_it_reported() {
    let _turn = alone();
    let directory = tempfile::tempdir().unwrap();
    let checkpoint = directory.path().join("checkpoint");
    std::fs::create_dir(&checkpoint).unwrap();
    let prepared = prepared(serde_json::json!({"test": 0.2}));
    let job = job(&[("model", "ffnn".into()), ("view", "nonamers".into()), ("embedding", 4_i64.into())], 2);
    let reports = train(&prepared, &job, Some(&checkpoint)).unwrap();

    let valid = Mhc.apply(&prepared, &checkpoint, &Apply::Evaluate { split: "valid".to_owned() }).unwrap();
    for (name, value) in &valid.metrics {
        assert_eq!(value, &reports[1].metrics[name], "{name}");
    }
    let test = Mhc.apply(&prepared, &checkpoint, &Apply::Evaluate { split: "test".to_owned() }).unwrap();
    assert!(test.metrics["test/auc"].value().is_some());
    let error = Mhc.apply(&prepared, &checkpoint, &Apply::Evaluate { split: "train".to_owned() }).unwrap_err();
    assert!(error.to_string().contains("choose valid or test"));

    let out = directory.path().join("export");
    let applied = Mhc.apply(&prepared, &checkpoint, &Apply::Export { out: out.clone() }).unwrap();
    assert!(applied.files.iter().all(|file| file.is_file()), "{:?}", applied.files);
    let predictions = std::fs::read_to_string(out.join("predictions.tsv")).unwrap();
    let cells = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<String>>();
    let heading = cells(predictions.lines().next().unwrap());
    let column = |name: &str| heading.iter().position(|title| title == name).unwrap();
    for row in predictions.lines().skip(1).map(cells) {
        let binds = row[column("meas")].parse::<f64>().unwrap() < 500.0;
        assert_eq!(row[column("binder")], if binds { "1" } else { "0" }, "{row:?}");
    }
    assert_eq!(predictions.lines().count(), 241, "a heading, and each peptide once");
    let levels = std::fs::read_to_string(out.join("levels.tsv")).unwrap();
    let counts: u64 = levels
        .lines()
        .skip(1)
        .flat_map(|line| line.split('\t').skip(1))
        .map(|count| count.parse::<u64>().unwrap())
        .sum();
    let of_folds = predictions.lines().skip(1).filter(|line| line.split('\t').nth(2) != Some("test")).count();
    assert!((150..230).contains(&of_folds));
    assert_eq!(counts, of_folds as u64, "the peptides of the folds, without those of the test");
    let vectors = std::fs::read_to_string(out.join("embedding-fold-0.tsv")).unwrap();
    assert_eq!(vectors.lines().count(), 22, "a heading and 21 tokens");
}
