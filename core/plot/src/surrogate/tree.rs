//! One regression tree, grown on a bootstrap sample.

use super::coordinates::{Coordinate, Kind, Set, all_choices};

/// The deepest that a tree grows, as in Optuna's fANOVA.
const DEPTH: usize = 64;

/// What goes left at a split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cut {
    /// Numbers below it.
    Below(f64),
    /// Codes whose bits are set.
    Among(u64),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Node {
    Leaf(f64),
    /// `left` and `right` are nodes; `usual` is where what lacks the coordinate goes.
    Split {
        coordinate: usize,
        cut: Cut,
        left: usize,
        right: usize,
        usual: usize,
    },
}

/// A tree; node 0 is the root.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
}

impl Cut {
    fn goes_left(self, value: f64) -> bool {
        match self {
            Cut::Below(threshold) => value < threshold,
            Cut::Among(mask) => mask >> value as u64 & 1 == 1,
        }
    }
}

impl Tree {
    /// What it says of a row of these columns.
    pub(crate) fn predict(&self, columns: &[Vec<f64>], row: usize) -> f64 {
        let mut at = 0;
        loop {
            match self.nodes[at] {
                Node::Leaf(value) => return value,
                Node::Split { coordinate, cut, left, right, usual } => {
                    let value = columns[coordinate][row];
                    at = match value.is_nan() {
                        true => usual,
                        false if cut.goes_left(value) => left,
                        false => right,
                    };
                }
            }
        }
    }
}

/// The part of a coordinate that a node still holds.
#[derive(Clone, Copy, Debug)]
enum Side {
    Between(f64, f64),
    Among(u64),
}

/// What a tree is grown from.
pub(crate) struct Grower<'a> {
    coordinates: &'a [Coordinate],
    columns: &'a [Vec<f64>],
    values: &'a [f64],
    /// How often each row was drawn, and its value so many times.
    weighted: Vec<[f64; 2]>,
    /// For each coordinate the drawn rows by their value along it; those without it come last. A node is a range of all.
    order: Vec<Vec<u32>>,
    /// In which order the coordinates are looked at: of equal splits the first one counts.
    turns: &'a [usize],
    sides: Vec<Side>,
    left: Vec<bool>,
    scratch: Vec<u32>,
    nodes: Vec<Node>,
}

/// A node to be: rows, times drawn, and sums of values and of their squares.
#[derive(Clone, Copy)]
struct Rows {
    from: usize,
    to: usize,
    weight: f64,
    sum: f64,
    squares: f64,
}

impl Rows {
    fn are_two(&self) -> bool {
        self.to - self.from == 2
    }

    /// How much less variance is left, but for a constant, where rows of this weight and sum are split off.
    fn gain(&self, weight: f64, sum: f64) -> f64 {
        let (others, rest) = (self.weight - weight, self.sum - sum);
        (sum * sum * others + rest * rest * weight) / (weight * others)
    }

    /// Whether a gain is larger than another by more than rounding.
    fn is_more(&self, gain: f64, other: f64) -> bool {
        gain > other + 1e-9 * self.squares
    }
}

