//! Ready spaces: one for each model of each built-in family, and what the families themselves declare.
//!
//! The files lie in `search-spaces/spaces/` and `search-spaces/families/` and are part of the program. A **space** says
//! what to search, with the source of each range; a **declaration** says what a family takes at all: hard limits,
//! defaults, and the combinations that cannot be built.
//!
//! ```
//! use seqtune_space::ready;
//!
//! let cnn = ready::space("tf-cnn").unwrap();
//! assert_eq!(cnn.family, "tf");
//! assert!(cnn.space.get("kernel").is_some_and(|kernel| kernel.source.is_some()));
//! let limits = ready::declaration("tf").unwrap();
//! assert!(limits.complete(&cnn.space.defaults().unwrap()).is_ok());
//! ```

use std::sync::LazyLock;

use serde::Deserialize;

use crate::space::SearchSpace;

/// A space that a study starts from with `extends`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadySpace {
    /// Its name: that of its file.
    #[serde(skip)]
    pub name: &'static str,
    /// The family that it is a space of.
    pub family: String,
    /// One sentence.
    pub summary: String,
    /// What is searched.
    pub space: SearchSpace,
}

/// Files of a folder with their names, as part of the program.
macro_rules! files {
    ($folder:literal: $($name:literal)*) => {
        &[$(($name, include_str!(concat!("../", $folder, "/", $name, ".toml")))),*]
    };
}

const SPACES: &[(&str, &str)] = files!("spaces":
    "deepsequence" "deepsequence-mle" "deepsequence-svi"
    "mhc" "mhc-ffnn" "mhc-gru" "mhc-linear" "mhc-lstm" "mhc-rnn" "mhc-sigmoid"
    "rna-s1" "rna-s2" "rna-s2-features" "rna-s2-lstm"
    "tf" "tf-cnn" "tf-lstm" "tf-mlp"
    "toy-branin" "toy-curve"
);

const FAMILIES: &[(&str, &str)] = files!("families": "deepsequence" "mhc" "rna-s1" "rna-s2" "tf");

/// All ready spaces, by name.
pub fn spaces() -> &'static [ReadySpace] {
    static READ: LazyLock<Vec<ReadySpace>> = LazyLock::new(|| {
        let read = |(name, text): &(&'static str, &str)| {
            let space: ReadySpace = toml::from_str(text).expect("a part of the program, which a test reads");
            ReadySpace { name, ..space }
        };
        SPACES.iter().map(read).collect()
    });
    &READ
}

/// A ready space by name.
pub fn space(name: &str) -> Option<&'static ReadySpace> {
    spaces().iter().find(|space| space.name == name)
}

/// What a family of this project declares: hard limits, defaults and constraints. The toy family declares itself.
pub fn declaration(family: &str) -> Option<&'static SearchSpace> {
    static READ: LazyLock<Vec<(&'static str, SearchSpace)>> = LazyLock::new(|| {
        let read = |(name, text): &(&'static str, &str)| {
            (*name, toml::from_str(text).expect("a part of the program, which a test reads"))
        };
        FAMILIES.iter().map(read).collect()
    });
    READ.iter().find(|(name, _)| *name == family).map(|(_, space)| space)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &str) -> Vec<String> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let stem = |entry: std::io::Result<std::fs::DirEntry>| {
            entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()
        };
        let mut names: Vec<String> = std::fs::read_dir(folder).unwrap().map(stem).collect();
        names.sort();
        names
    }

    #[test]
    fn every_file_is_part_of_the_program_and_can_be_read() {
        let own = |files: &[(&str, &str)]| files.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(own(SPACES), names("spaces"));
        assert_eq!(own(FAMILIES), names("families"));
        for (name, text) in SPACES {
            toml::from_str::<ReadySpace>(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        for (name, text) in FAMILIES {
            toml::from_str::<SearchSpace>(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }

    #[test]
    fn every_searched_parameter_has_a_default_and_a_source() {
        for ready in spaces() {
            let searched = |p: &&crate::Parameter| p.domain.cardinality() != Some(1);
            for parameter in ready.space.parameters().iter().filter(searched) {
                let place = format!("{}: `{}`", ready.name, parameter.name);
                assert!(parameter.default.is_some(), "{place} has no default");
                assert!(parameter.source.as_ref().is_some_and(|source| !source.is_empty()), "{place} has no source");
            }
            assert!(ready.space.defaults().is_some(), "{} has no default configuration", ready.name);
        }
    }

    #[test]
    fn families_can_be_built_with_nothing_but_defaults() {
        for (name, _) in FAMILIES {
            let limits = declaration(name).unwrap();
            for parameter in limits.parameters() {
                assert!(parameter.default.is_some(), "{name}: `{}` has no default", parameter.name);
            }
            limits.complete(&Default::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}
