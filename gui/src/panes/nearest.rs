//! Which of many points lies under the pointer.

use egui::Pos2;

/// How far from a point a click still counts, in points of the screen.
const REACH: f32 = 14.0;

/// The key of the point nearest to the pointer and within reach; the later one where two are equally near, since it
/// lies on top.
pub(super) fn nearest<K>(pointer: Pos2, points: impl IntoIterator<Item = (K, Pos2)>) -> Option<K> {
    let mut best: Option<(K, f32)> = None;
    for (key, at) in points {
        let distance = at.distance_sq(pointer);
        if distance <= best.as_ref().map_or(REACH * REACH, |(_, best)| *best) {
            best = Some((key, distance));
        }
    }
    best.map(|(key, _)| key)
}

/// The nearest point of the segment from `a` to `b`.
pub(super) fn on_segment(pointer: Pos2, a: Pos2, b: Pos2) -> Pos2 {
    let along = b - a;
    let length = along.length_sq();
    if length == 0.0 {
        return a;
    }
    a + along * ((pointer - a).dot(along) / length).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::pos2;

    #[test]
    fn the_nearest_within_reach_wins() {
        let points = [("far", pos2(40.0, 0.0)), ("near", pos2(3.0, 4.0)), ("nearer", pos2(1.0, 1.0))];
        assert_eq!(nearest(pos2(0.0, 0.0), points), Some("nearer"));
        assert_eq!(nearest(pos2(100.0, 0.0), points), None);
    }

    #[test]
    fn a_segment_is_near_between_its_ends() {
        let (a, b) = (pos2(0.0, 0.0), pos2(10.0, 0.0));
        assert_eq!(on_segment(pos2(4.0, 3.0), a, b), pos2(4.0, 0.0));
        assert_eq!(on_segment(pos2(-4.0, 3.0), a, b), a);
        assert_eq!(on_segment(pos2(4.0, 3.0), a, a), a);
    }
}
