//! What lies under the pointer.

use egui::{Pos2, Rect};

/// How far from the pointer a mark may be to count as meant, in points.
const REACH: f32 = 10.0;

/// Where something was drawn.
#[derive(Debug)]
pub(super) enum Place {
    Point(Pos2),
    Path(Vec<Pos2>),
    Area(Rect),
}

/// Something that was drawn, and what it stands for.
#[derive(Debug)]
pub(super) struct Anchor {
    pub trial: Option<u64>,
    pub place: Place,
    /// Where in the data; NaN for a path.
    pub value: [f64; 2],
    /// What is written in it.
    pub text: Option<String>,
}

impl Place {
    /// How far the pointer is from it.
    fn distance(&self, pointer: Pos2) -> f32 {
        match self {
            Place::Point(at) => at.distance(pointer),
            Place::Area(rect) => {
                if rect.contains(pointer) {
                    // Marks on an area come before it.
                    REACH * 0.99
                } else {
                    f32::INFINITY
                }
            }
            Place::Path(points) => {
                let segments = points.windows(2).map(|pair| to_segment(pointer, pair[0], pair[1]));
                segments.fold(f32::INFINITY, f32::min)
            }
        }
    }

    /// The place of a path or an area that a mark of it is put at.
    pub(super) fn at(&self, pointer: Pos2) -> Pos2 {
        match self {
            Place::Point(at) => *at,
            Place::Area(rect) => rect.center(),
            Place::Path(points) => {
                let nearer = |a: &&Pos2, b: &&Pos2| a.distance_sq(pointer).total_cmp(&b.distance_sq(pointer));
                points.iter().min_by(nearer).copied().unwrap_or(pointer)
            }
        }
    }
}

/// The nearest of what was drawn, among equals what lies in front.
pub(super) fn nearest(anchors: &[Anchor], pointer: Pos2) -> Option<&Anchor> {
    let near = anchors.iter().rev().map(|anchor| (anchor.place.distance(pointer), anchor));
    let near = near.filter(|(distance, _)| *distance < REACH);
    near.min_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, anchor)| anchor)
}

fn to_segment(pointer: Pos2, a: Pos2, b: Pos2) -> f32 {
    let along = b - a;
    let length = along.length_sq();
    let part = if length > 0.0 { ((pointer - a).dot(along) / length).clamp(0.0, 1.0) } else { 0.0 };
    (a + along * part).distance(pointer)
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;

    fn anchor(trial: u64, place: Place) -> Anchor {
        Anchor { trial: Some(trial), place, value: [0.0; 2], text: None }
    }

    #[test]
    fn what_is_near_is_found_and_what_is_far_is_not() {
        let anchors = [
            anchor(1, Place::Point(pos2(10.0, 10.0))),
            anchor(2, Place::Path(vec![pos2(0.0, 50.0), pos2(100.0, 50.0)])),
            anchor(3, Place::Area(Rect::from_min_max(pos2(0.0, 40.0), pos2(100.0, 90.0)))),
        ];
        let found = |x: f32, y: f32| nearest(&anchors, pos2(x, y)).and_then(|anchor| anchor.trial);
        assert_eq!(found(12.0, 11.0), Some(1));
        assert_eq!(found(50.0, 47.0), Some(2), "a line on an area comes before it");
        assert_eq!(found(50.0, 80.0), Some(3));
        assert_eq!(found(50.0, 25.0), None);
    }
}
