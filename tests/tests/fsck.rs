//! `seqtune fsck` on what the real programs leave: after kills, while they run, and on logs of past formats.

use std::fs;
use std::path::Path;

use seqtune_core::TrialState;
use seqtune_tests::{Place, program, said, wait_for};
use tempfile::TempDir;

/// Nothing that a kill leaves is a problem, and what `--repair` removes is missed by nobody.
#[test]
fn a_killed_study_is_whole_before_and_after_it_was_tidied() {
    let place = Place::new("\"toy\"", "step_millis = 15\ncheckpoint_bytes = 2_000_000");
    let expected = place.expected();
    for trials in [2, 5, 8] {
        let mut child = place.command(&[], &["run", "toy.toml"]).spawn().unwrap();
        wait_for(&place.study(), "a trial", |history| {
            history.trials.len() >= trials && history.count(TrialState::Running) > 0
        });
        let running = place.seqtune(&["fsck", "toy"]);
        assert!(running.status.success(), "{}", said(&running));
        assert!(said(&running).contains(&format!("process {} on ", child.id())), "{}", said(&running));
        child.kill().unwrap();
        child.wait().unwrap();
        // Workers that outlive their manager write no more after a moment.
        std::thread::sleep(std::time::Duration::from_secs(1));
        for arguments in [&["fsck", "toy"][..], &["fsck", "toy", "--repair"], &["fsck", "toy"]] {
            let output = place.seqtune(arguments);
            assert!(output.status.success(), "after {trials}: {}", said(&output));
        }
    }
    place.run();
    place.check(&expected);
    let output = place.seqtune(&["fsck", "toy"]);
    assert!(said(&output).contains("is whole."), "{}", said(&output));
}

#[test]
fn logs_of_past_formats_are_whole() {
    for log in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/logs")).unwrap() {
        let scratch = TempDir::new().unwrap();
        fs::copy(log.unwrap().path().join("study.db"), scratch.path().join("study.db")).unwrap();
        let output = std::process::Command::new(program("seqtune")).arg("fsck").arg(scratch.path()).output().unwrap();
        let said = said(&output);
        // Only the logs were kept, without what they name.
        let wrong: Vec<&str> = said.lines().filter(|line| line.starts_with("problem")).collect();
        assert!(wrong.iter().all(|line| line.contains("checkpoints/")), "{said}");
        assert!(said.contains("by the rules of the log"), "{said}");
    }
}
