//! Interruptions other than kill -9: signals, a second manager, a killed worker, a full disk.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use seqtune_core::TrialState;
use seqtune_tests::{check_finished, children, history, program, table, wait_for};
use tempfile::TempDir;

struct Scratch {
    directory: TempDir,
}

impl Scratch {
    /// A toy study file whose trials take `step_millis` a step.
    fn new(step_millis: u64) -> Scratch {
        let directory = TempDir::new().unwrap();
        let text = format!(
            r#"
            name = "toy"
            family = "toy"
            metric = "value"
            [data]
            step_millis = {step_millis}
            [trial]
            steps = 4
            [budget]
            trials = 8
            [sampler]
            type = "random"
            [workers]
            count = 2
            [space]
            lr = {{ type = "float", low = 1e-4, high = 0.1, log = true }}
            "#
        );
        std::fs::write(directory.path().join("toy.toml"), text).unwrap();
        Scratch { directory }
    }

    fn study(&self) -> PathBuf {
        self.directory.path().join("study")
    }

    /// `seqtune run`, through `prefix` where one is given.
    fn command(&self, prefix: &[&str], directory: &Path) -> Command {
        let seqtune = program("seqtune");
        let mut command = match prefix {
            [] => Command::new(seqtune),
            [first, rest @ ..] => {
                let mut command = Command::new(first);
                command.args(rest).arg(seqtune);
                command
            }
        };
        command.arg("run").arg(self.directory.path().join("toy.toml")).arg("--dir").arg(directory);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self) -> Output {
        self.command(&[], &self.study()).output().unwrap()
    }

    fn start(&self) -> Child {
        self.command(&[], &self.study()).spawn().unwrap()
    }

    /// The table of the same study, unbroken.
    fn expected(&self) -> Vec<String> {
        let directory = self.directory.path().join("unbroken");
        let output = self.command(&[], &directory).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        table(&history(&directory))
    }

    fn check_whole(&self, expected: &[String]) {
        check_finished(&self.study(), 8);
        assert_eq!(table(&history(&self.study())), expected);
    }
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Starts a program that hears signals, which those that a script or `nohup` starts in the background need not.
const HEARING: [&str; 2] = ["env", "--default-signal=TERM,INT,HUP"];

#[test]
fn a_signal_ends_the_run_in_order_and_the_study_goes_on() {
    let scratch = Scratch::new(200);
    let expected = scratch.expected();
    for one in [Signal::TERM, Signal::INT, Signal::HUP] {
        let study = scratch.study();
        let mut child = scratch.command(&HEARING, &study).spawn().unwrap();
        // Midway, so that the signal finds it in training.
        wait_for(&study, "a running trial", |history| {
            history.trials.iter().any(|trial| trial.state() == TrialState::Running && (1..=2).contains(&trial.step()))
        });
        signal(&child, one);
        let asked = Instant::now();
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(75), "{one:?}");
        assert!(asked.elapsed() < Duration::from_secs(10), "{one:?}");
        assert_eq!(history(&study).count(TrialState::Running), 0, "{one:?}");
        let left = history(&study);
        let interrupted =
            left.trials.iter().flat_map(|trial| &trial.attempts).filter_map(|attempt| attempt.end.as_ref());
        let name = "interrupted";
        assert!(
            interrupted.clone().any(|(end, ..)| matches!(end, seqtune_core::AttemptEnd::Failed(c) if c.name() == name)),
            "{one:?}"
        );
    }
    let output = scratch.run();
    assert!(output.status.success());
    scratch.check_whole(&expected);
}

#[test]
fn a_second_manager_is_refused_and_names_the_first() {
    let scratch = Scratch::new(50);
    let mut first = scratch.start();
    wait_for(&scratch.study(), "a trial", |history| !history.trials.is_empty());
    let second = scratch.run();
    let message = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(3), "{message}");
    assert!(message.contains(&format!("process {}", first.id())), "{message}");
    assert!(first.wait().unwrap().success());
    check_finished(&scratch.study(), 8);
}

#[test]
fn killed_workers_cost_one_attempt_each() {
    let scratch = Scratch::new(60);
    let expected = scratch.expected();
    let mut child = scratch.start();
    for killed in 0..3 {
        wait_for(&scratch.study(), "a running trial with a report", |history| {
            let attempts: usize = history.trials.iter().map(|trial| trial.attempts.len().saturating_sub(1)).sum();
            attempts >= killed && history.trials.iter().any(|t| t.state() == TrialState::Running && t.step() > 0)
        });
        for worker in children(child.id()).into_iter().take(1) {
            kill_process(worker, Signal::KILL).unwrap();
        }
    }
    assert!(child.wait().unwrap().success());
    scratch.check_whole(&expected);
    let history = history(&scratch.study());
    assert!(history.trials.iter().any(|trial| trial.attempts.len() > 1), "a worker was killed while it trained");
}

#[test]
fn a_full_disk_stops_the_run_and_loses_nothing() {
    let scratch = Scratch::new(1);
    let expected = scratch.expected();
    // A limit on the size of each file stands in for a full disk: the write-ahead log meets it first.
    let limited = ["sh", "-c", "trap '' XFSZ; ulimit -f 160; exec \"$0\" \"$@\""];
    let output = scratch.command(&limited, &scratch.study()).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(75), "{message}");
    assert!(message.contains("is full"), "{message}");
    let left = history(&scratch.study());
    assert!(left.trials.iter().any(|trial| trial.end.is_none()) || left.trials.len() < 8, "the limit was met");
    assert!(scratch.run().status.success());
    scratch.check_whole(&expected);
}

#[test]
fn nohup_is_respected_and_a_closed_terminal_ends_nothing() {
    let scratch = Scratch::new(30);
    let expected = scratch.expected();
    // Standard error goes to a reader that leaves at once; hang-ups are ignored.
    let careless = ["sh", "-c", "trap '' HUP; exec \"$0\" \"$@\""];
    let mut child = scratch.command(&careless, &scratch.study()).spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    wait_for(&scratch.study(), "a report", |history| history.trials.iter().any(|trial| trial.step() > 0));
    signal(&child, Signal::HUP);
    child.wait().unwrap();
    scratch.check_whole(&expected);
}
