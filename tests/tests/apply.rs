//! `seqtune apply`: trials are evaluated, predict and are exported by the real programs, from the study's directory alone.

use std::fs;
use std::path::Path;

use seqtune_core::{History, Trial};
use seqtune_tests::{Place, history, program, said};

/// A finished study of the toy family.
fn finished(family: &str, data: &str) -> Place {
    let place = Place::new(family, data);
    place.run();
    place
}

/// What `seqtune apply` prints on success.
fn applied(place: &Place, arguments: &[&str]) -> String {
    let output = place.seqtune(&[&["apply"], arguments].concat());
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    assert!(output.stderr.is_empty(), "{}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// The one sentence with which it is refused.
fn refused(place: &Place, arguments: &[&str], code: i32) -> String {
    let output = place.seqtune(&[&["apply"], arguments].concat());
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
    assert!(output.stdout.is_empty(), "{}", said(&output));
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

fn json(place: &Place, arguments: &[&str]) -> serde_json::Value {
    let rows: serde_json::Value = serde_json::from_str(&applied(place, arguments)).unwrap();
    rows[0].clone()
}

fn best(history: &History) -> &Trial {
    history.best().unwrap()
}

#[test]
fn the_best_trial_is_evaluated() {
    let place = finished("\"toy\"", "noise = 0.01");
    let before = fs::read(place.study().join("study.db")).unwrap();
    let history = history(&place.study());
    let best = best(&history);
    let text = applied(&place, &["evaluate", "toy"]);
    assert!(text.starts_with(&format!("trial {}, checkpoint of step 6 on test\n", best.number)), "{text}");
    let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().split_whitespace().count();
    assert_eq!((line("test/accuracy"), line("test/value")), (4, 2), "{text}");

    let exact = json(&place, &["evaluate", "toy", "-f", "json"]);
    assert_eq!((exact["trial"].as_u64(), exact["step"].as_u64()), (Some(best.number), Some(6)));
    let (value, metric) = (exact["metrics"]["test/value"]["value"].as_f64().unwrap(), history.value(best).unwrap());
    assert!(value > metric && value < metric + 0.1, "{value} is a little worse than {metric}");
    assert_eq!(exact["metrics"]["test/accuracy"]["parts"].as_array().unwrap().len(), 3);
    assert!(exact["metrics"]["test/accuracy"]["sd"].as_f64().unwrap() > 0.0);
    assert_eq!(exact["files"], serde_json::json!([]));

    let csv = applied(&place, &["evaluate", "results/toy", &best.number.to_string(), "-f", "csv"]);
    assert!(csv.starts_with("trial,step,metric,value,sd,parts\n"), "{csv}");
    assert!(csv.contains(&format!("{},6,test/value,{value},,0\n", best.number)), "{csv}");
    assert_eq!(fs::read(place.study().join("study.db")).unwrap(), before, "the study is only read");
}

#[test]
fn predictions_and_exports_are_written_where_nothing_was() {
    let place = finished("\"toy\"", "noise = 0.01");
    let text = applied(&place, &["predict", "toy", "-o", "scores.tsv"]);
    let path = place.path().join("scores.tsv");
    assert!(text.trim_end().ends_with("scores.tsv"), "{text}");
    assert!(fs::read_to_string(&path).unwrap().starts_with("row\tscore\n0\t"));

    let exported = json(&place, &["export", "toy", "3", "-f", "json", "-o", "trial-3.json"]);
    assert_eq!((exported["trial"].as_u64(), exported["metrics"].as_object().unwrap().len()), (Some(3), 0));
    let file = exported["files"][0].as_str().unwrap();
    assert!(Path::new(file).is_absolute() && fs::read_to_string(file).unwrap().contains("\"step\":6"), "{file}");

    assert!(refused(&place, &["predict", "toy", "-o", "scores.tsv"], 2).contains("scores.tsv is there already"));
    assert!(refused(&place, &["export", "toy", "-o", "no/such"], 2).contains("there is no directory"));
    assert!(place.seqtune(&["apply", "predict", "toy"]).status.code() == Some(2), "-o is needed");
}

#[test]
fn checkpoints_are_chosen_and_compared_with_the_log() {
    // Noise makes the best step another than the last.
    let place = finished("\"toy\"", "noise = 0.3");
    let history = history(&place.study());
    let direction = history.spec.objective().direction;
    let differs = |trial: &&Trial| trial.best_point(direction).is_some_and(|point| point.step < 6);
    let trial = history.trials.iter().find(differs).expect("so much noise moves the best step");
    let step = trial.best_point(direction).unwrap().step;
    let number = trial.number.to_string();
    let of =
        |which: &str| json(&place, &["evaluate", "toy", &number, "-f", "json", "--checkpoint", which])["step"].as_u64();
    assert_eq!((of("best"), of("last")), (Some(step), Some(6)));
    // The objective of the study is the last step's.
    assert_eq!(json(&place, &["evaluate", "toy", &number, "-f", "json"])["step"].as_u64(), Some(6));

    let path = |step: u64| {
        let checkpoint = trial.checkpoints.iter().rev().find(|one| one.step == step).unwrap();
        place.study().join(&checkpoint.path)
    };
    fs::write(path(6).join("state.json"), "{}").unwrap();
    fs::remove_dir_all(path(step)).unwrap();
    let altered = refused(&place, &["evaluate", "toy", &number], 1);
    assert!(altered.contains(&format!("the checkpoint of step 6 of trial {number} was altered")), "{altered}");
    let gone = refused(&place, &["evaluate", "toy", &number, "--checkpoint", "best"], 1);
    assert!(gone.contains("is gone from its place"), "{gone}");
}

#[test]
fn a_study_that_counts_the_best_step_applies_that() {
    let place = Place::new("\"toy\"", "noise = 0.3");
    let text = fs::read_to_string(place.path().join("toy.toml")).unwrap();
    fs::write(place.path().join("toy.toml"), "reduce = \"best\"\n".to_owned() + &text).unwrap();
    place.run();
    let history = history(&place.study());
    for trial in &history.trials {
        let step = trial.best_point(history.spec.objective().direction).map(|point| point.step);
        let row = json(&place, &["evaluate", "toy", &trial.number.to_string(), "-f", "json"]);
        assert_eq!(row["step"].as_u64(), step, "trial {}", trial.number);
    }
}

#[test]
fn what_cannot_be_applied_is_said_in_a_sentence() {
    let place = finished("\"toy\"", "noise = 0.01");
    let split = refused(&place, &["evaluate", "toy", "--split", "train"], 1);
    assert_eq!(split, "error: there is no split \"train\"; choose test\n");
    assert!(refused(&place, &["evaluate", "toy", "10"], 2).contains("has no trial 10: its trials are 0 to 9"));
    assert!(refused(&place, &["evaluate", "tox"], 2).contains("did you mean \"toy\"?"));

    let failing = Place::new("\"toy\"", "noise = 0.01");
    let text = fs::read_to_string(failing.path().join("toy.toml")).unwrap();
    let text = text + "behave = { type = \"categorical\", choices = [\"diverge\"] }\n";
    fs::write(failing.path().join("toy.toml"), text).unwrap();
    assert!(!failing.seqtune(&["run", "toy.toml"]).status.success());
    let none = refused(&failing, &["evaluate", "toy"], 2);
    assert!(none.contains("results/toy has no completed trial yet; name the trial to evaluate"), "{none}");
    let kept = refused(&failing, &["predict", "toy", "0", "-o", "scores.tsv"], 2);
    assert!(kept.contains("trial 0 has no checkpoint: it failed, and nothing is kept of failed trials"), "{kept}");
    assert!(!failing.path().join("scores.tsv").exists());
}

#[test]
fn a_study_that_runs_can_be_applied() {
    let place = Place::new("\"toy\"", "step_millis = 100");
    let child = place.command(&[], &["run", "toy.toml"]).spawn().unwrap();
    seqtune_tests::wait_for(&place.study(), "a checkpoint", |history| {
        history.trials.first().is_some_and(|trial| !trial.checkpoints.is_empty())
    });
    let row = json(&place, &["evaluate", "toy", "0", "-f", "json"]);
    assert!(row["step"].as_u64() >= Some(1), "{row}");
    let stopped = place.seqtune(&["stop", "toy", "--now"]);
    assert!(stopped.status.success(), "{}", said(&stopped));
    child.wait_with_output().unwrap();
}

/// A finished study whose worker, `$worker`, is started by this shell text from now on.
#[cfg(unix)]
fn changing(start: &str) -> Place {
    let worker = program("seqtune-worker-toy");
    let script =
        format!("worker=\"{}\"\nif [ -e changed ]; then {start}; else exec \"$worker\"; fi\n", worker.display());
    let place = Place::new("{ command = [\"sh\", \"worker.sh\"] }", "noise = 0.01");
    fs::write(place.path().join("worker.sh"), script).unwrap();
    place.run();
    fs::write(place.path().join("changed"), "").unwrap();
    place
}

#[cfg(unix)]
#[test]
fn other_data_and_other_families_are_refused() {
    let place = changing(r#""$worker" | sed -u 's/"digest":"[0-9a-f]*"/"digest":"f00d"/'"#);
    let data = refused(&place, &["evaluate", "toy"], 2);
    assert!(data.contains("the data has changed: the study was created with digest"), "{data}");
    assert!(data.contains("the worker finds f00d; give the original data with --data DIR"), "{data}");

    let place = changing(r#""$worker" | sed -u '1s/"version":"1"/"version":"2"/'"#);
    let family = refused(&place, &["evaluate", "toy"], 2);
    assert!(family.contains("the study was made with toy 1, and the worker serves toy 2"), "{family}");

    let place = changing(r#""$worker" | sed -u '1s/,"apply"//'"#);
    let cannot = refused(&place, &["export", "toy", "-o", "out"], 2);
    assert!(cannot.contains("the worker of the family toy trains trials, and cannot export them"), "{cannot}");
}

#[cfg(unix)]
#[test]
fn a_worker_that_ends_is_told() {
    // It hears the first request, to prepare the data, and then the end of its input.
    let place = changing(r#"head -n 1 | "$worker""#);
    let ended = refused(&place, &["evaluate", "toy"], 1);
    assert!(ended.contains("the worker ended before it was done"), "{ended}");
}
