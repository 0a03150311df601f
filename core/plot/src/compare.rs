//! Pinned trials side by side: what differs between them, and whether that made a difference.

use std::collections::HashMap;

use seqtune_core::{Objective, TrialState};
use seqtune_space::Value;

use crate::row::TrialRow;
use crate::snapshot::Snapshot;
use crate::statistics::Mean;

/// Several configurations side by side, one of them the baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The configurations, in the order they were pinned.
    pub columns: Vec<Column>,
    /// Which of the columns the others are compared with.
    pub baseline: usize,
    /// Their parameters, in the order of the space.
    pub parameters: Vec<ParameterRow>,
    /// Every metric that one of them has: the objectives first, then by name.
    pub metrics: Vec<MetricRow>,
}

/// One of the configurations that are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The trial that was pinned.
    pub trial: u64,
    /// The trials that it stands for: the completed ones of its configuration; itself alone where there is none, or where
    /// another pinned trial has the same configuration.
    pub trials: Vec<u64>,
    /// Seconds of training a trial.
    pub seconds: Option<Mean>,
}

/// One parameter of the configurations.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterRow {
    /// Its name.
    pub name: String,
    /// Whether the columns differ in it.
    pub differs: bool,
    /// Of each column.
    pub cells: Vec<ParameterCell>,
}

/// The value of a parameter in one column.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterCell {
    /// The value; `None` where the configuration does not have the parameter.
    pub value: Option<Value>,
    /// What it is to the baseline's.
    pub relation: Relation,
}

/// What a value is to that of the baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Relation {
    /// The same; so is that of the baseline itself.
    Equal,
    /// So many times as large, both above zero.
    Times(f64),
    /// So much larger, one of the two zero or less.
    Plus(f64),
    /// Another choice.
    Differs,
    /// Only one of the two has the parameter.
    Absent,
}

/// One metric of the configurations.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricRow {
    /// What is compared: the metric, which way is better, and which step of a trial counts.
    pub objective: Objective,
    /// Of each column.
    pub cells: Vec<MetricCell>,
}

/// A metric in one column.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricCell {
    /// The mean over its trials, `None` where none of them has the metric.
    pub mean: Option<Mean>,
    /// Its difference to the baseline; `None` of the baseline itself, and where nothing makes pairs.
    pub difference: Option<Difference>,
}

/// By how much a metric differs from the baseline's, pair by pair: what the pairs share (the seed, the fold) falls out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The mean of this one's values less those of the baseline, with its interval.
    pub mean: Mean,
    /// What the pairs are.
    pub pairs: Pairs,
    /// Whether that is surely better (`true`) or worse; `None` where the interval has zero in it or is not known.
    pub is_better: Option<bool>,
}

/// What makes a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairs {
    /// Trials of one seed of training.
    Seeds,
    /// Parts of the metric: folds. They share most of what was trained on, so that the interval is rather too narrow (Nadeau
    /// and Bengio, "Inference for the Generalization Error", 2003).
    Parts,
}

/// Compares the configurations of the pinned trials with that of the trial `baseline`, or the first one where that is not
/// pinned. Trials that the snapshot does not have are left out. Pairs are trials of one seed where there are two such pairs, else
/// parts of the metric, else one pair of trials.
pub fn compare(snapshot: &Snapshot, pins: &[u64], baseline: u64) -> Comparison {
    let mut rows: Vec<&TrialRow> = Vec::new();
    for row in pins.iter().filter_map(|number| snapshot.trial(*number)) {
        if !rows.iter().any(|known| known.number == row.number) {
            rows.push(row);
        }
    }
    let baseline = rows.iter().position(|row| row.number == baseline).unwrap_or(0);
    let groups = groups(snapshot, &rows);
    let column = |(row, group): (&&TrialRow, &Vec<&TrialRow>)| {
        let seconds: Vec<f64> = group.iter().map(|one| one.seconds(snapshot.last_us)).collect();
        let trials = group.iter().map(|one| one.number).collect();
        Column { trial: row.number, trials, seconds: Mean::of(&seconds) }
    };
    Comparison {
        columns: rows.iter().zip(&groups).map(column).collect(),
        baseline,
        parameters: parameters(snapshot, &rows, baseline),
        metrics: snapshot.metrics.iter().filter_map(|metric| metric_row(snapshot, metric, &groups, baseline)).collect(),
    }
}

