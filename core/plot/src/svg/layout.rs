//! Where everything stands: the plot area, and around it titles, legend, ticks and notes.

use super::geometry::Rect;
use super::text::{cut, lines, width};
use crate::spec::{Axis, PlotSpec, Scale, Tick, short};

pub(super) const TITLE: f64 = 14.0;
pub(super) const LABEL: f64 = 12.0;
pub(super) const TICK: f64 = 11.0;
pub(super) const NOTE: f64 = 10.5;

/// Free at the edges of the picture.
const PAD: f64 = 10.0;

/// From a tick's label to the axis.
pub(super) const TICK_GAP: f64 = 7.0;

/// Of a legend's line: its height, its sample, and the gap to the next entry.
pub(super) const LEGEND_LINE: f64 = 17.0;
pub(super) const SAMPLE: f64 = 18.0;
const ENTRY_GAP: f64 = 16.0;

/// Of the scale of values: its thickness, and the gap to the plot area.
pub(super) const BAR: f64 = 12.0;
pub(super) const BAR_GAP: f64 = 14.0;

/// Names that do not fit side by side are turned by this angle.
pub(super) const TURN: f64 = 35.0;

/// What is farther off than this is as good as here, and can be reckoned with.
const FAR: f64 = 1e7;

/// Where everything stands, in pixels.
#[derive(Debug)]
pub(super) struct Layout {
    pub width: f64,
    pub height: f64,
    pub area: Rect,
    /// Lines of the title; the first one's baseline is at `title_y`.
    pub title: Vec<String>,
    pub title_y: f64,
    /// For each entry of the legend that has a place: its left end and its middle, and the label as it fits.
    pub legend: Vec<([f64; 2], String)>,
    pub x_ticks: Vec<Tick>,
    pub y_ticks: Vec<Tick>,
    /// Whether the labels under the x axis are turned.
    pub turned: bool,
    /// Baseline of the x axis's label.
    pub x_label_y: f64,
    /// Middle of the y axis's label.
    pub y_label_x: f64,
    pub notes: Vec<String>,
    /// Ticks of the scale of values.
    pub scale_ticks: Vec<Tick>,
}

impl Layout {
    pub fn of(spec: &PlotSpec, width_px: f64, height_px: f64) -> Layout {
        let room = width_px - 2.0 * PAD;
        let title = lines(&spec.title, TITLE, room, 2);
        let legend = legend(spec, room);
        let legend_rows = legend.last().map_or(0, |((row, _), _)| row + 1);
        let notes = lines(&spec.notes.join("; "), NOTE, room, 3);

        let title_y = PAD + TITLE * 0.8;
        let title_end = PAD + title.len() as f64 * TITLE * 1.25;
        let top = title_end + legend_rows as f64 * LEGEND_LINE + 8.0;
        let below = PAD + notes.len() as f64 * NOTE * 1.3 + if spec.x.label.is_empty() { 0.0 } else { LABEL * 1.5 };
        let scale_ticks = scale_ticks(spec);
        let right = width_px - PAD - right_of(spec, &scale_ticks);

        // Names under the axis may need more height, which leaves less for ticks beside it: twice is enough.
        let (mut turned, mut x_ticks, mut y_ticks) = (false, Vec::new(), Vec::new());
        let (mut left, mut bottom) = (PAD, height_px - below);
        for _ in 0..2 {
            y_ticks = fitting(spec.y.tick_marks(wanted(bottom - top, 42.0)), |tick| Tick {
                label: cut(&tick.label, TICK, width_px * 0.3),
                ..tick
            });
            let labels = widest(&y_ticks);
            let y_label = if spec.y.label.is_empty() { 0.0 } else { LABEL * 1.5 };
            let ticks = if labels > 0.0 { labels + TICK_GAP } else { 0.0 };
            left = (PAD + y_label + ticks).max(PAD + 8.0);
            let x_room = (right - left).max(40.0);
            x_ticks = spec.x.tick_marks(wanted(x_room, 72.0));
            turned = is_names(&spec.x) && widest(&x_ticks) + 6.0 > x_room / x_ticks.len().max(1) as f64;
            if turned {
                let free = height_px * 0.4 - below - TICK_GAP - TICK * 0.5;
                let longest = free.clamp(TICK, height_px * 0.28) / TURN.to_radians().sin();
                x_ticks = fitting(x_ticks, |tick| Tick { label: cut(&tick.label, TICK, longest), ..tick });
                // The first name must not begin left of the picture.
                let half = x_room / x_ticks.len().max(1) as f64 / 2.0;
                let first = x_ticks.first().map_or(0.0, |tick| width(&tick.label, TICK) * TURN.to_radians().cos());
                left = left.max(PAD + first - half);
            }
            let ticks_height = match turned {
                _ if x_ticks.is_empty() => 0.0,
                true => TICK_GAP + TICK * 0.5 + widest(&x_ticks) * TURN.to_radians().sin(),
                false => TICK_GAP + TICK,
            };
            bottom = height_px - below - ticks_height;
        }
        let area = Rect {
            left: left.min(width_px * 0.6),
            top: top.min(height_px * 0.5),
            right: right.max(width_px * 0.7),
            bottom: bottom.max(height_px * 0.6),
        };
        let placed = |((row, x), label): ((usize, f64), String)| {
            ([PAD + x, title_end + (row as f64 + 0.5) * LEGEND_LINE], label)
        };
        Layout {
            width: width_px,
            height: height_px,
            title,
            title_y,
            legend: legend.into_iter().map(placed).collect(),
            x_ticks: spec.x.apart(x_ticks, area.width(), |tick| if turned { TICK } else { width(&tick.label, TICK) }),
            y_ticks: spec.y.apart(y_ticks, area.height(), |_| TICK),
            turned,
            x_label_y: height_px - below + LABEL * 1.25,
            y_label_x: PAD + LABEL * 0.8,
            notes,
            scale_ticks,
            area,
        }
    }

