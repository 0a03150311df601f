//! `seqtune init`: writes a commented study file for a family.

use std::io::Write;
use std::path::{Path, PathBuf};

use seqtune::import::fit_name;
use seqtune::{inline, python};
use seqtune_plugin::{Direction, FamilyInfo};
use seqtune_space::ready::{self, ReadySpace};
use seqtune_space::{Domain, Parameter, ParameterForm, Params, Scale, Value};

use super::families::family;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{helper_beside, write_new};

/// Write a commented study file for a family, for one of its ready spaces, or for a Python program of your own
///
/// Once [data] is filled in, the file is ready to run. For a family, numbers are searched around its defaults, choices are
/// fixed at their defaults, and what does not apply then is commented out. For a ready space, that is searched, and each of
/// its parameters stands below as a comment, to be changed. Every line says what else is possible. An existing file is
/// never overwritten.
///
/// With --python it writes a program to put your own training into, what it imports, and its study file. All three run as
/// they are, on a made-up problem.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune init toy -o toy.toml\n\
\x20 seqtune init tf-cnn -o cnn.toml\n\
\x20 seqtune init tf > tf.toml\n\
\x20 seqtune init --python train.py -o train.toml")]
pub(crate) struct Arguments {
    /// The family, or a ready space of one; `seqtune families` lists both
    #[arg(value_name = "FAMILY|SPACE", required_unless_present = "python")]
    family: Option<String>,
    /// Where to write the study file, in place of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write a Python program here to put your own training into, with its study file
    #[arg(long, value_name = "PROGRAM.py", conflicts_with = "family")]
    python: Option<PathBuf>,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    if let Some(program) = &arguments.python {
        return of_own_program(program, arguments.output.as_deref(), out);
    }
    let given = arguments.family.as_deref().unwrap_or_default();
    let ready = ready::space(given).filter(|space| space.family != space.name);
    let info = family(ready.map_or(given, |space| &space.family))?;
    let Some(path) = &arguments.output else {
        out.write_all(study_file(&info, ready, &format!("my-{given}")).as_bytes())?;
        return Ok(Exit::Done);
    };
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let plain = |character: char| character.is_alphanumeric() || matches!(character, '-' | '_');
    let name = if !stem.is_empty() && stem.chars().all(plain) { stem } else { format!("my-{}", info.name) };
    write_new(&[(path, &study_file(&info, ready, &name))])?;
    writeln!(out, "Wrote {0}. Edit it, then: seqtune check {0} && seqtune run {0}", path.display())?;
    Ok(Exit::Done)
}

/// A program, what it imports, and its study file.
fn of_own_program(program: &Path, output: Option<&Path>, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let study = output.map_or_else(|| program.with_extension("toml"), Path::to_owned);
    if study == program {
        return Err(CommandError::Usage("the program and the study file need different names".to_owned()));
    }
    let name = fit_name(&program.file_stem().unwrap_or_default().to_string_lossy());
    let (text, file) = (python::program(&name, &study), python::study_file(&name, &study, program));
    let helper = helper_beside(program);
    let mut files = vec![(program, text.as_str()), (study.as_path(), file.as_str())];
    files.extend(helper.as_deref().map(|path| (path, python::HELPER)));
    write_new(&files)?;
    let names = files.iter().map(|(path, _)| path.display().to_string()).collect::<Vec<_>>().join(", ");
    let study = study.display();
    writeln!(
        out,
        "Wrote {names}. Put your training in, then: seqtune check {study} --conformance && seqtune run {study}"
    )?;
    Ok(Exit::Done)
}

