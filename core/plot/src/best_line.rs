//! The best so far, as a line.

use seqtune_plugin::Direction;

/// The best of these values up to each place, as corners of a step line that ends at `last`. Empty where there is no value.
pub(crate) fn best_line(
    values: impl Iterator<Item = (f64, f64)>,
    last: Option<f64>,
    direction: Direction,
) -> Vec<[f64; 2]> {
    let mut corners: Vec<[f64; 2]> = Vec::new();
    for (at, value) in values {
        match corners.last() {
            Some([_, best]) if !direction.better(value, *best) => {}
            Some([_, best]) => {
                let best = *best;
                corners.extend([[at, best], [at, value]]);
            }
            None => corners.push([at, value]),
        }
    }
    if let (Some([at, best]), Some(last)) = (corners.last().copied(), last)
        && at < last
    {
        corners.push([last, best]);
    }
    corners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_so_far_is_a_step_line() {
        let values = [(1.0, 3.0), (2.0, 4.0), (3.0, 1.0), (4.0, 2.0)];
        let line = best_line(values.into_iter(), Some(5.0), Direction::Minimize);
        assert_eq!(line, [[1.0, 3.0], [3.0, 3.0], [3.0, 1.0], [5.0, 1.0]]);
        let line = best_line(values.into_iter(), Some(4.0), Direction::Maximize);
        assert_eq!(line, [[1.0, 3.0], [2.0, 3.0], [2.0, 4.0], [4.0, 4.0]]);
    }

    #[test]
    fn one_value_is_one_corner_and_none_is_no_line() {
        assert_eq!(best_line(std::iter::once((0.0, 2.0)), Some(0.0), Direction::Minimize), [[0.0, 2.0]]);
        assert!(best_line(std::iter::empty(), Some(5.0), Direction::Minimize).is_empty());
    }
}
