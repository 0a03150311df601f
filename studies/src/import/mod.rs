//! Search spaces of other programs, read and written again as a study file.
//!
//! [`read`] takes an Optuna export, a W&B sweep or an NNI search space; [`study_file`] writes what it says as the
//! skeleton of a study file, and [`worker`] as a Python program that the study can train. What has no counterpart here
//! is a note: one sentence, in the file and on the command line.
//!
//! ```
//! use std::path::Path;
//! use seqtune::import::{Format, parse};
//! use seqtune::inline;
//!
//! let text = r#"{"lr": {"_type": "loguniform", "_value": [1e-4, 0.1]}, "layers": {"_type": "randint", "_value": [1, 4]}}"#;
//! let imported = parse(Path::new("search_space.json"), text, Format::Nni)?;
//! let line = |(name, form)| format!("{name} = {}", inline::parameter(form));
//! let lines: Vec<String> = imported.parameters.iter().map(|(name, form)| line((name, form))).collect();
//! assert_eq!(lines, [
//!     "lr = { type = \"float\", low = 0.0001, high = 0.1, log = true }",
//!     "layers = { type = \"int\", low = 1, high = 3 }",
//! ]);
//! # Ok::<(), seqtune::import::ImportError>(())
//! ```

mod document;
mod error;
mod forms;
mod nni;
mod optuna;
mod skeleton;
mod wandb;
mod worker;
mod yaml;

use std::path::Path;

use seqtune_core::SamplerSpec;
use seqtune_plugin::Direction;
use seqtune_space::{Parameter, ParameterForm, RESERVED, SearchSpace, SpaceError};

pub use error::ImportError;
pub use skeleton::{Target, fit_name, study_file};
pub use worker::worker;

use document::{Node, Wrong, wrong};

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Distributions of Optuna as JSON.
    Optuna,
    /// A sweep of Weights & Biases in YAML or JSON.
    Wandb,
    /// A `search_space.json` of NNI, or the same in YAML.
    Nni,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 3] = [Format::Optuna, Format::Wandb, Format::Nni];

    /// As `--from` names it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Optuna => "optuna",
            Format::Wandb => "wandb",
            Format::Nni => "nni",
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Format::Optuna => "an export of Optuna distributions",
            Format::Wandb => "a W&B sweep",
            Format::Nni => "an NNI search space",
        }
    }

    /// What a file looks like.
    fn of(root: &Node) -> Option<Format> {
        let sweeps = |parameters: &Node| parameters.is_map() && !optuna::is_distribution(parameters);
        if root.entries().iter().any(|entry| entry.value.get("_type").is_some()) {
            Some(Format::Nni)
        } else if root.get("parameters").is_some_and(sweeps) {
            Some(Format::Wandb)
        } else {
            optuna::is_export(root).then_some(Format::Optuna)
        }
    }
}

/// What a file says.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Whose file it was.
    pub format: Format,
    /// The parameters in the order of the file, conditions after what they name. They make a search space.
    pub parameters: Vec<(String, ParameterForm)>,
    /// The metric that is optimised, where the file names one.
    pub metric: Option<String>,
    /// Which way it is better, where the file says so.
    pub direction: Option<Direction>,
    /// How many trials there may be, where the file says so.
    pub trials: Option<u64>,
    /// The sampler that comes nearest.
    pub sampler: SamplerSpec,
    /// The program that is trained, and its arguments.
    pub command: Option<Vec<String>>,
    /// What could not be carried over, one sentence each.
    pub notes: Vec<String>,
}

impl Imported {
    fn new(format: Format) -> Imported {
        Imported {
            format,
            parameters: Vec::new(),
            metric: None,
            direction: None,
            trials: None,
            sampler: SamplerSpec::Auto,
            command: None,
            notes: Vec::new(),
        }
    }

    fn note(&mut self, sentence: impl Into<String>) {
        self.notes.push(forms::printable(&sentence.into()));
    }

