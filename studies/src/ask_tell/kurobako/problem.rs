//! A problem of kurobako as a space, and points of the space as kurobako's vectors.

use seqtune_space::{Domain, Parameter, Params, Scale, SearchSpace, Value};

use super::condition::{self, Earlier};
use super::message::{Distribution, ErrorKind, ProblemSpec, Range, Variable};

/// A problem that can be searched.
pub(super) struct Problem {
    pub(super) space: SearchSpace,
    pub(super) objectives: usize,
    /// The step at which a trial is complete.
    pub(super) last_step: u64,
}

/// Why a problem cannot be searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unsuitable {
    pub(super) kind: ErrorKind,
    pub(super) message: String,
}

impl Problem {
    pub(super) fn read(problem: serde_json::Value) -> Result<Problem, Unsuitable> {
        let invalid = |message: String| Unsuitable { kind: ErrorKind::InvalidInput, message };
        let spec: ProblemSpec =
            serde_json::from_value(problem).map_err(|error| invalid(format!("the problem cannot be read: {error}")))?;
        if spec.values_domain.is_empty() || spec.params_domain.is_empty() {
            return Err(invalid("a problem has a variable and a value".to_owned()));
        }
        let mut parameters: Vec<Parameter> = Vec::new();
        for variable in &spec.params_domain {
            let incapable = |message: String| Unsuitable {
                kind: ErrorKind::Incapable,
                message: format!("the variable {:?}: {message}", variable.name),
            };
            let mut parameter = Parameter::new(name_of(parameters.len()), domain(variable).map_err(incapable)?);
            if let Some(constraint) = &variable.constraint {
                let earlier: Vec<Earlier<'_>> = spec
                    .params_domain
                    .iter()
                    .zip(&parameters)
                    .map(|(variable, parameter)| Earlier {
                        name: &variable.name,
                        parameter: &parameter.name,
                        domain: &parameter.domain,
                    })
                    .collect();
                let script = constraint.script();
                parameter.when = condition::read(script, &earlier)
                    .map_err(|what| incapable(format!("its constraint {script:?} cannot be read here: {what}")))?;
            }
            parameters.push(parameter);
        }
        let space = SearchSpace::new(parameters).map_err(|error| invalid(error.to_string()))?;
        Ok(Problem { space, objectives: spec.values_domain.len(), last_step: spec.steps.last() })
    }

    /// A point in the order of the variables; a choice is its position.
    pub(super) fn vector(&self, params: &Params) -> Vec<Option<f64>> {
        let entry = |parameter: &Parameter| {
            let value = params.get(&parameter.name)?;
            match (&parameter.domain, value) {
                (Domain::Categorical { choices }, value) => {
                    choices.iter().position(|choice| choice == value).map(|position| position as f64)
                }
                (_, value) => value.as_f64(),
            }
        };
        self.space.parameters().iter().map(entry).collect()
    }
}

/// Names of kurobako may hold anything: parameters are named by their place.
fn name_of(index: usize) -> String {
    format!("p{index}")
}

fn domain(variable: &Variable) -> Result<Domain, String> {
    let scale = match variable.distribution {
        Distribution::Uniform => Scale::Linear,
        Distribution::LogUniform => Scale::Log,
    };
    match &variable.range {
        Range::Continuous { low: Some(low), high: Some(high) } if (high - low).is_finite() => {
            if low >= high || (scale == Scale::Log && *low <= 0.0) {
                return Err(format!("its range from {low} to {high} holds nothing, or not what its scale needs"));
            }
            // Their upper bound is excluded, ours is not.
            Ok(Domain::Float { low: *low, high: high.next_down(), scale, step: None })
        }
        Range::Continuous { .. } => Err("its range has no end, and a search needs one".to_owned()),
        Range::Discrete { low, high } => {
            let exact = |number: i64| number.unsigned_abs() <= 1 << 53;
            if low >= high || !exact(*low) || !exact(*high) || (scale == Scale::Log && *low < 1) {
                return Err(format!("its range from {low} to {high} holds nothing, or not what its scale needs"));
            }
            Ok(Domain::Int { low: *low, high: high - 1, scale, step: 1 })
        }
        Range::Categorical { choices } => {
            if choices.is_empty() || choices.iter().enumerate().any(|(index, one)| choices[..index].contains(one)) {
                return Err("its choices are none, or one of them is given twice".to_owned());
            }
            Ok(Domain::Categorical { choices: choices.iter().map(|choice| Value::Text(choice.clone())).collect() })
        }
    }
}
