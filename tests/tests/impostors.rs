//! Workers that keep the letter of the protocol at first and then do what they like: scripts in a few lines of shell, as
//! processes. Each costs what it must, and the log keeps its rules.

use std::path::Path;

use seqtune::launch::WorkerProgram;
use seqtune::manager::{ManagerError, Outcome};
use seqtune_core::{AttemptEnd, Settings, Store, StudySpec, TrialState};
use seqtune_plugin::FailureCause;
use seqtune_tests::{ToyStudy, go_on, history};
use tempfile::TempDir;

/// A worker whose part after `prepared` is the shell text `train`; `$run` is the line that asks it to train, `$trial` the
/// number of the trial, and `say` writes a line.
fn script(scratch: &Path, spec: &StudySpec, train: &str) -> WorkerProgram {
    let info = serde_json::to_string(&spec.info).unwrap();
    let digest = &spec.data_digest;
    let text = format!(
        r#"say() {{ printf '%s\n' "$1"; }}
number() {{ printf '%s\n' "$1" | sed 's/.*"type":"run","trial":\([0-9]*\).*/\1/'; }}
say '{{"type":"ready","protocol":1,"can":[],"info":{info}}}'
read -r prepare
say '{{"type":"prepared","digest":"{digest}","summary":{{}}}}'
while read -r run; do
  trial=$(number "$run")
{train}
done
"#
    );
    let path = scratch.join("worker.sh");
    std::fs::write(&path, text).unwrap();
    WorkerProgram::process("sh", vec![path.to_string_lossy().into_owned()])
}

/// A report of a step, and the line that takes the verdict.
fn report(step: u64) -> String {
    format!(
        r#"  say "{{\"type\":\"report\",\"trial\":$trial,\"step\":{step},\"metrics\":{{\"value\":0.5,\"valid/accuracy\":0.5}},\"checkpoint\":null}}"
  read -r verdict
"#
    )
}

const COMPLETED: &str = "  say \"{\\\"type\\\":\\\"completed\\\",\\\"trial\\\":$trial}\"\n";

fn study(trials: u64, retries: u32) -> ToyStudy {
    ToyStudy::new("{}").with(|study| {
        study.settings.budget.trials = Some(trials);
        study.spec.trial.steps = 1;
        study.spec.trial.retries = retries;
    })
}

fn run(study: &ToyStudy, train: &str) -> (TempDir, Result<Outcome, ManagerError>) {
    let scratch = TempDir::new().unwrap();
    let worker = script(scratch.path(), &study.spec, train);
    let outcome = study.run(&scratch.path().join("study"), &worker, 1);
    (scratch, outcome)
}

#[test]
fn an_honest_script_is_a_worker() {
    let (scratch, outcome) = run(&study(3, 0), &(report(1) + COMPLETED));
    assert!(matches!(outcome, Ok(Outcome::Done { .. })), "{outcome:?}");
    assert_eq!(history(&scratch.path().join("study")).count(TrialState::Completed), 3);
}

#[test]
fn a_worker_that_leaves_with_its_last_word_is_counted_once() {
    // What it had been handed in the meantime is tried again; without retries the log must still keep its rules.
    for (retries, completed) in [(0, 1), (2, 4)] {
        let (scratch, outcome) = run(&study(4, retries), &(report(1) + COMPLETED + "  exit 0\n"));
        assert!(matches!(outcome, Ok(Outcome::Done { .. })), "{outcome:?}");
        let history = history(&scratch.path().join("study"));
        assert!(history.count(TrialState::Completed) >= completed, "{retries} retries");
        for trial in history.trials.iter().filter(|trial| trial.state() == TrialState::Completed) {
            let ends: Vec<_> =
                trial.attempts.iter().filter_map(|attempt| attempt.end.as_ref()).map(|end| end.0).collect();
            assert_eq!(ends.iter().filter(|end| **end == AttemptEnd::Completed).count(), 1, "{ends:?}");
            assert_eq!(ends.last(), Some(&AttemptEnd::Completed));
        }
    }
}

#[test]
fn a_worker_that_says_it_crashed_is_replaced() {
    // Broken from its second trial on, for as long as the process lives.
    let train = format!(
        r#"  count=$((count + 1))
  if [ "$count" -gt 1 ]; then
    say "{{\"type\":\"failed\",\"trial\":$trial,\"cause\":\"crashed\",\"message\":\"the device is gone\"}}"
    continue
  fi
{}{COMPLETED}"#,
        report(1)
    );
    let (scratch, outcome) = run(&study(5, 2), &train);
    assert!(matches!(outcome, Ok(Outcome::Done { .. })), "{outcome:?}");
    let history = history(&scratch.path().join("study"));
    assert_eq!(history.count(TrialState::Completed), 5, "a fresh process trains what the broken one could not");
}

