//! A worker program: arguments, standard streams, exit code.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Write};
use std::process::ExitCode;
use std::time::Duration;

use super::{Conversation, stdio};
use crate::family::{FamilyInfo, ModelFamily};

/// How long a step may go on after the study has gone away, until the program ends without it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Wrong arguments.
const EXIT_USAGE: u8 = 2;

/// The main function of a worker program that serves these families.
///
/// `--family NAME` chooses one and may be left out where there is only one; `--list` prints the [`FamilyInfo`] of all
/// as a JSON array. Otherwise standard input and output carry [the protocol](crate::protocol), and the program ends
/// when its input does.
///
/// ```
/// # use seqtune_plugin::ModelFamily;
/// // The whole main function of a worker, given its family.
/// fn run(my_family: &dyn ModelFamily) -> std::process::ExitCode {
///     seqtune_plugin::worker_main(&[my_family])
/// }
/// ```
pub fn worker_main(families: &[&dyn ModelFamily]) -> ExitCode {
    worker_main_with(families, BTreeMap::new)
}

/// [`worker_main`] with entries for the `build` of the `ready` message, such as the version of libtorch. They are asked
/// for only where trials are to be trained: `--help` and `--list` load nothing.
pub fn worker_main_with(families: &[&dyn ModelFamily], build: impl FnOnce() -> BTreeMap<String, String>) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match parse(&arguments, families) {
        Ok(Request::Help) => print(&help(families)),
        Ok(Request::List) => {
            let infos: Vec<FamilyInfo> = families.iter().map(|family| family.info()).collect();
            match serde_json::to_string(&infos) {
                Ok(json) => print(&(json + "\n")),
                Err(error) => fail(&error.to_string(), ExitCode::FAILURE),
            }
        }
        Ok(Request::Serve(family)) => match serve_standard_streams(family, build) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&format!("the conversation with the study broke off: {error}"), ExitCode::FAILURE),
        },
        Err(message) => fail(&message, ExitCode::from(EXIT_USAGE)),
    }
}

fn serve_standard_streams(
    family: &dyn ModelFamily,
    build: impl FnOnce() -> BTreeMap<String, String>,
) -> io::Result<()> {
    stdio::ignore_interrupt_key()?;
    let output = stdio::take_stdout()?;
    Conversation::open(family, build(), BufReader::new(io::stdin()), output, Some(PATIENCE)).serve()
}

enum Request<'a> {
    Help,
    List,
    Serve(&'a dyn ModelFamily),
}

fn parse<'a>(arguments: &[String], families: &[&'a dyn ModelFamily]) -> Result<Request<'a>, String> {
    let mut name = None;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--help" | "-h" => return Ok(Request::Help),
            "--list" => return Ok(Request::List),
            "--family" => name = Some(rest.next().ok_or("`--family` needs a name behind it")?.as_str()),
            other => match other.strip_prefix("--family=") {
                Some(given) => name = Some(given),
                None => return Err(format!("{other:?} is not an argument of this program; `--help` lists them")),
            },
        }
    }
    match (name, families) {
        (Some(name), _) => {
            let found = families.iter().find(|family| family.info().name == name);
            found.map(|family| Request::Serve(*family)).ok_or_else(|| unknown(name, families))
        }
        (None, [family]) => Ok(Request::Serve(*family)),
        (None, _) => Err(format!("say which family with `--family NAME`: {}", names(families).join(", "))),
    }
}

fn unknown(name: &str, families: &[&dyn ModelFamily]) -> String {
    let names = names(families);
    let nearest = names.iter().max_by(|a, b| strsim::jaro(a, name).total_cmp(&strsim::jaro(b, name)));
    let hint = nearest.filter(|near| strsim::jaro(near, name) > 0.7).map(|near| format!(" Did you mean {near:?}?"));
    format!("there is no family {name:?} in this worker, which has {}.{}", names.join(", "), hint.unwrap_or_default())
}

fn names(families: &[&dyn ModelFamily]) -> Vec<String> {
    families.iter().map(|family| family.info().name).collect()
}

fn help(families: &[&dyn ModelFamily]) -> String {
    let mut text = "\
A worker of seqtune: trains trials for a study manager, which starts it and speaks with it in JSON lines over standard
input and output. It ends when its input ends.

Options:
  --family NAME  serve this family; may be left out where there is only one
  --list         print what the families are, as a JSON array, and exit
  -h, --help     print this help and exit

Families:
"
    .to_owned();
    for info in families.iter().map(|family| family.info()) {
        text.push_str(&format!("  {}  {}\n", info.name, info.summary));
    }
    text
}

fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        // A closed pipe, as in `--list | head`.
        Err(_) => ExitCode::FAILURE,
    }
}

fn fail(message: &str, code: ExitCode) -> ExitCode {
    eprintln!("error: {message}");
    code
}
