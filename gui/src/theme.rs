//! Colours and shapes. Colour is never alone: a state has a shape, and a ranked trial its number beside it.
//!
//! The hues are those of Okabe and Ito (2008), told apart with any kind of colour vision; each theme has them in a
//! lightness that stands out from its background.

use egui::{Color32, FontId, Pos2, Rect, Response, Sense, Shape, Stroke, TextStyle, Ui, Visuals, vec2};
use egui_plot::MarkerShape;
use seqtune_core::TrialState;

/// Trials that get a colour of their own, from the best on.
pub const RANKED_COLORS: usize = 7;

const ON_DARK: [Color32; RANKED_COLORS] = [
    Color32::from_rgb(0x56, 0xB4, 0xE9), // sky blue
    Color32::from_rgb(0xE6, 0x9F, 0x00), // orange
    Color32::from_rgb(0x00, 0xB8, 0x88), // bluish green
    Color32::from_rgb(0xCC, 0x79, 0xA7), // reddish purple
    Color32::from_rgb(0xF0, 0xE4, 0x42), // yellow
    Color32::from_rgb(0x3D, 0x8F, 0xD6), // blue
    Color32::from_rgb(0xE8, 0x75, 0x2A), // vermilion
];

const ON_LIGHT: [Color32; RANKED_COLORS] = [
    Color32::from_rgb(0x2B, 0x87, 0xC0),
    Color32::from_rgb(0xB3, 0x79, 0x00),
    Color32::from_rgb(0x00, 0x8A, 0x62),
    Color32::from_rgb(0xB8, 0x5C, 0x90),
    Color32::from_rgb(0x8F, 0x84, 0x00),
    Color32::from_rgb(0x00, 0x5F, 0x9E),
    Color32::from_rgb(0xC2, 0x4F, 0x00),
];

/// The colour of the trial of a rank (0 is the best), `None` where that rank has no colour of its own.
pub fn rank_color(visuals: &Visuals, rank: usize) -> Option<Color32> {
    let colors = if visuals.dark_mode { &ON_DARK } else { &ON_LIGHT };
    colors.get(rank).copied()
}

/// The colour of a state.
pub fn state_color(visuals: &Visuals, state: TrialState) -> Color32 {
    let colors = if visuals.dark_mode { &ON_DARK } else { &ON_LIGHT };
    match state {
        TrialState::Completed => colors[5],
        TrialState::Pruned => colors[1],
        TrialState::Failed => colors[6],
        TrialState::Running => colors[2],
        TrialState::Waiting => quiet(visuals),
    }
}

/// For what stands back: the other curves, the waiting trials.
pub fn quiet(visuals: &Visuals) -> Color32 {
    Color32::from_gray(if visuals.dark_mode { 0x8C } else { 0x80 })
}

/// For the curves behind: seen, but not in front.
pub fn faint_line(visuals: &Visuals) -> Color32 {
    Color32::from_gray(if visuals.dark_mode { 0x5A } else { 0xB8 })
}

/// The strongest grid line of a plot.
pub fn grid(visuals: &Visuals) -> Color32 {
    Color32::from_gray(if visuals.dark_mode { 0x38 } else { 0xD4 })
}

/// The line of the best so far, and the ring around what is selected.
pub fn front(visuals: &Visuals) -> Color32 {
    if visuals.dark_mode { Color32::from_gray(0xF0) } else { Color32::from_gray(0x18) }
}

/// The marker of a state in plots, and whether it is filled.
pub fn state_marker(state: TrialState) -> (MarkerShape, bool) {
    match state {
        TrialState::Completed => (MarkerShape::Circle, true),
        TrialState::Pruned => (MarkerShape::Down, true),
        TrialState::Failed => (MarkerShape::Cross, true),
        TrialState::Running => (MarkerShape::Circle, false),
        TrialState::Waiting => (MarkerShape::Square, false),
    }
}

/// Paints the marker of a state in a line of text.
pub fn state_mark(ui: &mut Ui, state: TrialState) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
    let color = state_color(ui.visuals(), state);
    let (center, r) = (rect.center(), 4.0);
    let stroke = Stroke::new(1.5, color);
    let at = |x: f32, y: f32| Pos2::new(center.x + x * r, center.y + y * r);
    let painter = ui.painter();
    match state {
        TrialState::Completed => drop(painter.circle_filled(center, r, color)),
        TrialState::Running => drop(painter.circle_stroke(center, r - 0.5, stroke)),
        TrialState::Pruned => {
            let corners = vec![at(-1.0, -0.8), at(1.0, -0.8), at(0.0, 1.0)];
            painter.add(Shape::convex_polygon(corners, color, Stroke::NONE));
        }
        TrialState::Failed => {
            painter.line_segment([at(-0.8, -0.8), at(0.8, 0.8)], stroke);
            painter.line_segment([at(-0.8, 0.8), at(0.8, -0.8)], stroke);
        }
        TrialState::Waiting => {
            let square = Rect::from_center_size(center, vec2(7.0, 7.0));
            painter.rect_stroke(square, 0.0, stroke, egui::StrokeKind::Inside);
        }
    }
    response
}

/// Sets the styles of both themes.
pub fn install(ctx: &egui::Context) {
    ctx.all_styles_mut(|style| {
        style.spacing.item_spacing = vec2(8.0, 4.0);
        style.text_styles.insert(TextStyle::Small, FontId::proportional(11.0));
        style.text_styles.insert(TextStyle::Monospace, FontId::monospace(11.5));
        // A click on a row selects the trial, also where it meets text.
        style.interaction.selectable_labels = false;
    });
    ctx.style_mut_of(egui::Theme::Dark, |style| {
        style.visuals.override_text_color = Some(Color32::from_gray(0xD8));
        style.visuals.weak_text_color = Some(Color32::from_gray(0x9C));
    });
    ctx.style_mut_of(egui::Theme::Light, |style| {
        style.visuals.override_text_color = Some(Color32::from_gray(0x20));
        style.visuals.weak_text_color = Some(Color32::from_gray(0x60));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast of two colours by WCAG 2.1: 1 to 21.
    fn contrast(a: Color32, b: Color32) -> f64 {
        let luminance = |color: Color32| {
            let linear = |channel: u8| {
                let c = f64::from(channel) / 255.0;
                if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn marks_and_text_stand_out_from_their_backgrounds() {
        let ctx = egui::Context::default();
        install(&ctx);
        for theme in [egui::Theme::Dark, egui::Theme::Light] {
            let visuals = ctx.style_of(theme).visuals.clone();
            for background in [visuals.panel_fill, visuals.extreme_bg_color] {
                for rank in 0..RANKED_COLORS {
                    let color = rank_color(&visuals, rank).unwrap();
                    let found = contrast(color, background);
                    assert!(found >= 3.0, "{theme:?}: rank {rank} has contrast {found:.2}");
                }
                assert!(contrast(quiet(&visuals), background) >= 3.0);
                assert!(contrast(visuals.text_color(), background) >= 4.5);
                assert!(contrast(visuals.weak_text_color(), background) >= 4.5, "{theme:?}");
            }
        }
    }

    #[test]
    fn every_state_has_its_own_shape() {
        use TrialState::*;
        let mut shapes: Vec<String> =
            [Running, Waiting, Completed, Pruned, Failed].map(|state| format!("{:?}", state_marker(state))).into();
        shapes.sort();
        shapes.dedup();
        assert_eq!(shapes.len(), 5);
    }
}