impl<'a> Grower<'a> {
    /// `sorted` are all rows by their value along each coordinate.
    pub(crate) fn new(
        coordinates: &'a [Coordinate],
        columns: &'a [Vec<f64>],
        values: &'a [f64],
        drawn: &'a [f64],
        sorted: &[Vec<u32>],
        turns: &'a [usize],
    ) -> Grower<'a> {
        let in_bag = |rows: &Vec<u32>| rows.iter().copied().filter(|row| drawn[*row as usize] > 0.0).collect();
        let side = |coordinate: &Coordinate| match coordinate.kind {
            Kind::Number { .. } => Side::Between(0.0, 1.0),
            Kind::Choices(count) => Side::Among(all_choices(count)),
        };
        Grower {
            coordinates,
            columns,
            values,
            weighted: drawn.iter().zip(values).map(|(drawn, value)| [*drawn, drawn * value]).collect(),
            order: sorted.iter().map(in_bag).collect(),
            turns,
            sides: coordinates.iter().map(side).collect(),
            left: vec![false; values.len()],
            scratch: Vec::new(),
            nodes: Vec::new(),
        }
    }

    /// Grows until the values of a leaf are the same, a leaf has one row, or rows cannot be told apart.
    pub(crate) fn grow(mut self) -> Tree {
        let rows = self.rows(0, self.order.first().map_or(0, Vec::len));
        self.node(rows, 0);
        Tree { nodes: self.nodes }
    }

    fn rows(&self, from: usize, to: usize) -> Rows {
        let mut rows = Rows { from, to, weight: 0.0, sum: 0.0, squares: 0.0 };
        for row in self.order.first().map_or(&[][..], |order| &order[from..to]) {
            let [weight, value] = self.weighted[*row as usize];
            rows.weight += weight;
            rows.sum += value;
            rows.squares += value * self.values[*row as usize];
        }
        rows
    }

    fn node(&mut self, rows: Rows, depth: usize) -> usize {
        let mean = if rows.weight > 0.0 { rows.sum / rows.weight } else { 0.0 };
        // Values are standardised: this is pure but for rounding.
        let pure = rows.squares - rows.sum * mean <= 1e-12 * rows.weight;
        let best = if pure || depth >= DEPTH { None } else { self.best(rows) };
        let Some((coordinate, cut)) = best else {
            self.nodes.push(Node::Leaf(mean));
            return self.nodes.len() - 1;
        };
        let conditional = !self.coordinates[coordinate].region.0.is_empty();
        let before = conditional.then(|| self.sides.clone());
        let top = self.nodes.len();
        self.set_apart(coordinate, mean);
        let middle = self.partition(rows, coordinate, cut);
        let (left, right) = (self.rows(rows.from, middle), self.rows(middle, rows.to));
        let at = self.nodes.len();
        self.nodes.push(Node::Leaf(mean));
        let side = self.sides[coordinate];
        let (on_left, on_right) = side.cut(cut);
        self.sides[coordinate] = on_left;
        let to_left = self.node(left, depth + 1);
        self.sides[coordinate] = on_right;
        let to_right = self.node(right, depth + 1);
        let usual = if left.weight >= right.weight { to_left } else { to_right };
        self.nodes[at] = Node::Split { coordinate, cut, left: to_left, right: to_right, usual };
        match before {
            Some(before) => self.sides = before,
            None => self.sides[coordinate] = side,
        }
        top
    }

    /// Splits off what of the node does not have the coordinate. All rows have it, so nothing is known there, and the mean of
    /// the node stands for it.
    fn set_apart(&mut self, coordinate: usize, mean: f64) {
        let coordinates = self.coordinates;
        for (parent, set) in &coordinates[coordinate].region.0 {
            match (set, self.sides[*parent]) {
                (Set::Choices(mask), Side::Among(side)) if side & !mask != 0 && side & mask != 0 => {
                    self.apart(*parent, Cut::Among(side & mask), mean, true);
                }
                (Set::Intervals(intervals), Side::Between(low, high)) => {
                    let (Some(first), Some(last)) = (intervals.first(), intervals.last()) else { continue };
                    if low < first[0] && first[0] < high {
                        self.apart(*parent, Cut::Below(first[0]), mean, false);
                    }
                    if low < last[1] && last[1] < high {
                        self.apart(*parent, Cut::Below(last[1]), mean, true);
                    }
                }
                _ => {}
            }
        }
    }

    /// A split with a leaf on one side, and the next node that is made on the other.
    fn apart(&mut self, coordinate: usize, cut: Cut, mean: f64, rest_is_left: bool) {
        let (left, right) = self.sides[coordinate].cut(cut);
        self.sides[coordinate] = if rest_is_left { left } else { right };
        let (leaf, rest) = (self.nodes.len() + 1, self.nodes.len() + 2);
        let (left, right) = if rest_is_left { (rest, leaf) } else { (leaf, rest) };
        self.nodes.push(Node::Split { coordinate, cut, left, right, usual: rest });
        self.nodes.push(Node::Leaf(mean));
    }

    /// Brings the rows of a node that go left before those that go right, in every order.
    fn partition(&mut self, rows: Rows, coordinate: usize, cut: Cut) -> usize {
        for row in &self.order[coordinate][rows.from..rows.to] {
            self.left[*row as usize] = cut.goes_left(self.columns[coordinate][*row as usize]);
        }
        // Of two rows each is a leaf: nobody looks at the other orders again.
        let looked_at = if rows.are_two() { 1 } else { self.order.len() };
        let mut middle = rows.from;
        for order in &mut self.order[..looked_at] {
            let own = &mut order[rows.from..rows.to];
            self.scratch.clear();
            let mut next = 0;
            for index in 0..own.len() {
                let row = own[index];
                if self.left[row as usize] {
                    own[next] = row;
                    next += 1;
                } else {
                    self.scratch.push(row);
                }
            }
            own[next..].copy_from_slice(&self.scratch);
            middle = rows.from + next;
        }
        middle
    }

    /// The split that leaves the least variance, among the coordinates that all rows have.
    fn best(&self, rows: Rows) -> Option<(usize, Cut)> {
        let mut best: Option<(f64, usize, Cut)> = None;
        // Splits of few rows are often equal: which coordinate comes first changes from node to node.
        let first = self.nodes.len() % self.turns.len();
        for &coordinate in self.turns[first..].iter().chain(&self.turns[..first]) {
            let order = &self.order[coordinate][rows.from..rows.to];
            let column = &self.columns[coordinate];
            let (Some(first), Some(last)) = (order.first(), order.last()) else { continue };
            let (first, last) = (column[*first as usize], column[*last as usize]);
            // Where one row lacks it, the last one does.
            if last.is_nan() || first == last {
                continue;
            }
            let found = match self.coordinates[coordinate].kind {
                Kind::Number { .. } => self.best_number(rows, order, coordinate),
                Kind::Choices(count) => self.best_subset(rows, order, column, count),
            };
            if let Some((gain, cut)) = found
                && best.is_none_or(|(most, ..)| rows.is_more(gain, most))
            {
                best = Some((gain, coordinate, cut));
                if rows.are_two() {
                    break;
                }
            }
        }
        best.map(|(_, coordinate, cut)| (coordinate, cut))
    }

    fn best_number(&self, rows: Rows, order: &[u32], coordinate: usize) -> Option<(f64, Cut)> {
        let column = &self.columns[coordinate];
        let (mut weight, mut sum) = (0.0, 0.0);
        let mut best: Option<(f64, f64, f64)> = None;
        for pair in order.windows(2) {
            let (row, next) = (pair[0] as usize, pair[1] as usize);
            weight += self.weighted[row][0];
            sum += self.weighted[row][1];
            let (low, high) = (column[row], column[next]);
            if low < high {
                let gain = rows.gain(weight, sum);
                if best.is_none_or(|(most, ..)| rows.is_more(gain, most)) {
                    best = Some((gain, low, high));
                }
            }
        }
        best.map(|(gain, low, high)| (gain, Cut::Below(threshold(&self.coordinates[coordinate], low, high))))
    }

    /// The best subset is one of the first so many choices in the order of their means (Breiman et al. 1984).
    fn best_subset(&self, rows: Rows, order: &[u32], column: &[f64], count: usize) -> Option<(f64, Cut)> {
        let mut sums = vec![(0.0, 0.0); count];
        for row in order {
            let (row, sums) = (*row as usize, &mut sums[column[*row as usize] as usize]);
            *sums = (sums.0 + self.weighted[row][0], sums.1 + self.weighted[row][1]);
        }
        let mut codes: Vec<usize> = (0..count).filter(|code| sums[*code].0 > 0.0).collect();
        let mean = |code: &usize| sums[*code].1 / sums[*code].0;
        codes.sort_by(|a, b| mean(a).total_cmp(&mean(b)));
        let (mut weight, mut sum, mut mask) = (0.0, 0.0, 0_u64);
        let mut best: Option<(f64, u64)> = None;
        for code in &codes[..codes.len() - 1] {
            weight += sums[*code].0;
            sum += sums[*code].1;
            mask |= 1 << code;
            let gain = rows.gain(weight, sum);
            if best.is_none_or(|(most, _)| rows.is_more(gain, most)) {
                best = Some((gain, mask));
            }
        }
        // Of choices that no row here has nothing is known: they go where most rows do.
        let unseen = all_choices(count) & !codes.iter().fold(0, |seen, code| seen | 1_u64 << code);
        let heavy = |mask: u64| {
            let left = codes.iter().filter(|code| mask >> **code & 1 == 1);
            2.0 * left.map(|code| sums[*code].0).sum::<f64>() >= rows.weight
        };
        best.map(|(gain, mask)| (gain, Cut::Among(if heavy(mask) { mask | unseen } else { mask })))
    }
}

impl Side {
    fn cut(self, cut: Cut) -> (Side, Side) {
        match (self, cut) {
            (Side::Between(low, high), Cut::Below(at)) => (Side::Between(low, at), Side::Between(at, high)),
            (Side::Among(side), Cut::Among(mask)) => (Side::Among(side & mask), Side::Among(side & !mask)),
            (side, _) => (side, side),
        }
    }
}

/// Where to split between two neighbours: where something begins or ends to exist, else at the end of a cell, else halfway.
fn threshold(coordinate: &Coordinate, low: f64, high: f64) -> f64 {
    let middle = f64::midpoint(low, high);
    let nearest = |ends: &[f64]| {
        let inside = &ends[ends.partition_point(|end| *end <= low)..ends.partition_point(|end| *end <= high)];
        inside.iter().copied().min_by(|a, b| (a - middle).abs().total_cmp(&(b - middle).abs()))
    };
    let ends = match &coordinate.kind {
        Kind::Number { ends } => ends.as_slice(),
        Kind::Choices(_) => &[],
    };
    let middle = if middle > low { middle } else { high };
    nearest(&coordinate.edges).or_else(|| nearest(ends)).unwrap_or(middle)
}
