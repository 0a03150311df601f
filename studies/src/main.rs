//! The program `seqtune`: hyperparameter search for sequence models on the command line.

/// Writes a line to standard error. Unlike `eprintln!` it does not panic where nobody reads it any more: a study must not
/// end because a terminal was closed.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}

mod commands;
mod error;
mod exit;
mod output;
mod places;
mod progress;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use commands::{
    apply, ask_tell, best, check, completions, doctor, explain, export, families, fsck, go_on, import_space,
    importance, init, note, pause, plot, replicate, report, resume, run, status, stop, table, tag, trials, verify,
    view,
};
use error::CommandError;
use exit::{AFTER_HELP, Exit};

/// Hyperparameter search for sequence models.
///
/// A study file says what to search; a study is a directory with everything that happened. `seqtune run` trains trials
/// in worker processes, never loses one, and goes on after any interruption where it was.
#[derive(Parser)]
#[command(name = "seqtune", version, after_help = AFTER_HELP, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Say on standard error what happens inside; twice for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Arguments),
    Resume(resume::Arguments),
    Stop(stop::Arguments),
    Pause(pause::Arguments),
    GoOn(go_on::Arguments),
    Status(status::Arguments),
    Trials(trials::Arguments),
    Best(best::Arguments),
    Table(table::Arguments),
    Importance(importance::Arguments),
    Plot(plot::Arguments),
    Report(report::Arguments),
    View(view::Arguments),
    Note(note::Arguments),
    Tag(tag::Arguments),
    Replicate(replicate::Arguments),
    Apply(apply::Arguments),
    Export(export::Arguments),
    Explain(explain::Arguments),
    Verify(verify::Arguments),
    Fsck(fsck::Arguments),
    AskTell(ask_tell::Arguments),
    Init(init::Arguments),
    ImportSpace(import_space::Arguments),
    Check(check::Arguments),
    Families(families::Arguments),
    Doctor(doctor::Arguments),
    Completions(completions::Arguments),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    log_to_stderr(cli.verbose);
    let mut out = BufWriter::new(io::stdout().lock());
    let result = execute(cli.command, &mut out).and_then(|exit| {
        out.flush()?;
        Ok(exit)
    });
    // What was written before an error still belongs to its reader.
    let flushed = out.flush();
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            drop(flushed);
            error.print();
            error.exit().into()
        }
    }
}

fn execute(command: Command, out: &mut dyn Write) -> Result<Exit, CommandError> {
    match command {
        Command::Run(arguments) => run::execute(&arguments, out),
        Command::Resume(arguments) => resume::execute(&arguments, out),
        Command::Stop(arguments) => stop::execute(&arguments, out),
        Command::Pause(arguments) => pause::execute(&arguments, out),
        Command::GoOn(arguments) => go_on::execute(&arguments, out),
        Command::Status(arguments) => status::execute(&arguments, out),
        Command::Trials(arguments) => trials::execute(&arguments, out),
        Command::Best(arguments) => best::execute(&arguments, out),
        Command::Table(arguments) => table::execute(&arguments, out),
        Command::Importance(arguments) => importance::execute(&arguments, out),
        Command::Plot(arguments) => plot::execute(&arguments),
        Command::Report(arguments) => report::execute(&arguments, out),
        Command::View(arguments) => view::execute(&arguments),
        Command::Note(arguments) => note::execute(&arguments, out),
        Command::Tag(arguments) => tag::execute(&arguments, out),
        Command::Replicate(arguments) => replicate::execute(&arguments, out),
        Command::Apply(arguments) => apply::execute(&arguments, out),
        Command::Export(arguments) => export::execute(&arguments, out),
        Command::Explain(arguments) => explain::execute(&arguments, out),
        Command::Verify(arguments) => verify::execute(&arguments, out),
        Command::Fsck(arguments) => fsck::execute(&arguments, out),
        Command::AskTell(arguments) => ask_tell::execute(&arguments, out),
        Command::Init(arguments) => init::execute(&arguments, out),
        Command::ImportSpace(arguments) => import_space::execute(&arguments, out),
        Command::Check(arguments) => check::execute(&arguments, out),
        Command::Families(arguments) => families::execute(&arguments, out),
        Command::Doctor(arguments) => doctor::execute(&arguments, out),
        Command::Completions(arguments) => completions::execute::<Cli>(&arguments, out),
    }
}

/// `SEQTUNE_LOG` chooses in the syntax of `tracing_subscriber::EnvFilter`; `-v` is short for `info`, `-vv` for `debug`.
fn log_to_stderr(verbose: u8) {
    let chosen = std::env::var("SEQTUNE_LOG").ok();
    let default = ["warn", "info", "debug"][usize::from(verbose.min(2))];
    let filter = tracing_subscriber::EnvFilter::new(chosen.as_deref().unwrap_or(default));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).without_time().init();
}
