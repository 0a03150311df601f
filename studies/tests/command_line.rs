//! The program from outside: help, exit codes, and what the commands print. No worker is needed here.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use seqtune_core::{EventKind, Settings, Store, testing};
use seqtune_plugin::FailureCause;

const SPACE: &str = "lr = { type = 'float', low = 0.001, high = 1, log = true }\nmodel = { type = 'categorical', \
                     choices = ['cnn', 'lstm'] }\n";

fn seqtune(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_seqtune"))
        .args(arguments)
        .current_dir(directory)
        .env_remove("SEQTUNE_DATA")
        .env_remove("SEQTUNE_LOG")
        .env("SEQTUNE_CACHE", directory.join("cache"))
        .env("TZ", "UTC")
        .output()
        .unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Times, which no two runs share, in words.
fn redacted(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    // 2026-03-01T14:05:09.123456Z and 2026-03-01 14:05:09
    while let Some(at) = rest.find("202") {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let length = from.find(|c: char| !(c.is_ascii_digit() || "-T:.Z ".contains(c))).unwrap_or(from.len());
        let candidate = from[..length].trim_end();
        if candidate.len() >= 19 && candidate.as_bytes()[4] == b'-' {
            out.push_str("<time>");
            rest = &from[candidate.len()..];
        } else {
            out.push_str(&from[..3]);
            rest = &from[3..];
        }
    }
    out.push_str(rest);
    out
}

/// A study of four trials under `results/made`; the last one failed. Returns the directory that holds `results`.
fn made() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let draft = testing::study(SPACE).seed(4).trials(4);
    let events = draft.events();
    let EventKind::StudyCreated { spec, settings, .. } = &events[0].kind else { panic!("a log begins so") };
    let mut store = Store::create(&place.path().join("results/made"), spec, settings, "test").unwrap();
    let mut kinds: Vec<EventKind> = events[1..].iter().map(|event| event.kind.clone()).collect();
    let message = "the loss is infinite at step 1".to_owned();
    *kinds.last_mut().unwrap() = EventKind::Failed { trial: 3, cause: FailureCause::Diverged, message };
    store.append(kinds).unwrap();
    store.close().unwrap();
    place
}

#[test]
fn every_command_explains_itself() {
    let place = tempfile::tempdir().unwrap();
    let help = stdout(&seqtune(place.path(), &["--help"]));
    assert!(help.contains("75  stopped; the same command goes on"), "{help}");
    let commands = [
        "run",
        "resume",
        "stop",
        "pause",
        "go-on",
        "status",
        "trials",
        "best",
        "importance",
        "plot",
        "report",
        "note",
        "tag",
        "replicate",
        "apply",
        "view",
        "export",
        "explain",
        "verify",
        "fsck",
        "ask-tell",
        "init",
        "import-space",
        "check",
        "families",
        "doctor",
        "completions",
    ];
    for command in commands {
        assert!(help.contains(&format!("\n  {command}")), "{command} is not in the list");
        let output = seqtune(place.path(), &[command, "--help"]);
        assert_eq!(code(&output), 0);
        let text = stdout(&output);
        assert!(text.contains(&format!("Usage: seqtune {command}")), "{text}");
        assert!(command == "doctor" || text.contains(&format!("seqtune {command} ")), "{command} has no example");
    }
    let alone = seqtune(place.path(), &[]);
    assert_eq!((code(&alone), stderr(&alone).contains("Usage:")), (2, true));
}

#[test]
fn completions_are_printed() {
    let place = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let output = seqtune(place.path(), &["completions", shell]);
        assert_eq!(code(&output), 0);
        assert!(stdout(&output).contains("doctor"), "{shell}");
    }
}

#[test]
fn bad_usage_and_bad_files_exit_with_two() {
    let place = tempfile::tempdir().unwrap();
    let of = |arguments: &[&str]| {
        let output = seqtune(place.path(), arguments);
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert_eq!(stdout(&output), "");
        stderr(&output)
    };
    assert!(of(&["stauts"]).contains("'status'"));
    assert!(of(&["run"]).contains("STUDY.toml"));
    assert!(of(&["run", "no.toml"]).contains("cannot read the study file no.toml"));
    assert!(of(&["run", "x.toml", "--workers", "0"]).contains("1..=1024"));
    assert!(
        of(&["run", "x.toml", "--device", "gpu"])
            .contains("expected auto, cpu, cuda, cuda:N, or several with commas between")
    );
    assert!(of(&["status", "nothing"]).contains("there is no study in nothing; start one with"));

    fs::write(place.path().join("bad.toml"), "name = \"bad\"\nfamily = \"toy\"\nmetrik = \"value\"\n").unwrap();
    assert_eq!(
        of(&["check", "bad.toml"]),
        "error: bad.toml:3:1: there is no key `metrik` in the study file; did you mean `metric`?\n\
         3 | metrik = \"value\"\n  | ^^^^^^\n"
    );
}

