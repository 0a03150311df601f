//! What the viewer and reports draw: series and summaries of a study, without a window.
//!
//! - [`Snapshot`]: a study at one moment, in the form that tables and plots read. It is a pure function of a
//!   [`History`](seqtune_core::History); [`Snapshot::next`] makes the following one and shares what did not change;
//!   [`Snapshot::only`] leaves some of its trials.
//! - [`configs`]: the seeds of each configuration and their mean, with its interval; [`compare`]: what differs between a few
//!   of them, and whether it made a difference.
//! - [`curve`]: one metric of one trial over its steps, with the spread of its parts (folds, seeds).
//! - [`importance`]: how much each parameter matters, by fANOVA or PED-ANOVA; [`Surrogate`]: the forest behind it, and what
//!   it expects along a parameter.
//! - [`decision`]: why a trial has its point and why it was stopped, in sentences, and what the model of that decision says
//!   along each parameter.
//! - [`health`]: how the study stands, in sentences, and what wants looking at.
//! - [`heat_map`]: the values of the trials over one or two parameters; [`along_names`]: what trials can be placed by, of lists their
//!   length and their items.
//! - [`Summary`]: counts by state, and the time left; [`resources`]: where the time went.
//! - [`plots`]: each plot of a study as a [`PlotSpec`](spec::PlotSpec), which says what is where and in which role;
//!   [`theme`]: the colours of roles; [`svg`] and, with the feature `png`, `png`: pictures of it.
//!
//! ```
//! use seqtune_plot::svg::{Length, Size, svg};
//! use seqtune_plot::{Snapshot, curve, plots, theme};
//!
//! let history = seqtune_core::testing::study("x = { type = 'float', low = 0, high = 1 }").trials(5).history();
//! let snapshot = Snapshot::of(&history);
//!
//! let best = snapshot.best().expect("five trials have ended");
//! assert_eq!(curve(best, "value", 100).points.len(), 1);
//!
//! let spec = plots::history(&snapshot, history.spec.objective(), &plots::HistoryOptions::default())?;
//! let size = Size { width: Length::Mm(180.0), height: Length::Mm(110.0) };
//! assert!(svg(&spec, size, &theme::PRINT).contains("best so far"));
//! # Ok::<(), plots::PlotError>(())
//! ```

mod along;
mod best_line;
mod compare;
mod configs;
mod curve;
pub mod decision;
mod health;
mod heat_map;
mod importance;
pub mod plots;
#[cfg(feature = "png")]
pub mod png;
mod resources;
mod row;
mod series;
mod snapshot;
pub mod spec;
mod statistics;
mod summary;
mod surrogate;
pub mod svg;
pub mod theme;

pub use along::{along_names, domain_along, value_along};
pub use compare::{
    Column, Comparison, Difference, MetricCell, MetricRow, Pairs, ParameterCell, ParameterRow, Relation, compare,
};
pub use configs::{Config, configs};
pub use curve::{Curve, curve};
pub use health::{About, Card, PlotKind, Status, health, health_of};
pub use heat_map::{Axis, Cell, HeatMap, heat_map};
pub use importance::{
    Importance, ImportanceError, LeftOut, Method, PairImportance, ParameterImportance, PedAnova, completed,
    completed_under, importance,
};
pub use resources::{DeviceUse, Lost, Resources, StateUse, WorkerUse, resources};
pub use row::{Reached, TrialRow};
pub use series::{Curves, Spread};
pub use snapshot::Snapshot;
pub use statistics::Mean;
pub use summary::Summary;
pub use surrogate::{Dependence, Expected, Place, Surrogate, r2_in_words};
