//! A trial that goes on in another place than where its checkpoint was saved: the log says what differs, and only there.

use std::fs;

use seqtune::launch::WorkerProgram;
use seqtune_core::TrialState;
use seqtune_tests::{ToyStudy, history, program};
use tempfile::TempDir;

/// The toy family's worker, each start of which says that it runs on another processor: the first on `cpu 1`.
fn wandering_worker(scratch: &TempDir) -> WorkerProgram {
    let (script, starts) = (scratch.path().join("worker.sh"), scratch.path().join("starts"));
    let text = format!(
        r#"echo start >> "{starts}"
number=$(wc -l < "{starts}" | tr -d ' ')
"{worker}" "$@" | sed -u "1s/\"build\":{{/\"build\":{{\"cpu\":\"cpu $number\",/"
"#,
        starts = starts.display(),
        worker = program("seqtune-worker-toy").display(),
    );
    fs::write(&script, text).unwrap();
    WorkerProgram::process("sh", vec![script.to_string_lossy().into_owned()])
}

#[test]
fn what_differs_from_where_a_checkpoint_was_saved_is_in_the_log() {
    let scratch = TempDir::new().unwrap();
    // The process aborts at step 3 of each trial, and the second attempt goes on from the checkpoint of step 2.
    let study = ToyStudy::new(r#"{"fault_at_step": 3}"#).behaving("abort").with(|study| {
        study.settings.budget.trials = Some(1);
        study.spec.trial.retries = 1;
    });
    let directory = scratch.path().join("study");
    study.run(&directory, &wandering_worker(&scratch), 1).unwrap();

    let history = history(&directory);
    let trial = &history.trials[0];
    assert_eq!(trial.state(), TrialState::Failed);
    let [first, second] = trial.attempts.as_slice() else { panic!("two attempts, not {:?}", trial.attempts) };
    assert_eq!((first.from_step, second.from_step), (0, 2));
    assert_eq!(first.elsewhere, Vec::<String>::new());
    assert_eq!(first.build["cpu"], "cpu 1");
    assert_eq!(second.elsewhere, ["cpu: was cpu 1, is cpu 2"]);
}

#[test]
fn the_same_place_is_not_worth_a_word() {
    let scratch = TempDir::new().unwrap();
    let study = ToyStudy::new(r#"{"fault_at_step": 3}"#).behaving("abort").with(|study| {
        study.settings.budget.trials = Some(1);
        study.spec.trial.retries = 1;
    });
    let directory = scratch.path().join("study");
    study.run(&directory, &seqtune_tests::toy_worker(), 1).unwrap();
    let attempts = &history(&directory).trials[0].attempts;
    assert_eq!(attempts.iter().map(|attempt| attempt.from_step).collect::<Vec<_>>(), [0, 2]);
    assert!(attempts.iter().all(|attempt| attempt.elsewhere.is_empty()));
}
