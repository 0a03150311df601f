//! What is expected along one parameter or two, whatever the others are.

use seqtune_core::Objective;
use seqtune_space::{Domain, Scale as DomainScale};

use super::parameter::shown;
use super::{PlotError, caption, count};
use crate::along::domain_along;
use crate::snapshot::Snapshot;
use crate::spec::{Axis, Bar, HeatCell, Layer, Line, PlotSpec, Role, Scale, ValueScale, short};
use crate::surrogate::{Dependence, Expected, Place};

/// What the forest of the trials expects along one parameter ([`Surrogate::dependence`](crate::Surrogate::dependence)), with where
/// 80 % of its trees lie: a line over numbers, points with intervals over choices.
///
/// # Errors
/// Where it is not of one parameter.
pub fn dependence(
    snapshot: &Snapshot,
    objective: &Objective,
    parameter: &str,
    of: &Dependence,
) -> Result<PlotSpec, PlotError> {
    let [places] = &of.axes[..] else { return Err(PlotError::NoParameter(parameter.to_owned())) };
    if places.is_empty() || places.len() != of.expected.len() {
        return Err(PlotError::NoParameter(parameter.to_owned()));
    }
    let ends = of.expected.iter().flat_map(|one| [one.low, one.high]);
    let y = Axis { label: format!("expected {}", caption(objective)), ..Axis::linear("", ends) };
    let Side { axis: x, at, .. } = Side::of(snapshot, parameter, places);
    let layers = if matches!(x.scale, Scale::Categorical(_)) {
        // A bar from the bottom would say that the value has a natural zero: each is a thick stroke at its mean.
        let thick = (y.high - y.low) * 0.004;
        let bar = |(at, one): (&f64, &Expected)| Bar {
            at: *at,
            thickness: 0.6,
            from: one.mean - thick,
            to: one.mean + thick,
            error: Some([one.low, one.high]),
            role: Role::Series(0),
            trial: None,
        };
        vec![Layer::Bars { bars: at.iter().zip(&of.expected).map(bar).collect(), horizontal: false }]
    } else {
        let both = || at.iter().zip(&of.expected);
        let band = both().map(|(x, one)| [*x, one.low, one.high]).collect();
        let line = Line { width: 1.4, ..Line::new(both().map(|(x, one)| [*x, one.mean]).collect(), Role::Series(0)) };
        vec![Layer::Band { points: band, role: Role::Series(0) }, Layer::Line(line)]
    };
    let reading = best(objective, of).map_or_else(String::new, |(at, mean)| {
        let value = shown(&places[at].value);
        format!("The best {} is expected at {parameter} {value}: {}.", objective.metric, short(mean, 4))
    });
    Ok(PlotSpec {
        title: format!("Expected {} along {parameter} in {}", objective.metric, snapshot.spec.name),
        reading,
        x,
        y,
        layers,
        legend: Vec::new(),
        scale: None,
        notes: vec![format!("{}; 80 % of its trees are within the interval", averaged("all other parameters", of))],
    })
}

