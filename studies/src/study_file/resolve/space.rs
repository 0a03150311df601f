//! The space of a study within what its family declares: limits kept, conditions, defaults and constraints put in.

use rand_chacha::rand_core::Rng;
use seqtune_core::seed::rng_of;
use seqtune_plugin::FamilyInfo;
use seqtune_space::{Condition, Domain, Length, Parameter, SearchSpace, Test, Value};

use super::{named, no_such_parameter};
use crate::study_file::StudyFile;
use crate::study_file::source::StudyFileError;
use crate::study_file::space::Entry;

/// How many random points of a space are tried against the family's limits.
const PROBES: u64 = 64;
/// Discrete domains up to this size are compared with the family's limits value by value.
const ENUMERATED: u64 = 4096;

impl StudyFile {
    pub(super) fn resolved_space(&self, info: &FamilyInfo) -> Result<SearchSpace, StudyFileError> {
        let mut parameters: Vec<Parameter> = Vec::new();
        for entry in &self.space.entries {
            let parameter = self.parameter(entry, info, &parameters)?;
            parameters.push(parameter);
        }
        let mut constraints: Vec<_> = self.space.constraints.iter().map(|(constraint, _)| constraint.clone()).collect();
        for constraint in info.parameters.constraints() {
            let names = constraint.names();
            let searched = names.iter().any(|name| parameters.iter().any(|parameter| parameter.name == *name));
            if !searched || constraints.contains(constraint) {
                continue;
            }
            if let Some(implied) = implied(names, &parameters, info) {
                parameters.extend(implied);
                constraints.push(constraint.clone());
            }
        }
        self.space_of(parameters, constraints)
    }

