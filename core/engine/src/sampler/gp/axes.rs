//! Points as the model sees them: a number an axis, also where a parameter does not exist.

use seqtune_space::{Grain, Params, SearchSpace};

/// What a coordinate of the space is to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    /// From 0 to 1; 0.5 where it does not exist. Two points without it are equal along it, and a point with it is told from one
    /// without by the parameter that decides which.
    Number,
    /// The index of a choice; their count where it does not exist.
    Choice {
        /// How many there are.
        count: usize,
    },
}

/// Ordered values beyond so many count as continuous where the acquisition is maximised.
pub(super) const CELLS: u64 = 16;

/// The axes of a space, one for each of its dimensions.
pub(super) fn axes(space: &SearchSpace) -> Vec<Axis> {
    let axis = |dimension| match space.grain(dimension, CELLS) {
        Grain::Choices(count) => Axis::Choice { count },
        Grain::Continuous | Grain::Cells(_) => Axis::Number,
    };
    space.dimensions().iter().map(axis).collect()
}

/// One point: an entry for each axis.
pub(super) type Row = Vec<f64>;

/// The row of a place in the unit cube; numbers are those of the values that a point can have.
pub(super) fn row_of(axes: &[Axis], unit: &[Option<f64>]) -> Row {
    let entry = |(axis, at): (&Axis, &Option<f64>)| match (axis, at) {
        (Axis::Number, Some(at)) => *at,
        (Axis::Number, None) => 0.5,
        (Axis::Choice { count }, Some(at)) => ((at * *count as f64) as usize).min(count - 1) as f64,
        (Axis::Choice { count }, None) => *count as f64,
    };
    axes.iter().zip(unit).map(entry).collect()
}

/// The row of a point.
pub(super) fn row_of_point(space: &SearchSpace, axes: &[Axis], params: &Params) -> Row {
    row_of(axes, &space.encode(params))
}

/// Points, an axis at a time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Columns {
    columns: Vec<Vec<f64>>,
    len: usize,
}

impl Columns {
    /// No points yet.
    pub(super) fn new(axes: usize) -> Columns {
        Columns { columns: vec![Vec::new(); axes], len: 0 }
    }

    /// These points.
    pub(super) fn of<'a>(axes: usize, rows: impl IntoIterator<Item = &'a Row>) -> Columns {
        let mut columns = Columns::new(axes);
        rows.into_iter().for_each(|row| columns.push(row));
        columns
    }

    pub(super) fn push(&mut self, row: &[f64]) {
        for (column, entry) in self.columns.iter_mut().zip(row) {
            column.push(*entry);
        }
        self.len += 1;
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn columns(&self) -> &[Vec<f64>] {
        &self.columns
    }

    pub(super) fn row(&self, index: usize) -> Row {
        self.columns.iter().map(|column| column[index]).collect()
    }
}