/// What the forest of the trials expects over two parameters
/// ([`Surrogate::dependence_on_two`](crate::Surrogate::dependence_on_two)), as a cell for each place of both.
///
/// # Errors
/// Where it is not of two parameters.
pub fn dependence_on_two(
    snapshot: &Snapshot,
    objective: &Objective,
    [x, y]: [&str; 2],
    of: &Dependence,
) -> Result<PlotSpec, PlotError> {
    let [across, up] = &of.axes[..] else { return Err(PlotError::NoParameter(y.to_owned())) };
    let Some((best_at, best)) = best(objective, of).filter(|_| of.expected.len() == across.len() * up.len()) else {
        return Err(PlotError::NoParameter(x.to_owned()));
    };
    let means = || of.expected.iter().map(|one| one.mean);
    let worst = means().reduce(|a, b| if objective.direction.better(a, b) { b } else { a }).unwrap_or(best);
    let scale = ValueScale { label: format!("expected {}", objective.metric), worst, best, areas: true };
    let sides = [Side::of(snapshot, x, across), Side::of(snapshot, y, up)];
    let [columns, rows] = sides.each_ref().map(Side::extents);
    let cell = |(index, mean): (usize, f64)| HeatCell {
        x: columns[index / up.len()],
        y: rows[index % up.len()],
        role: scale.role(mean),
        label: short(mean, 3),
        trial: None,
    };
    // Whole numbers far down a log scale have several places: all but one of them are nowhere.
    let has_area = |cell: &HeatCell| cell.x[0] < cell.x[1] && cell.y[0] < cell.y[1];
    let cells = means().enumerate().map(cell).filter(has_area).collect();
    let [x_best, y_best] =
        [&across[best_at / up.len()], &up[best_at % up.len()]].map(|place: &Place| shown(&place.value));
    let fitted = |axis: Axis, extents: &[[f64; 2]]| match axis.scale {
        Scale::Categorical(_) => axis,
        // Cells fill the plot: there is nothing beyond them.
        _ => Axis { low: extents[0][0], high: extents[extents.len() - 1][1], ..axis },
    };
    let [x_axis, y_axis] = sides.map(|side| side.axis);
    Ok(PlotSpec {
        title: format!("Expected {} over {x} and {y} in {}", objective.metric, snapshot.spec.name),
        reading: format!(
            "The best {} is expected at {x} {x_best} and {y} {y_best}: {}.",
            objective.metric,
            short(best, 4)
        ),
        x: fitted(x_axis, &columns),
        y: fitted(y_axis, &rows),
        layers: vec![Layer::Cells(cells)],
        legend: Vec::new(),
        scale: Some(scale),
        notes: vec![averaged("all others", of)],
    })
}

fn averaged(others: &str, of: &Dependence) -> String {
    format!("mean over {others} by a forest of {}", count(of.trials, "trial"))
}

/// Where the best value is expected, and which; the first of equals.
fn best(objective: &Objective, of: &Dependence) -> Option<(usize, f64)> {
    let all = of.expected.iter().map(|one| one.mean).enumerate();
    all.reduce(|a, b| if objective.direction.better(b.1, a.1) { b } else { a })
}

/// The places along one parameter as an axis.
struct Side {
    axis: Axis,
    /// Where the places are along it.
    at: Vec<f64>,
    /// Whether what lies between two places is a value too.
    is_continuous: bool,
}

impl Side {
    fn of(snapshot: &Snapshot, parameter: &str, places: &[Place]) -> Side {
        let domain = domain_along(&snapshot.spec.space, parameter);
        let domain = domain.as_deref();
        let is_log = matches!(
            domain,
            Some(Domain::Float { scale: DomainScale::Log, .. } | Domain::Int { scale: DomainScale::Log, .. })
        );
        let numbers: Option<Vec<f64>> = places.iter().map(|place| place.value.as_f64()).collect();
        let Some(at) = numbers else {
            let names = places.iter().map(|place| shown(&place.value)).collect();
            let at = (0..places.len()).map(|at| at as f64).collect();
            return Side { axis: Axis::names(parameter, names), at, is_continuous: false };
        };
        let all = at.iter().copied();
        let axis = match domain {
            _ if is_log => Axis::log(parameter, all),
            Some(Domain::Int { .. }) => Axis::counting(parameter, all),
            _ => Axis::linear(parameter, all),
        };
        let is_continuous = matches!(domain, Some(Domain::Float { step: None, .. }));
        Side { axis, at, is_continuous }
    }

    /// From where to where each place is drawn: half the way to its neighbours, on the scale of the axis.
    fn extents(&self) -> Vec<[f64; 2]> {
        let is_log = self.axis.scale == Scale::Log;
        let to = |value: f64| if is_log { value.ln() } else { value };
        let from = |value: f64| if is_log { value.exp() } else { value };
        let at: Vec<f64> = self.at.iter().map(|at| to(*at)).collect();
        let between = |left: usize| f64::midpoint(at[left], at[left + 1]);
        let last = at.len() - 1;
        let reach = |inner: f64, end: f64| if self.is_continuous { end } else { end + (end - inner) };
        let lone = [-0.5, 0.5].map(|half| from(at[0] + half));
        let extent = |place: usize| {
            let low = if place == 0 { reach(between(0), at[0]) } else { between(place - 1) };
            let high = if place == last { reach(between(last - 1), at[last]) } else { between(place) };
            [from(low), from(high)]
        };
        if last == 0 { vec![lone] } else { (0..=last).map(extent).collect() }
    }
}
