//! A study that is paused and goes on, by the real program.

use seqtune_core::{EventKind, History, StoreReader, TrialState, verify};
use seqtune_tests::{Place, said, wait_for};

#[test]
fn a_paused_study_starts_nothing_and_ends_with_the_same_table() {
    let place = Place::new("\"toy\"", "step_millis = 60");
    let command = |arguments: &[&str]| {
        let output = place.seqtune(arguments);
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    };
    let child = place.command(&[], &["run", "toy.toml"]).spawn().unwrap();
    wait_for(&place.study(), "a trial completed", |history| history.count(TrialState::Completed) >= 2);
    let text = command(&["pause", "toy"]);
    assert!(text.contains("was asked to pause"), "{text}");
    wait_for(&place.study(), "the pause", |history| history.paused.is_some());
    let reader = StoreReader::open(&place.study()).unwrap();
    let at_pause = reader.history().unwrap();
    let running = at_pause.count(TrialState::Running);
    assert!(running > 0, "some trials run when the pause begins");
    wait_for(&place.study(), "the running trials end", |history| history.count(TrialState::Running) == 0);

    // Requests are answered, and nothing starts.
    let text = command(&["replicate", "toy", "0"]);
    assert!(text.contains("Asked for 1 more seed"), "{text}");
    command(&["pause", "toy"]);
    wait_for(&place.study(), "the answers", |history| history.answered.len() == 3);
    std::thread::sleep(std::time::Duration::from_millis(500));
    let paused = reader.history().unwrap();
    assert_eq!(paused.trials.len(), at_pause.trials.len(), "no new trial");
    assert_eq!(attempts(&paused), attempts(&at_pause), "no new attempt");
    assert!(paused.trials.iter().all(|trial| trial.state() == TrialState::Completed));
    let status = command(&["status", "toy"]);
    let sentence = "paused by request of the command line; `seqtune go-on results/toy` goes on";
    assert!(status.contains(&format!("state       {sentence}\n")), "{status}");
    let rows: serde_json::Value = serde_json::from_str(&command(&["status", "toy", "-f", "json"])).unwrap();
    assert_eq!(rows[0]["state"], "paused");

    command(&["go-on", "toy"]);
    let output = child.wait_with_output().unwrap();
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    assert!(
        text.contains(&format!("{sentence}\ntrial ")) && text.contains("goes on by request of the command line"),
        "{text}"
    );
    let history = reader.history().unwrap();
    assert_eq!(history.answered[&3], "paused before");
    assert_eq!(history.paused, None);
    assert_eq!(verify(&history).differences, []);
}

#[test]
fn pauses_change_nothing_and_end_with_their_run() {
    let place = Place::new("\"toy\"", "step_millis = 30");
    let expected = place.expected();
    let child = place.command(&[], &["run", "toy.toml"]).spawn().unwrap();
    for round in 1..=2 {
        wait_for(&place.study(), "a trial completed", |history| history.count(TrialState::Completed) >= 2 * round);
        assert!(place.seqtune(&["pause", "toy"]).status.success());
        wait_for(&place.study(), "the pause", |history| history.paused.is_some());
        wait_for(&place.study(), "the end of what runs", |history| history.count(TrialState::Running) == 0);
        if round == 1 {
            assert!(place.seqtune(&["go-on", "toy"]).status.success());
            wait_for(&place.study(), "the end of the pause", |history| history.paused.is_none());
        }
    }
    // Also a study that waits is stopped by a request; the next run is not paused.
    assert!(place.seqtune(&["stop", "toy"]).status.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(75), "{}", said(&output));
    assert!(said(&output).contains("stopped by request of the command line"), "{}", said(&output));
    place.run();
    place.check(&expected);
    let reader = StoreReader::open(&place.study()).unwrap();
    let pauses = reader.events_after(0).unwrap().into_iter();
    let pauses = pauses.filter(|event| matches!(event.kind, EventKind::RequestAnswered { pause: Some(_), .. })).count();
    assert_eq!(pauses, 3);
}

fn attempts(history: &History) -> usize {
    history.trials.iter().map(|trial| trial.attempts.len()).sum()
}
