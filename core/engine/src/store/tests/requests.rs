//! Asking something of a study, and what is written beside it.

use super::*;

fn note(trial: Option<u64>, text: &str) -> RequestKind {
    RequestKind::Note { trial, text: text.to_owned() }
}

fn tag(trial: u64, tag: &str, on: bool) -> RequestKind {
    RequestKind::Tag { trial, tag: tag.to_owned(), on }
}

fn ask(directory: &Path, kind: &RequestKind) -> Result<u64, RequestError> {
    Requests::open(directory)?.add("test", kind)
}

/// A study at rest with three trials.
fn at_rest() -> TempDir {
    let scratch = TempDir::new().unwrap();
    let mut store = create(scratch.path());
    store.append(kinds()).unwrap();
    store.close().unwrap();
    scratch
}

#[test]
fn notes_and_tags_are_remembered_without_a_manager() {
    let scratch = at_rest();
    let reader = StoreReader::open(scratch.path()).unwrap();
    let mut followed = reader.remarks().unwrap();
    assert_eq!(followed, Remarks::default());
    assert!(!reader.follow_remarks(&mut followed).unwrap());
    let events = reader.events_after(0).unwrap();
    for kind in [
        note(None, "of the study"),
        note(Some(1), "first"),
        tag(1, "b", true),
        note(Some(1), "second\nline"),
        tag(1, "a", true),
        tag(1, "a", true),
        tag(2, "gone", true),
        tag(2, "gone", false),
        note(Some(0), "gone"),
        note(Some(0), ""),
        tag(0, "never", false),
    ] {
        let before = reader.data_version().unwrap();
        ask(scratch.path(), &kind).unwrap();
        assert_ne!(reader.data_version().unwrap(), before);
        assert!(reader.follow_remarks(&mut followed).unwrap());
    }
    let text = |note: &Option<Note>| note.as_ref().map(|note| (note.text.clone(), note.by.clone()));
    assert_eq!(text(&followed.study), Some(("of the study".to_owned(), "test".to_owned())));
    assert_eq!(followed.trials.keys().collect::<Vec<_>>(), [&1], "what has nothing left is absent");
    let one = followed.of(1).unwrap();
    assert_eq!(text(&one.note), Some(("second\nline".to_owned(), "test".to_owned())));
    assert_eq!(one.tags.iter().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(reader.remarks().unwrap(), followed);
    assert_eq!(reader.events_after(0).unwrap(), events, "the log is as it was");

    let store = Store::open(scratch.path()).unwrap();
    assert_eq!(store.open_requests().unwrap(), [], "nobody has to answer them");
    assert!(!scratch.path().join("study.db-journal").exists());
}

#[test]
fn what_could_only_be_refused_is_refused_at_once() {
    let scratch = at_rest();
    let mut outside = seqtune_space::Params::default();
    outside.set("x", 1.5);
    let long = "x".repeat(RequestKind::LONGEST_NOTE + 1);
    let said = [
        RequestKind::Enqueue { params: outside },
        RequestKind::Replicate { trial: 3, seeds: 1 },
        RequestKind::Replicate { trial: 2, seeds: 0 },
        RequestKind::Replicate { trial: 2, seeds: 101 },
        note(Some(3), "nobody"),
        note(None, &long),
        tag(3, "nobody", true),
        tag(0, "", true),
        tag(0, "two words", true),
        tag(0, "-sign", true),
        tag(0, &"x".repeat(65), true),
    ]
    .map(|kind| {
        ask(scratch.path(), &kind).unwrap_err().to_string().replace(&scratch.path().display().to_string(), "DIR")
    });
    let (no_trial, seeds) = ("DIR has no trial 3: its trials are 0 to 2", "cannot be asked for; ask for 1 to 100");
    let expected = [
        "the point is refused: parameter `x` is 1.5; it must be a number from 0 to 1",
        no_trial,
        &format!("0 more seeds {seeds}"),
        &format!("101 more seeds {seeds}"),
        no_trial,
        "the note has 10001 characters; a note has at most 10000",
        no_trial,
        "a tag is a word, and this is empty",
        "the tag \"two words\" has a space; a tag is one word, such as \"two-words\"",
        "the tag \"-sign\" begins with a sign, which says whether a tag is given or taken away",
        "the tag has 65 characters; a tag has at most 64",
    ];
    assert_eq!(said, expected);
    let count: u64 = sql(scratch.path()).query_row("SELECT count(*) FROM request", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 0);

    ask(scratch.path(), &note(None, &long[1..])).unwrap();
    let empty = TempDir::new().unwrap();
    create(empty.path());
    let none = ask(empty.path(), &note(Some(0), "early")).unwrap_err();
    assert!(matches!(none, RequestError::NoTrial { trial: 0, trials: 0, .. }) && none.to_string().contains("none yet"));
}

#[test]
fn a_point_is_held_against_the_newest_space() {
    let scratch = at_rest();
    let mut params = seqtune_space::Params::default();
    params.set("x", 1.5);
    let kind = RequestKind::Enqueue { params };
    assert!(matches!(ask(scratch.path(), &kind), Err(RequestError::Point(_))));
    let space: seqtune_space::SearchSpace = toml::from_str("x = { type = 'float', low = 0, high = 2 }").unwrap();
    let wider = EventKind::SpaceChanged { version: 1, from_trial: 3, space: space.clone(), declared: Some(space) };
    Store::open(scratch.path()).unwrap().append([wider]).unwrap();
    ask(scratch.path(), &kind).unwrap();
}

#[test]
fn studies_that_are_gone_newer_or_read_only_take_nothing() {
    let scratch = at_rest();
    let gone = ask(&scratch.path().join("gone"), &RequestKind::Pause).unwrap_err();
    assert!(matches!(gone, RequestError::Store(StoreError::Absent { .. })), "{gone}");
    let file = scratch.path().join(DATABASE);
    let before = std::fs::read(&file).unwrap();

    let writable = file.metadata().unwrap().permissions();
    let mut read_only = writable.clone();
    read_only.set_readonly(true);
    std::fs::set_permissions(&file, read_only).unwrap();
    // Nothing is read-only to root.
    if std::fs::OpenOptions::new().append(true).open(&file).is_err() {
        let refused = ask(scratch.path(), &RequestKind::Pause).unwrap_err();
        assert!(matches!(refused, RequestError::ReadOnly { .. }), "{refused}");
    }
    std::fs::set_permissions(&file, writable).unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), before);

    sql(scratch.path()).pragma_update(None, "user_version", FORMAT_VERSION + 1).unwrap();
    let newer = ask(scratch.path(), &RequestKind::Pause).unwrap_err();
    assert!(matches!(newer, RequestError::Store(StoreError::Newer { .. })), "{newer}");
}

#[test]
fn a_pause_lasts_until_it_is_ended_or_its_manager_leaves() {
    let mut history = draft().history();
    let mut paused_after = |kind: EventKind| {
        let (seq, at_us) = (history.seq + 1, history.last_us);
        history.apply(&Event { seq, at_us, kind }).unwrap();
        history.paused.clone()
    };
    let answered = |id, answer: &str, pause| {
        let answer = answer.to_owned();
        EventKind::RequestAnswered { id, from_trial: 3, answer, pause }
    };
    let started = || EventKind::ManagerStarted { pid: 1, host: String::new(), build: String::new() };
    assert_eq!(paused_after(started()), None);
    assert_eq!(paused_after(answered(1, "paused by test", Some(true))).as_deref(), Some("paused by test"));
    assert_eq!(paused_after(answered(2, "enqueued", None)).as_deref(), Some("paused by test"));
    assert_eq!(paused_after(answered(3, "goes on", Some(false))), None);
    paused_after(answered(4, "paused by test", Some(true)));
    assert_eq!(paused_after(started()), None, "the one before was killed");
    paused_after(answered(5, "paused by test", Some(true)));
    assert_eq!(paused_after(EventKind::ManagerStopped { reason: "stopped".to_owned() }), None);
}
