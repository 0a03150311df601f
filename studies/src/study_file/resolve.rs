//! From a study file and what the worker said to a complete specification.

use rand_chacha::rand_core::Rng;
use seqtune_core::seed::rng_of;
use seqtune_core::{Objective, PrunerSpec, Settings, StudySpec};
use seqtune_plugin::{Direction, FamilyInfo};
use seqtune_space::{Condition, Domain, Parameter, Params, Scale, SearchSpace, SpaceError, Test, Value};

use super::nearest::did_you_mean;
use super::source::{Span, StudyFileError};
use super::space::{Entry, in_words};
use super::{Point, StudyFile};
use crate::launch::Opened;

/// How many random points of a space are tried against the family's limits.
const PROBES: u64 = 256;
/// Discrete domains up to this size are compared with the family's limits value by value.
const ENUMERATED: u64 = 4096;

/// A complete study, and what its author should know.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// What the study is.
    pub spec: StudySpec,
    /// What may change while it lives.
    pub settings: Settings,
    /// One sentence each.
    pub warnings: Vec<String>,
    window_is_given: bool,
}

impl Resolved {
    /// The specification for going on with a study. Where the file names no window, the study keeps its own: the default
    /// follows the number of workers, which may change.
    pub fn going_on_with(&self, old: &StudySpec) -> StudySpec {
        let window = if self.window_is_given { self.spec.window } else { old.window };
        StudySpec { window, ..self.spec.clone() }
    }
}

impl StudyFile {
    /// The complete study: the family's metrics, limits, conditions and defaults put in.
    ///
    /// # Errors
    /// Where the file asks for something that the family does not have or allow, at its place in the file.
    pub fn resolve(&self, opened: &Opened) -> Result<Resolved, StudyFileError> {
        let info = &opened.info;
        let objectives = self.objectives(info)?;
        let space = self.space(info)?;
        let enqueue =
            self.enqueue.iter().map(|point| self.point(point, &space, info)).collect::<Result<Vec<_>, _>>()?;
        let spec = StudySpec {
            name: self.name.clone(),
            family: self.family.get_ref().clone(),
            info: info.clone(),
            data: self.data.clone(),
            data_digest: opened.digest.clone(),
            objectives,
            trial: self.trial.clone(),
            seed: self.seed,
            order: self.order,
            window: self.window.unwrap_or(self.workers.count),
            space,
            sampler: self.sampler.clone(),
            pruner: PrunerSpec::None,
            enqueue,
        };
        let settings = Settings { budget: self.budget.clone(), workers: self.workers.clone() };
        let warnings = warnings(&spec, &settings);
        Ok(Resolved { spec, settings, warnings, window_is_given: self.window.is_some() })
    }

    fn objectives(&self, info: &FamilyInfo) -> Result<Vec<Objective>, StudyFileError> {
        let objective = |entry: &super::ObjectiveEntry| {
            let name = entry.metric.get_ref();
            let metric = info.metric(name).ok_or_else(|| {
                let hint = did_you_mean(name, "metrics", info.metrics.iter().map(|metric| metric.name.as_str()));
                let message = format!("the family {} has no metric {name:?}; {hint}", info.name);
                self.source.wrong(entry.metric.span(), message)
            })?;
            Ok(Objective {
                metric: name.clone(),
                direction: entry.direction.unwrap_or(metric.direction),
                reduce: entry.reduce,
            })
        };
        self.objectives.iter().map(objective).collect()
    }

    fn space(&self, info: &FamilyInfo) -> Result<SearchSpace, StudyFileError> {
        let mut parameters: Vec<Parameter> = Vec::new();
        for entry in &self.space {
            let parameter = self.parameter(entry, info, &parameters)?;
            parameters.push(parameter);
        }
        let space = self.space_of(parameters)?;
        self.probe(&space, info)?;
        Ok(space)
    }

