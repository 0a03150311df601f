//! Writes synthetic studies to look at: `cargo run -p seqtune-view --example sample_study -- DIR [SECONDS]`.
//!
//! One study is finished, one has no trial, and one runs: for SECONDS (default 0) its last trials go on, a report each
//! every half second.

#[path = "../tests/sample/mod.rs"]
mod sample;

use std::path::PathBuf;
use std::time::Duration;

use sample::Sample;
use seqtune_core::EventKind;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("give a folder to write the studies to")?);
    let seconds: u64 = arguments.next().map_or(Ok(0), |text| text.to_string_lossy().parse())?;

    let done = Sample { name: "finished", trials: 24, steps: 20, running: false };
    let (directory, mut store) = done.write(&folder);
    store.append([EventKind::ManagerStopped { reason: "the budget is used up".to_owned() }])?;
    store.close()?;
    spread_times(&directory)?;

    let empty = Sample { name: "just-begun", trials: 0, steps: 20, running: false };
    drop(empty.write(&folder));

    let live = Sample { name: "jund-cnn", trials: 60, steps: 50, running: true };
    let (directory, store) = live.write(&folder);
    drop(store);
    spread_times(&directory)?;
    std::fs::create_dir_all(directory.join("logs"))?;
    let log: String =
        (1..60).map(|epoch| format!("epoch {epoch}: loss {:.4}, 4.1 s\n", 1.0 / f64::from(epoch))).collect();
    for trial in 0..60 {
        std::fs::write(directory.join(format!("logs/{trial:04}.log")), &log)?;
    }
    let mut store = seqtune_core::Store::open(&directory)?;
    for tick in 1..=seconds * 2 {
        std::thread::sleep(Duration::from_millis(500));
        if tick < 20 {
            store.append((57..60).map(|trial| sample::report(trial, 0, 27 + tick, 0.93, 50)))?;
        }
    }
    Ok(())
}

/// A log written at once looks as if nothing had taken any time. Three seconds between two events look better; for that
/// the rule that a log is only appended to is lifted, in a file that nobody needs.
fn spread_times(directory: &std::path::Path) -> rusqlite::Result<()> {
    let connection = rusqlite::Connection::open(directory.join("study.db"))?;
    let rule: (String, String) = connection.query_row(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND sql LIKE '%UPDATE ON event%'",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    connection.execute_batch(&format!(
        "DROP TRIGGER {}; UPDATE event SET at_us = at_us - 3000000 * ((SELECT max(seq) FROM event) - seq); {};",
        rule.0, rule.1
    ))
}
