//! What a plot shows, before it is a picture: axes, layers and a legend, in the numbers of the study.
//!
//! A [`PlotSpec`] names no colour and no pixel. It says which role a mark has, and a [`Theme`](crate::theme::Theme) says
//! which colour that is; it says where a mark is in data, and a writer (SVG, the window) says where that is on the paper.

mod axis;
mod layer;
mod number;
mod ticks;

pub use axis::{Axis, Scale};
pub use layer::{Align, Bar, Density, HeatCell, Label, Layer, Line, Mark, Role, Rule, Shape, State};
pub use number::{short, span, thousands};
pub use ticks::{Tick, log_ticks, nice_ticks};

use serde::Serialize;

/// One plot. It compares and serialises, so that tests can hold it to what it should be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlotSpec {
    /// Above the picture.
    pub title: String,
    /// One sentence that says what there is to see, for those who do not see it.
    pub reading: String,
    /// Left to right.
    pub x: Axis,
    /// Bottom to top.
    pub y: Axis,
    /// From the back to the front.
    pub layers: Vec<Layer>,
    /// What the marks mean.
    pub legend: Vec<Entry>,
    /// What the colours of [`Role::Value`] mean, where there are such.
    pub scale: Option<ValueScale>,
    /// What the reader must know of what is not drawn.
    pub notes: Vec<String>,
}

/// One line of the legend.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// What it stands for.
    pub label: String,
    /// How that is drawn.
    pub sample: Sample,
}

/// What a legend draws beside a label.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Sample {
    /// A point.
    Mark(Shape, Role),
    /// A line; dashed or not.
    Line {
        /// Its role.
        role: Role,
        /// Whether it is dashed.
        dashed: bool,
    },
    /// A filled area.
    Area(Role),
}

/// What the colours from worst to best stand for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ValueScale {
    /// Which value.
    pub label: String,
    /// The value of [`Role::Value`] 0, the worst.
    pub worst: f64,
    /// The value of [`Role::Value`] 1, the best.
    pub best: f64,
    /// Whether it colours areas, which may be as light as they like, or marks, which must stand out.
    pub areas: bool,
}

impl ValueScale {
    /// The role of a value.
    pub fn role(&self, value: f64) -> Role {
        let part = (value - self.worst) / (self.best - self.worst);
        Role::Value(if part.is_finite() { part.clamp(0.0, 1.0) } else { 1.0 })
    }
}
