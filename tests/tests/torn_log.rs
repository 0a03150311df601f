//! A study whose write-ahead log was cut off anywhere, as a power cut leaves it where the disk lies about what it has
//! written: it goes on from the transactions that are there, and ends with the same table. `core/engine/src/store/tests/cuts.rs`
//! cuts at every frame; here the programs go on.

use std::fs;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use seqtune_core::{StoreReader, is_study};
use seqtune_tests::{Place, check_file, said, wait_for};

#[test]
fn a_study_whose_log_lost_its_end_goes_on_from_what_is_left() {
    let place = Place::new("\"toy\"", "step_millis = 10");
    let expected = place.expected();
    let mut child = place.command(&[], &["run", "toy.toml"]).spawn().unwrap();
    wait_for(&place.study(), "half of the study", |history| history.trials.len() >= 6);
    child.kill().unwrap();
    child.wait().unwrap();
    // Workers that outlive their manager write no more after a moment.
    std::thread::sleep(std::time::Duration::from_secs(1));

    let (study, whole) = (place.study(), place.path().join("whole"));
    fs::rename(&study, &whole).unwrap();
    let wal = fs::read(whole.join("study.db-wal")).unwrap();
    let all = StoreReader::open(&whole).unwrap().events_after(0).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for round in 0..5 {
        // The first round loses everything.
        let cut = if round == 0 { 0 } else { rng.next_u32() as usize % wal.len() };
        let copied = std::process::Command::new("cp").arg("-r").arg(&whole).arg(&study).status().unwrap();
        assert!(copied.success());
        fs::remove_file(study.join("study.db-shm")).unwrap();
        fs::write(study.join("study.db-wal"), &wal[..cut]).unwrap();
        let left =
            if is_study(&study) { StoreReader::open(&study).unwrap().events_after(0).unwrap() } else { Vec::new() };
        assert!(all.starts_with(&left));
        if let Some(last) = left.last() {
            check_file(&study);
            let status = place.seqtune(&["status", "toy", "-f", "csv"]);
            assert!(status.status.success(), "after event {}: {}", last.seq, said(&status));
        }
        place.run();
        place.check(&expected);
        fs::remove_dir_all(&study).unwrap();
    }
}
