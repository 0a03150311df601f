//! `seqtune doctor`: looks at the installation and says what is missing.

use std::io::Write;
use std::path::{Path, PathBuf};

use seqtune::launch;
use seqtune::manager::gpus;
use seqtune_core::{Settings, Store, testing};
use serde::Serialize;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, FormatArgument, write_csv, write_json};
use crate::places;

/// Check the installation, and say what to do about what is missing
///
/// Looks for the worker programs and starts them, for libtorch and CUDA, for places to write, and for data. Each line is
/// ok, warn or problem; exits with 1 at a problem. Fields of -f json and csv: what, state, message.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    format: FormatArgument,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warn,
    Problem,
}

#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    state: State,
    message: String,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let mut findings = vec![program()];
    findings.extend(workers());
    findings.push(libtorch());
    findings.push(gpu());
    findings.push(viewer());
    findings.push(studies());
    findings.push(cache());
    findings.push(data());
    findings.push(finding("sqlite", State::Ok, rusqlite::version()));
    match arguments.format.format {
        Format::Json => write_json(out, &findings)?,
        Format::Csv => write_csv(out, &findings)?,
        Format::Table => {
            for Finding { what, state, message } in &findings {
                let state = match state {
                    State::Ok => "ok",
                    State::Warn => "warn",
                    State::Problem => "problem",
                };
                writeln!(out, "{state:<8} {what:<9} {message}")?;
            }
        }
    }
    let problem = findings.iter().any(|finding| finding.state == State::Problem);
    Ok(if problem { Exit::Error } else { Exit::Done })
}

fn finding(what: &'static str, state: State, message: impl Into<String>) -> Finding {
    Finding { what, state, message: message.into() }
}

fn program() -> Finding {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let path = std::env::current_exe().unwrap_or_default();
    finding("seqtune", State::Ok, format!("{}, {}; {threads} threads", seqtune::build(), path.display()))
}

fn workers() -> Vec<Finding> {
    let found: Vec<Finding> = launch::installed()
        .into_iter()
        .map(|(program, infos)| match infos {
            Ok(infos) => {
                let names: Vec<String> = infos.into_iter().map(|info| info.name).collect();
                finding("worker", State::Ok, format!("{program} trains {}", names.join(", ")))
            }
            Err(error) => finding("worker", State::Problem, format!("{error}; build it again, or see its message")),
        })
        .collect();
    if !found.is_empty() {
        return found;
    }
    let place = places::beside("seqtune-worker");
    let message = format!(
        "there is no {}, so no built-in family can be trained; build one with: cargo xtask setup && cargo build \
         --release -p seqtune-worker",
        place.display()
    );
    vec![finding("worker", State::Problem, message)]
}

/// What the worker with the libtorch families says of its build when it is ready.
fn libtorch() -> Finding {
    let worker = places::beside("seqtune-worker");
    if !worker.is_file() {
        let message = "not looked for: seqtune-worker is not built, and only it needs libtorch";
        return finding("libtorch", State::Warn, message);
    }
    let asked = launch::WorkerProgram::process(&worker, Vec::new()).list().and_then(|served| {
        let family = served.first().map(|info| info.name.clone()).unwrap_or_default();
        launch::WorkerProgram::process(&worker, vec!["--family".to_owned(), family]).build()
    });
    match asked {
        Ok(build) if build.is_empty() => finding("libtorch", State::Ok, "the worker starts"),
        Ok(build) => {
            let build: Vec<String> = build.into_iter().map(|(key, value)| format!("{key} {value}")).collect();
            finding("libtorch", State::Ok, build.join(", "))
        }
        Err(error) => finding("libtorch", State::Problem, error.to_string()),
    }
}

fn gpu() -> Finding {
    let version = std::fs::read_to_string("/proc/driver/nvidia/version").unwrap_or_default();
    if version.is_empty() && !Path::new("/dev/nvidiactl").exists() {
        let message = "no NVIDIA driver here: trials train on the CPU";
        return finding("gpu", State::Warn, message);
    }
    let count = gpus().len();
    let driver = version.lines().next().unwrap_or("driver of unknown version").trim().to_owned();
    finding("gpu", State::Ok, format!("{count} visible; {driver}"))
}

fn viewer() -> Finding {
    let viewer = places::beside("seqtune-view");
    match (viewer.is_file(), places::checkout()) {
        (true, _) => finding("viewer", State::Ok, viewer.display().to_string()),
        (false, Some(_)) => finding("viewer", State::Ok, "not built yet; `seqtune view` builds it"),
        (false, None) => finding(
            "viewer",
            State::Warn,
            format!("there is no {}; `seqtune view` cannot open a window", viewer.display()),
        ),
    }
}

/// Makes a study where studies are kept, which shows that the file system can hold one, and removes it.
fn studies() -> Finding {
    let results = Path::new(places::RESULTS);
    let parent = if results.is_dir() { results } else { Path::new(".") };
    let trial = parent.join(format!(".seqtune-doctor-{}", std::process::id()));
    let spec = testing::study("x = { type = 'bool' }").spec().clone();
    let made = Store::create(&trial, &spec, &Settings::default(), &seqtune::build()).and_then(Store::close);
    let removed = std::fs::remove_dir_all(&trial);
    let place = std::path::absolute(parent).unwrap_or_else(|_| parent.to_owned());
    match (made, removed) {
        (Ok(()), Ok(())) => finding("studies", State::Ok, format!("can be kept in {}", place.display())),
        (Err(error), _) => finding("studies", State::Problem, error.to_string()),
        (_, Err(error)) => finding("studies", State::Warn, format!("cannot remove {}: {error}", trial.display())),
    }
}

fn cache() -> Finding {
    let cache = places::cache();
    let probe = cache.join(format!(".doctor-{}", std::process::id()));
    let written = std::fs::create_dir_all(&cache)
        .and_then(|()| std::fs::write(&probe, ""))
        .and_then(|()| std::fs::remove_file(&probe));
    match written {
        Ok(()) => finding("cache", State::Ok, format!("prepared data is kept in {}", cache.display())),
        Err(error) => {
            let message =
                format!("{} cannot be written ({error}); choose another place with SEQTUNE_CACHE", cache.display());
            finding("cache", State::Problem, message)
        }
    }
}

fn data() -> Finding {
    let Some(named) = std::env::var_os("SEQTUNE_DATA") else {
        let message =
            "SEQTUNE_DATA is not set: paths of [data] are looked for in --data, here, and beside the study file";
        return finding("data", State::Ok, message);
    };
    let missing: Vec<PathBuf> = std::env::split_paths(&named).filter(|path| !path.is_dir()).collect();
    match missing.first() {
        None => finding("data", State::Ok, format!("SEQTUNE_DATA is {}", named.display())),
        Some(path) => {
            let message = format!("SEQTUNE_DATA names {}, which is no directory; correct it", path.display());
            finding("data", State::Problem, message)
        }
    }
}