    /// Where a point of the data is. `None` where it is nowhere.
    pub fn position(&self, spec: &PlotSpec, x: f64, y: f64) -> Option<[f64; 2]> {
        Some([self.x(spec, x)?, self.y(spec, y)?])
    }

    pub fn x(&self, spec: &PlotSpec, x: f64) -> Option<f64> {
        Some((self.area.left + spec.x.place(x)? * self.area.width()).clamp(-FAR, FAR))
    }

    pub fn y(&self, spec: &PlotSpec, y: f64) -> Option<f64> {
        Some((self.area.bottom - spec.y.place(y)? * self.area.height()).clamp(-FAR, FAR))
    }

    /// Baseline of a line of the notes.
    pub fn note_y(&self, index: usize) -> f64 {
        let left = (self.notes.len() - 1 - index) as f64;
        self.height - PAD * 0.8 - left * NOTE * 1.3
    }

    pub fn note_x(&self) -> f64 {
        PAD
    }
}

fn is_names(axis: &Axis) -> bool {
    matches!(axis.scale, Scale::Categorical(_))
}

/// How many ticks fit.
fn wanted(length: f64, each: f64) -> usize {
    ((length / each).round() as usize).clamp(2, 12)
}

fn fitting(ticks: Vec<Tick>, fit: impl Fn(Tick) -> Tick) -> Vec<Tick> {
    ticks.into_iter().map(fit).collect()
}

fn widest(ticks: &[Tick]) -> f64 {
    ticks.iter().map(|tick| width(&tick.label, TICK)).fold(0.0, f64::max)
}

/// For each entry its row and where in it, and its label.
fn legend(spec: &PlotSpec, room: f64) -> Vec<((usize, f64), String)> {
    let (mut row, mut x) = (0, 0.0);
    let mut placed = Vec::new();
    for entry in &spec.legend {
        let label = cut(&entry.label, TICK, room - SAMPLE - ENTRY_GAP);
        let needed = SAMPLE + 4.0 + width(&label, TICK);
        if x > 0.0 && x + needed > room {
            (row, x) = (row + 1, 0.0);
        }
        placed.push(((row, x), label));
        x += needed + ENTRY_GAP;
    }
    placed
}

fn scale_ticks(spec: &PlotSpec) -> Vec<Tick> {
    let Some(scale) = &spec.scale else { return Vec::new() };
    let (low, high) = (scale.worst.min(scale.best), scale.worst.max(scale.best));
    let ticks = crate::spec::nice_ticks(low, high, 5, false);
    if ticks.is_empty() { vec![Tick { at: low, label: short(low, 4) }] } else { ticks }
}

/// What is right of the plot area.
fn right_of(spec: &PlotSpec, scale_ticks: &[Tick]) -> f64 {
    match spec.scale {
        Some(_) => BAR_GAP + BAR + 6.0 + widest(scale_ticks) + LABEL * 1.5,
        None => 12.0,
    }
}
