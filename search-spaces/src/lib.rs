//! Search spaces: which parameters a study searches, over which values, and under which conditions.
//!
//! A [`SearchSpace`] is a list of [`Parameter`]s in declaration order. A condition names only earlier
//! parameters, so every space is a tree: walking the list once, front to back, decides which parameters are
//! active. A point of the space is a [`Params`]: the values of the active parameters and only those. [`Constraint`]s say
//! which combinations there are, [`Prior`]s where good values are expected, and the unit cube
//! ([`SearchSpace::dimensions`], [`SearchSpace::decode`], [`SearchSpace::encode`]) is what samplers see.
//!
//! ```
//! use seqtune_space::SearchSpace;
//!
//! let space: SearchSpace = toml::from_str(
//!     r#"
//!     lr     = { type = "float", low = 1e-4, high = 0.1, log = true }
//!     model  = { type = "categorical", choices = ["mlp", "lstm"] }
//!     layers = { type = "int", low = 1, high = 3, when = { model = "lstm" } }
//!     "#,
//! )?;
//! let mlp = space.decode(&[0.5, 0.0, 0.0])?;
//! assert_eq!(mlp.get("layers"), None);
//! let lstm = space.decode(&[0.5, 0.9, 0.99])?;
//! assert_eq!(lstm.to_string(), r#"layers=3 lr=0.00316228 model="lstm""#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod condition;
mod constraint;
mod domain;
mod form;
mod params;
mod prior;
pub mod ready;
mod space;
mod value;

pub use condition::{Bounds, Condition, Test};
pub use constraint::{Constraint, ConstraintError, Held};
pub use domain::{Domain, Length, MAX_LIST, Rule, Scale};
pub use form::{LengthForm, ParameterForm, TYPES};
pub use params::{Params, ValueError};
pub use prior::{Confidence, Prior};
pub use space::{Dimension, Grain, MAX_PARAMETERS, Parameter, Part, RESERVED, SearchSpace, SpaceError};
pub use value::Value;
