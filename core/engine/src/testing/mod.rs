//! For tests: studies in memory, and the suite that every sampler passes.

mod sampler;
mod study;

pub use sampler::{check_sampler, check_sampler_with_objectives};
pub use study::{StudyDraft, study};
