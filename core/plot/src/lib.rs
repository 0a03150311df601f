//! What the viewer and reports draw: series and summaries of a study, without a window.
//!
//! - [`Snapshot`]: a study at one moment, in the form that tables and plots read. It is a pure function of a
//!   [`History`](seqtune_core::History); [`Snapshot::next`] makes the following one and shares what did not change.
//! - [`history_points`] and [`best_so_far`]: the values of the trials in number order.
//! - [`curve`]: one metric of one trial over its steps, with the spread of its parts (folds, seeds).
//! - [`heat_map`]: the values of the trials over one or two parameters.
//! - [`Summary`]: counts by state, and the time left.
//!
//! ```
//! use seqtune_plot::{Snapshot, best_so_far, curve};
//!
//! let history = seqtune_core::testing::study("x = { type = 'float', low = 0, high = 1 }").trials(5).history();
//! let snapshot = Snapshot::of(&history);
//!
//! let best = snapshot.best().expect("five trials have ended");
//! assert_eq!(best_so_far(&snapshot).last().map(|[_, value]| *value), best.value);
//! assert_eq!(curve(best, "value", 100).points.len(), 1);
//! ```

mod curve;
mod heat_map;
pub mod plots;
#[cfg(feature = "png")]
pub mod png;
mod progress;
mod row;
mod series;
mod snapshot;
pub mod spec;
mod summary;
pub mod svg;
pub mod theme;

pub use curve::{Curve, curve};
pub use heat_map::{Axis, Cell, HeatMap, heat_map};
pub use progress::{HistoryPoint, best_so_far, history_points};
pub use row::{Reached, TrialRow};
pub use series::{Curves, Spread};
pub use snapshot::Snapshot;
pub use summary::Summary;