    /// One parameter with the family's default and condition, checked against the family's limits.
    fn parameter(&self, entry: &Entry, info: &FamilyInfo, earlier: &[Parameter]) -> Result<Parameter, StudyFileError> {
        let mut parameter = entry.parameter.clone();
        let wrong = |message: String| self.source.wrong(entry.place.clone(), message);
        let name = parameter.name.clone();
        let limits = info.parameters.get(&name).ok_or_else(|| {
            let known = info.parameters.parameters().iter().map(|known| known.name.as_str());
            wrong(format!(
                "the family {} has no parameter `{name}`; {}",
                info.name,
                did_you_mean(&name, "parameters", known)
            ))
        })?;
        conform(&mut parameter.domain, &limits.domain);
        if let Some(value) = outside(&parameter.domain, &limits.domain) {
            let is = if parameter.domain.cardinality() == Some(1) { "is" } else { "can be" };
            return Err(wrong(format!(
                "parameter `{name}` {is} {value} here; in the family {} it must be {}",
                info.name,
                limits.domain.describe()
            )));
        }
        parameter.default = match parameter.default.take() {
            Some(value) => Some(parameter.domain.conform(limits.domain.conform(value))),
            None => limits
                .default
                .clone()
                .map(|value| parameter.domain.conform(value))
                .filter(|value| parameter.domain.contains(value)),
        };
        for (parent, test) in &limits.when.0 {
            if parameter.when.0.contains_key(parent) {
                continue;
            }
            let later = |parent: &str| self.space.iter().any(|other| other.parameter.name == parent);
            let only = |test: &Test| in_words(&Condition([(parent.clone(), test.clone())].into_iter().collect()));
            match inherited(parent, test, earlier, later(parent), info) {
                Inherited::Always => {}
                Inherited::Test(test) => {
                    parameter.when.0.insert(parent.clone(), test);
                }
                Inherited::Never(because) => {
                    return Err(wrong(format!(
                        "parameter `{name}` exists only when {}, and {because}; remove it or let `{parent}` take that \
                         value",
                        only(test)
                    )));
                }
                Inherited::Later => {
                    return Err(wrong(format!(
                        "parameter `{name}` exists only when {}; declare `{parent}` above it",
                        only(test)
                    )));
                }
            }
        }
        if parameter.doc.is_none() {
            parameter.doc = limits.doc.clone();
        }
        Ok(parameter)
    }

    /// Tries random points against the family's limits: what only combinations break is found before a trial is.
    fn probe(&self, space: &SearchSpace, info: &FamilyInfo) -> Result<(), StudyFileError> {
        let mut rng = rng_of(self.seed, 0, "check space");
        for _ in 0..PROBES {
            let unit: Vec<f64> =
                space.parameters().iter().map(|_| (rng.next_u64() >> 11) as f64 / 2f64.powi(53)).collect();
            let broken = match space.decode(&unit) {
                Ok(point) => info.parameters.complete(&point).err(),
                Err(error) => Some(error),
            };
            if let Some(error) = broken {
                let message = format!("the space has points that the family {} refuses: {error}", info.name);
                return Err(self.source.wrong(self.place_of(named(&error)), message));
            }
        }
        Ok(())
    }

    /// An enqueued point: what the study's space fixes or defaults to is filled in; the family's limits hold.
    fn point(&self, given: &[Point], space: &SearchSpace, info: &FamilyInfo) -> Result<Params, StudyFileError> {
        let place = given.first().map_or(0..0, |first| first.name.span());
        let place_of = |name: &str| -> Span {
            given.iter().find(|point| point.name.get_ref() == name).map_or(place.clone(), |point| point.value.span())
        };
        let mut params = Params::default();
        for parameter in space.parameters() {
            let value = given.iter().find(|point| *point.name.get_ref() == parameter.name);
            match (value, &parameter.default) {
                (Some(point), _) => params.set(&parameter.name, point.value.get_ref().clone()),
                (None, Some(default)) if parameter.when.holds(&params) => {
                    params.set(&parameter.name, default.clone());
                }
                (None, None) if parameter.when.holds(&params) => {
                    let message = format!(
                        "the enqueued point has no `{}`, which has no default in the space; it must be {}",
                        parameter.name,
                        parameter.domain.describe()
                    );
                    return Err(self.source.wrong(place, message));
                }
                (None, _) => {}
            }
        }
        for point in given {
            let name = point.name.get_ref();
            if params.get(name).is_some() {
                continue;
            }
            if info.parameters.get(name).is_none() {
                let known = info.parameters.parameters().iter().map(|known| known.name.as_str());
                let hint = did_you_mean(name, "parameters", known);
                let message = format!("the family {} has no parameter `{name}`; {hint}", info.name);
                return Err(self.source.wrong(point.name.span(), message));
            }
            params.set(name, point.value.get_ref().clone());
        }
        let complete = info.parameters.complete(&params).map_err(|error| {
            let reason = match &error {
                SpaceError::Inactive { name, .. } => {
                    let when = info.parameters.get(name).map(|limits| in_words(&limits.when)).unwrap_or_default();
                    format!("parameter `{name}` exists only when {when}")
                }
                other => other.to_string(),
            };
            self.source.wrong(place_of(named(&error)), format!("the enqueued point is refused: {reason}"))
        })?;
        // In the family's own kinds of numbers: 1 is 1.0 where it must be.
        let kind = |(name, value): (&str, &Value)| {
            (name.to_owned(), complete.get(name).cloned().unwrap_or_else(|| value.clone()))
        };
        Ok(Params(params.iter().map(kind).collect()))
    }
}

/// What a condition of the family means in a study's space.
enum Inherited {
    /// It always holds.
    Always,
    /// It holds where this test passes.
    Test(Test),
    /// It never holds, because of this.
    Never(String),
    /// Its parent is declared further down.
    Later,
}

