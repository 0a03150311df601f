//! The ready spaces and the run tables of the source studies, as studies: each space resolves against its family's hard
//! limits, and every value that the source studies tried can be enqueued in it.

use std::collections::BTreeMap;
use std::path::Path;

use seqtune::launch::Opened;
use seqtune::study_file::{Resolved, StudyFile, StudyFileError};
use seqtune_plugin::{Direction, FamilyInfo, MetricInfo, ModelFamily};
use seqtune_space::ready;
use seqtune_toy::Toy;

/// A family as its declaration has it. That of a family without one, the toy's, comes from its code.
fn opened(family: &str) -> Opened {
    let metric = MetricInfo {
        name: "valid/loss".to_owned(),
        direction: Direction::Minimize,
        unit: String::new(),
        doc: String::new(),
    };
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

fn resolve(family: &str, extends: &str, more: &str) -> Result<Resolved, StudyFileError> {
    let text = format!(
        "name = \"ready\"\nfamily = \"{family}\"\nmetric = \"valid/loss\"\ntrial = {{ steps = 50 }}\n\
         budget = {{ trials = 1000 }}\n[space]\nextends = \"{extends}\"\n{more}"
    );
    StudyFile::parse(Path::new("ready.toml"), &text)?.resolve(&opened(family))
}

#[test]
fn every_ready_space_is_a_study_without_a_warning() {
    for space in ready::spaces() {
        let resolved = resolve(&space.family, space.name, "").unwrap_or_else(|error| panic!("{}: {error}", space.name));
        assert_eq!(resolved.warnings, Vec::<String>::new(), "{}", space.name);
        let defaults = resolved.spec.space.defaults().expect("a test of the space says so");
        resolved.spec.complete(&defaults).unwrap_or_else(|error| panic!("{}: {error}", space.name));
        assert!(resolved.feasibility.share() > 0.2, "{}: {:?}", space.name, resolved.feasibility);
    }
}

#[test]
fn what_the_source_studies_ran_can_be_enqueued() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/run-tables");
    let mut points = 0;
    for entry in std::fs::read_dir(folder).expect("the folder is part of the repository") {
        let path = entry.expect("it can be listed").path();
        let name = path.display();
        let text = std::fs::read_to_string(&path).expect("it can be read");
        let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        let word = |key: &str| table[key].as_str().unwrap_or_else(|| panic!("{name} has no {key}")).to_owned();
        let list = &text[text.find("[[enqueue]]").unwrap_or_else(|| panic!("{name} has no points"))..];
        let resolved =
            resolve(&word("family"), &word("extends"), list).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(resolved.spec.enqueue.len(), table["enqueue"].as_array().map_or(0, Vec::len), "{name}");
        let mut keys: Vec<String> = resolved.spec.enqueue.iter().map(|point| point.key()).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), resolved.spec.enqueue.len(), "{name} lists a point twice");
        points += keys.len();
    }
    assert!(points > 300, "{points} points");
}
