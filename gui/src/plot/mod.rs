//! A [`PlotSpec`] in the window: the same picture as in a file, to pan, zoom, point at and click.
//!
//! [`Plot`] keeps what is between two frames: the seen part, what of the legend is hidden, and the marks as one mesh, which is made
//! anew only when the spec, the seen part, the place or the theme changes.

mod frame;
mod hover;
mod legend;
mod marks;
mod twin;
mod view;

use std::sync::Arc;

use egui::{Color32, Rect, Response, RichText, Sense, Shape, Stroke, Ui, WidgetInfo, vec2};
use seqtune_plot::spec::{Axis, PlotSpec, Role, Scale, short};
use seqtune_plot::theme::Theme;

use frame::Frame;
use hover::{Anchor, Place, nearest};
use marks::{Drawn, Pen, color32};
pub use twin::{Twin, twin};
use view::View;

/// A plot between two frames.
#[derive(Debug, Default)]
pub struct Plot {
    view: View,
    /// Entries of the legend, by their labels' beginnings, whose marks are hidden.
    hidden: Vec<Role>,
    built: Option<Built>,
}

/// What is kept of the last frame, and of what.
#[derive(Debug)]
struct Built {
    spec: Arc<PlotSpec>,
    rect: Rect,
    view: View,
    theme: &'static str,
    pixels_per_point: f32,
    hidden: Vec<Role>,
    frame: Frame,
    drawn: Drawn,
}

/// How a plot is to be drawn.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Its height with legend and notes; the width is all there is.
    pub height: f32,
    /// Its colours.
    pub theme: &'static Theme,
    /// The selected trial, which is put in front.
    pub selected: Option<u64>,
    /// The trial that the pointer is on, here or elsewhere.
    pub hovered: Option<u64>,
    /// Whether the legend is drawn.
    pub legend: bool,
    /// Whether the notes are.
    pub notes: bool,
    /// Whether it can be moved; else dragging is for whoever draws it.
    pub moves: bool,
}

/// What somebody did to a plot.
#[derive(Debug)]
pub struct Answer {
    /// The plot area and what is around it.
    pub response: Response,
    /// Where the marks are.
    pub area: Rect,
    /// The seen parts of the axes.
    pub axes: [Axis; 2],
    /// A click: on which trial, `None` beside all.
    pub clicked: Option<Option<u64>>,
    /// The trial under the pointer.
    pub hovered: Option<u64>,
}

impl Plot {
    /// Shows all of the plot again.
    pub fn reset(&mut self) {
        self.view = View::default();
    }

    /// Whether a part of it is seen.
    pub fn is_moved(&self) -> bool {
        !self.view.is_whole()
    }

