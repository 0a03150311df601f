//! Any text as a study file, in TOML and in JSON: it is read or refused at a place within it, and what is read resolves
//! or is refused in the same way.
#![no_main]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use seqtune::launch::Opened;
use seqtune::study_file::{StudyFile, StudyFileError};
use seqtune_plugin::ModelFamily;
use seqtune_toy::Toy;

static OPENED: LazyLock<Opened> = LazyLock::new(|| Opened {
    info: Toy.info(),
    digest: "d".to_owned(),
    summary: BTreeMap::new(),
    build: BTreeMap::new(),
});

fuzz_target!(|text: &str| {
    for name in ["fuzz.toml", "fuzz.json"] {
        let read = StudyFile::parse(Path::new(name), text).and_then(|file| file.resolve(&OPENED));
        match read {
            Ok(resolved) => {
                let space = &resolved.spec.space;
                let point = space.decode(&vec![0.5; space.dimensions().len()]).expect("the length is right");
                assert!(space.check(point.clone()).is_ok() || space.allows(&point).is_err());
                // What is written into the log is read from it.
                let json = serde_json::to_string(&resolved.spec).expect("a specification has a JSON form");
                assert_eq!(serde_json::from_str::<seqtune_core::StudySpec>(&json).expect("it is one"), resolved.spec);
            }
            Err(StudyFileError::Wrong { line, column, message, excerpt, .. }) => {
                assert!(line >= 1 && column >= 1 && line <= text.matches('\n').count() + 1);
                assert!(!message.is_empty() && excerpt.contains('^'));
            }
            Err(error) => panic!("{error}"),
        }
    }
});
