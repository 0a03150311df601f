//! Rectangles, and lines cut at their edges.

/// A rectangle in pixels; y grows downwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Rect {
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub fn contains(&self, [x, y]: [f64; 2]) -> bool {
        (self.left - 0.01..=self.right + 0.01).contains(&x) && (self.top - 0.01..=self.bottom + 0.01).contains(&y)
    }

    pub fn clamp(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [x.clamp(self.left, self.right), y.clamp(self.top, self.bottom)]
    }

    pub fn overlaps(&self, other: &Rect) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    /// What of the line from `a` to `b` is inside (Liang and Barsky 1984).
    fn cut(&self, a: [f64; 2], b: [f64; 2]) -> Option<([f64; 2], [f64; 2])> {
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let (mut from, mut until) = (0.0_f64, 1.0_f64);
        let edges =
            [(-dx, a[0] - self.left), (dx, self.right - a[0]), (-dy, a[1] - self.top), (dy, self.bottom - a[1])];
        for (speed, distance) in edges {
            if speed == 0.0 {
                if distance < 0.0 {
                    return None;
                }
            } else if speed < 0.0 {
                from = from.max(distance / speed);
            } else {
                until = until.min(distance / speed);
            }
        }
        let at = |part: f64| self.clamp([a[0] + part * dx, a[1] + part * dy]);
        (from <= until).then(|| (at(from), at(until)))
    }

    /// A line through points, cut at the edges into the pieces inside.
    pub fn cut_line(&self, points: &[[f64; 2]]) -> Vec<Vec<[f64; 2]>> {
        let mut pieces: Vec<Vec<[f64; 2]>> = Vec::new();
        for pair in points.windows(2) {
            let Some((from, to)) = self.cut(pair[0], pair[1]) else { continue };
            match pieces.last_mut() {
                Some(piece) if piece.last() == Some(&from) => piece.push(to),
                _ => pieces.push(vec![from, to]),
            }
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_the_edges() {
        let area = Rect { left: 0.0, top: 0.0, right: 10.0, bottom: 10.0 };
        let inside = area.cut_line(&[[1.0, 1.0], [5.0, 5.0], [9.0, 1.0]]);
        assert_eq!(inside, [vec![[1.0, 1.0], [5.0, 5.0], [9.0, 1.0]]]);
        let out_and_in = area.cut_line(&[[5.0, 5.0], [5.0, 20.0], [8.0, 20.0], [8.0, 5.0]]);
        assert_eq!(out_and_in, [vec![[5.0, 5.0], [5.0, 10.0]], vec![[8.0, 10.0], [8.0, 5.0]]]);
        assert!(area.cut_line(&[[20.0, 20.0], [30.0, 30.0]]).is_empty());
    }
}
