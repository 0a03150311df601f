//! The layers, back to front.

use std::fmt::Write as _;

use super::Px;
use super::frame::{Text, label_color, line};
use super::geometry::Rect;
use super::layout::{Layout, NOTE, TICK};
use super::text::width;
use crate::spec::{Align, Bar, Density, HeatCell, Label, Layer, Line, Mark, PlotSpec, Role, Rule, Shape};
use crate::theme::{Rgb, Theme};

/// Half the width of a point of size 1.
const RADIUS: f64 = 3.2;

/// Writes what is clipped to the plot area.
pub(super) fn write(out: &mut String, spec: &PlotSpec, layout: &Layout, theme: &Theme) {
    let pen = Pen { spec, layout, theme };
    for layer in &spec.layers {
        match layer {
            Layer::Points(marks) => pen.points(out, marks),
            Layer::Line(line) => pen.line(out, line),
            Layer::Band { points, role } => pen.band(out, points, *role),
            Layer::Bars { bars, horizontal } => bars.iter().for_each(|bar| pen.bar(out, bar, *horizontal)),
            Layer::Cells(cells) => cells.iter().for_each(|cell| pen.cell(out, cell)),
            Layer::Density(density) => pen.density(out, density),
            Layer::Rule(rule) => pen.rule(out, rule),
            Layer::Labels(_) => {}
        }
    }
}

/// Writes the text at places of the data. It may reach over the edge of the plot area, but not out of the picture; what would
/// lie on a text that is there is left out.
pub(super) fn write_labels(out: &mut String, spec: &PlotSpec, layout: &Layout, theme: &Theme) {
    let pen = Pen { spec, layout, theme };
    let mut taken: Vec<Rect> = Vec::new();
    for layer in &spec.layers {
        match layer {
            Layer::Labels(labels) => labels.iter().for_each(|label| pen.label(out, label, &mut taken)),
            Layer::Rule(rule) => pen.rule_label(out, rule, &mut taken),
            _ => {}
        }
    }
}

/// Shades of a density, and the opacity of the faintest and the fullest.
const SHADES: usize = 8;
const FAINTEST: f64 = 0.08;
const FULLEST: f64 = 0.7;

struct Pen<'a> {
    spec: &'a PlotSpec,
    layout: &'a Layout,
    theme: &'a Theme,
}

