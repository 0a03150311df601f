//! What the conformance suite does not ask of a worker: answers to a study that is itself wrong.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use seqtune_space::Params;

use crate::conformance::Connection;
use crate::probe::{Flaw, Probe};
use crate::protocol::{
    CheckpointPlan, FromWorker, LineReader, MAX_LINE_BYTES, ResumeFrom, Run, StepReport, ToWorker, Verdict, write_line,
};
use crate::{DataSpec, FailureCause, ModelFamily};

struct Study {
    input: Box<dyn Write + Send>,
    output: LineReader<Box<dyn BufRead + Send>>,
}

impl Study {
    fn with(flaw: Flaw) -> Study {
        let family: Arc<dyn ModelFamily> = Arc::new(Probe(flaw));
        let connection = Connection::to_thread(family).unwrap();
        let mut study = Study { input: connection.input, output: LineReader::new(connection.output) };
        match study.next() {
            FromWorker::Ready { protocol: 1, can, build, .. } => {
                assert_eq!(can, ["prepare", "checkpoint", "apply"]);
                assert_eq!(build["os"], std::env::consts::OS);
            }
            other => panic!("{other:?}"),
        }
        study
    }

    fn prepared(flaw: Flaw) -> Study {
        let mut study = Study::with(flaw);
        study.send(&prepare(DataSpec::default()));
        assert!(matches!(study.next(), FromWorker::Prepared { .. }));
        study
    }

    fn send(&mut self, message: &ToWorker) {
        write_line(&mut self.input, message).unwrap();
    }

    fn next(&mut self) -> FromWorker {
        self.output.read().unwrap().unwrap()
    }

    fn report(&mut self) -> StepReport {
        match self.next() {
            FromWorker::Report(report) => report,
            other => panic!("{other:?}"),
        }
    }

    fn verdict(&mut self, trial: u64, verdict: Verdict) {
        self.send(&ToWorker::Verdict { trial, verdict, reason: None });
    }

    fn completes(&mut self, run: &Run) -> Vec<StepReport> {
        self.send(&ToWorker::Run(run.clone()));
        let mut reports = Vec::new();
        loop {
            match self.next() {
                FromWorker::Report(report) => reports.push(report),
                FromWorker::Completed { .. } => return reports,
                other => panic!("{other:?}"),
            }
            self.verdict(run.trial, Verdict::Continue);
        }
    }

    #[track_caller]
    fn fails(&mut self, trial: Option<u64>, cause: FailureCause, sentence: &str) {
        match self.next() {
            FromWorker::Failed { trial: of, cause: why, message } => {
                assert_eq!((of, why), (trial, cause), "{message}");
                assert!(message.contains(sentence), "{message}");
            }
            other => panic!("{other:?}"),
        }
    }
}

fn prepare(data: DataSpec) -> ToWorker {
    ToWorker::Prepare { data, cache: PathBuf::from("cache") }
}

