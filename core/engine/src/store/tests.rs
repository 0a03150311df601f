//! Tests of the log on disk.

use std::path::Path;

use proptest::prelude::*;
use rusqlite::Connection;
use seqtune_plugin::{FailureCause, MetricValue};
use tempfile::TempDir;

use super::*;
use crate::event::{AttemptEnd, MetricsJson, Origin, Seen};
use crate::history::{History, TrialState};
use crate::spec::Budget;
use crate::testing;

mod clocks;
mod cuts;
mod readers;
mod requests;

fn draft() -> testing::StudyDraft {
    testing::study("x = { type = 'float', low = 0, high = 1 }").trials(3)
}

fn create(directory: &Path) -> Store {
    Store::create(directory, draft().spec(), &Settings::default(), "test").unwrap()
}

/// The kinds of a made log after its first event.
fn kinds() -> Vec<EventKind> {
    draft().events().into_iter().skip(1).map(|event| event.kind).collect()
}

fn sql(directory: &Path) -> Connection {
    Connection::open(directory.join(DATABASE)).unwrap()
}

#[test]
fn what_is_appended_is_read_back_and_folds() {
    let scratch = TempDir::new().unwrap();
    let mut store = create(scratch.path());
    let appended = store.append(kinds()).unwrap();
    assert_eq!(appended.iter().map(|event| event.seq).collect::<Vec<_>>(), (2..=10).collect::<Vec<_>>());
    assert_eq!(store.events_after(1).unwrap(), appended);
    store.close().unwrap();

    let reader = StoreReader::open(scratch.path()).unwrap();
    let history = reader.history().unwrap();
    assert_eq!(history.count(TrialState::Completed), 3);
    assert_eq!(*history.spec, *draft().spec());
    assert!(!scratch.path().join("study.db-wal").exists(), "a closed study is one file");
}

#[test]
fn a_reader_follows_a_writer() {
    let scratch = TempDir::new().unwrap();
    let mut store = create(scratch.path());
    let reader = StoreReader::open(scratch.path()).unwrap();
    let before = reader.data_version().unwrap();
    assert_eq!(reader.data_version().unwrap(), before);
    let appended = store.append(kinds()).unwrap();
    assert_ne!(reader.data_version().unwrap(), before);
    assert_eq!(reader.events_after(1).unwrap(), appended);
    assert!(reader.is_managed());
    drop(store);
    assert!(!reader.is_managed());
}

#[test]
fn the_rules_of_the_log_are_kept_by_the_file() {
    let scratch = TempDir::new().unwrap();
    let mut store = create(scratch.path());
    store.append(kinds()).unwrap();
    let seq = store.events_after(0).unwrap().len();
    let report = |step| EventKind::Reported {
        trial: 0,
        attempt: 0,
        step,
        value: Some(0.5),
        metrics: MetricsJson::new(&[("value".to_owned(), MetricValue::number(0.5))].into()),
    };
    for twice in [
        kinds().remove(0),
        report(1),
        EventKind::Completed { trial: 0 },
        EventKind::Failed { trial: 0, cause: FailureCause::Crashed, message: String::new() },
    ] {
        let error = store.append([report(7), twice]).unwrap_err();
        assert!(matches!(error, StoreError::Invariant { .. }), "{error}");
        assert_eq!(store.events_after(0).unwrap().len(), seq, "the whole transaction is refused");
    }
    let connection = sql(scratch.path());
    assert!(connection.execute("UPDATE event SET value = 1", []).is_err());
    assert!(connection.execute("DELETE FROM event", []).is_err());
}

#[test]
fn one_writer_a_study() {
    let scratch = TempDir::new().unwrap();
    let store = create(scratch.path());
    let error = Store::open(scratch.path()).unwrap_err();
    assert!(matches!(&error, StoreError::Locked { holder, .. } if holder.contains(&std::process::id().to_string())));
    drop(store);
    Store::open(scratch.path()).unwrap();
}

#[test]
fn a_study_is_created_once() {
    let scratch = TempDir::new().unwrap();
    create(scratch.path()).close().unwrap();
    let again = Store::create(scratch.path(), draft().spec(), &Settings::default(), "test").unwrap_err();
    assert!(matches!(again, StoreError::Exists { .. }), "{again}");
    assert!(matches!(Store::open(&scratch.path().join("other")).unwrap_err(), StoreError::Absent { .. }));
}

