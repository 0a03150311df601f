//! The same study file gives the same table of trials, byte for byte, by the real program: whatever number of workers and threads, and
//! stopped in the middle or not.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use seqtune_core::{StoreReader, TrialState, is_study};
use seqtune_tests::{check_finished, program};
use tempfile::TempDir;

/// The default sampler over a mixed space with conditions: most decisions follow from the results, and these are noisy.
const FILE: &str = r#"
name = "toy"
family = "toy"
seed = 5
metric = "value"
window = 4
[data]
noise = 0.3
step_millis = 5
[trial]
steps = 4
[budget]
trials = 40
[space]
function = { type = "categorical", choices = ["branin", "curve"] }
x = { type = "float", low = -5, high = 10 }
y = { type = "float", low = 0, high = 15, step = 0.5 }
lr = { type = "float", low = 1e-4, high = 0.1, log = true }
width = { type = "int", low = 16, high = 1024, log = true }
dropout = { type = "ordinal", values = [0.0, 0.2, 0.4] }
"#;

const TRIALS: usize = 40;

/// `seqtune` in a directory with so many threads for whoever asks rayon.
fn seqtune(place: &Path, threads: u64, arguments: &[&str]) -> Command {
    let mut command = Command::new(program("seqtune"));
    command.args(arguments).current_dir(place).env("RAYON_NUM_THREADS", threads.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn run(place: &Path, workers: &str, threads: u64) {
    let output = seqtune(place, threads, &["run", "toy.toml", "--workers", workers]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
}

/// Stops a run in the middle, with trials that are under way.
fn stop(place: &Path, mut child: Child) {
    let study = place.join("results/toy");
    let is_midway = |history: &seqtune_core::History| {
        (TRIALS / 3..TRIALS - 8).contains(&history.trials.len())
            && history.trials.iter().any(|trial| trial.state() == TrialState::Running)
    };
    let deadline = Instant::now() + Duration::from_secs(60);
    while !(is_study(&study)
        && StoreReader::open(&study).and_then(|reader| reader.history()).is_ok_and(|history| is_midway(&history)))
    {
        assert!(Instant::now() < deadline, "the study never came to its middle");
        std::thread::sleep(Duration::from_millis(2));
    }
    let output = seqtune(place, 1, &["stop", "toy", "--now"]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(child.wait().unwrap().code(), Some(75), "it was stopped before it was done");
}

/// What `seqtune export` writes of a finished study, trials and reports, without the times of a clock; `attempts` are left out too,
/// since a trial that was stopped has one more.
fn exported(place: &Path) -> Vec<Vec<String>> {
    check_finished(&place.join("results/toy"), TRIALS);
    let mut rows = Vec::new();
    for what in ["trials", "reports"] {
        let output = seqtune(place, 1, &["export", "toy", "--what", what]).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        let table = String::from_utf8(output.stdout).unwrap();
        let cells = |line: &str| -> Vec<String> { line.split(',').map(str::to_owned).collect() };
        let heading = cells(table.lines().next().unwrap());
        let timeless: Vec<usize> = (0..heading.len())
            .filter(|at| !["attempts", "seconds", "started", "ended", "at"].contains(&heading[*at].as_str()))
            .collect();
        for line in table.lines() {
            let cells = cells(line);
            assert_eq!(cells.len(), heading.len(), "no cell has a comma: {line}");
            rows.push(timeless.iter().map(|at| cells[*at].clone()).collect());
        }
    }
    rows
}

fn place(order: &str) -> TempDir {
    let place = TempDir::new().unwrap();
    std::fs::write(place.path().join("toy.toml"), FILE.replace("seed = 5", &format!("seed = 5\norder = \"{order}\"")))
        .unwrap();
    place
}

#[test]
fn a_study_file_gives_the_same_table_of_trials_byte_for_byte() {
    let mut tables = Vec::new();
    for (workers, threads, is_stopped) in
        [("1", 1, false), ("2", 2, false), ("8", 8, false), ("2", 8, true), ("8", 1, false)]
    {
        let place = place("fixed");
        if is_stopped {
            let run = ["run", "toy.toml", "--workers", workers];
            stop(place.path(), seqtune(place.path(), threads, &run).spawn().unwrap());
        }
        run(place.path(), workers, threads);
        tables.push(exported(place.path()));
    }
    assert_eq!(tables[0].len(), 2 + TRIALS + 4 * TRIALS);
    for (run, table) in tables.iter().enumerate() {
        for (row, expected) in table.iter().zip(&tables[0]) {
            assert_eq!(row, expected, "run {run}");
        }
        assert_eq!(table.len(), tables[0].len(), "run {run}");
    }
}

/// In eager order with one worker the decisions see the same results at the same time.
#[test]
fn so_it_does_in_eager_order_with_one_worker() {
    let table = || {
        let place = place("eager");
        run(place.path(), "1", 2);
        exported(place.path())
    };
    assert_eq!(table(), table());
}