/// The trials that each of these stands for.
fn groups<'a>(snapshot: &'a Snapshot, rows: &[&'a TrialRow]) -> Vec<Vec<&'a TrialRow>> {
    let mut seeds: HashMap<&str, Vec<&TrialRow>> = HashMap::new();
    for row in snapshot.trials.iter().filter(|row| row.state == TrialState::Completed) {
        if rows.iter().any(|pinned| pinned.config_key == row.config_key) {
            seeds.entry(&row.config_key).or_default().push(row);
        }
    }
    let group = |row: &&'a TrialRow| {
        let is_alone = rows.iter().filter(|other| other.config_key == row.config_key).count() == 1;
        seeds.get(row.config_key.as_str()).filter(|_| is_alone).cloned().unwrap_or_else(|| vec![*row])
    };
    rows.iter().map(group).collect()
}

fn parameters(snapshot: &Snapshot, rows: &[&TrialRow], baseline: usize) -> Vec<ParameterRow> {
    let mut names: Vec<&str> = snapshot.spec.space.parameters().iter().map(|one| one.name.as_str()).collect();
    for name in rows.iter().flat_map(|row| row.params.iter()).map(|(name, _)| name) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let row = |name: &str| {
        let values: Vec<Option<&Value>> = rows.iter().map(|row| row.params.get(name)).collect();
        let base = values[baseline];
        let cell = |value: &Option<&Value>| ParameterCell { value: value.cloned(), relation: relation(*value, base) };
        let cells: Vec<ParameterCell> = values.iter().map(cell).collect();
        let differs = cells.iter().any(|cell| cell.relation != Relation::Equal);
        let is_there = values.iter().any(Option::is_some);
        is_there.then(|| ParameterRow { name: name.to_owned(), differs, cells })
    };
    if rows.is_empty() { Vec::new() } else { names.into_iter().filter_map(row).collect() }
}

fn relation(value: Option<&Value>, base: Option<&Value>) -> Relation {
    let (value, base) = match (value, base) {
        (Some(value), Some(base)) => (value, base),
        (None, None) => return Relation::Equal,
        _ => return Relation::Absent,
    };
    match (value.as_f64(), base.as_f64()) {
        _ if value.same(base) => Relation::Equal,
        (Some(value), Some(base)) if value > 0.0 && base > 0.0 => Relation::Times(value / base),
        (Some(value), Some(base)) => Relation::Plus(value - base),
        _ => Relation::Differs,
    }
}

fn metric_row(snapshot: &Snapshot, metric: &str, groups: &[Vec<&TrialRow>], baseline: usize) -> Option<MetricRow> {
    let objective = snapshot.objective_of(metric);
    let mean = |group: &Vec<&TrialRow>| {
        let values: Vec<f64> = group.iter().filter_map(|row| row.value_under(&objective)).collect();
        Mean::of(&values)
    };
    let cell = |(at, group): (usize, &Vec<&TrialRow>)| MetricCell {
        mean: mean(group),
        difference: if at == baseline { None } else { difference(group, &groups[baseline], &objective) },
    };
    let cells: Vec<MetricCell> = groups.iter().enumerate().map(cell).collect();
    cells.iter().any(|cell| cell.mean.is_some()).then_some(MetricRow { objective, cells })
}

fn difference(own: &[&TrialRow], base: &[&TrialRow], objective: &Objective) -> Option<Difference> {
    // Seeds are common to configurations: the same repetition has the same seed.
    let of_seed = |row: &TrialRow| base.iter().find(|other| other.seed == row.seed).copied();
    let both = |row: &&TrialRow| Some(row.value_under(objective)? - of_seed(row)?.value_under(objective)?);
    let seeds: Vec<f64> = own.iter().filter_map(both).collect();
    let parts = || {
        let (own, base) = (part_means(own, objective)?, part_means(base, objective)?);
        let differences = own.iter().zip(&base).map(|(own, base)| own - base);
        let known: Vec<f64> = differences.filter(|difference| difference.is_finite()).collect();
        (own.len() == base.len() && known.len() > 1).then_some(known)
    };
    let (values, pairs) = match seeds.len() {
        0 | 1 => parts().map_or((seeds, Pairs::Seeds), |parts| (parts, Pairs::Parts)),
        _ => (seeds, Pairs::Seeds),
    };
    let mean = Mean::of(&values)?;
    let is_better = (mean.differs_from_zero() == Some(true)).then(|| objective.direction.better(mean.mean, 0.0));
    Some(Difference { mean, pairs, is_better })
}

/// The parts of a metric, each as the mean over trials; `None` where they do not have the same number of parts.
fn part_means(trials: &[&TrialRow], objective: &Objective) -> Option<Vec<f64>> {
    let parts = |row: &&TrialRow| row.curves.parts(&objective.metric, objective.reduce).to_vec();
    let all: Vec<Vec<f64>> = trials.iter().map(parts).collect();
    let number = all.first()?.len();
    let mean = |part: usize| all.iter().map(|parts| parts[part]).sum::<f64>() / all.len() as f64;
    all.iter().all(|parts| parts.len() == number).then(|| (0..number).map(mean).collect())
}

#[cfg(test)]
mod tests;
