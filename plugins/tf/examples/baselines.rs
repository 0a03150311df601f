//! Prints the baselines of a study's data, and compares a trial's predictions with them on the same folds.
//!
//! ```text
//! cargo run --release -p seqtune-tf --example baselines -- studies/tf-jund.toml --data data
//! cargo run --release -p seqtune-tf --example baselines -- studies/tf-jund.toml --data data \
//!     --checkpoint results/tf-jund/checkpoints/0008/attempt-0/step-00000005
//! ```
//!
//! The study file gives the data table and the seed of the folds. A trial is given by its checkpoint (`seqtune best`
//! prints it), or by predictions that applying it wrote: tab-separated `row`, `label`, `fold`, `score`.

use std::path::PathBuf;

use clap::Parser;
use comfy_table::{Table, presets};
use seqtune_plugin::{Apply, DataSpec, FamilyError, ModelFamily};
use seqtune_tf::Tf;
use seqtune_tf::baseline::Baseline;
use seqtune_tf::bootstrap::{Interval, Ranking, Resampling, interval, paired_interval};
use seqtune_tf::data::TfData;
use seqtune_tf::predictions::Predictions;
use serde::Deserialize;

#[derive(Parser)]
struct Arguments {
    /// Study file: its [data] table and its seed are used.
    study: PathBuf,
    /// Directory in which the data is looked for [default: SEQTUNE_DATA, then data].
    #[arg(long)]
    data: Option<PathBuf>,
    /// Checkpoint of a finished trial to compare with the baselines.
    #[arg(long, conflicts_with = "predictions")]
    checkpoint: Option<PathBuf>,
    /// Predictions of a trial to compare with the baselines.
    #[arg(long)]
    predictions: Option<PathBuf>,
    /// Bootstrap resamples.
    #[arg(long, default_value_t = 2000)]
    resamples: usize,
    /// Seed of the bootstrap.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What is read of a study file.
#[derive(Deserialize)]
struct Study {
    seed: u64,
    data: serde_json::Map<String, serde_json::Value>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let study: Study = toml::from_str(&std::fs::read_to_string(&arguments.study)?)?;
    let roots = match (arguments.data, std::env::var_os("SEQTUNE_DATA")) {
        (Some(directory), _) => vec![directory],
        (None, Some(directory)) => vec![PathBuf::from(directory)],
        (None, None) => vec![PathBuf::from("data")],
    };
    let spec = DataSpec { values: study.data, roots };
    let prepared = Tf.prepare(&spec, &std::env::temp_dir())?;
    let data: &TfData = prepared.content()?;
    let resampling = Resampling { count: arguments.resamples, seed: arguments.seed };

    let mut scored = Vec::new();
    for baseline in Baseline::ALL {
        scored.push((baseline.name().to_owned(), baseline.predict(data, study.seed)?));
    }
    let compared = arguments.predictions.is_some() || arguments.checkpoint.is_some();
    if let Some(path) = &arguments.predictions {
        scored.push((path.display().to_string(), Predictions::read(path)?));
    }
    if let Some(checkpoint) = &arguments.checkpoint {
        let out = std::env::temp_dir().join(format!("seqtune-baselines-{}.tsv", std::process::id()));
        Tf.apply(&prepared, checkpoint, &Apply::Predict { out: out.clone() })?;
        scored.push(("trial".to_owned(), Predictions::read(&out)?));
        std::fs::remove_file(&out)?;
    }
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(["model", "AUC", "95 % interval", "AP", "95 % interval"]);
    for (name, predictions) in &scored {
        let auc = interval(predictions, &data.groups, Ranking::Auc, resampling).ok_or_else(one_class)?;
        let ap = interval(predictions, &data.groups, Ranking::AveragePrecision, resampling).ok_or_else(one_class)?;
        table.add_row([name.clone(), format!("{:.4}", auc.value), range(&auc), format!("{:.4}", ap.value), range(&ap)]);
    }
    println!("{table}");
    if !compared {
        return Ok(());
    }
    let Some(((name, model), baselines)) = scored.split_last() else { return Ok(()) };
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(["difference", "of", "value", "paired 95 % interval"]);
    for (ranking, of) in [(Ranking::Auc, "AUC"), (Ranking::AveragePrecision, "AP")] {
        for (baseline, predictions) in baselines {
            let difference = paired_interval(model, predictions, &data.groups, ranking, resampling)
                .ok_or_else(|| FamilyError::Data(format!("{name} scores other rows or folds than this study has")))?;
            let value = format!("{:.4}", difference.value);
            table.add_row([format!("{name} - {baseline}"), of.to_owned(), value, range(&difference)]);
        }
    }
    println!("{table}");
    Ok(())
}

fn range(interval: &Interval) -> String {
    format!("{:.4} to {:.4}", interval.low, interval.high)
}

fn one_class() -> FamilyError {
    FamilyError::Data("a fold has only one class".to_owned())
}
