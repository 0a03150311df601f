//! Checkpoints on disk: which one a trial goes on from, and which ones are kept.
//!
//! Each attempt saves into a directory of its own, so that a worker that outlives its manager for a moment cannot
//! touch what the next attempt saves.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use seqtune_core::{Checkpoint, History, Trial};
use seqtune_plugin::directory_digest;
use seqtune_plugin::protocol::ResumeFrom;

/// Where a trial's checkpoints lie.
pub(super) fn trial_directory(study: &Path, trial: u64) -> PathBuf {
    study.join("checkpoints").join(format!("{trial:04}"))
}

/// Where one attempt saves.
pub(super) fn attempt_directory(study: &Path, trial: u64, attempt: usize) -> PathBuf {
    trial_directory(study, trial).join(format!("attempt-{attempt}"))
}

/// What a trial goes on from: its newest checkpoint that is whole, with a warning for each newer one that is damaged, and
/// for the newest of all where it is gone.
/// `None` is the beginning.
pub(super) fn resume_point(study: &Path, trial: &Trial) -> (Option<ResumeFrom>, Vec<String>) {
    let mut warnings = Vec::new();
    let mut candidates: Vec<&Checkpoint> = trial.checkpoints.iter().collect();
    candidates.sort_by_key(|checkpoint| checkpoint.step);
    for (age, checkpoint) in candidates.into_iter().rev().enumerate() {
        let path = study.join(&checkpoint.path);
        match directory_digest(&path) {
            Ok(digest) if digest == checkpoint.sha256 => {
                return (Some(ResumeFrom { path, step: checkpoint.step }), warnings);
            }
            // Older ones are removed as newer ones come; only the newest is expected to be there.
            Err(error) if error.kind() == io::ErrorKind::NotFound && age > 0 => {}
            Ok(_) => warnings.push(format!(
                "trial {}: the checkpoint of step {} was altered and is not used ({})",
                trial.number,
                checkpoint.step,
                path.display()
            )),
            Err(error) => warnings.push(format!(
                "trial {}: the checkpoint of step {} cannot be read and is not used: {error}",
                trial.number, checkpoint.step
            )),
        }
    }
    (None, warnings)
}

/// The checkpoints that stay. While a trial runs these are its two newest and its best (two, so that a damaged one costs a
/// few steps only); of a finished one the last and the best; of a failed one none.
pub(crate) fn kept<'a>(history: &History, trial: &'a Trial) -> Vec<&'a Checkpoint> {
    if matches!(trial.end, Some(seqtune_core::TrialEnd::Failed { .. })) {
        return Vec::new();
    }
    let newest = trial.checkpoints.iter().rev().take(if trial.end.is_some() { 1 } else { 2 });
    newest.chain(best(history, trial)).collect()
}

/// Removes what is no longer needed.
pub(super) fn tidy(study: &Path, history: &History, trial: &Trial) -> io::Result<()> {
    let kept = kept(history, trial);
    let kept: BTreeSet<PathBuf> = kept.into_iter().map(|checkpoint| study.join(&checkpoint.path)).collect();
    let top = trial_directory(study, trial.number);
    for attempt in directories(&top)? {
        for checkpoint in directories(&attempt)? {
            // What a worker is writing at this moment is not in the log yet: only a finished trial's leftovers go.
            let known = trial.checkpoints.iter().any(|known| study.join(&known.path) == checkpoint);
            if !kept.contains(&checkpoint) && (known || trial.end.is_some()) {
                fs::remove_dir_all(&checkpoint)?;
            }
        }
        if trial.end.is_some() {
            // Fails where something is kept in it, which is right.
            let _ = fs::remove_dir(&attempt);
        }
    }
    if trial.end.is_some() {
        let _ = fs::remove_dir(&top);
    }
    Ok(())
}

/// The checkpoint at the best step among those that were saved.
pub(crate) fn best<'a>(history: &History, trial: &'a Trial) -> Option<&'a Checkpoint> {
    let direction = history.spec.objective().direction;
    let mut best: Option<(&Checkpoint, f64)> = None;
    for checkpoint in &trial.checkpoints {
        let value = trial.reports.iter().find(|point| point.step == checkpoint.step).and_then(|point| point.value);
        if let Some(value) = value
            // A step saved twice was saved again because the first copy was damaged: the later one counts.
            && best.is_none_or(|(kept, old)| direction.better(value, old) || kept.step == checkpoint.step)
        {
            best = Some((checkpoint, value));
        }
    }
    best.map(|(checkpoint, _)| checkpoint)
}

/// The directories in a directory; none where it does not exist.
pub(crate) fn directories(path: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(path) {
        Ok(entries) => {
            entries.map(|entry| Ok(entry?.path())).filter(|e| e.as_ref().is_ok_and(|p| p.is_dir())).collect()
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
