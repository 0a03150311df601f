//! An edited study file: what may change becomes part of the log, all else is refused with the exact difference, and the
//! study goes on as if it had always been so.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use seqtune_core::{EventKind, History, StoreReader, verify};
use seqtune_tests::program;
use tempfile::TempDir;

const FILE: &str = r#"name = "edited"
family = "toy"
metric = "value"
[data]
noise = 0.0
[trial]
steps = 2
[budget]
trials = 6
[workers]
count = 2
[space]
function = { type = "categorical", choices = ["curve"] }
lr = { type = "float", low = 1e-3, high = 0.01, log = true }
width = { type = "int", low = 16, high = 64, log = true }
constraints = ["width * lr < 0.5"]
[[enqueue]]
lr = 0.5
"#;

fn run(directory: &Path, text: &str) -> Output {
    std::fs::write(directory.join("study.toml"), text).expect("it can be written");
    Command::new(program("seqtune"))
        .args(["run", "study.toml"])
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .expect("seqtune starts")
}

fn message(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn history(directory: &Path) -> History {
    StoreReader::open(&directory.join("results/edited")).and_then(|reader| reader.history()).expect("it can be read")
}

fn changed(pairs: &[(&str, &str)]) -> String {
    pairs.iter().fold(FILE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

#[test]
fn a_wider_space_goes_on_from_the_next_trial() {
    let scratch = TempDir::new().unwrap();
    let first = run(scratch.path(), FILE);
    assert!(first.status.success(), "{}", message(&first));
    // A wider range, a new choice with a parameter of its own, a constraint less, one more point, more trials.
    let wider = changed(&[
        ("trials = 6", "trials = 30"),
        ("choices = [\"curve\"]", "choices = [\"curve\", \"branin\"]"),
        ("low = 1e-3, high = 0.01", "low = 1e-4, high = 0.1"),
        (
            "constraints = [\"width * lr < 0.5\"]\n",
            "x = { type = \"float\", low = -5, high = 10, when = { function = \"branin\" } }\n",
        ),
        ("[[enqueue]]\nlr = 0.5\n", "[[enqueue]]\nlr = 0.5\n[[enqueue]]\nlr = 0.75\n"),
    ]);
    let second = run(scratch.path(), &wider);
    assert!(second.status.success(), "{}", message(&second));
    let history = history(scratch.path());
    assert_eq!(history.trials.len(), 30);
    assert_eq!(verify(&history).differences, []);
    assert_eq!(history.trials[0].params.float("lr").unwrap(), 0.5, "outside the space, within the family's limits");
    assert_eq!(history.trials[6].params.float("lr").unwrap(), 0.75, "the added point comes first");
    for trial in &history.trials {
        assert_eq!(trial.space_version, u64::from(trial.number >= 6), "trial {}", trial.number);
    }
    let lr = |from: usize, to: usize| {
        let sampled = history.trials[from..to].iter().filter(|trial| trial.origin == seqtune_core::Origin::Sampler);
        sampled.filter_map(|trial| trial.params.float("lr").ok()).collect::<Vec<_>>()
    };
    assert!(lr(0, 6).iter().all(|lr| (1e-3..=0.01).contains(lr)), "{:?}", lr(0, 6));
    assert!(lr(6, 30).iter().any(|lr| !(1e-3..=0.01).contains(lr)), "the new range is used");
    assert!(history.trials[6..].iter().any(|trial| trial.params.get("x").is_some()), "the new choice is used");

    // The same file again: nothing to do, and nothing is added to the log but the visit.
    let before = history.seq;
    assert!(run(scratch.path(), &wider).status.success());
    let reader = StoreReader::open(&scratch.path().join("results/edited")).unwrap();
    for event in reader.events_after(before).unwrap() {
        assert!(matches!(event.kind, EventKind::ManagerStarted { .. } | EventKind::ManagerStopped { .. }), "{event:?}");
    }
}

#[test]
fn a_study_that_was_widened_is_the_same_with_any_number_of_workers() {
    let table = |workers: &str| {
        let scratch = TempDir::new().unwrap();
        let head = |text: &str| text.replacen("family", "window = 3\nfamily", 1).replace("count = 2", workers);
        assert!(run(scratch.path(), &head(FILE)).status.success());
        let wider = changed(&[("trials = 6", "trials = 14"), ("high = 64", "high = 512")]);
        assert!(run(scratch.path(), &head(&wider)).status.success());
        seqtune_tests::table(&history(scratch.path()))
    };
    let one = table("count = 1");
    assert_eq!(one.len(), 14);
    assert_eq!(table("count = 3"), one);
}

#[test]
fn what_may_not_change_is_refused_exactly_and_the_log_stays() {
    let scratch = TempDir::new().unwrap();
    assert!(run(scratch.path(), FILE).status.success());
    let before = history(scratch.path()).seq;
    for (pairs, expected) in [
        (vec![("low = 16", "low = 32")], "space.width.low: 16 in the study, 32 in the file"),
        (
            vec![("log = true }\nwidth", "log = false }\nwidth")],
            "space.lr: a number from 0.001 to 0.01, log scale in the study",
        ),
        (
            vec![("width * lr < 0.5", "width * lr < 0.1")],
            "space.constraints: absent in the study, width * lr < 0.1 in the file",
        ),
        (vec![("lr = 0.5", "lr = 0.6")], "enqueue: function=\"curve\" lr=0.5 width=64 in the study, absent;"),
        (vec![("steps = 2", "steps = 3")], "trial.steps: 2 in the study, 3 in the file"),
        (vec![("noise = 0.0", "noise = 0.5")], "data.noise: 0.0 in the study, 0.5 in the file"),
        (vec![("metric = \"value\"", "metric = \"value\"\nreduce = \"best\"")], "objectives: [{"),
        (vec![("constraints", "dropout = 0.5\nconstraints")], "space.dropout: absent in the study, declared;"),
    ] {
        let output = run(scratch.path(), &changed(&pairs));
        assert_eq!(output.status.code(), Some(2), "{}", message(&output));
        assert!(message(&output).contains(expected), "{expected:?} is missing in: {}", message(&output));
        assert_eq!(history(scratch.path()).seq, before, "{expected}");
    }
    let output = run(scratch.path(), FILE);
    assert!(output.status.success(), "{}", message(&output));
}
