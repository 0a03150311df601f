//! `seqtune fsck` on studies that were damaged in every way that it knows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rusqlite::Connection;
use seqtune_core::{EventKind, RequestKind, Requests, Store, StoreReader, testing};
use seqtune_plugin::directory_digest;
use tempfile::TempDir;

struct Place {
    directory: TempDir,
}

impl Place {
    /// A study of four trials that have ended and one that has not, under `results/made`, with checkpoints.
    fn new() -> Place {
        let place = Place { directory: tempfile::tempdir().unwrap() };
        let events = testing::study("x = { type = 'float', low = 0, high = 1 }").trials(5).events();
        let EventKind::StudyCreated { spec, settings, .. } = &events[0].kind else { panic!("a log begins so") };
        let mut store = Store::create(&place.study(), spec, settings, "test").unwrap();
        let ends = |kind: &EventKind| matches!(kind, EventKind::Completed { trial: 4 });
        for event in events.into_iter().skip(1).filter(|event| !ends(&event.kind)) {
            let saved = match &event.kind {
                EventKind::Reported { trial, .. } if *trial < 4 => vec![place.save(*trial, 1)],
                EventKind::Reported { trial, .. } => vec![place.save(*trial, 1), place.save(*trial, 2)],
                _ => Vec::new(),
            };
            store.append([event.kind]).unwrap();
            store.append(saved).unwrap();
        }
        store.close().unwrap();
        place
    }

    fn study(&self) -> PathBuf {
        self.directory.path().join("results/made")
    }

    /// A directory of the study with something in it.
    fn fill(&self, path: &str) -> PathBuf {
        let directory = self.study().join(path);
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("state"), path).unwrap();
        directory
    }

    fn save(&self, trial: u64, step: u64) -> EventKind {
        let path = checkpoint(trial, step);
        let sha256 = directory_digest(&self.fill(&path)).unwrap();
        EventKind::Checkpointed { trial, attempt: 0, step, path, sha256 }
    }

    fn sql(&self, text: &str) {
        Connection::open(self.study().join("study.db")).unwrap().execute_batch(text).unwrap();
    }

    fn seqtune(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_seqtune")).args(arguments).current_dir(self.directory.path()).output().unwrap()
    }

    /// What `fsck` says, with its exit code.
    fn fsck(&self, options: &[&str]) -> String {
        let output = self.seqtune(&[&["fsck", "made"], options].concat());
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        format!("{}exit code {}\n", redacted(&said), output.status.code().unwrap())
    }
}

fn checkpoint(trial: u64, step: u64) -> String {
    format!("checkpoints/{trial:04}/attempt-0/step-{step:08}")
}

/// Without what differs between machines.
fn redacted(said: &str) -> String {
    let line = |line: &str| match line {
        _ if line.contains(" are free on the disk") => "ok       space        <space> are free on the disk".to_owned(),
        _ if line.contains(" holds the study:") => {
            let (_, rest) = line.split_once(" holds").unwrap();
            format!("note     lock         <process> holds{rest}")
        }
        // Which kinds there are is not for this test.
        _ if line.contains(", expected one of ") => {
            let (before, rest) = line.split_once(", expected one of ").unwrap();
            format!("{before};{}", rest.split_once(';').unwrap().1)
        }
        line => line.to_owned(),
    };
    said.lines().map(|text| line(text) + "\n").collect()
}

#[test]
fn a_whole_study_is_said_to_be_whole() {
    let place = Place::new();
    insta::assert_snapshot!(place.fsck(&[]));
    let json = place.seqtune(&["fsck", "made", "-f", "json"]).stdout;
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&json).unwrap();
    assert_eq!((&rows[1]["what"], &rows[1]["state"]), (&"file".into(), &"ok".into()));
    assert!(place.fsck(&["-f", "csv"]).starts_with("what,state,message\nlock,ok,"));
    assert_eq!(place.fsck(&["--repair"]), place.fsck(&[]), "there is nothing to mend");
}

#[test]
fn a_schema_that_was_changed_is_put_back() {
    let place = Place::new();
    place.sql(
        "DROP INDEX one_end; DROP VIEW trial; DROP TRIGGER event_is_never_changed;
         CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event BEGIN SELECT 1; END;",
    );
    let before = fs::read(place.study().join("study.db")).unwrap();
    insta::assert_snapshot!(place.fsck(&[]));
    assert_eq!(fs::read(place.study().join("study.db")).unwrap(), before, "looking changes nothing");
    insta::assert_snapshot!(place.fsck(&["--repair"]));
    assert!(place.fsck(&[]).ends_with("results/made is whole.\nexit code 0\n"));

    // Twice the same end: the index cannot be put back, and the fold says which event it is.
    place.sql("DROP INDEX one_end; INSERT INTO event(seq, at_us, kind, trial) VALUES (22, 0, 'completed', 3)");
    let said = place.fsck(&["--repair"]);
    assert!(
        said.contains("21 are right, and then event 22 breaks the log's rules: trial 3 has ended before"),
        "{said}"
    );
    assert!(said.contains("index one_end is missing") && said.ends_with("exit code 1\n"), "{said}");
}

