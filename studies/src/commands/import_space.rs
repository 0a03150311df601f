//! `seqtune import-space`: writes a study file for a search space of another program.

use std::io::Write;
use std::path::{Path, PathBuf};

use seqtune::import::{self, Format, Target, fit_name};
use seqtune::python;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{helper_beside, write_new};

/// Write a study file for a search space of Optuna, W&B or NNI
///
/// The study file has every parameter of FILE, and comments where it is to be filled in. What has no counterpart here is
/// said on standard error, and as a note in the file. An existing file is never overwritten.
#[derive(clap::Args)]
#[command(after_long_help = "What FILE is:\n\
\x20 optuna  JSON of distributions by name, as optuna.distributions.distribution_to_json gives them\n\
\x20 wandb   a sweep, in YAML or JSON\n\
\x20 nni     a search_space.json\n\n\
Optuna writes no such file by itself. This does, for the parameters that a study has tried:\n\
\x20 import json; from optuna.distributions import distribution_to_json\n\
\x20 tried = {k: distribution_to_json(d) for t in study.trials for k, d in t.distributions.items()}\n\
\x20 study = {\"distributions\": tried, \"directions\": [d.name for d in study.directions]}\n\
\x20 json.dump(study, open(\"space.json\", \"w\"))\n\n\
Examples:\n\
\x20 seqtune import-space sweep.yaml --from wandb -o jund.toml\n\
\x20 seqtune import-space space.json --from optuna --worker train.py -o jund.toml")]
pub(crate) struct Arguments {
    /// The file to import
    file: PathBuf,
    /// The program that it is for
    #[arg(long, value_enum, value_name = "PROGRAM")]
    from: Program,
    /// Where to write the study file, in place of standard output
    #[arg(short, long, value_name = "STUDY.toml")]
    output: Option<PathBuf>,
    /// The study's name [default: that of FILE]
    #[arg(long)]
    name: Option<String>,
    /// Also write a worker here: a Python program with the same parameters, to fill your training in (and beside it
    /// seqtune_worker.py, which it imports)
    #[arg(long, value_name = "WORKER.py")]
    worker: Option<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Program {
    Optuna,
    Wandb,
    Nni,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let format = match arguments.from {
        Program::Optuna => Format::Optuna,
        Program::Wandb => Format::Wandb,
        Program::Nni => Format::Nni,
    };
    let name = match &arguments.name {
        Some(name) if fit_name(name) != *name => {
            return Err(CommandError::Usage(format!(
                "--name {name:?} cannot be the name of a study, which is a directory: use letters, digits, `-`, `_` and \
                 `.`, such as {:?}",
                fit_name(name)
            )));
        }
        Some(name) => name.clone(),
        None => fit_name(&arguments.file.file_stem().unwrap_or_default().to_string_lossy()),
    };
    let imported = import::read(&arguments.file, format)?;
    let file = arguments.output.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.toml")));
    let target = Target { source: &arguments.file, name: &name, file: &file, worker: arguments.worker.as_deref() };
    let study = import::study_file(&imported, target);
    let worker = arguments.worker.as_deref().map(|path| (path, import::worker(&imported, target)));
    let study_path = arguments.output.as_deref();
    let helper = arguments.worker.as_deref().and_then(helper_beside);
    let files: Vec<(&Path, &str)> = study_path
        .map(|path| (path, study.as_str()))
        .into_iter()
        .chain(worker.as_ref().map(|(path, text)| (*path, text.as_str())))
        .chain(helper.as_deref().map(|path| (path, python::HELPER)))
        .collect();
    write_new(&files)?;
    for note in &imported.notes {
        say!("warning: {note}");
    }
    match (study_path, &arguments.worker) {
        (None, None) => out.write_all(study.as_bytes())?,
        (None, Some(worker)) => {
            out.write_all(study.as_bytes())?;
            say!("Wrote {}, and beside it {} where it was not yet.", worker.display(), python::HELPER_NAME);
        }
        (Some(path), worker) => {
            let path = path.display();
            if let Some(worker) = worker {
                writeln!(
                    out,
                    "Wrote {}, and beside it {} where it was not yet.",
                    worker.display(),
                    python::HELPER_NAME
                )?;
            }
            writeln!(out, "Wrote {path}. Edit it, then: seqtune check {path} && seqtune run {path}")?;
        }
    }
    Ok(Exit::Done)
}