impl Pen<'_> {
    fn at(&self, [x, y]: [f64; 2]) -> Option<[f64; 2]> {
        self.layout.position(self.spec, x, y)
    }

    fn points(&self, out: &mut String, marks: &[Mark]) {
        for mark in marks {
            let place = self.at([mark.x, mark.y]).filter(|at| self.layout.area.contains(*at));
            if let Some(at) = place {
                let _ = writeln!(out, "{}", shape(mark.shape, at, mark.size, self.theme.color(mark.role), self.theme));
            }
        }
    }

    fn line(&self, out: &mut String, line: &Line) {
        let mut path: Vec<[f64; 2]> = Vec::with_capacity(line.points.len());
        for [x, y] in line.points.iter().filter_map(|point| self.at(*point)) {
            if let Some([_, before]) = path.last().copied()
                && line.stepped
            {
                path.push([x, before]);
            }
            path.push([x, y]);
        }
        let mut d = String::new();
        for piece in self.layout.area.cut_line(&path) {
            for (index, [x, y]) in piece.iter().enumerate() {
                let _ = write!(d, "{}{} {}", if index == 0 { 'M' } else { 'L' }, Px(*x), Px(*y));
            }
        }
        if d.is_empty() {
            return;
        }
        let dash = if line.dashed { " stroke-dasharray=\"5 3\"" } else { "" };
        let _ = writeln!(
            out,
            "<path d=\"{d}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"{dash}/>",
            self.theme.color(line.role).hex(),
            Px(1.5 * line.width)
        );
    }

    fn band(&self, out: &mut String, points: &[[f64; 3]], role: Role) {
        let area = self.layout.area;
        let inside = |x: f64, y: f64| Some(area.clamp(self.at([x, y])?));
        let both = points.iter().filter_map(|[x, low, high]| Some((inside(*x, *low)?, inside(*x, *high)?)));
        let (low, high): (Vec<_>, Vec<_>) = both.unzip();
        if low.len() < 2 {
            return;
        }
        let path = |points: &mut dyn Iterator<Item = &[f64; 2]>| {
            let places: Vec<String> = points.map(|[x, y]| format!("{} {}", Px(*x), Px(*y))).collect();
            places.join("L")
        };
        let (below, above) = (path(&mut low.iter()), path(&mut high.iter()));
        let back = path(&mut high.iter().rev());
        let color = self.theme.color(role).hex();
        let _ = writeln!(out, "<path d=\"M{below}L{back}Z\" fill=\"{color}\" fill-opacity=\"0.15\"/>");
        let _ = writeln!(
            out,
            "<path d=\"M{below}M{above}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"0.75\" stroke-opacity=\"0.6\"/>"
        );
    }

    fn bar(&self, out: &mut String, bar: &Bar, horizontal: bool) {
        let turn = |along: f64, across: f64| if horizontal { [along, across] } else { [across, along] };
        let half = bar.thickness / 2.0;
        let area = self.layout.area;
        let corner = |along, across| Some(area.clamp(self.at(turn(along, across))?));
        let corners = corner(bar.from, bar.at - half).zip(corner(bar.to, bar.at + half));
        let Some(([x0, y0], [x1, y1])) = corners else { return };
        let _ = writeln!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>",
            Px(x0.min(x1)),
            Px(y0.min(y1)),
            Px((x1 - x0).abs()),
            Px((y1 - y0).abs()),
            self.theme.area(bar.role).hex()
        );
        let Some([low, high]) = bar.error else { return };
        let cap = half * 0.5;
        let parts = [
            ((low, bar.at), (high, bar.at)),
            ((low, bar.at - cap), (low, bar.at + cap)),
            ((high, bar.at - cap), (high, bar.at + cap)),
        ];
        for ((a, at_a), (b, at_b)) in parts {
            if let Some((from, to)) = corner(a, at_a).zip(corner(b, at_b)) {
                line(out, from, to, self.theme.front, 1.2);
            }
        }
    }

    fn cell(&self, out: &mut String, cell: &HeatCell) {
        let area = self.layout.area;
        let corner = |x, y| Some(area.clamp(self.at([x, y])?));
        let corners = corner(cell.x[0], cell.y[0]).zip(corner(cell.x[1], cell.y[1]));
        let Some(([x0, y0], [x1, y1])) = corners else { return };
        let (left, top, wide, high) = (x0.min(x1), y0.min(y1), (x1 - x0).abs(), (y1 - y0).abs());
        let color = self.theme.area(cell.role);
        let _ = writeln!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\" stroke=\"{}\"/>",
            Px(left),
            Px(top),
            Px(wide),
            Px(high),
            color.hex(),
            self.theme.background.hex()
        );
        if width(&cell.label, NOTE) + 4.0 <= wide && NOTE + 4.0 <= high {
            let at = [left + wide / 2.0, top + high / 2.0 + NOTE * 0.36];
            let (size, color) = (NOTE, color.text_on());
            Text { at, text: &cell.label, size, anchor: "middle", color, more: String::new() }.write(out);
        }
    }

    /// One path for each of a few shades: cells of their own would make a large file.
    fn density(&self, out: &mut String, density: &Density) {
        let area = self.layout.area;
        let corner = |x, y| Some(area.clamp(self.at([x, y])?));
        let corners = corner(density.x[0], density.y[0]).zip(corner(density.x[1], density.y[1]));
        let Some(([x0, y0], [x1, y1])) = corners.filter(|_| density.columns > 0 && density.rows > 0) else { return };
        let (wide, high) = ((x1 - x0) / density.columns as f64, (y1 - y0) / density.rows as f64);
        let shade = |cell: &f32| (f64::from(*cell).clamp(0.0, 1.0) * SHADES as f64).ceil() as usize;
        let mut paths = vec![String::new(); SHADES + 1];
        for (row, cells) in density.cells.chunks(density.columns).take(density.rows).enumerate() {
            let mut column = 0;
            for alike in cells.chunk_by(|a, b| shade(a) == shade(b)) {
                let (left, top) = (x0 + column as f64 * wide, y0 + row as f64 * high);
                let (own, width) = (&mut paths[shade(&alike[0])], wide * alike.len() as f64);
                let _ = write!(own, "M{} {}h{}v{}h{}z", Px(left), Px(top), Px(width), Px(high), Px(-width));
                column += alike.len();
            }
        }
        let color = self.theme.color(density.role).hex();
        for (shade, path) in paths.iter().enumerate().skip(1).filter(|(_, path)| !path.is_empty()) {
            let opacity = FAINTEST + (FULLEST - FAINTEST) * shade as f64 / SHADES as f64;
            let _ = writeln!(out, "<path d=\"{path}\" fill=\"{color}\" fill-opacity=\"{}\"/>", Px(opacity));
        }
    }

    fn rule(&self, out: &mut String, rule: &Rule) {
        let area = self.layout.area;
        let color = self.theme.color(rule.role);
        if rule.vertical {
            let Some(x) = self.layout.x(self.spec, rule.at).filter(|x| (area.left..=area.right).contains(x)) else {
                return;
            };
            line(out, [x, area.top], [x, area.bottom], color, 1.0);
        } else {
            let Some(y) = self.layout.y(self.spec, rule.at).filter(|y| (area.top..=area.bottom).contains(y)) else {
                return;
            };
            line(out, [area.left, y], [area.right, y], color, 1.0);
        }
    }

    fn rule_label(&self, out: &mut String, rule: &Rule, taken: &mut Vec<Rect>) {
        let area = self.layout.area;
        let place = if rule.vertical {
            self.layout.x(self.spec, rule.at).map(|x| ([x + 4.0, area.top + TICK], Align::Start))
        } else {
            self.layout.y(self.spec, rule.at).map(|y| ([area.right - 4.0, y - 4.0], Align::End))
        };
        if let Some((at, align)) = place.filter(|(at, _)| area.contains(*at)) {
            self.text(out, at, &rule.label, align, rule.role, taken);
        }
    }

    fn label(&self, out: &mut String, label: &Label, taken: &mut Vec<Rect>) {
        let area = self.layout.area;
        let Some([x, y]) = self.at(label.at).filter(|at| area.contains(*at)) else { return };
        let (aside, middle) = (6.0, y + NOTE * 0.36);
        let at = match label.align {
            Align::Start => [x + aside, middle],
            Align::Middle => [x, middle],
            Align::End => [x - aside, middle],
        };
        self.text(out, at, &label.text, label.align, label.role, taken);
    }

    fn text(&self, out: &mut String, at: [f64; 2], text: &str, align: Align, role: Role, taken: &mut Vec<Rect>) {
        if text.is_empty() {
            return;
        }
        let wide = width(text, NOTE);
        // A text that would leave the picture goes to the other side of its place.
        let align = match align {
            Align::Start if at[0] + wide > self.layout.width => Align::End,
            Align::End if at[0] - wide < 0.0 => Align::Start,
            other => other,
        };
        let left = match align {
            Align::Start => at[0],
            Align::Middle => at[0] - wide / 2.0,
            Align::End => at[0] - wide,
        };
        let place = Rect { left, top: at[1] - NOTE * 0.8, right: left + wide, bottom: at[1] + NOTE * 0.2 };
        if taken.iter().any(|other| other.overlaps(&place)) {
            return;
        }
        taken.push(place);
        let anchor = match align {
            Align::Start => "start",
            Align::Middle => "middle",
            Align::End => "end",
        };
        let halo = self.theme.background.hex();
        let more = format!(" stroke=\"{halo}\" stroke-width=\"3\" stroke-linejoin=\"round\" paint-order=\"stroke\"");
        Text { at, text, size: NOTE, anchor, color: label_color(role, self.theme), more }.write(out);
    }
}