fn run(trial: u64) -> Run {
    let params: Params = serde_json::from_str(r#"{"kind":"plain","width":2,"fast":false}"#).unwrap();
    let device = "cpu".to_owned();
    Run { trial, attempt: 0, params, seed: 1, study_seed: 2, device, steps: 4, checkpoint: None }
}

fn saving(dir: &Path, every: u64, from: Option<ResumeFrom>) -> Run {
    Run { checkpoint: Some(CheckpointPlan { every, dir: dir.to_owned(), from }), ..run(1) }
}

#[test]
fn a_line_that_is_no_message_is_answered_and_the_worker_goes_on() {
    let mut study = Study::prepared(Flaw::None);
    for (line, sentence) in [
        (&b"hello\n"[..], "not a message of the protocol"),
        (b"{\"type\":\"dance\"}\n", "unknown variant `dance`"),
        (b"{\"type\":\"run\",\"trial\":1}\n", "missing field"),
        (b"\xff\n", "not UTF-8"),
        (b"\n", "not a message"),
    ] {
        study.input.write_all(line).unwrap();
        study.fails(None, FailureCause::Crashed, sentence);
    }
    assert_eq!(study.completes(&run(1)).len(), 4);
}

#[test]
fn a_line_that_is_too_long_is_the_last() {
    let mut study = Study::with(Flaw::None);
    let line = vec![b'x'; MAX_LINE_BYTES + 2];
    // The worker stops reading before the end, and then the pipe may break.
    let _ = study.input.write_all(&line);
    study.fails(None, FailureCause::Crashed, "longer than 16 MiB");
    assert_eq!(study.output.read::<FromWorker>().unwrap(), None);
}

#[test]
fn a_study_that_asks_in_the_wrong_order_is_told() {
    let mut study = Study::with(Flaw::None);
    study.send(&ToWorker::Run(run(3)));
    study.fails(Some(3), FailureCause::Crashed, "`run` came before `prepare`");
    study.send(&prepare(DataSpec::default()));
    assert!(matches!(study.next(), FromWorker::Prepared { .. }));
    study.send(&ToWorker::Run(run(3)));
    study.report();
    study.send(&ToWorker::Run(run(4)));
    study.fails(None, FailureCause::Crashed, "one thing at a time");
    study.verdict(3, Verdict::Continue);
    assert_eq!(study.report().step, 2);
}

#[test]
fn data_that_cannot_be_prepared_is_named() {
    let mut study = Study::with(Flaw::None);
    let mut data = DataSpec::default();
    data.values.insert("missing".to_owned(), true.into());
    study.send(&prepare(data));
    study.fails(None, FailureCause::Unusable, "missing.npy is not there");
    study.send(&ToWorker::Run(run(1)));
    study.fails(Some(1), FailureCause::Crashed, "`run` came before `prepare`");
}

#[test]
fn what_crosses_the_end_of_a_trial_does_not_touch_the_next() {
    let mut study = Study::prepared(Flaw::None);
    assert_eq!(study.completes(&run(1)).len(), 4);
    study.send(&ToWorker::Interrupt);
    study.verdict(1, Verdict::Stop);
    assert_eq!(study.completes(&run(2)).len(), 4);
}

#[test]
fn an_interruption_while_a_verdict_is_awaited_ends_the_trial() {
    let mut study = Study::prepared(Flaw::None);
    study.send(&ToWorker::Run(run(1)));
    study.report();
    study.send(&ToWorker::Interrupt);
    study.fails(Some(1), FailureCause::Interrupted, "interrupted");
    assert_eq!(study.completes(&run(2)).len(), 4);
}

#[test]
fn a_panic_costs_the_trial_and_not_the_worker() {
    let mut study = Study::prepared(Flaw::Panics);
    for trial in [1, 2] {
        study.send(&ToWorker::Run(run(trial)));
        study.report();
        study.verdict(trial, Verdict::Continue);
        study.fails(Some(trial), FailureCause::Crashed, "the family panicked: the probe panics as asked");
    }
}

#[test]
fn applying_is_refused_where_the_family_cannot() {
    let mut study = Study::prepared(Flaw::None);
    let what = crate::Apply::Evaluate { split: "test".to_owned() };
    study.send(&ToWorker::Apply { what, checkpoint: PathBuf::from("c") });
    study.fails(None, FailureCause::Crashed, "the family probe cannot evaluate");
}

#[test]
fn checkpoints_come_when_they_are_due() {
    let scratch = tempfile::tempdir().unwrap();
    let mut study = Study::prepared(Flaw::None);
    let mut saved = |every| -> Vec<u64> {
        let reports = study.completes(&saving(scratch.path(), every, None));
        reports.iter().filter(|report| report.checkpoint.is_some()).map(|report| report.step).collect()
    };
    assert_eq!(saved(0), [4]);
    assert_eq!(saved(3), [3, 4]);
    assert_eq!(saved(100), [4]);
    assert!(scratch.path().join("step-00000003").is_dir());
}

#[test]
fn a_trial_whose_last_step_is_saved_has_nothing_left_to_do() {
    let scratch = tempfile::tempdir().unwrap();
    let mut study = Study::prepared(Flaw::None);
    let reports = study.completes(&saving(scratch.path(), 2, None));
    let from = |step: usize| {
        let saved = reports[step - 1].checkpoint.clone().unwrap();
        Some(ResumeFrom { path: saved.path, step: step as u64 })
    };
    assert_eq!(study.completes(&saving(scratch.path(), 2, from(4))), []);
    assert_eq!(study.completes(&saving(scratch.path(), 2, from(2))), reports[2..]);
}

#[test]
fn a_checkpoint_that_is_gone_is_named() {
    let scratch = tempfile::tempdir().unwrap();
    let mut study = Study::prepared(Flaw::None);
    let from = ResumeFrom { path: scratch.path().join("step-00000002"), step: 2 };
    study.send(&ToWorker::Run(saving(scratch.path(), 1, Some(from))));
    study.fails(Some(1), FailureCause::Crashed, "there is no checkpoint");
}
