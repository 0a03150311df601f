//! All that a model family's crate needs: the family trait, the worker protocol, the worker loop, and the suite that
//! tells whether a family keeps its promises.
//!
//! A **family** is a kind of model with its data and its hyperparameters. seqtune trains each trial in a worker: a
//! process (or, for tests, a thread) that speaks JSON lines. A family implements [`ModelFamily`] and [`Session`];
//! [`worker_main`] makes a program of it.
//!
//! - [`ModelFamily`], [`Session`], [`FamilyInfo`], [`Job`], [`Report`]: what a family implements and receives.
//! - [`protocol`]: the messages, for whoever writes a worker or drives one.
//! - [`worker_main`] and [`serve`]: the worker loop over standard input and output, or over any reader and writer.
//! - [`conformance`]: run it in the tests of every family.
//!
//! # A complete family
//!
//! Gradient descent on a parabola, from a start that the seed chooses. Its program is the one line
//! `worker_main(&[&Descent])`, and a study reaches it by naming that program.
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::fs;
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use seqtune_plugin::conformance::{Options, check_family};
//! use seqtune_plugin::{
//!     DataSpec, Direction, FamilyError, FamilyInfo, Job, MetricInfo, ModelFamily, Prepared, Report, Session,
//!     StepContext, text_digest,
//! };
//!
//! struct Descent;
//!
//! /// What `prepare` makes and all trials of the study share.
//! struct Parabola {
//!     minimum: f64,
//! }
//!
//! /// One trial in training. The learning rate comes with the job, so only `position` is saved.
//! struct Walk {
//!     minimum: f64,
//!     rate: f64,
//!     position: f64,
//! }
//!
//! impl ModelFamily for Descent {
//!     fn info(&self) -> FamilyInfo {
//!         FamilyInfo {
//!             name: "descent".to_owned(),
//!             version: "1".to_owned(),
//!             summary: "Gradient descent on a parabola.".to_owned(),
//!             step: "pass".to_owned(),
//!             parameters: serde_json::from_str(
//!                 r#"{"rate": {"type": "float", "low": 1e-4, "high": 0.9, "log": true, "default": 0.1}}"#,
//!             )
//!             .unwrap(),
//!             metrics: vec![MetricInfo {
//!                 name: "valid/loss".to_owned(),
//!                 direction: Direction::Minimize,
//!                 unit: String::new(),
//!                 doc: "Height above the minimum.".to_owned(),
//!             }],
//!             data: BTreeMap::from([("minimum".to_owned(), "Where the minimum lies; default 3.".to_owned())]),
//!         }
//!     }
//!
//!     fn prepare(&self, data: &DataSpec, _cache: &Path) -> Result<Prepared, FamilyError> {
//!         let minimum = data.values.get("minimum").and_then(|value| value.as_f64()).unwrap_or(3.0);
//!         Ok(Prepared {
//!             digest: text_digest(&format!("descent 1 minimum={minimum}")),
//!             summary: BTreeMap::from([("minimum".to_owned(), minimum.into())]),
//!             content: Arc::new(Parabola { minimum }),
//!         })
//!     }
//!
//!     fn open(&self, prepared: &Prepared, job: &Job) -> Result<Box<dyn Session>, FamilyError> {
//!         let position = match &job.checkpoint {
//!             Some(directory) => load(&directory.join("position.json"))?,
//!             None => (job.seed % 1000) as f64 / 1000.0,
//!         };
//!         let minimum = prepared.content::<Parabola>()?.minimum;
//!         Ok(Box::new(Walk { minimum, rate: job.params.float("rate")?, position }))
//!     }
//! }
//!
//! impl Session for Walk {
//!     fn step(&mut self, context: &mut StepContext<'_>) -> Result<Report, FamilyError> {
//!         for update in 0..10 {
//!             self.position -= self.rate * 2.0 * (self.position - self.minimum);
//!             context.progress(update + 1, 10)?;
//!         }
//!         let mut report = Report::default();
//!         report.number("valid/loss", (self.position - self.minimum).powi(2));
//!         Ok(report)
//!     }
//!
//!     fn save(&mut self, directory: &Path) -> Result<(), FamilyError> {
//!         // JSON keeps a float to its last bit; printing two decimals would not, and the suite below would say so.
//!         let text = serde_json::to_string(&self.position).unwrap();
//!         fs::write(directory.join("position.json"), text)
//!             .map_err(|error| FamilyError::Other(format!("position.json cannot be written: {error}")))
//!     }
//! }
//!
//! fn load(path: &Path) -> Result<f64, FamilyError> {
//!     let failed = |error: &dyn std::fmt::Display| FamilyError::Other(format!("{}: {error}", path.display()));
//!     let text = fs::read_to_string(path).map_err(|error| failed(&error))?;
//!     serde_json::from_str(&text).map_err(|error| failed(&error))
//! }
//!
//! // In the family's tests:
//! if let Err(violations) = check_family(&Descent, &Options::default()) {
//!     panic!("{violations:#?}");
//! }
//! ```

pub mod conformance;
mod digest;
mod error;
mod family;
mod metric;
#[cfg(test)]
mod probe;
pub mod protocol;
mod worker;

pub use digest::{directory_digest, text_digest};
pub use error::{FailureCause, FamilyError};
pub use family::{
    Applied, Apply, DataSpec, FamilyInfo, Job, MetricInfo, ModelFamily, Prepared, Report, Session, StepContext,
};
pub use metric::{Direction, MetricValue};
pub use worker::{serve, worker_main, worker_main_with};
