//! What stands around the marks: title, legend, grid, axes, the scale of values, notes.

use std::fmt::Write as _;

use super::Px;
use super::layout::{BAR, BAR_GAP, LABEL, LEGEND_LINE, Layout, NOTE, SAMPLE, TICK, TICK_GAP, TITLE, TURN};
use super::marks::shape;
use super::text::{cut, escape, width};
use crate::spec::{PlotSpec, Role, Sample, Scale};
use crate::theme::{Rgb, Theme};

/// Text at a place; `anchor` is start, middle or end.
pub(super) struct Text<'a> {
    pub at: [f64; 2],
    pub text: &'a str,
    pub size: f64,
    pub anchor: &'a str,
    pub color: Rgb,
    /// More attributes, each with a space before it.
    pub more: String,
}

impl Text<'_> {
    pub fn write(&self, out: &mut String) {
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\" text-anchor=\"{}\" fill=\"{}\"{}>{}</text>",
            Px(self.at[0]),
            Px(self.at[1]),
            Px(self.size),
            self.anchor,
            self.color.hex(),
            self.more,
            escape(self.text)
        );
    }
}

/// A straight line.
pub(super) fn line(out: &mut String, a: [f64; 2], b: [f64; 2], color: Rgb, width: f64) {
    let _ = writeln!(
        out,
        "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\" stroke-width=\"{}\"/>",
        Px(a[0]),
        Px(a[1]),
        Px(b[0]),
        Px(b[1]),
        color.hex(),
        Px(width)
    );
}

/// Title, legend and grid.
pub(super) fn write_below(out: &mut String, spec: &PlotSpec, layout: &Layout, theme: &Theme) {
    for (index, title) in layout.title.iter().enumerate() {
        let at = [layout.note_x(), layout.title_y + index as f64 * TITLE * 1.25];
        let more = " font-weight=\"600\"".to_owned();
        Text { at, text: title, size: TITLE, anchor: "start", color: theme.text, more }.write(out);
    }
    for (([x, y], label), entry) in layout.legend.iter().zip(&spec.legend) {
        sample(out, &entry.sample, [*x, *y], theme);
        let at = [x + SAMPLE + 4.0, y + TICK * 0.36];
        Text { at, text: label, size: TICK, anchor: "start", color: theme.text, more: String::new() }.write(out);
    }
    let area = layout.area;
    let is_grid = |scale: &Scale| !matches!(scale, Scale::Categorical(_));
    for tick in layout.x_ticks.iter().filter(|tick| is_grid(&spec.x.scale) && !tick.label.is_empty()) {
        if let Some(x) = layout.x(spec, tick.at) {
            line(out, [x, area.top], [x, area.bottom], theme.grid, 1.0);
        }
    }
    for tick in layout.y_ticks.iter().filter(|tick| is_grid(&spec.y.scale) && !tick.label.is_empty()) {
        if let Some(y) = layout.y(spec, tick.at) {
            line(out, [area.left, y], [area.right, y], theme.grid, 1.0);
        }
    }
}

fn sample(out: &mut String, sample: &Sample, [x, y]: [f64; 2], theme: &Theme) {
    match sample {
        Sample::Mark(form, role) => {
            let _ = writeln!(out, "{}", shape(*form, [x + SAMPLE / 2.0, y], 1.0, theme.color(*role), theme));
        }
        Sample::Line { role, dashed } => {
            let dash = if *dashed { " stroke-dasharray=\"5 3\"" } else { "" };
            let _ = writeln!(
                out,
                "<path d=\"M{} {}H{}\" stroke=\"{}\" stroke-width=\"2\"{dash}/>",
                Px(x),
                Px(y),
                Px(x + SAMPLE),
                theme.color(*role).hex()
            );
        }
        Sample::Area(role) => {
            let (top, height) = (y - LEGEND_LINE * 0.3, LEGEND_LINE * 0.6);
            let color = theme.area(*role).hex();
            let _ = writeln!(
                out,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{color}\"/>",
                Px(x),
                Px(top),
                Px(SAMPLE),
                Px(height)
            );
        }
    }
}

