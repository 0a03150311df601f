//! Extra seeds: those that a study takes by itself, and those that somebody asks for.

use std::path::Path;
use std::process::{Command, Output};

use seqtune_core::{History, Origin, StoreReader, verify};
use seqtune_tests::program;
use tempfile::TempDir;

const FILE: &str = r#"
name = "noisy"
family = "toy"
metric = "value"
[data]
noise = 2.0
[trial]
steps = 2
[budget]
trials = 40
[sampler]
type = "random"
[replicates]
share = 0.25
[space]
function = "branin"
x = { type = "float", low = -5, high = 10 }
y = { type = "float", low = 0, high = 15 }
"#;

fn seqtune(place: &Path, arguments: &[&str]) -> (i32, String) {
    let output: Output = Command::new(program("seqtune")).args(arguments).current_dir(place).output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap(), text)
}

fn history(place: &Path) -> History {
    StoreReader::open(&place.join("results/noisy")).unwrap().history().unwrap()
}

#[test]
fn leaders_get_more_seeds_and_so_does_what_is_asked_for() {
    let scratch = TempDir::new().unwrap();
    let place = scratch.path();
    std::fs::write(place.join("noisy.toml"), FILE).unwrap();
    let (code, text) = seqtune(place, &["run", "noisy.toml"]);
    assert_eq!(code, 0, "{text}");
    let first = history(place);
    let extra: Vec<_> = first.trials.iter().filter(|trial| trial.origin == Origin::Replicate).collect();
    assert!((3..=10).contains(&extra.len()), "{} of 40 trials are extra seeds", extra.len());
    let (code, text) = seqtune(place, &["explain", "noisy", &extra[0].number.to_string()]);
    assert!(code == 0 && text.contains("was among the leading ones"), "{text}");

    // The study is done: what is asked for waits until the budget lets it go on.
    let asked = first.trials.iter().find(|trial| first.seeds(trial).len() == 1).unwrap().number;
    let number = asked.to_string();
    let (code, text) = seqtune(place, &["replicate", "noisy", &number, "--seeds", "3"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(&format!("Asked for 3 more seeds of the configuration of trial {number}.")), "{text}");
    assert!(text.contains("raise trials under [budget] in the study file to 43"), "{text}");
    assert!(text.contains("seqtune resume results/noisy"), "{text}");
    std::fs::write(place.join("noisy.toml"), FILE.replace("trials = 40", "trials = 43")).unwrap();
    let (code, text) = seqtune(place, &["run", "noisy.toml"]);
    assert_eq!(code, 0, "{text}");
    let after = history(place);
    let seeds = after.seeds(&after.trials[asked as usize]);
    assert_eq!(seeds.iter().map(|trial| trial.number).collect::<Vec<_>>(), [asked, 40, 41, 42]);
    assert_eq!(seeds.iter().map(|trial| trial.replicate).collect::<Vec<_>>(), [0, 1, 2, 3]);
    let values: Vec<Option<f64>> = seeds.iter().map(|trial| after.value(trial)).collect();
    assert!(values[1..].iter().all(|value| *value != values[0]), "other seeds give other values: {values:?}");
    assert_eq!(verify(&after).differences, []);

    let (_, text) = seqtune(place, &["best", "noisy", "--top", "43"]);
    assert!(text.contains(&format!("(standard error; trials {number}, 40, 41, 42)")), "{text}");
    let (code, text) = seqtune(place, &["replicate", "noisy", "43"]);
    assert_eq!((code, text.as_str()), (2, "error: results/noisy has no trial 43: its trials are 0 to 42\n"));
    let (code, text) = seqtune(place, &["replicate", "noisy", "--seeds", "0"]);
    assert!(code == 2 && text.contains("1..=100"), "{text}");
}
