//! Learning curves: one metric of the best trials, of the running ones and of the selected one.

use egui::{Color32, ComboBox, RichText, Ui};
use egui_plot::{FilledArea, HoverPosition, Line, LineStyle, Plot, PlotPoint, PlotPoints, Points, Text};

use super::history::{axis_number, unscale, whole_marks};
use super::nearest::{nearest, on_segment};
use super::notice;
use crate::model::{Action, DrawnCurve, Model};
use crate::{text, theme};

/// How many of the best trials can be asked for.
const TOPS: [usize; 6] = [5, 10, 20, 50, 100, 200];

pub(super) fn ui(ui: &mut Ui, model: &Model) -> Vec<Action> {
    let mut actions = Vec::new();
    let Some(snapshot) = model.snapshot() else { return actions };
    let metric = model.metric(snapshot);
    let drawn = &model.drawn.curves;
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("Curves").strong());
        ComboBox::new("metric", "")
            .selected_text(metric)
            .width(130.0)
            .show_ui(ui, |ui| {
                for name in &snapshot.metrics {
                    if ui.selectable_label(**name == *metric, &**name).clicked() {
                        actions.push(Action::ShowMetric(name.to_string()));
                    }
                }
            })
            .response
            .widget_info(|| {
                egui::WidgetInfo::labeled(egui::accesskit::Role::ComboBox, true, format!("Metric {metric}"))
            });
        let chosen = format!("{} best", model.top);
        let tops = ComboBox::new("top", "").selected_text(&chosen).width(70.0).show_ui(ui, |ui| {
            for top in TOPS {
                if ui.selectable_label(top == model.top, format!("{top} best")).clicked() {
                    actions.push(Action::ShowTop(top));
                }
            }
        });
        tops.response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::ComboBox, true, &chosen));
        tops.response
            .on_hover_text("How many of the best trials are drawn; running ones and the selected one always are");
        let behind = snapshot.trials.len().saturating_sub(drawn.len());
        if behind > 0 {
            ui.label(RichText::new(format!("{} of {} drawn", drawn.len(), snapshot.trials.len())).weak());
        }
    });
    let log = model.log_axis;
    let label = move |hover: &HoverPosition<'_>| match hover {
        HoverPosition::NearDataPoint { plot_name, position, .. } if !plot_name.is_empty() => {
            Some(format!("{plot_name}, step {:.0}\n{}", position.x, text::number(unscale(position.y, log))))
        }
        _ => None,
    };
    let visuals = ui.visuals().clone();
    let response = Plot::new("curves")
        .label_formatter(label)
        .grid_color(theme::grid(ui.visuals()))
        .x_axis_label(snapshot.spec.info.step.as_str())
        .y_axis_formatter(move |mark, range| axis_number(mark.value, range, log))
        .x_grid_spacer(whole_marks)
        .x_axis_formatter(|mark, _| format!("{}", mark.value))
        .show(ui, |plot| {
            for curve in drawn {
                let selected = model.selected == Some(curve.trial);
                let color = color(&visuals, curve, selected);
                if let Some([steps, low, high]) = &curve.band {
                    plot.add(
                        FilledArea::new("", steps, low, high)
                            .fill_color(color.gamma_multiply(0.2))
                            .allow_hover(false)
                            .id(("band", curve.trial)),
                    );
                }
                let width = match (selected, curve.rank) {
                    (true, _) => 3.2,
                    (false, Some(_)) => 1.8,
                    (false, None) => 1.0,
                };
                let mut line =
                    Line::new(curve.name.as_str(), PlotPoints::Borrowed(&curve.points)).color(color).width(width);
                if curve.running {
                    line = line.style(LineStyle::dashed_dense());
                }
                plot.line(line);
                let Some(last) = curve.points.last() else { continue };
                if curve.points.len() == 1 {
                    plot.points(
                        Points::new(curve.name.as_str(), PlotPoints::Borrowed(&curve.points)).radius(3.0).color(color),
                    );
                }
                if selected || curve.rank == Some(0) {
                    let number = RichText::new(format!(" {}", curve.trial)).small();
                    let number = if selected { number.strong() } else { number };
                    plot.text(
                        Text::new("", *last, number)
                            .anchor(egui::Align2::LEFT_CENTER)
                            .color(color)
                            .allow_hover(false)
                            .id(("number", curve.trial)),
                    );
                }
            }
        });
    if response.response.clicked()
        && let Some(pointer) = response.response.interact_pointer_pos()
    {
        let screen = |point: &PlotPoint| response.transform.position_from_point(point);
        let near = |curve: &DrawnCurve| {
            let first = curve.points.first().map(screen);
            let segments = curve.points.windows(2).map(|pair| on_segment(pointer, screen(&pair[0]), screen(&pair[1])));
            let all = first.into_iter().chain(segments);
            all.min_by(|a, b| a.distance_sq(pointer).total_cmp(&b.distance_sq(pointer)))
        };
        let curves = drawn.iter().filter_map(|curve| Some((curve.trial, near(curve)?)));
        actions.extend(nearest(pointer, curves).map(|trial| Action::Select(Some(trial))));
    }
    let summary = format!("Learning curves of {metric}: {}", text::count(drawn.len(), "trial"));
    response.response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, &summary));
    if drawn.is_empty() {
        notice::over_plot(ui, &response.response, &format!("No trial has reported {metric} yet."));
    }
    actions
}

fn color(visuals: &egui::Visuals, curve: &DrawnCurve, selected: bool) -> Color32 {
    let ranked = curve.rank.and_then(|rank| theme::rank_color(visuals, rank));
    match ranked {
        Some(color) => color,
        None if selected => theme::front(visuals),
        None if curve.running => theme::quiet(visuals),
        None => theme::faint_line(visuals),
    }
}