#[test]
fn a_search_space_is_imported() {
    let place = tempfile::tempdir().unwrap();
    let file = |name: &str| place.path().join(name);
    let text = "method: grid\nmetric: {name: loss}\nprogram: train.py\nparameters: {lr: {min: 0.1, max: 1.0}}\n";
    fs::write(file("my sweep.yaml"), text).unwrap();
    let run = |arguments: &[&str]| {
        let output =
            seqtune(place.path(), &[&["import-space", "my sweep.yaml", "--from", "wandb"], arguments].concat());
        (code(&output), stdout(&output), stderr(&output))
    };
    let note = "`method: grid` is not carried over: the space has more than 10000 points, or no end of them.";
    let (code, study, noted) = run(&[]);
    assert_eq!((code, noted), (0, format!("warning: {note}\n")));
    assert!(study.contains(&format!("# note: {note}\n")) && study.contains("\nname = \"my-sweep\"\n"), "{study}");
    assert!(study.starts_with("# Imported from my sweep.yaml, a W&B sweep."), "{study}");

    let said = "Wrote w.py, and beside it seqtune_worker.py where it was not yet.\n\
                Wrote s.toml. Edit it, then: seqtune check s.toml && seqtune run s.toml\n";
    let (code, out, _) = run(&["-o", "s.toml", "--worker", "w.py", "--name", "other"]);
    assert_eq!((code, out.as_str()), (0, said));
    let written = fs::read_to_string(file("s.toml")).unwrap();
    assert!(written.contains("name = \"other\"\n# Before, it was: python3 train.py\n"), "{written}");
    assert!(written.contains("family = { command = [\"python3\", \"w.py\"] }"), "{written}");
    assert_eq!(fs::read_to_string(file("seqtune_worker.py")).unwrap(), seqtune::python::HELPER);
    assert!(fs::read_to_string(file("w.py")).unwrap().contains("Float(\"lr\", 0.1, 1.0, default=0.55)"));

    // Nothing is overwritten, and nothing is left half done.
    let before = fs::read_dir(place.path()).unwrap().count();
    for (arguments, reason) in [
        (["-o", "s.toml", "--worker", "new.py"], "s.toml is there already"),
        (["-o", "new.toml", "--worker", "w.py"], "w.py is there already"),
        (["-o", "new.toml", "--worker", "new.toml"], "new.toml would be written twice; give the files different names"),
        (["-o", "new.toml", "--name", "a b"], "use letters, digits, `-`, `_` and `.`, such as \"a-b\""),
        (["-o", "new.toml", "--from", "nni"], "cannot be used multiple times"),
    ] {
        let (code, out, error) = run(&arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{error}");
        assert!(error.contains(reason), "{error}");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), before, "{arguments:?}");
    }
    let (code, out, error) = run(&["-o", "no/such/s.toml", "--worker", "new.py"]);
    assert_eq!((code, out.as_str(), file("new.py").exists()), (1, "", false), "{error}");

    let other = seqtune(place.path(), &["import-space", "my sweep.yaml", "--from", "optuna"]);
    let error =
        "error: my sweep.yaml is not an export of Optuna distributions; it looks like a W&B sweep: use --from wandb\n";
    assert_eq!((other.status.code(), stderr(&other).as_str()), (Some(2), error));
    fs::write(file("s.json"), "{\n  \"lr\": {\"_type\": \"uniform\"}\n}").unwrap();
    let wrong = seqtune(place.path(), &["import-space", "s.json", "--from", "nni"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        stderr(&wrong).starts_with("error: s.json:2: parameter `lr`: its `_value` is missing"),
        "{}",
        stderr(&wrong)
    );
    let absent = seqtune(place.path(), &["import-space", "no.json", "--from", "nni"]);
    assert_eq!(absent.status.code(), Some(2));
    assert!(stderr(&absent).starts_with("error: cannot read no.json: "), "{}", stderr(&absent));
}

#[test]
fn a_study_is_found_by_name_and_a_slip_is_recognised() {
    let place = made();
    for name in ["made", "results/made", "results/made/study.db"] {
        assert_eq!(code(&seqtune(place.path(), &["status", name])), 0, "{name}");
    }
    assert!(stderr(&seqtune(place.path(), &["status", "mode"])).contains("did you mean \"made\"?"));
}