#[test]
fn an_interruption_that_nobody_asked_for_is_a_crash() {
    let train = r#"  say "{\"type\":\"failed\",\"trial\":$trial,\"cause\":\"interrupted\",\"message\":\"\"}"
"#;
    let (scratch, outcome) = run(&study(1, 1), train);
    assert!(matches!(outcome, Ok(Outcome::Done { .. })), "{outcome:?}");
    let history = history(&scratch.path().join("study"));
    assert_eq!(history.trials[0].attempts.len(), 2);
    assert!(matches!(
        &history.trials[0].end,
        Some(seqtune_core::TrialEnd::Failed { cause: FailureCause::Crashed, .. })
    ));
}

#[test]
fn a_full_disk_met_by_a_checkpoint_stops_the_run_and_fails_no_trial() {
    let study = study(3, 0);
    let train = r#"  say "{\"type\":\"failed\",\"trial\":$trial,\"cause\":\"no_space\",\"message\":\"No space left\"}"
"#;
    let (scratch, outcome) = run(&study, train);
    let directory = scratch.path().join("study");
    assert!(matches!(&outcome, Ok(Outcome::Stopped { reason }) if reason.contains("is full")), "{outcome:?}");
    assert_eq!(history(&directory).count(TrialState::Failed), 0);

    let worker = script(scratch.path(), &study.spec, &(report(1) + COMPLETED));
    let outcome = go_on(Store::open(&directory).unwrap(), &worker, 1);
    assert!(matches!(outcome, Ok(Outcome::Done { .. })), "{outcome:?}");
    assert_eq!(history(&directory).count(TrialState::Completed), 3);
}

#[test]
fn a_device_that_cannot_be_used_charges_no_trial() {
    let study = study(3, 0);
    let train = r#"  say "{\"type\":\"failed\",\"trial\":$trial,\"cause\":\"unusable\",\"message\":\"there is no device cuda:7\"}"
"#;
    let (scratch, outcome) = run(&study, train);
    let directory = scratch.path().join("study");
    assert!(matches!(&outcome, Err(ManagerError::Unusable(message)) if message.contains("cuda:7")), "{outcome:?}");
    assert_eq!(history(&directory).count(TrialState::Failed), 0);

    let worker = script(scratch.path(), &study.spec, &(report(1) + COMPLETED));
    let outcome = go_on(Store::open(&directory).unwrap(), &worker, 1);
    assert!(matches!(outcome, Ok(Outcome::Done { .. })), "{outcome:?}");
    assert_eq!(history(&directory).count(TrialState::Completed), 3);
}

#[test]
fn breaches_of_the_protocol_are_crashes_with_a_reason() {
    let missing_metric = r#"  say "{\"type\":\"report\",\"trial\":$trial,\"step\":1,\"metrics\":{},\"checkpoint\":null}"
  read -r verdict
"#;
    let outside = r#"  say "{\"type\":\"report\",\"trial\":$trial,\"step\":1,\"metrics\":{\"value\":1},\"checkpoint\":{\"path\":\"/tmp\",\"sha256\":\"\"}}"
  read -r verdict
"#;
    for (train, words) in [
        (report(2) + COMPLETED, "it reports step 2 after step 0"),
        (COMPLETED.to_owned(), "complete after 0 of 1 steps"),
        (missing_metric.to_owned(), "has no value"),
        (outside.to_owned(), "broke the protocol"),
        ("  say '{\"type\":\"dance\"}'\n".to_owned(), "dance"),
        ("  say 'Traceback (most recent call last):'\n".to_owned(), "Traceback"),
    ] {
        let (scratch, outcome) = run(&study(1, 0), &train);
        assert!(matches!(outcome, Ok(Outcome::Done { .. })), "{outcome:?}");
        let history = history(&scratch.path().join("study"));
        let Some(seqtune_core::TrialEnd::Failed { cause: FailureCause::Crashed, message }) = &history.trials[0].end
        else {
            panic!("{:?}", history.trials[0].end);
        };
        assert!(message.contains(words), "{words:?} is missing in: {message}");
    }
}

#[test]
fn another_version_of_the_family_does_not_go_on_with_a_study() {
    let study = study(2, 0);
    let scratch = TempDir::new().unwrap();
    let directory = scratch.path().join("study");
    Store::create(&directory, &study.spec, &Settings::default(), "test").unwrap().close().unwrap();
    let mut newer = study.spec.clone();
    newer.info.version = "2".to_owned();
    let worker = script(scratch.path(), &newer, &(report(1) + COMPLETED));
    let error = go_on(Store::open(&directory).unwrap(), &worker, 1).unwrap_err();
    assert!(matches!(error, ManagerError::FamilyChanged { .. }), "{error}");
    assert!(history(&directory).trials.is_empty());
}
