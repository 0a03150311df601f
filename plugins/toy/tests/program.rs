//! The worker as a program: arguments, standard streams, signals, and the faults that end a process.

use std::io::{BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Output, Stdio};

use seqtune_plugin::conformance::{Connection, Options, check_worker};
use seqtune_plugin::protocol::{FromWorker, LineError, LineReader, Run, ToWorker, Verdict, write_line};
use seqtune_plugin::{DataSpec, FailureCause, FamilyInfo, ModelFamily};
use seqtune_toy::Toy;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_seqtune-worker-toy"))
}

fn output(arguments: &[&str]) -> Output {
    program().args(arguments).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn the_program_conforms() {
    let start = || Connection::to_command(&mut program());
    if let Err(violations) = check_worker(&start, &Options::default()) {
        panic!("{violations:#?}");
    }
}

#[test]
fn the_list_is_the_families_as_json() {
    let list = output(&["--list"]);
    assert!(list.status.success());
    let infos: Vec<FamilyInfo> = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(infos, [Toy.info()]);
}

#[test]
fn wrong_arguments_get_a_sentence_and_status_2() {
    for (arguments, sentence) in [
        (&["--family", "tox"][..], "there is no family \"tox\" in this worker, which has toy. Did you mean \"toy\"?"),
        (&["--family=protein"], "there is no family \"protein\" in this worker, which has toy."),
        (&["--family"], "`--family` needs a name behind it"),
        (&["run"], "\"run\" is not an argument of this program"),
    ] {
        let refused = output(arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        let text = String::from_utf8(refused.stderr).unwrap();
        assert!(text.contains(sentence), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(refused.stdout.is_empty());
    }
    let help = output(&["--help"]);
    assert!(help.status.success());
    assert!(String::from_utf8(help.stdout).unwrap().contains("--list"));
}

/// The study's side, with the toy program as the worker.
struct Study {
    worker: Child,
    input: ChildStdin,
    output: LineReader<BufReader<ChildStdout>>,
}

impl Study {
    /// Starts a worker and a trial whose fault, if any, strikes at step 2.
    fn training(behave: &str, data: &str) -> Study {
        let mut worker = program().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let input = worker.stdin.take().unwrap();
        let output = LineReader::new(BufReader::new(worker.stdout.take().unwrap()));
        let mut study = Study { worker, input, output };
        assert!(matches!(study.next(), Ok(Some(FromWorker::Ready { .. }))));
        let values = serde_json::from_str(data).unwrap();
        study.send(&ToWorker::Prepare { data: DataSpec { values, roots: Vec::new() }, cache: "cache".into() });
        assert!(matches!(study.next(), Ok(Some(FromWorker::Prepared { .. }))));
        let mut params = Toy.info().parameters.defaults().unwrap();
        params.set("behave", behave);
        let device = "cpu".to_owned();
        let run = Run { trial: 7, attempt: 0, params, seed: 1, study_seed: 2, device, steps: 3, checkpoint: None };
        study.send(&ToWorker::Run(run));
        study
    }

    /// The same, up to the message that follows the verdict on step 1.
    fn at_step_2(behave: &str) -> Study {
        let mut study = Study::training(behave, r#"{"fault_at_step":2}"#);
        assert!(matches!(study.next(), Ok(Some(FromWorker::Report(report))) if report.step == 1));
        study.go_on();
        study
    }

    fn send(&mut self, message: &ToWorker) {
        write_line(&mut self.input, message).unwrap();
    }

    fn go_on(&mut self) {
        self.send(&ToWorker::Verdict { trial: 7, verdict: Verdict::Continue, reason: None });
    }

    fn next(&mut self) -> Result<Option<FromWorker>, LineError> {
        self.output.read()
    }

    /// Ends the input; how the worker ends, and what it said on standard error.
    fn end(self) -> (ExitStatus, String) {
        let Study { mut worker, input, output } = self;
        drop(input);
        drop(output);
        let mut text = String::new();
        worker.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        (worker.wait().unwrap(), text)
    }
}

#[test]
fn faults_of_the_point_are_answered() {
    for (behave, cause) in [("diverge", FailureCause::Diverged), ("out_of_memory", FailureCause::OutOfMemory)] {
        let mut study = Study::at_step_2(behave);
        match study.next().unwrap().unwrap() {
            FromWorker::Failed { trial: Some(7), cause: found, .. } => assert_eq!(found, cause),
            other => panic!("{other:?}"),
        }
        assert!(study.end().0.success());
    }
    let mut study = Study::training("bad_params", "{}");
    let answer = study.next().unwrap().unwrap();
    assert!(matches!(answer, FromWorker::Failed { cause: FailureCause::BadParams, .. }), "{answer:?}");
}

#[test]
fn a_panic_is_answered_and_told_on_standard_error() {
    let mut study = Study::at_step_2("panic");
    let answer = study.next().unwrap().unwrap();
    assert!(matches!(answer, FromWorker::Failed { cause: FailureCause::Crashed, .. }), "{answer:?}");
    let (status, text) = study.end();
    assert!(status.success());
    assert!(text.contains("behave is \"panic\" at step 2"), "{text}");
}

#[test]
fn faults_that_end_the_process_end_it() {
    for (behave, code) in [("abort", None), ("exit", Some(3))] {
        let mut study = Study::at_step_2(behave);
        assert_eq!(study.next().unwrap(), None);
        assert_eq!(study.end().0.code(), code, "{behave}");
    }
    let mut study = Study::at_step_2("half_line");
    assert!(matches!(study.next(), Err(LineError::NotAMessage { .. })));
    assert_eq!(study.next().unwrap(), None);
    assert_eq!(study.end().0.code(), Some(0));
}

#[test]
fn garbage_stands_between_messages_that_go_on() {
    let mut study = Study::at_step_2("garbage");
    let error = study.next().unwrap_err();
    assert!(error.to_string().contains("Segmentation fault, said the library"), "{error}");
    assert!(matches!(study.next(), Ok(Some(FromWorker::Report(report))) if report.step == 2));
}

#[test]
fn a_step_that_hangs_ends_some_seconds_after_its_input() {
    let study = Study::at_step_2("hang");
    assert_eq!(study.end().0.code(), Some(1));
}

#[test]
fn a_long_step_ends_with_its_input() {
    let study = Study::training("well", r#"{"step_millis":3600000}"#);
    assert!(study.end().0.success());
}

#[cfg(unix)]
#[test]
fn the_interrupt_key_of_the_terminal_is_left_to_the_study() {
    let mut study = Study::at_step_2("well");
    let sent = Command::new("kill").args(["-INT", &study.worker.id().to_string()]).status().unwrap();
    assert!(sent.success());
    assert!(matches!(study.next(), Ok(Some(FromWorker::Report(report))) if report.step == 2));
    study.go_on();
    assert!(matches!(study.next(), Ok(Some(FromWorker::Report(report))) if report.step == 3));
    study.go_on();
    assert!(matches!(study.next(), Ok(Some(FromWorker::Completed { trial: 7 }))));
}

#[test]
fn noise_on_the_input_is_answered() {
    let mut study = Study::at_step_2("well");
    study.input.write_all(b"what?\n").unwrap();
    assert!(matches!(study.next(), Ok(Some(FromWorker::Report(_)))));
    let answer = study.next().unwrap().unwrap();
    assert!(matches!(answer, FromWorker::Failed { trial: None, .. }), "{answer:?}");
}