/// The text of a study file for a family, from a ready space where one is given.
fn study_file(info: &FamilyInfo, ready: Option<&ReadySpace>, name: &str) -> String {
    let mut text =
        format!("# {}\n\nname = {}\nfamily = {}\n", info.summary, inline::text(name), inline::text(&info.name));
    text.push_str("seed = 1            # all random numbers come from it\n\n");
    if let Some(metric) = info.metrics.first() {
        text.push_str(&format!("metric = {}\n", inline::text(&metric.name)));
    }
    text.push_str("reduce = \"best\"     # a trial's value: its best step, or its \"last\"\n");
    for metric in &info.metrics {
        let better = if metric.direction == Direction::Maximize { "higher" } else { "lower" };
        text.push_str(&format!("# {}: {} ({better} is better)\n", metric.name, metric.doc));
    }
    text.push_str("\n[data]\n");
    for (key, doc) in &info.data {
        text.push_str(&format!("# {key} = ...  # {doc}\n"));
    }
    text.push_str(&format!(
        "\n[trial]\n\
         steps = 10          # one step is one {}\n\
         checkpoint_every = 1\n\
         # time_limit = \"1h\" # of one attempt\n\
         # stall_limit = \"10m\" # how long a worker may be silent\n\
         # retries = 2       # of a trial whose worker crashed\n\
         \n[budget]           # of the study, over all restarts; may be changed while it lives\n\
         trials = 20\n\
         # hours = 2.0       # that a manager was alive\n\
         # device_hours = 8.0 # that devices were training\n\
         # patience = 10     # trials without improvement\n\
         \n[sampler]\n\
         type = \"auto\"       # learns from the trials; or \"random\"\n\
         \n[pruner]\n\
         type = \"none\"       # or \"curve\", which stops trials that will not become the best\n\
         \n[workers]\n\
         count = 1\n\
         device = \"auto\"     # or \"cpu\", \"cuda:0\", \"cuda:0,cuda:1\"\n\n",
        info.step
    ));
    if let Some(ready) = ready {
        text.push_str(&extending(ready));
        return text;
    }
    text.push_str(
        "# Numbers are searched on both sides of the family's default, choices are fixed at it. To search a choice:\n\
         #   NAME = { type = \"categorical\", choices = [...] }\n\
         # What is not named here keeps its default.\n",
    );
    let spaces: Vec<_> = ready::spaces().iter().filter(|space| space.family == info.name).collect();
    if !spaces.is_empty() {
        text.push_str("# Or start from a ready space, and name below it only what is to be otherwise:\n");
        for space in spaces {
            text.push_str(&format!("#   extends = {}  # {}\n", inline::text(space.name), space.summary));
        }
    }
    text.push_str("[space]\n");
    let defaults = info.parameters.defaults().unwrap_or_default();
    for parameter in info.parameters.parameters() {
        text.push_str(&line(parameter, &defaults));
    }
    text
}

/// A `[space]` that is a ready one, with its parameters as comments.
fn extending(ready: &ReadySpace) -> String {
    let mut text = format!(
        "# {}\n# To search a parameter otherwise, take its line out of the comment and change it; a bare value fixes it.\n\
         [space]\nextends = {}\n",
        ready.summary,
        inline::text(ready.name)
    );
    for parameter in ready.space.parameters() {
        let form = ParameterForm::from(parameter.clone());
        let written = match (&parameter.default, parameter.domain.cardinality()) {
            (Some(value), Some(1)) => inline::value(value),
            _ => inline::parameter(&form),
        };
        let source = parameter.source.as_ref().map(|source| format!("  # {source}")).unwrap_or_default();
        text.push_str(&format!("# {} = {written}{source}\n", inline::key(&parameter.name)));
    }
    text
}

/// One line of `[space]`, commented out where the parameter does not exist in the default configuration.
fn line(parameter: &Parameter, defaults: &Params) -> String {
    let mut notes = Vec::new();
    notes.extend(parameter.doc.clone());
    notes.push(format!("Limits: {}.", parameter.domain.describe()));
    if !parameter.when.is_empty() {
        notes.push(format!("Only when {}.", parameter.when.in_words()));
    }
    let off = if parameter.is_active(defaults) { "" } else { "# " };
    let written = match (&parameter.domain, &parameter.default) {
        (Domain::Float { .. } | Domain::Int { .. } | Domain::List { .. }, _) | (_, None) => declaration(parameter),
        (_, Some(default)) => inline::value(default),
    };
    let notes = notes.join(" ").replace(char::is_control, " ");
    format!("# {notes}\n{off}{} = {written}\n", inline::key(&parameter.name))
}

/// The parameter's declaration, its range narrowed around the default.
fn declaration(parameter: &Parameter) -> String {
    let default = parameter.default.as_ref();
    let narrowed = match parameter.domain.clone() {
        Domain::Float { low, high, scale, step: None } => {
            let factor = if scale == Scale::Log { 10.0 } else { 4.0 };
            let (low, high) = around(low, high, scale, default, factor);
            Domain::Float { low, high, scale, step: None }
        }
        Domain::Int { low, high, scale, step: 1 } => {
            let (low, high) = around(low as f64, high as f64, scale, default, 4.0);
            Domain::Int { low: low.ceil() as i64, high: high.floor() as i64, scale, step: 1 }
        }
        // A grid is counted from its low.
        other => other,
    };
    let plain = ParameterForm { default: default.cloned(), ..ParameterForm::from(narrowed) };
    inline::parameter(&plain)
}

