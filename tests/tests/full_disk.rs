//! A full disk, wherever the study meets it: the run ends with a message and code 75, nothing is damaged, and the same
//! command goes on once there is space.
//!
//! A limit on the size of files stands in for it.

use std::collections::BTreeSet;
use std::fs;

use seqtune_core::{AttemptEnd, is_study};
use seqtune_plugin::FailureCause;
use seqtune_tests::{Place, check_file, history, program, said};

/// Which write of the log meets it is chosen by the limit: the one that creates the study, that of the first trial, and
/// many others.
#[test]
fn a_commit_that_finds_the_disk_full_is_made_again() {
    let place = Place::new("\"toy\"", "step_millis = 1");
    let expected = place.expected();
    let mut met = BTreeSet::new();
    for blocks in [10, 70, 130, 180, 240, 330, 450, 600] {
        let limited = ["sh", "-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"")];
        let output = place.command(&limited, &["run", "toy.toml"]).output().unwrap();
        let message = said(&output);
        assert_eq!(output.status.code(), Some(75), "{blocks} blocks: {message}");
        assert!(message.contains("is full; nothing is lost: free some space"), "{message}");
        met.insert(if is_study(&place.study()) { history(&place.study()).seq } else { 0 });
        if is_study(&place.study()) {
            check_file(&place.study());
        }
        place.run();
        place.check(&expected);
        fs::remove_dir_all(place.study()).unwrap();
    }
    assert!(met.len() >= 6, "different commits: {met:?}");
    assert!(met.contains(&0), "the one that creates the study: {met:?}");
}

#[test]
fn a_checkpoint_that_finds_the_disk_full_is_saved_again() {
    // The worker alone is limited, by what stands in a file: the log has space, the checkpoints do not.
    let command = "{ command = [\"sh\", \"worker.sh\"] }";
    let place = Place::new(command, "step_millis = 5\ncheckpoint_bytes = 100_000");
    let worker = program("seqtune-worker-toy");
    let script = format!("trap '' XFSZ; ulimit -S -f $(cat limit); exec '{}' \"$@\"\n", worker.display());
    fs::write(place.path().join("worker.sh"), script).unwrap();
    let limit = |blocks: &str| fs::write(place.path().join("limit"), blocks).unwrap();
    limit("unlimited");
    let expected = place.expected();

    // One that has begun before finds its way back too.
    place.stop_when("a checkpoint", |history| history.trials.iter().any(|trial| !trial.checkpoints.is_empty()));
    for _ in 0..2 {
        let before = history(&place.study()).trials.iter().map(|trial| trial.checkpoints.len()).sum::<usize>();
        limit("64");
        let output = place.seqtune(&["run", "toy.toml"]);
        let message = said(&output);
        assert_eq!(output.status.code(), Some(75), "{message}");
        assert!(message.contains("is full; nothing is lost: free some space"), "{message}");
        let left = history(&place.study());
        assert!(left.trials.iter().all(|trial| !matches!(trial.end, Some(seqtune_core::TrialEnd::Failed { .. }))));
        let full = AttemptEnd::Failed(FailureCause::NoSpace);
        let mut ends = left.trials.iter().flat_map(|trial| &trial.attempts).filter_map(|attempt| attempt.end.as_ref());
        assert!(ends.any(|(end, ..)| *end == full), "{message}");
        let after = left.trials.iter().map(|trial| trial.checkpoints.len()).sum::<usize>();
        assert_eq!(after, before, "no half checkpoint is in the log");
    }
    limit("unlimited");
    place.run();
    place.check(&expected);
}
