//! What stands around the marks: ticks and their labels, grid, axes, the scale of values.

use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};
use seqtune_plot::spec::{Align, Axis, PlotSpec, Scale, Tick, nice_ticks};
use seqtune_plot::theme::Theme;

use super::marks::{Placed, color32};

pub(super) const TICK: FontId = FontId::proportional(11.0);
pub(super) const LABEL: FontId = FontId::proportional(12.0);
const NOTE: FontId = FontId::proportional(11.0);

/// From a tick's label to the axis, and what a line of labels takes.
const TICK_GAP: f32 = 6.0;
const TICK_LINE: f32 = 13.0;
const LABEL_LINE: f32 = 16.0;

/// Of the scale of values: its thickness, and the gap to the plot area.
const BAR: f32 = 10.0;
const BAR_GAP: f32 = 12.0;

/// Names that do not fit side by side are turned by this angle.
const TURN: f32 = 35.0;

/// Where everything stands.
#[derive(Debug)]
pub(super) struct Frame {
    pub area: Rect,
    pub x: Axis,
    pub y: Axis,
    x_ticks: Vec<Tick>,
    y_ticks: Vec<Tick>,
    scale_ticks: Vec<Tick>,
    turned: bool,
    x_caption: String,
    y_caption: String,
}

/// Measures text.
fn width(painter: &Painter, text: &str, font: &FontId) -> f32 {
    painter.layout_no_wrap(text.to_owned(), font.clone(), Color32::PLACEHOLDER).size().x
}

/// A text that is no wider than this.
fn cut(painter: &Painter, text: &str, font: &FontId, room: f32) -> String {
    if width(painter, text, font) <= room {
        return text.to_owned();
    }
    let mut letters: Vec<char> = text.chars().collect();
    while letters.len() > 1 {
        letters.pop();
        let shorter: String = letters.iter().collect::<String>().trim_end().to_owned() + "...";
        if width(painter, &shorter, font) <= room {
            return shorter;
        }
    }
    String::new()
}

impl Frame {
    /// Places everything in a rectangle, with these axes.
    pub(super) fn of(painter: &Painter, spec: &PlotSpec, [x, y]: [Axis; 2], rect: Rect) -> Frame {
        let wanted = |length: f32, each: f32| ((length / each).round() as usize).clamp(2, 12);
        let widest = |ticks: &[Tick]| ticks.iter().map(|tick| width(painter, &tick.label, &TICK)).fold(0.0, f32::max);
        let is_names = matches!(x.scale, Scale::Categorical(_));
        let scale_ticks = scale_ticks(spec);
        let x_line = if x.caption().is_empty() { 0.0 } else { LABEL_LINE };
        let right = match spec.scale {
            Some(_) => rect.right() - BAR_GAP - BAR - 6.0 - widest(&scale_ticks) - LABEL_LINE,
            None => rect.right() - 8.0,
        };
        let top = rect.top() + 6.0;
        let mut bottom = rect.bottom() - x_line - TICK_GAP - TICK_LINE;
        let (mut left, mut turned, mut x_ticks, mut y_ticks) = (rect.left(), false, Vec::new(), Vec::new());
        // Names under the axis may need more height, which leaves less for ticks beside it: twice is enough.
        for _ in 0..2 {
            y_ticks = y.tick_marks(wanted(bottom - top, 42.0));
            for tick in &mut y_ticks {
                tick.label = cut(painter, &tick.label, &TICK, rect.width() * 0.3);
            }
            let labels = widest(&y_ticks);
            left = rect.left()
                + if y.caption().is_empty() { 0.0 } else { LABEL_LINE }
                + if labels > 0.0 { labels + TICK_GAP + 2.0 } else { 8.0 };
            let room = (right - left).max(40.0);
            x_ticks = x.tick_marks(wanted(room, 72.0));
            turned = is_names && widest(&x_ticks) + 6.0 > room / x_ticks.len().max(1) as f32;
            let below = match turned {
                _ if x_ticks.is_empty() => 4.0,
                true => {
                    let longest = rect.height() * 0.28 / TURN.to_radians().sin();
                    for tick in &mut x_ticks {
                        tick.label = cut(painter, &tick.label, &TICK, longest);
                    }
                    // The first name must not begin left of the picture.
                    let half = room / x_ticks.len().max(1) as f32 / 2.0;
                    let first = x_ticks.first().map_or(0.0, |tick| width(painter, &tick.label, &TICK));
                    left = left.max(rect.left() + first * TURN.to_radians().cos() - half);
                    TICK_GAP + 6.0 + widest(&x_ticks) * TURN.to_radians().sin()
                }
                false => TICK_GAP + TICK_LINE,
            };
            bottom = rect.bottom() - x_line - below;
        }
        let area = Rect::from_min_max(
            pos2(left.min(rect.left() + rect.width() * 0.6), top),
            pos2(right.max(rect.left() + rect.width() * 0.65), bottom.max(top + 10.0)),
        );
        let extent = |tick: &Tick| if turned { 11.0 } else { f64::from(width(painter, &tick.label, &TICK)) };
        Frame {
            x_ticks: x.apart(x_ticks, f64::from(area.width()), extent),
            y_ticks: y.apart(y_ticks, f64::from(area.height()), |_| 11.0),
            x_caption: cut(painter, &x.caption(), &LABEL, rect.width() * 0.9),
            y_caption: cut(painter, &y.caption(), &LABEL, rect.height() * 0.9),
            area,
            x,
            y,
            scale_ticks,
            turned,
        }
    }

