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
