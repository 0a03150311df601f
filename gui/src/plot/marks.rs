//! The layers of a plot as one mesh, made anew only when something changes: a plot at rest costs one copy a frame.

use std::sync::Arc;

use egui::epaint::{Mesh, TessellationOptions, Tessellator};
use egui::{Color32, Pos2, Rect, Shape, Stroke, pos2, vec2};
use seqtune_plot::spec::{self, Align, Axis, Layer, Line, Mark, PlotSpec, Role};
use seqtune_plot::theme::{Rgb, Theme};

use super::hover::{Anchor, Place};

/// Half the width of a point of size 1.
pub(super) const RADIUS: f32 = 3.2;

/// What is farther off than this is as good as here.
const FAR: f32 = 1e6;

/// A text at a place of the data.
#[derive(Debug)]
pub(super) struct Placed {
    pub at: Pos2,
    pub text: String,
    pub align: Align,
    pub color: Color32,
    /// Text in a cell, which is left out where there is no room.
    pub within: Option<Rect>,
}

/// What became of the layers.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    pub mesh: Arc<Mesh>,
    pub anchors: Vec<Anchor>,
    pub labels: Vec<Placed>,
}

pub(super) fn color32(Rgb(red, green, blue): Rgb) -> Color32 {
    Color32::from_rgb(red, green, blue)
}

/// Draws layers into a plot area.
pub(super) struct Pen<'a> {
    pub x: &'a Axis,
    pub y: &'a Axis,
    pub area: Rect,
    pub theme: &'a Theme,
    /// Roles that the reader has hidden.
    pub hidden: &'a [Role],
}

