//! What failed, why, and where in the space.

use std::collections::BTreeMap;

use seqtune_core::TrialEnd;
use seqtune_plugin::FailureCause;
use seqtune_space::{Domain, Parameter, Value};

use super::{About, Card, PlotKind, Status, card, count, percent};
use crate::plots::shown;
use crate::row::TrialRow;
use crate::snapshot::Snapshot;
use crate::spec::short;

/// The share of failed trials that is worth a warning.
const MANY: f64 = 0.1;

/// A part of a parameter's range counts as where trials fail if it holds so large a share of the failures, and trials fail
/// there so many times as often as elsewhere.
const MOST: f64 = 0.75;
const OFTENER: f64 = 3.0;

/// How likely that may be by chance: many parts are looked at.
const CHANCE: f64 = 1e-3;

/// The failed trials by cause, and the part of one parameter's range where they are.
pub(super) fn failures(snapshot: &Snapshot) -> Option<Card> {
    let ended: Vec<&TrialRow> = snapshot.trials.iter().filter(|row| row.end.is_some()).map(AsRef::as_ref).collect();
    let mut causes: BTreeMap<&str, usize> = BTreeMap::new();
    for cause in ended.iter().filter_map(|row| cause(row)) {
        *causes.entry(cause.name()).or_default() += 1;
    }
    let failed: usize = causes.values().sum();
    if failed == 0 {
        return None;
    }
    let mut by_number: Vec<(&str, usize)> = causes.into_iter().collect();
    by_number.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    let list: Vec<String> =
        by_number.iter().map(|(name, number)| format!("{number} {}", name.replace('_', " "))).collect();
    let share = failed as f64 / ended.len() as f64;
    let start = format!("{failed} of {} failed: {}.", count(ended.len(), "ended trial"), list.join(", "));
    let parameters = snapshot.spec.space.parameters().iter();
    let places = parameters.flat_map(|parameter| places(parameter, &ended));
    let place = places.max_by(|a, b| a.oftener.total_cmp(&b.oftener));
    let (end, about) = place.map_or((String::new(), About::Plot(PlotKind::Timeline)), |place| {
        let rate = percent(place.failed as f64 / place.trials as f64);
        let sentence = format!(" {} of them have {}, where {rate} of the trials fail.", place.failed, place.name);
        (sentence, About::Parameter(place.parameter))
    });
    let status = if share >= MANY { Status::Warning } else { Status::Note };
    Some(card(status, format!("{} of the trials failed", percent(share)), start + &end, Some(about)))
}

/// Steps that came out otherwise when they were trained again.
pub(super) fn differed(snapshot: &Snapshot) -> Option<Card> {
    let trials: Vec<&TrialRow> =
        snapshot.trials.iter().filter(|row| !row.differed.is_empty()).map(AsRef::as_ref).collect();
    let first = trials.first()?;
    let sentence = format!(
        "{} reported other numbers for a step that was trained again, the first of them trial {}: results of this study are \
         not the same on every machine, or not at all.",
        count(trials.len(), "trial"),
        first.number
    );
    Some(card(Status::Warning, "Numbers differ when trained again", sentence, Some(About::Trial(first.number))))
}

fn cause(row: &TrialRow) -> Option<FailureCause> {
    match row.end {
        Some(TrialEnd::Failed { cause, .. }) => Some(cause),
        _ => None,
    }
}

/// Where failures concentrate.
struct Place {
    parameter: String,
    name: String,
    failed: usize,
    trials: usize,
    /// How many times as often as elsewhere.
    oftener: f64,
}

/// The halves of a number's range, or the choices, in which most failures are, and trials fail much oftener than elsewhere.
fn places(parameter: &Parameter, ended: &[&TrialRow]) -> Vec<Place> {
    let all = ended.iter().filter(|row| cause(row).is_some()).count();
    let of = |(name, inside): (String, Vec<&TrialRow>)| {
        let failed = inside.iter().filter(|row| cause(row).is_some()).count();
        let outside = ended.len() - inside.len();
        // Of nothing elsewhere, half of one: what was never seen is rare, not impossible.
        let elsewhere = ((all - failed) as f64).max(0.5) / outside.max(1) as f64;
        let oftener = failed as f64 / inside.len().max(1) as f64 / elsewhere;
        let is_it = failed as f64 >= MOST * all as f64
            && oftener >= OFTENER
            && by_chance(failed, all, inside.len() as f64 / ended.len() as f64) < CHANCE;
        is_it.then(|| Place { parameter: parameter.name.clone(), name, failed, trials: inside.len(), oftener })
    };
    parts(parameter, ended).into_iter().filter_map(of).collect()
}

/// How likely so many of all are in a part that has this share of the trials (binomial distribution).
fn by_chance(failed: usize, all: usize, share: f64) -> f64 {
    let ln_factorial = |n: usize| libm::lgamma(n as f64 + 1.0);
    let exactly = |k: usize| {
        let ways = ln_factorial(all) - ln_factorial(k) - ln_factorial(all - k);
        (ways + k as f64 * share.ln() + (all - k) as f64 * (1.0 - share).ln()).exp()
    };
    if share >= 1.0 { 1.0 } else { (failed..=all).map(exactly).sum() }
}

/// Parts of a parameter's range by name, each with the trials in it.
fn parts<'a>(parameter: &Parameter, rows: &[&'a TrialRow]) -> Vec<(String, Vec<&'a TrialRow>)> {
    let name = &parameter.name;
    let having = |is_in: &dyn Fn(&Value) -> bool| {
        rows.iter().copied().filter(|row| row.params.get(name).is_some_and(is_in)).collect::<Vec<&TrialRow>>()
    };
    let choice = |own: &Value| (format!("{name} {}", shown(own)), having(&|value| value.same(own)));
    match &parameter.domain {
        domain @ (Domain::Float { .. } | Domain::Int { .. }) => {
            let is_low = |value: &Value| domain.encode(value).is_some_and(|unit| unit < 0.5);
            let middle = domain.decode(0.5).as_f64().map_or_else(String::new, |value| short(value, 3));
            vec![
                (format!("{name} in the lower half, below {middle}"), having(&is_low)),
                (format!("{name} in the upper half, from {middle}"), having(&|value| !is_low(value))),
            ]
        }
        Domain::Categorical { choices: values } | Domain::Ordinal { values } => values.iter().map(choice).collect(),
        Domain::Bool => [false, true].map(|own| choice(&Value::Bool(own))).into(),
        Domain::List { .. } => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::by_chance;

    #[test]
    fn chances_are_those_of_coins() {
        assert!((by_chance(2, 2, 0.5) - 0.25).abs() < 1e-12);
        assert!((by_chance(2, 3, 0.5) - 0.5).abs() < 1e-12);
        assert!((by_chance(0, 3, 0.2) - 1.0).abs() < 1e-12);
        assert_eq!(by_chance(3, 3, 1.0), 1.0);
    }
}
