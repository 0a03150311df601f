//! Readers that read all the time, as a viewer does, or a person with `sqlite3`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;

/// Holds a transaction open, leaves, and comes again at once, until told to stop.
fn linger(directory: &Path, millis: u64, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        let connection = sql(directory);
        connection.busy_timeout(Duration::from_secs(10)).unwrap();
        connection.execute_batch("BEGIN").unwrap();
        let _: u64 = connection.query_row("SELECT count(*) FROM event", [], |row| row.get(0)).unwrap();
        thread::sleep(Duration::from_millis(millis));
        connection.execute_batch("COMMIT").unwrap();
    }
}

/// Follows the log in short statements, and sees no gap.
fn follow(directory: &Path, over: &AtomicBool) {
    let reader = StoreReader::open(directory).unwrap();
    let mut seq = 0;
    while !over.load(Ordering::Relaxed) {
        for event in reader.events_after(seq).unwrap() {
            assert_eq!(event.seq, seq + 1);
            seq = event.seq;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn large() -> EventKind {
    EventKind::ManagerStopped { reason: "x".repeat(100_000) }
}

fn wal_of(directory: &Path) -> u64 {
    directory.join("study.db-wal").metadata().map_or(0, |data| data.len())
}

/// A reader's transaction is never in the writer's way. Only one that comes at the very moment when the writer changes the
/// header of the shared index takes the writer's lock, to look whether it must be made anew (`walIndexReadHdr` of SQLite), and
/// gives it back at once: the writer need hardly ever try twice.
#[test]
fn readers_never_make_the_writer_wait() {
    let scratch = TempDir::new().unwrap();
    let mut store = create(scratch.path());
    store.connection.busy_timeout(Duration::ZERO).unwrap();
    let over = AtomicBool::new(false);
    let place = scratch.path();
    let (mut commits, mut refused) = (0_u32, 0_u32);
    thread::scope(|scope| {
        scope.spawn(|| follow(place, &over));
        scope.spawn(|| linger(place, 30, &over));
        scope.spawn(|| linger(place, 70, &over));
        let begin = Instant::now();
        let mut fault = None;
        while fault.is_none() && begin.elapsed() < Duration::from_secs(1) {
            match store.append([EventKind::ManagerStopped { reason: "a word".to_owned() }]) {
                Ok(_) => commits += 1,
                Err(StoreError::Busy { .. }) => {
                    refused += 1;
                    thread::sleep(Duration::from_millis(1));
                }
                Err(other) => fault = Some(other),
            }
        }
        over.store(true, Ordering::Relaxed);
        assert!(fault.is_none(), "{fault:?}");
    });
    // Readers held a transaction all the time: had they been in the way, next to nothing would have been committed.
    assert!(commits > refused, "{refused} refused, {commits} committed");
}

/// Two readers that between them always hold a transaction keep SQLite from beginning the write-ahead log anew; the writer
/// sees to it.
#[test]
fn readers_do_not_let_the_write_ahead_log_grow() {
    let scratch = TempDir::new().unwrap();
    let mut store = create(scratch.path());
    let over = AtomicBool::new(false);
    let place = scratch.path();
    let (mut written, mut cuts, mut last) = (0, 0, 0);
    thread::scope(|scope| {
        scope.spawn(|| linger(place, 60, &over));
        scope.spawn(|| linger(place, 45, &over));
        let begin = Instant::now();
        // Far more than the limit, and until it was seen to begin anew.
        while begin.elapsed() < Duration::from_secs(60) && (cuts < 2 || written < 4 * wal::LIMIT) {
            written += store.append([large()]).map_or(0, |_| 100_000);
            let size = wal_of(place);
            cuts += u32::from(size < last);
            last = size;
        }
        over.store(true, Ordering::Relaxed);
    });
    assert!(cuts >= 2, "{cuts} times after {written} bytes");
}

/// Readers that hold their transactions for longer than the writer waits, and come again at once: its quiet moments are enough.
#[test]
fn a_writer_with_pauses_sees_to_it_without_waiting() {
    let scratch = TempDir::new().unwrap();
    let mut store = create(scratch.path());
    let over = AtomicBool::new(false);
    let place = scratch.path();
    let mut longest = 0;
    thread::scope(|scope| {
        scope.spawn(|| linger(place, 200, &over));
        scope.spawn(|| linger(place, 130, &over));
        let begin = Instant::now();
        while wal_of(place) <= 2 * wal::LIMIT && begin.elapsed() < Duration::from_secs(60) {
            store.append([large()]).unwrap();
            longest = longest.max(wal_of(place));
        }
        while wal_of(place) > wal::KEPT && begin.elapsed() < Duration::from_secs(60) {
            store.append([EventKind::ManagerStopped { reason: "a word".to_owned() }]).unwrap();
            for _ in 0..10 {
                thread::sleep(Duration::from_millis(100));
                store.rest();
            }
        }
        over.store(true, Ordering::Relaxed);
    });
    assert!(longest > wal::LIMIT && wal_of(place) <= wal::KEPT, "{longest}, then {}", wal_of(place));
}

/// What stays open for ever cannot be waited for; when it leaves, the log is cut.
#[test]
fn a_reader_that_stays_for_long_costs_space_only_while_it_stays() {
    let scratch = TempDir::new().unwrap();
    let mut store = create(scratch.path());
    let person = sql(scratch.path());
    person.execute_batch("BEGIN; SELECT count(*) FROM event").unwrap();
    let begin = Instant::now();
    while wal_of(scratch.path()) < 2 * wal::LIMIT {
        store.append([large()]).unwrap();
    }
    person.execute_batch("COMMIT").unwrap();
    while wal_of(scratch.path()) > wal::KEPT && begin.elapsed() < Duration::from_secs(60) {
        store.append([EventKind::ManagerStopped { reason: "a word".to_owned() }]).unwrap();
    }
    assert!(wal_of(scratch.path()) <= wal::KEPT);
}
