//! Many markers as one mesh: a plot of ten thousand trials costs a few triangles each, and no outline to smooth.

use std::ops::RangeInclusive;

use egui::epaint::Mesh;
use egui::{Color32, Pos2, Shape, Ui, Vec2, pos2, vec2};
use egui_plot::{MarkerShape, PlotBounds, PlotGeometry, PlotItem, PlotItemBase, PlotPoint, PlotTransform};

/// Markers of one shape and colour.
pub(super) struct Marks<'a> {
    base: PlotItemBase,
    points: &'a [PlotPoint],
    corners: Vec<Vec2>,
    indices: Vec<u32>,
    color: Color32,
}

impl<'a> Marks<'a> {
    /// Markers at these points. `filled` matters for circles and squares.
    pub(super) fn new(
        name: &str,
        points: &'a [PlotPoint],
        shape: MarkerShape,
        filled: bool,
        color: Color32,
    ) -> Marks<'a> {
        let (mut corners, mut indices): (Vec<Vec2>, Vec<u32>) = Default::default();
        for corner in triangles(shape, filled).into_iter().flatten() {
            let known = corners.iter().position(|known| *known == corner).unwrap_or(corners.len());
            if known == corners.len() {
                corners.push(corner);
            }
            indices.push(known as u32);
        }
        Marks { base: PlotItemBase::new(name.to_owned()), points, corners, indices, color }
    }
}

impl PlotItem for Marks<'_> {
    fn shapes(&self, _ui: &Ui, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
        let seen = transform.frame().expand(6.0);
        let mut mesh = Mesh::default();
        mesh.reserve_vertices(self.points.len() * self.corners.len());
        mesh.reserve_triangles(self.points.len() * self.indices.len() / 3);
        for point in self.points {
            let center = transform.position_from_point(point);
            if !seen.contains(center) {
                continue;
            }
            let first = mesh.vertices.len() as u32;
            self.corners.iter().for_each(|corner| mesh.colored_vertex(center + *corner, self.color));
            mesh.indices.extend(self.indices.iter().map(|index| first + index));
        }
        shapes.push(Shape::mesh(mesh));
    }

    fn initialize(&mut self, _x_range: RangeInclusive<f64>) {}

    fn color(&self) -> Color32 {
        self.color
    }

    fn base(&self) -> &PlotItemBase {
        &self.base
    }

    fn base_mut(&mut self) -> &mut PlotItemBase {
        &mut self.base
    }

    fn geometry(&self) -> PlotGeometry<'_> {
        PlotGeometry::Points(self.points)
    }

    fn bounds(&self) -> PlotBounds {
        let mut bounds = PlotBounds::NOTHING;
        self.points.iter().for_each(|point| bounds.extend_with(point));
        bounds
    }
}

/// The triangles of a marker around its centre, in points of the screen.
fn triangles(shape: MarkerShape, filled: bool) -> Vec<[Vec2; 3]> {
    let ring = |count: usize, radius: f32, turn: f32| -> Vec<Vec2> {
        let corner = |index: usize| Vec2::angled(std::f32::consts::TAU * (index as f32 + turn) / count as f32) * radius;
        (0..=count).map(corner).collect()
    };
    match shape {
        MarkerShape::Down => vec![[vec2(-3.8, -3.0), vec2(3.8, -3.0), vec2(0.0, 4.0)]],
        MarkerShape::Cross => [vec2(1.0, 1.0), vec2(1.0, -1.0)]
            .into_iter()
            .flat_map(|along| bar(pos2(0.0, 0.0) - along * 3.2, pos2(0.0, 0.0) + along * 3.2))
            .collect(),
        _ if filled => ring(8, 3.2, 0.5).windows(2).map(|pair| [Vec2::ZERO, pair[0], pair[1]]).collect(),
        _ => {
            let (count, turn) = if shape == MarkerShape::Square { (4, 0.5) } else { (10, 0.0) };
            let (outer, inner) = (ring(count, 4.0, turn), ring(count, 2.7, turn));
            let both = outer.windows(2).zip(inner.windows(2));
            both.flat_map(|(out, inn)| [[out[0], out[1], inn[0]], [inn[0], out[1], inn[1]]]).collect()
        }
    }
}

/// A bar from `a` to `b`, 1.4 points wide.
fn bar(a: Pos2, b: Pos2) -> [[Vec2; 3]; 2] {
    let side = (b - a).normalized().rot90() * 0.7;
    let (a, b) = (a.to_vec2(), b.to_vec2());
    [[a - side, a + side, b + side], [a - side, b + side, b - side]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_triangles_and_shapes_differ() {
        use seqtune_core::TrialState::*;
        let outlines = [Running, Waiting, Completed, Pruned, Failed].map(|state| {
            let (shape, filled) = crate::theme::state_marker(state);
            triangles(shape, filled)
        });
        assert!(outlines.iter().all(|outline| !outline.is_empty()));
        for (index, outline) in outlines.iter().enumerate() {
            assert!(!outlines[..index].contains(outline), "shape {index} is there twice");
        }
    }
}