#[test]
fn the_status_of_a_study() {
    let place = made();
    insta::assert_snapshot!(redacted(&stdout(&seqtune(place.path(), &["status", "made"]))));
    insta::assert_snapshot!(redacted(&stdout(&seqtune(place.path(), &["status"]))));
    insta::assert_snapshot!(redacted(&stdout(&seqtune(place.path(), &["status", "-f", "json"]))));
    insta::assert_snapshot!(redacted(&stdout(&seqtune(place.path(), &["status", "-f", "csv"]))));
}

#[test]
fn the_trials_of_a_study() {
    let place = made();
    let trials = |arguments: &[&str]| {
        let output = seqtune(place.path(), &[&["trials", "made"], arguments].concat());
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        redacted(&stdout(&output))
    };
    insta::assert_snapshot!(trials(&[]));
    insta::assert_snapshot!(trials(&["--sort", "lr", "--top", "2", "--state", "completed"]));
    insta::assert_snapshot!(trials(&["--top", "1", "-f", "json"]));
    insta::assert_snapshot!(trials(&["-f", "csv"]));
    assert_eq!(trials(&["--state", "pruned"]), "No trials.\n");
    let wrong = seqtune(place.path(), &["trials", "made", "--sort", "lrr"]);
    assert_eq!(code(&wrong), 2);
    assert_eq!(stderr(&wrong), "error: trials cannot be sorted by \"lrr\"; did you mean `lr`?\n");
}

#[test]
fn the_best_of_a_study() {
    let place = made();
    insta::assert_snapshot!(stdout(&seqtune(place.path(), &["best", "made", "--top", "2"])));
}

#[test]
fn values_over_parameters() {
    let place = made();
    let table = |arguments: &[&str]| seqtune(place.path(), &[&["table", "made"], arguments].concat());
    insta::assert_snapshot!(stdout(&table(&["model"])));
    insta::assert_snapshot!(stdout(&table(&["model", "lr", "--reduce", "best"])));
    insta::assert_snapshot!(stdout(&table(&["model", "lr", "-f", "csv"])));
    for (arguments, fault) in [
        (["lrr", "model"].as_slice(), "error: there is no parameter \"lrr\"; did you mean `lr`?\n"),
        (&["lr", "--metric", "valu"], "error: there is no metric \"valu\"; did you mean `value`?\n"),
    ] {
        let wrong = table(arguments);
        assert_eq!((code(&wrong), stderr(&wrong).as_str()), (2, fault));
    }
}

#[test]
fn the_importance_of_parameters() {
    let place = tempfile::tempdir().unwrap();
    let space = format!("{SPACE}depth = {{ type = 'int', low = 1, high = 3, when = {{ model = 'lstm' }} }}\n");
    let draft = testing::study(&space).objective(|params| params.float("lr").unwrap().log10());
    let make = |name: &str, trials: u64| {
        let events = draft.clone().trials(trials).events();
        let EventKind::StudyCreated { spec, settings, .. } = &events[0].kind else { panic!("a log begins so") };
        let mut store = Store::create(&place.path().join("results").join(name), spec, settings, "test").unwrap();
        store.append(events[1..].iter().map(|event| event.kind.clone()).collect::<Vec<_>>()).unwrap();
        store.close().unwrap();
    };
    make("many", 40);
    make("few", 7);
    let ask = |arguments: &[&str]| seqtune(place.path(), &[&["importance"], arguments].concat());
    insta::assert_snapshot!(stdout(&ask(&["many"])));
    let table: Vec<serde_json::Value> = serde_json::from_str(&stdout(&ask(&["many", "-f", "json"]))).unwrap();
    assert_eq!((table[0]["parameter"].as_str(), table.len()), (Some("lr"), 6), "three parameters and three pairs");
    let best = stdout(&ask(&["many", "--method", "ped-anova", "-f", "csv"]));
    assert_eq!(best.lines().next(), Some("parameter,with,importance,low,high,trials,r2"));
    assert!(best.lines().nth(1).is_some_and(|line| line.starts_with("lr,,0.")), "{best}");
    for (arguments, exit, fault) in [
        (["few"].as_slice(), 1, "error: importance needs at least 8 trials with a value, and there are 7\n"),
        (&["many", "--metric", "valu"], 2, "error: there is no metric \"valu\"; did you mean `value`?\n"),
        (
            &["many", "--method", "ped-anova", "--best", "1"],
            2,
            "error: the best share of the trials, 1, must be above 0 and below the share it is compared with, 1, which is at \
             most 1\n",
        ),
    ] {
        let wrong = ask(arguments);
        assert_eq!((code(&wrong), stderr(&wrong).as_str()), (exit, fault));
    }
}

