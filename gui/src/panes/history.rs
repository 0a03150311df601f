//! The history: the value of each trial, and the best so far.

use egui::{RichText, Ui};
use egui_plot::{GridInput, GridMark, HoverPosition, Line, Plot, PlotPoint, PlotPoints, Points};

use super::marks::Marks;
use super::nearest::nearest;
use super::notice;
use crate::model::{Action, Model};
use crate::{text, theme};

pub(super) fn ui(ui: &mut Ui, model: &Model) -> Vec<Action> {
    let mut actions = Vec::new();
    let Some(snapshot) = model.snapshot() else { return actions };
    let drawn = &model.drawn;
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("History").strong());
        ui.label(RichText::new(snapshot.objective()).weak());
        let mut log_axis = model.log_axis;
        if ui.checkbox(&mut log_axis, "log").on_hover_text("Values on a log axis, here and in the curves").changed() {
            actions.push(Action::LogAxis(log_axis));
        }
        if drawn.without_value > 0 {
            let why = if model.log_axis { "no value above zero" } else { "no value" };
            ui.label(RichText::new(format!("{} with {why}", text::count(drawn.without_value, "trial"))).weak());
        }
    });
    let log = model.log_axis;
    let label = move |hover: &HoverPosition<'_>| match hover {
        HoverPosition::NearDataPoint { plot_name, position, .. } if !plot_name.is_empty() => {
            Some(format!("Trial {:.0}, {plot_name}\n{}", position.x, text::number(unscale(position.y, log))))
        }
        _ => None,
    };
    let best = theme::front(ui.visuals());
    let visuals = ui.visuals().clone();
    let selected = model.selected.and_then(|trial| point_of(model, trial));
    let response = Plot::new("history")
        .label_formatter(label)
        .grid_color(theme::grid(ui.visuals()))
        .x_axis_label("trial")
        .y_axis_formatter(move |mark, range| axis_number(mark.value, range, log))
        .x_grid_spacer(whole_marks)
        .x_axis_formatter(|mark, _| format!("{}", mark.value))
        .show(ui, |plot| {
            for (state, points) in &drawn.states {
                let (shape, filled) = theme::state_marker(*state);
                plot.add(Marks::new(state.name(), points, shape, filled, theme::state_color(&visuals, *state)));
            }
            // Bands would draw the steps as a wedge.
            plot.line(
                Line::new("best so far", PlotPoints::Borrowed(&drawn.best))
                    .allow_band(false)
                    .allow_hover(false)
                    .width(1.6)
                    .color(best),
            );
            if let Some(point) = selected {
                plot.points(
                    Points::new("", [point.x, point.y]).filled(false).radius(7.0).color(best).allow_hover(false),
                );
            }
        });
    if response.response.clicked()
        && let Some(pointer) = response.response.interact_pointer_pos()
    {
        let all = drawn.states.iter().flat_map(|(_, points)| points);
        let at = all.map(|point| (point.x as u64, response.transform.position_from_point(point)));
        actions.extend(nearest(pointer, at).map(|trial| Action::Select(Some(trial))));
    }
    let summary = format!(
        "History: {}, best {}",
        text::count(snapshot.trials.len(), "trial"),
        text::number_or_dash(snapshot.summary.best.map(|(_, value)| value))
    );
    response.response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, &summary));
    if !drawn.has_history() {
        let sentence = match snapshot.summary.ended() {
            0 => "No trial has ended yet.",
            _ => "No trial has a finite value.",
        };
        notice::over_plot(ui, &response.response, sentence);
    }
    actions
}

fn point_of(model: &Model, trial: u64) -> Option<PlotPoint> {
    let mut all = model.drawn.states.iter().flat_map(|(_, points)| points);
    all.find(|point| point.x as u64 == trial).copied()
}

/// The value of a y coordinate.
pub(super) fn unscale(y: f64, log: bool) -> f64 {
    if log { 10f64.powf(y) } else { y }
}

/// Marks of an axis that counts (trials, steps): whole numbers 1, 2 or 5 times a power of ten apart, far enough from each
/// other for their labels. The plot's own spacing knows powers of ten only, and leaves an axis from 1 to 8 without any.
pub(super) fn whole_marks(input: GridInput) -> Vec<GridMark> {
    // The plot grants a label where marks are some 60 points apart; its base step is 8 points.
    let wanted = (8.0 * input.base_step_size).max(1.0);
    let power = 10f64.powf(wanted.log10().floor());
    let step_size = [1.0, 2.0, 5.0, 10.0].map(|times| times * power).into_iter().find(|step| *step >= wanted);
    let step_size = step_size.unwrap_or(wanted.ceil());
    let (first, last) = ((input.bounds.0 / step_size).ceil() as i64, (input.bounds.1 / step_size).floor() as i64);
    (first..=last).map(|mark| GridMark { value: mark as f64 * step_size, step_size }).collect()
}

/// A number at an axis: as many digits as tell the marks apart.
pub(super) fn axis_number(y: f64, range: &std::ops::RangeInclusive<f64>, log: bool) -> String {
    if log {
        return text::short_number(unscale(y, true));
    }
    let span = (range.end() - range.start()).abs();
    let size = range.end().abs().max(range.start().abs());
    let is_plain = span.is_finite() && span > 0.0 && (1e-3..1e6).contains(&size);
    if !is_plain {
        return if y == 0.0 { "0".to_owned() } else { format!("{y:.1e}") };
    }
    let decimals = (2.0 - span.log10().ceil()).clamp(0.0, 6.0) as usize;
    format!("{y:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_that_counts_has_whole_marks() {
        let marks = |bounds: (f64, f64), base_step_size: f64| {
            whole_marks(GridInput { bounds, base_step_size }).iter().map(|mark| mark.value).collect::<Vec<_>>()
        };
        // 8 steps on 360 points: 45 points a step are too few for a label each.
        assert_eq!(marks((0.7, 8.3), 8.0 * 7.6 / 360.0), [2.0, 4.0, 6.0, 8.0]);
        assert_eq!(marks((0.9, 3.1), 8.0 * 2.2 / 360.0), [1.0, 2.0, 3.0]);
        assert_eq!(marks((-40.0, 1040.0), 8.0 * 1080.0 / 360.0), [0.0, 200.0, 400.0, 600.0, 800.0, 1000.0]);
    }

    #[test]
    fn axis_numbers_have_the_digits_they_need() {
        assert_eq!(axis_number(0.9, &(0.5..=1.0), false), "0.90");
        assert_eq!(axis_number(20.0, &(0.0..=80.0), false), "20");
        assert_eq!(axis_number(2e-5, &(0.0..=9e-5), false), "2.0e-5");
        assert_eq!(axis_number(-1.0, &(-3.0..=0.0), true), "0.1");
        assert_eq!(axis_number(2.0, &(-3.0..=3.0), true), "100");
    }
}
