//! `seqtune completions`: a script for a shell.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::error::CommandError;
use crate::exit::Exit;

/// Print the completions of a shell
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune completions bash > ~/.local/share/bash-completion/completions/seqtune\n\
\x20 seqtune completions zsh > ~/.zfunc/_seqtune")]
pub(crate) struct Arguments {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn execute<C: CommandFactory>(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut C::command(), "seqtune", &mut script);
    out.write_all(&script)?;
    Ok(Exit::Done)
}