    fn x_at(&self, value: f64) -> Option<f32> {
        Some(self.area.left() + self.x.place(value)? as f32 * self.area.width())
    }

    fn y_at(&self, value: f64) -> Option<f32> {
        Some(self.area.bottom() - self.y.place(value)? as f32 * self.area.height())
    }

    /// The grid, behind the marks.
    pub(super) fn paint_grid(&self, painter: &Painter, theme: &Theme) {
        let stroke = Stroke::new(1.0, color32(theme.grid));
        let is_grid = |axis: &Axis| !matches!(axis.scale, Scale::Categorical(_));
        for tick in self.x_ticks.iter().filter(|tick| is_grid(&self.x) && !tick.label.is_empty()) {
            if let Some(x) = self.x_at(tick.at) {
                painter.vline(x, self.area.y_range(), stroke);
            }
        }
        for tick in self.y_ticks.iter().filter(|tick| is_grid(&self.y) && !tick.label.is_empty()) {
            if let Some(y) = self.y_at(tick.at) {
                painter.hline(self.area.x_range(), y, stroke);
            }
        }
    }

    /// Axes, ticks and captions, in front of the marks.
    pub(super) fn paint(&self, painter: &Painter, spec: &PlotSpec, theme: &Theme, rect: Rect) {
        let (area, text) = (self.area, color32(theme.text));
        let axis = Stroke::new(1.0, color32(theme.axis));
        if spec.x.ticks {
            painter.hline(area.x_range(), area.bottom(), axis);
        }
        if spec.y.ticks {
            painter.vline(area.left(), area.y_range(), axis);
        }
        for tick in &self.x_ticks {
            let Some(x) = self.x_at(tick.at).filter(|x| area.expand(1.0).x_range().contains(*x)) else { continue };
            let length = if tick.label.is_empty() { 2.0 } else { 4.0 };
            painter.vline(x, area.bottom()..=area.bottom() + length, axis);
            if tick.label.is_empty() {
                continue;
            }
            let at = pos2(x, area.bottom() + TICK_GAP);
            if self.turned {
                let galley = painter.layout_no_wrap(tick.label.clone(), TICK, text);
                let shape = egui::epaint::TextShape::new(at - vec2(galley.size().x, 0.0), galley, text);
                painter.add(Shape::Text(shape.with_angle_and_anchor(-TURN.to_radians(), Align2::RIGHT_TOP)));
            } else {
                painter.text(at, Align2::CENTER_TOP, &tick.label, TICK, text);
            }
        }
        for tick in &self.y_ticks {
            let Some(y) = self.y_at(tick.at).filter(|y| area.expand(1.0).y_range().contains(*y)) else { continue };
            let length = if tick.label.is_empty() { 2.0 } else { 4.0 };
            painter.hline(area.left() - length..=area.left(), y, axis);
            if !tick.label.is_empty() {
                painter.text(pos2(area.left() - TICK_GAP, y), Align2::RIGHT_CENTER, &tick.label, TICK, text);
            }
        }
        if !self.x_caption.is_empty() {
            let at = pos2(area.center().x, rect.bottom());
            painter.text(at, Align2::CENTER_BOTTOM, &self.x_caption, LABEL, text);
        }
        if !self.y_caption.is_empty() {
            upright(painter, pos2(rect.left() + LABEL_LINE / 2.0, area.center().y), &self.y_caption, text);
        }
        self.paint_scale(painter, spec, theme);
    }

