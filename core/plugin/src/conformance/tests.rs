//! Families and workers that are wrong on purpose, each with the promise that it breaks.

use std::io::{self, BufRead, BufReader, Write};
use std::thread;

use super::*;
use crate::FailureCause;
use crate::probe::{Flaw, Probe};
use crate::protocol::{FromWorker, LineReader, ToWorker, Verdict, write_line};

fn broken_by(flaw: Flaw, options: &Options) -> Vec<Violation> {
    let family: &'static Probe = Box::leak(Box::new(Probe(flaw)));
    check_family(family, options).err().unwrap_or_default()
}

fn promises(violations: &[Violation]) -> Vec<Promise> {
    violations.iter().map(|violation| violation.promise).collect()
}

#[track_caller]
fn breaks_only(flaw: Flaw, promise: Promise, detail: &str) {
    let violations = broken_by(flaw, &Options::default());
    assert_eq!(promises(&violations), [promise], "{violations:?}");
    assert!(violations[0].detail.contains(detail), "{}", violations[0]);
}

#[test]
fn a_family_that_keeps_its_promises_passes() {
    assert_eq!(broken_by(Flaw::None, &Options::default()), []);
}

#[test]
fn numbers_that_are_not_a_function_of_the_job_are_found() {
    breaks_only(Flaw::Nondeterministic, Promise::Deterministic, "at step 1, `valid/fold` was");
    breaks_only(Flaw::IgnoresSeed, Promise::SeedMatters, "seeds 1 and 2 gave the same 5 reports");
    breaks_only(Flaw::UsesAttempt, Promise::NumberIsForMessages, "at step 1");
    breaks_only(Flaw::RestlessData, Promise::Prepare, "the digests of the same data were");
    let violations = broken_by(Flaw::UsesTrialNumber, &Options::default());
    assert!(promises(&violations).contains(&Promise::NumberIsForMessages), "{violations:?}");
}

#[test]
fn a_family_without_chance_may_ignore_the_seed() {
    let options = Options { seed_matters: false, ..Options::default() };
    assert_eq!(broken_by(Flaw::IgnoresSeed, &options), []);
}

#[test]
fn lies_about_checkpoints_are_found() {
    breaks_only(Flaw::ForgetsState, Promise::CheckpointIsComplete, "going on after step 1: at step 2");
    breaks_only(Flaw::SavingChangesNumbers, Promise::SavingChangesNothing, "at step 2");
    breaks_only(Flaw::ChangesCheckpoint, Promise::CheckpointIsHonest, "step 1: the digest was reported as");
    breaks_only(Flaw::PanicsWhileSaving, Promise::Trains, "the family panicked: the probe cannot save");
}

#[test]
fn wrong_metrics_and_panics_are_found() {
    breaks_only(Flaw::LacksMetric, Promise::Trains, "declares the metric `valid/fold` and did not report it");
    breaks_only(Flaw::UndeclaredMetric, Promise::Trains, "reported the metric `test/loss`, which it does not declare");
    breaks_only(Flaw::Panics, Promise::Trains, "the family panicked: the probe panics as asked");
    breaks_only(Flaw::BreaksProtocol, Promise::Protocol, "\"hello\"");
    breaks_only(Flaw::NoDefault, Promise::Defaults, "has no default");
}

#[test]
fn a_step_that_does_not_heed_an_interruption_is_found() {
    let options =
        Options { patience: Duration::from_millis(200), longest_step: Duration::from_secs(2), ..Options::default() };
    let violations = broken_by(Flaw::Deaf, &options);
    assert!(promises(&violations).contains(&Promise::ObeysInterruption), "{violations:?}");
}

/// Violations of a worker that is right but for what happens to its messages on the way.
fn broken_on_the_way(
    to_worker: fn(ToWorker) -> Vec<ToWorker>,
    from_worker: fn(FromWorker) -> Vec<FromWorker>,
    options: &Options,
) -> Vec<Violation> {
    let start = move || {
        let worker = Connection::to_thread(&Probe(Flaw::None) as &dyn ModelFamily)?;
        let (input, suite_input) = io::pipe()?;
        let (suite_output, output) = io::pipe()?;
        thread::spawn(move || forward(BufReader::new(input), worker.input, to_worker));
        thread::spawn(move || forward(worker.output, output, from_worker));
        Ok(Connection::new(suite_input, BufReader::new(suite_output)))
    };
    check_worker(&start, options).err().unwrap_or_default()
}

fn forward<M: serde::Serialize + serde::de::DeserializeOwned>(
    from: impl BufRead,
    mut to: impl Write,
    change: fn(M) -> Vec<M>,
) {
    let mut reader = LineReader::new(from);
    while let Ok(Some(message)) = reader.read() {
        for message in change(message) {
            if write_line(&mut to, &message).is_err() {
                return;
            }
        }
    }
}

#[track_caller]
fn found(violations: &[Violation], promise: Promise, detail: &str) {
    let found = violations.iter().any(|v| v.promise == promise && v.to_string().contains(detail));
    assert!(found, "{violations:?}");
}

