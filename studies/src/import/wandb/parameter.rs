//! One parameter of a sweep: which distribution it has, and what that is here.
//!
//! | distribution | keys | here |
//! |---|---|---|
//! | `constant` | `value` | a fixed value |
//! | `categorical`, `categorical_w_probabilities` | `values`, `probabilities` | choices, weights as their prior |
//! | `int_uniform`, `uniform`, `q_uniform` | `min`, `max`, `q` | a range |
//! | `log_uniform`, `q_log_uniform` | `min`, `max` as exponents of e | a range on a log scale |
//! | `inv_log_uniform` | `min`, `max` as exponents of 1/e | the same: from exp(-max) to exp(-min) |
//! | `..._values` of these | `min`, `max` | the same, the bounds as they are |
//! | `normal`, `log_normal` and with `q_` | `mu`, `sigma` | a range of three sigma on both sides, mu as its prior |
//! | `beta`, `q_beta` | `a`, `b` | from 0 to 1, the mode as its prior |

use seqtune_space::ParameterForm;

use super::super::Imported;
use super::super::document::{Entry, Keys, Kind, Wrong, wrong};
use super::super::forms::{Range, choices, digits, ints};

const DISTRIBUTIONS: [&str; 18] = [
    "constant",
    "categorical",
    "categorical_w_probabilities",
    "int_uniform",
    "uniform",
    "q_uniform",
    "log_uniform",
    "log_uniform_values",
    "q_log_uniform",
    "q_log_uniform_values",
    "inv_log_uniform",
    "inv_log_uniform_values",
    "normal",
    "q_normal",
    "log_normal",
    "q_log_normal",
    "beta",
    "q_beta",
];

pub(super) fn form(name: &str, entry: &Entry, imported: &mut Imported) -> Result<ParameterForm, Wrong> {
    let (node, line) = (&entry.value, entry.line);
    if !node.is_map() {
        let message =
            format!("it is {}; it must be a mapping such as {{value: 1}} or {{min: 0, max: 1}}", node.shown());
        return Err(wrong(line, message));
    }
    let mut keys = Keys::of(node);
    let distribution = match keys.take("distribution") {
        Some(entry) => entry.one_of(&DISTRIBUTIONS)?,
        None => inferred(entry)?,
    };
    let form = match distribution {
        "constant" => {
            let value = keys.require("value", "value: 1")?;
            choices(std::slice::from_ref(&value.value), None, name, imported)
        }
        "categorical" | "categorical_w_probabilities" => {
            let values = keys.require("values", "values: [adam, sgd]")?;
            let weights = match keys.take("probabilities") {
                Some(entry) => Some(probabilities(entry, values.list()?.len())?),
                None => None,
            };
            choices(values.list()?, weights.as_deref(), name, imported)
        }
        "int_uniform" => {
            let (low, high) = (keys.require("min", "min: 1")?.whole()?, keys.require("max", "max: 8")?.whole()?);
            ints(low, high, false)
        }
        _ => numbers(distribution, line, &mut keys, name, imported)?.form(name, imported),
    };
    let form = form.map_err(|message| wrong(line, message))?;
    keys.finish()?;
    Ok(form)
}

/// The distribution of a parameter that names none, by its keys, as W&B infers it.
fn inferred(entry: &Entry) -> Result<&'static str, Wrong> {
    let value = |key: &str| entry.value.get(key).map(|node| &node.kind);
    match (value("values"), value("value"), value("min"), value("max")) {
        (Some(_), ..) => Ok("categorical"),
        (_, Some(_), ..) => Ok("constant"),
        (_, _, Some(Kind::Int(_)), Some(Kind::Int(_))) => Ok("int_uniform"),
        (_, _, Some(_), Some(_)) => Ok("uniform"),
        (_, _, Some(_), None) => Err(wrong(entry.line, "it has a `min` and no `max`; give both")),
        (_, _, None, Some(_)) => Err(wrong(entry.line, "it has a `max` and no `min`; give both")),
        _ => Err(wrong(entry.line, "it says no values; give `value`, `values`, or `min` and `max`")),
    }
}