#[test]
fn exports_are_whole_files() {
    let place = made();
    for (what, file) in [("trials", "t.csv"), ("trials", "t.json"), ("reports", "r.csv"), ("reports", "r.json")] {
        let output = seqtune(place.path(), &["export", "made", "--what", what, "-o", file]);
        assert_eq!((code(&output), stdout(&output)), (0, String::new()), "{}", stderr(&output));
        let text = fs::read_to_string(place.path().join(file)).unwrap();
        if file.ends_with("json") {
            let rows: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
            assert_eq!(rows.len(), 4);
        } else {
            assert_eq!(text.lines().count(), 5);
        }
    }
    insta::assert_snapshot!(redacted(&fs::read_to_string(place.path().join("r.csv")).unwrap()));
    let left = fs::read_dir(place.path()).unwrap().count();
    assert_eq!(left, 5, "the four files and results");
    let nowhere = seqtune(place.path(), &["export", "made", "-o", "no/such/t.csv"]);
    assert_eq!(code(&nowhere), 1);
    assert!(stderr(&nowhere).contains("cannot use no/such/t.csv"));
}

#[test]
fn a_study_verifies_and_a_forged_one_does_not() {
    let place = made();
    let output = seqtune(place.path(), &["verify", "made"]);
    assert_eq!(code(&output), 0);
    assert_eq!(stdout(&output), "results/made: 13 events in order, 4 decisions replayed the same.\n");

    // A trial that no sampler suggested.
    let spec = testing::study(SPACE).spec().clone();
    let mut store = Store::create(&place.path().join("results/forged"), &spec, &Settings::default(), "old").unwrap();
    let EventKind::TrialStarted { trial, config_key, origin, space_version, replicate, seed, seen, mut params } =
        testing::study(SPACE).trials(1).events()[1].kind.clone()
    else {
        panic!("a trial starts so")
    };
    params.set("lr", 0.5);
    let again = EventKind::TrialStarted { trial, params, config_key, origin, space_version, replicate, seed, seen };
    store.append([again]).unwrap();
    store.close().unwrap();
    let output = seqtune(place.path(), &["verify", "forged"]);
    assert_eq!(code(&output), 1);
    let text = stdout(&output);
    assert!(text.contains("trial 0 is decided differently now"), "{text}");
    assert!(text.contains("It was decided by old"), "{text}");
    assert_eq!(code(&seqtune(place.path(), &["verify", "forged", "-f", "json"])), 1);
}

#[test]
fn a_decision_is_explained() {
    let place = made();
    let output = seqtune(place.path(), &["explain", "made", "0", "3"]);
    assert_eq!(code(&output), 0);
    insta::assert_snapshot!(stdout(&output));
    let output = seqtune(place.path(), &["explain", "made", "1", "-f", "json"]);
    let rows: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&rows[0]["trial"], &rows[0]["why"]["sampler"]["by"]), (&1.into(), &"random".into()));

    let absent = seqtune(place.path(), &["explain", "made", "4"]);
    assert_eq!(
        (code(&absent), stderr(&absent)),
        (2, "error: results/made has no trial 4: its trials are 0 to 3\n".to_owned())
    );
    let csv = seqtune(place.path(), &["explain", "made", "1", "-f", "csv"]);
    assert_eq!((code(&csv), stderr(&csv).contains("-f json")), (2, true));
}

#[test]
fn a_locked_study_exits_with_three() {
    let place = made();
    let held = Store::open(&place.path().join("results/made")).unwrap();
    let output = seqtune(place.path(), &["resume", "made"]);
    assert_eq!(code(&output), 3);
    assert!(stderr(&output).contains("is held by process"), "{}", stderr(&output));
    // Reading goes on.
    let status = stdout(&seqtune(place.path(), &["status", "made"]));
    assert!(status.contains("state       running"), "{status}");
    let stop = stdout(&seqtune(place.path(), &["stop", "made"]));
    assert!(stop.contains("was asked to stop"), "{stop}");
    let pause = stdout(&seqtune(place.path(), &["pause", "made"]));
    assert!(pause.contains("was asked to pause"), "{pause}");
    let go_on = stdout(&seqtune(place.path(), &["go-on", "made"]));
    assert!(go_on.contains("was asked to go on"), "{go_on}");
    assert_eq!(held.open_requests().unwrap().len(), 3);
    // What decides nothing needs nobody.
    assert_eq!(code(&seqtune(place.path(), &["note", "made", "while it runs"])), 0);
    assert_eq!(held.open_requests().unwrap().len(), 3);
}

