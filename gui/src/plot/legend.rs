//! The legend: what the marks mean. A click on an entry hides its marks, a second one brings them back.

use egui::accesskit::Role as AccessRole;
use egui::{Align2, Color32, Pos2, Rect, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};
use seqtune_plot::spec::{PlotSpec, Role, Sample};
use seqtune_plot::theme::Theme;

use super::frame::TICK;
use super::marks::{color32, shape};

const SAMPLE: f32 = 16.0;
const LINE: f32 = 16.0;

pub(super) fn show(ui: &mut Ui, spec: &PlotSpec, theme: &Theme, hidden: &mut Vec<Role>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(12.0, 0.0);
        for entry in &spec.legend {
            let role = role(&entry.sample);
            let is_hidden = hidden.contains(&role);
            let color = color32(if is_hidden { theme.weak_text } else { theme.text });
            let galley = ui.painter().layout_no_wrap(entry.label.clone(), TICK, color);
            let size = vec2(SAMPLE + 4.0 + galley.size().x, LINE);
            let (rect, response) = ui.allocate_exact_size(size, Sense::click());
            response.widget_info(|| WidgetInfo::selected(AccessRole::CheckBox, true, !is_hidden, &entry.label));
            let response = response.on_hover_text(if is_hidden { "Click to show" } else { "Click to hide" });
            if ui.is_rect_visible(rect) {
                let middle = pos2(rect.left() + SAMPLE / 2.0, rect.center().y);
                let strength = if is_hidden { 0.35 } else { 1.0 };
                sample(ui, &entry.sample, middle, theme, strength);
                let at = pos2(rect.left() + SAMPLE + 4.0, rect.center().y - galley.size().y / 2.0);
                let struck = is_hidden.then(|| Rect::from_min_size(at, galley.size()));
                ui.painter().galley(at, galley, color);
                if let Some(text) = struck {
                    ui.painter().hline(text.x_range(), text.center().y, Stroke::new(1.0, color));
                }
            }
            if response.clicked() {
                if is_hidden {
                    hidden.retain(|other| *other != role);
                } else {
                    hidden.push(role);
                }
            }
        }
    });
}

fn role(sample: &Sample) -> Role {
    match sample {
        Sample::Mark(_, role) | Sample::Line { role, .. } | Sample::Area(role) => *role,
    }
}

fn sample(ui: &Ui, sample: &Sample, middle: Pos2, theme: &Theme, strength: f32) {
    let painter = ui.painter();
    let shade = |color: Color32| color.gamma_multiply(strength);
    match sample {
        Sample::Mark(form, role) => {
            let mut shapes = Vec::new();
            shape(*form, middle, 1.0, shade(color32(theme.color(*role))), color32(theme.background), &mut shapes);
            painter.extend(shapes);
        }
        Sample::Line { role, dashed } => {
            let ends = [middle - vec2(SAMPLE / 2.0, 0.0), middle + vec2(SAMPLE / 2.0, 0.0)];
            let stroke = Stroke::new(2.0, shade(color32(theme.color(*role))));
            if *dashed {
                painter.extend(Shape::dashed_line(&ends, stroke, 4.0, 3.0));
            } else {
                painter.line_segment(ends, stroke);
            }
        }
        Sample::Area(role) => {
            let rect = Align2::CENTER_CENTER.anchor_size(middle, vec2(SAMPLE - 2.0, LINE * 0.6));
            painter.rect_filled(rect, 1.0, shade(color32(theme.area(*role))));
        }
    }
}
