//! Search spaces of other programs: what each of their distributions becomes, and that what comes out is a study file.

mod anything;
mod distributions;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use seqtune::import::{self, Format, Imported, Target, fit_name, parse, study_file, worker};
use seqtune::study_file::StudyFile;
use seqtune_space::Value;

fn assets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/assets/import")
}

/// The files of a format, in the order of their names.
fn files(format: Format) -> Vec<PathBuf> {
    let of = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(format.name());
    let mut files: Vec<PathBuf> =
        fs::read_dir(assets()).unwrap().map(|entry| entry.unwrap().path()).filter(of).collect();
    files.sort();
    assert!(files.len() >= 3, "{} has too few files", format.name());
    files
}

/// The study file of what was imported, which must be right: the same space under a name that fits.
fn checked(imported: &Imported, source: &Path) -> String {
    let name = fit_name(&source.file_stem().unwrap().to_string_lossy());
    let target = Target { source, name: &name, file: Path::new("s.toml"), worker: None };
    let text = study_file(imported, target);
    let file = StudyFile::parse(Path::new("s.toml"), &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(file.name(), name);
    let (mut own, mut theirs) =
        (file.own_space().unwrap().parameters().to_vec(), imported.space().unwrap().parameters().to_vec());
    // A fixed value is written bare, and reading that makes it its default; its domain is the same.
    own.iter_mut().chain(&mut theirs).for_each(|parameter| parameter.default = None);
    assert_eq!(own, theirs, "{text}");
    text
}

fn read(text: &str, format: Format) -> Imported {
    let imported = parse(Path::new("file"), text, format).unwrap_or_else(|error| panic!("{error}\n{text}"));
    checked(&imported, Path::new("file"));
    imported
}

#[test]
fn imported_files_become_study_files() {
    for format in Format::ALL {
        for path in files(format) {
            let imported = import::read(&path, format).unwrap();
            assert_eq!(imported.format, format);
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            insta::assert_snapshot!(name, checked(&imported, &path));
        }
    }
}

#[test]
fn what_stands_around_the_space_is_carried_over() {
    let text = "method: random\nmetric: {name: val/f1, goal: maximize}\nrun_cap: 7\n\
                command: [\"${env}\", OMP_NUM_THREADS=1, \"${interpreter}\", \"${program}\", \"${args}\"]\n\
                program: a b.py\nparameters: {x: {value: 1}}\n";
    let imported = read(text, Format::Wandb);
    assert_eq!(imported.command.clone().unwrap().join("|"), "env|OMP_NUM_THREADS=1|python3|a b.py");
    assert_eq!(imported.notes, Vec::<String>::new());
    let own = |imported: &Imported, worker: Option<&Path>| {
        let target = Target { source: Path::new("sweep.yaml"), name: "s", file: Path::new("s.toml"), worker };
        let text = study_file(imported, target);
        let file = StudyFile::parse(Path::new("s.toml"), &text).unwrap();
        (file.family().to_string(), text)
    };
    let (family, text) = own(&imported, None);
    assert_eq!(family, "env OMP_NUM_THREADS=1 python3 a b.py");
    for line in ["metric = \"val/f1\"\n", "direction = \"maximize\"\n", "trials = 7\n", "type = \"random\" "] {
        assert!(text.contains(line), "{line}");
    }
    assert_eq!(own(&imported, Some(Path::new("w.py"))).0, "python3 w.py");
    let legacy = read(
        r#"{"distributions": {"x": {"type": "int", "low": 1, "high": 2}}, "direction": 2, "n_trials": null}"#,
        Format::Optuna,
    );
    assert!(own(&legacy, None).1.contains("metric = \"valid/score\"\ndirection = \"maximize\"\n"));
}

#[test]
fn what_is_wrong_is_said_in_one_sentence() {
    let mut said = String::new();
    for (name, format) in [("optuna", Format::Optuna), ("wandb", Format::Wandb), ("nni", Format::Nni)] {
        let cases = fs::read_to_string(assets().join(format!("wrong_{name}.txt"))).unwrap();
        for case in cases.split("----\n").map(str::trim_end) {
            let error = parse(Path::new(name), case, format).expect_err(case).to_string();
            assert!(!error.contains('\n'), "{error}");
            said.push_str(&format!("{}\n    {error}\n", case.replace('\n', "\n  ")));
        }
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_file_of_another_program_is_recognised() {
    for asked in Format::ALL {
        for found in Format::ALL.into_iter().filter(|found| *found != asked) {
            for path in files(found) {
                let error = import::read(&path, asked).unwrap_err().to_string();
                assert!(error.ends_with(&format!(": use --from {}", found.name())), "{error}");
            }
        }
    }
}

#[test]
fn a_worker_compiles() {
    let place = tempfile::tempdir().unwrap();
    for format in Format::ALL {
        for path in files(format) {
            let imported = import::read(&path, format).unwrap();
            let target = Target { source: &path, name: "s", file: Path::new("s.toml"), worker: None };
            let text = worker(&imported, target);
            let file = place.path().join("worker.py");
            fs::write(&file, &text).unwrap();
            let output = match Command::new("python3").args(["-m", "py_compile"]).arg(&file).output() {
                Ok(output) => output,
                Err(error) => return println!("skipped: there is no python3 here ({error})"),
            };
            assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
            for (name, _) in &imported.parameters {
                assert!(text.contains(&serde_json::Value::from(name.as_str()).to_string()), "{name}");
            }
        }
    }
}

#[test]
fn a_worker_declares_what_the_study_searches() {
    let imported = import::read(&assets().join("nni_nested.json"), Format::Nni).unwrap();
    let target = Target { source: Path::new("a/nni_nested.json"), name: "s", file: Path::new("s.toml"), worker: None };
    insta::assert_snapshot!(worker(&imported, target));
}

#[test]
fn values_of_a_fixed_parameter_are_bare() {
    let imported = read("parameters: {a: {value: adam}, b: {value: [1, 2]}}", Format::Wandb);
    let text = checked(&imported, Path::new("file"));
    assert!(
        text.ends_with("[space]\na = \"adam\"\nb = { type = \"categorical\", choices = [[1, 2]], default = [1, 2] }\n")
    );
    assert_eq!(imported.parameters[1].1.default, Some(Value::List(vec![Value::Int(1), Value::Int(2)])));
}
