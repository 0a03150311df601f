//! The manager with toy workers: the same table whatever the crew, every fault costs what it should, and a study goes
//! on after anything.

use std::path::Path;
use std::time::Duration;

use seqtune::launch::LaunchError;
use seqtune::manager::{ManagerError, Outcome};
use seqtune_core::{AttemptEnd, Order, PrunerSpec, RequestKind, Requests, SamplerSpec, Store, StoreReader, TrialState};
use seqtune_plugin::FailureCause;
use seqtune_tests::{ToyStudy, check_finished, go_on, history, program, table, toy_thread, toy_worker};
use tempfile::TempDir;

fn done(outcome: Result<Outcome, ManagerError>) {
    assert_eq!(outcome.unwrap(), Outcome::Done { reason: "all 12 trials are done".to_owned() });
}

#[test]
fn any_number_of_workers_gives_the_same_table() {
    let study = ToyStudy::new(r#"{"step_millis": 2}"#);
    let mut tables = Vec::new();
    for workers in [1, 2, 4] {
        let scratch = TempDir::new().unwrap();
        done(study.run(scratch.path(), &toy_worker(), workers));
        check_finished(scratch.path(), 12);
        tables.push(table(&history(scratch.path())));
    }
    assert_eq!(tables[0], tables[1]);
    assert_eq!(tables[0], tables[2]);
    // A thread in place of a process changes nothing either.
    let scratch = TempDir::new().unwrap();
    done(study.run(scratch.path(), &toy_thread(), 2));
    assert_eq!(tables[0], table(&history(scratch.path())));
}

/// With random delays, whatever is stopped early.
#[test]
fn any_number_of_workers_stops_the_same_trials() {
    for name in ["median", "asha", "hyperband", "curve", "wilcoxon"] {
        let study = ToyStudy::new(r#"{"jitter_millis": 6, "noise": 0.1}"#).with(|study| {
            study.spec.pruner = PrunerSpec::named(name).unwrap();
            study.spec.trial.steps = 9;
            study.settings.budget.trials = Some(30);
        });
        let mut tables = Vec::new();
        for workers in [1, 2, 8] {
            let scratch = TempDir::new().unwrap();
            let outcome = study.run(scratch.path(), &toy_thread(), workers).unwrap();
            assert_eq!(outcome, Outcome::Done { reason: "all 30 trials are done".to_owned() });
            check_finished(scratch.path(), 30);
            let history = history(scratch.path());
            let pruned = history.count(TrialState::Pruned);
            // Three folds are too few for a signed-rank test: its p is 1/8 at best.
            assert!((1..30).contains(&pruned) || name == "wilcoxon", "{name} stops {pruned} of 30");
            tables.push(table(&history));
        }
        assert_eq!(tables[0], tables[1], "{name}");
        assert_eq!(tables[0], tables[2], "{name}");
    }
}

/// In eager order a verdict is of the log up to its report, and replays whoever finished first.
#[test]
fn verdicts_in_eager_order_replay() {
    let scratch = TempDir::new().unwrap();
    let study = ToyStudy::new(r#"{"jitter_millis": 6, "noise": 0.1}"#).with(|study| {
        study.spec.order = Order::Eager;
        study.spec.pruner = PrunerSpec::named("asha").unwrap();
        study.spec.trial.steps = 9;
        study.settings.budget.trials = Some(40);
    });
    study.run(scratch.path(), &toy_thread(), 8).unwrap();
    check_finished(scratch.path(), 40);
    assert!(history(scratch.path()).count(TrialState::Pruned) > 5);
}

