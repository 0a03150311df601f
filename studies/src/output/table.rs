//! Plain tables: columns two spaces apart, numbers to the right, nothing drawn.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement};
use terminal_size::{Width, terminal_size_of};

/// Where a column's entries stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table in the making.
pub(crate) struct Table(comfy_table::Table);

impl Table {
    pub(crate) fn new(columns: &[(&str, Align)]) -> Table {
        let mut table = comfy_table::Table::new();
        // On a terminal long cells are broken to its width; in a file or a pipe a row stays a line.
        match terminal_size_of(std::io::stdout()) {
            Some((Width(width), _)) => {
                table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
            }
            None => {
                table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
            }
        }
        table.set_header(columns.iter().map(|(heading, _)| *heading));
        for (index, (_, align)) in columns.iter().enumerate() {
            if let Some(column) = table.column_mut(index) {
                column.set_padding((0, 2));
                if *align == Align::Right {
                    column.set_cell_alignment(CellAlignment::Right);
                }
            }
        }
        Table(table)
    }

    /// Adds a row. Line breaks become spaces: a row is a line.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.0.add_row(cells.into_iter().map(|cell| cell.replace(['\n', '\r'], " ")));
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.lines().try_for_each(|line| writeln!(f, "{}", line.trim_end()))
    }
}
