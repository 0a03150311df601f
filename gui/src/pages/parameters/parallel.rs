//! Parallel coordinates: each trial a line. A drag along an axis makes a range of it, which narrows what the window lists.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use seqtune_plot::plots;
use seqtune_plot::spec::{Axis, PlotSpec, Scale};

use super::of_all;
use crate::cache::Cache;
use crate::model::{Action, Model};
use crate::panes::plot_pane::PlotPane;
use crate::plot::Answer;
use crate::text;
use crate::workshop::{Lane, Subject};

/// Half the width of where an axis is taken hold of, and of a range.
const REACH: f32 = 13.0;
const HALF: f32 = 6.0;

/// A choice counts as a whole: a range goes so far around it.
const AROUND: f64 = 0.4;

pub(super) fn ui(ui: &mut Ui, model: &Model, cache: &mut Cache) -> Vec<Action> {
    let Some(subject) = model.subject() else { return Vec::new() };
    let objective = model.objective(&subject.whole);
    let (whole, own) = (Arc::clone(&subject.whole), objective.clone());
    let all = cache.shop.ask_apart("parallel", of_all(model, subject), Lane::Quick, move || {
        let made = plots::brushable(&whole, &own);
        made.map(|made| (Arc::new(made.spec.clone()), made)).map_err(|error| text::sentence(&error.to_string()))
    });
    let pane = PlotPane {
        id: "parallel",
        name: "Parallel coordinates",
        help: "Each trial is a line through its parameters to its value. Drag along an axis to list only trials in that range; \
               several axes work together. A click on a range lifts it, and so does a double click on its axis.",
        height: ui.available_height(),
        moves: false,
    };
    let made = match all.product.as_deref() {
        Some(Ok(made)) => made,
        other => {
            let trouble = other.and_then(|product| product.as_ref().err()).map(String::as_str);
            return pane.draw(ui, model, cache, (None, trouble, all.stale), |_| Vec::new()).actions;
        }
    };
    // Only the lines in front change while one brushes.
    let is_all = subject.listed.trials.len() == subject.whole.trials.len();
    let (spec, stale): (Arc<PlotSpec>, bool) = if is_all {
        (Arc::clone(&made.0), all.stale)
    } else {
        let product = all.product.clone();
        let key = (of_all(model, subject), Arc::as_ptr(&made.0) as usize);
        let front = cache.shop.ask("parallel front", key, subject, Lane::Quick, move |subject: &Subject| {
            let made = product.as_deref().and_then(|product| product.as_ref().ok());
            made.map(|(_, made)| Arc::new(made.with_front(&subject.listed, &objective)))
        });
        let spec = front.product.as_deref().and_then(Clone::clone);
        (spec.unwrap_or_else(|| Arc::clone(&made.0)), front.stale)
    };
    let shown = pane.draw(ui, model, cache, (Some(&spec), None, stale), |_| Vec::new());
    let mut actions = shown.actions;
    if let Some(answer) = &shown.answer {
        for (index, axis) in made.1.axes.iter().enumerate() {
            actions.extend(range(ui, model, axis, index, answer));
        }
    }
    actions
}

/// The range of one axis: shown, and made or lifted.
fn range(ui: &mut Ui, model: &Model, axis: &Axis, index: usize, plot: &Answer) -> Option<Action> {
    let (name, area, [across, up]) = (&axis.label, plot.area, &plot.axes);
    let x = area.left() + across.place(index as f64)? as f32 * area.width();
    let height = |place: f64| up.place(place).map(|part| area.bottom() - part as f32 * area.height());
    let place = |y: f32| up.value(f64::from((area.bottom() - y) / area.height())).clamp(0.0, 1.0);
    let now = model.brushes.iter().find(|(other, ..)| other == name).map(|(_, from, to)| [*from, *to]);

    let hold = Rect::from_center_size(pos2(x, area.center().y), vec2(2.0 * REACH, area.height()));
    let id = ui.scope_id().with(("range", name));
    let response = ui.interact(hold, id, Sense::click_and_drag());
    let said = now.map_or_else(|| format!("{name} any"), |[from, to]| model.range_in_words(name, from, to));
    response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, format!("Range of {said}")));
    let response = response.on_hover_cursor(egui::CursorIcon::ResizeVertical);

    let ends = |[from, to]: [f64; 2]| {
        let end = |value: f64| height(axis.place(value)?.clamp(0.0, 1.0));
        Some(Rect::from_two_pos(pos2(x - HALF, end(from)?), pos2(x + HALF, end(to)?)))
    };
    let begun = response.drag_started().then(|| ui.input(|input| input.pointer.press_origin())).flatten();
    if let Some(origin) = begun {
        ui.data_mut(|data| data.insert_temp(id, origin.y));
    }
    let begin: Option<f32> = ui.data(|data| data.get_temp(id));
    let end = response.interact_pointer_pos();
    let drawn = begin.zip(end).filter(|_| response.dragged() || response.drag_stopped());
    let drawn = drawn.map(|(begin, end)| between(axis, place(begin), place(end.y)));
    if let Some(rect) = drawn.or(now).and_then(ends) {
        let color = ui.visuals().selection.bg_fill;
        ui.painter().rect(rect, 2.0, color.gamma_multiply(0.45), Stroke::new(1.2, color), StrokeKind::Middle);
    }
    if response.has_focus() {
        ui.painter().rect_stroke(hold, 2.0, ui.visuals().selection.stroke, StrokeKind::Inside);
    }
    if response.drag_stopped() {
        ui.data_mut(|data| data.remove_temp::<f32>(id));
        return drawn.map(|range| Action::Brush(name.clone(), Some(range)));
    }
    let on_it = |at: egui::Pos2| now.and_then(ends).is_some_and(|rect| rect.expand(3.0).contains(at));
    // A key has no place: it means the range.
    let lifts = response.double_clicked() || (response.clicked() && end.is_none_or(on_it));
    (lifts && now.is_some()).then(|| Action::Brush(name.clone(), None))
}

/// The values between two places along an axis; of names whole ones.
fn between(axis: &Axis, one: f64, other: f64) -> [f64; 2] {
    let [from, to] = [axis.value(one.min(other)), axis.value(one.max(other))];
    match &axis.scale {
        Scale::Categorical(names) => {
            let last = names.len().saturating_sub(1) as f64;
            [from.round().clamp(0.0, last) - AROUND, to.round().clamp(0.0, last) + AROUND]
        }
        Scale::Linear { .. } | Scale::Log => [from, to],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_names_has_whole_names() {
        let axis = Axis::names("m", vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]);
        let [from, to] = between(&axis, 0.9, 0.45);
        assert_eq!([from, to], [0.6, 2.4], "b and c");
        assert_eq!(between(&axis, 0.0, 1.0), [-0.4, 2.4]);
        let log = Axis::log("lr", [1e-4, 1e-1]);
        let [from, to] = between(&log, 0.25, 0.75);
        assert!((log.place(from).unwrap() - 0.25).abs() < 1e-9 && (log.place(to).unwrap() - 0.75).abs() < 1e-9);
    }
}
