//! kill -9 at random moments: the study goes on and ends as if nothing had been.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rusqlite::Connection;
use seqtune_core::{Event, StoreReader, is_study};
use seqtune_tests::{check_finished, history, program, table};
use tempfile::TempDir;

const TOY: &str = r#"
name = "toy"
family = "toy"
seed = 3
window = 4
metric = "value"

[data]
step_millis = 8

[trial]
steps = 5
checkpoint_every = 2

[budget]
trials = 16

[sampler]
type = "tpe"

[workers]
count = 2

[space]
lr = { type = "float", low = 1e-4, high = 0.1, log = true }
width = { type = "int", low = 8, high = 256, log = true }
"#;

/// `seqtune run` on a study file, its output thrown away.
fn start(file: &Path, directory: &Path, workers: u64) -> Child {
    Command::new(program("seqtune"))
        .arg("run")
        .arg(file)
        .arg("--dir")
        .arg(directory)
        .args(["--workers", &workers.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("seqtune starts")
}

fn events(directory: &Path) -> Vec<Event> {
    if !is_study(directory) {
        return Vec::new();
    }
    let reader = StoreReader::open(directory).expect("a killed study opens");
    reader.events_after(0).expect("a killed study can be read")
}

/// Runs a study to its end with SIGKILL at random moments of its length, and checks after each that nothing which was
/// committed is lost. Gives back how often it was killed before it finished.
fn run_with_kills(file: &Path, directory: &Path, workers: u64, kills: u32, longest: Duration, seed: u64) -> u32 {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut before: Vec<Event> = Vec::new();
    let mut killed = 0;
    for _ in 0..kills {
        let mut child = start(file, directory, workers);
        let moment = Instant::now() + longest.mul_f64(rng.next_u32() as f64 / f64::from(u32::MAX));
        while Instant::now() < moment && child.try_wait().expect("it is our child").is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        let finished = child.try_wait().expect("it is our child").is_some();
        child.kill().expect("it is our child");
        child.wait().expect("it is our child");
        let after = events(directory);
        assert!(after.starts_with(&before), "an event that was committed is gone");
        before = after;
        if !before.is_empty() {
            let connection = Connection::open(directory.join("study.db")).unwrap();
            let whole: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(whole, "ok");
        }
        if finished {
            break;
        }
        killed += 1;
    }
    let status = start(file, directory, workers).wait().expect("it is our child");
    assert!(status.success(), "the study finishes: {status}");
    assert!(events(directory).starts_with(&before));
    killed
}

#[test]
fn twenty_kills_of_the_toy_study() {
    let scratch = TempDir::new().unwrap();
    let file = scratch.path().join("toy.toml");
    std::fs::write(&file, TOY).unwrap();
    let unbroken = scratch.path().join("unbroken");
    let started = Instant::now();
    assert!(start(&file, &unbroken, 2).wait().unwrap().success());
    let length = started.elapsed();
    check_finished(&unbroken, 16);
    let expected = table(&history(&unbroken));

    let mut killed = 0;
    for (round, workers) in [1, 2, 4, 1, 2, 4, 1, 2, 4, 1, 2, 4].into_iter().enumerate() {
        if killed >= 20 {
            break;
        }
        let directory = scratch.path().join(format!("round-{round}"));
        killed += run_with_kills(&file, &directory, workers, 5, length, round as u64);
        check_finished(&directory, 16);
        assert_eq!(table(&history(&directory)), expected, "round {round} with {workers} workers");
    }
    assert!(killed >= 20, "killed {killed} times only");
}

#[test]
#[ignore = "trains with libtorch for minutes: cargo xtask soak"]
fn three_kills_of_the_torch_demo() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../studies/demo.toml");
    let scratch = TempDir::new().unwrap();
    let unbroken = scratch.path().join("unbroken");
    let started = Instant::now();
    assert!(start(&file, &unbroken, 2).wait().unwrap().success());
    let length = started.elapsed();
    let expected = table(&history(&unbroken));
    check_finished(&unbroken, expected.len());

    let mut killed = 0;
    for round in 0..6 {
        if killed >= 3 {
            break;
        }
        let directory = scratch.path().join(format!("round-{round}"));
        killed += run_with_kills(&file, &directory, 2, 3, length.mul_f64(0.5), round);
        check_finished(&directory, expected.len());
        assert_eq!(table(&history(&directory)), expected, "round {round}");
    }
    assert!(killed >= 3, "killed {killed} times only");
}
