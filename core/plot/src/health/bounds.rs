//! Whether proposals press against the ends of their ranges.

use seqtune_core::{Origin, SamplerSpec};
use seqtune_space::{Domain, Parameter, Value};

use super::{About, Card, Status, card, percent};
use crate::plots::shown;
use crate::row::TrialRow;
use crate::snapshot::Snapshot;

/// The last proposals that are looked at, and the fewest that say something.
const LAST: usize = 100;
const FEWEST: usize = 20;

/// How near to its end a real number counts as there, as a share of the range on its own scale.
const NEAR: f64 = 0.01;

/// The share of the proposals at one end that is worth a warning.
const MUCH: f64 = 0.4;

/// A card for each parameter that most of the last proposals have at an end of its range. Samplers that do not learn say nothing
/// by where they propose.
pub(super) fn bounds(snapshot: &Snapshot) -> Vec<Card> {
    if matches!(snapshot.spec.sampler, SamplerSpec::Random | SamplerSpec::Sobol | SamplerSpec::Grid) {
        return Vec::new();
    }
    let proposed = snapshot.trials.iter().rev().filter(|row| row.origin == Origin::Sampler).map(AsRef::as_ref);
    let last: Vec<&TrialRow> = proposed.take(LAST).collect();
    let parameters = snapshot.spec.space.parameters().iter();
    parameters.filter_map(|parameter| of_parameter(snapshot, parameter, &last)).collect()
}

/// The lowest and the highest value; `None` of what has no order.
fn ends(domain: &Domain) -> Option<[Value; 2]> {
    matches!(domain, Domain::Float { .. } | Domain::Int { .. }).then(|| [domain.decode(0.0), domain.decode(1.0)])
}

fn of_parameter(snapshot: &Snapshot, parameter: &Parameter, last: &[&TrialRow]) -> Option<Card> {
    let Parameter { name, domain, .. } = parameter;
    let ends = ends(domain)?;
    let own: Vec<f64> = last.iter().filter_map(|row| domain.encode(row.params.get(name)?)).collect();
    let values = domain.cardinality();
    if own.len() < FEWEST || values.is_some_and(|values| values < 2) {
        return None;
    }
    let share = |end: usize| {
        let at = domain.encode(&ends[end])?;
        let there = own.iter().filter(|unit| (**unit - at).abs() <= NEAR).count();
        Some((end, there as f64 / own.len() as f64))
    };
    // Of few values many are at an end by chance.
    let much = MUCH.max(values.map_or(0.0, |values| (2.0 / values as f64).min(1.0)));
    let (end, share) = (0..2).filter_map(share).max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    if share < much {
        return None;
    }
    let word = ["lower", "upper"][end];
    let limits = snapshot.spec.info.parameters.get(name).and_then(|declared| self::ends(&declared.domain));
    let limit = limits.map(|limits| limits[end].clone());
    let is_limit = limit.as_ref().is_some_and(|limit| limit.same(&ends[end]));
    let advice = match limit {
        Some(_) if is_limit => "which is the limit of the family".to_owned(),
        Some(limit) => format!("widen the range, the family goes to {}", shown(&limit)),
        None => "widen the range".to_owned(),
    };
    let sentence = format!(
        "{} of the last {} proposals lie at the {word} bound {}: {advice}.",
        percent(share),
        own.len(),
        shown(&ends[end])
    );
    let status = if is_limit { Status::Note } else { Status::Warning };
    Some(card(status, format!("{name} at its {word} bound"), sentence, Some(About::Parameter(name.clone()))))
}
