//! The boxes that a tree cuts the unit cube into, and exact integrals over them.
//!
//! A tree is constant on each leaf, and a leaf is a box. Along each coordinate the thresholds of the tree cut `[0, 1]` into
//! cells, so that a side of a box is a run of cells, or a set of choices. The mean over all coordinates but some is then a sum
//! over leaves, without any sampling (Hutter, Hoos, Leyton-Brown 2014, algorithm 2).

use super::coordinates::{Coordinate, Kind, Region, Set, all_choices};
use super::tree::{Cut, Node, Tree};

/// One side of a box.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Side {
    /// Cells from the first up to the second.
    Cells(usize, usize),
    /// Choices whose bits are set.
    Among(u64),
}

/// One leaf.
#[derive(Clone, Debug)]
struct Leaf {
    value: f64,
    /// The sides that are less than everything, by coordinate.
    sides: Vec<(usize, Side)>,
}

/// The leaves of a tree.
pub(crate) struct Boxes {
    /// Of each coordinate of numbers: the ends of its cells; of choices: none.
    ends: Vec<Vec<f64>>,
    leaves: Vec<Leaf>,
}

/// How much of a region each cell of each coordinate takes: uniform over what the region allows.
pub(crate) struct Measure {
    cells: Vec<Vec<f64>>,
    /// Of all cells before each.
    before: Vec<Vec<f64>>,
    /// Of each leaf.
    leaves: Vec<f64>,
    /// Of the tree's value over the region.
    pub(crate) mean: f64,
    pub(crate) variance: f64,
}

impl Boxes {
    pub(crate) fn of(tree: &Tree, coordinates: &[Coordinate]) -> Boxes {
        let mut ends: Vec<Vec<f64>> = coordinates
            .iter()
            .map(|coordinate| match coordinate.kind {
                Kind::Number { .. } => [0.0, 1.0].into_iter().chain(coordinate.edges.iter().copied()).collect(),
                Kind::Choices(_) => Vec::new(),
            })
            .collect();
        for node in &tree.nodes {
            if let Node::Split { coordinate, cut: Cut::Below(at), .. } = node {
                ends[*coordinate].push(*at);
            }
        }
        for ends in &mut ends {
            ends.sort_by(f64::total_cmp);
            ends.dedup();
        }
        let all: Vec<Side> = coordinates
            .iter()
            .zip(&ends)
            .map(|(coordinate, ends)| match coordinate.kind {
                Kind::Number { .. } => Side::Cells(0, ends.len() - 1),
                Kind::Choices(count) => Side::Among(all_choices(count)),
            })
            .collect();
        let mut boxes = Boxes { ends, leaves: Vec::new() };
        boxes.walk(tree, 0, &mut all.clone(), &all);
        boxes
    }

    fn walk(&mut self, tree: &Tree, node: usize, sides: &mut Vec<Side>, all: &[Side]) {
        match tree.nodes[node] {
            Node::Leaf(value) => {
                let narrower = sides.iter().zip(all).enumerate().filter(|(_, (side, all))| side != all);
                let sides = narrower.map(|(coordinate, (side, _))| (coordinate, *side)).collect();
                self.leaves.push(Leaf { value, sides });
            }
            Node::Split { coordinate, cut, left, right, .. } => {
                let side = sides[coordinate];
                let (on_left, on_right) = match (side, cut) {
                    (Side::Cells(from, to), Cut::Below(at)) => {
                        let middle = self.ends[coordinate].partition_point(|end| *end < at).clamp(from, to);
                        (Side::Cells(from, middle), Side::Cells(middle, to))
                    }
                    (Side::Among(codes), Cut::Among(mask)) => (Side::Among(codes & mask), Side::Among(codes & !mask)),
                    (side, _) => (side, side),
                };
                sides[coordinate] = on_left;
                self.walk(tree, left, sides, all);
                sides[coordinate] = on_right;
                self.walk(tree, right, sides, all);
                sides[coordinate] = side;
            }
        }
    }

    /// Measures all leaves in a region.
    pub(crate) fn measure(&self, coordinates: &[Coordinate], region: &Region) -> Measure {
        let one = |index: usize| cells(&coordinates[index], &self.ends[index], region.0.get(&index));
        let cells: Vec<Vec<f64>> = (0..coordinates.len()).map(one).collect();
        let before = cells.iter().map(|cells| running_sum(cells)).collect();
        let mut measure = Measure { cells, before, leaves: Vec::new(), mean: 0.0, variance: 0.0 };
        let share = |leaf: &Leaf| leaf.sides.iter().map(|(coordinate, side)| measure.of(*coordinate, *side)).product();
        measure.leaves = self.leaves.iter().map(share).collect();
        let leaves = || self.leaves.iter().zip(&measure.leaves);
        let mean: f64 = leaves().map(|(leaf, share)| leaf.value * share).sum();
        measure.variance = leaves().map(|(leaf, share)| (leaf.value - mean).powi(2) * share).sum();
        measure.mean = mean;
        measure
    }

