//! Studies that are read all the time, by a viewer and by a person with `sqlite3`. That readers never make the writer wait,
//! and that the write-ahead log stays short, is tested in `core/engine/src/store/tests/readers.rs`; here are the programs, and
//! the figures of `RELIABILITY.md`.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use seqtune_core::{EventKind, History, MetricsJson, Store, StoreReader, is_study, propose};
use seqtune_plugin::MetricValue;
use seqtune_tests::{Place, ToyStudy, history, said, table};
use tempfile::TempDir;

/// Readers of a study, until told to stop.
#[derive(Default)]
struct Readers {
    over: AtomicBool,
    /// The largest size of the write-ahead log that was seen.
    largest: AtomicU64,
}

impl Readers {
    /// What the viewer does: asks for what is new, in short statements.
    fn view(&self, study: &Path) {
        let mut reader = None;
        let mut folded: Option<History> = None;
        while !self.over.load(Ordering::Relaxed) {
            if reader.is_none() && is_study(study) {
                reader = Some(StoreReader::open(study).unwrap());
            }
            let events = reader.as_ref().map(|reader| {
                let seq = folded.as_ref().map_or(0, |history| history.seq);
                reader.events_after(seq).unwrap()
            });
            for event in events.into_iter().flatten() {
                match &mut folded {
                    Some(history) => history.apply(&event).unwrap(),
                    None => folded = Some(History::new(&event).unwrap()),
                }
            }
            let size = study.join("study.db-wal").metadata().map_or(0, |data| data.len());
            self.largest.fetch_max(size, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// A person: looks, thinks, and looks again, within one transaction of 300 ms; and then begins the next.
    fn think(&self, study: &Path) {
        while !self.over.load(Ordering::Relaxed) {
            if !is_study(study) {
                thread::sleep(Duration::from_millis(5));
                continue;
            }
            let connection = Connection::open(study.join("study.db")).unwrap();
            connection.busy_timeout(Duration::from_secs(10)).unwrap();
            connection.execute_batch("BEGIN").unwrap();
            let count = || -> u64 { connection.query_row("SELECT count(*) FROM event", [], |row| row.get(0)).unwrap() };
            let first = count();
            thread::sleep(Duration::from_millis(300));
            assert_eq!(count(), first, "it sees one state");
            connection.execute_batch("COMMIT").unwrap();
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Does something while a viewer and a person read, and gives the largest size of the write-ahead log.
fn while_read<T>(study: &Path, act: impl FnOnce() -> T) -> (T, u64) {
    let readers = Readers::default();
    thread::scope(|scope| {
        scope.spawn(|| readers.view(study));
        scope.spawn(|| readers.think(study));
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(act));
        readers.over.store(true, Ordering::Relaxed);
        let result = result.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (result, readers.largest.load(Ordering::Relaxed))
    })
}

#[test]
fn a_study_that_is_read_all_the_time_is_the_same_study() {
    let place = Place::new("\"toy\"", "step_millis = 5");
    let expected = place.expected();
    while_read(&place.study(), || {
        let output = place.seqtune(&["run", "toy.toml", "--workers", "4"]);
        assert!(output.status.success(), "{}", said(&output));
    });
    place.check(&expected);
}

fn report(trial: u64, step: u64) -> EventKind {
    let value = 1.0 / (trial + step) as f64;
    let metrics = MetricsJson::new(&[("value".to_owned(), MetricValue::number(value))].into());
    EventKind::Reported { trial, attempt: 0, step, value: Some(value), metrics }
}

/// Milliseconds of each commit, sorted, of a writer that commits as fast as it can.
fn commits(store: &mut Store, time: Duration, step: &mut u64) -> Vec<f64> {
    let begin = Instant::now();
    let mut times = Vec::new();
    while begin.elapsed() < time {
        let kinds: Vec<EventKind> = (0..8).map(|trial| report(trial, *step)).collect();
        *step += 1;
        let begin = Instant::now();
        store.append(kinds).unwrap();
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    times
}

#[test]
#[ignore = "measures for a minute: cargo xtask soak"]
fn how_long_commits_take_while_others_read() {
    let scratch = TempDir::new().unwrap();
    let study = ToyStudy::new("{}").with(|study| study.spec.window = 8);
    let mut store = Store::create(scratch.path(), &study.spec, &study.settings, "test").unwrap();
    let mut history = store.history().unwrap();
    for trial in 0..8 {
        let started = propose(&history, trial).unwrap().into_event();
        history.apply(&store.append([started]).unwrap()[0]).unwrap();
    }
    let mut step = 1;
    for _ in 0..2 {
        let alone = commits(&mut store, Duration::from_secs(10), &mut step);
        let (read, largest) = while_read(scratch.path(), || commits(&mut store, Duration::from_secs(20), &mut step));
        for (name, times) in [("alone", alone), ("while two read", read)] {
            let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
            println!(
                "{name:<17} {:>6} commits: median {:.2} ms, 99 % {:.2} ms, 99.9 % {:.1} ms, longest {:.1} ms",
                times.len(),
                at(0.5),
                at(0.99),
                at(0.999),
                at(1.0)
            );
        }
        println!("largest write-ahead log: {:.1} MB", largest as f64 / 1e6);
    }
}

#[test]
#[ignore = "runs for a minute or two: cargo xtask soak"]
fn a_large_study_with_four_workers_while_others_read() {
    let scratch = TempDir::new().unwrap();
    let study = ToyStudy::new("{}").with(|study| {
        study.settings.budget.trials = Some(200);
        study.spec.trial.steps = 50;
        study.spec.trial.checkpoint_every = 50;
    });
    let run = |name: &str| {
        let begin = Instant::now();
        let directory = scratch.path().join(name);
        let outcome = study.run(&directory, &seqtune_tests::toy_worker(), 4);
        assert!(outcome.is_ok(), "{outcome:?}");
        (history(&directory), begin.elapsed().as_secs_f64())
    };
    let (alone, seconds) = run("alone");
    println!("alone:            {} events in {seconds:.1} s", alone.seq);
    let ((read, seconds), largest) = while_read(&scratch.path().join("read"), || run("read"));
    let megabytes = largest as f64 / 1e6;
    println!("while two read: {} events in {seconds:.1} s, write-ahead log up to {megabytes:.1} MB", read.seq);
    assert_eq!(table(&alone), table(&read));
}