/// Axes with their ticks, the scale of values, notes.
pub(super) fn write_above(out: &mut String, spec: &PlotSpec, layout: &Layout, theme: &Theme) {
    let area = layout.area;
    let (corner, end, up) = ([area.left, area.bottom], [area.right, area.bottom], [area.left, area.top]);
    if spec.x.ticks {
        line(out, corner, end, theme.axis, 1.0);
    }
    if spec.y.ticks {
        line(out, corner, up, theme.axis, 1.0);
    }
    x_ticks(out, spec, layout, theme);
    for tick in &layout.y_ticks {
        let Some(y) = layout.y(spec, tick.at) else { continue };
        let length = if tick.label.is_empty() { 2.0 } else { 4.0 };
        line(out, [area.left - length, y], [area.left, y], theme.axis, 1.0);
        if !tick.label.is_empty() {
            let at = [area.left - TICK_GAP, y + TICK * 0.36];
            Text { at, text: &tick.label, size: TICK, anchor: "end", color: theme.text, more: String::new() }
                .write(out);
        }
    }
    let middle = [(area.left + area.right) / 2.0, (area.top + area.bottom) / 2.0];
    let (x_label, y_label) = (spec.x.caption(), spec.y.caption());
    if !x_label.is_empty() {
        let at = [middle[0], layout.x_label_y];
        let x_label = fitted(&x_label, area.width() * 1.2);
        Text { at, text: &x_label, size: LABEL, anchor: "middle", color: theme.text, more: String::new() }.write(out);
    }
    if !y_label.is_empty() {
        let y_label = fitted(&y_label, area.height() * 1.2);
        upright(out, [layout.y_label_x, middle[1]], &y_label, theme);
    }
    value_scale(out, spec, layout, theme);
    for (index, note) in layout.notes.iter().enumerate() {
        let at = [layout.note_x(), layout.note_y(index)];
        let (color, more) = (theme.weak_text, String::new());
        Text { at, text: note, size: NOTE, anchor: "start", color, more }.write(out);
    }
}

fn x_ticks(out: &mut String, spec: &PlotSpec, layout: &Layout, theme: &Theme) {
    let bottom = layout.area.bottom;
    for tick in &layout.x_ticks {
        let Some(x) = layout.x(spec, tick.at) else { continue };
        let length = if tick.label.is_empty() { 2.0 } else { 4.0 };
        line(out, [x, bottom], [x, bottom + length], theme.axis, 1.0);
        if tick.label.is_empty() {
            continue;
        }
        let (at, anchor, more) = if layout.turned {
            let at = [x + TICK * 0.3, bottom + TICK_GAP + TICK * 0.5];
            (at, "end", format!(" transform=\"rotate(-{TURN} {} {})\"", Px(at[0]), Px(at[1])))
        } else {
            ([x, bottom + TICK_GAP + TICK * 0.75], "middle", String::new())
        };
        Text { at, text: &tick.label, size: TICK, anchor, color: theme.text, more }.write(out);
    }
}

/// An axis's label in so much room: without what is in brackets at its end where that helps, else cut.
fn fitted(label: &str, room: f64) -> String {
    match label.rsplit_once(" (") {
        Some((name, _)) if width(label, LABEL) > room => cut(name, LABEL, room),
        _ => cut(label, LABEL, room),
    }
}

/// Text from below to above.
fn upright(out: &mut String, at: [f64; 2], text: &str, theme: &Theme) {
    let more = format!(" transform=\"rotate(-90 {} {})\"", Px(at[0]), Px(at[1]));
    Text { at, text, size: LABEL, anchor: "middle", color: theme.text, more }.write(out);
}

/// The scale of values, low below.
fn value_scale(out: &mut String, spec: &PlotSpec, layout: &Layout, theme: &Theme) {
    const PARTS: usize = 40;
    let Some(scale) = &spec.scale else { return };
    let area = layout.area;
    let left = area.right + BAR_GAP;
    let (low, high) = (scale.worst.min(scale.best), scale.worst.max(scale.best));
    let each = area.height() / PARTS as f64;
    for part in 0..PARTS {
        let value = low + (high - low) * (part as f64 + 0.5) / PARTS as f64;
        let color = if scale.areas { theme.area(scale.role(value)) } else { theme.color(scale.role(value)) };
        // Each reaches a little under the next: no seams.
        let _ = writeln!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"{BAR}\" height=\"{}\" fill=\"{}\"/>",
            Px(left),
            Px((area.bottom - (part + 1) as f64 * each).max(area.top)),
            Px(if part == 0 { each } else { each + 0.5 }),
            color.hex()
        );
    }
    let widest = layout.scale_ticks.iter().map(|tick| width(&tick.label, TICK)).fold(0.0, f64::max);
    for tick in &layout.scale_ticks {
        let part = (tick.at - low) / (high - low);
        let y = area.bottom - if part.is_finite() { part.clamp(0.0, 1.0) } else { 0.5 } * area.height();
        line(out, [left + BAR, y], [left + BAR + 3.0, y], theme.axis, 1.0);
        let at = [left + BAR + 6.0, y + TICK * 0.36];
        Text { at, text: &tick.label, size: TICK, anchor: "start", color: theme.text, more: String::new() }.write(out);
    }
    let middle = (area.top + area.bottom) / 2.0;
    upright(out, [left + BAR + 6.0 + widest + LABEL * 1.1, middle], &scale.label, theme);
}

/// The colour of a label in the data.
pub(super) fn label_color(role: Role, theme: &Theme) -> Rgb {
    match role {
        Role::Quiet | Role::Faint => theme.weak_text,
        _ => theme.text,
    }
}
