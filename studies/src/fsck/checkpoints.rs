//! The checkpoints of a study, and what else lies where they do.

use std::io;
use std::path::{Path, PathBuf};

use seqtune_core::{Checkpoint, History, Trial};
use seqtune_plugin::directory_digest;

use super::{Finding, Mend};
use crate::manager::checkpoints::{directories, kept};

/// Looks at all checkpoints that should be there, and at all that are. While the study runs only what has ended stands
/// still.
pub(super) fn look(study: &Path, history: &History, is_running: bool) -> Vec<Finding> {
    let still = |trial: &&Trial| trial.end.is_some() || !is_running;
    let mut findings = Vec::new();
    let mut whole = 0;
    for trial in history.trials.iter().filter(still) {
        for checkpoint in expected(history, trial) {
            match fault(study, checkpoint) {
                None => whole += 1,
                Some(fault) => findings.push(lost(study, trial, checkpoint, &fault)),
            }
        }
    }
    findings.insert(0, Finding::ok("checkpoints", format!("{whole} are there with their digests")));
    let left = left(study, history, is_running)
        .unwrap_or_else(|error| vec![Finding::problem("checkpoints", format!("they cannot be listed: {error}"))]);
    findings.extend(left);
    findings.extend(logs(study, history));
    findings
}

/// The checkpoints that should be there. One before which the trial went on again, because it was damaged, need not.
fn expected<'a>(history: &History, trial: &'a Trial) -> Vec<&'a Checkpoint> {
    let mut expected: Vec<&Checkpoint> = kept(history, trial);
    expected.retain(|checkpoint| {
        let later = trial.checkpoints.iter().rev().take_while(|later| *later != *checkpoint);
        later.into_iter().all(|later| later.step > checkpoint.step)
    });
    expected.sort_by_key(|checkpoint| checkpoint.step);
    expected.dedup();
    expected
}

fn fault(study: &Path, checkpoint: &Checkpoint) -> Option<String> {
    match directory_digest(&study.join(&checkpoint.path)) {
        Ok(digest) if digest == checkpoint.sha256 => None,
        Ok(_) => Some("was altered: it does not have its digest".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some("is missing".to_owned()),
        Err(error) => Some(format!("cannot be read: {error}")),
    }
}

fn lost(study: &Path, trial: &Trial, checkpoint: &Checkpoint, fault: &str) -> Finding {
    let becomes = if trial.end.is_some() {
        "the trial has ended and needs it no more, but its model is lost".to_owned()
    } else {
        let earlier = trial.checkpoints.iter().filter(|earlier| earlier.step < checkpoint.step);
        match earlier.filter(|earlier| self::fault(study, earlier).is_none()).map(|earlier| earlier.step).max() {
            Some(step) => format!("the trial can go on from step {step}"),
            None => "the trial can begin again".to_owned(),
        }
    };
    let (number, path) = (trial.number, &checkpoint.path);
    Finding::problem("checkpoints", format!("trial {number}: {path} {fault}; {becomes}"))
}

/// What lies where checkpoints do and is none that should.
fn left(study: &Path, history: &History, is_running: bool) -> io::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut found = |path: &Path, what: &str, can_go: bool| {
        let shown = path.strip_prefix(study).unwrap_or(path).display();
        let finding = Finding::note("checkpoints", format!("{shown} {what}"));
        findings.push(if can_go { finding.with(Mend::Remove(path.to_owned())) } else { finding });
    };
    for top in sorted(&study.join("checkpoints"))? {
        let Some(number) = number(&top, "") else {
            found(&top, "is not of seqtune, and is left alone", false);
            continue;
        };
        let Some(trial) = history.trial(number) else {
            // A trial may just have started.
            if !is_running {
                found(&top, "is of a trial that does not exist", true);
            }
            continue;
        };
        if trial.end.is_none() && is_running {
            continue;
        }
        let kept: Vec<PathBuf> = kept(history, trial).iter().map(|checkpoint| study.join(&checkpoint.path)).collect();
        for attempt in sorted(&top)? {
            for checkpoint in sorted(&attempt)? {
                let is_named = trial.checkpoints.iter().any(|named| study.join(&named.path) == checkpoint);
                let is_kept = kept.iter().any(|kept| kept.starts_with(&checkpoint));
                if checkpoint.to_string_lossy().contains(".tmp-") {
                    found(&checkpoint, "was never finished: its worker was killed while it saved", true);
                } else if trial.end.is_some() && !is_kept {
                    found(&checkpoint, "is not needed any more: its trial has ended", true);
                } else if trial.end.is_none() && !is_named {
                    found(&checkpoint, "is not in the log, and goes when its trial ends", false);
                }
            }
        }
    }
    Ok(findings)
}

/// What workers of trials wrote that do not exist: the log lost its end.
fn logs(study: &Path, history: &History) -> Vec<Finding> {
    let Ok(entries) = study.join("logs").read_dir() else { return Vec::new() };
    let mut strangers: Vec<u64> = entries
        .filter_map(|entry| number(&entry.ok()?.path(), "log"))
        .filter(|number| history.trial(*number).is_none())
        .collect();
    strangers.sort_unstable();
    strangers
        .into_iter()
        .map(|number| {
            Finding::note("logs", format!("logs/{number:04}.log is of a trial that does not exist, and is left"))
        })
        .collect()
}

/// The number in a name of ours: `0007`, `0007.log`.
fn number(path: &Path, extension: &str) -> Option<u64> {
    let is_ours = path.extension().unwrap_or_default() == extension;
    path.file_stem()?.to_str()?.parse().ok().filter(|_| is_ours)
}

fn sorted(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = directories(path)?;
    found.sort();
    Ok(found)
}
