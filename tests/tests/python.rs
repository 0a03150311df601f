//! Programs in Python as families: the helper that ships in one file, its own tests, and its examples, held to what every
//! worker promises and driven through a study.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use seqtune_core::{StoreReader, TrialEnd, verify};
use seqtune_plugin::DataSpec;
use seqtune_plugin::conformance::{Connection, Options, check_worker};
use seqtune_tests::program;
use tempfile::TempDir;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/python")
}

fn python() -> Command {
    let mut command = Command::new("python3");
    // Nothing is left behind in the repository.
    command.env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::null());
    command
}

/// Whether Python can import a module; says what is skipped where it cannot.
fn has(module: &str) -> bool {
    let found = python()
        .args(["-c", &format!("import sys, {module}; assert sys.version_info >= (3, 10)")])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !found {
        println!("skipped: no Python 3.10 with the module {module}");
    }
    found
}

fn conforms(example: &str, arguments: &[&str], params: &str, data: &str, roots: &[&Path]) {
    let options = Options {
        params: serde_json::from_str(params).unwrap(),
        data: DataSpec {
            values: serde_json::from_str(data).unwrap(),
            roots: roots.iter().map(|root| root.to_path_buf()).collect(),
        },
        steps: 3,
        ..Options::default()
    };
    let start = || {
        let program = folder().join("examples").join(example);
        Connection::to_command(python().arg(program).args(arguments).stderr(Stdio::null()))
    };
    if let Err(violations) = check_worker(&start, &options) {
        panic!("{violations:#?}");
    }
}

#[test]
fn a_program_that_saves_nothing_conforms() {
    if has("json") {
        conforms("minimal.py", &[], r#"{"optimizer":"momentum"}"#, "{}", &[]);
    }
}

#[test]
fn a_program_that_saves_conforms() {
    if has("json") {
        conforms("minimal.py", &["--save"], "{}", r#"{"rows":40}"#, &[]);
    }
}

#[test]
fn a_program_with_scikit_learn_conforms() {
    if has("sklearn") {
        let scratch = TempDir::new().unwrap();
        let table = scratch.path().join("peptides.csv");
        let made = python().arg(folder().join("examples/peptides.py")).arg("--make").arg(&table).status().unwrap();
        assert!(made.success());
        conforms("peptides.py", &[], r#"{"model":"logistic"}"#, r#"{"file":"peptides.csv"}"#, &[scratch.path()]);
    }
}

#[test]
fn a_program_with_pytorch_conforms() {
    if has("torch") {
        conforms("pytorch_cnn.py", &[], "{}", "{}", &[]);
    }
}

#[test]
fn the_helpers_own_tests_pass() {
    if has("unittest") {
        let output = python()
            .args(["-m", "unittest", "discover", "-s", "tests"])
            .current_dir(folder())
            .env("SEQTUNE", program("seqtune"))
            .output()
            .expect("Python starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The example of the manual for studies, as it stands there: it searches, keeps its study, and goes on with it.
#[test]
fn the_example_that_asks_and_tells_works() {
    if !has("json") {
        return;
    }
    let manual = std::fs::read_to_string(folder().join("../../studies/README.md")).unwrap();
    let (_, after) = manual.split_once("from seqtune import Optimizer").expect("the manual has the example");
    let (example, _) = after.split_once("```").expect("the example ends");
    let scratch = TempDir::new().unwrap();
    let run = || {
        let output = python()
            .args(["-c", &format!("from seqtune import Optimizer{example}")])
            .current_dir(scratch.path())
            .env("PYTHONPATH", folder())
            .env("SEQTUNE", program("seqtune"))
            .output()
            .expect("Python starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run();
    run();
    let history = StoreReader::open(&scratch.path().join("results/mine")).unwrap().history().unwrap();
    assert_eq!(history.trials.len(), 60);
    assert!(history.trials.iter().all(|trial| trial.end == Some(TrialEnd::Completed)));
    assert_eq!(verify(&history).differences, []);
}

/// What `init --python` writes is a study that runs, and a program that keeps all promises.
#[test]
fn a_new_program_conforms_and_runs_as_it_is() {
    if !has("json") {
        return;
    }
    let scratch = TempDir::new().unwrap();
    let seqtune = |arguments: &[&str]| {
        let mut command = Command::new(program("seqtune"));
        command.args(arguments).current_dir(scratch.path()).stdin(Stdio::null());
        command.env("PYTHONDONTWRITEBYTECODE", "1").output().unwrap()
    };
    assert!(seqtune(&["init", "--python", "mine.py"]).status.success());
    let mut names: Vec<_> = std::fs::read_dir(scratch.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["mine.py", "mine.toml", "seqtune_worker.py"]);
    let checked = seqtune(&["check", "mine.toml", "--conformance"]);
    let text = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success() && text.contains("the worker keeps all promises"), "{text}");
    assert!(!text.contains("warning"), "{text}");
    let run = seqtune(&["run", "mine.toml"]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let again = seqtune(&["init", "--python", "mine.py", "-o", "other.toml"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(!scratch.path().join("other.toml").exists(), "all of them or none");
    // The helper of another program stays.
    assert!(seqtune(&["init", "--python", "second.py"]).status.success());
}

/// A kill of the manager in the middle costs nothing but time, although the program saves nothing.
#[test]
fn a_study_of_a_program_goes_on_after_a_kill() {
    if !has("json") {
        return;
    }
    let scratch = TempDir::new().unwrap();
    let text = std::fs::read_to_string(folder().join("examples/minimal.toml")).unwrap();
    let example = folder().join("examples/minimal.py");
    let text = text.replace("plugins/python/examples/minimal.py", example.to_str().expect("paths are plain"));
    std::fs::write(scratch.path().join("minimal.toml"), text.replace("trials = 12", "trials = 4")).unwrap();
    let run = || {
        let mut command = Command::new(program("seqtune"));
        command.args(["run", "minimal.toml"]).current_dir(scratch.path());
        command.env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::null());
        command
    };
    let mut killed = run().spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(700));
    // It may be done already on a fast machine; then the second run has nothing to do.
    let _ = killed.kill();
    killed.wait().unwrap();
    assert!(run().status().unwrap().success());
    let history = StoreReader::open(&scratch.path().join("results/minimal")).unwrap().history().unwrap();
    assert_eq!(history.trials.len(), 4);
    assert!(history.trials.iter().all(|trial| trial.end == Some(TrialEnd::Completed)));
    assert!(history.trials.iter().all(|trial| trial.differed.is_empty()));
    assert_eq!(verify(&history).differences, []);
}
