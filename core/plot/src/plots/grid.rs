//! Any table of numbers as a heat map.

use super::PlotError;
use crate::spec::{Axis, HeatCell, Layer, PlotSpec, ValueScale, short};

/// Numbers by rows (from above, as in the table) and columns. Cells without a finite number are left out.
///
/// # Errors
/// [`PlotError::NoValues`] where no cell has a finite number.
pub fn grid(title: &str, rows: &[String], columns: &[String], cells: &[Vec<f64>]) -> Result<PlotSpec, PlotError> {
    let finite = || cells.iter().flatten().copied().filter(|cell| cell.is_finite());
    let (low, high) =
        finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), cell| (low.min(cell), high.max(cell)));
    if low > high {
        return Err(PlotError::NoValues(title.to_owned()));
    }
    let scale = ValueScale { label: title.to_owned(), worst: low, best: high, areas: true };
    let last = rows.len().saturating_sub(1);
    let mut drawn = Vec::new();
    for (row, numbers) in cells.iter().enumerate().take(rows.len()) {
        for (column, cell) in numbers.iter().enumerate().take(columns.len()).filter(|(_, cell)| cell.is_finite()) {
            let around = |at: usize| [at as f64 - 0.5, at as f64 + 0.5];
            let role = scale.role(*cell);
            drawn.push(HeatCell {
                x: around(column),
                y: around(last - row),
                role,
                label: short(*cell, 3),
                trial: None,
            });
        }
    }
    Ok(PlotSpec {
        title: title.to_owned(),
        reading: format!(
            "{} rows by {} columns, from {} to {}.",
            rows.len(),
            columns.len(),
            short(low, 4),
            short(high, 4)
        ),
        x: Axis::names("", columns.to_vec()),
        y: Axis::names("", rows.iter().rev().cloned().collect()),
        layers: vec![Layer::Cells(drawn)],
        legend: Vec::new(),
        scale: Some(scale),
        notes: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_row_is_above_and_what_is_no_number_is_left_out() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
        let (rows, columns) = (names(&["first", "second"]), names(&["a", "b", "c"]));
        let spec = grid("filters", &rows, &columns, &[vec![1.0, f64::NAN, 3.0], vec![-1.0, 0.0, 0.5]]).unwrap();
        let Layer::Cells(cells) = &spec.layers[0] else { panic!("{spec:?}") };
        assert_eq!(cells.len(), 5);
        assert_eq!((cells[1].label.as_str(), cells[1].x, cells[1].y), ("3", [1.5, 2.5], [0.5, 1.5]));
        assert_eq!(spec.scale.unwrap().worst, -1.0);
        assert!(grid("filters", &rows, &columns, &[vec![f64::NAN]]).is_err());
    }
}