/// A run of which nearly all trials fail is not worth going on with.
#[test]
fn a_run_whose_trials_all_fail_ends_and_says_so() {
    let scratch = TempDir::new().unwrap();
    let study = ToyStudy::new("{}").behaving("diverge");
    let error = study.run(scratch.path(), &toy_thread(), 1).unwrap_err();
    let ManagerError::MostlyFailing { message, .. } = &error else { panic!("{error}") };
    assert!(message.starts_with("5 of the last 5 trials failed (diverged 5)"), "{message}");
    assert_eq!(history(scratch.path()).trials.len(), 5);
    // The next run tries on, and finishes.
    let error = go_on(Store::open(scratch.path()).unwrap(), &toy_thread(), 1).unwrap_err();
    assert!(matches!(error, ManagerError::MostlyFailing { .. }), "{error}");
    assert_eq!(history(scratch.path()).trials.len(), 10);
    done(go_on(Store::open(scratch.path()).unwrap(), &toy_thread(), 1));
}

#[test]
fn every_sampler_and_order_finishes_and_replays() {
    for sampler in [SamplerSpec::Random, SamplerSpec::Sobol, SamplerSpec::Tpe] {
        for order in [Order::Fixed, Order::Eager] {
            let scratch = TempDir::new().unwrap();
            let study = ToyStudy::new("{}").with(|study| {
                study.spec.sampler = sampler.clone();
                study.spec.order = order;
            });
            done(study.run(scratch.path(), &toy_thread(), 3));
            check_finished(scratch.path(), 12);
        }
    }
}

#[test]
fn a_space_that_is_exhausted_ends_the_study() {
    for sampler in [SamplerSpec::Grid, SamplerSpec::Tpe] {
        let scratch = TempDir::new().unwrap();
        let study = ToyStudy::new("{}").with(|study| {
            study.spec.sampler = sampler;
            study.spec.space = toml::from_str(
                "lr = { type = 'ordinal', values = [1e-3, 1e-2] }\nwidth = { type = 'ordinal', values = [8, 16, 32] }",
            )
            .unwrap();
        });
        let reason = "all 6 points of the space have been tried".to_owned();
        // It is over, also when it is asked to go on.
        assert_eq!(study.run(scratch.path(), &toy_thread(), 3).unwrap(), Outcome::Done { reason: reason.clone() });
        let again = go_on(Store::open(scratch.path()).unwrap(), &toy_thread(), 3);
        assert_eq!(again.unwrap(), Outcome::Done { reason });
        check_finished(scratch.path(), 6);
    }
}

/// Runs a study in which every trial misbehaves at its second step, in its first attempt only where `heals`.
fn misbehave(fault: &str, heals: bool) -> (TempDir, seqtune_core::History) {
    let until = if heals { r#", "faults_until_attempt": 1"# } else { "" };
    let study = ToyStudy::new(&format!(r#"{{"fault_at_step": 2{until}}}"#)).behaving(fault).with(|study| {
        study.settings.budget.trials = Some(3);
        study.spec.trial.stall_limit_secs = 1.0;
        study.spec.trial.retries = 1;
    });
    let scratch = TempDir::new().unwrap();
    let outcome = study.run(scratch.path(), &toy_worker(), 2).unwrap();
    assert_eq!(outcome, Outcome::Done { reason: "all 3 trials are done".to_owned() }, "{fault}");
    check_finished(scratch.path(), 3);
    let history = history(scratch.path());
    (scratch, history)
}

#[test]
fn a_broken_worker_costs_one_attempt() {
    let healthy = table(&misbehave("well", false).1);
    for fault in ["abort", "exit", "garbage", "half_line", "hang", "panic"] {
        let (_scratch, history) = misbehave(fault, true);
        for trial in &history.trials {
            assert_eq!(trial.state(), TrialState::Completed, "{fault}");
            assert_eq!(trial.attempts.len(), 2, "{fault}");
            let (cause, _, message) = trial.attempts[0].end.clone().unwrap();
            let expected = if fault == "hang" { FailureCause::TimedOut } else { FailureCause::Crashed };
            assert_eq!(cause, AttemptEnd::Failed(expected), "{fault}: {message}");
            assert!(!message.is_empty(), "{fault}");
        }
        let recovered: Vec<String> =
            table(&history).iter().map(|row| row.replace(&format!("{fault:?}"), "\"well\"")).collect();
        assert_eq!(recovered, healthy, "{fault}: a retried trial ends as if nothing had been");
    }
}

#[test]
fn a_worker_that_never_recovers_fails_its_trials_and_not_the_study() {
    let (_scratch, history) = misbehave("abort", false);
    for trial in &history.trials {
        assert_eq!(trial.state(), TrialState::Failed);
        assert_eq!(trial.attempts.len(), 2, "one try and one retry");
    }
}

#[test]
fn the_points_own_faults_are_not_retried() {
    for (fault, cause) in [
        ("bad_params", FailureCause::BadParams),
        ("diverge", FailureCause::Diverged),
        ("out_of_memory", FailureCause::OutOfMemory),
    ] {
        let (_scratch, history) = misbehave(fault, true);
        for trial in &history.trials {
            assert_eq!(trial.attempts.len(), 1, "{fault}");
            assert_eq!(trial.attempts[0].end.as_ref().map(|(end, ..)| *end), Some(AttemptEnd::Failed(cause)));
            assert!(matches!(&trial.end, Some(seqtune_core::TrialEnd::Failed { cause: c, .. }) if *c == cause));
        }
    }
}

#[test]
fn a_trial_past_its_time_limit_is_stopped() {
    let scratch = TempDir::new().unwrap();
    let study = ToyStudy::new(r#"{"step_millis": 400}"#).with(|study| {
        study.settings.budget.trials = Some(2);
        study.spec.trial.time_limit_secs = Some(0.6);
    });
    study.run(scratch.path(), &toy_worker(), 2).unwrap();
    for trial in &history(scratch.path()).trials {
        assert!(matches!(&trial.end, Some(seqtune_core::TrialEnd::Failed { cause: FailureCause::TimedOut, message })
                if message.contains("time limit")));
        assert_eq!(trial.attempts.len(), 1, "the point is too slow: trying again would be too");
    }
}