    /// The mean of the tree over all coordinates but one, in each cell of that one.
    pub(crate) fn marginal(&self, measure: &Measure, coordinate: usize) -> Vec<f64> {
        let mut steps = vec![0.0; measure.cells[coordinate].len() + 1];
        let mut everywhere = 0.0;
        for (leaf, share) in self.leaves.iter().zip(&measure.leaves).filter(|(_, share)| **share > 0.0) {
            match leaf.side(coordinate) {
                None => everywhere += leaf.value * share,
                Some(side) => {
                    let value = leaf.value * share / measure.of(coordinate, side);
                    side.runs(|from, to| {
                        steps[from] += value;
                        steps[to] -= value;
                    });
                }
            }
        }
        steps.pop();
        let mut sum = everywhere;
        steps
            .iter()
            .map(|step| {
                sum += step;
                sum
            })
            .collect()
    }

    /// The mean of the tree over all coordinates but two, row by row: `each` gets the cells of the second coordinate for each
    /// cell of the first one. Grids are large, so that only one row is kept.
    pub(crate) fn joint(&self, measure: &Measure, [first, second]: [usize; 2], mut each: impl FnMut(usize, &[f64])) {
        let (rows, columns) = (measure.cells_of(first), measure.cells_of(second));
        // What begins at a row, or ends there, in the order of rows.
        let mut steps: Vec<Vec<(usize, usize, f64)>> = vec![Vec::new(); rows + 1];
        for (leaf, share) in self.leaves.iter().zip(&measure.leaves).filter(|(_, share)| **share > 0.0) {
            let (one, two) = (leaf.side(first), leaf.side(second));
            let part = |coordinate, side: Option<Side>| side.map_or(1.0, |side| measure.of(coordinate, side));
            let value = leaf.value * share / (part(first, one) * part(second, two));
            one.unwrap_or(Side::Cells(0, rows)).runs(|top, bottom| {
                two.unwrap_or(Side::Cells(0, columns)).runs(|from, to| {
                    steps[top].push((from, to, value));
                    steps[bottom].push((from, to, -value));
                });
            });
        }
        let mut changes = vec![0.0; columns + 1];
        let mut values = vec![0.0; columns];
        for (row, steps) in steps.iter().take(rows).enumerate() {
            for (from, to, value) in steps {
                changes[*from] += value;
                changes[*to] -= value;
            }
            let mut sum = 0.0;
            for (value, change) in values.iter_mut().zip(&changes) {
                sum += change;
                *value = sum;
            }
            each(row, &values);
        }
    }

    /// The cell of a place along a coordinate.
    pub(crate) fn cell(&self, coordinate: usize, at: f64) -> usize {
        match self.ends[coordinate].as_slice() {
            [] => at as usize,
            ends => ends.partition_point(|end| *end <= at).clamp(1, ends.len() - 1) - 1,
        }
    }
}

impl Measure {
    /// How many cells a coordinate has.
    pub(crate) fn cells_of(&self, coordinate: usize) -> usize {
        self.cells[coordinate].len()
    }

    /// Of one side of a box.
    fn of(&self, coordinate: usize, side: Side) -> f64 {
        match side {
            Side::Cells(from, to) => self.before[coordinate][to] - self.before[coordinate][from],
            Side::Among(mask) => {
                let cells = self.cells[coordinate].iter().enumerate();
                cells.filter(|(code, _)| mask >> code & 1 == 1).map(|(_, share)| share).sum()
            }
        }
    }

    /// The variance of what [`Boxes::marginal`] gives.
    pub(crate) fn variance_of(&self, coordinate: usize, marginal: &[f64]) -> f64 {
        let cells = self.cells[coordinate].iter().zip(marginal);
        cells.map(|(share, value)| share * (value - self.mean).powi(2)).sum()
    }

    /// What a cell of a coordinate takes.
    pub(crate) fn of_cell(&self, coordinate: usize, cell: usize) -> f64 {
        self.cells[coordinate][cell]
    }
}

impl Leaf {
    fn side(&self, coordinate: usize) -> Option<Side> {
        self.sides.iter().find(|(own, _)| *own == coordinate).map(|(_, side)| *side)
    }
}

impl Side {
    /// Runs of neighbouring cells.
    fn runs(self, mut each: impl FnMut(usize, usize)) {
        match self {
            Side::Cells(from, to) => each(from, to),
            Side::Among(mut mask) => {
                let mut at = 0;
                while mask != 0 {
                    let skipped = mask.trailing_zeros();
                    let long = (mask >> skipped).trailing_ones();
                    let from = at + skipped as usize;
                    at = from + long as usize;
                    mask = mask.checked_shr(skipped + long).unwrap_or(0);
                    each(from, at);
                }
            }
        }
    }
}

/// What each cell is of the part that the set allows.
fn cells(coordinate: &Coordinate, ends: &[f64], set: Option<&Set>) -> Vec<f64> {
    let mut cells: Vec<f64> = match coordinate.kind {
        Kind::Choices(count) => (0..count)
            .map(|code| match set {
                Some(Set::Choices(mask)) => (mask >> code & 1) as f64,
                _ => 1.0,
            })
            .collect(),
        Kind::Number { .. } => ends
            .windows(2)
            .map(|end| match set {
                Some(Set::Intervals(intervals)) => {
                    intervals.iter().map(|[low, high]| (high.min(end[1]) - low.max(end[0])).max(0.0)).sum()
                }
                _ => end[1] - end[0],
            })
            .collect(),
    };
    let all: f64 = cells.iter().sum();
    cells.iter_mut().for_each(|cell| *cell /= all);
    cells
}

fn running_sum(cells: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    let after = cells.iter().map(|cell| {
        sum += cell;
        sum
    });
    std::iter::once(0.0).chain(after).collect()
}

#[cfg(test)]
mod tests;
