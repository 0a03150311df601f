//! Malformed study files, each with the message that it gets: the line, the column, what is wrong, and what would be
//! right. The files and the messages lie together in `assets/bad-studies`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use seqtune::launch::WorkerProgram;
use seqtune::study_file::{StudyFile, StudyFileError};
use seqtune_tests::program;
use seqtune_toy::Toy;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/bad-studies")
}

/// The study files, by name.
fn files() -> Vec<PathBuf> {
    let is_study =
        |path: &PathBuf| path.extension().is_some_and(|extension| extension == "toml" || extension == "json");
    let entries = std::fs::read_dir(folder()).expect("the folder is part of the repository");
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.expect("it can be listed").path()).filter(is_study).collect();
    files.sort();
    files
}

#[test]
fn every_message_names_the_place_and_what_would_be_right() {
    let files = files();
    assert!(files.len() >= 40, "{} files", files.len());
    let program = WorkerProgram::thread(std::sync::Arc::new(Toy));
    insta::with_settings!({ snapshot_path => folder(), prepend_module_to_snapshot => false, omit_expression => true }, {
        for path in files {
            let name = path.file_name().and_then(|name| name.to_str()).expect("names are plain");
            let text = std::fs::read_to_string(&path).expect("it can be read");
            let resolved = StudyFile::parse(Path::new(name), &text).and_then(|file| {
                let opened = program.open(&file.data(&[]), Path::new("unused")).expect("the toy family takes no data");
                file.resolve(&opened)
            });
            let error = resolved.map(|_| ()).expect_err(&format!("{name} is right"));
            let StudyFileError::Wrong { line, column, .. } = &error else { panic!("{name}: {error}") };
            assert!(*line >= 1 && *column >= 1 && *line <= text.lines().count().max(1), "{name}: {error}");
            let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("names are plain");
            insta::assert_snapshot!(stem, format!("{error}\n{}", error.excerpt().unwrap_or_default()));
        }
    });
}

#[test]
fn the_program_says_the_same_and_exits_with_2() {
    for path in files().iter().step_by(9) {
        let output = Command::new(program("seqtune"))
            .args(["check", path.to_str().expect("paths are plain")])
            .stdin(Stdio::null())
            .output()
            .expect("seqtune starts");
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{}: {message}", path.display());
        assert!(message.starts_with(&format!("error: {}:", path.display())), "{message}");
        assert!(output.stdout.is_empty(), "{}", path.display());
    }
}
