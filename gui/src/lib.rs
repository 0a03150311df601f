//! The desktop viewer of seqtune studies.
//!
//! One window over a folder of studies: the list of studies, a sortable table of trials, learning curves, the history
//! with the best so far, and one inspected trial; live while the study runs. The viewer never writes to a log.
//!
//! How it hangs together:
//!
//! - [`reader`] and [`folder`] are threads. They read the logs, in short statements, and hand over finished
//!   [`Snapshot`](seqtune_plot::Snapshot)s and lists; the window never waits for a file.
//! - [`model`] is what the window shows: the newest snapshot, one selection, one filter. It changes only by
//!   [`Action`](model::Action)s.
//! - [`panes`] are functions from the model to actions: `fn ui(&mut Ui, &Model) -> Vec<Action>`.
//! - [`Viewer`] connects the three. It needs no window, so the tests drive it as it is.
//!
//! ```no_run
//! let viewer = seqtune_view::Viewer::new(egui::Context::default(), Some("results".as_ref()));
//! # drop(viewer);
//! ```

mod app;
pub mod folder;
mod keys;
mod latest;
pub mod model;
pub mod panes;
pub mod place;
pub mod reader;
mod text;
pub mod theme;

pub use app::Viewer;
