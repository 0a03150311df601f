//! `seqtune import-space`: writes a study file for a search space of another program.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use seqtune::import::{self, Format, Target, fit_name};

use super::init::exists;
use crate::error::CommandError;
use crate::exit::Exit;

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
    /// Also write a worker here: a Python program with the same parameters, to fill your training in
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
    let files: Vec<(&Path, &str)> = study_path
        .map(|path| (path, study.as_str()))
        .into_iter()
        .chain(worker.as_ref().map(|(path, text)| (*path, text.as_str())))
        .collect();
    write_new(&files)?;
    for note in &imported.notes {
        say!("warning: {note}");
    }
    match (study_path, &arguments.worker) {
        (None, None) => out.write_all(study.as_bytes())?,
        (None, Some(worker)) => {
            out.write_all(study.as_bytes())?;
            say!("Wrote {}, which needs seqtune_worker.py beside it.", worker.display());
        }
        (Some(path), worker) => {
            let path = path.display();
            if let Some(worker) = worker {
                writeln!(out, "Wrote {}, which needs seqtune_worker.py beside it.", worker.display())?;
            }
            writeln!(out, "Wrote {path}. Edit it, then: seqtune check {path} && seqtune run {path}")?;
        }
    }
    Ok(Exit::Done)
}

/// Writes files that are not there yet, all of them or none.
fn write_new(files: &[(&Path, &str)]) -> Result<(), CommandError> {
    let mut made: Vec<(&Path, File, &str)> = Vec::new();
    let mut result = Ok(());
    for (path, text) in files {
        match OpenOptions::new().write(true).create_new(true).open(path) {
            Ok(file) => made.push((path, file, text)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => result = Err(exists(path)),
            Err(source) => result = Err(CommandError::File { path: path.to_path_buf(), source }),
        }
        if result.is_err() {
            break;
        }
    }
    for (path, file, text) in &mut made {
        if result.is_ok() {
            let written = file.write_all(text.as_bytes());
            result = written.map_err(|source| CommandError::File { path: path.to_path_buf(), source });
        }
    }
    if result.is_err() {
        for (path, file, _) in made {
            drop(file);
            // It is this command's own; what cannot be removed is in the same trouble as what could not be written.
            let _ = std::fs::remove_file(path);
        }
    }
    result
}
