//! What is allowed and rarely meant.

use seqtune_core::{ArmSampler, PrunerSpec, SamplerSpec, Settings, StudySpec, start_up};
use seqtune_plugin::Direction;
use seqtune_space::{Domain, Parameter, Scale};

use super::Feasibility;

/// On a linear scale, small values of such a wide range are hardly ever drawn.
const WIDE: f64 = 1000.0;
/// Over such a narrow range, a log scale is all but linear.
const NARROW: f64 = 1.5;
/// A log scale over so many factors of ten spends most trials where nothing happens.
const DECADES: f64 = 12.0;

pub(super) fn of(spec: &StudySpec, settings: &Settings, feasibility: &Feasibility) -> Vec<String> {
    let mut warnings = budget(spec, settings);
    if spec.objectives.len() > 1 && spec.sampler == SamplerSpec::CmaEs {
        warnings.push(
            "the sampler cmaes finds little of the Pareto set of several objectives; `gp`, `tpe` and `nsga2` find more"
                .to_owned(),
        );
    }
    if !spec.outcome_constraints.is_empty() && !learns_constraints(&spec.sampler) {
        warnings.push(
            "the sampler does not learn from outcome constraints; they say which trials are best, and `auto`, `gp`, `tpe`, \
             `cmaes` and `nsga2` learn where they are kept"
                .to_owned(),
        );
    }
    if spec.pruner != PrunerSpec::None && spec.trial.steps == 1 {
        warnings.push("a trial has one step: the pruner has nothing to stop".to_owned());
    }
    if spec.trial.checkpoint_every > spec.trial.steps {
        let (every, steps) = (spec.trial.checkpoint_every, spec.trial.steps);
        warnings
            .push(format!("checkpoint_every is {every} and a trial has {steps} steps: it is saved only at its end"));
    }
    for objective in &spec.objectives {
        if spec.info.metric(&objective.metric).is_some_and(|metric| metric.direction != objective.direction) {
            let direction = if objective.direction == Direction::Minimize { "minimized" } else { "maximized" };
            warnings
                .push(format!("{} is {direction}, against what the family {} says", objective.metric, spec.info.name));
        }
    }
    if feasibility.is_narrow() {
        warnings.push(format!(
            "the constraints leave little of the space ({}): samplers draw long for each point",
            feasibility.in_words()
        ));
    }
    spec.space.parameters().iter().for_each(|parameter| self::parameter(parameter, &mut warnings));
    warnings
}

/// Whether points depend on which outcome constraints earlier ones kept.
fn learns_constraints(sampler: &SamplerSpec) -> bool {
    match sampler {
        SamplerSpec::Auto | SamplerSpec::Tpe | SamplerSpec::Gp | SamplerSpec::CmaEs | SamplerSpec::Nsga2 => true,
        SamplerSpec::Random | SamplerSpec::Sobol | SamplerSpec::Grid => false,
        // Within an arm; which arm it is follows from losses alone.
        SamplerSpec::Bandit { inner, plain, .. } => {
            !plain && !matches!(inner, ArmSampler::Random | ArmSampler::Sobol | ArmSampler::Grid)
        }
    }
}

fn budget(spec: &StudySpec, settings: &Settings) -> Vec<String> {
    let mut warnings = Vec::new();
    let budget = &settings.budget;
    let limits = [budget.hours, budget.device_hours];
    if budget.trials.is_none() && budget.patience.is_none() && limits.iter().all(Option::is_none) {
        warnings.push(
            "there is no [budget]: the study goes on until it is stopped; add for instance trials = 50".to_owned(),
        );
    }
    let Some(trials) = budget.trials else { return warnings };
    let start_up = start_up(&spec.space) as u64;
    let is_decided_by_hand = spec.enqueue.len() as u64 >= trials;
    match spec.space.cardinality() {
        _ if is_decided_by_hand => {}
        Some(points) if points < trials => warnings.push(format!(
            "the space has {points} points, and the budget asks for {trials} trials: {}",
            match spec.sampler {
                SamplerSpec::Random | SamplerSpec::Sobol => "some will be repeated",
                SamplerSpec::Bandit { plain: true, .. } => "the good ones will be repeated with other seeds",
                SamplerSpec::Bandit { inner: ArmSampler::Random | ArmSampler::Sobol, .. } => "some will be repeated",
                SamplerSpec::Auto
                | SamplerSpec::Grid
                | SamplerSpec::Tpe
                | SamplerSpec::Gp
                | SamplerSpec::CmaEs
                | SamplerSpec::Nsga2
                | SamplerSpec::Bandit { .. } => "the study ends when all are tried",
            }
        )),
        Some(points) if points <= start_up => {}
        _ if trials < start_up => warnings.push(format!(
            "a budget of {trials} trials is smaller than the start-up design of this space, which takes {start_up}: \
             nothing will be learned from one trial for the next"
        )),
        _ => {}
    }
    if budget.patience.is_some_and(|patience| patience >= trials) {
        let patience = budget.patience.unwrap_or_default();
        warnings.push(format!("a patience of {patience} never ends a study of {trials} trials"));
    }
    if spec.enqueue.len() as u64 > trials {
        let points = spec.enqueue.len();
        warnings.push(format!("{points} points are enqueued, and the budget ends after {trials} trials"));
    }
    warnings
}

fn parameter(parameter: &Parameter, warnings: &mut Vec<String>) {
    let name = &parameter.name;
    let domain = match &parameter.domain {
        Domain::List { item, .. } => item,
        domain => domain,
    };
    let range = match domain {
        Domain::Float { low, high, scale, step: None } => Some((*low, *high, *scale)),
        Domain::Int { low, high, scale, step: 1 } => Some((*low as f64, *high as f64, *scale)),
        _ => None,
    };
    match range {
        Some((low, high, Scale::Linear)) if low > 0.0 && high / low >= WIDE => warnings.push(format!(
            "`{name}` spans {:.0} times its low on a linear scale; log = true spreads it evenly",
            high / low
        )),
        Some((low, high, Scale::Log)) if low < high && high / low < NARROW => warnings.push(format!(
            "`{name}` has a log scale from {low} to {high}, over which it is as good as linear; leave log out, or widen \
             the range"
        )),
        Some((low, high, Scale::Log)) if (high / low).log10() > DECADES => warnings.push(format!(
            "`{name}` has a log scale over {:.0} factors of ten: most trials will lie where it makes no difference; raise \
             its low",
            (high / low).log10()
        )),
        _ => {}
    }
    if parameter.default.is_none() {
        warnings.push(format!("`{name}` has no default in its range, so no trial tries the default configuration"));
    }
}
