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

/// A worker that says everything twice, repeats what it said of the trial before, and speaks of trials that do not exist.
#[test]
fn what_is_said_twice_late_or_of_another_trial_changes_nothing() {
    let stray = |kind: &str| {
        format!(r#"  say "{{\"type\":\"{kind}\",\"trial\":$((trial > 0 ? trial - 1 : 99))}}"\n"#).replace("\\n", "\n")
    };
    let other = r#"  say "{\"type\":\"report\",\"trial\":$((trial > 0 ? trial - 1 : 99)),\"step\":1,\"metrics\":{\"value\":9,\"valid/accuracy\":0},\"checkpoint\":null}"
  say "{\"type\":\"failed\",\"trial\":$((trial + 7)),\"cause\":\"diverged\",\"message\":\"of nobody\"}"
  say "{\"type\":\"progress\",\"trial\":99,\"update\":1,\"of\":2}"
"#;
    let twice = report(1) + &report(1);
    let train = stray("completed") + other + &twice + &stray("completed") + COMPLETED;
    let (scratch, outcome) = run(&study(4, 0), &train);
    assert!(matches!(outcome, Ok(Outcome::Done { .. })), "{outcome:?}");
    let history = history(&scratch.path().join("study"));
    assert_eq!(history.count(TrialState::Completed), 4);
    for trial in &history.trials {
        assert_eq!((trial.attempts.len(), trial.reports.len()), (1, 1), "trial {}", trial.number);
        assert_eq!((trial.last_value(), trial.differed.len()), (Some(0.5), 0), "trial {}", trial.number);
    }
}

/// Steps in the wrong order are no steps: the attempt ends, and the next one, in order, is what the log has.
#[test]
fn steps_out_of_order_cost_the_attempt_and_leave_no_report() {
    let train = format!(
        r#"  case "$run" in
  *'"attempt":0'*)
{}{}{COMPLETED}  ;;
  *)
{}{}{COMPLETED}  ;;
  esac
"#,
        report(2),
        report(1),
        report(1),
        report(2)
    );
    let study = study(2, 1).with(|study| study.spec.trial.steps = 2);
    let (scratch, outcome) = run(&study, &train);
    assert!(matches!(outcome, Ok(Outcome::Done { .. })), "{outcome:?}");
    let history = history(&scratch.path().join("study"));
    for trial in &history.trials {
        let steps: Vec<u64> = trial.reports.iter().map(|point| point.step).collect();
        assert_eq!((trial.attempts.len(), steps), (2, vec![1, 2]));
    }
    assert_eq!(history.count(TrialState::Completed), 2);
}

/// The first attempt's process is gone, and something that it left behind still holds its output and reports late.
#[test]
fn the_late_report_of_an_old_attempt_is_ignored() {
    let train = format!(
        r#"  case "$run" in
  *'"attempt":0'*)
    late='{{"type":"report","trial":0,"step":1,"metrics":{{"value":9,"valid/accuracy":0}},"checkpoint":null}}'
    setsid sh -c "sleep 1; printf '%s\n' '$late'" 2>/dev/null </dev/null &
    exit 3
  ;;
  *)
    sleep 1.5
{}{COMPLETED}  ;;
  esac
"#,
        report(1)
    );
    let study = study(1, 1).with(|study| study.spec.trial.stall_limit_secs = 0.4);
    // The second attempt speaks after longer than that; its signs of life are what the limit is about.
    let train = train.replace("    sleep 1.5\n", "    for nap in 1 2 3 4 5 6; do sleep 0.25; say '{\"type\":\"progress\",\"trial\":0,\"update\":1,\"of\":2}'; done\n");
    let (scratch, outcome) = run(&study, &train);
    assert!(matches!(outcome, Ok(Outcome::Done { .. })), "{outcome:?}");
    let history = history(&scratch.path().join("study"));
    let trial = &history.trials[0];
    assert_eq!((trial.attempts.len(), trial.reports.len(), trial.differed.len()), (2, 1, 0));
    assert_eq!(trial.last_value(), Some(0.5), "{:?}", trial.end);
}

/// Whatever a worker writes in place of a line, the attempt is charged with a cause, and the study goes on.
#[test]
fn garbage_half_a_line_no_end_of_line_and_nothing_are_causes() {
    let endless = "  head -c 100000000 /dev/zero | tr '\\0' x\n";
    for (write, cause, words) in [
        ("  printf '\\000\\377\\376 not a line\\n'\n", FailureCause::Crashed, ""),
        ("  printf '{\"type\":\"report\",'; exit 0\n", FailureCause::Crashed, ""),
        (endless, FailureCause::Crashed, ""),
        ("  sleep 600\n", FailureCause::TimedOut, "said nothing"),
    ] {
        let train = format!("  if [ \"$trial\" -eq 1 ]; then\n{write}  fi\n{}{COMPLETED}", report(1));
        let study = study(3, 0).with(|study| study.spec.trial.stall_limit_secs = 2.0);
        let (scratch, outcome) = run(&study, &train);
        assert!(matches!(outcome, Ok(Outcome::Done { .. })), "{write}: {outcome:?}");
        let history = history(&scratch.path().join("study"));
        assert_eq!(history.count(TrialState::Completed), 2, "{write}");
        let Some(seqtune_core::TrialEnd::Failed { cause: found, message }) = &history.trials[1].end else {
            panic!("{write}: {:?}", history.trials[1].end);
        };
        assert_eq!(*found, cause, "{write}: {message}");
        assert!(message.contains(words) && message.len() < 2000, "{write}: {message}");
    }
}