#[test]
fn a_creation_that_was_cut_off_left_no_study() {
    let scratch = TempDir::new().unwrap();
    // What a kill leaves between the first system calls: an empty file, or one that only knows its journal mode.
    std::fs::write(scratch.path().join(DATABASE), b"").unwrap();
    assert!(!is_study(scratch.path()));
    sql(scratch.path()).pragma_update(None, "journal_mode", "WAL").unwrap();
    assert!(!is_study(scratch.path()));
    create(scratch.path());
    assert!(is_study(scratch.path()));
}

/// A kill while the file changes its journal mode leaves a rollback journal, in which the truth is.
#[test]
fn a_kill_on_the_way_into_wal_mode_or_out_of_it_leaves_a_study_that_opens() {
    let (live, left) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let mut store = create(live.path());
    let appended = store.append(kinds()).unwrap();
    store.close().unwrap();
    // A transaction that has reached the file and is not committed, copied as a kill would leave it.
    let writer = sql(live.path());
    let half = "PRAGMA cache_size = 1; BEGIN; CREATE TABLE half (x); INSERT INTO half VALUES (zeroblob(1000000));";
    writer.execute_batch(half).unwrap();
    let killed = |file: &str| std::fs::copy(live.path().join(file), left.path().join(file)).unwrap();
    let leave = || (killed(DATABASE), killed("study.db-journal"));

    leave();
    assert!(is_study(left.path()));
    assert_eq!(StoreReader::open(left.path()).unwrap().events_after(1).unwrap(), appended);
    assert!(!left.path().join("study.db-journal").exists(), "it was played back");
    leave();
    assert_eq!(Store::open(left.path()).unwrap().events_after(1).unwrap(), appended);

    // That of a live writer stays where it is.
    assert!(StoreReader::open(live.path()).is_err());
    writer.execute_batch("COMMIT").unwrap();
    assert_eq!(writer.query_row("SELECT count(*) FROM half", [], |row| row.get::<_, u64>(0)).unwrap(), 1);
}

#[test]
fn newer_and_foreign_files_are_refused_untouched() {
    let scratch = TempDir::new().unwrap();
    create(scratch.path()).close().unwrap();
    sql(scratch.path()).pragma_update(None, "user_version", FORMAT_VERSION + 1).unwrap();
    let before = std::fs::read(scratch.path().join(DATABASE)).unwrap();
    for error in [Store::open(scratch.path()).unwrap_err(), StoreReader::open(scratch.path()).unwrap_err()] {
        assert!(matches!(error, StoreError::Newer { found, .. } if found == FORMAT_VERSION + 1), "{error}");
    }
    assert_eq!(std::fs::read(scratch.path().join(DATABASE)).unwrap(), before);

    let foreign = TempDir::new().unwrap();
    sql(foreign.path()).execute_batch("CREATE TABLE a(b)").unwrap();
    assert!(matches!(StoreReader::open(foreign.path()).unwrap_err(), StoreError::Damaged { .. }));
    std::fs::write(foreign.path().join(DATABASE), "no database at all, and long enough to be one".repeat(99)).unwrap();
    assert!(matches!(StoreReader::open(foreign.path()).unwrap_err(), StoreError::Damaged { .. }));
}

#[test]
fn requests_are_open_until_answered() {
    let scratch = TempDir::new().unwrap();
    let mut store = create(scratch.path());
    let mut params = seqtune_space::Params::default();
    params.set("x", 0.25);
    for kind in [RequestKind::StopAfterRunning, RequestKind::Enqueue { params }] {
        let id = Requests::open(scratch.path()).unwrap().add("test", &kind).unwrap();
        let open = store.open_requests().unwrap();
        assert_eq!(open.len(), 1);
        assert_eq!((open[0].id, open[0].by.as_str(), open[0].kind.as_ref()), (id, "test", Some(&kind)));
        let answer = EventKind::RequestAnswered { id, from_trial: 0, answer: "done".to_owned(), pause: None };
        store.append([answer.clone()]).unwrap();
        assert!(store.open_requests().unwrap().is_empty());
        assert!(store.append([answer]).is_err(), "a request is answered once");
    }
    sql(scratch.path()).execute("INSERT INTO request(at_us, by, kind) VALUES (1, 'x', 'dance')", []).unwrap();
    assert_eq!(store.open_requests().unwrap()[0].kind, None);
}

