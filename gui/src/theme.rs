//! Colours and shapes. Colour is never alone: a state has a shape, and a ranked trial its number beside it.
//!
//! The colours of plots are those of [`seqtune_plot::theme`], which pictures in files have too.

use egui::{Color32, FontId, Pos2, Rect, Response, Sense, Shape, Stroke, TextStyle, Ui, Visuals, vec2};
use seqtune_core::TrialState;
use seqtune_plot::spec::Role;
use seqtune_plot::theme::{DARK, HIGH_CONTRAST, LIGHT, Rgb, Theme};

use crate::settings::ThemeChoice;

/// The colours of plots: those of pictures in files.
pub(crate) fn plot_theme(ui: &Ui) -> &'static Theme {
    theme_of(ui.visuals())
}

/// The colours of plots in the window now.
pub(crate) fn of(ctx: &egui::Context) -> &'static Theme {
    theme_of(&ctx.global_style().visuals)
}

fn theme_of(visuals: &Visuals) -> &'static Theme {
    match visuals.dark_mode {
        _ if visuals.panel_fill == Color32::BLACK => &HIGH_CONTRAST,
        true => &DARK,
        false => &LIGHT,
    }
}

fn color32(Rgb(red, green, blue): Rgb) -> Color32 {
    Color32::from_rgb(red, green, blue)
}

/// The colour of the trial of a rank (0 is the best), `None` where that rank has no colour of its own.
pub fn rank_color(visuals: &Visuals, rank: usize) -> Option<Color32> {
    theme_of(visuals).series.get(rank).copied().map(color32)
}

/// The colour of the n-th pinned trial.
pub fn pin_color(visuals: &Visuals, place: usize) -> Color32 {
    color32(theme_of(visuals).color(Role::Pinned(place)))
}

/// The colour of a state.
pub fn state_color(visuals: &Visuals, state: TrialState) -> Color32 {
    color32(theme_of(visuals).color(Role::State(state.into())))
}

/// For what stands back: the other curves, the waiting trials.
pub fn quiet(visuals: &Visuals) -> Color32 {
    color32(theme_of(visuals).quiet)
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

/// Chooses the colours of the window.
pub fn choose(ctx: &egui::Context, choice: ThemeChoice) {
    install(ctx);
    ctx.set_theme(match choice {
        ThemeChoice::System => egui::ThemePreference::System,
        ThemeChoice::Light => egui::ThemePreference::Light,
        ThemeChoice::Dark | ThemeChoice::HighContrast => egui::ThemePreference::Dark,
    });
    if choice == ThemeChoice::HighContrast {
        ctx.style_mut_of(egui::Theme::Dark, |style| {
            let visuals = &mut style.visuals;
            (visuals.panel_fill, visuals.window_fill, visuals.extreme_bg_color) =
                (Color32::BLACK, Color32::BLACK, Color32::BLACK);
            visuals.faint_bg_color = Color32::from_gray(0x18);
            visuals.override_text_color = Some(Color32::WHITE);
            visuals.weak_text_color = Some(color32(HIGH_CONTRAST.weak_text));
            visuals.window_stroke = Stroke::new(1.0, Color32::WHITE);
            for widget in
                [&mut visuals.widgets.noninteractive, &mut visuals.widgets.inactive, &mut visuals.widgets.hovered]
            {
                widget.bg_stroke = Stroke::new(1.0, Color32::WHITE);
            }
        });
    }
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
        style.visuals.panel_fill = color32(DARK.background);
        style.visuals.override_text_color = Some(Color32::from_gray(0xD8));
        style.visuals.weak_text_color = Some(Color32::from_gray(0x9C));
    });
    ctx.style_mut_of(egui::Theme::Light, |style| {
        style.visuals.panel_fill = color32(LIGHT.background);
        // Text boxes stand out from the white around them.
        style.visuals.extreme_bg_color = Color32::from_gray(0xF1);
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
                for rank in 0..seqtune_plot::theme::SERIES {
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
}
