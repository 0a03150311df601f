//! `seqtune ask-tell` as a program: pipes, storage, kills, and what the other commands make of the studies it keeps.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};

use seqtune_core::{Origin, StoreReader, TrialState, verify};
use serde_json::{Value, json};

fn seqtune(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_seqtune"))
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The program, spoken with line by line.
struct Client {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Client {
    fn start(directory: &Path) -> Client {
        Client::of(Command::new(env!("CARGO_BIN_EXE_seqtune")).arg("ask-tell").current_dir(directory))
    }

    fn of(command: &mut Command) -> Client {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (process.stdin.take(), BufReader::new(process.stdout.take().unwrap()));
        Client { process, input, output }
    }

    fn write(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    fn read(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    fn say(&mut self, line: &Value) -> Value {
        self.write(&line.to_string());
        self.read()
    }

    /// The end of the input, and the exit code.
    fn leave(mut self) -> Option<i32> {
        drop(self.input.take());
        self.process.wait().unwrap().code()
    }
}

fn first() -> Value {
    json!({
        "space": [
            { "name": "x", "type": "float", "low": 0, "high": 1 },
            { "name": "n", "type": "int", "low": 1, "high": 9 },
        ],
        "sampler": "tpe", "seed": 5, "storage": "kept",
    })
}

#[test]
fn a_study_that_was_killed_goes_on_with_what_was_running() {
    let place = tempfile::tempdir().unwrap();
    let mut client = Client::start(place.path());
    assert_eq!(client.say(&first())["ok"], true);
    let asked = client.say(&json!({ "ask": 3 }));
    assert_eq!(client.say(&json!({ "tell": { "id": 0, "value": 0.5 } })), json!({ "ok": true }));
    assert_eq!(client.say(&json!({ "report": { "id": 1, "step": 1, "value": 0.75 } })), json!({ "prune": false }));
    // A second one cannot take it, and says who has it; the next line is again the first.
    let mut second = Client::start(place.path());
    let refused = second.say(&first());
    assert!(refused["error"].as_str().unwrap().contains("is held by process"), "{refused}");
    let mut in_memory = first();
    in_memory.as_object_mut().unwrap().remove("storage");
    assert_eq!(second.say(&in_memory)["ok"], true);
    assert_eq!(second.leave(), Some(0));

    // What was answered is in the log, whatever ends the program.
    client.process.kill().unwrap();
    client.process.wait().unwrap();
    let mut client = Client::start(place.path());
    let mut other = first();
    other["seed"] = json!(6);
    let refused = client.say(&other);
    assert_eq!(
        refused["error"],
        "the study in kept was begun otherwise: seed is 5 there and 6 here; begin with the same line, or name another \
         `storage`"
    );
    assert_eq!(client.say(&first())["ok"], true);
    assert_eq!(
        client.say(&json!({ "tell": { "id": 0, "value": 0.5 } }))["error"],
        "no running trial 0; it is completed already"
    );
    assert_eq!(client.say(&json!({ "tell": { "id": 1, "value": 0.75 } })), json!({ "ok": true }));
    assert_eq!(client.say(&json!({ "tell": { "id": 2, "state": "failed" } })), json!({ "ok": true }));
    let added = json!({ "add": [{ "params": { "x": 0.25, "n": 3 }, "value": 0.125 }] });
    assert_eq!(client.say(&added), json!({ "ids": [3] }));
    for id in 4..24 {
        assert_eq!(client.say(&json!({ "ask": 1 }))["trials"][0]["id"], id);
        assert_eq!(client.say(&json!({ "tell": { "id": id, "value": id } })), json!({ "ok": true }));
    }
    let best = json!({ "trials": [{ "id": 3, "params": { "x": 0.25, "n": 3 }, "value": 0.125 }] });
    assert_eq!(client.say(&json!({ "best": true })), best);
    client.write(&json!({ "ask": 1 }).to_string());
    client.read();
    assert_eq!(client.leave(), Some(0));

    let history = StoreReader::open(&place.path().join("kept")).unwrap().history().unwrap();
    assert_eq!(history.trials.len(), 25);
    assert_eq!(json!(history.trials[1].params), asked["trials"][1]["params"]);
    assert_eq!((history.trials[3].origin, history.trials[24].state()), (Origin::Added, TrialState::Running));
    assert_eq!(history.trials[1].reports.len(), 1, "what was told was reported already");
    let verified = verify(&history);
    assert_eq!((verified.suggestions, verified.differences), (24, Vec::new()));

    for (arguments, expected) in [
        (&["verify", "kept"][..], "24 decisions replayed the same."),
        (&["best", "kept"], "# trial 3: value 0.125"),
        (&["trials", "kept"], "3  completed  0.125"),
        (&["status", "kept"], "25 (23 completed, 1 failed, 1 left unfinished)"),
        (&["export", "kept"], "3,completed,0.125,0.125,0.125,1,1,1,added,0,"),
    ] {
        let output = seqtune(place.path(), arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        assert!(text(&output.stdout).contains(expected), "{arguments:?}: {}", text(&output.stdout));
    }
    let resumed = seqtune(place.path(), &["resume", "kept"]);
    assert_eq!(resumed.status.code(), Some(5));
    assert!(text(&resumed.stderr).contains("it goes on with `seqtune ask-tell`"), "{}", text(&resumed.stderr));
}

#[test]
fn a_directory_that_holds_another_study_is_not_touched() {
    let place = tempfile::tempdir().unwrap();
    let draft = seqtune_core::testing::study("x = { type = 'float', low = 0, high = 1 }");
    let study = place.path().join("kept");
    let store = seqtune_core::Store::create(&study, draft.spec(), &seqtune_core::Settings::default(), "test").unwrap();
    store.close().unwrap();
    let before = std::fs::read(study.join("study.db")).unwrap();
    let mut client = Client::start(place.path());
    let refused = client.say(&first());
    let expected = "the study in kept was begun otherwise: its trials are trained by the family test";
    assert!(refused["error"].as_str().unwrap().starts_with(expected), "{refused}");
    assert_eq!(client.leave(), Some(0));
    assert_eq!(std::fs::read(study.join("study.db")).unwrap(), before);
}

/// A disk that is full refuses a request, and the study is what was answered before; with space it goes on.
#[test]
#[cfg(unix)]
fn a_full_disk_refuses_a_request_and_loses_nothing() {
    let place = tempfile::tempdir().unwrap();
    // Files may not grow beyond 512 KiB, and it is an error, not a signal, when one would.
    let limited = "trap '' XFSZ; ulimit -f 1024; exec \"$0\" ask-tell";
    let mut command = Command::new("sh");
    let mut client = Client::of(command.args(["-c", limited, env!("CARGO_BIN_EXE_seqtune")]).current_dir(place.path()));
    let mut first = first();
    first["sampler"] = json!("random");
    assert_eq!(client.say(&first)["ok"], true);
    let mut asked = 0;
    let refused = loop {
        let reply = client.say(&json!({ "ask": 50 }));
        match reply["trials"].as_array() {
            Some(trials) => asked += trials.len(),
            None => break reply,
        }
        assert!(asked < 100_000, "the limit is not kept here");
    };
    assert!(refused["error"].as_str().unwrap().contains("nothing is lost: free some space"), "{refused}");
    assert_eq!(
        client.say(&json!({ "tell": { "id": asked, "value": 1 } }))["error"],
        format!("no running trial {asked}")
    );
    drop(client.input.take());
    client.process.wait().unwrap();

    let mut client = Client::start(place.path());
    assert_eq!(client.say(&first)["ok"], true);
    assert_eq!(client.say(&json!({ "ask": 1 }))["trials"][0]["id"], asked);
    assert_eq!(client.leave(), Some(0));
    let history = StoreReader::open(&place.path().join("kept")).unwrap().history().unwrap();
    assert_eq!(history.trials.len(), asked + 1);
    assert_eq!(verify(&history).differences, []);
}

#[test]
fn several_objectives_and_constraints_are_shown_by_the_other_commands() {
    let place = tempfile::tempdir().unwrap();
    let mut client = Client::start(place.path());
    let opened = client.say(&json!({
        "space": [{ "name": "x", "type": "int", "low": 0, "high": 9 }],
        "direction": ["minimize", "maximize"], "constraints": 1, "storage": "kept",
    }));
    assert_eq!(opened["ok"], true);
    let trial = |x: u64, values: [f64; 2], constraint: f64| json!({ "params": { "x": x }, "values": values, "constraints": [constraint] });
    let trials =
        [trial(0, [1.0, 1.0], -1.0), trial(1, [2.0, 2.0], 0.0), trial(2, [0.5, 9.0], 0.25), trial(3, [2.0, 1.0], -1.0)];
    assert_eq!(client.say(&json!({ "add": trials })), json!({ "ids": [0, 1, 2, 3] }));
    assert_eq!(client.leave(), Some(0));
    let shown = |arguments: &[&str]| text(&seqtune(place.path(), arguments).stdout);
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!(shown(&["best", "kept"]));
        insta::assert_snapshot!(shown(&["best", "kept", "--top", "4", "-f", "csv"])
            .lines()
            .map(|line| line.split(',').enumerate().filter(|(n, _)| ![10, 11, 13, 14, 15].contains(n)).map(|(_, cell)| cell).collect::<Vec<_>>().join(","))
            .collect::<Vec<_>>()
            .join("\n"));
        insta::assert_snapshot!(shown(&["trials", "kept"]));
    });
    assert!(shown(&["status", "kept"]).contains("2 trials that nothing beats, in the Pareto set"));
}

/// A client may write as many requests as it likes before it reads: nobody waits for the other.
#[test]
fn many_requests_may_be_written_before_the_first_reply_is_read() {
    let place = tempfile::tempdir().unwrap();
    let mut client = Client::start(place.path());
    let mut first = first();
    first["sampler"] = json!("random");
    first.as_object_mut().unwrap().remove("storage");
    client.write(&first.to_string());
    let trials = 5000;
    for id in 0..trials {
        client.write(r#"{"ask":1}"#);
        client.write(&format!(r#"{{"tell":{{"id":{id},"value":{id}}}}}"#));
    }
    client.write(r#"{"best":true}"#);
    assert_eq!(client.read()["ok"], true);
    for id in 0..trials {
        assert_eq!(client.read()["trials"][0]["id"], id);
        assert_eq!(client.read(), json!({ "ok": true }));
    }
    assert_eq!(client.read()["trials"][0]["id"], 0);
    assert_eq!(client.leave(), Some(0));
}

#[test]
fn bytes_that_are_no_text_and_lines_without_end_are_answered() {
    let place = tempfile::tempdir().unwrap();
    let mut client = Client::start(place.path());
    client.input.as_mut().unwrap().write_all(b"\xff\xfe\n").unwrap();
    assert_eq!(client.read(), json!({ "error": "the line is not UTF-8 text" }));
    let mut long = vec![b'x'; (16 << 20) + 100_000];
    long.push(b'\n');
    client.input.as_mut().unwrap().write_all(&long).unwrap();
    assert_eq!(client.read(), json!({ "error": "a line is longer than 16 MiB, the most that is read" }));
    client.write("");
    assert_eq!(client.read(), json!({ "error": "the line is not JSON: EOF while parsing a value at column 0" }));
    assert_eq!(client.say(&json!({ "space": [{ "name": "b", "type": "bool" }] }))["ok"], true);
    // The last line may lack its end.
    client.input.as_mut().unwrap().write_all(br#"{"best":true}"#).unwrap();
    drop(client.input.take());
    assert_eq!(client.read(), json!({ "trials": [] }));
    assert_eq!(client.leave(), Some(0));
}

#[test]
fn a_client_that_stops_reading_ends_it_quietly() {
    let place = tempfile::tempdir().unwrap();
    let Client { mut process, input, output } = Client::start(place.path());
    drop(output);
    let mut input = input.unwrap();
    // The pipe may be closed before all of it is written.
    let _ = writeln!(input, "{}", first()).and_then(|()| writeln!(input, "{{\"ask\":1}}"));
    drop(input);
    assert_eq!(process.wait().unwrap().code(), Some(0));
    assert!(seqtune(place.path(), &["verify", "kept"]).status.success());
}
