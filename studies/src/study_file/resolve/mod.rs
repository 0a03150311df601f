//! From a study file and what the worker said to a complete specification.

mod feasibility;
mod points;
mod space;
mod warnings;

use seqtune_core::{Grid, Objective, OutcomeConstraint, SamplerSpec, Settings, StudySpec};
use seqtune_plugin::{FamilyInfo, MetricInfo};
use seqtune_space::{Params, SearchSpace, SpaceError, ready};

pub use feasibility::{Feasibility, percent};

use super::StudyFile;
use super::nearest::did_you_mean;
use super::sections::{ObjectiveEntry, OutcomeConstraintEntry, Placed, PointTable};
use super::source::StudyFileError;
use crate::launch::Opened;

/// A complete study, and what its author should know.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// What the study is.
    pub spec: StudySpec,
    /// What may change while it lives.
    pub settings: Settings,
    /// How much of the space the constraints leave.
    pub feasibility: Feasibility,
    /// The enqueued points with nothing but what the file says of them.
    pub written: Vec<Params>,
    /// One sentence each.
    pub warnings: Vec<String>,
    window_is_given: bool,
    sampler_is_given: bool,
}

impl Resolved {
    /// The specification for going on with a study. Where the file names no window or no sampler, the study keeps its own:
    /// the default window follows the number of workers, which may change, and the default sampler was once another.
    pub fn going_on_with(&self, old: &StudySpec) -> StudySpec {
        let window = if self.window_is_given { self.spec.window } else { old.window };
        let sampler = if self.sampler_is_given { &self.spec.sampler } else { &old.sampler };
        StudySpec { window, sampler: sampler.clone(), ..self.spec.clone() }
    }
}

impl StudyFile {
    /// Whether the sampler can search the space.
    fn sampler_takes(&self, space: &SearchSpace) -> Result<(), StudyFileError> {
        let Err(refused) = self.sampler.value.takes(space) else { return Ok(()) };
        if self.sampler.value != SamplerSpec::Grid {
            return Err(self.source.wrong(self.sampler.span.clone(), refused.to_string()));
        }
        let unlimited = space.parameters().iter().find(|parameter| parameter.domain.cardinality().is_none());
        let what = match (space.cardinality(), unlimited) {
            (Some(points), _) => format!("this one has {points}"),
            (None, Some(parameter)) => format!("`{}` alone can be any number", parameter.name),
            (None, None) => "this one has too many to count".to_owned(),
        };
        let message = format!(
            "the sampler grid goes through all points of a space, {} at most, and {what}; use another sampler, or give \
             fewer values, numbers with a `step`",
            Grid::POINTS
        );
        Err(self.source.wrong(self.sampler.span.clone(), message))
    }

    /// The complete study: the family's metrics, limits, conditions, constraints and defaults put in.
    ///
    /// # Errors
    /// Where the file asks for something that the family does not have or allow, at its place in the file.
    pub fn resolve(&self, opened: &Opened) -> Result<Resolved, StudyFileError> {
        let info = &opened.info;
        if let Some((ready, place)) = &self.space.extends
            && ready.family != info.name
            && matches!(self.family.value, seqtune_core::FamilyChoice::Name(_))
        {
            let own = ready::spaces().iter().filter(|space| space.family == info.name).map(|space| space.name);
            let own = own.collect::<Vec<_>>().join(", ");
            let hint = if own.is_empty() { "it has no ready spaces".to_owned() } else { format!("its own are {own}") };
            let message = format!(
                "{:?} is a space of the family {}, and this study's is {}; {hint}",
                ready.name, ready.family, info.name
            );
            return Err(self.source.wrong(place.clone(), message));
        }
        let objectives = self.objectives(info)?;
        let space = self.resolved_space(info)?;
        let feasibility = self.feasible(&space)?;
        self.probe(&space, info)?;
        self.sampler_takes(&space)?;
        let enqueue =
            self.enqueue.iter().map(|point| self.point(point, &space, info)).collect::<Result<Vec<_>, _>>()?;
        let spec = StudySpec {
            name: self.name.clone(),
            family: self.family.value.clone(),
            info: info.clone(),
            data: self.data.clone(),
            data_digest: opened.digest.clone(),
            objectives,
            outcome_constraints: self.outcome_constraints(info)?,
            trial: self.trial.clone(),
            seed: self.seed,
            order: self.order,
            window: self.window.unwrap_or_else(|| default_window(self.workers.count)),
            space,
            sampler: self.sampler.value.clone(),
            pruner: self.pruner.clone(),
            replicates: self.replicates,
            enqueue,
        };
        let settings = Settings { budget: self.budget.clone(), workers: self.workers.clone() };
        let warnings = warnings::of(&spec, &settings, &feasibility);
        let said = |point: &PointTable| {
            Params(point.entries.iter().map(|entry| (entry.name.value.clone(), entry.value.value.clone())).collect())
        };
        let written = self.enqueue.iter().map(said).collect();
        Ok(Resolved {
            spec,
            settings,
            feasibility,
            written,
            warnings,
            sampler_is_given: !self.sampler.span.is_empty(),
            window_is_given: self.window.is_some(),
        })
    }

