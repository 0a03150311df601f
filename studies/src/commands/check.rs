//! `seqtune check`: reads a study file and says what would happen.

use std::io::Write;
use std::path::PathBuf;

use seqtune::launch::{LaunchError, Opened, WorkerProgram};
use seqtune::study_file::{Feasibility, Resolved, StudyFile, percent, show_seconds};
use seqtune_core::{FamilyChoice, Order, Reduce, Settings, StudySpec};
use seqtune_plugin::conformance::{Options, Promise, check_worker};
use seqtune_plugin::{DataSpec, Direction};
use seqtune_space::{Confidence, Domain, Parameter, Prior, SearchSpace};

use super::run::ask_worker;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Align, Table, show_value};
use crate::places;

/// Check a study file, and show the study it makes
///
/// Reads the file, asks the family's worker to prepare the data, and prints the complete study, the size of its space,
/// and warnings. Nothing is trained or written into results/. Where no worker is installed it checks what the file
/// alone can tell.
///
/// With --conformance it also holds the family's worker to what every worker promises: the same numbers for the same
/// job, exact resumption from its checkpoints, obedience, an end when its input ends. It trains a dozen trials of three
/// steps with the study's data and default configuration. For whoever writes a family.
#[derive(clap::Args)]
#[command(after_long_help = "Examples:\n\
\x20 seqtune check studies/demo.toml\n\
\x20 seqtune check train.toml --conformance")]
pub(crate) struct Arguments {
    /// The study file
    #[arg(value_name = "STUDY.toml")]
    file: PathBuf,
    /// A directory in which the paths of [data] are looked for, before those in SEQTUNE_DATA and the current one
    #[arg(long, value_name = "DIR")]
    data: Vec<PathBuf>,
    /// Also check that the worker keeps the promises of every worker
    #[arg(long)]
    conformance: bool,
}

pub(crate) fn execute(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let file = StudyFile::read(&arguments.file)?;
    let data = file.data(&places::data_roots(&arguments.data));
    match ask_worker(&file, &data) {
        Ok((program, opened)) => {
            let resolved = file.resolve(&opened)?;
            show(out, &resolved, &opened)?;
            if arguments.conformance {
                out.flush()?;
                return conformance(out, &program, &resolved, data);
            }
        }
        Err(CommandError::Launch(
            error @ (LaunchError::Unknown { .. } | LaunchError::CannotStart { .. } | LaunchError::Protocol { .. }),
        )) if !arguments.conformance => {
            let space = file.own_space()?;
            writeln!(out, "{}: the file itself is right. Its space:\n", file.path().display())?;
            show_space(out, &space, &Feasibility::of(&space))?;
            say!(
                "warning: not checked, since that is for the worker to tell: the metric, the limits and defaults of \
                 the parameters, and the data"
            );
            // A family may be installed later, or on the machine that trains; a command is the file's own word.
            if matches!(file.family(), FamilyChoice::Command { .. }) {
                return Err(error.into());
            }
            say!("warning: {error}");
        }
        Err(error) => return Err(error),
    }
    Ok(Exit::Done)
}

/// Runs the suite that every family passes, with the study's data and a point of its space.
fn conformance(
    out: &mut dyn Write,
    program: &WorkerProgram,
    resolved: &Resolved,
    data: DataSpec,
) -> Result<Exit, CommandError> {
    let spec = &resolved.spec;
    let middle = || spec.space.decode(&vec![0.5; spec.space.dimensions().len()]).unwrap_or_default();
    let params = spec.space.defaults().or_else(|| spec.enqueue.first().cloned()).unwrap_or_else(middle);
    say!("conformance: training short trials with {params}; this may take a while");
    let device = resolved.settings.workers.device.clone();
    let options = Options { data, params, device, steps: 3, ..Options::default() };
    let loud = tracing::enabled!(tracing::Level::INFO);
    let mut violations = check_worker(&|| program.connect(loud), &options).err().unwrap_or_default();
    writeln!(out)?;
    // Only its author knows whether anything in it is random.
    let indifferent = violations.iter().position(|violation| violation.promise == Promise::SeedMatters);
    if let Some(index) = indifferent {
        let detail = violations.remove(index).detail;
        say!("warning: {detail}: that is right where nothing is random, and wrong where job.seed is not used");
    }
    if violations.is_empty() {
        writeln!(out, "conformance: the worker keeps all promises")?;
        return Ok(Exit::Done);
    }
    for violation in &violations {
        writeln!(out, "conformance: {violation}")?;
    }
    let hint = if loud { "" } else { "; -v shows what the worker writes to standard error" };
    let broken = if violations.len() == 1 { "a promise".to_owned() } else { format!("{} promises", violations.len()) };
    Err(CommandError::Other(format!("the worker breaks {broken}{hint}")))
}

