//! Where many trials lie that are not drawn one by one.

use rayon::prelude::*;

use crate::spec::{Axis, Density, Entry, Layer, Role, Sample};

/// Cells across and up.
const COLUMNS: usize = 96;
const ROWS: usize = 60;

/// Cells across between two axes of parallel coordinates.
const BETWEEN: usize = 24;

/// The layer of these things, each at its place, over the whole of both axes.
pub(super) fn points<T>(rest: &[T], x: &Axis, y: &Axis, at: impl Fn(&T) -> Option<[f64; 2]>) -> Option<Layer> {
    let mut counts = vec![0_u32; COLUMNS * ROWS];
    for [across, up] in rest.iter().filter_map(at) {
        if let Some((column, row)) = cell(x.place(across), COLUMNS).zip(cell(y.place(up), ROWS)) {
            counts[row * COLUMNS + column] += 1;
        }
    }
    layer([x.low, x.high], [y.low, y.high], COLUMNS, counts)
}

/// The layers of these lines through places at 0, 1, 2, ... along x: one between each two of them.
pub(super) fn lines(lines: &[Vec<[f64; 2]>], y: &Axis) -> Vec<Layer> {
    let longest = lines.iter().map(Vec::len).max().unwrap_or(0);
    let between = |left: usize| {
        let mut counts = vec![0_u32; BETWEEN * ROWS];
        for line in lines {
            let (Some([_, from]), Some([_, to])) = (line.get(left), line.get(left + 1)) else { continue };
            for column in 0..BETWEEN {
                let part = (column as f64 + 0.5) / BETWEEN as f64;
                if let Some(row) = cell(y.place(from + (to - from) * part), ROWS) {
                    counts[row * BETWEEN + column] += 1;
                }
            }
        }
        layer([left as f64, left as f64 + 1.0], [y.low, y.high], BETWEEN, counts)
    };
    (0..longest.saturating_sub(1)).into_par_iter().filter_map(between).collect()
}

/// What a legend says of it.
pub(super) fn entry() -> Entry {
    Entry { label: "the rest, the darker the more".to_owned(), sample: Sample::Area(Role::Quiet) }
}

fn cell(place: Option<f64>, cells: usize) -> Option<usize> {
    let place = place.filter(|place| (0.0..=1.0).contains(place))?;
    Some(((place * cells as f64) as usize).min(cells - 1))
}

fn layer(x: [f64; 2], y: [f64; 2], columns: usize, counts: Vec<u32>) -> Option<Layer> {
    let most = counts.iter().copied().max().filter(|most| *most > 0)?;
    let full = f64::from(most).ln_1p();
    let cells = counts.into_iter().map(|count| (f64::from(count).ln_1p() / full) as f32).collect();
    Some(Layer::Density(Density { x, y, columns, rows: ROWS, cells, role: Role::Quiet }))
}