#[test]
fn a_disk_without_space_costs_nothing_that_was_committed() {
    let scratch = TempDir::new().unwrap();
    let mut store = create(scratch.path());
    let pages: i64 = store.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    store.connection.pragma_update(None, "max_page_count", pages + 1).unwrap();
    let mut committed = store.events_after(0).unwrap().len();
    let message = "x".repeat(2000);
    let error = loop {
        let kinds = (0..3).map(|_| EventKind::ManagerStopped { reason: message.clone() });
        match store.append(kinds) {
            Ok(events) => committed += events.len(),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
    assert_eq!(store.events_after(0).unwrap().len(), committed);
    store.connection.pragma_update(None, "max_page_count", 1_000_000).unwrap();
    store.append([EventKind::ManagerStopped { reason: message }]).unwrap();
    History::fold(&store.events_after(0).unwrap()).unwrap();
}

#[test]
fn the_views_are_for_people() {
    let scratch = TempDir::new().unwrap();
    let mut store = create(scratch.path());
    let events = kinds();
    store.append(events).unwrap();
    let row: (i64, String, String, f64) = sql(scratch.path())
        .query_row("SELECT number, state, origin, last_value FROM trial WHERE number = 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .unwrap();
    assert_eq!((row.0, row.1.as_str(), row.2.as_str()), (1, "completed", "sampler"));
    assert_eq!(Some(row.3), draft().history().trials[1].last_value());
    let reports: i64 = sql(scratch.path()).query_row("SELECT count(*) FROM report", [], |row| row.get(0)).unwrap();
    assert_eq!(reports, 3);
}

fn any_kind() -> impl Strategy<Value = EventKind> {
    let number = prop_oneof![Just(None), any::<f64>().prop_filter("finite", |v| v.is_finite()).prop_map(Some)];
    let metrics = prop::collection::btree_map("[a-z/]{1,8}", number.clone().prop_map(MetricValue::Number), 0..4);
    prop_oneof![
        (0..1000u64, 0..9u32, 1..99u64, number, metrics).prop_map(|(trial, attempt, step, value, metrics)| {
            EventKind::Reported { trial, attempt, step, value, metrics: MetricsJson::new(&metrics) }
        }),
        (0..1000u64, any::<f64>().prop_filter("finite", |v| v.is_finite()), 0..(1u64 << 53)).prop_map(
            |(trial, x, seed)| {
                let params = seqtune_space::Params([("x".to_owned(), x.into())].into());
                let config_key = params.key();
                let seen = Seen::ResultsBelow(trial);
                let (origin, space_version, replicate) = (Origin::Sampler, trial % 3, 0);
                EventKind::TrialStarted { trial, params, config_key, origin, space_version, replicate, seed, seen }
            }
        ),
        (0..1000u64, 0..9u32, ".{0,20}").prop_map(|(trial, attempt, message)| EventKind::AttemptEnded {
            trial,
            attempt,
            cause: AttemptEnd::Failed(FailureCause::OutOfMemory),
            message,
        }),
        (0..1000u64, 0..9u32, 1..99u64, "[a-z/]{0,20}").prop_map(|(trial, attempt, step, path)| {
            EventKind::Checkpointed { trial, attempt, step, path, sha256: "0".repeat(64) }
        }),
        (0..1000u64, ".{0,20}").prop_map(|(trial, reason)| EventKind::Pruned {
            trial,
            reason,
            seen: Seen::Events(trial)
        }),
        any::<Option<u64>>().prop_map(|trials| EventKind::SettingsChanged {
            settings: Settings {
                budget: Budget { trials: trials.map(|t| t >> 1), device_hours: Some(1.5), ..Budget::default() },
                ..Settings::default()
            },
            from_trial: 3,
        }),
        (1..9u64, any::<Option<u32>>()).prop_map(|(from_trial, request)| EventKind::Enqueued {
            params: draft().spec().space.decode(&[0.5]).unwrap(),
            from_trial,
            request: request.map(u64::from),
            again: request.is_some(),
        }),
        (1..9u64, 1.0..9.0f64).prop_map(|(version, high)| {
            let text = format!("x = {{ type = 'float', low = 0, high = {high} }}\nconstraints = ['x < 8']");
            let space: seqtune_space::SearchSpace = toml::from_str(&text).unwrap();
            EventKind::SpaceChanged { version, from_trial: 7, space: space.clone(), declared: Some(space) }
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Every event comes back to the last bit, also through a checkpoint of the WAL.
    #[test]
    fn events_round_trip(kind in any_kind()) {
        let scratch = TempDir::new().unwrap();
        let mut store = create(scratch.path());
        let events = store.append([kind]).unwrap();
        prop_assert_eq!(&store.events_after(1).unwrap(), &events);
        store.close().unwrap();
        prop_assert_eq!(&StoreReader::open(scratch.path()).unwrap().events_after(1).unwrap(), &events);
    }
}