/// A point's shape as an element.
pub(super) fn shape(shape: Shape, [x, y]: [f64; 2], size: f64, color: Rgb, theme: &Theme) -> String {
    let r = RADIUS * size;
    let (color, behind) = (color.hex(), theme.background.hex());
    match shape {
        Shape::Disc => format!(
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{color}\" stroke=\"{behind}\" stroke-width=\"0.6\"/>",
            Px(x),
            Px(y),
            Px(r)
        ),
        Shape::Ring => format!(
            "<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.4\" \
             stroke-dasharray=\"2.2 1.4\"/>",
            Px(x),
            Px(y),
            Px(r)
        ),
        Shape::Triangle => format!(
            "<path d=\"M{} {}L{} {}L{} {}Z\" fill=\"{behind}\" stroke=\"{color}\" stroke-width=\"1.3\"/>",
            Px(x - r),
            Px(y - 0.8 * r),
            Px(x + r),
            Px(y - 0.8 * r),
            Px(x),
            Px(y + r)
        ),
        Shape::Cross => format!(
            "<path d=\"M{} {}L{} {}M{} {}L{} {}\" stroke=\"{color}\" stroke-width=\"1.6\"/>",
            Px(x - 0.8 * r),
            Px(y - 0.8 * r),
            Px(x + 0.8 * r),
            Px(y + 0.8 * r),
            Px(x - 0.8 * r),
            Px(y + 0.8 * r),
            Px(x + 0.8 * r),
            Px(y - 0.8 * r)
        ),
        Shape::Square => format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.3\"/>",
            Px(x - 0.9 * r),
            Px(y - 0.9 * r),
            Px(1.8 * r),
            Px(1.8 * r)
        ),
    }
}
