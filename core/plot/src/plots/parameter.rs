//! Parameters as axes, and which of them tell most about the value.

use std::borrow::Cow;

use rayon::prelude::*;
use seqtune_core::Objective;
use seqtune_space::{Domain, Scale as DomainScale, Value};

use super::PlotError;
use super::values::{Valued, Values};
use crate::along::{along_names, domain_along, value_along};
use crate::row::TrialRow;
use crate::snapshot::Snapshot;
use crate::spec::{Axis, Scale, short};

/// Most groups that a parameter's values are put into to see how much they tell.
const GROUPS: usize = 6;

/// One parameter, or the length or an item of a list, as an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ParameterAxis {
    pub name: String,
    pub axis: Axis,
    /// Values that have a name along the axis, and which one.
    named: Vec<(Value, usize)>,
}

impl ParameterAxis {
    /// The axis of a parameter, as wide as its domain and what the trials have.
    pub fn of<'a>(
        snapshot: &Snapshot,
        name: &str,
        rows: impl Iterator<Item = &'a TrialRow> + Clone,
    ) -> Result<ParameterAxis, PlotError> {
        let values: Vec<Cow<Value>> = rows.filter_map(|row| value_along(&row.params, name)).collect();
        if values.is_empty() {
            return Err(PlotError::NoParameter(name.to_owned()));
        }
        let numbers: Option<Vec<f64>> = values.iter().map(|value| value.as_f64()).collect();
        let domain = domain_along(&snapshot.spec.space, name);
        let axis = match (domain.as_deref(), numbers) {
            (Some(Domain::Float { low, high, scale, .. }), Some(numbers)) => {
                let all = numbers.into_iter().chain([*low, *high]);
                if *scale == DomainScale::Log { Axis::log(name, all) } else { Axis::linear(name, all) }
            }
            (Some(Domain::Int { low, high, scale, .. }), Some(numbers)) => {
                let all = numbers.into_iter().chain([*low as f64, *high as f64]);
                if *scale == DomainScale::Log { Axis::log(name, all) } else { Axis::counting(name, all) }
            }
            (None, Some(numbers)) => Axis::fitting(name, &numbers),
            (domain, _) => {
                let (names, named) = names(domain, &values);
                return Ok(ParameterAxis { name: name.to_owned(), axis: Axis::names(name, names), named });
            }
        };
        Ok(ParameterAxis { name: name.to_owned(), axis, named: Vec::new() })
    }

    pub fn is_names(&self) -> bool {
        matches!(self.axis.scale, Scale::Categorical(_))
    }

    /// Where a trial stands along the axis; `None` where it does not have the parameter.
    pub fn place(&self, row: &TrialRow) -> Option<f64> {
        let value = value_along(&row.params, &self.name)?;
        match &self.axis.scale {
            Scale::Categorical(_) => self.named.iter().find(|(known, _)| *known == *value).map(|(_, at)| *at as f64),
            Scale::Linear { .. } | Scale::Log => value.as_f64(),
        }
    }

    /// As [`ParameterAxis::place`], but of trials with the same name each a little aside: by its number, so always the same.
    pub fn place_aside(&self, row: &TrialRow, width: f64) -> Option<f64> {
        const GOLDEN: f64 = 0.618_033_988_749_895;
        let aside = if self.is_names() { (row.number as f64 * GOLDEN).fract() - 0.5 } else { 0.0 };
        Some(self.place(row)? + aside * width)
    }
}

/// The names along an axis: choices in their order, and what else the trials have; and which value has which. Values that are written
/// alike share a name.
fn names(domain: Option<&Domain>, values: &[Cow<Value>]) -> (Vec<String>, Vec<(Value, usize)>) {
    let declared: Vec<Value> = match domain {
        Some(Domain::Categorical { choices }) => choices.clone(),
        Some(Domain::Ordinal { values }) => values.clone(),
        Some(Domain::Bool) => [false, true].map(Value::Bool).into(),
        _ => Vec::new(),
    };
    let mut all: Vec<(Value, String)> = declared.iter().map(|value| (value.clone(), shown(value))).collect();
    for value in values {
        if !all.iter().any(|(known, _)| *known == **value) {
            all.push((value.clone().into_owned(), shown(value)));
        }
    }
    all[declared.len()..].sort_by(|(_, a), (_, b)| a.cmp(b));
    let mut names: Vec<String> = Vec::new();
    for (_, name) in &all {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    let place = |name: &String| names.iter().position(|known| known == name);
    let named = all.iter().filter_map(|(value, name)| Some((value.clone(), place(name)?))).collect();
    (names, named)
}

/// A value as plots write it.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Float(number) => short(*number, 4),
        other => other.to_string(),
    }
}

/// The parameters that have two values among the trials (of lists their lengths and items, [`along_names`]), from the one that tells most about the value on: how much of the
/// variance of the values lies between groups of trials with like values of the parameter, times the part of the trials that
/// have it, 0 to 1. This looks at each parameter alone, and is for choosing what to draw.
pub fn telling_parameters(snapshot: &Snapshot, objective: &Objective) -> Vec<(String, f64)> {
    let Ok(values) = Values::of(snapshot, objective).and_then(Values::ended) else { return Vec::new() };
    let rows = || values.worst_first.iter().map(|one| one.row);
    let told = |name: String| {
        let axis = ParameterAxis::of(snapshot, &name, rows()).ok()?;
        Some((name, told_by(&axis, &values.worst_first)?))
    };
    let mut telling: Vec<(String, f64)> = along_names(&snapshot.spec.space).into_par_iter().filter_map(told).collect();
    telling.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    telling
}

/// The share of the variance between groups, `None` where there is one value alone. Values count by their rank, so that one
/// outlier does not decide.
fn told_by(axis: &ParameterAxis, worst_first: &[Valued]) -> Option<f64> {
    let placed = worst_first.iter().filter_map(|one| axis.place(one.row)).enumerate();
    let mut placed: Vec<(f64, f64)> = placed.map(|(rank, at)| (at, rank as f64)).collect();
    placed.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let first = placed.first()?.0;
    if placed.iter().all(|(at, _)| *at == first) {
        return None;
    }
    let groups: Vec<Vec<f64>> = if axis.is_names() {
        placed.chunk_by(|(a, _), (b, _)| a == b).map(|group| group.iter().map(|(_, rank)| *rank).collect()).collect()
    } else {
        let each = placed.len().div_ceil(GROUPS);
        placed.chunks(each).map(|group| group.iter().map(|(_, rank)| *rank).collect()).collect()
    };
    let mean = |ranks: &[f64]| ranks.iter().sum::<f64>() / ranks.len().max(1) as f64;
    let middle = (placed.len() as f64 - 1.0) / 2.0;
    let total: f64 = placed.iter().map(|(_, rank)| (rank - middle).powi(2)).sum();
    let between: f64 = groups.iter().map(|group| group.len() as f64 * (mean(group) - middle).powi(2)).sum();
    // Groups explain something of noise too: what chance would explain is taken off (epsilon squared).
    let (n, k) = (placed.len() as f64, groups.len() as f64);
    let within = (total - between) / (n - k).max(1.0);
    let told = ((between - (k - 1.0) * within) / total).clamp(0.0, 1.0);
    Some(told * n / worst_first.len() as f64)
}
