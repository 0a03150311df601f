//! The study: its log, its history, and the decisions made from it.
//!
//! Three ideas carry this crate:
//!
//! 1. **The log is the study.** [`Store`] keeps one append-only table of [`Event`]s in one SQLite file. [`History`] is
//!    the fold of it; manager, CLI and viewer use the same [`History::apply`]. Nothing is updated in place.
//! 2. **Deciding is pure.** [`Proposer`], [`Sampler::suggest`] and [`Judge`] are functions of the space, a [`View`] of the
//!    history and a seed. They have no memory, no clock and no shared random stream.
//! 3. **Every decision can be replayed.** Each `trial_started` records which part of the log it saw; [`verify`]
//!    decides again and compares, and [`Proposer::explain`] decides again and says why.
//!
//! ```
//! use seqtune_core::testing;
//!
//! // A study of three trials on a space with one parameter, in memory.
//! let history = testing::study("x = { type = 'float', low = 0, high = 1 }").trials(3).history();
//! let first = seqtune_core::propose(&history, 0)?;
//! assert_eq!(first.params, history.trials[0].params);
//! assert!(seqtune_core::verify(&history).differences.is_empty());
//! # Ok::<(), seqtune_core::SampleError>(())
//! ```

pub mod bandit;
mod domination;
mod event;
mod explain;
mod history;
mod hypervolume;
mod learning_curve;
mod order;
mod propose;
pub mod pruner;
mod replicate;
pub mod sampler;
pub mod seed;
mod spec;
mod store;
pub mod testing;
mod verify;

pub use event::{AttemptEnd, Event, EventKind, MetricsJson, Origin, Seen};
pub use explain::{Explanation, Why};
pub use history::{Attempt, Checkpoint, History, HistoryError, Point, Queued, Trial, TrialEnd, TrialState};
pub use order::{View, next_trial_may_start};
pub use propose::{Proposal, Proposer, propose};
pub use pruner::{Judge, PrunerSpec, Verdict};
pub use sampler::{Grid, SampleError, Sampler, Suggestion, start_up};
pub use spec::{
    ASK_TELL, ArmSampler, Budget, FamilyChoice, Objective, Order, OutcomeConstraint, Reduce, ReplicateSpec,
    SamplerSpec, Settings, StudySpec, TrialSpec, WorkerSettings,
};
pub use store::{
    FORMAT_VERSION, Inspection, Note, Remark, Remarks, Request, RequestError, RequestKind, Requests, SchemaFault,
    Store, StoreError, StoreReader, is_study,
};
pub use verify::{Difference, Verified, verify};