fn show(out: &mut dyn Write, resolved: &Resolved, opened: &Opened) -> Result<(), CommandError> {
    let (spec, settings) = (&resolved.spec, &resolved.settings);
    let summary = opened.summary.iter().map(|(key, value)| format!("{key} {value}")).collect::<Vec<_>>().join(", ");
    let digest: String = spec.data_digest.chars().take(16).collect();
    let lines = [
        ("study", spec.name.clone()),
        ("directory", places::directory_of(&spec.name).display().to_string()),
        ("family", format!("{} {}: {}", spec.info.name, spec.info.version, spec.info.summary)),
        ("data", format!("digest {digest}{}{summary}", if summary.is_empty() { "" } else { "; " })),
    ];
    for (name, text) in lines.into_iter().chain(in_words(spec, settings)?) {
        writeln!(out, "{name:<10} {text}")?;
    }
    writeln!(out)?;
    show_space(out, &spec.space, &resolved.feasibility)?;
    for warning in &resolved.warnings {
        writeln!(out, "warning: {warning}")?;
    }
    let (count, window) = (settings.workers.count, spec.window);
    if spec.order == Order::Fixed && count > window {
        writeln!(
            out,
            "warning: {count} workers share a window of {window}: the others idle; raise window or use order = \"eager\""
        )?;
    }
    Ok(())
}

/// What a study looks for and how, in words, each line with its name.
pub(super) fn in_words(spec: &StudySpec, settings: &Settings) -> Result<Vec<(&'static str, String)>, CommandError> {
    let objective = |objective: &seqtune_core::Objective| {
        let way = if objective.direction == Direction::Maximize { "maximize" } else { "minimize" };
        let of = if objective.reduce == Reduce::Best { "the best step's" } else { "the last step's" };
        format!("{way} {of} {}", objective.metric)
    };
    let trial = &spec.trial;
    let mut limits = format!("checkpoint every {}", trial.checkpoint_every);
    if let Some(limit) = trial.time_limit_secs {
        limits.push_str(&format!(", at most {}", show_seconds(limit)));
    }
    limits.push_str(&format!(", silent at most {}, {} retries", show_seconds(trial.stall_limit_secs), trial.retries));
    let budget = &settings.budget;
    let budget = [
        budget.trials.map(|trials| format!("{trials} trials")),
        budget.hours.map(|hours| show_seconds(hours * 3600.0)),
        budget.device_hours.map(|hours| format!("{} on devices", show_seconds(hours * 3600.0))),
        budget.patience.map(|patience| format!("{patience} trials without improvement")),
    ];
    let budget: Vec<String> = budget.into_iter().flatten().collect();
    let order = match spec.order {
        Order::Fixed => format!("fixed, window {}", spec.window),
        Order::Eager => "eager".to_owned(),
    };
    let sampler = with_options(&serde_json::to_value(&spec.sampler)?);
    let pruner = with_options(&serde_json::to_value(&spec.pruner)?);
    let replicates = spec.replicates.map_or(String::new(), |rule| {
        format!("; up to {} seeds of leading configurations, in {} of the trials", rule.seeds, percent(rule.share))
    });
    let constraints = spec.outcome_constraints.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let mut lines = vec![
        ("objective", spec.objectives.iter().map(objective).collect::<Vec<_>>().join("; ")),
        ("subject to", constraints),
        ("trial", format!("{} steps{}; {limits}", trial.steps, of(&spec.info.step))),
        ("budget", if budget.is_empty() { "none".to_owned() } else { budget.join(", ") }),
        ("sampler", format!("{sampler}; seed {}; order {order}{replicates}", spec.seed)),
        ("pruner", pruner),
        ("workers", format!("{} on {}", settings.workers.count, settings.workers.device)),
        ("enqueued", spec.enqueue.len().to_string()),
    ];
    lines.retain(|(name, text)| *name != "subject to" || !text.is_empty());
    Ok(lines)
}