    /// The scale of values, low below.
    fn paint_scale(&self, painter: &Painter, spec: &PlotSpec, theme: &Theme) {
        const PARTS: usize = 32;
        let Some(scale) = &spec.scale else { return };
        let (area, left) = (self.area, self.area.right() + BAR_GAP);
        let (low, high) = (scale.worst.min(scale.best), scale.worst.max(scale.best));
        let each = area.height() / PARTS as f32;
        for part in 0..PARTS {
            let value = low + (high - low) * (part as f64 + 0.5) / PARTS as f64;
            let role = scale.role(value);
            let color = if scale.areas { theme.area(role) } else { theme.color(role) };
            let bottom = area.bottom() - part as f32 * each;
            let rect = Rect::from_min_max(pos2(left, bottom - each), pos2(left + BAR, bottom));
            painter.rect_filled(rect, 0.0, color32(color));
        }
        let text = color32(theme.text);
        let mut widest = 0.0_f32;
        for tick in &self.scale_ticks {
            let part = (tick.at - low) / (high - low);
            let part = if part.is_finite() { part.clamp(0.0, 1.0) as f32 } else { 0.5 };
            let y = area.bottom() - part * area.height();
            painter.hline(left + BAR..=left + BAR + 3.0, y, Stroke::new(1.0, color32(theme.axis)));
            let rect = painter.text(pos2(left + BAR + 6.0, y), Align2::LEFT_CENTER, &tick.label, TICK, text);
            widest = widest.max(rect.width());
        }
        let at = pos2(left + BAR + 6.0 + widest + LABEL_LINE * 0.6, area.center().y);
        upright(painter, at, &cut(painter, &scale.label, &LABEL, area.height()), text);
    }
}

/// The texts at places of the data, with a halo; what would lie on a text that is there is left out.
pub(super) fn paint_labels(painter: &Painter, labels: &[Placed], bounds: Rect, theme: &Theme) {
    let halo = color32(theme.background).gamma_multiply(0.75);
    let mut taken: Vec<Rect> = Vec::new();
    for label in labels {
        // Where "2548 (80 %)" has no room, "2548" may have.
        let shorter = label.text.split_once(" (").map(|(first, _)| first);
        let galleys = std::iter::once(label.text.as_str()).chain(shorter);
        let fits =
            |size: egui::Vec2| label.within.is_none_or(|room| room.width() >= size.x + 4.0 && room.height() >= size.y);
        let mut galleys = galleys.map(|text| painter.layout_no_wrap(text.to_owned(), NOTE, label.color));
        let Some(galley) = galleys.find(|galley| fits(galley.size())) else { continue };
        let size = galley.size();
        // A text that would leave the picture goes to the other side of its place.
        let align = match label.align {
            Align::Start if label.at.x + 6.0 + size.x > bounds.right() => Align::End,
            Align::End if label.at.x - 6.0 - size.x < bounds.left() => Align::Start,
            other => other,
        };
        let left = match align {
            Align::Start => label.at.x + 6.0,
            Align::Middle => label.at.x - size.x / 2.0,
            Align::End => label.at.x - 6.0 - size.x,
        };
        let place = Rect::from_min_size(pos2(left, label.at.y - size.y / 2.0), size);
        if label.within.is_none() {
            if taken.iter().any(|other| other.intersects(place)) {
                continue;
            }
            taken.push(place);
            painter.rect_filled(place.expand2(vec2(1.0, -1.0)), 2.0, halo);
        }
        painter.galley(place.min, galley, label.color);
    }
}

/// Text from below to above, around its middle.
fn upright(painter: &Painter, middle: Pos2, text: &str, color: Color32) {
    let galley = painter.layout_no_wrap(text.to_owned(), LABEL, color);
    let at = middle - galley.size() / 2.0;
    let shape = egui::epaint::TextShape::new(at, galley, color);
    painter.add(Shape::Text(shape.with_angle_and_anchor(-std::f32::consts::FRAC_PI_2, Align2::CENTER_CENTER)));
}

fn scale_ticks(spec: &PlotSpec) -> Vec<Tick> {
    let Some(scale) = &spec.scale else { return Vec::new() };
    nice_ticks(scale.worst.min(scale.best), scale.worst.max(scale.best), 5, false)
}