impl Pen<'_> {
    /// All layers, back to front.
    pub(super) fn draw(&self, spec: &PlotSpec, pixels_per_point: f32) -> Drawn {
        let options = TessellationOptions { coarse_tessellation_culling: false, ..Default::default() };
        // Without prepared discs: these lie in a texture that changes, and the mesh outlives it.
        let mut tessellator = Tessellator::new(pixels_per_point, options, [1, 1], Vec::new());
        let mut mesh = Mesh::default();
        let mut anchors = Vec::new();
        let mut labels = Vec::new();
        let mut shapes = Vec::new();
        for layer in &spec.layers {
            self.layer(layer, &mut shapes, &mut anchors, &mut labels);
            shapes.drain(..).for_each(|shape| tessellator.tessellate_shape(shape, &mut mesh));
        }
        Drawn { mesh: Arc::new(mesh), anchors, labels }
    }

    fn layer(&self, layer: &Layer, shapes: &mut Vec<Shape>, anchors: &mut Vec<Anchor>, labels: &mut Vec<Placed>) {
        match layer {
            Layer::Points(marks) => {
                for mark in marks.iter().filter(|mark| !self.is_hidden(mark.role)) {
                    self.mark(mark, shapes, anchors);
                }
            }
            Layer::Line(line) if self.is_hidden(line.role) => {}
            Layer::Line(line) => self.line(line, shapes, anchors),
            Layer::Band { role, .. } if self.is_hidden(*role) => {}
            Layer::Band { points, role } => self.band(points, *role, shapes),
            Layer::Bars { bars, horizontal } => {
                for bar in bars.iter().filter(|bar| !self.is_hidden(bar.role)) {
                    self.bar(bar, *horizontal, shapes, anchors);
                }
            }
            Layer::Cells(cells) => {
                for cell in cells.iter().filter(|cell| !self.is_hidden(cell.role)) {
                    self.cell(cell, shapes, anchors, labels);
                }
            }
            Layer::Density(density) if self.is_hidden(density.role) => {}
            Layer::Density(density) => self.density(density, shapes),
            Layer::Rule(rule) => self.rule(rule, shapes, labels),
            Layer::Labels(all) => {
                for label in all {
                    let Some(at) = self.at(label.at).filter(|at| self.area.expand(1.0).contains(*at)) else { continue };
                    let color = self.label_color(label.role);
                    labels.push(Placed { at, text: label.text.clone(), align: label.align, color, within: None });
                }
            }
        }
    }

    fn is_hidden(&self, role: Role) -> bool {
        self.hidden.contains(&role)
    }

    fn color(&self, role: Role) -> Color32 {
        color32(self.theme.color(role))
    }

    fn label_color(&self, role: Role) -> Color32 {
        color32(match role {
            Role::Quiet | Role::Faint => self.theme.weak_text,
            _ => self.theme.text,
        })
    }

    /// Where a point of the data is. `None` where it is nowhere.
    pub(super) fn at(&self, [x, y]: [f64; 2]) -> Option<Pos2> {
        let (x, y) = (self.x.place(x)? as f32, self.y.place(y)? as f32);
        let at = pos2(self.area.left() + x * self.area.width(), self.area.bottom() - y * self.area.height());
        Some(at.clamp(pos2(-FAR, -FAR), pos2(FAR, FAR)))
    }

    fn mark(&self, mark: &Mark, shapes: &mut Vec<Shape>, anchors: &mut Vec<Anchor>) {
        let Some(at) = self.at([mark.x, mark.y]).filter(|at| self.area.expand(2.0).contains(*at)) else { return };
        let behind = color32(self.theme.background);
        shape(mark.shape, at, mark.size as f32, self.color(mark.role), behind, shapes);
        anchors.push(Anchor { trial: mark.trial, place: Place::Point(at), value: [mark.x, mark.y], text: None });
    }

    fn line(&self, line: &Line, shapes: &mut Vec<Shape>, anchors: &mut Vec<Anchor>) {
        let mut path: Vec<Pos2> = Vec::with_capacity(line.points.len());
        for at in line.points.iter().filter_map(|point| self.at(*point)) {
            if let Some(before) = path.last().copied()
                && line.stepped
            {
                path.push(pos2(at.x, before.y));
            }
            path.push(at);
        }
        if path.len() < 2 || !Rect::from_points(&path).intersects(self.area.expand(4.0)) {
            return;
        }
        let stroke = Stroke::new(1.5 * line.width as f32, self.color(line.role));
        if line.dashed {
            Shape::dashed_line_many(&path, stroke, 5.0, 3.0, shapes);
        } else {
            shapes.push(Shape::line(path.clone(), stroke));
        }
        if line.trial.is_some() {
            anchors.push(Anchor { trial: line.trial, place: Place::Path(path), value: [f64::NAN; 2], text: None });
        }
    }

    fn band(&self, points: &[[f64; 3]], role: Role, shapes: &mut Vec<Shape>) {
        let area = self.area.expand(2.0);
        let inside = |x: f64, y: f64| Some(area.clamp(self.at([x, y])?));
        let both: Vec<(Pos2, Pos2)> =
            points.iter().filter_map(|[x, low, high]| Some((inside(*x, *low)?, inside(*x, *high)?))).collect();
        if both.len() < 2 {
            return;
        }
        let color = self.color(role);
        let fill = color.gamma_multiply(0.18);
        let mut mesh = Mesh::default();
        for (low, high) in &both {
            mesh.colored_vertex(*low, fill);
            mesh.colored_vertex(*high, fill);
        }
        for left in 0..both.len() as u32 - 1 {
            mesh.add_triangle(2 * left, 2 * left + 1, 2 * left + 2);
            mesh.add_triangle(2 * left + 1, 2 * left + 3, 2 * left + 2);
        }
        shapes.push(Shape::mesh(mesh));
        let edge = Stroke::new(0.75, color.gamma_multiply(0.6));
        let (low, high): (Vec<Pos2>, Vec<Pos2>) = both.into_iter().unzip();
        shapes.extend([low, high].map(|points| Shape::line(points, edge)));
    }

    fn bar(&self, bar: &spec::Bar, horizontal: bool, shapes: &mut Vec<Shape>, anchors: &mut Vec<Anchor>) {
        let turn = |along: f64, across: f64| if horizontal { [along, across] } else { [across, along] };
        let half = bar.thickness / 2.0;
        let corner = |along, across| Some(self.area.clamp(self.at(turn(along, across))?));
        let Some((a, b)) = corner(bar.from, bar.at - half).zip(corner(bar.to, bar.at + half)) else { return };
        let rect = Rect::from_two_pos(a, b);
        shapes.push(Shape::rect_filled(rect, 0.0, color32(self.theme.area(bar.role))));
        anchors.push(Anchor { trial: bar.trial, place: Place::Area(rect), value: turn(bar.to, bar.at), text: None });
        let Some([low, high]) = bar.error else { return };
        let cap = half * 0.5;
        let front = Stroke::new(1.2, self.color(Role::Front));
        for (from, to) in [
            ((low, bar.at), (high, bar.at)),
            ((low, bar.at - cap), (low, bar.at + cap)),
            ((high, bar.at - cap), (high, bar.at + cap)),
        ] {
            if let Some((from, to)) = corner(from.0, from.1).zip(corner(to.0, to.1)) {
                shapes.push(Shape::line_segment([from, to], front));
            }
        }
    }

    fn cell(
        &self,
        cell: &spec::HeatCell,
        shapes: &mut Vec<Shape>,
        anchors: &mut Vec<Anchor>,
        labels: &mut Vec<Placed>,
    ) {
        let corner = |x, y| Some(self.area.clamp(self.at([x, y])?));
        let Some((a, b)) = corner(cell.x[0], cell.y[0]).zip(corner(cell.x[1], cell.y[1])) else { return };
        let rect = Rect::from_two_pos(a, b);
        if rect.width() <= 0.0 || rect.height() <= 0.0 {
            return;
        }
        let fill = self.theme.area(cell.role);
        shapes.push(Shape::rect_filled(rect, 0.0, color32(fill)));
        if rect.width() > 3.0 && rect.height() > 3.0 {
            let edge = Stroke::new(1.0, color32(self.theme.background));
            shapes.push(Shape::rect_stroke(rect, 0.0, edge, egui::StrokeKind::Inside));
        }
        if !cell.label.is_empty() && rect.height() >= 13.0 && rect.width() >= 12.0 {
            let color = color32(fill.text_on());
            let (at, text) = (rect.center(), cell.label.clone());
            labels.push(Placed { at, text, align: Align::Middle, color, within: Some(rect) });
        }
        let value = [f64::midpoint(cell.x[0], cell.x[1]), f64::midpoint(cell.y[0], cell.y[1])];
        let text = Some(cell.label.clone()).filter(|label| !label.is_empty());
        anchors.push(Anchor { trial: cell.trial, place: Place::Area(rect), value, text });
    }

    /// A quad for each cell that is not empty, stronger where more lies.
    fn density(&self, density: &spec::Density, shapes: &mut Vec<Shape>) {
        const FAINTEST: f32 = 0.08;
        const FULLEST: f32 = 0.7;
        let corners = self.at([density.x[0], density.y[0]]).zip(self.at([density.x[1], density.y[1]]));
        let Some((from, to)) = corners.filter(|_| density.columns > 0 && density.rows > 0) else { return };
        let cell = (to - from) / vec2(density.columns as f32, density.rows as f32);
        let color = self.color(density.role);
        let mut mesh = Mesh::default();
        for (index, full) in density.cells.iter().enumerate().filter(|(_, full)| **full > 0.0) {
            let (column, row) = ((index % density.columns) as f32, (index / density.columns) as f32);
            let corner = |dx: f32, dy: f32| from + cell * vec2(column + dx, row + dy);
            let rect = Rect::from_two_pos(corner(0.0, 0.0), corner(1.0, 1.0)).intersect(self.area);
            if rect.is_positive() {
                mesh.add_colored_rect(
                    rect,
                    color.gamma_multiply(FAINTEST + (FULLEST - FAINTEST) * full.clamp(0.0, 1.0)),
                );
            }
        }
        shapes.push(Shape::mesh(mesh));
    }

    fn rule(&self, rule: &spec::Rule, shapes: &mut Vec<Shape>, labels: &mut Vec<Placed>) {
        let area = self.area;
        let stroke = Stroke::new(1.0, self.color(rule.role));
        let place = if rule.vertical { self.x.place(rule.at) } else { self.y.place(rule.at) };
        let Some(place) = place.filter(|place| (0.0..=1.0).contains(place)).map(|place| place as f32) else { return };
        let (ends, at, align) = if rule.vertical {
            let x = area.left() + place * area.width();
            ([pos2(x, area.top()), pos2(x, area.bottom())], pos2(x - 2.0, area.top() + 7.0), Align::Start)
        } else {
            let y = area.bottom() - place * area.height();
            ([pos2(area.left(), y), pos2(area.right(), y)], pos2(area.right() + 2.0, y - 8.0), Align::End)
        };
        shapes.push(Shape::line_segment(ends, stroke));
        if !rule.label.is_empty() {
            let color = self.label_color(rule.role);
            labels.push(Placed { at, text: rule.label.clone(), align, color, within: None });
        }
    }
}