#[test]
fn a_stop_request_ends_the_run_and_the_study_goes_on() {
    let study = ToyStudy::new(r#"{"step_millis": 150}"#);
    let unbroken = TempDir::new().unwrap();
    done(study.run(unbroken.path(), &toy_worker(), 2));
    for kind in [RequestKind::StopAfterRunning, RequestKind::StopNow] {
        let scratch = TempDir::new().unwrap();
        let directory = scratch.path().to_owned();
        let asker = std::thread::spawn({
            let kind = kind.clone();
            move || ask_when_running(&directory, &kind)
        });
        let outcome = study.run(scratch.path(), &toy_worker(), 2).unwrap();
        asker.join().unwrap();
        assert_eq!(outcome, Outcome::Stopped { reason: "stopped by request of the test".to_owned() });
        let stopped = history(scratch.path());
        assert!(stopped.trials.len() < 12);
        assert_eq!(stopped.count(TrialState::Running), 0);
        assert_eq!(stopped.count(TrialState::Waiting) > 0, kind == RequestKind::StopNow);
        assert_eq!(stopped.answered.len(), 1);

        done(go_on(Store::open(scratch.path()).unwrap(), &toy_worker(), 2));
        check_finished(scratch.path(), 12);
        assert_eq!(table(&history(scratch.path())), table(&history(unbroken.path())));
    }
}

/// Waits until a trial has some steps behind it and some before it, then asks.
fn ask_when_running(directory: &Path, kind: &RequestKind) {
    for _ in 0..500 {
        if let Ok(reader) = StoreReader::open(directory)
            && reader.history().is_ok_and(|history| history.trials.iter().any(is_midway))
        {
            Requests::open(directory).unwrap().add("test", kind).unwrap();
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the study never reported");
}

fn is_midway(trial: &seqtune_core::Trial) -> bool {
    trial.state() == TrialState::Running && (1..=2).contains(&trial.step())
}

#[test]
fn an_enqueued_point_is_tried_next() {
    let scratch = TempDir::new().unwrap();
    let study = ToyStudy::new("{}").with(|study| study.settings.budget.trials = Some(4));
    Store::create(scratch.path(), &study.spec, &study.settings, "test").unwrap().close().unwrap();
    let point = |lr: f64| {
        let mut params = seqtune_space::Params::default();
        params.set("lr", lr);
        params.set("width", 64);
        params.set("dropout", 0.25);
        params
    };
    Requests::open(scratch.path()).unwrap().add("test", &RequestKind::Enqueue { params: point(0.5) }).unwrap();
    // As one that does not ask whether the family can train it.
    let body = serde_json::json!({ "params": point(50.0) }).to_string();
    let asked = "INSERT INTO request(at_us, by, kind, body) VALUES (1, 'test', 'enqueue', ?)";
    rusqlite::Connection::open(scratch.path().join("study.db")).unwrap().execute(asked, [body]).unwrap();
    go_on(Store::open(scratch.path()).unwrap(), &toy_thread(), 1).unwrap();
    check_finished(scratch.path(), 4);
    let history = history(scratch.path());
    assert_eq!(history.trials[0].params, point(0.5), "beyond the searched range, within the family's limits");
    assert!(history.answered[&2].starts_with("refused: "), "{}", history.answered[&2]);
    assert_eq!(history.queue.len(), 1);
}

#[test]
fn checkpoints_of_finished_trials_are_the_best_and_the_last() {
    let scratch = TempDir::new().unwrap();
    let study = ToyStudy::new("{}").with(|study| {
        study.spec.trial.steps = 6;
        study.spec.trial.checkpoint_every = 1;
    });
    done(study.run(scratch.path(), &toy_worker(), 2));
    for trial in &history(scratch.path()).trials {
        let attempt = scratch.path().join(format!("checkpoints/{:04}/attempt-0", trial.number));
        let kept = std::fs::read_dir(attempt).unwrap().count();
        assert!((1..=2).contains(&kept), "trial {} keeps {kept}", trial.number);
        let last = trial.checkpoints.last().unwrap();
        assert_eq!(last.step, 6);
        assert_eq!(seqtune_plugin::directory_digest(&scratch.path().join(&last.path)).unwrap(), last.sha256);
    }
}

#[test]
fn workers_that_cannot_start_and_data_that_changed_are_said_in_one_sentence() {
    let study = ToyStudy::new("{}");
    let scratch = TempDir::new().unwrap();
    let absent = seqtune::launch::WorkerProgram::process("/nonexistent/worker", Vec::new());
    let error = study.run(scratch.path(), &absent, 1).unwrap_err();
    assert!(matches!(error, ManagerError::Launch(LaunchError::CannotStart { .. })), "{error}");

    let liar =
        seqtune::launch::WorkerProgram::process(program("seqtune-worker-toy"), vec!["--family".into(), "x".into()]);
    let error = go_on(Store::open(scratch.path()).unwrap(), &liar, 1).unwrap_err();
    assert!(matches!(error, ManagerError::Launch(LaunchError::CannotStart { .. })), "{error}");

    let scratch = TempDir::new().unwrap();
    let changed = study.clone().with(|study| study.spec.data_digest = "another".to_owned());
    let error = changed.run(scratch.path(), &toy_worker(), 1).unwrap_err();
    assert!(matches!(error, ManagerError::DataChanged { .. }), "{error}");
    // Nothing was charged, and with the right data the study starts.
    assert!(history(scratch.path()).trials.is_empty());
}

#[test]
fn patience_ends_the_study_at_the_same_trial_with_any_number_of_workers() {
    let study = ToyStudy::new("{}").with(|study| {
        study.settings.budget.trials = None;
        study.settings.budget.patience = Some(5);
    });
    let mut tables = Vec::new();
    for workers in [1, 3] {
        let scratch = TempDir::new().unwrap();
        let outcome = study.run(scratch.path(), &toy_thread(), workers).unwrap();
        assert_eq!(outcome, Outcome::Done { reason: "5 trials in a row brought no improvement".to_owned() });
        tables.push(table(&history(scratch.path())));
    }
    assert_eq!(tables[0], tables[1]);
}