    fn objectives(&self, info: &FamilyInfo) -> Result<Vec<Objective>, StudyFileError> {
        let mut objectives: Vec<Objective> = Vec::new();
        for ObjectiveEntry { metric, direction, reduce } in &self.objectives {
            let known = self.metric(metric, info)?;
            if objectives.iter().any(|earlier| earlier.metric == known.name) {
                let message = format!("{} is an objective already; remove one", known.name);
                return Err(self.source.wrong(metric.span.clone(), message));
            }
            let direction = direction.unwrap_or(known.direction);
            objectives.push(Objective { metric: known.name.clone(), direction, reduce: *reduce });
        }
        Ok(objectives)
    }

    fn outcome_constraints(&self, info: &FamilyInfo) -> Result<Vec<OutcomeConstraint>, StudyFileError> {
        let constraint = |OutcomeConstraintEntry { metric, at_most, at_least }: &OutcomeConstraintEntry| {
            let metric = self.metric(metric, info)?.name.clone();
            Ok(OutcomeConstraint { metric, at_most: *at_most, at_least: *at_least })
        };
        self.outcome_constraints.iter().map(constraint).collect()
    }

    /// A metric that the file names.
    fn metric<'a>(&self, name: &Placed<String>, info: &'a FamilyInfo) -> Result<&'a MetricInfo, StudyFileError> {
        info.metric(&name.value).ok_or_else(|| {
            let hint = did_you_mean(&name.value, "metrics", info.metrics.iter().map(|metric| metric.name.as_str()));
            let message = format!("the family {} has no metric {:?}; {hint}", info.name, name.value);
            self.source.wrong(name.span.clone(), message)
        })
    }
}

/// In fixed order a worker that is done early waits for the oldest trial under way. With a window of twice their count workers hardly
/// wait, and points were as good (core/BENCHMARKS.md).
fn default_window(workers: u64) -> u64 {
    if workers == 1 { 1 } else { 2 * workers }
}

/// The parameter that an error is about; empty where it is about several.
fn named(error: &SpaceError) -> &str {
    match error {
        SpaceError::Parameter { name, .. }
        | SpaceError::Unknown { name }
        | SpaceError::Missing { name, .. }
        | SpaceError::Inactive { name, .. }
        | SpaceError::Outside { name, .. } => name,
        SpaceError::Constraint { .. } | SpaceError::Broken { .. } | SpaceError::Length { .. } => "",
    }
}

/// "the family X has no parameter `name`; did you mean ...".
fn no_such_parameter(name: &str, info: &FamilyInfo) -> String {
    let known = info.parameters.parameters().iter().map(|known| known.name.as_str());
    format!("the family {} has no parameter `{name}`; {}", info.name, did_you_mean(name, "parameters", known))
}