/// A range of `factor` on both sides of the default, within the limits. On the linear scale only where the limits lie
/// far beyond the default: a share from 0 to 1 is searched as it is, a width up to 8192 is not.
fn around(low: f64, high: f64, scale: Scale, default: Option<&Value>, factor: f64) -> (f64, f64) {
    let Some(middle) = default.and_then(Value::as_f64).filter(|middle| *middle > 0.0) else { return (low, high) };
    if scale == Scale::Linear && high <= 10.0 * middle {
        return (low, high);
    }
    let short = |value: f64| format!("{value:.3e}").parse().unwrap_or(value);
    (short(middle / factor).max(low), short(middle * factor).min(high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use seqtune::launch::Opened;
    use seqtune::study_file::StudyFile;
    use seqtune_plugin::MetricInfo;

    fn info() -> FamilyInfo {
        let parameters = r#"
            model = { type = "categorical", choices = ["mlp", "cnn"], default = "cnn", doc = "Kind of model." }
            layers = { type = "int", low = 1, high = 8, default = 1, when = { model = "mlp" } }
            kernel = { type = "int", low = 1, high = 256, log = true, default = 12, when = { model = "cnn" } }
            dense = { type = "int", low = 0, high = 8192, default = 32 }
            width = { type = "int", low = 8, high = 512, step = 8, default = 32 }
            lr = { type = "float", low = 1e-7, high = 10.0, log = true, default = 2e-3, doc = "Learning rate." }
            dropout = { type = "float", low = 0.0, high = 0.9, default = 0.0 }
            wide = { type = "bool", default = false }
        "#;
        let metric = MetricInfo {
            name: "valid/auc".to_owned(),
            direction: Direction::Maximize,
            unit: String::new(),
            doc: "Area under the ROC curve.".to_owned(),
        };
        FamilyInfo {
            name: "test".to_owned(),
            version: "1".to_owned(),
            summary: "A family for tests.".to_owned(),
            step: "epoch".to_owned(),
            parameters: toml::from_str(parameters).unwrap(),
            metrics: vec![metric],
            data: BTreeMap::from([("source".to_owned(), "A file.".to_owned())]),
        }
    }

    #[test]
    fn the_file_is_ready_to_run() {
        let text = study_file(&info(), None, "first");
        let file = StudyFile::parse(Path::new("first.toml"), &text).unwrap();
        let opened = Opened { info: info(), digest: "d".to_owned(), summary: BTreeMap::new(), build: BTreeMap::new() };
        let resolved = file.resolve(&opened).unwrap();
        assert_eq!(resolved.warnings, Vec::<String>::new());
        let names: Vec<&str> = resolved.spec.space.parameters().iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["model", "kernel", "dense", "width", "lr", "dropout", "wide"]);
        assert_eq!(resolved.spec.space.defaults().unwrap(), info().parameters.defaults().unwrap());
    }

    #[test]
    fn a_ready_space_is_extended() {
        let ready = ready::space("tf-cnn").unwrap();
        let info =
            FamilyInfo { name: "tf".to_owned(), parameters: ready::declaration("tf").unwrap().clone(), ..info() };
        let opened = Opened { info, digest: "d".to_owned(), summary: BTreeMap::new(), build: BTreeMap::new() };
        let text = study_file(&opened.info, Some(ready), "first");
        let resolve = |text: &str| StudyFile::parse(Path::new("first.toml"), text).unwrap().resolve(&opened).unwrap();
        assert_eq!(resolve(&text).spec.space.len(), ready.space.len());
        // Every comment is a line that can be taken as it stands.
        let (head, lines) = text.split_once("extends = \"tf-cnn\"\n").unwrap();
        let taken: String = lines.lines().map(|line| format!("{}\n", line.trim_start_matches("# "))).collect();
        assert_eq!(resolve(&format!("{head}{taken}")).spec.space.len(), ready.space.len());
    }

    #[test]
    fn every_parameter_is_explained() {
        let text = study_file(&info(), None, "first");
        let space = text.split_once("[space]\n").unwrap().1;
        insta::assert_snapshot!(space);
    }
}
