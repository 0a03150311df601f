//! Bad input: one clear sentence that says what, where and what to do; the documented exit code; nothing half-written.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use seqtune_core::StoreReader;
use seqtune_tests::program;
use tempfile::TempDir;

const GOOD: &str = r#"name = "good"
family = "toy"
metric = "value"
[trial]
steps = 2
[budget]
trials = 2
[sampler]
type = "random"
[space]
lr = { type = "float", low = 1e-4, high = 0.1, log = true }
"#;

const TF: &str = r#"name = "tf"
family = "tf"
metric = "valid/auc"
[data]
source = "npy"
dir = "windows"
[trial]
steps = 1
[budget]
trials = 1
[sampler]
type = "random"
[space]
lr = { type = "float", low = 1e-4, high = 1e-2, log = true }
"#;

fn seqtune(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(program("seqtune"))
        .args(arguments)
        .current_dir(directory)
        .env_remove("SEQTUNE_DATA")
        .stdin(Stdio::null())
        .output()
        .expect("seqtune starts")
}

/// Runs a study file that must be refused with an exit code and these words, and must leave nothing behind.
fn refused(text: &str, code: i32, words: &[&str]) {
    let scratch = TempDir::new().unwrap();
    std::fs::write(scratch.path().join("study.toml"), text).unwrap();
    let output = seqtune(scratch.path(), &["run", "study.toml"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{message}");
    assert!(message.starts_with("error: "), "{message}");
    for word in words {
        assert!(message.contains(word), "{word:?} is missing in: {message}");
    }
    assert!(!scratch.path().join("results").exists(), "nothing is written for a study that never was: {message}");
}

#[test]
fn the_good_file_is_good() {
    let scratch = TempDir::new().unwrap();
    std::fs::write(scratch.path().join("study.toml"), GOOD).unwrap();
    let output = seqtune(scratch.path(), &["run", "study.toml"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn study_files_are_refused_with_their_line() {
    let change = |from: &str, to: &str| {
        assert!(GOOD.contains(from), "{from}");
        GOOD.replace(from, to)
    };
    refused("name = \n", 2, &["study.toml:1:"]);
    refused("name = \"x", 2, &["study.toml:1:"]);
    refused("", 2, &["study.toml"]);
    refused(&change("steps = 2", "stepz = 2"), 2, &["study.toml:5:1", "`stepz`", "did you mean `steps`"]);
    refused(&change("steps = 2", "steps = 0"), 2, &["study.toml:5:9"]);
    refused(&change("steps = 2", "steps = \"two\""), 2, &["study.toml:5:9"]);
    refused(&change("\"toy\"", "\"toi\""), 2, &["study.toml:2:10", "toi", "did you mean"]);
    refused(&change("\"value\"", "\"valeu\""), 2, &["study.toml:3:10", "did you mean `value`"]);
    refused(&change("\"random\"", "\"randm\""), 2, &["study.toml:9:8", "random"]);
    refused(&change("high = 0.1", "high = 100"), 2, &["study.toml:11:", "`lr`"]);
    refused(&change("low = 1e-4", "low = 0"), 2, &["study.toml:11:", "log"]);
    refused(&change("lr =", "lrr ="), 2, &["study.toml:11:1", "did you mean `lr`"]);
    refused(&change("[trial]", "[data]\nnois = 1\n[trial]"), 2, &["nois"]);
    refused(&(GOOD.to_owned() + "[[enqueue]]\nlr = 7\n"), 2, &["study.toml:13:", "lr"]);
}

#[test]
fn missing_files_and_studies_are_named() {
    let scratch = TempDir::new().unwrap();
    for (arguments, words) in [
        (vec!["run", "absent.toml"], vec!["absent.toml", "seqtune init"]),
        (vec!["resume", "absent"], vec!["absent"]),
        (vec!["trials", "absent"], vec!["absent"]),
        (vec!["verify", "absent"], vec!["absent"]),
    ] {
        let output = seqtune(scratch.path(), &arguments);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{message}");
        for word in words {
            assert!(message.contains(word), "{word:?} is missing in: {message}");
        }
    }
}

#[test]
fn another_study_of_the_same_name_is_refused_and_the_first_is_untouched() {
    let scratch = TempDir::new().unwrap();
    let file = scratch.path().join("study.toml");
    std::fs::write(&file, GOOD).unwrap();
    assert!(seqtune(scratch.path(), &["run", "study.toml"]).status.success());
    let log = || StoreReader::open(&scratch.path().join("results/good")).unwrap().events_after(0).unwrap();
    let before = log();
    std::fs::write(&file, GOOD.replace("steps = 2", "steps = 3").replace("high = 0.1", "high = 0.2")).unwrap();
    let output = seqtune(scratch.path(), &["run", "study.toml"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{message}");
    for words in ["trial.steps: 2 in the study, 3 in the file", "--dir"] {
        assert!(message.contains(words), "{words:?} is missing in: {message}");
    }
    assert_eq!(log(), before);
}

#[test]
fn data_that_is_missing_or_disagrees_is_named() {
    // No data directory at all, then one without the files.
    refused(TF, 2, &["windows", "--data"]);
    let scratch = TempDir::new().unwrap();
    std::fs::write(scratch.path().join("study.toml"), TF).unwrap();
    let windows = scratch.path().join("windows");
    std::fs::create_dir(&windows).unwrap();
    let expect = |words: &[&str]| {
        let output = seqtune(scratch.path(), &["run", "study.toml", "--data", "."]);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{message}");
        for word in words {
            assert!(message.contains(word), "{word:?} is missing in: {message}");
        }
        assert!(!scratch.path().join("results").exists(), "{message}");
    };
    expect(&["bases.npy"]);
    std::fs::write(windows.join("bases.npy"), npy("|u1", "(3, 4)", &[0; 12])).unwrap();
    std::fs::write(windows.join("y.npy"), npy("|u1", "(2,)", &[0, 1])).unwrap();
    for name in ["start.npy", "w.npy", "split.npy"] {
        std::fs::write(windows.join(name), npy("|u1", "(3,)", &[0; 3])).unwrap();
    }
    expect(&["y.npy", "2", "3"]);
    std::fs::write(windows.join("bases.npy"), b"not an array").unwrap();
    expect(&["bases.npy"]);
}

/// A NumPy file of format version 1.0.
fn npy(kind: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let mut header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(data);
    file
}

#[test]
fn a_missing_libtorch_is_a_sentence_and_exit_code_5() {
    let scratch = TempDir::new().unwrap();
    std::fs::write(scratch.path().join("study.toml"), TF.replace("\"npy\"\ndir = \"windows\"", "\"synthetic\""))
        .unwrap();
    // A library that is none, found before the real one, stands in for one that is gone.
    let broken = scratch.path().join("broken");
    std::fs::create_dir(&broken).unwrap();
    std::fs::write(broken.join("libtorch_cpu.so"), b"").unwrap();
    let output = Command::new(program("seqtune"))
        .args(["run", "study.toml"])
        .current_dir(scratch.path())
        .env("LD_LIBRARY_PATH", &broken)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(5), "{message}");
    for words in ["libtorch", "cargo xtask setup"] {
        assert!(message.contains(words), "{words:?} is missing in: {message}");
    }
    assert!(!scratch.path().join("results").exists(), "{message}");
}

#[test]
fn the_manager_and_the_viewer_do_not_link_libtorch() {
    for name in ["seqtune", "seqtune-view", "seqtune-worker-toy"] {
        let output = Command::new("ldd").arg(program(name)).output().unwrap();
        let libraries = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(libraries.contains("libc.so"), "{name}: {libraries}");
        assert!(!libraries.contains("libtorch") && !libraries.contains("libc10"), "{name}: {libraries}");
    }
}
