//! A sample study, for whoever has none yet: its points are searched for in earnest, its curves are computed and not trained.

use std::path::{Path, PathBuf};

use seqtune_core::testing::study;
use seqtune_core::{EventKind, PrunerSpec, Settings, Store, StoreError};
use seqtune_plugin::{Direction, FailureCause};
use seqtune_space::Params;

const TRIALS: u64 = 40;
const STEPS: u64 = 27;

const SPACE: &str = r#"
lr = { type = "float", low = 1e-4, high = 1e-1, log = true, doc = "Learning rate." }
model = { type = "categorical", choices = ["ffnn", "lstm"], doc = "Kind of model." }
hidden = { type = "int", low = 8, high = 128, log = true, doc = "Units of the hidden layer." }
bidirectional = { type = "bool", when = { model = "lstm" }, doc = "Read the sequence from both ends." }
dropout = { type = "float", low = 0, high = 0.6, doc = "Dropout on the hidden layer." }
"#;

/// Writes the sample into a folder, unless it is there. Gives its directory.
///
/// # Errors
/// Where the folder cannot be written.
pub(crate) fn write(folder: &Path) -> Result<PathBuf, StoreError> {
    let directory = folder.join("sample");
    if directory.join("study.db").exists() {
        return Ok(directory);
    }
    let draft = study(SPACE)
        .sampler("tpe")
        .pruner(PrunerSpec::Asha { min_step: 3, max_step: None, factor: 3 })
        .curves(STEPS, value)
        .failing(FailureCause::Diverged, |params| params.float("lr").is_ok_and(|lr| lr > 0.07))
        .with(|spec| {
            spec.name = "sample".to_owned();
            spec.info.step = "epoch".to_owned();
            spec.objectives[0].direction = Direction::Maximize;
        });
    let events = draft.trials(TRIALS).events();
    let mut events = events.into_iter().map(|event| event.kind);
    let mut settings = Settings::default();
    settings.budget.trials = Some(TRIALS);
    let Some(EventKind::StudyCreated { spec, .. }) = events.next() else { return Ok(directory) };
    // A half-written sample would be taken for a whole one: it gets its name at the end.
    let beside = folder.join("sample.new");
    let _ = std::fs::remove_dir_all(&beside);
    let mut store = Store::create(&beside, &spec, &settings, "seqtune-view")?;
    store.append(events)?;
    store.append([EventKind::ManagerStopped { reason: "the sample is whole".to_owned() }])?;
    store.close()?;
    std::fs::rename(&beside, &directory).map_err(|source| StoreError::Io { path: directory.clone(), source })?;
    Ok(directory)
}

/// A curve that rises, soonest at a middling learning rate, and to where model, width and dropout let it.
fn value(params: &Params, step: u64) -> f64 {
    let float = |name: &str| params.float(name).unwrap_or_default();
    let off = float("lr").log10() + 2.3;
    let hidden = params.int("hidden").unwrap_or(8) as f64;
    let is_lstm = params.text("model").is_ok_and(|model| model == "lstm");
    let both_ways = params.bool("bidirectional").unwrap_or(false);
    let reached = 0.93 - 0.03 * off * off - 0.05 * (float("dropout") - 0.2).abs()
        + 0.008 * (hidden / 8.0).log2()
        + if is_lstm { 0.012 } else { 0.0 }
        + if both_ways { 0.01 } else { 0.0 };
    let speed = 0.35 / (1.0 + off * off) / if is_lstm { 1.5 } else { 1.0 };
    let noise = (step as f64 * 12.9898 + hidden * 78.233 + float("lr").ln()).sin() * 0.002;
    0.5 + (reached - 0.5) * (1.0 - (-speed * step as f64).exp()) + noise
}

#[cfg(test)]
mod tests {
    use seqtune_core::{StoreReader, TrialState};

    use super::*;

    #[test]
    fn the_sample_is_a_whole_study_and_written_once() {
        let folder = tempfile::tempdir().unwrap();
        let directory = write(folder.path()).unwrap();
        let history = StoreReader::open(&directory).unwrap().history().unwrap();
        let count = |state| history.trials.iter().filter(|trial| trial.state() == state).count();
        assert_eq!(history.trials.len() as u64, TRIALS);
        assert!(count(TrialState::Completed) >= 10 && count(TrialState::Pruned) >= 5, "{:?}", history.trials.len());
        let before = directory.join("study.db").metadata().unwrap().modified().unwrap();
        assert_eq!(write(folder.path()).unwrap(), directory);
        assert_eq!(directory.join("study.db").metadata().unwrap().modified().unwrap(), before);
    }
}
