//! The study file: what a person writes in TOML, read with its places, and resolved to a complete specification.
//!
//! Reading happens in two steps. [`StudyFile::parse`] checks all that the file alone can tell: keys, types, ranges, the
//! parameters' own declarations. [`StudyFile::resolve`] adds what only the family knows: metrics, hard limits, defaults,
//! the identity of the data.
//!
//! ```
//! use std::path::Path;
//! use seqtune::study_file::StudyFile;
//!
//! let text = r#"
//! name = "demo"
//! family = "toy"
//! metric = "value"
//! [trial]
//! stepz = 5
//! [space]
//! x = { type = "float", low = -5, high = 10 }
//! "#;
//! let error = StudyFile::parse(Path::new("demo.toml"), text).unwrap_err();
//! assert_eq!(error.to_string(), "demo.toml:6:1: there is no key `stepz` in [trial]; did you mean `steps`?");
//! ```

mod duration;
mod nearest;
mod pruner;
mod resolve;
mod sections;
mod source;
mod space;
mod table;
#[cfg(test)]
mod tests;
mod tree;
mod written;

use std::path::{Path, PathBuf};

use seqtune_core::{Budget, FamilyChoice, Order, PrunerSpec, ReplicateSpec, SamplerSpec, TrialSpec, WorkerSettings};
use seqtune_plugin::DataSpec;
use seqtune_space::SearchSpace;

pub use duration::show_seconds;
pub use nearest::{did_you_mean, nearest};
pub use resolve::{Feasibility, Resolved, percent};
pub use sections::is_device;
pub use source::StudyFileError;
pub use written::written;

use sections::{ANY, ObjectiveEntry, OutcomeConstraintEntry, Placed, PointTable};
use source::{Source, Span};
use space::SpaceTable;
use table::{Field, Table};
use tree::Kind;

/// A study file whose own declarations are right.
#[derive(Clone, Debug)]
pub struct StudyFile {
    source: Source,
    name: String,
    family: Placed<FamilyChoice>,
    data: serde_json::Map<String, serde_json::Value>,
    /// The table's own place, then those of its values by key.
    data_place: Span,
    data_places: Vec<(String, Span)>,
    objectives: Vec<ObjectiveEntry>,
    outcome_constraints: Vec<OutcomeConstraintEntry>,
    trial: TrialSpec,
    seed: u64,
    order: Order,
    window: Option<u64>,
    budget: Budget,
    sampler: Placed<SamplerSpec>,
    pruner: PrunerSpec,
    replicates: Option<ReplicateSpec>,
    workers: WorkerSettings,
    space: SpaceTable,
    enqueue: Vec<PointTable>,
}

