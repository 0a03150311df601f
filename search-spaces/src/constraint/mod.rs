//! Constraints: expressions over parameters that every point must satisfy.
//!
//! The language is that of Python's expressions, as far as hyperparameters need it:
//!
//! | what | written |
//! |---|---|
//! | parameters | `heads`; with other characters than letters, digits and `_`, in backticks: `` `model-lr` `` |
//! | values | `8`, `1e-3`, `'lstm'`, `true`, `false`, `['gru', 'lstm']` |
//! | numbers | `+` `-` `*` `/` `//` (rounded down) `%` (sign of the divisor) `**` |
//! | comparisons | `==` `!=` `<` `<=` `>` `>=` `in`, `not in`; chained: `8 <= heads * dim <= 256` |
//! | logic | `and` `or` `not` |
//! | lists | `len(filters)`, `sum`, `min`, `max`, `filters[0]`, `filters[-1]` |
//! | functions | `min(a, b, ...)`, `max(a, b, ...)`, `abs(a)` |
//!
//! A constraint says nothing where one of its parameters is not active. A point at which it cannot be evaluated, as by
//! a division by zero, breaks it.
//!
//! ```
//! use seqtune_space::SearchSpace;
//!
//! let space: SearchSpace = toml::from_str(
//!     r#"
//!     heads = { type = "int", low = 1, high = 16 }
//!     dim   = { type = "int", low = 8, high = 512, step = 8 }
//!     constraints = ["dim % heads == 0", "dim // heads >= 8"]
//!     "#,
//! )?;
//! let point = |json: &str| serde_json::from_str(json).map(|point| space.check(point));
//! assert!(point(r#"{"heads": 4, "dim": 64}"#)?.is_ok());
//! let message = point(r#"{"heads": 3, "dim": 64}"#)?.unwrap_err().to_string();
//! assert_eq!(message, "the point breaks the constraint `dim % heads == 0` (dim = 64, heads = 3)");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod evaluate;
mod kinds;
mod lexer;
mod parser;

use std::ops::Range;

use crate::params::Params;
use crate::space::Parameter;
use parser::Expression;

/// A condition that every point of a space satisfies.
#[derive(Clone, Debug)]
pub struct Constraint {
    text: String,
    expression: Expression,
    names: Vec<String>,
}

/// Two constraints are equal where they are written alike.
impl PartialEq for Constraint {
    fn eq(&self, other: &Constraint) -> bool {
        self.text == other.text
    }
}

/// An expression that is none, or that does not fit the parameters it names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConstraintError {
    /// What is wrong, continuing "the constraint `...`: ".
    pub message: String,
    /// Where, in bytes of the expression.
    pub at: Range<usize>,
    /// The name at fault, where there is no such parameter.
    pub unknown: Option<String>,
}

/// What a constraint says of a point.
#[derive(Clone, Debug, PartialEq)]
pub enum Held {
    /// The point satisfies it, or it does not apply there.
    Yes,
    /// The point breaks it.
    No,
    /// It cannot be evaluated there, for this reason; the point counts as breaking it.
    Unknown(String),
}

impl Constraint {
    /// Reads an expression.
    ///
    /// # Errors
    /// Where it is none.
    pub fn parse(text: &str) -> Result<Constraint, ConstraintError> {
        let expression = parser::parse(text)?;
        let mut names = Vec::new();
        expression.each_name(&mut |name| {
            if !names.contains(name) {
                names.push(name.clone());
            }
        });
        if names.is_empty() {
            return Err(ConstraintError::new("it names no parameter", 0..text.len()));
        }
        Ok(Constraint { text: text.to_owned(), expression, names })
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The parameters that it names, each once.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether a point satisfies it.
    pub fn held(&self, params: &Params) -> Held {
        if self.names.iter().any(|name| params.get(name).is_none()) {
            return Held::Yes;
        }
        match evaluate::truth(&self.expression, params) {
            Ok(true) => Held::Yes,
            Ok(false) => Held::No,
            Err(reason) => Held::Unknown(reason),
        }
    }

    /// Checks names and kinds against the parameters of a space.
    pub(crate) fn check(&self, parameters: &[Parameter]) -> Result<(), ConstraintError> {
        kinds::check(&self.expression, parameters)
    }

    /// The values that it looked at, for messages: "dim = 64, heads = 3".
    pub(crate) fn values(&self, params: &Params) -> String {
        let shown = |name: &String| params.get(name).map(|value| format!("{name} = {value}"));
        self.names.iter().filter_map(shown).collect::<Vec<_>>().join(", ")
    }
}

impl ConstraintError {
    fn new(message: impl Into<String>, at: Range<usize>) -> ConstraintError {
        ConstraintError { message: message.into(), at, unknown: None }
    }
}

#[cfg(test)]
mod tests;
