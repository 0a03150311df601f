//! Which part of a plot is seen, and what of its legend.

use egui::{Key, Modifiers, Rect, Response, Vec2, vec2};
use seqtune_plot::spec::Axis;

/// How far out one can zoom: this many times the whole plot.
const FARTHEST: f64 = 4.0;

/// How far in: this part of the whole plot.
const NEAREST: f64 = 1e-6;

/// How far a key moves, of what is seen, and how much one zooms.
const STEP: f64 = 0.1;
const ZOOM: f64 = 1.25;

/// What is seen of a plot: places along its axes, 0 to 1 for all of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct View {
    x: [f64; 2],
    y: [f64; 2],
}

impl Default for View {
    fn default() -> View {
        View { x: [0.0, 1.0], y: [0.0, 1.0] }
    }
}

impl View {
    /// The seen parts of the axes.
    pub(super) fn axes(&self, x: &Axis, y: &Axis) -> [Axis; 2] {
        let part = |axis: &Axis, [from, to]: [f64; 2]| {
            if [from, to] == [0.0, 1.0] { axis.clone() } else { axis.part(from, to) }
        };
        [part(x, self.x), part(y, self.y)]
    }

    /// Whether all of the plot is seen, and nothing else.
    pub(super) fn is_whole(&self) -> bool {
        *self == View::default()
    }

    /// Moves what is seen by a part of its own size: right and up.
    fn pan(&mut self, by: [f64; 2]) {
        for (seen, by) in [&mut self.x, &mut self.y].into_iter().zip(by) {
            let by = by * (seen[1] - seen[0]);
            *seen = [seen[0] + by, seen[1] + by];
        }
    }

    /// Zooms in by a factor around a place of what is seen.
    fn zoom(&mut self, factor: [f64; 2], around: [f64; 2]) {
        for ((seen, factor), around) in [&mut self.x, &mut self.y].into_iter().zip(factor).zip(around) {
            let size = seen[1] - seen[0];
            let new = (size / factor).clamp(NEAREST, FARTHEST);
            let fixed = seen[0] + around * size;
            *seen = [fixed - around * new, fixed + (1.0 - around) * new];
        }
    }

    /// Applies what the pointer and the keys did to the plot area.
    pub(super) fn follow(&mut self, response: &Response, area: Rect) {
        let size = area.size().max(Vec2::splat(1.0));
        if response.dragged_by(egui::PointerButton::Primary) {
            let moved = response.drag_delta();
            self.pan([f64::from(-moved.x / size.x), f64::from(moved.y / size.y)]);
        }
        if response.double_clicked() {
            *self = View::default();
        }
        if let Some(pointer) = response.hover_pos().filter(|at| area.contains(*at)) {
            let factor = response.ctx.input(|input| input.zoom_delta_2d());
            if factor != vec2(1.0, 1.0) {
                let around = [(pointer.x - area.left()) / size.x, (area.bottom() - pointer.y) / size.y];
                self.zoom([f64::from(factor.x), f64::from(factor.y)], around.map(f64::from));
            }
        }
        if response.has_focus() {
            self.keys(response);
        }
    }

    fn keys(&mut self, response: &Response) {
        let pressed = |key| response.ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        for (key, by) in [
            (Key::ArrowLeft, [-STEP, 0.0]),
            (Key::ArrowRight, [STEP, 0.0]),
            (Key::ArrowDown, [0.0, -STEP]),
            (Key::ArrowUp, [0.0, STEP]),
        ] {
            if pressed(key) {
                self.pan(by);
            }
        }
        for (keys, factor) in [([Key::Plus, Key::Equals], ZOOM), ([Key::Minus, Key::Minus], 1.0 / ZOOM)] {
            if keys.into_iter().any(pressed) {
                self.zoom([factor; 2], [0.5; 2]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zooming_keeps_the_place_under_the_pointer() {
        let axis = Axis::linear("x", [0.0, 100.0]);
        let mut view = View::default();
        let before = axis.value(0.3);
        view.zoom([2.0, 1.0], [0.3, 0.5]);
        let [x, y] = view.axes(&axis, &axis);
        assert!((x.value(0.3) - before).abs() < 1e-9);
        assert_eq!((y.low, y.high), (axis.low, axis.high));
        assert!((x.high - x.low) * 2.0 - (axis.high - axis.low) < 1e-9);
    }

    #[test]
    fn one_can_neither_fall_into_a_plot_nor_lose_it() {
        let mut view = View::default();
        view.zoom([1e30; 2], [0.5; 2]);
        assert!(view.x[1] > view.x[0]);
        view.zoom([1e-30; 2], [0.5; 2]);
        assert!(view.x[1] - view.x[0] <= FARTHEST * 1.001);
        view.pan([0.5, -0.5]);
        assert!(!view.is_whole());
    }
}
