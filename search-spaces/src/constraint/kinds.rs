//! What kind of value each part of an expression has: mistakes are found when a space is read, not when a trial is due.

use super::ConstraintError;
use super::parser::{Expression, Node};
use crate::domain::Domain;
use crate::space::Parameter;
use crate::value::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Truth,
    List,
    /// Choices of several kinds, or an item of a list.
    Any,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Number => "a number",
            Kind::Text => "a text",
            Kind::Truth => "true or false",
            Kind::List => "a list",
            Kind::Any => "a value",
        }
    }

    fn may_be(self, other: Kind) -> bool {
        self == other || self == Kind::Any || other == Kind::Any
    }
}

pub(super) fn check(whole: &Expression, parameters: &[Parameter]) -> Result<(), ConstraintError> {
    expect(whole, Kind::Truth, parameters)
}

fn expect(part: &Expression, expected: Kind, parameters: &[Parameter]) -> Result<(), ConstraintError> {
    is(part, kind_of(part, parameters)?, expected)
}

fn is(part: &Expression, found: Kind, expected: Kind) -> Result<(), ConstraintError> {
    if found.may_be(expected) {
        return Ok(());
    }
    let message = match expected {
        Kind::Truth => format!("it gives {}, and must compare something, as in `a <= b`", found.name()),
        _ => format!("{} stands where {} should be", found.name(), expected.name()),
    };
    Err(ConstraintError::new(message, part.at.clone()))
}

fn kind_of(part: &Expression, parameters: &[Parameter]) -> Result<Kind, ConstraintError> {
    let expect_all =
        |parts: &[&Expression], kind: Kind| parts.iter().try_for_each(|part| expect(part, kind, parameters));
    Ok(match &part.node {
        Node::Number(_) => Kind::Number,
        Node::Text(_) => Kind::Text,
        Node::Truth(_) => Kind::Truth,
        Node::Name(name) => match parameters.iter().find(|parameter| parameter.name == *name) {
            Some(parameter) => of_domain(&parameter.domain),
            None => {
                let message = format!("there is no parameter `{name}`");
                return Err(ConstraintError { message, at: part.at.clone(), unknown: Some(name.clone()) });
            }
        },
        Node::List(items) => {
            items.iter().try_for_each(|item| kind_of(item, parameters).map(drop))?;
            Kind::List
        }
        Node::Negative(inner) => {
            expect(inner, Kind::Number, parameters)?;
            Kind::Number
        }
        Node::Not(inner) => {
            expect(inner, Kind::Truth, parameters)?;
            Kind::Truth
        }
        Node::Logic(_, a, b) => {
            expect_all(&[a, b], Kind::Truth)?;
            Kind::Truth
        }
        Node::Arithmetic(_, a, b) => {
            expect_all(&[a, b], Kind::Number)?;
            Kind::Number
        }
        Node::Comparison(first, rest) => {
            // Each operand once, though the inner ones are compared on both sides: expressions nest.
            let mut left = (&**first, kind_of(first, parameters)?);
            for (operator, part) in rest {
                let right = (part, kind_of(part, parameters)?);
                compared(operator, left, right)?;
                left = right;
            }
            Kind::Truth
        }
        Node::Call(function, arguments) => {
            match (*function, arguments.as_slice()) {
                ("len" | "sum", [list]) => expect(list, Kind::List, parameters)?,
                ("abs", [number]) => expect(number, Kind::Number, parameters)?,
                ("min" | "max", [list]) => expect(list, Kind::List, parameters)?,
                ("min" | "max", [_, _, ..]) => {
                    arguments.iter().try_for_each(|number| expect(number, Kind::Number, parameters))?;
                }
                ("len" | "sum", _) => {
                    return Err(ConstraintError::new(format!("`{function}` takes one list"), part.at.clone()));
                }
                ("abs", _) => return Err(ConstraintError::new("`abs` takes one number", part.at.clone())),
                _ => {
                    let message = format!("`{function}` takes one list, or two numbers and more");
                    return Err(ConstraintError::new(message, part.at.clone()));
                }
            }
            Kind::Number
        }
        Node::Item(list, index) => {
            expect(list, Kind::List, parameters)?;
            expect(index, Kind::Number, parameters)?;
            Kind::Any
        }
    })
}

fn compared(
    operator: &str,
    (left, a): (&Expression, Kind),
    (right, b): (&Expression, Kind),
) -> Result<(), ConstraintError> {
    match operator {
        "==" | "!=" if a.may_be(b) => Ok(()),
        "==" | "!=" => {
            let message = format!("{} is compared with {}", a.name(), b.name());
            Err(ConstraintError::new(message, left.at.start..right.at.end))
        }
        "in" | "not in" => is(right, b, Kind::List),
        _ => is(left, a, Kind::Number).and_then(|()| is(right, b, Kind::Number)),
    }
}

fn of_domain(domain: &Domain) -> Kind {
    let of_value = |value: &Value| match value {
        Value::Bool(_) => Kind::Truth,
        Value::Int(_) | Value::Float(_) => Kind::Number,
        Value::Text(_) => Kind::Text,
        Value::List(_) => Kind::List,
    };
    match domain {
        Domain::Float { .. } | Domain::Int { .. } => Kind::Number,
        Domain::Bool => Kind::Truth,
        Domain::List { .. } => Kind::List,
        Domain::Categorical { choices: values } | Domain::Ordinal { values } => {
            let mut kinds = values.iter().map(of_value);
            let first = kinds.next().unwrap_or(Kind::Any);
            if kinds.all(|kind| kind == first) { first } else { Kind::Any }
        }
    }
}