    /// Adds a parameter, under a name that a space can hold.
    fn add(&mut self, name: &str, line: usize, form: ParameterForm) -> Result<(), Wrong> {
        let fit = self.fit(name, line)?;
        let (parameter, earlier) = (form.clone().build(&fit), self.parameters.iter().any(|(other, _)| *other == fit));
        match parameter {
            Err(SpaceError::Parameter { message, .. }) => Err(wrong(line, message)),
            Err(error) => Err(wrong(line, error.to_string())),
            Ok(_) if earlier => Err(wrong(line, format!("there is another parameter `{fit}`; rename one of them"))),
            Ok(_) => {
                self.parameters.push((fit, form));
                Ok(())
            }
        }
    }

    /// The name itself, or the nearest that a space can hold.
    fn fit(&mut self, name: &str, line: usize) -> Result<String, Wrong> {
        if name.trim().is_empty() {
            return Err(wrong(line, "a parameter has no name; give it one"));
        }
        let misfit = |c: char| c.is_whitespace() || c.is_control() || c == '`';
        let fit = name.replace(misfit, "_");
        let (fit, because) = if RESERVED.contains(&fit.as_str()) {
            (format!("{fit}_"), "the word itself means something else in a space")
        } else {
            (fit, "names hold no white space")
        };
        if fit != name {
            self.note(format!("The parameter \"{name}\" is named `{fit}`, since {because}."));
        }
        Ok(fit)
    }

    /// The space that the parameters make.
    ///
    /// # Errors
    /// None for what [`read`] and [`parse`] return.
    pub fn space(&self) -> Result<SearchSpace, SpaceError> {
        let build = |(name, form): &(String, ParameterForm)| form.clone().build(name);
        SearchSpace::new(self.parameters.iter().map(build).collect::<Result<Vec<Parameter>, _>>()?)
    }
}

/// Reads a file.
///
/// # Errors
/// [`ImportError::Unreadable`], and all errors of [`parse`].
pub fn read(path: &Path, format: Format) -> Result<Imported, ImportError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| ImportError::Unreadable { path: path.to_owned(), source })?;
    parse(path, &text, format)
}

/// Reads the text of a file; `path` is for messages.
///
/// # Errors
/// [`ImportError::OtherFormat`] where it looks like a file of another program, and [`ImportError::Wrong`] at the first
/// thing that is wrong.
pub fn parse(path: &Path, text: &str, format: Format) -> Result<Imported, ImportError> {
    let at = |Wrong { line, message }| ImportError::Wrong { path: path.to_owned(), line, message };
    // Written by some editors, and no part of the text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (root, texts) = tree(text, format).map_err(at)?;
    if let Some(found) = Format::of(&root).filter(|found| *found != format) {
        return Err(ImportError::OtherFormat { path: path.to_owned(), asked: format, found });
    }
    let mut imported = match format {
        Format::Optuna => optuna::import(&root),
        Format::Wandb => wandb::import(&root),
        Format::Nni => nni::import(&root),
    }
    .map_err(at)?;
    if !texts.is_empty() {
        let texts = texts.join(", ");
        imported.note(format!("Read as numbers here, and taken for text by Python's usual reader of YAML: {texts}."));
    }
    // Each parameter was checked when it was added, and conditions name earlier ones: nothing is expected here.
    imported.space().map_err(|error| at(wrong(1, error.to_string())))?;
    Ok(imported)
}

/// The file as a tree, and the numbers that Python's reader of YAML takes for text.
fn tree(text: &str, format: Format) -> Result<(Node, Vec<String>), Wrong> {
    let json = match document::json(text) {
        Ok(node) => return Ok((node, Vec::new())),
        Err(error) => error,
    };
    let looks_like_json = text.trim_start().starts_with(['{', '[', '/']);
    match yaml::yaml(text) {
        // Optuna writes JSON alone; the YAML of another program is still recognised.
        Ok(read) if format != Format::Optuna || Format::of(&read.0).is_some_and(|found| found != format) => Ok(read),
        Err(error) if format != Format::Optuna && !looks_like_json => Err(error),
        _ => Err(json),
    }
}
