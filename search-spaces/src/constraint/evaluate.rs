//! The value of an expression at a point. Numbers are doubles, which hold every whole number of a space exactly.

use super::parser::{Expression, Node};
use crate::params::Params;
use crate::value::Value;

/// Whether the expression is true at the point; an error is the reason why it has no value there.
pub(super) fn truth(part: &Expression, params: &Params) -> Result<bool, String> {
    match value(part, params)? {
        Value::Bool(truth) => Ok(truth),
        other => Err(format!("{other} is neither true nor false")),
    }
}

fn number(part: &Expression, params: &Params) -> Result<f64, String> {
    let value = value(part, params)?;
    value.as_f64().ok_or_else(|| format!("{value} is not a number"))
}

fn list(part: &Expression, params: &Params) -> Result<Vec<Value>, String> {
    match value(part, params)? {
        Value::List(items) => Ok(items),
        other => Err(format!("{other} is not a list")),
    }
}

fn value(part: &Expression, params: &Params) -> Result<Value, String> {
    Ok(match &part.node {
        Node::Number(number) => Value::Float(*number),
        Node::Text(text) => Value::Text(text.clone()),
        Node::Truth(truth) => Value::Bool(*truth),
        Node::Name(name) => params.get(name).cloned().ok_or_else(|| format!("`{name}` is not set"))?,
        Node::List(items) => Value::List(items.iter().map(|item| value(item, params)).collect::<Result<_, _>>()?),
        Node::Negative(inner) => Value::Float(-number(inner, params)?),
        Node::Not(inner) => Value::Bool(!truth(inner, params)?),
        // As in Python, what the first operand decides alone needs no second: `k == 0 or n % k == 0`.
        Node::Logic("and", a, b) => Value::Bool(truth(a, params)? && truth(b, params)?),
        Node::Logic(_, a, b) => Value::Bool(truth(a, params)? || truth(b, params)?),
        Node::Arithmetic(operator, a, b) => Value::Float(arithmetic(operator, number(a, params)?, number(b, params)?)?),
        Node::Comparison(first, rest) => {
            let mut left = value(first, params)?;
            for (operator, right) in rest {
                let right = value(right, params)?;
                if !compare(operator, &left, &right)? {
                    return Ok(Value::Bool(false));
                }
                left = right;
            }
            Value::Bool(true)
        }
        Node::Call(function, arguments) => Value::Float(call(function, arguments, params)?),
        Node::Item(of, index) => {
            let (items, index) = (list(of, params)?, number(index, params)?);
            let from_start = if index < 0.0 { index + items.len() as f64 } else { index };
            let inside = from_start.fract() == 0.0 && from_start >= 0.0 && (from_start as usize) < items.len();
            if !inside {
                return Err(format!("a list of {} has no item {index}", items.len()));
            }
            items[from_start as usize].clone()
        }
    })
}

fn arithmetic(operator: &str, a: f64, b: f64) -> Result<f64, String> {
    if b == 0.0 && matches!(operator, "/" | "//" | "%") {
        return Err("it divides by zero".to_owned());
    }
    let result = match operator {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "//" => ((a - remainder(a, b)) / b).round(),
        "%" => remainder(a, b),
        // From `libm`, whose digits are the same on every machine.
        _ => libm::pow(a, b),
    };
    if result.is_nan() { Err(format!("{a} {operator} {b} is no number")) } else { Ok(result) }
}

/// The exact remainder, with the sign of the divisor.
fn remainder(a: f64, b: f64) -> f64 {
    let remainder = a % b;
    if remainder != 0.0 && (remainder < 0.0) != (b < 0.0) { remainder + b } else { remainder }
}

fn compare(operator: &str, left: &Value, right: &Value) -> Result<bool, String> {
    match (operator, right) {
        ("==", _) => return Ok(left.same(right)),
        ("!=", _) => return Ok(!left.same(right)),
        ("in", Value::List(items)) => return Ok(items.iter().any(|item| item.same(left))),
        ("not in", Value::List(items)) => return Ok(!items.iter().any(|item| item.same(left))),
        _ => {}
    }
    let (Some(a), Some(b)) = (left.as_f64(), right.as_f64()) else {
        return Err(format!("{left} {operator} {right} cannot be compared"));
    };
    Ok(match operator {
        "<" => a < b,
        "<=" => a <= b,
        ">" => a > b,
        _ => a >= b,
    })
}

fn call(function: &str, arguments: &[Expression], params: &Params) -> Result<f64, String> {
    let numbers = || -> Result<Vec<f64>, String> {
        if let [list_of] = arguments {
            let numeric = |item: &Value| item.as_f64().ok_or_else(|| format!("{item} is not a number"));
            return list(list_of, params)?.iter().map(numeric).collect();
        }
        arguments.iter().map(|argument| number(argument, params)).collect()
    };
    match function {
        "len" => Ok(list(&arguments[0], params)?.len() as f64),
        "sum" => Ok(numbers()?.iter().sum()),
        "abs" => Ok(number(&arguments[0], params)?.abs()),
        _ => {
            let smallest = function == "min";
            let pick = |a: f64, b: f64| if smallest { a.min(b) } else { a.max(b) };
            numbers()?.into_iter().reduce(pick).ok_or_else(|| format!("`{function}` of an empty list"))
        }
    }
}
