//! For tests: studies in memory, and the suites that every sampler and every pruner pass.

mod pruner;
mod sampler;
mod study;

pub use pruner::check_pruner;
pub use sampler::{check_sampler, check_sampler_with_objectives};
pub use study::{StudyDraft, study};
