//! The values of the trials in their order, and the best so far.

use std::collections::HashMap;

use seqtune_core::{Objective, TrialState};

use super::values::{Parted, Valued, Values, state_legend, state_mark};
use super::{PlotError, count, density};
use crate::best_line::best_line;
use crate::row::TrialRow;
use crate::snapshot::Snapshot;
use crate::spec::{Axis, Entry, Layer, Line, PlotSpec, Role, Sample, short, span, thousands};
use crate::statistics::Mean;

/// How a history is drawn; by default all trials by number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HistoryOptions {
    /// Whether trials stand where they ended in time, instead of by number.
    pub by_time: bool,
    /// The share of the trials that is drawn, the best ones: 0.5 for the better half. `None` for all.
    pub top: Option<f64>,
    /// Whether the values are on a log axis; `None` where they decide by how far apart they lie.
    pub log: Option<bool>,
}

/// The values of the trials in their order, by state, and the best so far of the completed ones that keep the outcome
/// constraints. Where configurations were repeated, also the best mean of several seeds with its interval.
///
/// # Errors
/// Where no trial has a value.
pub fn history(snapshot: &Snapshot, objective: &Objective, options: &HistoryOptions) -> Result<PlotSpec, PlotError> {
    let all = Values::of(snapshot, objective)?;
    let order = Order::of(snapshot, options.by_time);
    let total = all.worst_first.len();
    let kept = options.top.map_or(total, |share| ((share * total as f64).ceil() as usize).clamp(1, total));
    let values = all.best_part(kept);
    let Parted { alone, rest, note } = values.parted();
    let mut notes: Vec<String> = note.into_iter().collect();
    if kept < total {
        notes.push(format!("only the best {} of {} with a value", thousands(kept), count(total, "trial")));
    }
    let without = snapshot.trials.len() - total;
    if without > 0 {
        notes.push(format!("{} without a value", count(without, "trial")));
    }
    let (axis, note) = values.axis_as(options.log);
    notes.extend(note);
    let completed = all.worst_first.iter();
    let completed = completed.filter(|one| one.row.state == TrialState::Completed && one.row.is_feasible());
    let mut in_order: Vec<(f64, &Valued)> = completed.map(|one| (order.place(one.row), one)).collect();
    in_order.sort_by(|(a, one), (b, other)| a.total_cmp(b).then(one.row.number.cmp(&other.row.number)));
    let held = |value: f64| axis.held(value);

    let mut legend = state_legend(values.worst_first.iter().map(|one| one.row));
    let line = |label: &str, role, dashed| Entry { label: label.to_owned(), sample: Sample::Line { role, dashed } };
    let (x, at) = (order.axis(), |one: &Valued| [order.place(one.row), held(one.value)]);
    let mut layers: Vec<Layer> = density::points(&rest, &x, &axis, |one| Some(at(one))).into_iter().collect();
    legend.extend(layers.first().map(|_| density::entry()));
    let means = best_means(&in_order, objective, order.last);
    if !means.is_empty() {
        let points = means.iter().map(|[x, mean, ..]| [*x, held(*mean)]).collect();
        let band = means.iter().map(|[x, _, low, high]| [*x, held(*low), held(*high)]).collect();
        layers.push(Layer::Band { points: band, role: Role::Series(0) });
        layers.push(Layer::Line(Line { width: 1.2, dashed: true, ..Line::new(points, Role::Series(0)) }));
        legend.push(line("best mean of several seeds so far, with its 95 % interval", Role::Series(0), true));
    }
    let points = in_order.iter().map(|(at, one)| (*at, one.value));
    let mut best = best_line(points, Some(order.last), objective.direction);
    best.iter_mut().for_each(|[_, value]| *value = held(*value));
    if !best.is_empty() {
        layers.push(Layer::Line(Line { width: 1.2, ..Line::new(best, Role::Front) }));
        legend.push(line("best so far", Role::Front, false));
    }
    let marks = alone.iter().map(|one| state_mark(one.row, at(one)));
    layers.push(Layer::Points(marks.collect()));
    let reading = values.best().map_or_else(String::new, |best| {
        format!(
            "{}; the best is trial {} with {} {}.",
            count(snapshot.trials.len(), "trial"),
            best.row.number,
            objective.metric,
            short(best.value, 5)
        )
    });
    Ok(PlotSpec {
        title: format!("History of {}", snapshot.spec.name),
        reading,
        x,
        y: axis,
        layers,
        legend,
        scale: None,
        notes,
    })
}