/// A sampler or pruner in words: its type, and in brackets its options.
fn with_options(value: &serde_json::Value) -> String {
    let kind = value["type"].as_str().unwrap_or_default().to_owned();
    let shown = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Object(_) => with_options(value),
        other => other.to_string(),
    };
    let options = value.as_object().into_iter().flatten().filter(|(name, value)| *name != "type" && !value.is_null());
    let options: Vec<String> = options.map(|(name, value)| format!("{name} {}", shown(value))).collect();
    if options.is_empty() { kind } else { format!("{kind} ({})", options.join(", ")) }
}

/// What a step is, where the word itself does not say it.
fn of(step: &str) -> String {
    if step == "step" { String::new() } else { format!(" of one {step}") }
}

fn show_space(out: &mut dyn Write, space: &SearchSpace, feasibility: &Feasibility) -> Result<(), CommandError> {
    writeln!(out, "{}", table(space))?;
    for constraint in space.constraints() {
        writeln!(out, "constraint  {}", constraint.text())?;
    }
    writeln!(out, "{}", size(space, feasibility))?;
    Ok(())
}

fn table(space: &SearchSpace) -> Table {
    let priors = space.parameters().iter().any(|parameter| parameter.prior.is_some());
    let mut columns = vec!["parameter", "values", "default", "only when"];
    if priors {
        columns.push("expected");
    }
    let mut table = Table::new(&columns.iter().map(|name| (*name, Align::Left)).collect::<Vec<_>>());
    for parameter in space.parameters() {
        let row = declared(parameter).into_iter();
        table.row(row.take(columns.len()));
    }
    table
}

/// A parameter in words: its name, values, default, when it exists, and where good values are expected.
pub(super) fn declared(parameter: &Parameter) -> [String; 5] {
    let values = match parameter.domain.cardinality() {
        Some(1) => format!("fixed at {}", show_value(&parameter.domain.decode(0.5))),
        _ => parameter.domain.describe_with_scale(),
    };
    [
        parameter.name.clone(),
        values,
        parameter.default.as_ref().map(show_value).unwrap_or_default(),
        parameter.when.in_words(),
        parameter.prior.as_ref().map(expected).unwrap_or_default(),
    ]
}

fn expected(prior: &Prior) -> String {
    match prior {
        Prior::Center { center, confidence } => {
            let (name, _) = Confidence::ALL.into_iter().find(|(_, known)| known == confidence).unwrap_or_default();
            format!("near {}, {name} confidence", show_value(center))
        }
        Prior::Weights { weights } => {
            format!("as {}", weights.iter().map(f64::to_string).collect::<Vec<_>>().join(" : "))
        }
    }
}

fn size(space: &SearchSpace, feasibility: &Feasibility) -> String {
    let searched = space.parameters().iter().filter(|parameter| parameter.domain.cardinality() != Some(1)).count();
    let fixed = space.len() - searched;
    let continuous = |domain: &Domain| match domain {
        Domain::Float { step, low, high, .. } => step.is_none() && low < high,
        _ => false,
    };
    let items = |domain: &Domain| matches!(domain, Domain::List { item, .. } if continuous(item));
    let is_continuous = space.parameters().iter().any(|p| continuous(&p.domain) || items(&p.domain));
    let uncounted = if is_continuous { "continuous" } else { "more points than can be counted" };
    let constrained = !space.constraints().is_empty();
    let points = match space.cardinality() {
        Some(points) if constrained && feasibility.exact => format!("{} of {points} points", feasibility.allowed),
        Some(points) if constrained => format!("about {} of {points} points", percent(feasibility.share())),
        None if constrained => {
            format!("{uncounted}, of which the constraints leave about {}", percent(feasibility.share()))
        }
        Some(1) => "1 point".to_owned(),
        Some(points) => format!("{points} points"),
        None => uncounted.to_owned(),
    };
    format!("{searched} parameters searched, {fixed} fixed; size of the space: {points}")
}
