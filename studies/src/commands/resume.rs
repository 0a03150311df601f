//! `seqtune resume`: goes on with a study from its directory alone.

use std::io::Write;
use std::path::PathBuf;

use seqtune::launch;
use seqtune_core::Store;

use super::run::{Training, history_of, train};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::places;

/// Go on with a study, from its directory alone
///
/// Everything that the study needs is in its directory; the study file is not read. To change the budget or the
/// workers, edit the file and use `seqtune run`.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune resume results/demo\n\
\x20 seqtune resume demo --workers 4")]
pub(crate) struct Arguments {
    /// The study: its directory, or its name under results/
    #[arg(value_name = "DIR")]
    study: PathBuf,
    #[command(flatten)]
    training: Training,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let store = Store::open(&places::study(&arguments.study)?)?;
    let program = launch::find(&history_of(&store)?.spec.family)?;
    train(store, &program, &arguments.training.options(arguments.training.data_roots()), out)
}