#[test]
fn reports_out_of_order_are_found() {
    let swap = |message| match message {
        FromWorker::Report(mut report) => {
            report.step = [0, 2, 1, 3, 4, 5][report.step as usize];
            vec![FromWorker::Report(report)]
        }
        other => vec![other],
    };
    let violations = broken_on_the_way(|message| vec![message], swap, &Options::default());
    found(&violations, Promise::ReportsInOrder, "step 2 was reported where step 1 was due");
}

#[test]
fn a_report_sent_twice_is_found() {
    let twice = |message| match message {
        FromWorker::Report(report) if report.step == 5 => {
            vec![FromWorker::Report(report.clone()), FromWorker::Report(report)]
        }
        other => vec![other],
    };
    let violations = broken_on_the_way(|message| vec![message], twice, &Options::default());
    found(&violations, Promise::ReportsInOrder, "step 5 was reported after the last one, 5");
}

#[test]
fn an_early_end_is_found() {
    let early = |message| match message {
        FromWorker::Report(report) if report.step == 4 => vec![FromWorker::Completed { trial: report.trial }],
        other => vec![other],
    };
    let violations = broken_on_the_way(|message| vec![message], early, &Options::default());
    found(&violations, Promise::ReportsInOrder, "completed where the report of step 4 of 5 was due");
}

#[test]
fn a_wrong_digest_is_found() {
    let lie = |message| match message {
        FromWorker::Report(mut report) => {
            if let Some(saved) = &mut report.checkpoint {
                saved.sha256 = "0".repeat(64);
            }
            vec![FromWorker::Report(report)]
        }
        other => vec![other],
    };
    let violations = broken_on_the_way(|message| vec![message], lie, &Options::default());
    found(&violations, Promise::CheckpointIsHonest, "step 1: the digest was reported as 000");
}

#[test]
fn a_checkpoint_that_is_not_reported_is_found() {
    let hide = |message| match message {
        FromWorker::Report(mut report) => {
            report.checkpoint = report.checkpoint.filter(|_| report.step != 3);
            vec![FromWorker::Report(report)]
        }
        other => vec![other],
    };
    let violations = broken_on_the_way(|message| vec![message], hide, &Options::default());
    found(&violations, Promise::SavesAsAsked, "the report of step 3 of 5 lacks its checkpoint");
}

#[test]
fn metrics_that_were_not_declared_are_found() {
    let add = |message| match message {
        FromWorker::Report(mut report) => {
            report.metrics.insert("test/loss".to_owned(), crate::MetricValue::number(1.0));
            vec![FromWorker::Report(report)]
        }
        other => vec![other],
    };
    let violations = broken_on_the_way(|message| vec![message], add, &Options::default());
    found(&violations, Promise::Metrics, "the report of step 1 has `test/loss`");
}

#[test]
fn an_interruption_that_is_not_heard_is_found() {
    let deaf = |message| if message == ToWorker::Interrupt { Vec::new() } else { vec![message] };
    let options = Options { patience: Duration::from_millis(200), ..Options::default() };
    let violations = broken_on_the_way(deaf, |message| vec![message], &options);
    found(&violations, Promise::ObeysInterruption, "no answer came within");
}

#[test]
fn a_trial_that_goes_on_after_stop_is_found() {
    let stubborn = |message| match message {
        ToWorker::Verdict { trial, reason, .. } => {
            vec![ToWorker::Verdict { trial, verdict: Verdict::Continue, reason }]
        }
        other => vec![other],
    };
    let violations = broken_on_the_way(stubborn, |message| vec![message], &Options::default());
    assert_eq!(promises(&violations), [Promise::ObeysVerdict], "{violations:?}");
    assert!(violations[0].detail.starts_with("after `stop` and a new `run`"), "{}", violations[0]);
}

#[test]
fn bad_parameters_that_are_not_called_so_are_found() {
    let blur = |message| match message {
        FromWorker::Failed { trial, cause: FailureCause::BadParams, message } => {
            vec![FromWorker::Failed { trial, cause: FailureCause::Crashed, message }]
        }
        other => vec![other],
    };
    let violations = broken_on_the_way(|message| vec![message], blur, &Options::default());
    assert_eq!(promises(&violations), [Promise::RefusesBadParams], "{violations:?}");
}

#[test]
fn another_version_of_the_protocol_is_found() {
    let newer = |message| match message {
        FromWorker::Ready { can, info, build, .. } => vec![FromWorker::Ready { protocol: 2, can, info, build }],
        other => vec![other],
    };
    let violations = broken_on_the_way(|message| vec![message], newer, &Options::default());
    found(&violations, Promise::Ready, "it speaks version 2 of the protocol, not 1");
}

#[test]
fn a_worker_that_does_not_start_is_found() {
    let violations = check_worker(&|| Err(io::Error::other("no such program")), &Options::default()).unwrap_err();
    found(&violations, Promise::Ready, "the worker cannot be started: no such program");
    let silent = || Ok(Connection::new(io::sink(), io::empty()));
    let violations = check_worker(&silent, &Options::default()).unwrap_err();
    found(&violations, Promise::Ready, "the worker ended without a word");
}
