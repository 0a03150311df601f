//! The ready studies: each is a right study file of its family, and gives no warning.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use seqtune::launch::Opened;
use seqtune::study_file::{StudyFile, written};
use seqtune_core::StudySpec;
use seqtune_plugin::{Direction, FamilyInfo, MetricInfo, ModelFamily};
use seqtune_space::{SearchSpace, ready};
use seqtune_toy::Toy;

/// A family as its declaration has it, with the one metric that a study asks for. That of the toy comes from its code.
fn opened(family: &str, metric: &str) -> Opened {
    let metric =
        MetricInfo { name: metric.to_owned(), direction: Direction::Maximize, unit: String::new(), doc: String::new() };
    let info = FamilyInfo {
        name: family.to_owned(),
        version: "1".to_owned(),
        summary: "As declared.".to_owned(),
        step: "epoch".to_owned(),
        parameters: ready::declaration(family).cloned().unwrap_or_else(|| Toy.info().parameters),
        metrics: vec![metric],
        data: BTreeMap::new(),
    };
    Opened { info, digest: "d".to_owned(), summary: BTreeMap::new(), build: BTreeMap::new() }
}

fn study_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") && !path.ends_with("Cargo.toml") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The study without what is written for people beside its parameters.
fn without_words(mut spec: StudySpec) -> StudySpec {
    let mut parameters = spec.space.parameters().to_vec();
    for parameter in &mut parameters {
        (parameter.doc, parameter.source) = (None, None);
    }
    spec.space = SearchSpace::with_constraints(parameters, spec.space.constraints().to_vec()).unwrap();
    spec
}

#[test]
fn every_ready_study_resolves_without_a_warning() {
    let studies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../studies");
    let files = [study_files(&studies), study_files(&studies.join("mhc"))].concat();
    assert!(files.len() > 10, "{files:?}");
    for path in files {
        let shown = path.display();
        let table: toml::Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
        let text = |key: &str| table.get(key).and_then(toml::Value::as_str).unwrap_or_default();
        let file = StudyFile::read(&path).unwrap_or_else(|error| panic!("{shown}: {error}"));
        let opened = opened(text("family"), text("metric"));
        let resolved = file.resolve(&opened).unwrap_or_else(|error| panic!("{shown}: {error}"));
        assert_eq!(resolved.warnings, Vec::<String>::new(), "{shown}");
        for point in &resolved.spec.enqueue {
            resolved.spec.complete(point).unwrap_or_else(|error| panic!("{shown}: {error}"));
        }
        // What a report prints of a study is that study.
        let text = written(&resolved.spec, &resolved.settings).unwrap();
        let again = StudyFile::parse(&path, &text).unwrap_or_else(|error| panic!("{shown}: {error}\n{text}"));
        let again = again.resolve(&opened).unwrap_or_else(|error| panic!("{shown}: {error}\n{text}"));
        assert_eq!(again.settings, resolved.settings, "{shown}");
        assert_eq!(without_words(again.spec), without_words(resolved.spec), "{shown}");
    }
}