#[test]
fn the_first_event_that_is_wrong_is_named_and_those_before_it_are_rescued() {
    let delete = "DROP TRIGGER event_is_never_deleted; DELETE FROM event WHERE seq = 6;
                  CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
                  BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;";
    let insert = |row: &str| format!("INSERT INTO event(seq, at_us, kind, trial, body) VALUES (22, 0, {row})");
    for (name, text, right) in [
        ("gap", delete.to_owned(), 5),
        ("kind", insert("'danced', 0, NULL"), 21),
        ("body", insert("'failed', 4, '{\"cause\":'"), 21),
        ("rule", insert("'completed', 77, NULL"), 21),
    ] {
        let place = Place::new();
        let note = RequestKind::Note { trial: Some(2), text: "look at this".to_owned() };
        Requests::open(&place.study()).unwrap().add("test", &note).unwrap();
        place.sql(&text);
        insta::assert_snapshot!(format!("an_event_{name}"), place.fsck(&[]));
        let said = place.fsck(&["--repair"]);
        assert!(said.ends_with("exit code 1\n") && !said.contains("mended"), "nothing is touched: {said}");

        let said = place.fsck(&["--rescue", "results/new"]);
        assert!(said.starts_with(&format!("results/new has the first {right} events of results/made")), "{said}");
        let events = |path: &str| {
            let reader = StoreReader::open(&place.directory.path().join(path)).unwrap();
            reader.inspect().unwrap().events
        };
        assert_eq!(events("results/new"), events("results/made"), "with their times");
        let remarks = |path: &str| StoreReader::open(&place.directory.path().join(path)).unwrap().remarks().unwrap();
        assert_eq!(remarks("results/new"), remarks("results/made"));
        assert_eq!(remarks("results/new").trials.len(), 1);
        assert!(place.seqtune(&["status", "new"]).status.success());
        let again = place.fsck(&["--rescue", "results/new"]);
        assert!(again.contains("there is a study in results/new already"), "{again}");
    }
}

#[test]
fn a_damaged_file_is_reported_with_a_way_out_and_left_as_it_is() {
    let place = Place::new();
    let path = place.study().join("study.db");
    let whole = fs::read(&path).unwrap();
    for (name, range) in [("page", whole.len() - 4096..whole.len()), ("header", 0..100)] {
        let mut bytes = whole.clone();
        bytes[range].fill(0x55);
        fs::write(&path, &bytes).unwrap();
        for options in [&[][..], &["--repair"]] {
            let said = place.fsck(options);
            assert!(said.contains("problem  file         damaged: "), "{name}: {said}");
            assert!(said.contains("--rescue NEW") && said.ends_with("exit code 1\n"), "{name}: {said}");
        }
        assert_eq!(fs::read(&path).unwrap(), bytes, "{name}");
    }
}

#[test]
fn checkpoints_are_compared_with_the_log() {
    let place = Place::new();
    let at = |path: &str| place.study().join(path);
    fs::write(at(&checkpoint(1, 1)).join("state"), "other").unwrap();
    fs::remove_dir_all(at(&checkpoint(2, 1))).unwrap();
    fs::remove_dir_all(at(&checkpoint(4, 2))).unwrap();
    let gone = [
        "checkpoints/0000/attempt-0/step-00000007",
        "checkpoints/0004/attempt-0/step-00000003.tmp-123",
        "checkpoints/0009",
    ];
    let left = ["checkpoints/0004/attempt-0/step-00000005", "checkpoints/notes", &checkpoint(0, 1), &checkpoint(4, 1)];
    for path in gone.iter().chain(&left[..2]) {
        place.fill(path);
    }
    fs::create_dir(at("logs")).unwrap();
    for log in ["logs/0001.log", "logs/0012.log"] {
        fs::write(at(log), "").unwrap();
    }
    insta::assert_snapshot!(place.fsck(&[]));
    assert!(gone.iter().all(|path| at(path).exists()), "looking changes nothing");
    insta::assert_snapshot!(place.fsck(&["--repair"]));
    assert!(gone.iter().all(|path| !at(path).exists()));
    assert!(left.iter().all(|path| at(path).exists()));

    // While the study runs, only what has ended stands still.
    let _held = Store::open(&place.study()).unwrap();
    insta::assert_snapshot!(place.fsck(&[]));
    let repair = place.fsck(&["--repair"]);
    assert!(repair.contains("is held by process") && repair.ends_with("exit code 3\n"), "{repair}");
}

#[test]
fn what_a_killed_run_left_is_explained_and_moved_into_the_file() {
    let place = Place::new();
    let mut store = Store::open(&place.study()).unwrap();
    store.append([EventKind::ManagerStopped { reason: "x".to_owned() }]).unwrap();
    let files = ["study.db", "study.db-wal"].map(|file| (file, fs::read(place.study().join(file)).unwrap()));
    drop(store);
    for (file, bytes) in files {
        fs::write(place.study().join(file), bytes).unwrap();
    }
    let said = place.fsck(&[]);
    assert!(said.contains("note     wal          study.db-wal of ") && said.contains("22 without a gap"), "{said}");
    assert!(said.contains("is whole. See to what can be mended: seqtune fsck results/made --repair"), "{said}");
    let said = place.fsck(&["--repair"]);
    assert!(said.contains("mended   wal") && said.contains("is whole; 1 mended.\nexit code 0"), "{said}");
    assert!(!Path::new(&place.study().join("study.db-wal")).exists());
    assert_eq!(StoreReader::open(&place.study()).unwrap().history().unwrap().seq, 22);
}
