//! The text of a study file for what was imported.

use std::path::Path;

use seqtune_core::SamplerSpec;
use seqtune_plugin::Direction;
use seqtune_space::{ParameterForm, Value};

use super::Imported;
use super::forms::printable;
use crate::inline;

/// What stands around the imported space.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The file that was imported.
    pub source: &'a Path,
    /// The study's name; [`fit_name`] gives one.
    pub name: &'a str,
    /// The study file itself, as its comments name it.
    pub file: &'a Path,
    /// The program that [`super::worker`] writes, where one is.
    pub worker: Option<&'a Path>,
}

/// The nearest to `text` that a study can be named.
pub fn fit_name(text: &str) -> String {
    let fits = |character: char| character.is_alphanumeric() || matches!(character, '-' | '_' | '.');
    let fit = text.trim().replace(|character| !fits(character), "-");
    let fit = fit.trim_start_matches('.');
    if fit.is_empty() { "imported".to_owned() } else { fit.to_owned() }
}

/// The study file: complete, and commented where it is to be filled in.
pub fn study_file(imported: &Imported, target: Target<'_>) -> String {
    let Target { source, name, file, worker } = target;
    let (source, file) = (file_name(source), shown(file));
    let mut text = format!(
        "# Imported from {source}, {}. Read it through, then:\n\
         #   seqtune check {file}\n\
         #   seqtune run {file}\n\
         #   seqtune best {name}\n",
        imported.format.in_words()
    );
    if !imported.notes.is_empty() {
        text.push_str("#\n");
    }
    for note in &imported.notes {
        text.push_str(&format!("# note: {}\n", printable(note)));
    }
    text.push_str(&format!("\nname = {}\n", inline::text(name)));
    text.push_str(&family(imported, worker));
    text.push_str("seed = 1            # all random numbers come from it\n\n");
    text.push_str(&objective(imported));
    let sampler = sampler(&imported.sampler);
    let others = SamplerSpec::NAMES.iter().filter(|name| **name != sampler).map(|name| format!("{name:?}"));
    let others = others.collect::<Vec<_>>().join(", ");
    text.push_str(&format!(
        "\n[data]              # keys of your program's own\n\
         \n[trial]\n\
         steps = 10          # what one step is, your program says: mostly an epoch\n\
         checkpoint_every = 1\n\
         # time_limit = \"1h\" # of one attempt\n\
         # stall_limit = \"10m\" # how long a worker may be silent\n\
         # retries = 2       # of a trial whose worker crashed\n\
         \n[budget]            # of the study, over all restarts; may be changed while it lives\n\
         trials = {}\n\
         # hours = 2.0\n\
         # patience = 10     # trials without improvement\n\
         \n[sampler]\n\
         type = {:<12} # or {others}\n\
         \n[workers]\n\
         count = 1\n\
         device = \"auto\"     # or \"cpu\", \"cuda:0\"\n\
         \n[space]\n",
        imported.trials.unwrap_or(20),
        format!("{sampler:?}")
    ));
    for (name, form) in &imported.parameters {
        text.push_str(&format!("{} = {}\n", inline::key(name), written(form)));
    }
    text
}

/// The family is a program: the worker that is written beside, the imported file's, or one to be filled in.
fn family(imported: &Imported, worker: Option<&Path>) -> String {
    let of = |command: &[String]| {
        let words: Vec<String> = command.iter().map(|word| inline::text(word)).collect();
        format!("family = {{ command = [{}] }}\n", words.join(", "))
    };
    let python = |file: String| of(&["python3".to_owned(), file]);
    match (worker, &imported.command) {
        (Some(worker), None) => python(worker.to_string_lossy().into_owned()),
        (Some(worker), Some(command)) => {
            let before = printable(&command.join(" "));
            format!("# Before, it was: {before}\n{}", python(worker.to_string_lossy().into_owned()))
        }
        (None, Some(command)) => format!(
            "# The program as before. It must speak with seqtune: one that does is written by import-space --worker FILE.\n{}",
            of(command)
        ),
        (None, None) => format!(
            "# Your program. It must speak with seqtune: one that does is written by import-space --worker FILE.\n{}",
            python("train.py".to_owned())
        ),
    }
}

fn objective(imported: &Imported) -> String {
    let mut text = match &imported.metric {
        Some(metric) => format!("metric = {}\n", inline::text(metric)),
        None => format!(
            "# The imported file does not name it: what your program reports.\nmetric = {}\n",
            inline::text(metric_of(imported))
        ),
    };
    text.push_str(match imported.direction {
        Some(Direction::Maximize) => "direction = \"maximize\"\n",
        Some(Direction::Minimize) => "direction = \"minimize\"\n",
        None => "# direction = \"minimize\" # where it is not the way that your program says\n",
    });
    text.push_str("reduce = \"last\"     # a trial's value: its last step, or its \"best\"\n");
    text
}

/// The metric, or a word for one.
pub(super) fn metric_of(imported: &Imported) -> &str {
    match (&imported.metric, imported.direction) {
        (Some(metric), _) => metric,
        (None, Some(Direction::Maximize)) => "valid/score",
        (None, _) => "valid/loss",
    }
}

fn sampler(sampler: &SamplerSpec) -> String {
    let tagged = serde_json::to_value(sampler).unwrap_or_default();
    tagged["type"].as_str().unwrap_or("auto").to_owned()
}

/// A parameter on one line: what is fixed is its bare value.
fn written(form: &ParameterForm) -> String {
    match form.choices.as_deref() {
        Some([only]) if form.when.is_empty() && !matches!(only, Value::List(_)) => inline::value(only),
        _ => inline::parameter(form),
    }
}

/// The name of an imported file, wherever it is.
pub(super) fn file_name(path: &Path) -> String {
    shown(path.file_name().map_or(path, Path::new))
}

/// A path for one line of a comment.
pub(super) fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}