    /// One parameter with the family's default and condition, checked against the family's limits.
    fn parameter(&self, entry: &Entry, info: &FamilyInfo, earlier: &[Parameter]) -> Result<Parameter, StudyFileError> {
        let mut parameter = entry.parameter.clone();
        let wrong = |message: String| self.source.wrong(entry.place.clone(), message);
        let name = parameter.name.clone();
        let limits = info.parameters.get(&name).ok_or_else(|| wrong(no_such_parameter(&name, info)))?;
        if entry.bare
            && !takes_lists(&limits.domain)
            && parameter.default.as_ref().is_some_and(|v| v.as_list().is_some())
        {
            return Err(wrong(format!(
                "parameter `{name}` is a list; choices are written {name} = {{ type = \"categorical\", choices = [...] }}"
            )));
        }
        conform(&mut parameter.domain, &limits.domain);
        // Its center takes the same kind of number.
        parameter.prior = parameter
            .prior
            .take()
            .map(|prior| prior.fitted(&parameter.domain))
            .transpose()
            .map_err(|message| wrong(format!("parameter `{name}`: {message}")))?;
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
            let later = |parent: &str| self.space.entries.iter().any(|other| other.parameter.name == parent);
            let only = |test: &Test| Condition([(parent.clone(), test.clone())].into()).in_words();
            match in_this_space(parent, test, earlier, later(parent), info) {
                InThisSpace::Always => {}
                InThisSpace::Test(test) => {
                    // Where the file has a test of its own, both must pass.
                    let both = match parameter.when.0.get(parent) {
                        None => test,
                        Some(own) => own.and(&test).ok_or_else(|| {
                            wrong(format!(
                                "parameter `{name}` exists here only when {}, and in the family {} only when {}, which is \
                                 never at once; change its `when`",
                                only(own),
                                info.name,
                                only(&test)
                            ))
                        })?,
                    };
                    parameter.when.0.insert(parent.clone(), both);
                }
                InThisSpace::Never(because) => {
                    return Err(wrong(format!(
                        "parameter `{name}` exists only when {}, and {because}; remove it or let `{parent}` take that \
                         value",
                        only(test)
                    )));
                }
                InThisSpace::Later => {
                    return Err(wrong(format!(
                        "parameter `{name}` exists only when {}; declare `{parent}` above it",
                        only(test)
                    )));
                }
            }
        }
        parameter.doc = parameter.doc.or_else(|| limits.doc.clone());
        Ok(parameter)
    }

    /// Tries random points against the family's limits: what only combinations break is found before a trial is.
    pub(super) fn probe(&self, space: &SearchSpace, info: &FamilyInfo) -> Result<(), StudyFileError> {
        let mut rng = rng_of(self.seed, 0, "check space");
        for _ in 0..PROBES {
            let uniform = || (rng.next_u64() >> 11) as f64 / 2f64.powi(53);
            let unit: Vec<f64> = std::iter::repeat_with(uniform).take(space.dimensions().len()).collect();
            let broken = match space.decode(&unit) {
                Ok(point) if space.allows(&point).is_err() => continue,
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
}

/// The parameters that a constraint of the family names and the space does not, fixed at their defaults; `None` where
/// one of them never exists in this space, so that the constraint never applies. So samplers see what a worker would
/// refuse.
fn implied(names: &[String], declared: &[Parameter], info: &FamilyInfo) -> Option<Vec<Parameter>> {
    let mut implied = Vec::new();
    for name in names.iter().filter(|name| declared.iter().all(|parameter| parameter.name != **name)) {
        let limits = info.parameters.get(name)?;
        let default = limits.default.clone()?;
        let domain = match (&limits.domain, default.as_list()) {
            // As long as another list, which may vary here: its default repeats its last item. Where its items differ, the
            // probing points have to tell.
            (Domain::List { len: len @ Length::As(_), .. }, Some([first, rest @ ..])) => {
                if rest.iter().any(|item| item != first) {
                    return None;
                }
                Domain::List { len: len.clone(), item: Box::new(Domain::fixed(first.clone())), rule: None }
            }
            (Domain::List { len: Length::As(_), .. }, _) => return None,
            _ => Domain::fixed(default.clone()),
        };
        let mut parameter = Parameter { default: Some(default), ..Parameter::new(name, domain) };
        parameter.doc = limits.doc.clone();
        for (parent, test) in &limits.when.0 {
            match in_this_space(parent, test, declared, false, info) {
                InThisSpace::Always => {}
                InThisSpace::Test(test) => {
                    parameter.when.0.insert(parent.clone(), test);
                }
                InThisSpace::Never(_) | InThisSpace::Later => return None,
            }
        }
        implied.push(parameter);
    }
    Some(implied)
}

/// What a condition of the family means in a study's space.
enum InThisSpace {
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
fn in_this_space(parent: &str, test: &Test, earlier: &[Parameter], later: bool, info: &FamilyInfo) -> InThisSpace {
    let Some(declared) = earlier.iter().find(|parameter| parameter.name == parent) else {
        let limits = info.parameters.get(parent);
        return match limits.and_then(|limits| limits.default.as_ref()) {
            _ if later => InThisSpace::Later,
            Some(value) if test.passes(value) => InThisSpace::Always,
            Some(value) => InThisSpace::Never(format!("`{parent}` keeps its default {value} in this space")),
            None => InThisSpace::Never(format!("`{parent}` is not in this space")),
        };
    };
    let values = match &declared.domain {
        Domain::Categorical { choices: values } | Domain::Ordinal { values } => values.clone(),
        Domain::Bool => vec![Value::Bool(false), Value::Bool(true)],
        domain if !test.can_pass(domain) => return InThisSpace::Never(format!("`{parent}` never is in this space")),
        Domain::Float { .. } | Domain::Int { .. } | Domain::List { .. } => return InThisSpace::Test(test.clone()),
    };
    let passing: Vec<Value> = values.iter().filter(|value| test.passes(value)).cloned().collect();
    match passing.as_slice() {
        [] => InThisSpace::Never(format!("`{parent}` never is in this space")),
        all if all.len() == values.len() && declared.when.is_empty() => InThisSpace::Always,
        [only] => InThisSpace::Test(Test::Is(only.clone())),
        _ => InThisSpace::Test(Test::OneOf(passing)),
    }
}

fn takes_lists(limits: &Domain) -> bool {
    match limits {
        Domain::List { .. } => true,
        Domain::Categorical { choices: values } | Domain::Ordinal { values } => {
            values.iter().any(|value| value.as_list().is_some())
        }
        _ => false,
    }
}

/// Choices in the kinds of the family's own domain: `1` is `1.0` where that is what it takes.
fn conform(domain: &mut Domain, limits: &Domain) {
    match (domain, limits) {
        (Domain::Categorical { choices: values } | Domain::Ordinal { values }, _) => {
            for value in values {
                *value = limits.conform(value.clone());
            }
        }
        (Domain::List { item, .. }, Domain::List { item: limits, .. }) => conform(item, limits),
        _ => {}
    }
}

/// A value of the domain that the limits do not hold, where one is found: all values of small discrete domains are
/// tried, else the ends and one between; of lists, their items, and the shortest and longest that rise and fall.
fn outside(domain: &Domain, limits: &Domain) -> Option<Value> {
    if let (Domain::List { len, item, .. }, Domain::List { item: item_limits, .. }) = (domain, limits)
        && let Some(value) = outside(item, item_limits)
    {
        let shortest = if let Length::Between { low, .. } = len { (*low).max(1) } else { 1 };
        return Some(Value::List(vec![value; shortest as usize]));
    }
    tried(domain).into_iter().find(|value| !limits.contains(&limits.conform(value.clone())))
}

fn tried(domain: &Domain) -> Vec<Value> {
    match domain {
        Domain::Float { step: Some(_), .. } | Domain::Int { .. } if domain.values(ENUMERATED).is_some() => {
            domain.values(ENUMERATED).unwrap_or_default()
        }
        Domain::Categorical { choices: values } | Domain::Ordinal { values } => values.clone(),
        Domain::Bool => vec![Value::Bool(false), Value::Bool(true)],
        Domain::Float { low, high, step: None, .. } => {
            vec![Value::Float(*low), Value::Float(*high), domain.decode(0.381_966)]
        }
        // The high of a grid need not lie on it.
        Domain::Float { .. } | Domain::Int { .. } => [0.0, 1.0, 0.381_966].map(|u| domain.decode(u)).to_vec(),
        Domain::List { len, item, .. } => {
            let lengths = match len {
                Length::Between { low, high } => vec![*low as usize, *high as usize],
                Length::As(_) => vec![1],
            };
            let (first, last) = (item.decode(0.0), item.decode(1.0));
            let lists = lengths.into_iter().flat_map(|length| {
                let mut rising = vec![last.clone(); length];
                rising.iter_mut().take(1).for_each(|item| *item = first.clone());
                let falling = rising.iter().rev().cloned().collect();
                [vec![first.clone(); length], rising, falling]
            });
            lists.map(Value::List).filter(|list| domain.contains(list)).collect()
        }
    }
}
