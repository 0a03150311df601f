//! Logs of past formats: each opens, replays, and goes on with this build. `assets/logs` holds one finished study of every
//! format, as the seqtune of its time wrote it, and the study file that it came from.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rusqlite::Connection;
use seqtune_core::{FORMAT_VERSION, StoreReader, verify};
use seqtune_tests::program;
use tempfile::TempDir;

fn logs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/logs");
    let mut logs: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder is part of the repository")
        .map(|entry| entry.unwrap().path())
        .collect();
    logs.sort();
    logs
}

fn format_of(study: &Path) -> u32 {
    let connection = Connection::open(study.join("study.db")).unwrap();
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

#[test]
fn every_past_format_is_kept() {
    let kept: Vec<u32> = logs().iter().map(|study| format_of(study)).collect();
    assert_eq!(kept, (1..FORMAT_VERSION).collect::<Vec<_>>());
}

#[test]
fn old_logs_open_replay_and_go_on() {
    for old in logs() {
        let scratch = TempDir::new().unwrap();
        let name = old.file_name().and_then(|name| name.to_str()).unwrap().to_owned();
        let study = scratch.path().join("results").join(&name);
        fs::create_dir_all(&study).unwrap();
        fs::copy(old.join("study.db"), study.join("study.db")).unwrap();
        let history = || StoreReader::open(&study).unwrap().history().unwrap();
        let before = history();
        assert_eq!(verify(&before).differences, [], "{name}");
        assert!(before.trials.iter().all(|trial| trial.end.is_some() && trial.space_version == 0));
        assert_eq!(format_of(&study), format_of(&old), "reading changes nothing");

        // With the file that it came from, a larger budget and a wider space.
        let text = fs::read_to_string(old.join("study.toml")).unwrap();
        let edited = text.replace("trials = 9", "trials = 12").replace("high = 256", "high = 512");
        assert_ne!(edited, text);
        fs::write(scratch.path().join("study.toml"), edited).unwrap();
        let output = Command::new(program("seqtune"))
            .args(["run", "study.toml"])
            .current_dir(scratch.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let after = history();
        assert_eq!(after.trials.len(), 12, "{name}");
        assert_eq!(verify(&after).differences, [], "{name}");
        assert_eq!(seqtune_tests::table(&after)[..before.trials.len()], seqtune_tests::table(&before)[..]);
        assert_eq!(format_of(&study), FORMAT_VERSION, "a seqtune of its time would misread it now");
    }
}
