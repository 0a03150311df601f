//! Measures configurations against each other on fresh folds: is the one that a search chose better than the others?
//!
//! ```text
//! cargo run --release -p seqtune-worker --example compare -- compare.toml --data DIR
//! ```
//!
//! The file names configurations with the epoch that each stops at, and the seeds of the splits. Each is trained on every fold
//! of every split; what counts is the metric at its last epoch. Printed are the means, and the paired differences of the first
//! configuration to each other one over all folds of all splits, with 95 % intervals: plain ones, and ones corrected for the
//! overlap of the training sets (Nadeau and Bengio 2003). Finished trainings are kept in a file, and not done again.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use clap::Parser;
use seqtune_plugin::{DataSpec, FamilyError, Job, ModelFamily, StepContext};
use seqtune_space::Params;
use seqtune_worker::FAMILIES;
use serde::Deserialize;

#[derive(Parser)]
struct Arguments {
    /// What to compare.
    file: PathBuf,
    /// Directory in which the data is looked for [default: SEQTUNE_DATA, then data].
    #[arg(long)]
    data: Option<PathBuf>,
    /// Where finished trainings are kept [default: the file's name with the ending done.json].
    #[arg(long)]
    done: Option<PathBuf>,
    /// Train only these configurations, besides those that are done. Two programs may share the work so, with a file each.
    #[arg(long)]
    only: Vec<String>,
}

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Comparison {
    family: String,
    metric: String,
    /// The data table of a study; `fold_seed` is replaced by each of the splits.
    data: serde_json::Map<String, serde_json::Value>,
    splits: Vec<u64>,
    configuration: Vec<Configuration>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Configuration {
    name: String,
    epochs: u64,
    params: Params,
}

/// Values of the folds, by all that they depend on.
type Done = BTreeMap<String, Vec<f64>>;
type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    seqtune_nn::environment::ensure_environment()?;
    let arguments = Arguments::parse();
    let comparison: Comparison = toml::from_str(&fs::read_to_string(&arguments.file)?)?;
    let family = FAMILIES.iter().find(|family| family.info().name == comparison.family);
    let family = *family.ok_or_else(|| format!("there is no libtorch family {:?}", comparison.family))?;
    let roots = match (&arguments.data, std::env::var_os("SEQTUNE_DATA")) {
        (Some(directory), _) => vec![directory.clone()],
        (None, Some(directory)) => vec![PathBuf::from(directory)],
        (None, None) => vec![PathBuf::from("data")],
    };
    let kept = arguments.done.clone().unwrap_or_else(|| arguments.file.with_extension("done.json"));
    let mut done: Done = match fs::read_to_string(&kept) {
        Ok(text) => serde_json::from_str(&text)?,
        Err(_) => Done::new(),
    };
    let mut values = Vec::new();
    for configuration in &comparison.configuration {
        let mut of_all = Vec::new();
        for split in &comparison.splits {
            let mut table = comparison.data.clone();
            table.insert("fold_seed".to_owned(), (*split).into());
            let key = serde_json::to_string(&(
                &comparison.family,
                &comparison.metric,
                &table,
                configuration.epochs,
                &configuration.params,
            ))?;
            if !done.contains_key(&key) && (arguments.only.is_empty() || arguments.only.contains(&configuration.name)) {
                let data = DataSpec { values: table, roots: roots.clone() };
                let folds = train(family, configuration, &data, &comparison.metric)?;
                eprintln!("{} on split {split}: {folds:.4?}", configuration.name);
                done.insert(key.clone(), folds);
                fs::write(&kept, serde_json::to_string_pretty(&done)?)?;
            }
            of_all.extend(done.get(&key).into_iter().flatten().copied());
        }
        values.push(of_all);
    }
    print(&comparison, &values);
    Ok(())
}

/// The metric of each fold after the last epoch.
fn train(
    family: &dyn ModelFamily,
    configuration: &Configuration,
    data: &DataSpec,
    metric: &str,
) -> Result<Vec<f64>, Failure> {
    let prepared = family.prepare(data, &std::env::temp_dir())?;
    let job = Job {
        trial: 0,
        attempt: 0,
        params: family.info().parameters.complete(&configuration.params)?,
        seed: 1,
        study_seed: 1,
        device: "cpu".to_owned(),
        steps: configuration.epochs,
        checkpoint: None,
    };
    let mut session = family.open(&prepared, &job)?;
    let mut progress = |_, _| Ok::<(), FamilyError>(());
    let mut last = Vec::new();
    for _ in 0..configuration.epochs {
        let report = session.step(&mut StepContext::new(&mut progress))?;
        let value = report.metrics.get(metric).ok_or_else(|| format!("there is no metric {metric:?}"))?;
        last = value.parts().iter().map(|part| part.unwrap_or(f64::NAN)).collect();
    }
    Ok(last)
}

/// A table in Markdown, of the configurations that are done on all splits.
fn print(comparison: &Comparison, values: &[Vec<f64>]) {
    println!(
        "| configuration | epochs | mean | sd | first minus it | 95 % interval | corrected |\n|---|---|---|---|---|---|---|"
    );
    let pairs = values[0].len();
    for (configuration, own) in comparison.configuration.iter().zip(values) {
        if pairs < 2 || own.len() != pairs {
            println!("| {} | {} | not done | | | | |", configuration.name, configuration.epochs);
            continue;
        }
        let (mean, sd) = mean_and_sd(own);
        let differences: Vec<f64> = values[0].iter().zip(own).map(|(first, other)| first - other).collect();
        let (difference, spread) = mean_and_sd(&differences);
        let (n, folds) = (pairs as f64, (pairs / comparison.splits.len()) as f64);
        let t = student_97_5(n - 1.0);
        // A fold tests on 1 part and trains on folds - 1.
        let (plain, corrected) = ((1.0 / n).sqrt(), (1.0 / n + 1.0 / (folds - 1.0)).sqrt());
        let interval = |scale: f64| {
            let half = t * spread * scale;
            format!("{:+.4} to {:+.4}", difference - half, difference + half)
        };
        println!(
            "| {} | {} | {mean:.4} | {sd:.4} | {difference:+.4} | {} | {} |",
            configuration.name,
            configuration.epochs,
            interval(plain),
            interval(corrected)
        );
    }
}

fn mean_and_sd(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0)).sqrt())
}

/// The 97.5 % point of Student's t: Abramowitz and Stegun 26.7.5, right to three digits from 4 degrees of freedom on.
fn student_97_5(freedom: f64) -> f64 {
    let z = 1.959_964_f64;
    let terms = [
        (z.powi(3) + z) / 4.0,
        (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0,
        (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0,
        (79.0 * z.powi(9) + 776.0 * z.powi(7) + 1482.0 * z.powi(5) - 1920.0 * z.powi(3) - 945.0 * z) / 92_160.0,
    ];
    z + terms.iter().zip(1..).map(|(term, power)| term / freedom.powi(power)).sum::<f64>()
}
