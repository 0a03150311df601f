//! Trains one configuration as a study's worker would, without a study: to try a point, or to write its predictions.
//!
//! ```text
//! cargo run --release -p seqtune-tf --example train -- studies/tf-jund.toml --data data \
//!     --set model=cnn --set channels=64 --set kernel=16 --predictions cnn.tsv
//! ```
//!
//! The study file gives the data table, the seed and the number of steps; `--set` gives parameters, the rest keeps its
//! defaults. Each step is printed with the mean and the parts of its metrics.

use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;
use seqtune_plugin::{Apply, DataSpec, Job, ModelFamily, StepContext};
use seqtune_space::{Params, Value};
use seqtune_tf::Tf;
use serde::Deserialize;

#[derive(Parser)]
struct Arguments {
    /// Study file: its [data] table, seed and steps are used.
    study: PathBuf,
    /// Directory in which the data is looked for [default: SEQTUNE_DATA, then data].
    #[arg(long)]
    data: Option<PathBuf>,
    /// A parameter, as NAME=VALUE.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Steps instead of the study's.
    #[arg(long)]
    steps: Option<u64>,
    /// Training seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seed of the folds instead of the study's.
    #[arg(long)]
    study_seed: Option<u64>,
    /// Print the last step only.
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
    seed: u64,
    data: serde_json::Map<String, serde_json::Value>,
    trial: Trial,
}

#[derive(Deserialize)]
struct Trial {
    steps: u64,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    seqtune_nn::environment::ensure_environment()?;
    let arguments = Arguments::parse();
    let study: Study = toml::from_str(&std::fs::read_to_string(&arguments.study)?)?;
    let roots = match (arguments.data, std::env::var_os("SEQTUNE_DATA")) {
        (Some(directory), _) => vec![directory],
        (None, Some(directory)) => vec![PathBuf::from(directory)],
        (None, None) => vec![PathBuf::from("data")],
    };
    let prepared = Tf.prepare(&DataSpec { values: study.data, roots }, &std::env::temp_dir())?;
    let mut params = Params::default();
    for setting in &arguments.set {
        let (name, text) = setting.split_once('=').ok_or_else(|| format!("{setting:?} is not NAME=VALUE"))?;
        params.set(name, serde_json::from_str::<Value>(text).unwrap_or_else(|_| Value::from(text)));
    }
    let job = Job {
        trial: 0,
        attempt: 0,
        params: Tf.info().parameters.complete(&params)?,
        seed: arguments.seed,
        study_seed: arguments.study_seed.unwrap_or(study.seed),
        device: arguments.device,
        steps: arguments.steps.unwrap_or(study.trial.steps),
        checkpoint: None,
    };
    let start = Instant::now();
    let mut session = Tf.open(&prepared, &job)?;
    let mut progress = |_, _| Ok(());
    for step in 1..=job.steps {
        let report = session.step(&mut StepContext::new(&mut progress))?;
        if arguments.quiet && step < job.steps {
            continue;
        }
        let value = |name: &str| report.metrics.get(name).and_then(|metric| metric.value()).unwrap_or(f64::NAN);
        let parts = report.metrics.get("valid/auc").map(|metric| metric.parts().to_vec()).unwrap_or_default();
        let parts: Vec<String> = parts.iter().map(|part| format!("{:.3}", part.unwrap_or(f64::NAN))).collect();
        println!(
            "step {step:3}  auc {:.4} ({})  ap {:.4}  loss {:.4}  train loss {:.4}  train auc {:.4}  {:.1} s",
            value("valid/auc"),
            parts.join(" "),
            value("valid/ap"),
            value("valid/loss"),
            value("train/loss"),
            value("train/auc"),
            start.elapsed().as_secs_f64()
        );
    }
    if let Some(out) = arguments.predictions {
        let checkpoint = tempfile::tempdir()?;
        session.save(checkpoint.path())?;
        Tf.apply(&prepared, checkpoint.path(), &Apply::Predict { out })?;
    }
    Ok(())
}
