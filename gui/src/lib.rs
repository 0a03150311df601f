//! The desktop viewer of seqtune studies.
//!
//! One window over a folder of studies: pages that say what to look at, compare trials, and show parameters, decisions, time and
//! data; live while the study runs. The viewer writes nothing but requests, after that was switched on for a study.
//!
//! How it hangs together:
//!
//! - [`reader`] and [`folder`] are threads. They read the logs, in short statements, and hand over finished
//!   [`Snapshot`](seqtune_plot::Snapshot)s and lists; the window never waits for a file.
//! - [`model`] is what the window shows: the newest snapshot, one selection, one filter. It changes only by
//!   [`Action`](model::Action)s.
//! - [`workshop`] is where plots and analyses are made, on threads: pages ask by a key and show what is there.
//! - `pages` and [`panes`] are functions from the model to actions: `fn ui(&mut Ui, &Model, &mut Cache) -> Vec<Action>`.
//! - [`plot`] draws a [`PlotSpec`](seqtune_plot::spec::PlotSpec), which pictures in files are made of, too.
//! - [`Viewer`] connects them. It needs no window, so the tests drive it as it is.
//!
//! ```no_run
//! let viewer = seqtune_view::Viewer::new(egui::Context::default(), Some("results".as_ref()));
//! # drop(viewer);
//! ```

mod app;
pub mod cache;
mod commands;
mod control;
mod copy;
pub mod decisions;
mod disk;
mod exports;
pub mod folder;
mod head_start;
mod latest;
pub mod model;
mod pages;
pub mod panes;
mod picture;
pub mod place;
pub mod plot;
pub mod reader;
mod sample;
mod screenshot;
pub mod settings;
mod start;
mod text;
pub mod theme;
pub mod workshop;

pub use app::Viewer;
pub use head_start::HeadStart;

/// The names of all commands, and their keys where they have some.
pub fn commands() -> impl Iterator<Item = (&'static str, &'static str)> {
    commands::COMMANDS.iter().map(|command| (command.name, command.keys))
}
