//! Checkpoints that are torn, missing or altered: the trial goes on from the one before, and the program says so.

use std::fs;
use std::path::{Path, PathBuf};

use seqtune_core::{History, Trial};
use seqtune_tests::{Place, history};

/// The unfinished trial with the most checkpoints on the disk.
fn waiting(history: &History) -> Option<&Trial> {
    history
        .trials
        .iter()
        .filter(|trial| trial.end.is_none() && trial.checkpoints.len() >= 2)
        .max_by_key(|trial| trial.checkpoints.len())
}

/// The one file that tells whether a checkpoint is read at all.
fn state(checkpoint: &Path) -> PathBuf {
    checkpoint.join("state.json")
}

fn tear(checkpoint: &Path) {
    let text = fs::read(state(checkpoint)).unwrap();
    fs::write(state(checkpoint), &text[..text.len() / 2]).unwrap();
}

fn remove(checkpoint: &Path) {
    fs::remove_dir_all(checkpoint).unwrap();
}

fn empty(checkpoint: &Path) {
    fs::remove_file(state(checkpoint)).unwrap();
}

/// A digit becomes another: it can be read, and only its digest tells.
fn alter(checkpoint: &Path) {
    let mut text = fs::read(state(checkpoint)).unwrap();
    let digit = text.iter().rposition(u8::is_ascii_digit).unwrap();
    text[digit] ^= 1;
    fs::write(state(checkpoint), text).unwrap();
}

#[test]
fn a_damaged_checkpoint_costs_the_steps_since_the_one_before() {
    let place = Place::new("\"toy\"", "step_millis = 60");
    let expected = place.expected();
    type Damage = fn(&Path);
    let altered = "was altered and is not used";
    let cases: [(&str, Damage, u64, &str); 5] = [
        ("torn", tear, 1, altered),
        ("missing", remove, 1, "cannot be read and is not used"),
        ("empty", empty, 1, altered),
        ("altered", alter, 1, altered),
        ("altered, both", alter, 2, altered),
    ];
    for (name, damage, newest, words) in cases {
        place.stop_when("a trial with checkpoints", |history| waiting(history).is_some());
        let left = history(&place.study());
        let trial = waiting(&left).unwrap();
        let (number, attempts) = (trial.number, trial.attempts.len());
        let damaged: Vec<_> = trial.checkpoints.iter().rev().take(newest as usize).collect();
        damaged.iter().for_each(|checkpoint| damage(&place.study().join(&checkpoint.path)));
        // Of those before these two, none is kept.
        let from = if newest == 1 { trial.checkpoints[trial.checkpoints.len() - 2].step } else { 0 };

        let words: Vec<String> = damaged
            .iter()
            .map(|checkpoint| format!("trial {number}: the checkpoint of step {} {words}", checkpoint.step))
            .collect();
        let said = place.run();
        assert!(words.iter().all(|words| said.contains(words)), "{name}: {said}\nis expected to say {words:?}");
        let after = history(&place.study());
        assert_eq!(after.trials[number as usize].attempts[attempts].from_step, from, "{name}");
        place.check(&expected);
        fs::remove_dir_all(place.study()).unwrap();
    }
}
