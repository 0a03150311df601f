//! The study that a first line makes, and whether an existing one is the same.

use std::collections::BTreeMap;
use std::path::Path;

use seqtune_core::{
    ASK_TELL, Budget, FamilyChoice, Grid, History, Objective, Order, OutcomeConstraint, PrunerSpec, Reduce,
    SamplerSpec, Settings, StudySpec, TrialSpec, WorkerSettings,
};
use seqtune_plugin::{Direction, FamilyInfo, MetricInfo};

use super::error::AskTellError;
use super::request::Opening;
use crate::edit::{self, Change};
use crate::study_file::Feasibility;

/// The metric of objective `index` of `count`.
fn objective_metric(index: usize, count: usize) -> String {
    if count == 1 { "value".to_owned() } else { format!("value{index}") }
}

/// Refuses a space that cannot be searched in this way.
pub(super) fn check(opening: &Opening) -> Result<(), AskTellError> {
    let feasibility = Feasibility::of(&opening.space);
    if feasibility.is_too_narrow() {
        let message = format!("the constraints leave next to nothing of the space: {}", feasibility.in_words());
        return Err(AskTellError::Space(message));
    }
    if opening.sampler == Some(SamplerSpec::Grid) && !Grid::takes(&opening.space) {
        let most = Grid::POINTS;
        let message = format!(
            "the sampler grid goes through all points of a space, {most} at most, and this one has more or is \
             continuous; use another sampler, or give fewer values, numbers with a `step`"
        );
        return Err(AskTellError::Space(message));
    }
    if opening.pruner != PrunerSpec::None && opening.directions.len() > 1 {
        let message = "a pruner looks at the curve of one objective, and this study has several; leave `pruner` out";
        return Err(AskTellError::Result(message.to_owned()));
    }
    if opening.pruner.needs_max_step() && opening.pruner.max_step().is_none() {
        let name = opening.pruner.name();
        let message = format!("the pruner {name} needs to know the steps of a whole trial; add `max_step` to it");
        return Err(AskTellError::Result(message));
    }
    let takes = opening.sampler.as_ref().map_or(Ok(()), |sampler| sampler.takes(&opening.space));
    takes.map_err(|refused| AskTellError::Space(refused.to_string()))
}

/// The specification of a new study.
pub(super) fn specification(opening: &Opening) -> StudySpec {
    let count = opening.directions.len();
    let metric =
        |name: String, direction, doc: &str| MetricInfo { name, direction, unit: String::new(), doc: doc.to_owned() };
    let objectives = opening.directions.iter().enumerate();
    let objectives: Vec<Objective> = objectives
        .map(|(index, direction)| Objective {
            metric: objective_metric(index, count),
            direction: *direction,
            reduce: Reduce::Last,
        })
        .collect();
    let bound = |index| OutcomeConstraint { metric: format!("constraint{index}"), at_most: Some(0.0), at_least: None };
    let outcome_constraints: Vec<OutcomeConstraint> = (0..opening.constraints).map(bound).collect();
    let measured = objectives.iter().map(|objective| metric(objective.metric.clone(), objective.direction, "Told."));
    let constrained = outcome_constraints
        .iter()
        .map(|one| metric(one.metric.clone(), Direction::Minimize, "Told; satisfied where it is 0 or less."));
    let info = FamilyInfo {
        name: ASK_TELL.to_owned(),
        version: "1".to_owned(),
        summary: "Trials that another program asks for and evaluates.".to_owned(),
        step: "step".to_owned(),
        parameters: opening.space.clone(),
        metrics: measured.chain(constrained).collect(),
        data: BTreeMap::new(),
    };
    let steps = match &opening.pruner {
        // Nobody looks at steps.
        PrunerSpec::None => 1,
        pruner => pruner.max_step().unwrap_or(0),
    };
    StudySpec {
        name: opening.storage.as_deref().map_or_else(|| ASK_TELL.to_owned(), name_of),
        family: FamilyChoice::Name(ASK_TELL.to_owned()),
        info,
        data: serde_json::Map::new(),
        data_digest: "none".to_owned(),
        objectives,
        outcome_constraints,
        trial: TrialSpec { steps, checkpoint_every: 1, time_limit_secs: None, stall_limit_secs: 600.0, retries: 0 },
        seed: opening.seed,
        order: Order::Eager,
        window: 1,
        space: opening.space.clone(),
        sampler: opening.sampler.clone().unwrap_or_default(),
        pruner: opening.pruner.clone(),
        replicates: None,
        enqueue: Vec::new(),
    }
}

/// The settings of a new study: the hint how many trials there will be is its budget, which nobody enforces here.
pub(super) fn settings(opening: &Opening) -> Settings {
    Settings { budget: Budget { trials: opening.n_trials, ..Budget::default() }, workers: WorkerSettings::default() }
}

/// How an existing study differs from what a first line asks for, in words; empty where it does not.
pub(super) fn differences(history: &History, opening: &Opening) -> String {
    let old = &*history.spec;
    if !old.is_asked() {
        return format!("its trials are trained by the family {}, and not by whoever asks", old.family);
    }
    let mut new = specification(opening);
    // A study may be moved, and who names no sampler takes the one that is there.
    new.name.clone_from(&old.name);
    if opening.sampler.is_none() {
        new.sampler.clone_from(&old.sampler);
    }
    match edit::edit(history, &new, &[], &history.settings) {
        // The space is compared twice: as what is searched, and as what the family declares, which here is the same.
        Err(changes) => {
            let of_declaration = |change: &&Change| !change.key.starts_with("family's parameters");
            let words: Vec<String> =
                changes.iter().filter(of_declaration).map(|change| in_words(change, old, &new)).collect();
            words.join("; ")
        }
        Ok(events) if events.is_empty() => String::new(),
        Ok(_) => "its space is another, which this one widens".to_owned(),
    }
}

fn in_words(change: &Change, old: &StudySpec, new: &StudySpec) -> String {
    let directions = |spec: &StudySpec| {
        let each = spec.objectives.iter().map(|objective| match objective.direction {
            Direction::Minimize => "minimize",
            Direction::Maximize => "maximize",
        });
        each.collect::<Vec<_>>().join(", ")
    };
    let count = |spec: &StudySpec| spec.outcome_constraints.len().to_string();
    let (key, there, here) = match change.key.as_str() {
        "objectives" => ("direction", directions(old), directions(new)),
        "outcome_constraints" => ("outcome_constraints", count(old), count(new)),
        "sampler.type" => ("sampler", change.old.clone(), change.new.clone()),
        key => (key, change.old.clone(), change.new.clone()),
    };
    format!("{key} is {there} there and {here} here")
}

fn name_of(directory: &Path) -> String {
    directory.file_name().map_or_else(|| ASK_TELL.to_owned(), |name| name.to_string_lossy().into_owned())
}