/// What a condition of the family means where `earlier` are declared above, and `later` says whether the parent is
/// declared below. A parent that the space does not name keeps its default.
fn inherited(parent: &str, test: &Test, earlier: &[Parameter], later: bool, info: &FamilyInfo) -> Inherited {
    let Some(declared) = earlier.iter().find(|parameter| parameter.name == parent) else {
        let default = info.parameters.get(parent).and_then(|parent| parent.default.as_ref());
        return match default {
            _ if later => Inherited::Later,
            Some(value) if test.passes(value) => Inherited::Always,
            Some(value) => Inherited::Never(format!("`{parent}` keeps its default {value} in this space")),
            None => Inherited::Never(format!("`{parent}` is not in this space")),
        };
    };
    let values = match &declared.domain {
        Domain::Categorical { choices: values } | Domain::Ordinal { values } => values.clone(),
        Domain::Bool => vec![Value::Bool(false), Value::Bool(true)],
        Domain::Float { .. } | Domain::Int { .. } | Domain::List { .. } => return Inherited::Test(test.clone()),
    };
    let passing: Vec<Value> = values.iter().filter(|value| test.passes(value)).cloned().collect();
    match passing.as_slice() {
        [] => Inherited::Never(format!("`{parent}` never is in this space")),
        all if all.len() == values.len() && declared.when.is_empty() => Inherited::Always,
        [only] => Inherited::Test(Test::Is(only.clone())),
        _ => Inherited::Test(Test::OneOf(passing)),
    }
}

/// Choices in the kinds of the family's own domain: `1` is `1.0` where that is what it takes.
fn conform(domain: &mut Domain, limits: &Domain) {
    if let Domain::Categorical { choices: values } | Domain::Ordinal { values } = domain {
        for value in values {
            *value = limits.conform(value.clone());
        }
    }
}

/// A value of the domain that the limits do not hold, where one is found: all values of small discrete domains are
/// tried, else the ends and one between.
fn outside(domain: &Domain, limits: &Domain) -> Option<Value> {
    let tried: Vec<Value> = match domain {
        Domain::Categorical { choices: values } | Domain::Ordinal { values } => values.clone(),
        Domain::Bool => vec![Value::Bool(false), Value::Bool(true)],
        Domain::Int { low, high, step, .. } if high.abs_diff(*low) / step.unsigned_abs() < ENUMERATED => {
            (*low..=*high).step_by(usize::try_from(*step).unwrap_or(1)).map(Value::Int).collect()
        }
        Domain::Int { low, high, .. } => vec![Value::Int(*low), Value::Int(*high), domain.decode(0.381_966)],
        Domain::Float { low, high, .. } => vec![Value::Float(*low), Value::Float(*high), domain.decode(0.381_966)],
        Domain::List { .. } => vec![domain.decode(0.381_966)],
    };
    tried.into_iter().find(|value| !limits.contains(&limits.conform(value.clone())))
}

/// The parameter that an error is about.
fn named(error: &SpaceError) -> &str {
    match error {
        SpaceError::Parameter { name, .. }
        | SpaceError::Unknown { name }
        | SpaceError::Missing { name, .. }
        | SpaceError::Inactive { name, .. }
        | SpaceError::Outside { name, .. } => name,
        SpaceError::Length { .. } | SpaceError::Constraint { .. } | SpaceError::Broken { .. } => "",
    }
}

fn warnings(spec: &StudySpec, settings: &Settings) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut warn = |message: String| warnings.push(message);
    let budget = &settings.budget;
    if budget.trials.is_none() && budget.hours.is_none() && budget.patience.is_none() {
        warn("there is no [budget]: the study goes on until it is stopped; add for instance trials = 50".to_owned());
    }
    if let (Some(trials), Some(points)) = (budget.trials, spec.space.cardinality())
        && points < trials
    {
        warn(format!("the space has {points} points, and the budget asks for {trials} trials: some will be repeated"));
    }
    if let (Some(trials), Some(patience)) = (budget.trials, budget.patience)
        && patience >= trials
    {
        warn(format!("a patience of {patience} never ends a study of {trials} trials"));
    }
    if spec.objectives.len() > 1 {
        warn(format!("only the first objective, {}, is optimised; the others are recorded", spec.objective().metric));
    }
    if spec.trial.checkpoint_every > spec.trial.steps {
        let (every, steps) = (spec.trial.checkpoint_every, spec.trial.steps);
        warn(format!("checkpoint_every is {every} and a trial has {steps} steps: it is saved only at its end"));
    }
    for objective in &spec.objectives {
        if spec.info.metric(&objective.metric).is_some_and(|metric| metric.direction != objective.direction) {
            let direction = if objective.direction == Direction::Minimize { "minimized" } else { "maximized" };
            warn(format!("{} is {direction}, against what the family {} says", objective.metric, spec.info.name));
        }
    }
    for parameter in spec.space.parameters() {
        if let Domain::Float { low, high, scale: Scale::Linear, step: None } = parameter.domain
            && low > 0.0
            && high / low >= 1000.0
        {
            warn(format!(
                "`{}` spans {:.0} times its low on a linear scale; log = true spreads it evenly",
                parameter.name,
                high / low
            ));
        }
        if parameter.default.is_none() {
            let name = &parameter.name;
            warn(format!("`{name}` has no default in its range, so no trial tries the default configuration"));
        }
    }
    warnings
}