/// What goes from left to right.
struct Order {
    /// When the first trial began, where time does.
    begin_us: Option<i64>,
    /// Length and name of its unit.
    unit: (f64, &'static str),
    last: f64,
}

impl Order {
    fn of(snapshot: &Snapshot, by_time: bool) -> Order {
        let begin = snapshot.trials.iter().map(|row| row.started_us).min().filter(|_| by_time);
        let Some(begin_us) = begin else {
            let last = snapshot.trials.last().map_or(0, |row| row.number);
            return Order { begin_us: None, unit: (1.0, ""), last: last as f64 };
        };
        let seconds = snapshot.trials.iter().map(|row| end_us(row) - begin_us).max().unwrap_or(0) as f64 / 1e6;
        let unit = span(seconds);
        Order { begin_us: Some(begin_us), unit, last: seconds / unit.0 }
    }

    fn place(&self, row: &TrialRow) -> f64 {
        self.begin_us.map_or(row.number as f64, |begin| (end_us(row) - begin) as f64 / 1e6 / self.unit.0)
    }

    fn axis(&self) -> Axis {
        match self.begin_us {
            None => Axis::counting("trial", [0.0, self.last]),
            Some(_) => Axis::linear("time since the first trial began", [0.0, self.last]).unit(self.unit.1),
        }
    }
}

/// When a trial ended, or last said something.
fn end_us(row: &TrialRow) -> i64 {
    row.ended_us.or(row.curves.times_us().last().copied()).unwrap_or(row.started_us)
}

/// The best mean of configurations with several seeds, as corners `[x, mean, low, high]` of a step line.
fn best_means(in_order: &[(f64, &Valued)], objective: &Objective, last: f64) -> Vec<[f64; 4]> {
    let mut seeds: HashMap<&str, Vec<f64>> = HashMap::new();
    let mut means: HashMap<&str, Mean> = HashMap::new();
    let mut corners: Vec<[f64; 4]> = Vec::new();
    let mut leader: Option<(&str, Mean)> = None;
    let mut push = |x: f64, mean: &Mean| {
        let [low, high] = mean.interval.unwrap_or([mean.mean; 2]);
        if let Some([_, value, below, above]) = corners.last().copied() {
            corners.push([x, value, below, above]);
        }
        corners.push([x, mean.mean, low, high]);
    };
    let better = |a: f64, b: f64| objective.direction.better(a, b);
    for (x, one) in in_order {
        let key = one.row.config_key.as_str();
        let own = seeds.entry(key).or_default();
        own.push(one.value);
        let Some(mean) = Mean::of(own).filter(|mean| mean.n > 1) else { continue };
        means.insert(key, mean);
        leader = match leader {
            // Another seed of the leader may have let others pass; of equals the one with the least key, so always the same.
            Some((leading, _)) if leading == key => means
                .iter()
                .map(|(key, mean)| (*key, *mean))
                .reduce(|a, b| if better(b.1.mean, a.1.mean) || (b.1.mean == a.1.mean && b.0 < a.0) { b } else { a }),
            Some((_, best)) if !better(mean.mean, best.mean) => continue,
            _ => Some((key, mean)),
        };
        if let Some((_, mean)) = &leader {
            push(*x, mean);
        }
    }
    if let Some((_, mean)) = leader {
        push(last, &mean);
    }
    corners
}