#[test]
fn nothing_is_asked_of_a_study_that_does_not_run() {
    let place = made();
    let output = seqtune(place.path(), &["stop", "made", "--now"]);
    assert_eq!(
        (code(&output), stdout(&output)),
        (0, "Nothing runs in results/made; there is nothing to stop.\n".to_owned())
    );
    let pause = stdout(&seqtune(place.path(), &["pause", "made"]));
    assert_eq!(pause, "Nothing runs in results/made; there is nothing to pause.\n");
    let go_on = stdout(&seqtune(place.path(), &["go-on", "made"]));
    assert_eq!(go_on, "Nothing runs in results/made; the study goes on with `seqtune resume results/made`.\n");
    let store = Store::open(&place.path().join("results/made")).unwrap();
    assert_eq!(store.open_requests().unwrap(), []);
}

#[test]
fn notes_and_tags_are_shown_beside_the_trials() {
    let place = made();
    let run = |arguments: &[&str]| {
        let output = seqtune(place.path(), arguments);
        format!("{}{}", stdout(&output), stderr(&output))
    };
    let said = [
        run(&["note", "made", "first try, \"quoted\"\nwith a second line"]),
        run(&["note", "made", "1", "the loss jumps"]),
        run(&["note", "made", "0", "gone"]),
        run(&["note", "made", "0", " "]),
        run(&["tag", "made", "1", "paper", "+look-at-this", "draft"]),
        run(&["tag", "made", "1", "-draft"]),
        run(&["tag", "made", "0"]),
        run(&["note", "made", "1"]),
        run(&["note", "made", "one", "two"]),
        run(&["note", "made", "9", "none"]),
        run(&["tag", "made", "9"]),
        run(&["tag", "made", "1", "good", "two words"]),
        run(&["tag", "made", "1"]),
        run(&["best", "made", "--top", "9"]),
        run(&["trials", "made"]),
        redacted(&run(&["status", "made"])),
    ];
    insta::assert_snapshot!(said.join("\n"));
    let rows: serde_json::Value =
        serde_json::from_str(&run(&["trials", "made", "--sort", "number", "-f", "json"])).unwrap();
    assert_eq!(rows[1]["note"], "the loss jumps");
    assert_eq!(rows[1]["tags"], serde_json::json!(["look-at-this", "paper"]));
    assert!(run(&["export", "made"]).contains("the loss jumps,look-at-this paper"));
}

#[test]
fn a_newer_study_exits_with_four() {
    let place = made();
    let connection = rusqlite::Connection::open(place.path().join("results/made/study.db")).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    for command in ["status", "trials", "verify", "fsck", "resume", "best", "export", "stop"] {
        let output = seqtune(place.path(), &[command, "made"]);
        assert_eq!(code(&output), 4, "{command}: {}", stderr(&output));
        assert!(stderr(&output).contains("has format 99"), "{}", stderr(&output));
    }
}

#[test]
fn a_worker_that_cannot_start_exits_with_five() {
    let place = tempfile::tempdir().unwrap();
    let text = "name = \"s\"\nfamily = { command = [\"no-such-program\"] }\nmetric = \"value\"\ntrial = { steps = 1 }\n\
                [space]\nx = { type = \"bool\" }\n";
    fs::write(place.path().join("s.toml"), text).unwrap();
    let output = seqtune(place.path(), &["run", "s.toml"]);
    assert_eq!(code(&output), 5);
    assert!(stderr(&output).contains("the worker no-such-program cannot start"), "{}", stderr(&output));
    assert!(!place.path().join("results").exists(), "nothing is left behind");
    let output = seqtune(place.path(), &["check", "s.toml"]);
    assert_eq!(code(&output), 5, "the command is a part of the file, and it does not start");
    assert!(stdout(&output).contains("size of the space: 2 points"), "{}", stdout(&output));
    assert!(stderr(&output).contains("not checked"), "{}", stderr(&output));
    assert!(stderr(&output).contains("error: the worker no-such-program cannot start"), "{}", stderr(&output));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = made();
    let mut child = Command::new(env!("CARGO_BIN_EXE_seqtune"))
        .args(["completions", "bash"])
        .current_dir(place.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((code(&output), stderr(&output)), (0, String::new()));
}

#[test]
fn the_ready_study_is_a_right_study_file() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("toy.toml");
    let file = seqtune::study_file::StudyFile::read(&path).unwrap();
    assert_eq!(file.name(), "toy");
}
