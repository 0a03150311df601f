//! From start to window, to the first trials, to all of them, to all curves, on a virtual screen; and what the viewer costs while nothing happens:
//! `cargo bench -p seqtune-view --bench start`. Needs Xvfb, and an idle machine to mean anything.

#[path = "../tests/sample/mod.rs"]
mod sample;
#[path = "../tests/screen.rs"]
mod screen;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use sample::Sample;
use screen::Screen;

const RUNS: usize = 10;
const WATCHED: Duration = Duration::from_secs(20);

fn main() {
    let Some(screen) = Screen::open() else {
        println!("skipped: no Xvfb");
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (study, store) = Sample { name: "large", trials: 10_000, steps: 50, running: true }.write(folder.path());
    watched("while a study runs and nothing happens", &screen, &study);
    store.close().expect("the sample closes");
    let mut times: Vec<Vec<u64>> = (0..RUNS).map(|_| start(&screen, &study)).collect();
    for (index, what) in ["window", "first trials", "all trials", "all curves"].into_iter().enumerate() {
        times.sort_by_key(|run| run[index]);
        let median = times[RUNS / 2][index];
        println!("start to {what:<12} median {median:>5} ms, from {} to {}", times[0][index], times[RUNS - 1][index]);
    }
    watched("at rest", &screen, &study);
}

/// Milliseconds to window, first trials, all trials and curves.
fn start(screen: &Screen, study: &Path) -> Vec<u64> {
    let output = screen.viewer().arg(study).arg("--times").output().expect("the viewer starts");
    let line = String::from_utf8_lossy(&output.stdout).into_owned();
    let times: Vec<u64> = line.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    assert_eq!(times.len(), 4, "{line}{}", String::from_utf8_lossy(&output.stderr));
    times
}

/// CPU time of a viewer that is left alone.
fn watched(what: &str, screen: &Screen, study: &Path) {
    let mut viewer = screen.viewer().arg(study).stdout(Stdio::null()).spawn().expect("the viewer starts");
    // Everything is drawn, and importance computed.
    std::thread::sleep(Duration::from_secs(15));
    let begin = ticks(viewer.id());
    std::thread::sleep(WATCHED);
    let spent = ticks(viewer.id()) - begin;
    viewer.kill().and_then(|()| viewer.wait()).expect("the viewer ends");
    println!("{what}: {} ms of CPU in {} s", spent * 10, WATCHED.as_secs());
}

/// CPU time of a process, in hundredths of a second.
fn ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("the viewer runs");
    // Behind the name in brackets: state is the third field, user and system time are the 14th and 15th.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    fields[11..13].iter().filter_map(|field| field.parse::<u64>().ok()).sum()
}
