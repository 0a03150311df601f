//! The write-ahead log cut off anywhere: what a power cut, or a copy of a directory in use, leaves.

use std::fs;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::*;
use crate::event::Event;

const WAL: &str = "study.db-wal";
const WAL_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// A log with transactions of many sizes, all of it in the write-ahead log: the file, and the events after each commit.
struct Written {
    directory: TempDir,
    wal: Vec<u8>,
    /// Where each frame ends, and whether it ends a transaction.
    frames: Vec<(usize, bool)>,
    /// Events after so many transactions; none before the first.
    commits: Vec<Vec<Event>>,
}

impl Written {
    fn new() -> Written {
        let directory = TempDir::new().unwrap();
        let mut store = create(directory.path());
        let mut commits = vec![Vec::new(), store.events_after(0).unwrap()];
        let mut all =
            testing::study("x = { type = 'float', low = 0, high = 1 }").trials(20).events().into_iter().skip(1);
        for size in [1, 2, 3, 1, 30, 1, 1, 14] {
            let mut kinds: Vec<EventKind> = all.by_ref().take(size).map(|event| event.kind).collect();
            if size == 1 {
                // Several pages.
                kinds.push(EventKind::ManagerStopped { reason: "x".repeat(10_000) });
            }
            store.append(kinds).unwrap();
            commits.push(store.events_after(0).unwrap());
        }
        let wal = fs::read(directory.path().join(WAL)).unwrap();
        let page = u32::from_be_bytes(wal[8..12].try_into().unwrap()) as usize;
        let frame = FRAME_HEADER + page;
        let ends = (WAL_HEADER + frame..=wal.len()).step_by(frame);
        let is_commit = |end: &usize| wal[end - frame + 4..end - frame + 8] != [0; 4];
        let frames: Vec<(usize, bool)> = ends.map(|end| (end, is_commit(&end))).collect();
        assert_eq!(frames.iter().filter(|(_, commit)| *commit).count(), commits.len() - 1, "one for each transaction");
        // The file as it is now, not as the last to close it leaves it.
        let frozen = TempDir::new().unwrap();
        fs::copy(directory.path().join(DATABASE), frozen.path().join(DATABASE)).unwrap();
        Written { directory: frozen, wal, frames, commits }
    }

    /// A study with that much of the write-ahead log.
    fn left(&self, wal: &[u8]) -> TempDir {
        let left = TempDir::new().unwrap();
        fs::copy(self.directory.path().join(DATABASE), left.path().join(DATABASE)).unwrap();
        fs::write(left.path().join(WAL), wal).unwrap();
        left
    }

    /// Events of the transactions that lie wholly within so many bytes.
    fn expected(&self, bytes: usize) -> &[Event] {
        &self.commits[self.frames.iter().filter(|(end, commit)| *commit && *end <= bytes).count()]
    }

    /// Checks that exactly these events are there, and that the study says so.
    fn check(&self, wal: &[u8], expected: &[Event]) -> TempDir {
        let left = self.left(wal);
        let place = left.path();
        if expected.is_empty() {
            assert!(!is_study(place), "before its first commit there is no study");
            assert!(matches!(StoreReader::open(place), Err(StoreError::Absent { .. })));
            return left;
        }
        let reader = StoreReader::open(place).unwrap();
        assert_eq!(reader.events_after(0).unwrap(), expected, "exactly what lies before the cut");
        assert_eq!(reader.history().unwrap().seq, expected.len() as u64, "it says where it stands");
        left
    }

    /// Checks that the study goes on from there.
    fn go_on(&self, left: &TempDir, expected: &[Event]) {
        let place = left.path();
        if expected.is_empty() {
            drop(create(place));
            return;
        }
        let mut store = Store::open(place).unwrap();
        let next = store.append([EventKind::ManagerStopped { reason: "on it goes".to_owned() }]).unwrap();
        assert_eq!(next[0].seq, expected.len() as u64 + 1);
        store.close().unwrap();
        assert_eq!(StoreReader::open(place).unwrap().events_after(expected.len() as u64).unwrap(), next);
        let whole: String = sql(place).query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(whole, "ok");
    }
}

#[test]
fn a_log_cut_off_at_any_frame_or_byte_opens_with_the_transactions_before_the_cut() {
    let written = Written::new();
    let mut cuts = vec![0, 1, WAL_HEADER - 1, WAL_HEADER];
    for (end, _) in &written.frames {
        cuts.extend([end - 1, *end, end + 1]);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    cuts.extend((0..60).map(|_| rng.next_u32() as usize % written.wal.len()));
    cuts.retain(|cut| *cut <= written.wal.len());
    for (number, cut) in cuts.into_iter().enumerate() {
        let left = written.check(&written.wal[..cut], written.expected(cut));
        // Each commit takes its time.
        if number % 8 == 0 {
            written.go_on(&left, written.expected(cut));
        }
    }
}

/// A sector that never reached the disk, or reached it wrong.
#[test]
fn a_log_with_a_damaged_frame_opens_with_the_transactions_before_it() {
    let written = Written::new();
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let last = WAL_HEADER..written.wal.len();
    for _ in 0..30 {
        let at = last.start + rng.next_u32() as usize % last.len();
        let mut wal = written.wal.clone();
        wal[at] ^= 1 << (rng.next_u32() % 8);
        let frame = written.frames.iter().position(|(end, _)| at < *end).unwrap();
        let before = frame.checked_sub(1).map_or(0, |before| written.frames[before].0);
        written.check(&wal, written.expected(before));
        // All of a sector.
        let sector = at - at % 512;
        wal[sector..(sector + 512).min(written.wal.len())].fill(0);
        let left = written.left(&wal);
        if is_study(left.path()) {
            let events = StoreReader::open(left.path()).unwrap().events_after(0).unwrap();
            assert!(written.commits.contains(&events), "never half a transaction");
        }
    }
}
