//! Trains one configuration as a study's worker would, without a study: to try a point, or to write its predictions.
//!
//! ```text
//! cargo run --release -p seqtune-worker --example train -- studies/tf-jund.toml --data data \
//!     --set model=cnn --set channels=64 --set kernel=16 --predictions cnn.tsv
//! ```
//!
//! The study file gives the family, the data table, the seed, the metric and the number of steps; `--set` gives parameters,
//! the rest keeps its defaults. Each step is printed with the mean and the parts of the metric, and the mean of the others.

use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;
use seqtune_plugin::{Apply, DataSpec, Job, MetricValue, StepContext};
use seqtune_space::{Params, Value};
use seqtune_worker::FAMILIES;
use serde::Deserialize;

#[derive(Parser)]
struct Arguments {
    /// Study file: its family, [data] table, seed, metric and steps are used.
    study: PathBuf,
    /// Directory in which the data is looked for [default: SEQTUNE_DATA, then data].
    #[arg(long)]
    data: Option<PathBuf>,
    /// A parameter, as NAME=VALUE.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// A key of the data table instead of the study's, as NAME=VALUE.
    #[arg(long = "set-data", value_name = "NAME=VALUE")]
    set_data: Vec<String>,
    /// Steps instead of the study's.
    #[arg(long)]
    steps: Option<u64>,
    /// Training seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seed of the folds instead of the study's.
    #[arg(long)]
    study_seed: Option<u64>,
    /// Print the last step only, and the best.
    #[arg(long)]
    quiet: bool,
    /// Where to write out-of-fold predictions.
    #[arg(long)]
    predictions: Option<PathBuf>,
    /// auto, cpu, or cuda:N.
    #[arg(long, default_value = "cpu")]
    device: String,
}

/// What is read of a study file.
#[derive(Deserialize)]
struct Study {
    family: String,
    seed: u64,
    metric: String,
    data: serde_json::Map<String, serde_json::Value>,
    trial: Trial,
}

#[derive(Deserialize)]
struct Trial {
    steps: u64,
}

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    seqtune_nn::environment::ensure_environment()?;
    let arguments = Arguments::parse();
    let study: Study = toml::from_str(&std::fs::read_to_string(&arguments.study)?)?;
    let family = FAMILIES.iter().find(|family| family.info().name == study.family);
    let family = family.ok_or_else(|| format!("there is no libtorch family {:?}", study.family))?;
    let roots = match (arguments.data, std::env::var_os("SEQTUNE_DATA")) {
        (Some(directory), _) => vec![directory],
        (None, Some(directory)) => vec![PathBuf::from(directory)],
        (None, None) => vec![PathBuf::from("data")],
    };
    let mut values = study.data;
    for setting in &arguments.set_data {
        let (name, text) = halves(setting)?;
        values.insert(name.to_owned(), serde_json::from_str(text).unwrap_or_else(|_| text.into()));
    }
    let prepared = family.prepare(&DataSpec { values, roots }, &std::env::temp_dir())?;
    let mut params = Params::default();
    for setting in &arguments.set {
        let (name, text) = halves(setting)?;
        params.set(name, serde_json::from_str::<Value>(text).unwrap_or_else(|_| Value::from(text)));
    }
    let job = Job {
        trial: 0,
        attempt: 0,
        params: family.info().parameters.complete(&params)?,
        seed: arguments.seed,
        study_seed: arguments.study_seed.unwrap_or(study.seed),
        device: arguments.device,
        steps: arguments.steps.unwrap_or(study.trial.steps),
        checkpoint: None,
    };
    let start = Instant::now();
    let mut session = family.open(&prepared, &job)?;
    let mut progress = |_, _| Ok(());
    let mut best = (0, f64::NEG_INFINITY);
    let sign = family.info().metric(&study.metric).map_or(1.0, |metric| match metric.direction {
        seqtune_plugin::Direction::Maximize => 1.0,
        seqtune_plugin::Direction::Minimize => -1.0,
    });
    for step in 1..=job.steps {
        let report = session.step(&mut StepContext::new(&mut progress))?;
        let value = report.metrics.get(&study.metric).and_then(MetricValue::value).unwrap_or(f64::NAN);
        if sign * value > sign * best.1 || best.0 == 0 {
            best = (step, value);
        }
        if arguments.quiet && step < job.steps {
            continue;
        }
        let parts = report.metrics.get(&study.metric).map(|metric| metric.parts().to_vec()).unwrap_or_default();
        let parts: Vec<String> = parts.iter().map(|part| format!("{:.4}", part.unwrap_or(f64::NAN))).collect();
        print!("step {step:3}  {} {value:.4} ({})", study.metric, parts.join(" "));
        for (name, value) in report.metrics.iter().filter(|(name, _)| **name != study.metric) {
            print!("  {name} {:.4}", value.value().unwrap_or(f64::NAN));
        }
        println!("  {:.1} s", start.elapsed().as_secs_f64());
    }
    println!("best: {} {:.4} at step {}", study.metric, best.1, best.0);
    if let Some(out) = arguments.predictions {
        let checkpoint = tempfile::tempdir()?;
        session.save(checkpoint.path())?;
        family.apply(&prepared, checkpoint.path(), &Apply::Predict { out })?;
    }
    Ok(())
}

fn halves(setting: &str) -> Result<(&str, &str), Failure> {
    Ok(setting.split_once('=').ok_or_else(|| format!("{setting:?} is not NAME=VALUE"))?)
}
