//! What the formats have in common: choices, and ranges of numbers with their quanta and bells, as forms of parameters.
//!
//! The other programs round to multiples of a quantum `q`; a grid here is counted from its low. So the bounds are moved
//! to the multiples within them. On a log scale there is no grid: a quantum is dropped there, and where it is a whole
//! number the parameter stays one.

use seqtune_space::{Confidence, ParameterForm, Prior, Value};

use super::Imported;
use super::document::{Kind, Node};

/// Beyond this, doubles cannot tell whole numbers apart.
const LARGEST: f64 = 9_007_199_254_740_992.0;

/// A range of numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) log: bool,
    /// Values are multiples of it.
    pub(super) quantum: Option<f64>,
    /// Where the density is highest, if it is not even.
    pub(super) center: Option<f64>,
    /// Whether the bounds are a choice of the importer, which may move them without a word.
    pub(super) free: bool,
}

impl Range {
    pub(super) fn even(low: f64, high: f64) -> Range {
        Range { low, high, log: false, quantum: None, center: None, free: false }
    }

    /// Even in the logarithm.
    pub(super) fn log(low: f64, high: f64) -> Range {
        Range { log: true, ..Range::even(low, high) }
    }

    /// Even in the logarithm, between powers of e. Six digits, since exponents are usually written with as few.
    pub(super) fn exp(low: f64, high: f64) -> Range {
        Range::log(digits(low.exp(), 6), digits(high.exp(), 6))
    }

    /// A normal distribution, or one of the logarithm: cut at three standard deviations, since all ranges here end.
    pub(super) fn bell(mu: f64, sigma: f64, log: bool, name: &str, imported: &mut Imported) -> Range {
        let (low, high) = (mu - 3.0 * sigma, mu + 3.0 * sigma);
        let cut = if log { Range::exp(low, high) } else { Range::even(digits(low, 12), digits(high, 12)) };
        if sigma == 0.0 {
            return cut;
        }
        let of = if log { " of its logarithm" } else { "" };
        imported.note(format!(
            "`{name}`: a normal distribution{of} has no ends; it is searched within three standard deviations of its \
             mean, with a prior there."
        ));
        let mean = if log { digits(mu.exp(), 6) } else { mu };
        Range { center: Some(mean), free: true, ..cut }
    }

    pub(super) fn by(self, quantum: Option<f64>) -> Range {
        Range { quantum, ..self }
    }

    /// The parameter's form; what is lost on the way is noted of `name`.
    pub(super) fn form(self, name: &str, imported: &mut Imported) -> Result<ParameterForm, String> {
        let Range { low, high, log, .. } = self;
        if !(low.is_finite() && high.is_finite()) {
            return Err(format!("its range from {low} to {high} is not finite; narrow it"));
        }
        if low > high {
            return Err(format!("its lower bound {low} is above its upper bound {high}; swap them"));
        }
        if log && low <= 0.0 {
            return Err(format!("its lower bound is {low}; on a log scale it must be above 0"));
        }
        // Rounding may have put it a digit outside.
        let center = self.center.map(|center| center.clamp(low, high));
        let range = Range { center, ..self };
        let Some(quantum) = self.quantum else { return Ok(range.floats(None)) };
        if !(quantum.is_finite() && quantum > 0.0) {
            return Err(format!("its `q` is {quantum}; it must be above 0"));
        }
        // The multiples within the bounds.
        let (first, last) = (near(low / quantum).ceil(), near(high / quantum).floor());
        let (first, last) = if log { (first.max(1.0), last) } else { (first, last) };
        if first > last {
            return Err(format!("no multiple of {quantum} lies from {low} to {high}; widen the range"));
        }
        let (grid_low, grid_high) = (digits(first * quantum, 12), digits(last * quantum, 12));
        if quantum.fract() != 0.0 && log {
            imported.note(format!("`{name}`: a log scale has no steps here, so that of {quantum} is dropped."));
            return Ok(range.floats(None));
        }
        let moved = digits(low, 12) != grid_low || digits(high, 12) != grid_high;
        if moved && !self.free {
            let multiples = if quantum == 1.0 { "whole numbers".to_owned() } else { format!("multiples of {quantum}") };
            imported.note(format!(
                "`{name}`: it is searched from {grid_low} to {grid_high}, the {multiples} from {low} to {high}."
            ));
        }
        let grid = Range { low: grid_low, high: grid_high, ..range };
        if quantum.fract() != 0.0 {
            return Ok(grid.floats(Some(quantum)));
        }
        if grid_low.abs().max(grid_high.abs()).max(quantum) > LARGEST {
            return Err(format!("its range from {low} to {high} is too wide for whole numbers; narrow it"));
        }
        if log && quantum > 1.0 {
            imported.note(format!(
                "`{name}`: a log scale has no steps here, so that of {quantum} is dropped, and all whole numbers from \
                 {grid_low} to {grid_high} are searched."
            ));
        }
        Ok(grid.ints(quantum as i64))
    }

    fn floats(self, step: Option<f64>) -> ParameterForm {
        let on_grid = |center: f64, step: f64| digits(self.low + ((center - self.low) / step).round() * step, 12);
        let on_grid = |center: f64| step.map_or(center, |step| on_grid(center, step));
        ParameterForm {
            kind: "float".to_owned(),
            low: Some(self.low.into()),
            high: Some(self.high.into()),
            log: self.log,
            step: step.map(Value::Float),
            prior: self.center.map(|center| around(on_grid(center).clamp(self.low, self.high).into())),
            ..ParameterForm::default()
        }
    }

