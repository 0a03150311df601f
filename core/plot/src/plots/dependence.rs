//! What is expected along one parameter, whatever the others are.

use seqtune_core::Objective;
use seqtune_space::{Domain, Scale as DomainScale};

use super::parameter::shown;
use super::{PlotError, caption, count};
use crate::snapshot::Snapshot;
use crate::spec::{Axis, Bar, Layer, Line, PlotSpec, Role, short};
use crate::surrogate::{Dependence, Expected};

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
    let numbers: Option<Vec<f64>> = places.iter().map(|place| place.value.as_f64()).collect();
    let domain = snapshot.spec.space.get(parameter).map(|parameter| &parameter.domain);
    let is_log = matches!(
        domain,
        Some(Domain::Float { scale: DomainScale::Log, .. } | Domain::Int { scale: DomainScale::Log, .. })
    );
    let ends = of.expected.iter().flat_map(|one| [one.low, one.high]);
    let y = Axis { label: format!("expected {}", caption(objective)), ..Axis::linear("", ends) };
    let (x, layers) = match numbers {
        Some(numbers) => {
            let all = numbers.iter().copied();
            let x = match domain {
                _ if is_log => Axis::log(parameter, all),
                Some(Domain::Int { .. }) => Axis::counting(parameter, all),
                _ => Axis::linear(parameter, all),
            };
            let both = || numbers.iter().zip(&of.expected);
            let band = both().map(|(x, one)| [*x, one.low, one.high]).collect();
            let line =
                Line { width: 1.4, ..Line::new(both().map(|(x, one)| [*x, one.mean]).collect(), Role::Series(0)) };
            (x, vec![Layer::Band { points: band, role: Role::Series(0) }, Layer::Line(line)])
        }
        None => {
            // A bar from the bottom would say that the value has a natural zero: each is a thick stroke at its mean.
            let thick = (y.high - y.low) * 0.004;
            let bar = |(at, one): (usize, &Expected)| Bar {
                at: at as f64,
                thickness: 0.6,
                from: one.mean - thick,
                to: one.mean + thick,
                error: Some([one.low, one.high]),
                role: Role::Series(0),
                trial: None,
            };
            let bars = of.expected.iter().enumerate().map(bar).collect();
            let names = places.iter().map(|place| shown(&place.value)).collect();
            (Axis::names(parameter, names), vec![Layer::Bars { bars, horizontal: false }])
        }
    };
    let better = |a: &(usize, &Expected), b: &(usize, &Expected)| objective.direction.better(b.1.mean, a.1.mean);
    let best = of.expected.iter().enumerate().reduce(|a, b| if better(&a, &b) { b } else { a });
    let reading = best.map_or_else(String::new, |(at, one)| {
        let value = shown(&places[at].value);
        format!("The best {} is expected at {parameter} {value}: {}.", objective.metric, short(one.mean, 4))
    });
    Ok(PlotSpec {
        title: format!("Expected {} along {parameter} in {}", objective.metric, snapshot.spec.name),
        reading,
        x,
        y,
        layers,
        legend: Vec::new(),
        scale: None,
        notes: vec![format!(
            "mean over all other parameters by a forest of {}; 80 % of its trees are within the interval",
            count(of.trials, "trial")
        )],
    })
}
