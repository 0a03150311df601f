//! kill -9 at random moments, of the manager, of a worker, of both: the study goes on and ends as if nothing had been.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rusqlite::Connection;
use rustix::process::{Signal, kill_process};
use seqtune_core::{Event, StoreReader, is_study};
use seqtune_tests::{check_finished, children, history, program, table};
use tempfile::TempDir;

const TOY: &str = r#"
name = "toy"
family = "toy"
seed = 3
window = 4
metric = "value"

[data]
step_millis = 4

[trial]
steps = 9
checkpoint_every = 2
# Every killed worker is a crash.
retries = 1000

[budget]
trials = 16

[sampler]
type = "tpe"

[pruner]
type = "asha"

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

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Manager,
    Worker,
    Both,
}

const VICTIMS: [Victim; 3] = [Victim::Manager, Victim::Worker, Victim::Both];

/// Kills at random moments of a study's length, one victim after the other, and checks after each that nothing which was
/// committed is lost. Runs the study to its end then. Gives back how often each victim was killed while the study ran.
fn run_with_kills(file: &Path, directory: &Path, workers: u64, kills: usize, longest: Duration, seed: u64) -> [u32; 3] {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut before: Vec<Event> = Vec::new();
    let mut killed = [0; 3];
    let mut running: Option<Child> = None;
    for turn in 0..kills {
        let mut manager = running.take().unwrap_or_else(|| start(file, directory, workers));
        let moment = Instant::now() + longest.mul_f64(f64::from(rng.next_u32()) / f64::from(u32::MAX));
        while Instant::now() < moment && manager.try_wait().expect("it is our child").is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        if manager.try_wait().expect("it is our child").is_some() {
            break;
        }
        let at = (turn + seed as usize) % VICTIMS.len();
        let crew = children(manager.id());
        let one = crew.get(rng.next_u32() as usize % crew.len().max(1)).copied();
        match VICTIMS[at] {
            Victim::Manager => manager.kill().expect("it is our child"),
            // A worker that has just left by itself cannot be killed.
            Victim::Worker => killed[at] += u32::from(one.is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok())),
            Victim::Both => {
                manager.kill().expect("it is our child");
                for pid in &crew {
                    // One that saw the end of its input may be gone.
                    let _ = kill_process(*pid, Signal::KILL);
                }
            }
        }
        if VICTIMS[at] == Victim::Worker {
            running = Some(manager);
        } else {
            manager.wait().expect("it is our child");
            killed[at] += 1;
        }
        let after = events(directory);
        assert!(after.starts_with(&before), "an event that was committed is gone");
        before = after;
        if !before.is_empty() {
            let connection = Connection::open(directory.join("study.db")).unwrap();
            let whole: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(whole, "ok");
        }
    }
    let mut last = running.unwrap_or_else(|| start(file, directory, workers));
    if !last.wait().expect("it is our child").success() {
        // It was over when its worker was killed, or is done by another one.
        let status = start(file, directory, workers).wait().expect("it is our child");
        assert!(status.success(), "the study finishes: {status}");
    }
    assert!(events(directory).starts_with(&before));
    killed
}

/// Rounds of a toy study with any number of workers until so many kills have hit.
fn kill_the_toy_study(kills: u32, in_a_round: usize) {
    let scratch = TempDir::new().unwrap();
    let file = scratch.path().join("toy.toml");
    std::fs::write(&file, TOY).unwrap();
    let unbroken = scratch.path().join("unbroken");
    let started = Instant::now();
    assert!(start(&file, &unbroken, 2).wait().unwrap().success());
    let length = started.elapsed();
    check_finished(&unbroken, 16);
    let expected = table(&history(&unbroken));
    assert!(history(&unbroken).count(seqtune_core::TrialState::Pruned) > 3, "some trials are stopped early");

    let mut killed = [0; 3];
    for round in 0..10 * u64::from(kills) {
        if killed.iter().sum::<u32>() >= kills {
            break;
        }
        let workers = [1, 2, 4][round as usize % 3];
        let directory = scratch.path().join(format!("round-{round}"));
        let hit = run_with_kills(&file, &directory, workers, in_a_round, length.mul_f64(0.6), round);
        killed.iter_mut().zip(hit).for_each(|(total, more)| *total += more);
        check_finished(&directory, 16);
        assert_eq!(table(&history(&directory)), expected, "round {round} with {workers} workers");
        std::fs::remove_dir_all(&directory).unwrap();
    }
    println!("killed: {} managers, {} workers, {} times both", killed[0], killed[1], killed[2]);
    assert!(killed.iter().sum::<u32>() >= kills, "killed {killed:?} times only");
    assert!(killed.iter().all(|count| *count >= kills / 6), "each victim has its share: {killed:?}");
}

#[test]
fn twenty_four_kills_of_the_toy_study() {
    kill_the_toy_study(24, 6);
}

#[test]
#[ignore = "takes minutes: cargo xtask soak"]
fn two_hundred_kills_of_the_toy_study() {
    kill_the_toy_study(200, 6);
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
        killed += run_with_kills(&file, &directory, 2, 3, length.mul_f64(0.5), round).iter().sum::<u32>();
        check_finished(&directory, expected.len());
        assert_eq!(table(&history(&directory)), expected, "round {round}");
    }
    assert!(killed >= 3, "killed {killed} times only");
}