    /// Both bounds are multiples of the step.
    fn ints(self, step: i64) -> ParameterForm {
        let (low, high) = (self.low as i64, self.high as i64);
        let step = if self.log { 1 } else { step };
        let on_grid = |center: f64| (low + ((center - self.low) / step as f64).round() as i64 * step).clamp(low, high);
        ParameterForm {
            step: (step != 1).then_some(Value::Int(step)),
            prior: self.center.map(|center| around(on_grid(center).into())),
            ..plain_ints(low, high, self.log)
        }
    }
}

/// Whole numbers within closed bounds.
pub(super) fn ints(low: i64, high: i64, log: bool) -> Result<ParameterForm, String> {
    if low > high {
        return Err(format!("its lower bound {low} is above its upper bound {high}; swap them"));
    }
    if log && low < 1 {
        return Err(format!("its lower bound is {low}; on a log scale it must be from 1"));
    }
    Ok(plain_ints(low, high, log))
}

fn plain_ints(low: i64, high: i64, log: bool) -> ParameterForm {
    let (low, high) = (Some(low.into()), Some(high.into()));
    ParameterForm { kind: "int".to_owned(), low, high, log, ..ParameterForm::default() }
}

fn around(center: Value) -> Prior {
    Prior::Center { center, confidence: Confidence::default() }
}

/// Choices by their weights, if they have any. Two choices that are the same become one with the weight of both.
pub(super) fn choices(
    nodes: &[Node],
    weights: Option<&[f64]>,
    name: &str,
    imported: &mut Imported,
) -> Result<ParameterForm, String> {
    let mut known: Vec<(Value, f64)> = Vec::new();
    let mut twice = false;
    for (index, node) in nodes.iter().enumerate() {
        let weight = weights.map_or(1.0, |weights| weights[index]);
        if weight == 0.0 {
            imported.note(format!("`{name}`: its choice {} has the probability 0 and is left out.", node.shown()));
            continue;
        }
        let value = choice(node, nodes, name, imported)?;
        match known.iter_mut().find(|(other, _)| other.same(&value)) {
            Some((_, sum)) => (*sum, twice) = (*sum + weight, true),
            None => known.push((value, weight)),
        }
    }
    if twice {
        imported.note(format!("`{name}`: choices that were listed twice are weighted in its prior."));
    }
    let is_bool = known.len() == 2 && known.iter().all(|(value, _)| matches!(value, Value::Bool(_)));
    if is_bool {
        // In the order of their weights: false, true.
        known.sort_by_key(|(value, _)| *value == Value::Bool(true));
    }
    let (values, weights): (Vec<Value>, Vec<f64>) = known.into_iter().unzip();
    let uneven = weights.iter().any(|weight| *weight != weights[0]);
    let prior = uneven.then_some(Prior::Weights { weights });
    match values.as_slice() {
        [] => Err("all its probabilities are 0; one must be above".to_owned()),
        [only] => Ok(ParameterForm::fixed(only.clone())),
        _ if is_bool => Ok(ParameterForm { kind: "bool".to_owned(), prior, ..ParameterForm::default() }),
        _ => Ok(ParameterForm {
            kind: "categorical".to_owned(),
            choices: Some(values),
            prior,
            ..ParameterForm::default()
        }),
    }
}

/// A choice as a value: what has no counterpart becomes text that no other choice is.
fn choice(node: &Node, all: &[Node], name: &str, imported: &mut Imported) -> Result<Value, String> {
    if let Some(value) = plain(node)? {
        return Ok(value);
    }
    let taken = |text: &str| all.iter().any(|other| other.as_text() == Some(text));
    if node.kind == Kind::Null {
        let word = ["none", "null", "(none)"].into_iter().find(|word| !taken(word)).unwrap_or("(null)");
        imported.note(format!("`{name}`: its choice null is written \"{word}\", which your program must take for it."));
        return Ok(word.into());
    }
    let text = node.json();
    let short: String = text.chars().take(60).collect();
    let dots = if short.len() < text.len() { "..." } else { "" };
    imported.note(format!(
        "`{name}`: its choice {short}{dots} is written as the text of its JSON, which your program must read."
    ));
    Ok(Value::Text(text))
}

/// A number, a word, true, false, or a list of these.
fn plain(node: &Node) -> Result<Option<Value>, String> {
    Ok(Some(match &node.kind {
        Kind::Bool(value) => Value::Bool(*value),
        Kind::Int(number) => Value::Int(*number),
        Kind::Float(number) if number.is_finite() => Value::Float(*number),
        Kind::Float(number) => return Err(format!("one of its choices is {number}; numbers must be finite")),
        Kind::Text(text) => Value::Text(text.clone()),
        Kind::List(items) => {
            let mut values = Vec::with_capacity(items.len());
            for item in items {
                match plain(item)? {
                    Some(value) => values.push(value),
                    None => return Ok(None),
                }
            }
            Value::List(values)
        }
        Kind::Null | Kind::Map(_) => return Ok(None),
    }))
}

/// The number with so many significant digits: what is left of 0.30000000000000004 is 0.3.
pub(super) fn digits(number: f64, digits: usize) -> f64 {
    format!("{number:.*e}", digits.saturating_sub(1)).parse().unwrap_or(number)
}

/// The whole number that a count of steps misses by its last digits, or the count itself.
pub(super) fn near(count: f64) -> f64 {
    if (count - count.round()).abs() <= 1e-9 * count.abs().max(1.0) { count.round() } else { count }
}

/// Text for one line of a message or a comment.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
