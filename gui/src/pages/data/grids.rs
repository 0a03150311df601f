//! The confusion of classes, and any other grid of numbers that a family exports.

use std::sync::Arc;

use egui::Ui;
use seqtune_plot::plots::{self, PlotError};
use seqtune_plot::spec::PlotSpec;

use super::{Shown, names};
use crate::cache::Cache;
use crate::exports::{Form, Grid};
use crate::model::{Action, DataChange, Model};
use crate::panes::plot_pane::PlotPane;
use crate::workshop::Subject;

/// Of grids, and of what stands beside them.
pub(super) const HEIGHT: f32 = 340.0;

/// The first confusion matrix of an export.
pub(super) fn confusion(ui: &mut Ui, model: &Model, cache: &mut Cache, shown: &Shown) -> Vec<Action> {
    let found = shown.tables(|form| if let Form::Confusion(grid) = form { Some(grid) } else { None });
    let Some((name, _)) = found.first().copied() else { return Vec::new() };
    let pane = PlotPane {
        id: "confusion",
        name: "Confusion",
        help: "How many rows of each true class (from above) were put into which class (from left to right). What is on the diagonal is \
               right; what is next to it is nearly so where classes have an order.",
        height: HEIGHT,
        moves: false,
    };
    let work = work(shown, name, |grid| {
        let count = |cell: &f64| if cell.is_finite() && *cell > 0.0 { *cell as u64 } else { 0 };
        let counts: Vec<Vec<u64>> = grid.cells.iter().map(|row| row.iter().map(count).collect()).collect();
        plots::confusion("Confusion", &grid.rows, &counts)
    });
    pane.show(ui, model, cache, (&shown.stamp, name, model.views.data.looks), work, |_| Vec::new()).actions
}

/// The other grids.
pub(super) fn ui(ui: &mut Ui, model: &Model, cache: &mut Cache, shown: &Shown) -> Vec<Action> {
    let grids = shown.tables(|form| if let Form::Grid(grid) = form { Some(grid) } else { None });
    let chosen = model.views.data.grid.as_deref();
    let found = grids.iter().find(|(name, _)| Some(*name) == chosen).or(grids.first());
    let Some((name, _)) = found.copied() else { return Vec::new() };
    let pane = PlotPane {
        id: "grid",
        name: "Table",
        help: "A table of numbers that the family exports, as a heat map: rows from above, columns from left to right.",
        height: HEIGHT,
        moves: false,
    };
    let title = name.to_owned();
    let work = work(shown, name, move |grid| plots::grid(&title, &grid.rows, &grid.columns, &grid.cells));
    let listed: Vec<String> = grids.iter().map(|(name, _)| (*name).to_owned()).collect();
    pane.show(ui, model, cache, (&shown.stamp, name, model.views.data.looks), work, |ui| {
        names(ui, "grid", "Table", name, listed, DataChange::Grid)
    })
    .actions
}

/// Draws one table of an export.
fn work(
    shown: &Shown,
    name: &str,
    draw: impl FnOnce(&Grid) -> Result<PlotSpec, PlotError> + Send + 'static,
) -> impl FnOnce(&Subject) -> Result<PlotSpec, String> + Send + 'static {
    let (tables, name) = (Arc::clone(&shown.tables), name.to_owned());
    move |_| {
        let grid = tables.iter().find(|read| read.name == name).and_then(|read| match &read.form {
            Ok(Form::Confusion(grid) | Form::Grid(grid)) => Some(grid),
            _ => None,
        });
        let grid = grid.ok_or_else(|| "there is no such table any more".to_owned())?;
        draw(grid).map_err(|error| error.to_string())
    }
}