/// A point's shape, as in pictures in files.
pub(super) fn shape(form: spec::Shape, at: Pos2, size: f32, color: Color32, behind: Color32, shapes: &mut Vec<Shape>) {
    let r = RADIUS * size;
    let around = |x: f32, y: f32| at + vec2(x * r, y * r);
    match form {
        spec::Shape::Disc => {
            shapes.push(Shape::circle_filled(at, r + 0.4, behind));
            shapes.push(Shape::circle_filled(at, r, color));
        }
        spec::Shape::Ring => shapes.push(Shape::circle_stroke(at, r, Stroke::new(1.4, color))),
        spec::Shape::Triangle => {
            let corners = vec![around(-1.0, -0.8), around(1.0, -0.8), around(0.0, 1.0)];
            shapes.push(Shape::convex_polygon(corners, behind, Stroke::new(1.3, color)));
        }
        spec::Shape::Cross => {
            let stroke = Stroke::new(1.6, color);
            shapes.push(Shape::line_segment([around(-0.8, -0.8), around(0.8, 0.8)], stroke));
            shapes.push(Shape::line_segment([around(-0.8, 0.8), around(0.8, -0.8)], stroke));
        }
        spec::Shape::Square => {
            let square = Rect::from_center_size(at, vec2(1.8 * r, 1.8 * r));
            shapes.push(Shape::rect_stroke(square, 0.0, Stroke::new(1.3, color), egui::StrokeKind::Middle));
        }
    }
}