impl StudyFile {
    /// Reads a study file.
    ///
    /// # Errors
    /// [`StudyFileError::Unreadable`], and all errors of [`StudyFile::parse`].
    pub fn read(path: &Path) -> Result<StudyFile, StudyFileError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| StudyFileError::Unreadable { path: path.to_owned(), source })?;
        StudyFile::parse(path, &text)
    }

    /// Reads the text of a study file: JSON where the path ends in `.json`, else TOML. The file itself is not touched.
    ///
    /// # Errors
    /// [`StudyFileError::Wrong`] at the first thing that is wrong.
    pub fn parse(path: &Path, text: &str) -> Result<StudyFile, StudyFileError> {
        let source = Source::new(path, text.to_owned());
        let document = tree::read(&source)?;
        let Kind::Table(entries) = &document.kind else {
            return Err(source.wrong(document.span, "a study file is a table"));
        };
        let mut root = Table::new(&source, "the study file", document.span.clone(), entries);

        let name = root.require("name", &format!("name = {:?}", sections::suggested_name(path)))?;
        let name = sections::name(&name)?;
        let family_field = root.require("family", "family = \"toy\"")?;
        let family = Placed { value: sections::family(&family_field)?, span: family_field.span() };
        let data_field = root.take("data");
        let data_place = data_field.as_ref().map_or(0..0, Field::key_span);
        let (data, data_places) = data_field.map(|field| sections::data(&field)).transpose()?.unwrap_or_default();
        let objectives = sections::objectives(&mut root)?;
        let outcome_constraints = root.take("outcome_constraint");
        let outcome_constraints =
            outcome_constraints.map(|field| sections::outcome_constraints(&field)).transpose()?.unwrap_or_default();
        let trial = sections::trial(root.require("trial", "[trial] with steps = 10")?.table("[trial]")?)?;
        let seed = root.take("seed").map(|field| field.whole(0..=ANY)).transpose()?.unwrap_or(0);
        let orders = [("fixed", Order::Fixed), ("eager", Order::Eager)];
        let order = root.take("order").map(|field| field.choice(&orders)).transpose()?.unwrap_or_default();
        let window = root.take("window").map(|field| field.whole(1..=ANY)).transpose()?;
        let mut section = |key: &'static str, name: &str| root.take(key).map(|field| field.table(name)).transpose();
        let budget = section("budget", "[budget]")?.map(sections::budget).transpose()?.unwrap_or_default();
        let workers = section("workers", "[workers]")?.map(sections::workers).transpose()?.unwrap_or_default();
        let pruned = root.take("pruner");
        let pruner = pruned.as_ref().map(|field| pruner::pruner(field, "[pruner]")).transpose()?;
        let pruner = pruner.unwrap_or_default();
        if let Some(field) = pruned.filter(|_| pruner != PrunerSpec::None && objectives.len() > 1) {
            return Err(field.wrong_key("a pruner looks at the curve of one objective, and this study has several"));
        }
        let sampler = root.take("sampler").map(|field| sections::sampler(&field)).transpose()?;
        let sampler = sampler.unwrap_or(Placed { value: SamplerSpec::Auto, span: 0..0 });
        let repeated = root.take("replicates");
        let replicates =
            repeated.as_ref().map(|field| sections::replicates(field.table("[replicates]")?)).transpose()?;
        if let Some(field) = repeated {
            if objectives.len() > 1 {
                let several = "[replicates] measures the leading trials again, and with several objectives none leads";
                return Err(field.wrong_key(several));
            }
            if sampler.value.repeats() {
                return Err(
                    field.wrong_key("a bandit whose arms are points repeats them anyway; leave [replicates] out")
                );
            }
        }
        let space = root.require("space", "[space] with lr = { type = \"float\", low = 1e-4, high = 0.1 }")?;
        let space = space::read(&source, &space)?;
        let enqueue = root.take("enqueue").map(|field| sections::enqueue(&field)).transpose()?.unwrap_or_default();
        root.finish()?;

        let file = StudyFile {
            name,
            family,
            data,
            data_place,
            data_places,
            objectives,
            outcome_constraints,
            trial,
            seed,
            order,
            window,
            budget,
            sampler,
            pruner,
            replicates,
            workers,
            space,
            enqueue,
            source,
        };
        file.own_space()?;
        Ok(file)
    }

    /// The study's name, which is fit to be a directory's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which program trains it.
    pub fn family(&self) -> &FamilyChoice {
        &self.family.value
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    /// The `[data]` table; relative paths in it are looked for in these directories, then in that of the file.
    pub fn data(&self, roots: &[PathBuf]) -> DataSpec {
        let own = self.path().parent().filter(|parent| !parent.as_os_str().is_empty());
        let mut roots = roots.to_vec();
        roots.push(own.unwrap_or(Path::new(".")).to_owned());
        DataSpec { values: self.data.clone(), roots }
    }

    /// An error at the `family` key: no worker serves it.
    pub fn wrong_family(&self, message: &str) -> StudyFileError {
        self.source.wrong(self.family.span.clone(), message)
    }

    /// An error at the `[data]` table: the family cannot use it. It stands at the key or the text value that the
    /// message names, if it does.
    pub fn wrong_data(&self, message: &str) -> StudyFileError {
        let words: Vec<&str> = message.split(|at: char| !(at.is_alphanumeric() || at == '_')).collect();
        let quoted = |key: &str| self.data.get(key).and_then(|value| value.as_str()).map(|text| format!("{text:?}"));
        let named = |key: &str| words.contains(&key) || quoted(key).is_some_and(|text| message.contains(&text));
        let place = self.data_places.iter().find(|(key, _)| named(key)).map(|(_, place)| place);
        self.source.wrong(place.unwrap_or(&self.data_place).clone(), message)
    }

    /// The space as the file alone declares it, without the family's conditions, defaults and constraints.
    ///
    /// # Errors
    /// Where it is no space; [`StudyFile::parse`] has checked that.
    pub fn own_space(&self) -> Result<SearchSpace, StudyFileError> {
        let parameters = self.space.entries.iter().map(|entry| entry.parameter.clone()).collect();
        let constraints = self.space.constraints.iter().map(|(constraint, _)| constraint.clone()).collect();
        self.space_of(parameters, constraints)
    }
}
