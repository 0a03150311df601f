//! `seqtune run`: starts a study, or goes on with it.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use seqtune::edit::edit;
use seqtune::launch::{self, LaunchError, Opened, WorkerProgram};
use seqtune::manager::{self, Outcome, RunOptions};
use seqtune::study_file::{Resolved, StudyFile, is_device};
use seqtune_core::{History, Settings, Store, is_study};
use seqtune_plugin::DataSpec;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::places;
use crate::progress::{Terminal, summary};

/// Start a study, or go on with it
///
/// The same command starts the study, goes on after an interruption or a kill, and takes up an edited file: the budget,
/// the workers, additional [[enqueue]] points and a wider [space] (larger ranges, more choices with their own parameters,
/// fewer constraints) may come in; of all else the exact difference is shown and refused.
///
/// Ctrl-C stops in order: the running trials go on from their last checkpoint next time.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune run studies/demo.toml\n\
\x20 seqtune run jund.toml --data /data/jund --workers 2 --device cuda:0")]
pub(crate) struct Arguments {
    /// The study file
    #[arg(value_name = "STUDY.toml")]
    file: PathBuf,
    /// The study's directory [default: results/NAME]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    #[command(flatten)]
    training: Training,
}

/// How a run trains; not part of the study.
#[derive(clap::Args)]
pub(crate) struct Training {
    /// Workers at once, in place of the study's own count
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    workers: Option<u64>,
    /// Where to train, in place of the study's own choice: auto, cpu, cuda (all GPUs), cuda:0, or cuda:0,cuda:2. Workers
    /// take the devices in turn
    #[arg(long, value_name = "DEVICE", value_parser = device)]
    device: Option<String>,
    /// A directory in which the paths of [data] are looked for, before those in SEQTUNE_DATA and the current one
    #[arg(long, value_name = "DIR")]
    data: Vec<PathBuf>,
}

impl Training {
    /// Directories of the data, as the command line and the environment name them.
    pub(crate) fn data_roots(&self) -> Vec<PathBuf> {
        places::data_roots(&self.data)
    }

    pub(crate) fn options(&self, data_roots: Vec<PathBuf>) -> RunOptions {
        RunOptions { workers: self.workers, device: self.device.clone(), cache: places::cache(), data_roots }
    }
}

fn device(text: &str) -> Result<String, String> {
    if is_device(text) {
        Ok(text.to_owned())
    } else {
        Err("expected auto, cpu, cuda, cuda:N, or several with commas between".to_owned())
    }
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let file = StudyFile::read(&arguments.file)?;
    let directory = arguments.dir.clone().unwrap_or_else(|| places::directory_of(file.name()));
    // Whoever holds the study is found before any data is prepared.
    let existing = if is_study(&directory) { Some(Store::open(&directory)?) } else { None };
    let data = file.data(&arguments.training.data_roots());
    let (program, opened) = ask_worker(&file, &data)?;
    let resolved = file.resolve(&opened)?;
    for warning in &resolved.warnings {
        say!("warning: {warning}");
    }
    let store = match existing {
        Some(store) => edited(store, &resolved)?,
        None => Store::create(&directory, &resolved.spec, &resolved.settings, &seqtune::build())?,
    };
    train(store, &program, &arguments.training.options(data.roots), out)
}

/// Starts the family's worker and lets it prepare the data; what is wrong with the file's family or data is said at its
/// place in the file.
pub(crate) fn ask_worker(file: &StudyFile, data: &DataSpec) -> Result<(WorkerProgram, Opened), CommandError> {
    let program = launch::find(file.family()).map_err(|error| match error {
        // With no worker at all it is the installation that is wrong, not the file.
        LaunchError::Unknown { .. } if launch::installed().iter().any(|(_, infos)| infos.is_ok()) => {
            CommandError::StudyFile(file.wrong_family(&error.to_string()))
        }
        error => error.into(),
    })?;
    let opened = program.open(data, &places::cache()).map_err(|error| match error {
        LaunchError::Data { message, .. } => CommandError::StudyFile(file.wrong_data(&message)),
        error => error.into(),
    })?;
    Ok((program, opened))
}

/// The study, brought to what its edited file says.
fn edited(mut store: Store, resolved: &Resolved) -> Result<Store, CommandError> {
    let history = history_of(&store)?;
    let events = edit(&history, &resolved.going_on_with(&history.spec), &resolved.written, &resolved.settings)
        .map_err(|changes| CommandError::Edited { directory: store.directory().to_owned(), changes })?;
    if !events.is_empty() {
        tracing::info!("the study file was edited: {} changes go into the log", events.len());
    }
    store.append(events)?;
    Ok(store)
}

pub(crate) fn history_of(store: &Store) -> Result<History, CommandError> {
    Ok(store.history()?)
}

/// Trains until the budget is spent or somebody stops it, and says how it went.
pub(crate) fn train(
    store: Store,
    program: &WorkerProgram,
    options: &RunOptions,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let directory = store.directory().to_owned();
    let history = history_of(&store)?;
    let Settings { workers, .. } = &history.settings;
    let count = options.workers.unwrap_or(workers.count);
    say!(
        "{} {} in {} with {count} worker{}",
        if history.trials.is_empty() { "starting" } else { "going on with" },
        history.spec.name,
        directory.display(),
        if count == 1 { "" } else { "s" },
    );
    drop(history);
    let mut terminal = Terminal::new(&directory, std::io::stderr().is_terminal());
    let outcome = manager::run(store, program, options, &mut terminal);
    terminal.clear();
    let (exit, sentence) = match outcome? {
        Outcome::Done { reason } => (Exit::Done, format!("done: {reason}")),
        Outcome::Stopped { reason } if reason.starts_with("stopped") => (Exit::Stopped, reason),
        Outcome::Stopped { reason } => (Exit::Stopped, format!("stopped: {reason}")),
    };
    summary(&directory, &sentence, exit == Exit::Stopped, out)?;
    Ok(exit)
}