fn probabilities(entry: &Entry, choices: usize) -> Result<Vec<f64>, Wrong> {
    let list = entry.list()?;
    let expected = || wrong(entry.line, "its `probabilities` must be numbers from 0");
    let weight = |number: Option<f64>| number.filter(|number| *number >= 0.0).ok_or_else(expected);
    let weights = list.iter().map(|node| weight(node.as_number())).collect::<Result<Vec<f64>, Wrong>>()?;
    if weights.len() != choices {
        let message = format!("it has {} `probabilities` for {choices} `values`; give one each", weights.len());
        return Err(wrong(entry.line, message));
    }
    Ok(weights)
}

/// The range of a distribution of numbers.
fn numbers(
    distribution: &str,
    line: usize,
    keys: &mut Keys<'_>,
    name: &str,
    imported: &mut Imported,
) -> Result<Range, Wrong> {
    let (quantised, base) = match distribution.strip_prefix("q_") {
        Some(base) => (true, base),
        None => (false, distribution),
    };
    let quantum = if quantised { Some(keys.number("q")?.unwrap_or(1.0)) } else { None };
    let range = match base {
        "normal" | "log_normal" => normal(base == "log_normal", keys, name, imported)?,
        "beta" => beta(line, keys, name, imported)?,
        _ => {
            let min = keys.require("min", "min: 0")?.number()?;
            let max = keys.require("max", "max: 1")?.number()?;
            match base {
                "uniform" => Range::even(min, max),
                "log_uniform_values" | "inv_log_uniform_values" => Range::log(min, max),
                "inv_log_uniform" => Range::exp(-max, -min),
                "log_uniform" => {
                    if 0.0 < min && max <= 1.0 {
                        imported.note(format!(
                            "`{name}`: the bounds of log_uniform are exponents of e, so that it goes from {} to {}; if \
                             values were meant, that is log_uniform_values.",
                            digits(min.exp(), 6),
                            digits(max.exp(), 6)
                        ));
                    }
                    Range::exp(min, max)
                }
                _ => Range::even(min, max),
            }
        }
    };
    Ok(range.by(quantum))
}

fn normal(log: bool, keys: &mut Keys<'_>, name: &str, imported: &mut Imported) -> Result<Range, Wrong> {
    let mu = keys.number("mu")?.unwrap_or(0.0);
    let sigma = keys.take("sigma");
    let line = sigma.map_or(0, |entry| entry.line);
    let sigma = sigma.map(Entry::number).transpose()?.unwrap_or(1.0);
    if sigma < 0.0 {
        return Err(wrong(line, format!("its `sigma` is {sigma}; it must be from 0")));
    }
    Ok(Range::bell(mu, sigma, log, name, imported))
}

fn beta(line: usize, keys: &mut Keys<'_>, name: &str, imported: &mut Imported) -> Result<Range, Wrong> {
    let (a, b) = (keys.number("a")?.unwrap_or(1.0), keys.number("b")?.unwrap_or(1.0));
    let range = Range::even(0.0, 1.0);
    if a < 0.0 || b < 0.0 {
        return Err(wrong(line, format!("its beta distribution has a = {a} and b = {b}; both must be from 0")));
    }
    if a == 1.0 && b == 1.0 {
        return Ok(range);
    }
    let center = (a >= 1.0 && b >= 1.0).then(|| digits((a - 1.0) / (a + b - 2.0), 6));
    let instead = match center {
        Some(center) => format!("a prior around its mode {center} stands for it"),
        None => "it is searched evenly".to_owned(),
    };
    imported.note(format!(
        "`{name}`: the shape of its beta distribution (a = {a}, b = {b}) is not carried over; {instead}."
    ));
    Ok(Range { center, ..range })
}