    /// Draws a plot. `name` names it for people who do not see it, before its reading.
    pub fn show(&mut self, ui: &mut Ui, name: &str, spec: &Arc<PlotSpec>, look: Look) -> Answer {
        let top = ui.cursor().top();
        if look.legend && !spec.legend.is_empty() {
            legend::show(ui, spec, look.theme, &mut self.hidden);
        }
        let notes = if look.notes { spec.notes.join("; ") } else { String::new() };
        let notes = (!notes.is_empty()).then(|| {
            let font = egui::FontId::proportional(11.0);
            ui.painter().layout(notes, font, color32(look.theme.weak_text), ui.available_width())
        });
        let notes_height = notes.as_ref().map_or(0.0, |galley| galley.size().y + 2.0);
        let height = (look.height - (ui.cursor().top() - top) - notes_height).max(60.0);
        let sense = if look.moves { Sense::click_and_drag() } else { Sense::click() };
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), sense);
        if let Some(galley) = notes {
            let (place, _) = ui.allocate_exact_size(galley.size() + vec2(0.0, 2.0), Sense::hover());
            ui.painter().galley(place.min, galley, Color32::PLACEHOLDER);
        }
        let label = format!("{name}: {}", spec.reading);
        response.widget_info(|| WidgetInfo::labeled(egui::accesskit::Role::Image, true, &label));
        if let Some(built) = &self.built
            && look.moves
        {
            self.view.follow(&response, built.frame.area);
        }
        self.build(ui, spec, rect, look.theme);
        let Some(built) = &self.built else {
            return Answer {
                response,
                area: rect,
                axes: [spec.x.clone(), spec.y.clone()],
                clicked: None,
                hovered: None,
            };
        };
        let (area, painter) = (built.frame.area, ui.painter_at(rect));
        if ui.is_rect_visible(rect) {
            built.paint(&painter, look, rect);
        }
        let pointer = response.hover_pos().filter(|at| area.expand(4.0).contains(*at));
        let found = pointer.and_then(|at| Some((at, nearest(&built.drawn.anchors, at)?)));
        if let Some((at, anchor)) = found {
            ring(&painter, anchor, anchor.place.at(at), color32(look.theme.front));
            if !response.dragged() {
                response.clone().on_hover_ui_at_pointer(|ui| tooltip(ui, &built.frame, anchor));
            }
        }
        if response.has_focus() {
            painter.rect_stroke(area, 0.0, ui.visuals().selection.stroke, egui::StrokeKind::Outside);
        }
        let hovered = found.and_then(|(_, anchor)| anchor.trial);
        let clicked = response.clicked().then_some(hovered);
        Answer { area, axes: [built.frame.x.clone(), built.frame.y.clone()], clicked, hovered, response }
    }

    /// Makes anew what has changed since the last frame.
    fn build(&mut self, ui: &Ui, spec: &Arc<PlotSpec>, rect: Rect, theme: &'static Theme) {
        let pixels_per_point = ui.ctx().pixels_per_point();
        let is_current = self.built.as_ref().is_some_and(|built| {
            Arc::ptr_eq(&built.spec, spec)
                && built.rect == rect
                && built.view == self.view
                && built.theme == theme.name
                && built.pixels_per_point == pixels_per_point
                && built.hidden == self.hidden
        });
        if is_current {
            return;
        }
        let frame = Frame::of(ui.painter(), spec, self.view.axes(&spec.x, &spec.y), rect);
        let pen = Pen { x: &frame.x, y: &frame.y, area: frame.area, theme, hidden: &self.hidden };
        let drawn = pen.draw(spec, pixels_per_point);
        self.built = Some(Built {
            spec: Arc::clone(spec),
            rect,
            view: self.view,
            theme: theme.name,
            pixels_per_point,
            hidden: self.hidden.clone(),
            frame,
            drawn,
        });
    }
}

impl Built {
    fn paint(&self, painter: &egui::Painter, look: Look, rect: Rect) {
        let area = self.frame.area;
        self.frame.paint_grid(painter, look.theme);
        let inside = painter.with_clip_rect(area.expand(4.0).intersect(painter.clip_rect()));
        if !self.drawn.mesh.is_empty() {
            inside.add(Shape::mesh(Arc::clone(&self.drawn.mesh)));
        }
        let front = color32(look.theme.front);
        for trial in [look.hovered, look.selected].into_iter().flatten() {
            for anchor in self.drawn.anchors.iter().filter(|anchor| anchor.trial == Some(trial)) {
                ring(&inside, anchor, anchor.place.at(area.center()), front);
            }
        }
        self.frame.paint(painter, &self.spec, look.theme, rect);
        frame::paint_labels(painter, &self.drawn.labels, rect, look.theme);
    }
}

/// Puts something in front: a ring around a point, a frame around an area, a stronger line.
fn ring(painter: &egui::Painter, anchor: &Anchor, at: egui::Pos2, front: Color32) {
    match &anchor.place {
        Place::Point(_) => drop(painter.circle_stroke(at, marks::RADIUS + 3.5, Stroke::new(1.8, front))),
        Place::Path(points) => drop(painter.line(points.clone(), Stroke::new(2.4, front))),
        Place::Area(rect) => drop(painter.rect_stroke(*rect, 0.0, Stroke::new(1.8, front), egui::StrokeKind::Inside)),
    }
}

fn tooltip(ui: &mut Ui, frame: &Frame, anchor: &Anchor) {
    if let Some(trial) = anchor.trial {
        ui.label(RichText::new(format!("Trial {trial}")).strong());
    }
    for (axis, value) in [(&frame.x, anchor.value[0]), (&frame.y, anchor.value[1])] {
        if value.is_finite() && axis.ticks {
            let name = if axis.label.is_empty() { String::new() } else { format!("{}: ", axis.label) };
            ui.label(format!("{name}{}", said(axis, value)));
        }
    }
    if let Some(text) = anchor.text.as_ref().filter(|text| anchor.trial.is_none_or(|trial| trial.to_string() != **text))
    {
        ui.label(text);
    }
}

/// A value on an axis as people read it.
fn said(axis: &Axis, value: f64) -> String {
    match &axis.scale {
        Scale::Categorical(names) => names.get(value.round().max(0.0) as usize).cloned().unwrap_or_default(),
        Scale::Linear { .. } | Scale::Log => short(value, 5),
    }
}
