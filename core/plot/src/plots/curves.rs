//! Learning curves of the best trials, of pinned ones, and of configurations.

mod average;
mod wanted;

use self::average::{Drawn, drawn};
use self::wanted::{Wanted, configurations, trials};
use super::values::{Values, dot};
use super::{PlotError, caption, count};
use crate::snapshot::Snapshot;
use crate::spec::{Axis, Entry, Layer, Line, PlotSpec, Role, Sample, short, span, thousands};

/// Which curves, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvesOf<'a> {
    /// The metric.
    pub metric: &'a str,
    /// How many of the best are drawn.
    pub top: usize,
    /// Trials that are always drawn, the n-th as [`Role::Pinned`] n.
    pub pins: &'a [u64],
    /// The trial in front of all.
    pub selected: Option<u64>,
    /// What the bands show.
    pub band: BandKind,
    /// What goes from left to right.
    pub by: Along,
    /// Whether trials of one configuration are one curve, their mean: the bands are then over its seeds.
    pub grouped: bool,
    /// Whether the values are on a log axis; `None` where they decide by how far apart they lie.
    pub log: Option<bool>,
}

/// What a band around a curve shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BandKind {
    /// There is none.
    None,
    /// From the smallest to the largest fold or seed.
    #[default]
    MinMax,
    /// One standard deviation of the folds or seeds to either side.
    Deviation,
    /// The 95 % interval of the mean over folds or seeds, by Student's t distribution.
    Confidence,
}

/// What goes from left to right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Along {
    /// The steps of a trial.
    #[default]
    Steps,
    /// The seconds that it was trained for.
    Seconds,
}

impl<'a> CurvesOf<'a> {
    /// The best `top` trials by step, with bands from the worst to the best fold.
    pub fn new(metric: &'a str, top: usize) -> CurvesOf<'a> {
        CurvesOf {
            metric,
            top,
            pins: &[],
            selected: None,
            band: BandKind::default(),
            by: Along::default(),
            grouped: false,
            log: None,
        }
    }
}

/// One metric over the steps of the best trials, the running ones, and those that are pinned or selected.
///
/// # Errors
/// Where no trial has a value of it.
pub fn curves(snapshot: &Snapshot, of: &CurvesOf<'_>) -> Result<PlotSpec, PlotError> {
    let objective = snapshot.objective_of(of.metric);
    let values = Values::of(snapshot, &objective)?;
    let (wanted, total, running) = if of.grouped { configurations(snapshot, &values, of) } else { trials(&values, of) };
    let mut layers = Vec::new();
    let (mut across, mut up) = (Vec::new(), Vec::new());
    for one in &wanted {
        let Drawn { points, band } = drawn(&one.rows, of);
        across.extend(points.iter().map(|[x, _]| *x));
        up.extend(points.iter().map(|[_, value]| *value));
        if one.band && !band.is_empty() {
            up.extend(band.iter().flat_map(|[_, low, high]| [*low, *high]));
            layers.push(Layer::Band { points: band, role: one.role });
        }
        if let [at] = points[..] {
            layers.push(Layer::Points(vec![dot(one.trial, at, one.role)]));
        } else {
            let Wanted { width, dashed, trial, role, .. } = *one;
            layers.push(Layer::Line(Line { width, dashed, trial: Some(trial), ..Line::new(points, role) }));
        }
    }
    let mut notes = Vec::new();
    if wanted.len() < total {
        let (noun, also) =
            (if of.grouped { "configuration" } else { "trial" }, if running { " and the running ones" } else { "" });
        notes.push(format!("{} of {} drawn: the best{also}", thousands(wanted.len()), count(total, noun)));
    }
    if layers.iter().any(|layer| matches!(layer, Layer::Band { .. })) {
        notes.push(band_note(of).to_owned());
    }
    let mut up_axis = Axis { label: caption(&objective), ..axis(&up, of.log) };
    if up_axis.scale == crate::spec::Scale::Log && up.iter().any(|value| *value <= 0.0) {
        notes.push("values of zero or less have no place on a log axis".to_owned());
    }
    up_axis.unit =
        snapshot.spec.info.metric(of.metric).map(|metric| metric.unit.clone()).filter(|unit| !unit.is_empty());
    let (x, over) = match of.by {
        Along::Steps => (Axis::counting(snapshot.spec.info.step.clone(), across), "steps"),
        Along::Seconds => {
            let (unit, name) = span(across.iter().copied().fold(0.0, f64::max));
            in_unit(&mut layers, unit);
            let x = Axis::linear("time trained", across.iter().map(|seconds| seconds / unit)).unit(name);
            (x, "time")
        }
    };
    let reading = values.best().map_or_else(String::new, |best| {
        format!("{} over {over}; trial {} is best with {}.", of.metric, best.row.number, short(best.value, 5))
    });
    Ok(PlotSpec {
        title: format!("Learning curves of {}", snapshot.spec.name),
        reading,
        x,
        y: up_axis,
        layers,
        legend: legend(&wanted),
        scale: None,
        notes,
    })
}

fn axis(values: &[f64], log: Option<bool>) -> Axis {
    match log {
        Some(true) => Axis::log("", values.iter().copied()),
        Some(false) => Axis::linear("", values.iter().copied()),
        None => Axis::fitting("", values),
    }
}

fn in_unit(layers: &mut [Layer], unit: f64) {
    for layer in layers {
        match layer {
            Layer::Line(line) => line.points.iter_mut().for_each(|[x, _]| *x /= unit),
            Layer::Band { points, .. } => points.iter_mut().for_each(|[x, ..]| *x /= unit),
            Layer::Points(marks) => marks.iter_mut().for_each(|mark| mark.x /= unit),
            _ => {}
        }
    }
}

fn band_note(of: &CurvesOf<'_>) -> &'static str {
    match (of.band, of.grouped) {
        (BandKind::None, _) => "",
        (BandKind::MinMax, false) => "bands reach from the worst to the best fold or seed",
        (BandKind::MinMax, true) => "bands reach from the worst to the best seed",
        (BandKind::Deviation, false) => "bands are one standard deviation of the folds or seeds",
        (BandKind::Deviation, true) => "bands are one standard deviation of the seeds",
        (BandKind::Confidence, false) => "bands are the 95 % interval of the mean over folds or seeds",
        (BandKind::Confidence, true) => "bands are the 95 % interval of the mean over seeds",
    }
}

/// What is in front comes first; what shares a look is named together.
fn legend(wanted: &[Wanted<'_>]) -> Vec<Entry> {
    let line = |label: String, role, dashed| Entry { label, sample: Sample::Line { role, dashed } };
    let named = wanted.iter().rev().filter(|one| !matches!(one.role, Role::Faint | Role::Quiet));
    let mut legend: Vec<Entry> = named.clone().map(|one| line(one.label.clone(), one.role, one.dashed)).collect();
    let next = wanted.iter().filter(|one| one.role == Role::Faint).count();
    if next > 0 {
        let are_others = named.clone().any(|one| matches!(one.role, Role::Series(_)));
        legend.push(line(format!("the {} {next}", if are_others { "next" } else { "best" }), Role::Faint, false));
    }
    if wanted.iter().any(|one| one.role == Role::Quiet) {
        legend.push(line("running".to_owned(), Role::Quiet, true));
    }
    legend
}
